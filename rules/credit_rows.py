"""What the packages of a subscription say of a credit type, and over which period they mint."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from rules.catalog import Catalog
from rules.customers import Subscription
from rules.inheritance import Flattened
from rules.periods import Period, period_at
from rules.terms import addons_in_force, current_period, version_at, version_of
from rules.values import CreditCadence, Credits, Reset, ResetInterval

_INTERVALS = {
    CreditCadence.MONTHLY: ResetInterval.MONTH,
    CreditCadence.YEARLY: ResetInterval.YEAR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRow:
    """What a package says of a credit type, in the quantity that the subscription has of it."""

    package: str
    credits: Credits
    quantity: int = 1

    @property
    def once(self) -> bool:
        """Whether it mints once and never again."""
        return self.credits.cadence is CreditCadence.ONE_TIME


def credit_rows(
    flat: Flattened, subscription: Subscription, credit_type: str, at: datetime, seen: datetime
) -> dict[str, CreditRow]:
    """Give the rows by package, the plan's first, of what was published up to ``seen``."""
    catalog, term = flat.catalog, subscription.term(at)
    number = version_of(catalog, replace(term, starts_at=min(term.starts_at, seen)), seen)
    said = [(term.plan, flat.held(term.plan, number, term.price), 1)]
    for held in addons_in_force(catalog, subscription, at):
        number = version_at(catalog.packages[held.addon], held.version, seen)
        said.append((held.addon, flat.held(held.addon, number, None), held.quantity))
    return {
        package: CreditRow(package=package, credits=value, quantity=quantity)
        for package, rows, quantity in said
        if credit_type in rows and isinstance(value := rows[credit_type].row.value, Credits)
    }


def cadence_period(catalog: Catalog, subscription: Subscription, row: CreditRow, at: datetime) -> Period:
    """Give the cadence period of a subscription in force that holds an instant; ONE_TIME has no end."""
    if row.once:
        return Period(start=at, end=None)
    every = _INTERVALS.get(row.credits.cadence)
    if every is not None:
        term = subscription.term(at)
        return period_at(Reset(every=every), anchor=term.anchor, timezone=term.timezone, at=at)
    period = current_period(catalog, subscription, at)
    if period is None:
        message = "a subscription in force has a period"
        raise AssertionError(message)
    return period
