from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given
from hypothesis import strategies as st

from rules.periods import Period, boundary, is_timezone, local_days_after, period_at, periods_between
from rules.values import Reset, ResetAnchor, ResetInterval, Weekday

ZONES = sorted(filter(is_timezone, available_timezones()))
ODD_ZONES = [
    *("UTC", "Europe/Berlin", "Europe/Dublin", "America/New_York", "Asia/Kathmandu"),
    *("America/St_Johns", "America/Sao_Paulo", "America/Havana", "America/Scoresbysund"),
    *("Africa/Casablanca", "Africa/Cairo", "Asia/Gaza", "Asia/Tehran", "Antarctica/Troll"),
    *("Antarctica/Casey", "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Apia"),
    *("Pacific/Fakaofo", "Pacific/Kwajalein", "Pacific/Kiritimati", "Pacific/Kanton"),
]
LENGTHS = {
    ResetInterval.HOUR: timedelta(hours=1),
    ResetInterval.DAY: timedelta(days=1),
    ResetInterval.WEEK: timedelta(days=7),
    ResetInterval.MONTH: timedelta(days=30),
    ResetInterval.YEAR: timedelta(days=365),
}
FAR = 4
"""How many periods from the anchor the tests look."""


@dataclass(frozen=True)
class Question:
    """What ``period_at`` is asked."""

    reset: Reset
    anchor: datetime
    timezone: str
    at: datetime


@cache
def clock_changes(zone: str) -> list[datetime]:
    """The first instants after every change of the zone's clocks from 1990 to 2060."""
    changes, before = [], datetime(1990, 1, 1, tzinfo=UTC)
    while before.year <= 2060:
        after = before + timedelta(days=5)
        if offset(zone, before) != offset(zone, after):
            low, high = before, after
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                low, high = (middle, high) if offset(zone, middle) == offset(zone, low) else (low, middle)
            changes.append(high.replace(microsecond=0))
        before = after
    return changes


def offset(zone: str, at: datetime) -> timedelta:
    """How far the zone's clocks are ahead of UTC."""
    return at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()


def clock(zone: str, at: datetime) -> datetime:
    """What the zone's clocks show, written as if it were UTC."""
    return at + offset(zone, at)


def first_showing(zone: str, shown: datetime) -> datetime:
    """When clocks first show the time; a time that they skip is later by all that they skip."""
    offsets = {offset(zone, shown + timedelta(hours=hours)) for hours in range(-40, 41)}
    showing = [shown - ahead for ahead in offsets if clock(zone, shown - ahead) == shown]
    return min(showing) if showing else first_showing(zone, shown + max(offsets) - min(offsets))


def stepped(shown: datetime, every: ResetInterval, steps: int) -> datetime:
    """The time so many intervals on, one interval after the other, the day put back at the end."""
    if every not in {ResetInterval.MONTH, ResetInterval.YEAR}:
        return shown + steps * LENGTHS[every]
    year, month = shown.year, shown.month
    for _ in range(abs(steps) * (12 if every is ResetInterval.YEAR else 1)):
        month += 1 if steps > 0 else -1
        if month not in range(1, 13):
            year, month = (year + 1, 1) if steps > 0 else (year - 1, 12)
    month_end = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    return shown.replace(year=year, month=month, day=min(shown.day, month_end.day))


def calendar_unit(asked: Question, zone: str) -> datetime:
    """What clocks show at the start of the calendar unit that holds the anchor."""
    shown = clock(zone, asked.anchor)
    if asked.reset.every is ResetInterval.HOUR:
        return shown.replace(minute=0, second=0, microsecond=0)
    tomorrow = shown.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    days = (tomorrow - timedelta(days=back) for back in range(370))
    return next(day for day in days if begins(asked.reset, day) and first_showing(zone, day) <= asked.anchor)


def begins(reset: Reset, day: datetime) -> bool:
    """Whether a calendar unit begins on the day."""
    return {
        ResetInterval.DAY: True,
        ResetInterval.WEEK: f"{day:%A}".upper() == (reset.weekday or Weekday.MONDAY),
        ResetInterval.MONTH: day.day == 1,
        ResetInterval.YEAR: (day.month, day.day) == (1, 1),
    }[reset.every]


def enumerated(asked: Question) -> Iterator[tuple[int, datetime]]:
    """All boundaries near the anchor with their index, found without any arithmetic on zones."""
    reset = asked.reset
    zone = "UTC" if reset.every is ResetInterval.HOUR else asked.timezone
    by_calendar = reset.anchor is ResetAnchor.CALENDAR
    origin = calendar_unit(asked, zone) if by_calendar else clock(zone, asked.anchor)
    for index in range(-FAR - 3, FAR + 4):
        if index == 0 and not by_calendar:
            yield index, asked.anchor
        else:
            yield index, first_showing(zone, stepped(origin, reset.every, index * reset.count))


resets = st.builds(
    Reset,
    every=st.sampled_from(list(LENGTHS)),
    count=st.one_of(st.just(1), st.integers(1, 36)),
    anchor=st.sampled_from(ResetAnchor),
    weekday=st.none() | st.sampled_from(Weekday),
)
zones = st.one_of(st.sampled_from(ODD_ZONES), st.sampled_from(ZONES))
instants = st.datetimes(
    datetime(1990, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2060, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@st.composite
def instants_near_clock_changes(draw: st.DrawFn, zone: str) -> datetime:
    """An instant at which clocks show what they skip or show twice, or nearly so."""
    change = draw(st.sampled_from(clock_changes(zone) or [datetime(2026, 3, 29, tzinfo=UTC)]))
    return change + draw(st.sampled_from([5, 60])) * timedelta(minutes=draw(st.integers(-30, 30)))


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """Any question about a period at most a few periods from the anchor."""
    reset, zone = draw(resets), draw(zones)
    far = FAR * reset.count * LENGTHS[reset.every]
    if draw(st.booleans()):
        anchor = draw(instants)
        return Question(reset, anchor, zone, anchor + draw(st.timedeltas(-far, far)))
    # Boundaries that meet a change of clocks, some periods from the anchor.
    index = draw(st.integers(1 - FAR, FAR - 1))
    met, at = draw(instants_near_clock_changes(zone)), draw(instants_near_clock_changes(zone))
    anchored = replace(reset, anchor=ResetAnchor.SUBSCRIPTION_START)
    anchor = boundary(anchored, anchor=met, timezone=zone, index=index)
    return Question(reset, anchor, zone, at if abs(at - anchor) < far else met)


@given(questions())
def test_boundaries_are_counted_from_the_anchor_one_by_one(asked: Question) -> None:
    """Each is found from the anchor alone, whatever the boundaries before it met."""
    for index, expected in enumerated(asked):
        found = boundary(asked.reset, anchor=asked.anchor, timezone=asked.timezone, index=index)
        assert found == expected


@given(questions())
def test_a_period_reaches_from_the_last_boundary_to_the_next(asked: Question) -> None:
    """Of all boundaries, none lies inside a period."""
    period = period_at(asked.reset, anchor=asked.anchor, timezone=asked.timezone, at=asked.at)
    boundaries = [instant for _, instant in enumerated(asked)]
    assert period.start == max(instant for instant in boundaries if instant <= asked.at)
    assert period.end == min(instant for instant in boundaries if instant > asked.at)


@given(questions())
def test_periods_tile(asked: Question) -> None:
    """Every instant is in one period, and so is the last one before the next."""

    def period_of(at: datetime) -> tuple[datetime, datetime]:
        period = period_at(asked.reset, anchor=asked.anchor, timezone=asked.timezone, at=at)
        assert at in period
        assert period.end is not None
        return period.start, period.end

    start, end = period_of(asked.at)
    assert period_of(start) == period_of(end - timedelta.resolution) == (start, end)
    assert period_of(end)[0] == end
    assert period_of(start - timedelta.resolution)[1] == start


@given(questions(), st.integers(-50, 50))
def test_boundaries_never_go_back_and_coincide_at_most_where_a_day_was_skipped(
    asked: Question, index: int
) -> None:
    """An empty period may stand between two others, a negative one may not."""
    near = [
        boundary(asked.reset, anchor=asked.anchor, timezone=asked.timezone, index=index + step)
        for step in range(3)
    ]
    assert near == sorted(near)
    assert near[0] < near[2]


@given(questions(), st.integers(-50, 50))
def test_a_count_only_picks_from_the_boundaries_of_single_intervals(asked: Question, index: int) -> None:
    """Every third boundary of months is a boundary of quarters."""
    single = replace(asked.reset, count=1)
    assert boundary(asked.reset, anchor=asked.anchor, timezone=asked.timezone, index=index) == boundary(
        single, anchor=asked.anchor, timezone=asked.timezone, index=index * asked.reset.count
    )


@given(questions(), st.integers(1, 20))
def test_periods_between_leave_no_gap_and_none_out(asked: Question, periods: int) -> None:
    """The first holds the start of the span, and the last its last instant."""
    end = asked.at + periods * asked.reset.count * LENGTHS[asked.reset.every]
    found = list(
        periods_between(asked.reset, anchor=asked.anchor, timezone=asked.timezone, start=asked.at, end=end)
    )
    assert asked.at in found[0]
    assert end - timedelta.resolution in found[-1]
    assert all(earlier.end == later.start for earlier, later in pairwise(found))


@given(st.data(), zones, st.integers(1, 400))
def test_local_days_keep_the_time_of_day(data: st.DataObject, zone: str, days: int) -> None:
    """As clocks show it, or would if they did not skip it."""
    at = data.draw(st.one_of(instants, instants_near_clock_changes(zone)))
    assert local_days_after(at, days, zone) == first_showing(zone, clock(zone, at) + timedelta(days=days))


def test_boundaries_beyond_the_calendar_are_its_first_and_last_instant() -> None:
    """A count so large never comes round, and harms nobody."""
    anchor = datetime(2026, 1, 31, tzinfo=UTC)
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    earlier, later = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
    for every in LENGTHS:
        ages = Reset(every=every, count=2**31 - 1)
        before = period_at(ages, anchor=anchor, timezone="Asia/Tokyo", at=earlier)
        after = period_at(ages, anchor=anchor, timezone="Asia/Tokyo", at=later)
        assert before == Period(start=first, end=anchor)
        assert after == Period(start=anchor, end=last)
    daily = Reset(every=ResetInterval.DAY)
    assert period_at(daily, anchor=anchor, timezone="UTC", at=last).end == last
