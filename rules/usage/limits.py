"""Limits: how much is used, reserved and left, and whether a request fits."""

from __future__ import annotations

from dataclasses import dataclass

from rules.numbers import divide_half_up
from rules.usage.metering import Metering
from rules.values import LimitEnforcement, Metered, Money


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageBalance:
    """The usage of a limit, in micros, and its period."""

    used: int
    limit: int | None
    value: Metered
    metering: Metering
    reserved: int = 0

    @property
    def remaining(self) -> int | None:
        """What is left of the limit; None if unlimited."""
        return None if self.limit is None else max(0, self.limit - self.used - self.reserved)

    @property
    def overage(self) -> int:
        """The usage beyond the limit."""
        return 0 if self.limit is None else max(0, self.used - self.limit)

    @property
    def percent_used(self) -> float | None:
        """Usage as a percentage of the limit; None if unlimited, 100 if the limit is 0."""
        if self.limit is None:
            return None
        return 100.0 if self.limit == 0 else self.used * 100 / self.limit

    @property
    def overage_charge(self) -> Money | None:
        """What the overage costs, rounded half up to 6 digits; None without a rate."""
        rate = self.value.overage
        if rate is None:
            return None
        amount = divide_half_up(self.overage * rate.amount.amount, rate.per_units)
        return Money(amount=amount, currency=rate.amount.currency)


def fits_limit(usage: UsageBalance, requested: int | None) -> bool:
    """Return whether a limit allows a request; None checks whether anything is left."""
    if usage.limit is None or usage.value.enforcement is LimitEnforcement.SOFT:
        return True
    return fits_below(usage.limit, usage.used + usage.reserved, requested)


def fits_below(limit: int, used: int, requested: int | None) -> bool:
    """Return whether a request stays within a limit; giving back always does."""
    if requested is None:
        return used < limit
    return requested < 0 or used + requested <= limit
