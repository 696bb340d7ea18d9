from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.catalog.facts import Aggregation, Feature, Meter
from rules.catalog.inheritance import ResolvedCatalog
from rules.customers.facts import Subscription
from rules.usage.metering import Metering, Window, is_gauge, metering
from rules.values import BillingPeriod, FeatureType, Metered, Reset, ResetAnchor, ResetInterval
from tests.rules.builders.customer_builders import (
    DAY,
    FEATURES,
    INSTANT,
    LONG_AGO,
    START,
    ask,
    content,
    counting,
    customer,
    instants,
    limited,
    periodic_resets,
    plain_resets,
    published_plan,
    republished,
    resets,
    selling,
    subscription,
    timezones,
)

CALENDAR = ResetAnchor.CALENDAR

FEBRUARY, MARCH = START.replace(month=2, day=1, hour=0), START.replace(month=3, day=1, hour=0)


def counted(
    value: Metered,
    held: Subscription,
    *,
    at: datetime = START,
    feature: str = "calls",
    billing: BillingPeriod = BillingPeriod.MONTHLY,
) -> Metering:
    """How usage counts for a subscription whose plan costs ``paid`` every billing period."""
    sold = published_plan(held.term(at).plan, content({feature: value}, prices={"paid": billing}))
    return metering(selling(sold).catalog, FEATURES[feature], value, counting(held, at), at)


def used(flat: ResolvedCatalog, feature: str, records: dict[datetime, int], at: datetime) -> int:
    """The usage that an answer shows to a customer on the basic plan."""
    usage = ask(flat, customer(subscription()), feature, at=at, records=records).usage
    assert usage is not None
    return usage.used


@pytest.mark.parametrize(
    ("price", "billing", "end"),
    [
        ("paid", BillingPeriod.MONTHLY, START.replace(month=2, day=28)),
        ("paid", BillingPeriod.YEARLY, START.replace(year=2027)),
        ("paid", BillingPeriod.ONE_TIME, START.replace(month=2, day=28)),
        (None, BillingPeriod.YEARLY, START.replace(month=2, day=28)),
    ],
)
def test_a_billing_period_follows_the_subscriptions_price_and_is_a_month_without_one(
    price: str | None, billing: BillingPeriod, end: datetime
) -> None:
    found = counted(limited(5), subscription(price=price), billing=billing)

    assert (found.period.start, found.period.end) == (START, end)
    assert found.window == Window(feature="calls", starts_at=START, ends_at=end)
    assert found.reset == Reset(every=ResetInterval.BILLING_PERIOD)


def test_a_billing_period_follows_the_price_of_the_version_in_force() -> None:
    sold = published_plan("basic", content({"calls": limited(5)}, prices={"paid": BillingPeriod.MONTHLY}))
    yearly = content({"calls": limited(5)}, prices={"paid": BillingPeriod.YEARLY})
    catalog = selling(republished(sold, yearly, at=START + DAY)).catalog
    held = subscription(price="paid")

    before = metering(catalog, FEATURES["calls"], limited(5), counting(held), START)
    after = metering(catalog, FEATURES["calls"], limited(5), counting(held, START + DAY), START + DAY)

    assert (before.period.end, after.period.end) == (START.replace(month=2, day=28), START.replace(year=2027))


def test_usage_counts_from_the_start_of_the_subscription_where_the_period_began_before_it() -> None:
    first = counted(limited(5, ResetInterval.MONTH, anchor=CALENDAR), subscription())
    second = counted(limited(5, ResetInterval.MONTH, anchor=CALENDAR), subscription(), at=FEBRUARY)

    assert (first.window.starts_at, first.window.ends_at) == (START, FEBRUARY)
    assert (second.window.starts_at, second.window.ends_at) == (FEBRUARY, MARCH)
    assert (first.period.start, second.period.start) == (START, FEBRUARY)


def test_usage_before_the_subscription_counts_in_no_period_of_it() -> None:
    flat = selling(published_plan("basic", {"calls": limited(5, ResetInterval.MONTH, anchor=CALENDAR)}))

    assert used(flat, "calls", {START - INSTANT: 1, START: 20}, at=START + INSTANT) == 20


def test_periods_are_counted_from_the_anchor_and_not_from_the_start() -> None:
    held = subscription(anchor=START.replace(day=15))

    found = counted(limited(5, ResetInterval.MONTH), held, at=START + 20 * DAY)

    assert (found.period.start, found.period.end) == (
        START.replace(month=2, day=15),
        START.replace(month=3, day=15),
    )


def test_a_time_zone_is_fixed_with_the_anchor() -> None:
    held = subscription(timezone="Asia/Kathmandu")

    found = counted(limited(5, ResetInterval.MONTH, anchor=CALENDAR), held)

    assert found.window.ends_at == FEBRUARY - timedelta(hours=5, minutes=45)


@pytest.mark.parametrize(
    ("aggregation", "every", "gauge"),
    [
        (Aggregation.LATEST, ResetInterval.MONTH, True),
        (Aggregation.LATEST, ResetInterval.NEVER, True),
        (Aggregation.SUM, ResetInterval.NEVER, True),
        (Aggregation.SUM, ResetInterval.MONTH, False),
        (Aggregation.COUNT, ResetInterval.BILLING_PERIOD, False),
        (Aggregation.MAX, ResetInterval.MONTH, False),
        (Aggregation.UNIQUE, ResetInterval.MONTH, False),
        (None, ResetInterval.MONTH, False),
        (None, ResetInterval.NEVER, True),
    ],
)
def test_a_gauge_has_aggregation_latest_or_never_resets(
    aggregation: Aggregation | None, every: ResetInterval, *, gauge: bool
) -> None:
    meter = None if aggregation is None else Meter(aggregation=aggregation)
    feature = Feature(key="seats", name="Seats", type=FeatureType.METERED, meter=meter)

    assert is_gauge(feature, Reset(every=every)) is gauge


@pytest.mark.parametrize(
    ("feature", "every"), [("calls", ResetInterval.NEVER), ("seats", ResetInterval.MONTH)]
)
def test_a_gauge_counts_over_all_of_the_customers_usage(feature: str, every: ResetInterval) -> None:
    flat = selling(published_plan("basic", {feature: limited(5, every)}))
    records = {LONG_AGO: 1, START: 20, START + 1000 * DAY: 300}

    assert used(flat, feature, records, at=START + 500 * DAY) == 321


def test_never_is_one_period_with_no_end_shown_as_starting_at_the_anchor() -> None:
    held = subscription(anchor=START - 3 * DAY)

    for days in (0, 1, 1000):
        period = counted(limited(5, ResetInterval.NEVER), held, at=START + days * DAY).period
        assert (period.start, period.end) == (START - 3 * DAY, None)


def test_the_period_of_a_gauge_follows_its_reset() -> None:
    period = counted(limited(5, ResetInterval.MONTH), subscription(), feature="seats").period

    assert (period.start, period.end) == (START, START.replace(month=2, day=28))


def test_a_window_is_half_open() -> None:
    window = Window(feature="calls", starts_at=START, ends_at=START + DAY)

    assert START in window
    assert START + DAY - INSTANT in window
    assert START - INSTANT not in window
    assert START + DAY not in window


def test_usage_a_little_ahead_of_the_clock_counts_at_once_in_its_period() -> None:
    flat = selling(published_plan("basic", {"calls": limited(5, ResetInterval.DAY)}))
    now = START + DAY - timedelta(minutes=4)
    records = {now + timedelta(minutes=3): 1, now + timedelta(minutes=5): 20}

    assert used(flat, "calls", records, at=now) == 1
    assert used(flat, "calls", records, at=START + DAY) == 20


def test_late_usage_counts_in_the_period_in_which_it_occurred() -> None:
    flat = selling(published_plan("basic", {"calls": limited(5, ResetInterval.DAY)}))
    today, late = {START + DAY: 1}, {START + DAY - INSTANT: 20}

    assert used(flat, "calls", today | late, at=START + DAY) == 1
    assert used(flat, "calls", today | late, at=START + DAY - INSTANT) == 20


def test_a_reset_derives_from_the_facts_and_now_and_nothing_is_written_for_it() -> None:
    flat = selling(published_plan("basic", {"calls": limited(5, ResetInterval.DAY)}))

    assert used(flat, "calls", {START: 7}, at=START + DAY - INSTANT) == 7
    assert used(flat, "calls", {START: 7}, at=START + DAY) == 0


def test_when_a_publish_changes_the_reset_usage_is_counted_anew_over_the_new_period() -> None:
    sold = published_plan("basic", {"calls": limited(5, ResetInterval.DAY)})
    sold = republished(sold, {"calls": limited(5, ResetInterval.MONTH)}, at=START + 5 * DAY)
    records = {START: 1, START + 4 * DAY: 20, START + 5 * DAY: 300}

    assert used(selling(sold), "calls", records, at=START + 5 * DAY - INSTANT) == 20
    assert used(selling(sold), "calls", records, at=START + 5 * DAY) == 321


held_by_anyone = st.builds(
    subscription,
    started_at=instants,
    anchor=st.none() | instants,
    timezone=timezones,
    price=st.sampled_from([None, "paid"]),
)

reset_sometimes = periodic_resets | plain_resets.filter(lambda reset: reset.every is not ResetInterval.NEVER)


@given(held_by_anyone, reset_sometimes, st.sampled_from(BillingPeriod))
def test_the_windows_of_a_subscription_tile_from_its_start(
    held: Subscription, reset: Reset, billing: BillingPeriod
) -> None:
    at = held.started_at
    for _ in range(5):
        found = counted(Metered(limit=5, reset=reset), held, at=at, billing=billing)
        last = found.window.ends_at - INSTANT

        assert found.window.starts_at == at <= last
        assert counted(Metered(limit=5, reset=reset), held, at=last, billing=billing) == found
        at = found.window.ends_at


@given(held_by_anyone, resets, instants, st.sampled_from(["calls", "seats"]))
def test_the_window_and_the_period_hold_the_instant_asked_about(
    held: Subscription, reset: Reset, later: datetime, feature: str
) -> None:
    at = max(later, held.started_at)

    found = counted(Metered(limit=5, reset=reset), held, at=at, feature=feature)

    assert at in found.window
    assert at in found.period or reset.every is ResetInterval.NEVER


@given(held_by_anyone, resets, instants)
def test_the_period_shown_is_the_window_summed_unless_usage_is_a_gauge(
    held: Subscription, reset: Reset, later: datetime
) -> None:
    found = counted(Metered(limit=5, reset=reset), held, at=max(later, held.started_at))

    shown = (found.period.start, found.period.end)
    assert (shown == (found.window.starts_at, found.window.ends_at)) is not is_gauge(FEATURES["calls"], reset)
