"""What a customer has: the rows that speak about one feature, combined into one value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from rules.catalog import Catalog, Feature, Package, Price, PublishScope
from rules.customers import Customer, Subscription
from rules.inheritance import Flattened, Resolved
from rules.values import (
    BillingPeriod,
    Choices,
    Credits,
    Granted,
    LimitEnforcement,
    Metered,
    Number,
    Object,
    Text,
    Value,
)


class SourceKind(StrEnum):
    """What a row that speaks comes from."""

    PLAN = "PLAN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A row that speaks about a feature, and whether it is among those that decide."""

    kind: SourceKind
    subscription: Subscription
    resolved: Resolved
    value: Value
    winning: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitled:
    """What a customer has of one feature: the value, None where nothing speaks, and its sources.

    ``counted_by`` is the subscription whose row gives a metered value its reset.
    """

    value: Value | None = None
    sources: tuple[Source, ...] = ()
    counted_by: Subscription | None = None


NOTHING = Entitled()


def gather(flat: Flattened, customer: Customer, feature: str, now: datetime) -> list[Source]:
    """Give every row that speaks about a feature, those of older subscriptions first."""
    found = []
    for subscription in customer.in_force(now):
        number = version_in_force(flat.catalog, subscription, now)
        resolved = flat.held(subscription.plan, number, subscription.price).get(feature)
        if resolved is not None:
            found.append(_plan_source(subscription, resolved))
    return found


def _plan_source(subscription: Subscription, resolved: Resolved) -> Source:
    value = resolved.row.value
    return Source(kind=SourceKind.PLAN, subscription=subscription, resolved=resolved, value=value)  # type: ignore[arg-type]


def version_in_force(catalog: Catalog, subscription: Subscription, now: datetime) -> int:
    """Give the number of the plan's version that holds for a subscription at an instant."""
    return version_at(catalog.packages[subscription.plan], subscription.version, now)


def version_at(package: Package, put_on: int, now: datetime) -> int:
    """Give the number of the version that holds at an instant for who was put on this one.

    A publish for ALL_CUSTOMERS moves a subscription, but one that came with a base plan's leaves
    alone whoever is grandfathered on a version older than the one before it.
    """
    number = put_on
    for version in package.versions[put_on:]:
        reaches = version.scope is PublishScope.ALL_CUSTOMERS and version.published_at <= now
        if reaches and (not version.cascaded or version.number == number + 1):
            number = version.number
    return number


def next_publish(catalog: Catalog, subscriptions: Iterable[Subscription], now: datetime) -> datetime | None:
    """Give the first instant after ``now``, which may be a past one, at which a plan gained a version."""
    return min(
        (
            version.published_at
            for subscription in subscriptions
            for version in catalog.packages[subscription.plan].versions[subscription.version :]
            if version.published_at > now
        ),
        default=None,
    )


def entitled(flat: Flattened, customer: Customer, feature: Feature, now: datetime) -> Entitled:
    """Combine everything that speaks about a feature at an instant."""
    return combine(feature, gather(flat, customer, feature.key, now))


def combine(feature: Feature, sources: Sequence[Source]) -> Entitled:
    """Add up what speaks; the sources come in their order of precedence, oldest first.

    Booleans: any grants. Limits and numbers: the sum, unlimited absorbs. Choices: all of them.
    Texts and objects cannot be added: the newest wins.
    """
    if not sources:
        return NOTHING
    first = sources[0].value
    match first:
        case Granted():
            return _all_win(first, sources)
        case Number():
            total = sum(s.value.number for s in sources if isinstance(s.value, Number))
            return _all_win(Number(number=total), sources)
        case Choices():
            picked = {c for s in sources if isinstance(s.value, Choices) for c in s.value.choices}
            return _all_win(Choices(choices=in_order(feature.choices, picked)), sources)
        case Metered():
            limits = [s.value for s in sources if isinstance(s.value, Metered)]
            return replace(_all_win(add_up(limits), sources), counted_by=sources[0].subscription)
        case Text() | Object():
            return _last_wins(sources)
        case Credits():
            message = f"credits do not speak about a feature: {feature.key}"
            raise ValueError(message)
        case _:
            assert_never(first)


def in_order(choices: Iterable[str], picked: Iterable[str]) -> tuple[str, ...]:
    """Give the picked values in the order of the feature's choices."""
    wanted = set(picked)
    known = tuple(choice for choice in choices if choice in wanted)
    return known + tuple(sorted(wanted.difference(known)))


def add_up(limits: Sequence[Metered]) -> Metered:
    """Add metered limits: unlimited absorbs, soft if any is, reset of the first, first overage rate."""
    soft = any(value.enforcement is LimitEnforcement.SOFT for value in limits)
    amounts = [value.limit for value in limits]
    return Metered(
        limit=None if None in amounts else sum(amount for amount in amounts if amount is not None),
        enforcement=LimitEnforcement.SOFT if soft else LimitEnforcement.HARD,
        reset=limits[0].reset,
        overage=next((value.overage for value in limits if value.overage is not None), None),
    )


def _all_win(value: Value, sources: Iterable[Source]) -> Entitled:
    return Entitled(value=value, sources=tuple(replace(source, winning=True) for source in sources))


def _last_wins(sources: Sequence[Source]) -> Entitled:
    newest = replace(sources[-1], winning=True)
    return Entitled(value=newest.value, sources=(*sources[:-1], newest))


def spoken_of(flat: Flattened, customer: Customer, now: datetime) -> list[str]:
    """Give the keys of all features that any source speaks about, in the order of the plans' rows."""
    keys: dict[str, None] = {}
    for subscription in customer.in_force(now):
        number = version_in_force(flat.catalog, subscription, now)
        held: Mapping[str, Resolved] = flat.held(subscription.plan, number, subscription.price)
        keys.update(dict.fromkeys(key for key in held if key in flat.catalog.features))
    return list(keys)


def price_of(catalog: Catalog, subscription: Subscription, now: datetime) -> Price | None:
    """Give a subscription's price at an instant, None where it has no price.

    A price that the version in force lacks is looked up in the last version that had it.
    """
    versions = catalog.packages[subscription.plan].versions
    for version in reversed(versions[: version_in_force(catalog, subscription, now)]):
        for price in version.content.prices:
            if price.key == subscription.price:
                return price
    return None


def billing_period(catalog: Catalog, subscription: Subscription, now: datetime) -> BillingPeriod | None:
    """Give the billing period of a subscription's price at an instant, None where it has no price."""
    price = price_of(catalog, subscription, now)
    return None if price is None else price.billing_period
