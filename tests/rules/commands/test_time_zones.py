from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from rules.commands.change_plan import ChangePlan, ChangeTiming, UsageOnChange
from rules.commands.customers import UpsertCustomer
from rules.commands.subscribe import Subscribe
from rules.commands.subscriptions import CancelSubscription, ConvertTrial, MigrateSubscription
from tests.rules.builders.lives import Life, subscribed
from tests.rules.builders.small_shop import START, day

BASIC = Subscribe(plan="basic", price="monthly")
MOVED = UpsertCustomer(key="acme", timezone="Asia/Tokyo")
FROM_TOKYO = datetime(2026, 1, 31, 15, tzinfo=UTC)
"""Midnight of 1 February in Tokyo."""

PLAN_NOW = ChangePlan(plan="pro", price="monthly", timing=ChangeTiming.NOW)


def zone(life: Life, at: datetime | None = None) -> str:
    """The zone in which the periods of a subscription are counted."""
    return life.subscription.term(at or life.present).timezone


def test_periods_keep_the_time_of_day_in_the_customers_zone() -> None:
    life = subscribed(BASIC, timezone="Europe/Berlin").comes_to(day(4, 10))

    # 10:00 in winter and in summer.
    assert life.counted() == (day(3, 31, hour=8), day(4, 30, hour=8))


def test_calendar_resets_follow_the_customers_zone() -> None:
    life = subscribed(BASIC, timezone="Asia/Tokyo").comes_to(day(2, 5))

    assert life.counted("exports") == (FROM_TOKYO, datetime(2026, 2, 28, 15, tzinfo=UTC))


def test_a_change_of_zone_leaves_the_periods_of_a_subscription_as_they_are() -> None:
    life = subscribed(BASIC).comes_to(day(2, 3)).does(MOVED)

    assert zone(life) == zone(life, day(9, 9)) == "UTC"
    assert life.counted("exports") == (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC))


def test_a_change_of_zone_holds_for_a_new_subscription() -> None:
    life = subscribed(BASIC).does(MOVED, CancelSubscription(timing=ChangeTiming.NOW), BASIC)

    assert zone(life) == "Asia/Tokyo"


def test_a_change_of_zone_holds_for_a_subscription_that_has_not_begun() -> None:
    assert zone(subscribed(replace(BASIC, start_at=day(2, 10))).does(MOVED)) == "Asia/Tokyo"


def test_a_change_of_zone_holds_from_the_conversion_on() -> None:
    trial = replace(BASIC, trial_days=7)
    life = subscribed(trial).does(MOVED)
    assert (zone(life), zone(life, day(2, 7))) == ("UTC", "Asia/Tokyo")

    assert zone(subscribed(trial).does(MOVED, ConvertTrial())) == "Asia/Tokyo"


@pytest.mark.parametrize(("usage", "found"), [("RESET", "Asia/Tokyo"), ("CARRY", "UTC")])
def test_a_change_of_zone_holds_from_a_change_with_reset_on(usage: str, found: str) -> None:
    life = subscribed(BASIC).does(MOVED, replace(PLAN_NOW, usage=UsageOnChange(usage)))

    assert zone(life) == found


def test_a_change_of_zone_holds_from_a_scheduled_change_with_a_new_anchor_on() -> None:
    yearly = ChangePlan(plan="basic", price="yearly", timing=ChangeTiming.PERIOD_END)
    for life in (subscribed(BASIC).does(yearly, MOVED), subscribed(BASIC).does(MOVED, yearly)):
        assert (zone(life, day(2, 27)), zone(life, day(2, 28))) == ("UTC", "Asia/Tokyo")


def test_an_anchor_that_a_scheduled_change_keeps_keeps_its_zone() -> None:
    free = ChangePlan(plan="free", timing=ChangeTiming.PERIOD_END)
    for life in (subscribed(BASIC).does(free, MOVED), subscribed(BASIC).does(MOVED, free)):
        assert (life.subscription.term(day(3, 5)).anchor, zone(life, day(3, 5))) == (START, "UTC")


def test_a_migration_keeps_the_zone() -> None:
    assert zone(subscribed(BASIC).does(MOVED, MigrateSubscription())) == "UTC"


def test_an_upsert_of_the_same_zone_or_of_none_changes_nothing() -> None:
    life = subscribed(replace(BASIC, start_at=day(2, 10)), timezone="Asia/Tokyo")

    assert zone(life.does(MOVED, UpsertCustomer(key="acme", name="Acme"))) == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("timezone", "refusals"), [(None, ["REQUIRED timezone"]), ("Mars/Base", ["INVALID timezone"])]
)
def test_what_is_no_time_zone_is_refused(timezone: str | None, refusals: list[str]) -> None:
    assert subscribed(BASIC).refuses(UpsertCustomer(key="acme", timezone=timezone)) == refusals
