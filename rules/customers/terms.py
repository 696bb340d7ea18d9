"""The terms of a subscription at an instant: version, price, add-ons and billing period."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from rules.catalog.facts import Catalog, Package, Plan, Price, PublishScope, Version
from rules.customers.facts import HeldAddon, Subscription, SubscriptionStatus, Term, earliest
from rules.periods import Period, period_at, settle
from rules.values import BillingPeriod, Reset, ResetInterval

BILLING = Reset(every=ResetInterval.BILLING_PERIOD)


def version_at(package: Package, put_on: int, now: datetime) -> int:
    """Return the number of the version in force at an instant for subscribers assigned ``put_on``.

    A publish for ALL_CUSTOMERS moves a subscription. A publish that followed one of the base plan does not
    move subscribers who are grandfathered on a version older than the one before it.
    """
    number = put_on
    for version in package.versions[put_on:]:
        reaches = version.scope is PublishScope.ALL_CUSTOMERS and version.published_at <= now
        if reaches and (not version.cascaded or version.number == number + 1):
            number = version.number
    return number


def newest_at(package: Package, now: datetime) -> int:
    """Return the number of the newest version published at an instant, at least the first."""
    published = (version.number for version in package.versions if version.published_at <= now)
    return max(published, default=1)


def versions_assigned(package: Package, number: int, now: datetime) -> list[int]:
    """Return the assigned versions of those subscribers for whom this version is in force."""
    return [known.number for known in package.versions if version_at(package, known.number, now) == number]


def published_span(package: Package, number: int) -> tuple[datetime | None, datetime | None]:
    """Return the span in which a version is the newest, unbounded if there is no other version."""
    start = None if number == 1 else package.versions[number - 1].published_at
    return start, next((later.published_at for later in package.versions[number:]), None)


def version_of(catalog: Catalog, term: Term, now: datetime) -> int:
    """Return the number of the plan's version in force for a term at an instant."""
    package = catalog.packages[term.plan]
    put_on = newest_at(package, term.starts_at) if term.version is None else term.version
    return version_at(package, put_on, now)


def version_in_force(catalog: Catalog, subscription: Subscription, now: datetime) -> int:
    """Return the number of the plan's version in force for a subscription at an instant."""
    return version_of(catalog, subscription.term(now), now)


def price_of(catalog: Catalog, subscription: Subscription, now: datetime) -> Price | None:
    """Return a subscription's price at an instant, None if it has no price.

    A price that the version in force lacks is taken from the last earlier version that had it, or, after
    a move back to an earlier version, from the last version published before the move.
    """
    term = subscription.term(now)
    versions, number = catalog.packages[term.plan].versions, version_of(catalog, term, now)
    left = tuple(version for version in versions if version.published_at <= term.starts_at)
    return price_in(versions[:number], term.price) or price_in(left, term.price)


def price_version(catalog: Catalog, subscription: Subscription, now: datetime) -> Version | None:
    """Return the version in which ``price_of`` finds the price; None if there is no price."""
    term = subscription.term(now)
    versions, number = catalog.packages[term.plan].versions, version_of(catalog, term, now)
    left = tuple(version for version in versions if version.published_at <= term.starts_at)
    return _version_with(versions[:number], term.price) or _version_with(left, term.price)


def _version_with(versions: tuple[Version, ...], price: str | None) -> Version | None:
    having = (version for version in reversed(versions) if price_in((version,), price) is not None)
    return next(having, None)


def price_in(versions: tuple[Version, ...], key: str | None) -> Price | None:
    """Return the price of a key in the last of these versions that has it."""
    for version in reversed(versions):
        for price in version.content.prices:
            if price.key == key:
                return price
    return None


def billing_period(catalog: Catalog, subscription: Subscription, now: datetime) -> BillingPeriod | None:
    """Return the billing period of a subscription's price at an instant, None if it has no price."""
    price = price_of(catalog, subscription, now)
    return None if price is None else price.billing_period


def current_period(catalog: Catalog, subscription: Subscription, now: datetime) -> Period | None:
    """Return the trial or the billing period; None if the subscription is not in force."""
    status = subscription.status(now)
    if status is SubscriptionStatus.IN_TRIAL:
        return Period(start=subscription.started_at, end=subscription.trial_ends_at)
    if status is not SubscriptionStatus.ACTIVE:
        return None
    term = subscription.term(now)
    reset = settle(BILLING, billing_period(catalog, subscription, now))
    return period_at(reset, anchor=term.anchor, timezone=term.timezone, at=now)


def addons_in_force(catalog: Catalog, subscription: Subscription, now: datetime) -> list[HeldAddon]:
    """Return the add-ons of a subscription at an instant, by key."""
    held = (held for held in settled_addons(catalog, subscription, now) if held.in_force(now))
    return sorted(held, key=lambda known: known.addon)


def settled_addons(catalog: Catalog, subscription: Subscription, now: datetime) -> tuple[HeldAddon, ...]:
    """Return all add-ons of a subscription; those that a scheduled change did not keep are ended."""
    return tuple(_settle(catalog, subscription, held, now) for held in subscription.addons)


def _settle(catalog: Catalog, subscription: Subscription, held: HeldAddon, now: datetime) -> HeldAddon:
    changes = (t for t in subscription.terms if t.scheduled and held.starts_at < t.starts_at <= now)
    ends = (t.starts_at for t in changes if not is_compatible(catalog, t.plan, held.addon))
    return replace(held, ends_at=earliest((held.ends_at, *ends)))


def is_compatible(catalog: Catalog, plan_key: str, addon: str) -> bool:
    """Return whether an add-on can be bought on top of a plan."""
    plan = catalog.packages[plan_key]
    if not isinstance(plan, Plan) or plan.product != catalog.packages[addon].product:
        return False
    return plan.compatible_addons is None or addon in plan.compatible_addons


def publishes_after(catalog: Catalog, subscription: Subscription, now: datetime) -> Iterator[datetime]:
    """Yield the publishes of a subscription's packages after ``now``, which may be in the past."""
    keys = {term.plan for term in subscription.terms} | {held.addon for held in subscription.addons}
    for key in keys:
        for version in catalog.packages[key].versions:
            if version.published_at > now:
                yield version.published_at
