"""Resolution cache: what customers have of features, resolved once for as long as nothing changes it.

Resolutions are kept for each catalog and go when it goes. One holds while the customer's facts are the very
same objects, and until the first instant at which time alone could change it; so nothing is invalidated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from weakref import WeakKeyDictionary

from rules.access.decision import AccessCheck, ResolvedCheck, resolve_check
from rules.catalog.facts import CreditRate, Feature
from rules.catalog.inheritance import ResolvedCatalog
from rules.customers.effective import EffectiveEntitlement
from rules.customers.facts import Customer
from rules.usage.metering import Metering, Window, whole_window
from rules.usage.windows import idle_window
from rules.values import BillingPeriod

MOST = 100_000
"""Resolutions that are kept for a catalog; then all are dropped, and those that are needed come back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What a customer has of a feature, without the catalog, which the cache must not keep alive."""

    since: datetime
    customer: Customer
    feature: Feature | None
    entitlement: EffectiveEntitlement
    metering: Metering | None
    billing: BillingPeriod | None
    until: datetime | None
    rate: CreditRate | None
    idle: Window | None = None
    """The window of usage without a limit, where it was asked for."""

    @classmethod
    def of(cls, check: ResolvedCheck, customer: Customer) -> Resolution:
        """Take what a check resolved to."""
        return cls(
            since=check.now,
            customer=customer,
            feature=check.feature,
            entitlement=check.entitlement,
            metering=check.metering,
            billing=check.billing,
            until=check.until,
            rate=check.rate,
        )

    def check(
        self, flat: ResolvedCatalog, question: AccessCheck, customer: Customer, now: datetime
    ) -> ResolvedCheck:
        """Resolve a check by it."""
        return ResolvedCheck(
            flat=flat,
            question=question,
            now=now,
            customer=customer,
            feature=self.feature,
            entitlement=self.entitlement,
            metering=self.metering,
            billing=self.billing,
            until=self.until,
            rate=self.rate,
        )

    def holds(self, customer: Customer, at: datetime) -> bool:
        """Whether it is what the customer has at an instant."""
        known = self.customer
        return (
            known.subscriptions is customer.subscriptions
            and known.custom is customer.custom
            and known.timezone == customer.timezone
            and self.since <= at
            and (self.until is None or at < self.until)
        )


_CACHES: WeakKeyDictionary[ResolvedCatalog, dict[tuple[int, str], Resolution]] = WeakKeyDictionary()


def resolutions_for(flat: ResolvedCatalog) -> dict[tuple[int, str], Resolution]:
    """Return what is kept for a catalog, by the customer's number and the feature."""
    known = _CACHES.get(flat)
    return _CACHES.setdefault(flat, {}) if known is None else known


def cached_check(
    flat: ResolvedCatalog, customer: Customer | None, question: AccessCheck, now: datetime
) -> ResolvedCheck:
    """Resolve a check of the present, as ``resolve_check`` does."""
    if customer is None:
        return resolve_check(flat, customer, question, now)
    return _resolution(flat, customer, question.feature, now).check(flat, question, customer, now)


def rate(flat: ResolvedCatalog, customer: Customer, feature: str, now: datetime) -> CreditRate | None:
    """Return how many credits using a feature burns beyond its limit; None where it burns none."""
    return _resolution(flat, customer, feature, now).rate


def window(flat: ResolvedCatalog, customer: Customer, feature: str, at: datetime) -> Window:
    """Return the window in which usage of an instant counts, also where it has no limit."""
    known = _resolution(flat, customer, feature, at)
    if known.metering is not None:
        return known.metering.window
    if known.feature is None:
        return whole_window(feature)
    if known.idle is None or at not in known.idle:
        known = replace(known, idle=idle_window(flat, customer, known.feature, at))
        resolutions_for(flat)[customer.number, feature] = known
    return known.idle or whole_window(feature)


def _resolution(flat: ResolvedCatalog, customer: Customer, feature: str, at: datetime) -> Resolution:
    cache, place = resolutions_for(flat), (customer.number, feature)
    known = cache.get(place)
    if known is None or not known.holds(customer, at):
        question = AccessCheck(customer=customer.key, feature=feature)
        known = Resolution.of(resolve_check(flat, customer, question, at), customer)
        if feature not in flat.catalog.features:
            return known  # not kept: callers can name any number of keys that do not exist
        if len(cache) >= MOST:
            cache.clear()
        cache[place] = known
    return known
