"""Usage over time: buckets, what they hold, and where usage began anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.catalog.facts import Aggregation, Meter
from rules.commands.change_plan import ChangePlan, ChangeTiming, UsageOnChange
from rules.commands.custom_entitlements import SetCustomEntitlement
from rules.commands.subscribe import Subscribe
from rules.commands.subscriptions import CancelSubscription
from rules.customers.facts import CustomEntitlementMode, Customer
from rules.numbers import ONE
from rules.usage.metering import UsageRecord
from rules.usage.series import MOST_BUCKETS, BadSpan, Bucket, Span, UsageBucket, buckets
from rules.values import Reset, ResetInterval, WrittenLimit
from tests.rules.builders.customer_builders import selling
from tests.rules.builders.lives import Life, subscribed
from tests.rules.builders.seen_series import seen, shown, used_at
from tests.rules.builders.small_shop import DAY, MOMENT, START, calendar, day, limit, opened, row

HOUR, BY_DAY, MONTH, PERIOD = UsageBucket
NOON = START.replace(hour=12)


def basic(timezone: str = "UTC") -> Life:
    """Somebody on a plan with calls a month, exports a calendar month, and projects that nothing resets."""
    return subscribed(Subscribe(plan="basic", price="monthly"), timezone=timezone)


def cut(start: datetime, end: datetime, by: UsageBucket, timezone: str = "UTC") -> list[Bucket]:
    """The buckets of somebody without any plan."""
    customer = Customer(number=1, key="acme", timezone=timezone)
    return buckets(selling(), customer, Span(feature="calls", start=start, end=end, by=by))


def lengths(found: list[Bucket]) -> list[float]:
    """How many hours buckets last."""
    return [(bucket.end - bucket.start) / timedelta(hours=1) for bucket in found]


def test_the_first_and_the_last_bucket_are_cut_off() -> None:
    found = cut(START, START + 2 * DAY, BY_DAY)

    assert [(bucket.start, bucket.end) for bucket in found] == [
        (START, day(2, 1, hour=0)),
        (day(2, 1, hour=0), day(2, 2, hour=0)),
        (day(2, 2, hour=0), START + 2 * DAY),
    ]


def test_hours_are_absolute_and_full_in_utc() -> None:
    # A quarter to the hour in Kathmandu, and clocks go back in Berlin.
    for zone in ("Asia/Kathmandu", "Europe/Berlin"):
        start = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
        found = cut(start, start + timedelta(hours=4), HOUR, zone)
        assert lengths(found) == [0.5, 1, 1, 1, 0.5]


def test_days_are_local_and_as_long_as_clocks_make_them() -> None:
    spring, autumn = datetime(2026, 3, 27, 23, tzinfo=UTC), datetime(2026, 10, 23, 22, tzinfo=UTC)

    assert lengths(cut(spring, spring + timedelta(hours=71), BY_DAY, "Europe/Berlin")) == [24, 23, 24]
    assert lengths(cut(autumn, autumn + timedelta(hours=73), BY_DAY, "Europe/Berlin")) == [24, 25, 24]
    assert lengths(cut(autumn, autumn + timedelta(hours=48), BY_DAY)) == [2, 24, 22]


def test_a_day_that_a_zone_skipped_has_no_bucket() -> None:
    start = datetime(2011, 12, 29, 10, tzinfo=UTC)

    assert lengths(cut(start, start + 3 * DAY, BY_DAY, "Pacific/Apia")) == [24, 24, 24]


def test_months_are_local_months() -> None:
    found = cut(START, START + 90 * DAY, MONTH, "America/New_York")

    assert [bucket.start for bucket in found] == [
        START,
        datetime(2026, 2, 1, 5, tzinfo=UTC),
        datetime(2026, 3, 1, 5, tzinfo=UTC),
        datetime(2026, 4, 1, 4, tzinfo=UTC),
        datetime(2026, 5, 1, 4, tzinfo=UTC),
    ]


@pytest.mark.parametrize("by", UsageBucket)
def test_a_span_without_length_has_no_buckets(by: UsageBucket) -> None:
    assert cut(START, START, by) == []


@pytest.mark.parametrize("by", UsageBucket)
def test_a_span_does_not_end_before_it_begins(by: UsageBucket) -> None:
    with pytest.raises(BadSpan, match="'from' lies after 'to'"):
        cut(START, START - MOMENT, by)


@pytest.mark.parametrize(("by", "length"), [(HOUR, timedelta(hours=1)), (BY_DAY, DAY)])
def test_a_series_has_at_most_two_thousand_buckets(by: UsageBucket, length: timedelta) -> None:
    start = START.replace(hour=0)

    assert len(cut(start, start + MOST_BUCKETS * length, by)) == MOST_BUCKETS
    for end in (start + MOST_BUCKETS * length + MOMENT, datetime(8999, 12, 31, tzinfo=UTC)):
        with pytest.raises(BadSpan, match="at most 2000 buckets"):
            cut(start, end, by)


def test_so_many_periods_are_too_many_as_well() -> None:
    life = basic().redraws("basic", row("calls", limit(5, ResetInterval.HOUR)))
    span = Span(feature="calls", start=START, end=START + timedelta(hours=MOST_BUCKETS), by=PERIOD)

    assert len(seen(life, span).points) == MOST_BUCKETS
    with pytest.raises(BadSpan, match="at most 2000 buckets"):
        seen(life, replace(span, end=span.end + MOMENT))
    # However often usage begins anew, it is only asked whether it does.
    assert all(is_reset for _, _, is_reset in shown(life, START, START.replace(year=2180), MONTH))


def test_a_bucket_holds_what_occurred_in_it() -> None:
    life = basic()
    used_at(
        life, "calls", (START, 1), (START + DAY, 20), (START + DAY - MOMENT, 300), (START + 2 * DAY, 4_000)
    )

    by_day = shown(life, START - DAY, START + 3 * DAY, BY_DAY)
    assert [units for _, units, _ in by_day] == [0, 1, 320, 4_000, 0]
    assert [units for _, units, _ in shown(life, START, START + DAY, PERIOD)] == [301]


def test_usage_begins_anew_where_a_period_begins() -> None:
    life = basic()
    march, april = START.replace(month=2, day=28), START.replace(month=3)

    assert shown(life, START - DAY, april, PERIOD) == [
        (START - DAY, 0, False),
        (START, 0, True),
        (march, 0, True),
    ]
    days = [at for at, _, is_reset in shown(life, START - DAY, april + MOMENT, BY_DAY) if is_reset]
    assert days == [at.replace(hour=0) for at in (START, march, april)]
    assert shown(life, march, march + MOMENT, HOUR) == [(march, 0, True)]
    assert shown(life, march + MOMENT, march + DAY, PERIOD) == [(march + MOMENT, 0, False)]


def test_what_is_counted_by_the_calendar_begins_anew_by_the_calendar() -> None:
    life = basic("Europe/Berlin")
    february = datetime(2026, 1, 31, 23, tzinfo=UTC)

    assert shown(life, START, february + 30 * DAY, PERIOD, "exports") == [
        (START, 0, True),
        (february, 0, True),
        (february + 28 * DAY, 0, True),
    ]


@pytest.mark.parametrize("feature", ["projects", "seats"])
@pytest.mark.parametrize("by", UsageBucket)
def test_what_nothing_resets_never_begins_anew(feature: str, by: UsageBucket) -> None:
    life = basic()

    found = shown(life, START - DAY, START + 60 * DAY, by, feature)
    assert {is_reset for _, _, is_reset in found} == {False}
    assert (len(found) == 1) is (by is PERIOD)


def test_a_change_of_plan_that_resets_begins_a_period_and_one_that_carries_does_not() -> None:
    reset, carried = basic(), basic()
    for life, usage in ((reset, UsageOnChange.RESET), (carried, UsageOnChange.CARRY)):
        life.uses("calls", 5).comes_to(day(2, 10))
        life.does(ChangePlan(plan="pro", price="monthly", timing=ChangeTiming.NOW, usage=usage))
        life.uses("calls", 7).comes_to(day(2, 20))

    assert shown(reset, START, day(2, 20), PERIOD) == [(START, 5, True), (day(2, 10), 7, True)]
    assert shown(carried, START, day(2, 20), PERIOD) == [(START, 12, True)]


def test_usage_after_the_end_of_a_subscription_counts_apart_and_begins_nothing() -> None:
    life = basic().comes_to(day(2, 10)).does(CancelSubscription(timing=ChangeTiming.NOW))
    life.uses("calls", 3).comes_to(day(2, 20))

    assert shown(life, START, day(2, 20), PERIOD) == [(START, 0, True), (day(2, 10), 3, False)]


def test_a_limit_for_one_customer_alone_has_periods_too() -> None:
    daily = WrittenLimit(limit=ONE, reset=Reset(every=ResetInterval.DAY), unlimited=False)
    life = Life(now=START - DAY).born().comes_to(START)
    life.does(SetCustomEntitlement(feature="seats", mode=CustomEntitlementMode.GRANT, value=daily))
    life.does(SetCustomEntitlement(feature="calls", mode=CustomEntitlementMode.GRANT, value=daily))
    anchor = START + MOMENT

    assert shown(life, START, START + 2 * DAY, PERIOD) == [
        (START, 0, False),
        (anchor, 0, True),
        (anchor + DAY, 0, True),
    ]
    assert len(shown(life, START, START + 2 * DAY, PERIOD, "seats")) == 1


def test_where_a_publish_cuts_periods_anew_buckets_still_tile() -> None:
    life = basic().uses("calls", 1).comes_to(day(2, 10))
    life.redraws("basic", row("calls", limit(5, ResetInterval.DAY))).uses("calls", 2).comes_to(day(2, 11))
    life.redraws("basic", row("calls", calendar(5))).uses("calls", 4).comes_to(day(2, 12))

    # From the last publish on all of February counts, of which a bucket shows what is new.
    assert shown(life, day(2, 9, hour=8), day(2, 12), PERIOD) == [
        (day(2, 9, hour=8), 0, False),
        (day(2, 10), 2, True),
        (day(2, 11), 4, False),
    ]
    assert life.used("calls") == 6


def observing(aggregation: Aggregation) -> Life:
    """Somebody whose calls are counted otherwise than by a sum."""
    shop = opened()
    meter = Meter(aggregation=aggregation, event_name="call", property="it")
    calls = replace(shop.features["calls"], meter=meter)
    changed = replace(shop, features={**shop.features, "calls": calls})
    return subscribed(Subscribe(plan="basic", price="monthly"), shop=changed)


def totals(life: Life, start: datetime, end: datetime) -> tuple[list[int], int]:
    """The units of each day, and those of all of them."""
    found = seen(life, Span(feature="calls", start=start, end=end))
    return [point.value // ONE for point in found.points], found.total // ONE


def test_a_maximum_is_that_of_its_bucket_and_the_total_that_of_all() -> None:
    life = observing(Aggregation.MAX)
    used_at(life, "calls", (START - DAY, 99), (START, 5), (NOON, 9), (START + DAY, 7), (START + 3 * DAY, 2))

    assert totals(life, START, START + 4 * DAY) == ([9, 7, 0, 2, 0], 9)


def test_values_are_counted_once_in_each_bucket_and_once_in_all_of_them() -> None:
    life = observing(Aggregation.UNIQUE)
    seen_then = [
        (START, "ada"),
        (NOON, "ada"),
        (NOON, "bob"),
        (START + DAY, "ada"),
        (START + 2 * DAY, "cleo"),
    ]
    life.records += [
        UsageRecord(feature="calls", occurred_at=at, quantity=ONE, value=v) for at, v in seen_then
    ]

    assert totals(life, START, START + 3 * DAY) == ([2, 1, 1, 0], 3)


def test_a_level_is_the_one_at_the_end_of_its_bucket_and_is_carried_forward() -> None:
    life = observing(Aggregation.LATEST)
    assert totals(life, START, START + DAY) == ([0, 0], 0)
    used_at(
        life, "calls", (START - DAY, 4), (START + DAY, 9), (START + DAY + MOMENT, 6), (START + 3 * DAY, 0)
    )

    assert totals(life, START, START + 5 * DAY) == ([4, 6, 6, 0, 0, 0], 0)
    assert totals(life, START, START + 2 * DAY) == ([4, 6, 6], 6)
    assert totals(life, START + DAY, START + DAY) == ([], 4)


ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"])

moments = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(moments, st.timedeltas(timedelta(0), 80 * DAY), ZONES, st.sampled_from([HOUR, BY_DAY, MONTH]))
def test_buckets_tile_any_span(start: datetime, length: timedelta, zone: str, by: UsageBucket) -> None:
    found = cut(start, start + length, by, zone)

    assert [bucket.end for bucket, _ in pairwise(found)] == [bucket.start for _, bucket in pairwise(found)]
    assert all(bucket.start < bucket.end for bucket in found)
    if found:
        assert (found[0].start, found[-1].end) == (start, start + length)
