"""Periods: calendar arithmetic from an anchor; half open, without gaps or overlaps.

Boundary k lies ``k * count`` intervals from the anchor. It is never counted from the boundary before it, so
the 31st stays the 31st after a February, and 02:30 stays 02:30 after a clock change.

Local times are aware datetimes in the customer's zone. Python moves the wall clock when it adds to such a
datetime, takes the first occurrence of a result that occurs twice, and moves a skipped result later by the
length of the gap: this is what a period needs.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from rules.values import BillingPeriod, Reset, ResetAnchor, ResetInterval, Weekday

_LENGTHS: dict[ResetInterval, timedelta | int] = {
    ResetInterval.HOUR: timedelta(hours=1),
    ResetInterval.DAY: timedelta(days=1),
    ResetInterval.WEEK: timedelta(weeks=1),
    ResetInterval.MONTH: 1,
    ResetInterval.YEAR: 12,
}
"""The length of intervals: a span of the wall clock, or a number of months."""

_WEEKDAYS = {weekday: number for number, weekday in enumerate(Weekday)}
_SHORTEST_MONTH = 28
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The time from ``start`` on and before ``end``; an end of None never comes."""

    start: datetime
    end: datetime | None

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant and (self.end is None or instant < self.end)


def is_timezone(name: str) -> bool:
    """Whether this is the IANA name of a time zone, letter for letter."""
    return name in _timezones()


def settle(reset: Reset, billing: BillingPeriod | None) -> Reset:
    """The reset with BILLING_PERIOD read as what the price says: YEAR where it is YEARLY, else MONTH."""
    if reset.every is not ResetInterval.BILLING_PERIOD:
        return reset
    every = ResetInterval.YEAR if billing is BillingPeriod.YEARLY else ResetInterval.MONTH
    return replace(reset, every=every)


def period_at(reset: Reset, *, anchor: datetime, timezone: str, at: datetime) -> Period:
    """The one period that contains the instant, before or after the anchor.

    The count is at least 1 and the time zone one that ``is_timezone`` accepts. NEVER is a single period
    shown as starting at the anchor; earlier instants belong to it too. Boundaries outside the years 1 to
    9999 are clamped to the first and last instant of a datetime. Raises ValueError for a BILLING_PERIOD
    that was not settled, and OverflowError if local time at the anchor or ``at`` is outside those years.
    """
    if reset.every is ResetInterval.NEVER:
        return Period(start=anchor, end=None)
    length = _length(reset)
    _, start, end = _around(_origin(reset, length, anchor, timezone), length, reset.count, at)
    return Period(start=start, end=end)


def boundary(reset: Reset, *, anchor: datetime, timezone: str, index: int) -> datetime:
    """The boundary with this index; 0 is the anchor, or the start of the calendar unit that contains it.

    Two boundaries coincide if the zone skipped all the time between them. Clamps and raises as
    ``period_at``; also raises ValueError for NEVER, which has no boundaries.
    """
    length = _length(reset)
    return _instant(_origin(reset, length, anchor, timezone), length, index * reset.count)


def periods_between(
    reset: Reset, *, anchor: datetime, timezone: str, start: datetime, end: datetime
) -> Iterator[Period]:
    """The periods that overlap [start, end), in order; raises as ``period_at``."""
    at: datetime | None = start
    while at is not None and at < end:
        period = period_at(reset, anchor=anchor, timezone=timezone, at=at)
        yield period
        at = period.end


def local_days_after(instant: datetime, days: int, timezone: str) -> datetime:
    """The same wall-clock time in the zone, ``days`` local days later; 0 days is the instant itself."""
    return boundary(Reset(every=ResetInterval.DAY), anchor=instant, timezone=timezone, index=days)


@cache
def _timezones() -> frozenset[str]:
    # "localtime" is this machine's own setting, and "Factory" means that nobody set it.
    return frozenset(available_timezones() - {"localtime", "Factory"})


@cache
def _zone(timezone: str) -> ZoneInfo:
    # ZoneInfo's own cache keeps eight zones and reads all others from disk again and again.
    return ZoneInfo(timezone)


def _length(reset: Reset) -> timedelta | int:
    if (length := _LENGTHS.get(reset.every)) is None:
        message = f"{reset.every} has no length of its own"
        raise ValueError(message)
    return length


def _origin(reset: Reset, length: timedelta | int, anchor: datetime, timezone: str) -> datetime:
    """Boundary 0 as local time; hours are counted in UTC, where all hours have the same length."""
    local = anchor.astimezone(UTC if reset.every is ResetInterval.HOUR else _zone(timezone))
    if reset.anchor is ResetAnchor.SUBSCRIPTION_START:
        return local
    start = _unit_start(reset, local)
    # If clocks change at midnight, the date of the anchor may not be the calendar unit that contains it.
    number, _, _ = _around(start, length, 1, anchor)
    return _move(start, length, number)


def _unit_start(reset: Reset, local: datetime) -> datetime:
    """The start of the calendar unit that a local time belongs to by its date."""
    day = datetime(local.year, local.month, local.day, tzinfo=local.tzinfo)
    match reset.every:
        case ResetInterval.HOUR:
            return day.replace(hour=local.hour)
        case ResetInterval.WEEK:
            return day - timedelta(days=(day.weekday() - _WEEKDAYS[reset.weekday or Weekday.MONDAY]) % 7)
        case ResetInterval.MONTH:
            return day.replace(day=1)
        case ResetInterval.YEAR:
            return day.replace(month=1, day=1)
        case _:
            return day


def _around(
    origin: datetime, length: timedelta | int, count: int, at: datetime
) -> tuple[int, datetime, datetime]:
    """The last boundary not after ``at``, as an index and an instant, and the next boundary."""
    number = _intervals_between(origin, length, at.astimezone(origin.tzinfo)) // count * count
    # Estimated by the wall clock; the end of a month and clock changes shift it by a boundary or two.
    while (start := _instant(origin, length, number)) > at:
        number -= count
    while (end := _instant(origin, length, number + count)) <= at < _LAST:
        number, start = number + count, end
    return number, start, end


def _intervals_between(origin: datetime, length: timedelta | int, local: datetime) -> int:
    """How many whole intervals the calendar shows between two local times of one zone."""
    if isinstance(length, timedelta):
        return (local - origin) // length
    return ((local.year - origin.year) * 12 + local.month - origin.month) // length


def _instant(origin: datetime, length: timedelta | int, number: int) -> datetime:
    """The instant ``number`` intervals from the origin, clamped to the range of a datetime."""
    if number == 0:
        return origin.astimezone(UTC)  # the anchor itself, even in an hour that occurs twice
    try:
        return _move(origin, length, number).astimezone(UTC)
    except (OverflowError, ValueError):
        return _LAST if number > 0 else _FIRST


def _move(origin: datetime, length: timedelta | int, number: int) -> datetime:
    """The local time ``number`` intervals from the origin, no later than the last day of its month."""
    if isinstance(length, timedelta):
        return origin + number * length
    year, month = divmod(origin.year * 12 + origin.month - 1 + number * length, 12)
    day = origin.day
    if day > _SHORTEST_MONTH:
        day = min(day, monthrange(year, month + 1)[1])
    clock = (origin.hour, origin.minute, origin.second, origin.microsecond)
    return datetime(year, month + 1, day, *clock, tzinfo=origin.tzinfo)
