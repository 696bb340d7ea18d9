"""Small edits of what customers have, at random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hypothesis import strategies as st

from rules.catalog.facts import Catalog, Content, CreditRate, Feature, FeatureStatus, Plan, PublishScope, Row
from rules.catalog_edits.packages import with_package
from rules.catalog_edits.publishing import publish
from rules.customers.facts import Customer
from rules.errors import Rejected
from rules.numbers import ONE
from rules.values import (
    BillingPeriod,
    CreditCadence,
    Value,
)
from tests.rules.builders.acts_at_random import values
from tests.rules.customers.test_lives import FEATURES
from tests.rules.models.wallets import credits_


@dataclass(frozen=True)
class Suspension:
    """A feature is suspended, or its choices come into another order."""

    feature: str

    def of(self, feature: Feature) -> Feature:
        """The feature after it."""
        return replace(feature, status=FeatureStatus.SUSPENDED, choices=feature.choices[::-1])


@dataclass(frozen=True)
class Fitting:
    """Other add-ons go with a plan."""

    plan: str
    addons: tuple[str, ...] | None


@dataclass(frozen=True)
class Tweak:
    """A little of what a package says is another: of the one that is ``nth`` among those of a customer.

    With ``swapped`` what is due by the month is due by the year.
    """

    nth: int
    rows: Mapping[str, Value]
    rates: Sequence[CreditRate]
    swapped: bool
    scope: PublishScope

    def of(self, before: Content) -> Content:
        """The content after it."""
        rows = {known.key: known for known in before.rows if known.price is None}
        rows |= {key: Row(key=key, value=value) for key, value in self.rows.items()}
        rates = {rate.feature: rate for rate in (*before.rates, *self.rates)}
        prices = before.prices
        if self.swapped:
            prices = tuple(
                replace(price, billing_period=YEARLY if price.billing_period is MONTHLY else MONTHLY)
                for price in prices
            )
        linked = [known for known in before.rows if known.price is not None]
        return replace(before, rows=(*rows.values(), *linked), rates=tuple(rates.values()), prices=prices)


MONTHLY, YEARLY = BillingPeriod.MONTHLY, BillingPeriod.YEARLY

Edit = Tweak | Suspension | Fitting

rates = st.builds(
    CreditRate,
    feature=st.sampled_from(["calls", "exports"]),
    credit_type=st.sampled_from(["ai", "ai", "tokens"]),
    credits=st.integers(1, 3).map(lambda units: units * ONE),
)
credit_values = st.builds(credits_, st.integers(1, 50), st.sampled_from(CreditCadence))

tweaks = st.builds(
    Tweak,
    nth=st.integers(0, 3),
    rows=st.one_of(
        st.dictionaries(st.sampled_from(["ai", "ai", "tokens"]), credit_values, max_size=1),
        st.fixed_dictionaries({}, optional=values),
        st.just({}),
    ),
    rates=st.lists(rates, max_size=1) | st.just([]),
    swapped=st.sampled_from([False, False, True]),
    scope=st.sampled_from(PublishScope),
)

edits: st.SearchStrategy[Edit] = st.one_of(
    tweaks,
    tweaks,
    tweaks,
    st.builds(Suspension, st.sampled_from(FEATURES)),
    st.builds(Fitting, st.sampled_from(["basic", "pro", "team"]), st.sampled_from([None, (), ("boost",)])),
)


def edited(shop: Catalog, customer: Customer, edit: Edit, now: datetime) -> Catalog:
    """The catalog after an edit; the same where there is nothing to do."""
    match edit:
        case Suspension(feature=key):
            return replace(shop, features={**shop.features, key: edit.of(shop.features[key])})
        case Fitting(plan=key, addons=addons):
            plan = shop.packages[key]
            assert isinstance(plan, Plan)
            return with_package(shop, replace(plan, compatible_addons=addons))
        case Tweak(nth=nth):
            theirs = sorted(had(customer)) or ["free"]
            package = shop.packages[theirs[nth % len(theirs)]]
            drafted = with_package(shop, replace(package, draft=edit.of(package.newest)))
            try:
                return publish(drafted, package.key, now=now, scope=edit.scope).catalog
            except Rejected:
                return shop


def had(customer: Customer) -> set[str]:
    """The packages of which a customer has, or had, something."""
    return {
        key
        for known in customer.subscriptions
        for key in (*(term.plan for term in known.terms), *(held.addon for held in known.addons))
    }
