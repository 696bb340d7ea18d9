"""Overage and what pays for it: money, credits, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from rules.catalog.facts import CreditRate
from rules.catalog.inheritance import ResolvedCatalog
from rules.credits.accounts import CreditAccount
from rules.credits.burn_down import cost_of
from rules.credits.burn_records import PricedUsage
from rules.customers.facts import Customer
from rules.customers.terms import addons_in_force, version_at, version_in_force
from rules.values import LimitEnforcement, Metered


def credit_rate(flat: ResolvedCatalog, customer: Customer, feature: str, now: datetime) -> CreditRate | None:
    """Return the rate of the first package in force that has one: plans by age, then add-ons by age."""
    found = (flat.rates_of(*version).get(feature) for version in _versions(flat, customer, now))
    return next((rate for rate in found if rate is not None), None)


def rated_features(flat: ResolvedCatalog, customer: Customer, now: datetime) -> list[str]:
    """Return the keys of the features whose overage burns credits."""
    return list(
        dict.fromkeys(key for version in _versions(flat, customer, now) for key in flat.rates_of(*version))
    )


def _versions(flat: ResolvedCatalog, customer: Customer, now: datetime) -> Iterator[tuple[str, int]]:
    catalog, in_force = flat.catalog, customer.in_force(now)
    for subscription in in_force:
        yield subscription.term(now).plan, version_in_force(catalog, subscription, now)
    for subscription in in_force:
        for held in addons_in_force(catalog, subscription, now):
            yield held.addon, version_at(catalog.packages[held.addon], held.version, now)


def overage_quantity(limit: int | None, used: int, requested: int) -> int:
    """Return the part of a request beyond a limit (None: unlimited); ``used`` includes reservations."""
    return 0 if limit is None else max(0, requested - max(0, limit - used))


def is_paid_in_money(value: Metered | None) -> bool:
    """Return whether overage costs money; then it costs no credits."""
    return value is not None and value.enforcement is LimitEnforcement.SOFT and value.overage is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class OverageCost:
    """A request's overage, its cost in credits, in micros, and what is available."""

    beyond: PricedUsage
    cost: int
    available: int

    def is_covered(self, requested: int | None) -> bool:
        """Return whether the credits cover a request; without a request, whether there are any."""
        return self.available > 0 if requested is None else self.cost <= self.available


def overage_cost(
    value: Metered | None, rate: CreditRate, book: CreditAccount, used: int, requested: int | None
) -> OverageCost:
    """Return the cost of a request beyond a limit; ``used`` includes reservations.

    With ``value`` None no entitlement applies: all of the request is overage. No request costs nothing.
    """
    limit = 0 if value is None else value.limit
    quantity = 0 if is_paid_in_money(value) else overage_quantity(limit, used, requested or 0)
    cost = cost_of(book, quantity, rate)
    return OverageCost(beyond=PricedUsage(quantity=quantity, rate=rate), cost=cost, available=book.available)
