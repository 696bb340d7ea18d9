from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.access.decision import AccessReason, Decision
from rules.catalog.facts import FeatureStatus, Product, Widget
from rules.catalog.inheritance import ResolvedCatalog
from rules.commands.report_usage import AHEAD
from rules.credits.accounts import CreditAccount
from rules.credits.grants import CreditSource, Grant, Lot
from rules.customers.effective import features_in_effect
from rules.customers.facts import CustomEntitlement, CustomEntitlementMode, Customer
from rules.portal.overview import (
    DAYS_SHOWN,
    LimitStatus,
    ProductSection,
    as_levels,
    is_level,
    limit_status,
    next_to_expire,
    product_sections,
    recent,
    spendable,
    subscriptions_shown,
    without_future,
)
from rules.usage.limits import UsageBalance
from rules.usage.series import Bucket, Point, Series
from rules.values import Granted, Metered, ResetInterval, Text, Value
from tests.rules.builders.customer_builders import (
    DAY,
    FEATURES,
    LONG_AGO,
    SOFT,
    START,
    World,
    ask,
    customer,
    instants,
    limited,
    published_plan,
    revoking,
    selling,
    subscription,
    timezones,
    units,
    worlds,
)

ACME = customer(subscription())


def shown(flat: ResolvedCatalog, of: Customer = ACME, at: datetime = START) -> list[ProductSection]:
    """What the page of a customer shows of products that are all in the catalog."""
    keys = {one.product for one in of.subscriptions} | {one.product for one in flat.catalog.features.values()}
    products = {key: Product(key=key, name=key) for key in keys if key is not None}
    flat = ResolvedCatalog(replace(flat.catalog, products=products))
    return product_sections(
        flat, of, [ask(flat, of, key, at=at) for key in features_in_effect(flat, of, at)], at
    )


def keys(decisions: tuple[Decision, ...]) -> list[str]:
    return [decision.subject.question.feature for decision in decisions]


def counted(decision: Decision) -> UsageBalance:
    assert decision.usage is not None
    return decision.usage


# How a limit stands


@pytest.mark.parametrize(
    ("value", "used", "how"),
    [
        (limited(100), 0, LimitStatus.WITHIN),
        (limited(100), 79, LimitStatus.WITHIN),
        (limited(100), 80, LimitStatus.NEAR),
        (limited(100), 99, LimitStatus.NEAR),
        (limited(100), 100, LimitStatus.REACHED),
        (limited(100), 104, LimitStatus.REACHED),
        (limited(0), 0, LimitStatus.REACHED),
        (limited(100, enforcement=SOFT), 99, LimitStatus.NEAR),
        (limited(100, enforcement=SOFT), 100, LimitStatus.SPENT),
        (limited(100, enforcement=SOFT), 101, LimitStatus.BEYOND),
        (limited(0, enforcement=SOFT), 0, LimitStatus.WITHIN),
        (limited(0, enforcement=SOFT), 1, LimitStatus.BEYOND),
        (limited(None), 10**6, LimitStatus.UNLIMITED),
    ],
)
def test_a_limit_is_nearly_reached_from_80_percent_on(value: Metered, used: int, how: LimitStatus) -> None:
    decision = ask(selling(published_plan("basic", {"calls": value})), ACME, "calls", used=units(used))

    assert limit_status(decision, counted(decision)) is how


def test_what_is_held_counts_towards_the_limit() -> None:
    decision = ask(selling(published_plan("basic", {"calls": limited(100)})), ACME, "calls", used=units(70))
    held = replace(counted(decision), reserved=units(10))

    assert limit_status(decision, held) is LimitStatus.NEAR


@given(st.integers(0, 20), st.lists(st.integers(0, 30), min_size=2, max_size=2))
def test_more_usage_never_makes_a_limit_stand_better(limit: int, used: list[int]) -> None:
    flat = selling(published_plan("basic", {"calls": limited(limit)}))
    order = [LimitStatus.WITHIN, LimitStatus.NEAR, LimitStatus.REACHED]
    less, more = (ask(flat, ACME, "calls", used=units(number)) for number in sorted(used))

    assert order.index(limit_status(less, counted(less))) <= order.index(limit_status(more, counted(more)))


@given(st.integers(0, 20), st.integers(0, 30), st.integers(0, 30))
def test_a_soft_limit_is_told_to_be_passed_where_something_is_beyond_it(
    limit: int, used: int, reserved: int
) -> None:
    flat = selling(published_plan("basic", {"calls": limited(limit, enforcement=SOFT)}))
    decision = ask(flat, ACME, "calls", used=units(used))
    stands = replace(counted(decision), reserved=units(reserved))

    assert (limit_status(decision, stands) is LimitStatus.BEYOND) is (used > limit)


# What is shown, and where


def test_features_stand_under_their_product_in_the_order_of_subscriptions() -> None:
    flat = selling(
        published_plan("basic", {"calls": limited(5), "support": Text(text="mail")}),
        published_plan("shop", {"seats": limited(5), "sso": Granted()}, product="shop"),
        features=[
            replace(FEATURES["calls"], product="app"),
            replace(FEATURES["seats"], product="shop"),
            replace(FEATURES["support"], product="app"),
        ],
    )
    both = customer(subscription(), subscription("shop", number=2, product="shop", started_at=START - DAY))
    shop, app, rest = shown(flat, both)

    assert (shop.product, app.product) == (Product(key="shop", name="shop"), Product(key="app", name="app"))
    assert (shop.subscription, app.subscription) == (both.subscriptions[1], both.subscriptions[0])
    assert (keys(shop.limits), keys(app.limits), keys(app.settings)) == (["seats"], ["calls"], ["support"])
    assert (rest.product, rest.subscription, keys(rest.included)) == (None, None, ["sso"])


@pytest.mark.parametrize(
    ("widgets", "is_shown"),
    [((), True), ((Widget.PRICING_TABLE,), True), ((Widget.CUSTOMER_PORTAL,), False)],
)
def test_a_row_that_is_hidden_from_the_page_is_not_on_it(
    widgets: tuple[Widget, ...], *, is_shown: bool
) -> None:
    plan = published_plan("basic", {"calls": limited(5)})
    (version,) = plan.versions
    rows = tuple(replace(one, hidden_from=widgets) for one in version.content.rows)
    hidden = replace(version, content=replace(version.content, rows=rows))
    found = shown(selling(replace(plan, versions=(hidden,))))

    assert [key for part in found for key in keys(part.limits)] == (["calls"] if is_shown else [])


def test_what_was_made_for_the_customer_alone_is_shown() -> None:
    grant = CustomEntitlement(
        number=1,
        feature="sso",
        mode=CustomEntitlementMode.GRANT,
        starts_at=LONG_AGO,
        timezone="UTC",
        value=Granted(),
    )
    (part,) = shown(selling(published_plan("basic")), customer(custom=[grant]))

    assert keys(part.included) == ["sso"]


@pytest.mark.parametrize("value", [Granted(), limited(5)])
def test_what_was_taken_away_is_reported_as_such(value: Value) -> None:
    key = "sso" if isinstance(value, Granted) else "calls"
    flat = selling(published_plan("basic", {key: value}))
    found = shown(flat, customer(subscription(), custom=[revoking(key)]))

    assert [keys(part.unavailable) for part in found if part.unavailable] == [[key]]


def test_nothing_is_reported_of_what_is_taken_away_from_nobody_who_had_it() -> None:
    found = shown(selling(published_plan("basic")), customer(subscription(), custom=[revoking("sso")]))

    assert [part.unavailable for part in found] == [()]


@pytest.mark.parametrize(("status", "told"), [(FeatureStatus.SUSPENDED, 1), (FeatureStatus.ARCHIVED, 0)])
def test_a_suspended_feature_is_reported_and_an_archived_one_is_gone(
    status: FeatureStatus, told: int
) -> None:
    flat = selling(
        published_plan("basic", {"calls": limited(5)}), features=[replace(FEATURES["calls"], status=status)]
    )
    found = shown(flat)

    assert sum(len(part.unavailable) for part in found) == told
    assert [part.limits for part in found if part.limits] == []


def test_of_each_product_the_live_subscription_is_shown_or_else_the_last_that_ended() -> None:
    ended = [
        replace(subscription(number=number, started_at=START - (9 - number) * DAY), canceled_at=START)
        for number in (1, 2)
    ]
    live = subscription(number=3, started_at=START)

    assert subscriptions_shown(customer(*ended, live), START + DAY) == [live]
    assert subscriptions_shown(customer(*ended), START + DAY) == [ended[1]]
    assert subscriptions_shown(customer(), START) == []


@given(worlds(), instants)
def test_everything_that_a_customer_has_is_shown_once(world: World, at: datetime) -> None:
    found = shown(world.flat, world.customer, at)
    told = [
        key
        for part in found
        for kind in (part.limits, part.settings, part.included, part.unavailable)
        for key in keys(kind)
    ]

    assert sorted(told) == sorted(features_in_effect(world.flat, world.customer, at))
    assert all(decision.usage is not None for part in found for decision in part.limits)
    assert all(decision.reason in set(AccessReason) for part in found for decision in part.unavailable)


# How usage went


@given(instants, timezones)
def test_the_last_days_begin_at_midnight_and_end_where_usage_may_have_occurred(
    now: datetime, timezone: str
) -> None:
    span = recent("calls", now, timezone)
    first = span.start.astimezone(ZoneInfo(timezone))

    assert (first.hour, first.minute, span.end) == (0, 0, now + AHEAD)
    assert (now.astimezone(ZoneInfo(timezone)).date() - first.date()).days == DAYS_SHOWN - 1


def test_days_are_those_of_the_calendar_where_clocks_change() -> None:
    span = recent("calls", datetime(2026, 4, 10, 12, tzinfo=UTC), "Europe/Berlin")

    assert span.start == datetime(2026, 3, 11, 23, tzinfo=UTC)


def series(feature: str, *values: int) -> Series:
    """Usage of a feature, day by day."""
    points = tuple(
        Point(
            bucket=Bucket(start=START + number * DAY, end=START + (number + 1) * DAY, is_reset=False),
            value=units(value),
        )
        for number, value in enumerate(values)
    )
    return Series(feature=FEATURES[feature], points=points, total=sum(point.value for point in points))


def usage_of(feature: str, used: int, every: ResetInterval) -> UsageBalance:
    flat = selling(published_plan("basic", {feature: limited(50, every)}))
    return counted(ask(flat, ACME, feature, used=units(used)))


def test_what_no_period_resets_is_drawn_as_the_level_at_the_end_of_each_day() -> None:
    usage = usage_of("calls", 12, ResetInterval.NEVER)
    drawn = as_levels(series("calls", 3, 0, -2, 4), usage)

    assert is_level(FEATURES["calls"], usage)
    assert [point.value for point in drawn.points] == [units(level) for level in (10, 10, 8, 12)]


@pytest.mark.parametrize(
    ("feature", "every"), [("calls", ResetInterval.MONTH), ("seats", ResetInterval.NEVER)]
)
def test_what_is_no_sum_or_starts_again_is_drawn_as_it_is(feature: str, every: ResetInterval) -> None:
    drawn = series(feature, 3, 0, 4)

    assert as_levels(drawn, usage_of(feature, 12, every)) == drawn


@given(st.lists(st.integers(-9, 9), max_size=9), st.integers(0, 99))
def test_levels_end_at_what_is_used_now(changes: list[int], used: int) -> None:
    drawn = as_levels(series("calls", *changes), usage_of("calls", used, ResetInterval.NEVER))
    steps = [point.value for point in drawn.points]

    assert steps[-1:] == ([units(used)] if changes else [])
    assert [after - before for before, after in pairwise(steps)] == [units(change) for change in changes[1:]]


def test_a_day_that_has_not_begun_is_not_drawn_but_its_usage_is_in_no_level_before_it() -> None:
    levels = as_levels(series("calls", 3, 4, 5), usage_of("calls", 12, ResetInterval.NEVER))
    drawn = without_future(levels, START + 2 * DAY - timedelta(minutes=1))

    assert [point.value for point in drawn.points] == [units(level) for level in (3, 7)]
    assert without_future(levels, START + 2 * DAY) == levels


def test_a_day_of_the_page_is_a_day_and_not_24_hours() -> None:
    now = datetime(2026, 4, 10, 12, tzinfo=UTC)

    assert now - recent("calls", now, "UTC").start != now - recent("calls", now, "Europe/Berlin").start
    assert now - recent("calls", now, "UTC").start == timedelta(days=DAYS_SHOWN - 1, hours=12)


# What is left of credits


def lot(number: int, left: int, *, held: int = 0, days: int | None = None) -> Lot:
    """A grant of which something is left or held, and that expires after so many days."""
    grant = Grant(
        number=number,
        amount=units(10),
        source=CreditSource.PAID,
        made_at=START,
        effective_at=START,
        expires_at=None if days is None else START + days * DAY,
    )
    return Lot(grant=grant, entered=True, left=units(left), held=units(held))


def book(*lots: Lot) -> CreditAccount:
    return CreditAccount(credit_type="ai", lots={one.number: one for one in lots})


def test_what_is_wholly_held_neither_is_there_to_spend_nor_expires_from_it() -> None:
    held, part, whole = lot(1, 0, held=10, days=3), lot(2, 4, held=6, days=5), lot(3, 10)
    lots = spendable(book(held, whole, part))

    assert lots == [part, whole]
    assert next_to_expire(lots) == (START + 5 * DAY, units(4))
    assert next_to_expire(spendable(book(held, whole))) is None


def test_all_that_expires_at_the_next_instant_is_reported() -> None:
    lots = spendable(book(lot(1, 4, days=5), lot(2, 3, days=9), lot(3, 2, days=5)))

    assert next_to_expire(lots) == (START + 5 * DAY, units(6))
