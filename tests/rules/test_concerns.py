"""Whom an edit concerns: nothing that would differ is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hypothesis import event, given
from hypothesis import strategies as st

from rules.catalog import Catalog, Content, CreditRate, Feature, FeatureStatus, Plan, PublishScope, Row
from rules.concerns import CatalogEdit
from rules.credit_books import Book
from rules.credits import brought_up
from rules.custom_acts import SetCustomEntitlement
from rules.customers import CustomEntitlementMode, Customer
from rules.errors import Rejected
from rules.inheritance import Flattened
from rules.metering import UsageRecord
from rules.numbers import ONE
from rules.packages import with_package
from rules.publishing import publish
from rules.reporting import ReportUsage
from rules.values import (
    BillingPeriod,
    CreditCadence,
    Reset,
    ResetInterval,
    Value,
    WrittenLimit,
)
from tests.rules.acts_at_random import ZONES, Step, beginnings, steps, values
from tests.rules.lives import Life
from tests.rules.previewing import differing, on, republished, selling_everything
from tests.rules.small_shop import DAY, limit, row
from tests.rules.test_lives import FEATURES
from tests.rules.test_time_travel import Happening, happen
from tests.rules.wallets import credits_


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


lives = st.tuples(st.sampled_from(ZONES), beginnings, st.lists(steps | tweaks, min_size=2, max_size=12))


@given(lives, st.lists(edits, min_size=1, max_size=3), st.booleans())
def test_whatever_differs_is_among_what_an_edit_touches(
    history: tuple[str, Step, list[Happening | Tweak]],
    made: list[Edit],
    kept: bool,  # noqa: FBT001 - drawn by place
) -> None:
    zone, first, rest = history
    life = Life(shop=selling_everything()).born(zone)
    for happening in (replace(first, away=()), *rest):
        match happening:
            case Tweak():
                life.shop = after(life, happening)
                life.comes_to(life.present + DAY)
            case Step(act=ReportUsage(feature=feature, quantity=quantity)):
                # What it burned is left aside: it is as good as burned, or not, by both catalogs.
                record = UsageRecord(feature=feature, occurred_at=life.present, quantity=quantity)
                life.records.append(record)
            case _:
                happen(life, happening)
    assert life.customer is not None
    life.comes_to(life.present)
    book = Book(credit_type="ai")
    if kept:
        book = brought_up(book, life.customer, life.flat, life.present)
    edit = CatalogEdit(life.flat, Flattened(after(life, *made)))

    touched = edit.touched(life.customer, life.present)
    found = differing(life, edit.after, book)

    event(f"{len(found)} differ")
    assert {one.after.subject.question.feature for one in found} <= set(touched)
    assert not found or is_concerned(edit, life.customer, life.now)


def is_concerned(edit: CatalogEdit, customer: Customer, clock: datetime) -> bool:
    """Whether somebody has anything that an edit concerns."""
    had = [(t.plan, t.version or 0, t.starts_at) for known in customer.subscriptions for t in known.terms]
    had += [(h.addon, h.version, h.starts_at) for known in customer.subscriptions for h in known.addons]
    alone = {custom.feature for custom in customer.custom}
    return bool(edit.features & alone) or any(
        (key, number) in edit.versions or (key in edit.packages and clock <= since)
        for key, number, since in had
    )


def after(life: Life, *made: Edit) -> Catalog:
    """The catalog after edits of now."""
    shop = life.shop
    assert life.customer is not None
    for edit in made:
        shop = edited(shop, life.customer, edit, life.present)
    return shop


def had(customer: Customer) -> set[str]:
    """The packages of which a customer has, or had, something."""
    return {
        key
        for known in customer.subscriptions
        for key in (*(term.plan for term in known.terms), *(held.addon for held in known.addons))
    }


def test_only_what_differs_between_two_versions_is_touched() -> None:
    life = on("basic", "monthly")
    rows = life.shop.packages["basic"].newest.rows
    after = republished(life, "basic", row("calls", limit(99)), *rows[1:])

    assert life.customer is not None
    assert CatalogEdit(life.flat, after).touched(life.customer, life.present) == ["calls"]
    assert CatalogEdit(life.flat, life.flat).touched(life.customer, life.present) == []


def test_where_a_plan_is_due_by_the_year_the_periods_of_what_stands_for_a_customer_alone_are_others() -> None:
    life = on("basic", "monthly").does(
        SetCustomEntitlement(
            feature="seats",
            mode=CustomEntitlementMode.GRANT,
            value=WrittenLimit(limit=5 * ONE, reset=Reset(every=ResetInterval.BILLING_PERIOD)),
        ),
        SetCustomEntitlement(
            feature="projects",
            mode=CustomEntitlementMode.OVERRIDE,
            value=WrittenLimit(limit=5 * ONE, reset=Reset(every=ResetInterval.BILLING_PERIOD)),
        ),
    )
    yearly = Tweak(nth=0, rows={}, rates=(), swapped=True, scope=PublishScope.ALL_CUSTOMERS)

    edit = CatalogEdit(life.flat, Flattened(after(life, yearly)))

    assert life.customer is not None
    found = {one.after.subject.question.feature for one in differing(life, edit.after)}
    assert found == {"calls", "seats", "projects"}
    assert found <= set(edit.touched(life.customer, life.present))
