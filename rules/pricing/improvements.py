"""Whether a value is better for a customer than the one that it replaces.

A value is better if nothing about it is worse and something is better. A value that is worse in one thing
and better in another, such as a higher limit for a longer period, is not comparable: neither is better.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from rules.catalog.wording import CADENCE_RESETS
from rules.periods import settle
from rules.values import (
    BillingPeriod,
    Choices,
    Credits,
    LimitEnforcement,
    Metered,
    Number,
    OverageRate,
    Reset,
    ResetInterval,
    Revoked,
    Value,
)


def is_better(value: Value | Revoked, than: Value | Revoked, billing: BillingPeriod | None = None) -> bool:
    """Whether a value gives more than another.

    More is a larger number, more choices, a higher limit or none, a soft limit instead of a hard one, a
    cheaper overage, a shorter reset, more credits or more often. Other texts and objects cannot be
    compared. ``billing`` is how often the chosen price is due; if no price is chosen, the value must be
    better both by the month and by the year.
    """
    periods = (BillingPeriod.MONTHLY, BillingPeriod.YEARLY) if billing is None else (billing,)
    return all(_covers(value, than, one) and not _covers(than, value, one) for one in periods)


def _covers(value: Value | Revoked, other: Value | Revoked, billing: BillingPeriod) -> bool:
    """Whether a value gives at least what another gives."""
    match value, other:
        case Number(), Number():
            return value.number >= other.number
        case Choices(), Choices():
            return set(value.choices) >= set(other.choices)
        case Metered(), Metered():
            return value.limit is None or _limit_covers(value, other, billing)
        case Credits(), Credits():
            return _credits_cover(value, other, billing)
        case _:
            return value == other


def _limit_covers(value: Metered, other: Metered, billing: BillingPeriod) -> bool:
    if value.limit is None or other.limit is None:
        return value.limit is None
    return (
        value.limit >= other.limit
        and _is_no_longer(value.reset, other.reset, billing)
        and _beyond_covers(value, other)
    )


def _beyond_covers(value: Metered, other: Metered) -> bool:
    """Compare what is beyond the limit: nothing if it is hard, paid usage, or free usage."""
    if LimitEnforcement.HARD in (value.enforcement, other.enforcement):
        return other.enforcement is LimitEnforcement.HARD
    return _is_no_dearer(value.overage, other.overage)


def _is_no_dearer(rate: OverageRate | None, other: OverageRate | None) -> bool:
    """Compare the cost of a unit; amounts in two currencies cannot be compared."""
    if rate is None or rate.amount.amount == 0:
        return True
    if other is None or rate.amount.currency != other.amount.currency:
        return False
    return rate.amount.amount * other.per_units <= other.amount.amount * rate.per_units


def _credits_cover(value: Credits, other: Credits, billing: BillingPeriod) -> bool:
    resets = CADENCE_RESETS[value.cadence], CADENCE_RESETS[other.cadence]
    return (
        value.amount >= other.amount
        and value.rollover_limit >= other.rollover_limit
        and _is_no_longer(*resets, billing)
    )


_HOURS = {ResetInterval.HOUR: 1, ResetInterval.DAY: 24, ResetInterval.WEEK: 7 * 24}
_MONTHS = {ResetInterval.MONTH: 1, ResetInterval.YEAR: 12}
_HOURS_OF_A_MONTH = (28 * 24, 31 * 24)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Length:
    """The fewest and most hours of a period, and its months if it is made of them."""

    least: float
    most: float
    months: int | None = None


def _is_no_longer(reset: Reset, other: Reset, billing: BillingPeriod) -> bool:
    """Whether usage resets at least as often; False if that depends on the calendar."""
    one, two = _length(reset, billing), _length(other, billing)
    if one.months and two.months:
        return one.months <= two.months
    return one == two or one.most <= two.least


def _length(reset: Reset, billing: BillingPeriod) -> _Length:
    every = settle(reset, billing).every
    if every is ResetInterval.NEVER:
        return _Length(least=inf, most=inf)
    if every in _HOURS:
        hours = _HOURS[every] * reset.count
        return _Length(least=hours, most=hours)
    months = _MONTHS[every] * reset.count
    shortest, longest = _HOURS_OF_A_MONTH
    return _Length(least=months * shortest, most=months * longest, months=months)
