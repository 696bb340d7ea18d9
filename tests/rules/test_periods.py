from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rules.periods import (
    Period,
    boundary,
    is_timezone,
    local_days_after,
    period_at,
    periods_between,
    settle,
)
from rules.values import BillingPeriod, Reset, ResetAnchor, ResetInterval, Weekday

CASES = json.loads(Path(__file__).with_name("cases").joinpath("periods.json").read_text())["cases"]

HOURLY = Reset(every=ResetInterval.HOUR)
DAILY = Reset(every=ResetInterval.DAY)
WEEKLY = Reset(every=ResetInterval.WEEK)
MONTHLY = Reset(every=ResetInterval.MONTH)
YEARLY = Reset(every=ResetInterval.YEAR)
NEVER = Reset(every=ResetInterval.NEVER)
BILLING_PERIOD = Reset(every=ResetInterval.BILLING_PERIOD)


def instant(text: str, zone: str = "UTC") -> datetime:
    """The instant at which clocks in the zone first show this time."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def calendar(every: ResetInterval, count: int = 1, weekday: Weekday | None = None) -> Reset:
    """A reset at the start of calendar units."""
    return Reset(every=every, count=count, anchor=ResetAnchor.CALENDAR, weekday=weekday)


def boundaries(reset: Reset, anchor: datetime, zone: str, indices: range) -> list[str]:
    """Boundaries as the customer's clock shows them."""
    instants = (boundary(reset, anchor=anchor, timezone=zone, index=index) for index in indices)
    return [f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" for at in instants]


def shown(period: Period, zone: str) -> tuple[str, str]:
    """Start and end as the customer's clock shows them."""
    assert period.end is not None
    start, end = (f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" for at in (period.start, period.end))
    return start, end


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in CASES])
def test_periods_are_those_that_other_systems_promise(case: dict[str, Any]) -> None:
    """Whoever comes from one of them finds the periods unchanged."""
    anchored = ResetAnchor.CALENDAR if case["group"] == "calendar" else ResetAnchor.SUBSCRIPTION_START
    reset = Reset(every=ResetInterval(case["interval"]), count=case["interval_count"], anchor=anchored)
    at = datetime.fromisoformat(case["at"])
    period = period_at(reset, anchor=datetime.fromisoformat(case["anchor"]), timezone=case["timezone"], at=at)
    assert period.start == datetime.fromisoformat(case["expected_period_start"])
    assert period.end == datetime.fromisoformat(case["expected_period_end"])
    assert at in period


def test_a_period_holds_its_start_and_not_its_end() -> None:
    """No instant is in two periods."""
    period = Period(start=instant("2026-01-01"), end=instant("2026-02-01"))
    assert period.start in period
    assert instant("2026-02-01") not in period
    assert instant("2026-02-01") - timedelta.resolution in period
    assert period.start - timedelta.resolution not in period


def test_the_31st_clamps_to_the_end_of_a_month_and_stays_the_31st() -> None:
    """Counted from February, March would end on the 28th."""
    assert boundaries(MONTHLY, instant("2026-01-31 09:00"), "UTC", range(4)) == [
        "2026-01-31 09:00",
        "2026-02-28 09:00",
        "2026-03-31 09:00",
        "2026-04-30 09:00",
    ]


def test_the_29th_of_february_comes_back_in_leap_years() -> None:
    """Counted from the year before, it would be lost for ever."""
    assert boundaries(YEARLY, instant("2024-02-29"), "UTC", range(5)) == [
        "2024-02-29 00:00",
        "2025-02-28 00:00",
        "2026-02-28 00:00",
        "2027-02-28 00:00",
        "2028-02-29 00:00",
    ]


def test_a_count_skips_intervals_from_the_anchor() -> None:
    """A quarter clamps like a month, and comes back like one."""
    quarterly = Reset(every=ResetInterval.MONTH, count=3)
    assert boundaries(quarterly, instant("2025-11-30"), "UTC", range(3)) == [
        "2025-11-30 00:00",
        "2026-02-28 00:00",
        "2026-05-30 00:00",
    ]


def test_an_instant_before_the_anchor_has_a_period_too() -> None:
    """Late usage may have occurred before a change with RESET."""
    anchor = instant("2026-03-31 12:00")
    period = period_at(MONTHLY, anchor=anchor, timezone="UTC", at=instant("2026-03-01"))
    assert shown(period, "UTC") == ("2026-02-28 12:00", "2026-03-31 12:00")
    assert boundary(MONTHLY, anchor=anchor, timezone="UTC", index=-1) == period.start


@pytest.mark.parametrize("reset", [DAILY, WEEKLY, MONTHLY, YEARLY])
def test_periods_keep_wall_clock_time_over_a_clock_change(reset: Reset) -> None:
    """Nine in the morning is nine in summer and in winter."""
    for anchor in ("2026-03-28 09:00", "2026-07-15 09:00"):
        times = boundaries(reset, instant(anchor, "Europe/Berlin"), "Europe/Berlin", range(-300, 300))
        assert all(time.endswith("09:00") for time in times)


def test_hours_are_absolute() -> None:
    """The hour that occurs twice is two hours long."""
    anchor = instant("2026-10-25 00:30", "Europe/Berlin")
    assert boundaries(HOURLY, anchor, "Europe/Berlin", range(5)) == [
        "2026-10-25 00:30",
        "2026-10-25 01:30",
        "2026-10-25 02:30",
        "2026-10-25 02:30",
        "2026-10-25 03:30",
    ]


def test_a_time_that_clocks_skip_moves_forward_by_the_gap_for_that_day_only() -> None:
    """A boundary that does not exist is moved, and the next one is not."""
    assert boundaries(DAILY, instant("2026-03-28 02:30", "Europe/Berlin"), "Europe/Berlin", range(3)) == [
        "2026-03-28 02:30",
        "2026-03-29 03:30",
        "2026-03-30 02:30",
    ]


def test_a_gap_of_half_an_hour_moves_by_half_an_hour() -> None:
    """Gaps are not all an hour long."""
    zone = "Australia/Lord_Howe"
    anchor = instant("2026-10-03 02:10", zone)
    assert boundaries(DAILY, anchor, zone, range(2)) == ["2026-10-03 02:10", "2026-10-04 02:40"]


def test_a_time_that_occurs_twice_is_its_first_occurrence() -> None:
    """A boundary occurs once."""
    anchor = instant("2026-10-24 02:30", "Europe/Berlin")
    assert boundary(DAILY, anchor=anchor, timezone="Europe/Berlin", index=1) == instant("2026-10-25 00:30")


def test_an_anchor_in_an_hour_that_occurs_twice_is_itself_a_boundary() -> None:
    """Boundary 0 is the anchor: no period of a subscription starts before it."""
    zone, second_half_past_two = "Europe/Berlin", instant("2026-10-25 01:30")
    period = period_at(MONTHLY, anchor=second_half_past_two, timezone=zone, at=second_half_past_two)
    assert period == Period(start=second_half_past_two, end=instant("2026-11-25 02:30", zone))
    eleven_years_on = boundary(YEARLY, anchor=second_half_past_two, timezone=zone, index=11)
    assert eleven_years_on == instant("2037-10-25 00:30")


@pytest.mark.parametrize(
    ("every", "start", "end"),
    [
        (ResetInterval.DAY, "2026-07-15 00:00", "2026-07-16 00:00"),
        (ResetInterval.WEEK, "2026-07-13 00:00", "2026-07-20 00:00"),
        (ResetInterval.MONTH, "2026-07-01 00:00", "2026-08-01 00:00"),
        (ResetInterval.YEAR, "2026-01-01 00:00", "2027-01-01 00:00"),
    ],
)
def test_calendar_periods_begin_at_local_midnight(every: ResetInterval, start: str, end: str) -> None:
    """The anchor does not matter, and UTC does not either."""
    anchor, at = instant("2024-02-29 11:11"), instant("2026-07-15 17:45", "Asia/Kathmandu")
    period = period_at(calendar(every), anchor=anchor, timezone="Asia/Kathmandu", at=at)
    assert shown(period, "Asia/Kathmandu") == (start, end)


def test_calendar_hours_are_full_hours_in_utc() -> None:
    """A zone that is 45 minutes off has no hours of its own."""
    at = instant("2026-07-15 17:50", "Asia/Kathmandu")
    period = period_at(calendar(ResetInterval.HOUR), anchor=at, timezone="Asia/Kathmandu", at=at)
    assert shown(period, "UTC") == ("2026-07-15 12:00", "2026-07-15 13:00")


@pytest.mark.parametrize(
    ("weekday", "start"), [(None, "07-13"), (Weekday.SUNDAY, "07-12"), (Weekday.WEDNESDAY, "07-15")]
)
def test_calendar_weeks_begin_on_monday_unless_a_weekday_says_otherwise(
    weekday: Weekday | None, start: str
) -> None:
    """ISO weeks are the default."""
    reset = calendar(ResetInterval.WEEK, weekday=weekday)
    period = period_at(reset, anchor=instant("2026-01-01"), timezone="UTC", at=instant("2026-07-15"))
    assert period.start == instant(f"2026-{start}")


@pytest.mark.parametrize(
    ("every", "anchor", "expected"),
    [
        (ResetInterval.HOUR, "2026-05-20 07:40", ["2026-05-20 07:00", "2026-05-20 10:00"]),
        (ResetInterval.DAY, "2026-05-20 07:40", ["2026-05-20 00:00", "2026-05-23 00:00"]),
        (ResetInterval.WEEK, "2026-05-20 07:40", ["2026-05-18 00:00", "2026-06-08 00:00"]),
        (ResetInterval.MONTH, "2026-05-20 07:40", ["2026-05-01 00:00", "2026-08-01 00:00"]),
        (ResetInterval.YEAR, "2026-05-20 07:40", ["2026-01-01 00:00", "2029-01-01 00:00"]),
    ],
)
def test_a_calendar_count_is_counted_from_the_unit_that_holds_the_anchor(
    every: ResetInterval, anchor: str, expected: list[str]
) -> None:
    """Not from January, nor from the first week of some year."""
    assert boundaries(calendar(every, 3), instant(anchor), "UTC", range(2)) == expected


def test_a_day_begins_where_the_skipped_midnight_went() -> None:
    """Where clocks go forward at midnight, the day begins at one."""
    zone = "America/Sao_Paulo"
    period = period_at(
        calendar(ResetInterval.DAY),
        anchor=instant("2018-01-01"),
        timezone=zone,
        at=instant("2018-11-04 15:00", zone),
    )
    assert shown(period, zone) == ("2018-11-04 01:00", "2018-11-05 00:00")


def test_a_day_goes_on_when_clocks_are_set_back_over_its_midnight() -> None:
    """Its first midnight counts, though the date goes back to the day before."""
    zone = "America/St_Johns"  # at 00:01 on 7 November 2010 it was 23:01 on the 6th again
    twice = instant("2010-11-06 23:30", zone) + timedelta(hours=1)
    assert f"{twice.astimezone(ZoneInfo(zone)):%d %H:%M}" == "06 23:30"
    sunday = instant("2010-11-07 00:00", zone)
    for count in (1, 2):
        reset = calendar(ResetInterval.DAY, count)
        period = period_at(reset, anchor=twice, timezone=zone, at=twice)
        assert period == Period(start=sunday, end=instant(f"2010-11-0{7 + count}", zone))


def test_a_day_that_a_zone_skipped_is_never_a_period() -> None:
    """Samoa had no 30 December 2011; the 29th goes on into the 31st."""
    zone, anchor = "Pacific/Apia", instant("2011-12-28 10:00", "Pacific/Apia")
    periods = periods_between(
        DAILY, anchor=anchor, timezone=zone, start=anchor, end=anchor + timedelta(days=4)
    )
    assert [shown(period, zone) for period in periods] == [
        ("2011-12-28 10:00", "2011-12-29 10:00"),
        ("2011-12-29 10:00", "2011-12-31 10:00"),
        ("2011-12-31 10:00", "2012-01-01 10:00"),
        ("2012-01-01 10:00", "2012-01-02 10:00"),
    ]


def test_offsets_of_odd_seconds_are_kept_exactly() -> None:
    """Liberia was 44 minutes and 30 seconds behind."""
    zone, anchor = "Africa/Monrovia", instant("1972-01-06 00:10", "Africa/Monrovia")
    assert anchor == instant("1972-01-06 00:54:30")
    assert boundaries(DAILY, anchor, zone, range(3)) == [
        "1972-01-06 00:10",
        "1972-01-07 00:54",  # clocks went from 00:00:00 to 00:44:30
        "1972-01-08 00:10",
    ]


def test_never_is_one_period_without_an_end_shown_as_starting_at_the_anchor() -> None:
    """All usage counts in it, wherever it is asked about."""
    anchor = instant("2026-01-01")
    only = Period(start=anchor, end=None)
    for at in (instant("1990-01-01"), anchor, instant("2900-01-01")):
        assert period_at(NEVER, anchor=anchor, timezone="UTC", at=at) == only
    assert instant("2900-01-01") in only
    span = {"start": instant("2020-01-01"), "end": instant("2030-01-01")}
    assert list(periods_between(NEVER, anchor=anchor, timezone="UTC", **span)) == [only]


@pytest.mark.parametrize(
    ("billing", "every"),
    [
        (BillingPeriod.MONTHLY, ResetInterval.MONTH),
        (BillingPeriod.YEARLY, ResetInterval.YEAR),
        (BillingPeriod.ONE_TIME, ResetInterval.MONTH),
        (None, ResetInterval.MONTH),
    ],
)
def test_a_billing_period_follows_the_price(billing: BillingPeriod | None, every: ResetInterval) -> None:
    """A plan that costs nothing, or once, starts again every month."""
    by_calendar = calendar(ResetInterval.BILLING_PERIOD)
    assert settle(BILLING_PERIOD, billing) == Reset(every=every)
    assert settle(by_calendar, billing) == calendar(every)


def test_a_reset_of_its_own_does_not_follow_the_price() -> None:
    """A yearly price may come with a weekly limit."""
    for reset in (NEVER, WEEKLY, calendar(ResetInterval.MONTH, 3)):
        assert settle(reset, BillingPeriod.YEARLY) == reset


def test_a_billing_period_that_no_price_settled_has_no_periods() -> None:
    """A guess would be believed."""
    anchor = instant("2026-01-01")
    with pytest.raises(ValueError, match="BILLING_PERIOD has no length"):
        period_at(BILLING_PERIOD, anchor=anchor, timezone="UTC", at=anchor)
    with pytest.raises(ValueError, match="NEVER has no length"):
        boundary(NEVER, anchor=anchor, timezone="UTC", index=1)


def test_periods_between_are_those_that_touch_the_span() -> None:
    """The span is half open too, and an empty one touches nothing."""
    anchor = instant("2026-01-31")
    span = {"start": instant("2026-02-10"), "end": instant("2026-04-30")}
    periods = periods_between(MONTHLY, anchor=anchor, timezone="UTC", **span)
    assert [f"{period.start:%m-%d}" for period in periods] == ["01-31", "02-28", "03-31"]
    nothing = {"start": anchor, "end": anchor}
    assert list(periods_between(MONTHLY, anchor=anchor, timezone="UTC", **nothing)) == []


def test_trial_days_are_local_days() -> None:
    """Two weeks end at the time of day at which they started."""
    start = instant("2026-03-20 18:00", "America/New_York") - timedelta(days=14)
    end = local_days_after(start, 14, "America/New_York")
    assert end - start == timedelta(days=14) - timedelta(hours=1)
    assert local_days_after(start, 14, "UTC") - start == timedelta(days=14)


def test_a_trial_of_no_days_ends_where_it_starts() -> None:
    """Even in an hour that occurs twice."""
    second_half_past_one = instant("2026-11-01 06:30")
    assert local_days_after(second_half_past_one, 0, "America/New_York") == second_half_past_one


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/Argentina/Ushuaia", "Etc/GMT+5"])
def test_iana_names_are_time_zones(name: str) -> None:
    """Old names and nested ones too."""
    assert is_timezone(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", ".", "..", "Europe", "Mars/Olympus", "+02:00", "UTC+2", " UTC", "Europe/Berlin\n"),
        *("/usr/share/zoneinfo/UTC", "../zoneinfo/UTC", "Europe/../UTC", "posix/UTC", "right/UTC"),
        *("localtime", "Factory", "posixrules", "tzdata.zi", "europe/berlin", "a" * 10_000, "\0", "\ud800"),
    ],
)
def test_paths_offsets_and_made_up_names_are_not_time_zones(name: str) -> None:
    """A name reaches the file system, so none but known ones may."""
    assert not is_timezone(name)
