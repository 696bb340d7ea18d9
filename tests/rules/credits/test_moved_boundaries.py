"""Recurring credits where new rules of a time zone move the end of a period that is under way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from rules.commands.change_plan import ChangePlan, ChangeTiming, UsageOnChange
from rules.commands.follow_time_zones import FollowTimeZones
from rules.commands.subscribe import AddonQuantity, Subscribe
from rules.credits.moved_boundaries import found_again, with_moved_changes
from rules.values import BillingPeriod, CreditCadence
from tests.rules.builders.small_shop import DAY, addon, limit, plan, price, row, sold
from tests.rules.builders.zone_files import known_zones, written, zone_file
from tests.rules.credits.test_moved_boundaries_at_random import ruled, zone
from tests.rules.models.wallets import (
    BILLING,
    MONTHLY,
    YEARLY,
    Wallet,
    credits_,
    giving,
    selling_credits,
    told,
    wallet,
)

START = datetime(2026, 5, 31, 23, tzinfo=UTC)
WINTER = datetime(2026, 11, 1, tzinfo=UTC)
OLD, LATER, EARLIER = 0, -60, 60
YEAR = price("yearly", 100, BillingPeriod.YEARLY)


@pytest.fixture(scope="module", autouse=True)
def zones(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A zone by three rules, of which two move its clocks in November."""
    files = {zone(moved): zone_file(60, [(WINTER, 60 + moved)]) for moved in (OLD, LATER, EARLIER)}
    with known_zones(written(tmp_path_factory.mktemp("zones"), files)):
        yield


def on_plan(cadence: CreditCadence, units: int, start: datetime = START) -> Wallet:
    """A customer under the old rules, on a plan with credits and a limit for each billing period."""
    calls = row("calls", limit(10))
    packages = [
        sold(plan(key, place), calls, row("ai", value), prices=[price("monthly", place), YEAR])
        for place, (key, value) in enumerate(
            {"only": credits_(units, cadence), "large": credits_(500)}.items()
        )
    ]
    life = Wallet(shop=selling_credits(*packages))
    life.now = start - DAY
    life.born(zone(OLD)).comes_to(start)
    return life.does(Subscribe(plan="only", price="monthly"))


def under(life: Wallet, rules: int, at: datetime) -> Wallet:
    """The same customer where new rules have come, at an instant."""
    assert life.customer is not None
    life.customer = ruled(life.customer, rules)
    return life.comes_to(at).looks()


def since(life: Wallet, day_of_month: int, month: int) -> list[str]:
    """What was entered from a day on, with the instant."""
    begin = datetime(2026, month, day_of_month, tzinfo=UTC)
    return [f"{e.cause.at:%m-%d %H:%M} {told(e)}" for e in life.book.entries if e.cause.at >= begin]


@pytest.mark.parametrize(
    ("rules", "hour"), [(LATER, "12-01 00:00"), (EARLIER, "11-30 22:00"), (OLD, "11-30 23:00")]
)
def test_a_month_whose_end_moves_ends_once_and_the_next_is_given_once(rules: int, hour: str) -> None:
    life = on_plan(MONTHLY, 100).comes_to(datetime(2026, 11, 15, tzinfo=UTC)).looks()
    number = life.book.last_grant

    life = under(life, rules, datetime(2026, 12, 15, tzinfo=UTC))

    assert since(life, 20, 11) == [f"{hour} EXPIRED -100 #{number}", f"{hour} GRANTED +100 #{number + 1}"]
    assert life.available == 100


def test_a_year_whose_end_moves_is_given_once() -> None:
    life = on_plan(YEARLY, 1_200, datetime(2025, 11, 30, 23, tzinfo=UTC)).looks()

    life = under(life, LATER, datetime(2026, 12, 15, tzinfo=UTC))

    assert since(life, 20, 11) == ["12-01 00:00 EXPIRED -1200 #1", "12-01 00:00 GRANTED +1200 #2"]


def test_what_was_given_under_old_rules_is_not_given_again_an_hour_later() -> None:
    life = on_plan(MONTHLY, 100).comes_to(datetime(2026, 11, 30, 23, 30, tzinfo=UTC)).looks()
    before = list(life.book.entries)

    life = under(life, LATER, datetime(2026, 12, 15, tzinfo=UTC))

    assert list(life.book.entries) == before
    (lot,) = life.brought_up().in_force
    assert lot.grant.expires_at == datetime(2027, 1, 1, tzinfo=UTC)


def test_what_had_to_end_before_the_new_rules_came_ends_when_it_was_to() -> None:
    life = on_plan(MONTHLY, 100).comes_to(datetime(2026, 11, 30, 22, 30, tzinfo=UTC)).looks()
    number = life.book.last_grant

    life = under(life, EARLIER, datetime(2026, 12, 15, tzinfo=UTC))

    assert since(life, 20, 11) == [
        f"11-30 23:00 EXPIRED -100 #{number}",
        f"11-30 23:00 GRANTED +100 #{number + 1}",
    ]


@pytest.mark.parametrize("rules", [LATER, EARLIER])
def test_a_change_at_the_end_of_a_month_that_moves_gives_the_new_plan_once(rules: int) -> None:
    life = on_plan(MONTHLY, 100).comes_to(datetime(2026, 11, 15, tzinfo=UTC)).looks()
    life.does(ChangePlan(plan="large", price="monthly", timing=ChangeTiming.PERIOD_END))
    number = life.book.last_grant

    life = under(life, rules, datetime(2026, 12, 15, tzinfo=UTC))

    assert since(life, 20, 11) == [
        f"11-30 23:00 EXPIRED -100 #{number}",
        f"11-30 23:00 GRANTED +500 #{number + 1}",
    ]


def test_after_the_schedule_has_followed_limits_and_credits_begin_anew_once_and_together() -> None:
    life = on_plan(MONTHLY, 100).comes_to(datetime(2026, 11, 15, tzinfo=UTC)).looks()
    life.does(ChangePlan(plan="large", price="monthly", timing=ChangeTiming.PERIOD_END))
    number, december = life.book.last_grant, datetime(2026, 12, 1, tzinfo=UTC)

    life = under(life, LATER, datetime(2026, 11, 16, tzinfo=UTC)).does(FollowTimeZones())
    assert life.counted("calls") == (datetime(2026, 10, 31, 23, tzinfo=UTC), december)
    life.comes_to(datetime(2026, 11, 30, 23, 30, tzinfo=UTC)).looks()
    assert life.counted("calls") == (datetime(2026, 10, 31, 23, tzinfo=UTC), december)
    life.comes_to(datetime(2026, 12, 15, tzinfo=UTC)).looks()

    assert life.counted("calls") == (december, datetime(2027, 1, 1, tzinfo=UTC))
    assert since(life, 20, 11) == [
        f"12-01 00:00 EXPIRED -100 #{number}",
        f"12-01 00:00 GRANTED +500 #{number + 1}",
    ]


@pytest.mark.parametrize("billing", ["monthly", "yearly"])
def test_a_schedule_follows_new_rules_with_its_anchor_unless_it_has_come(billing: str) -> None:
    life = on_plan(MONTHLY, 100).comes_to(datetime(2026, 11, 15, tzinfo=UTC)).looks()
    life.does(ChangePlan(plan="large", price=billing, timing=ChangeTiming.PERIOD_END))
    subscription = under(life, LATER, datetime(2026, 11, 16, tzinfo=UTC)).subscription
    old, new = datetime(2026, 11, 30, 23, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)

    moved = with_moved_changes(subscription, old - DAY).terms[-1]

    assert (moved.starts_at, moved.anchor) == (new, START if billing == "monthly" else new)
    assert with_moved_changes(with_moved_changes(subscription, old - DAY), old - DAY).terms[-1] == moved
    assert with_moved_changes(subscription, old) == subscription
    earlier = under(life, EARLIER, datetime(2026, 11, 17, tzinfo=UTC)).subscription
    assert with_moved_changes(earlier, old - datetime.resolution) == earlier


def test_the_end_of_a_trial_stays_where_it_was_promised() -> None:
    life = Wallet(
        shop=selling_credits(giving("only", credits_(100, BILLING)), giving("large", credits_(500), 1))
    )
    life.now = datetime(2026, 10, 30, 23, tzinfo=UTC)
    life.born(zone(OLD)).comes_to(datetime(2026, 10, 31, 23, tzinfo=UTC))
    life.does(Subscribe(plan="only", price="monthly", trial_days=30)).looks()
    life.does(ChangePlan(plan="large", price="monthly", timing=ChangeTiming.PERIOD_END))

    life = under(life, LATER, datetime(2026, 11, 16, tzinfo=UTC)).does(FollowTimeZones())
    life.comes_to(datetime(2026, 12, 15, tzinfo=UTC)).looks()

    assert life.subscription.terms[-1].starts_at == life.subscription.trial_ends_at
    assert [told(entry) for entry in life.book.entries] == [
        "GRANTED +100 #1",
        "EXPIRED -100 #1",
        "GRANTED +500 #2",
    ]


def test_an_instant_that_no_boundary_is_near_is_itself() -> None:
    term = on_plan(MONTHLY, 100).subscription.terms[0]

    for days in (2, 15, 28):
        assert found_again(term, START + days * DAY) == START + days * DAY
    assert found_again(term, datetime(2026, 9, 30, 20, tzinfo=UTC)) == datetime(2026, 9, 30, 23, tzinfo=UTC)
    assert found_again(term, datetime(2026, 10, 1, 2, tzinfo=UTC)) == datetime(2026, 9, 30, 23, tzinfo=UTC)


def test_a_change_scheduled_after_a_reset_does_not_move_the_end_of_the_period_before_it() -> None:
    life = on_plan(MONTHLY, 100).looks()
    expected = life.book.lot(1).grant.expires_at

    life.does(ChangePlan(plan="large", price="monthly", timing=ChangeTiming.NOW))
    life.does(ChangePlan(plan="only", price="monthly", timing=ChangeTiming.PERIOD_END))

    assert life.brought_up().lot(1).grant.expires_at == expected


def test_a_change_that_carries_to_another_anchor_does_not_move_the_year_of_an_addon() -> None:
    pack = sold(addon("pack"), row("ai", credits_(1_200, YEARLY)))
    shop = selling_credits(giving("small", None, 1), giving("large", None, 2), pack)
    began = datetime(2026, 3, 31, 9, tzinfo=UTC)
    subscribe = Subscribe(plan="small", price="monthly", addons=(AddonQuantity(addon="pack", quantity=1),))
    life = wallet(subscribe, shop=shop, at=began).looks()
    life.comes_to(datetime(2026, 4, 10, tzinfo=UTC)).does(
        ChangePlan(plan="large", price="yearly", timing=ChangeTiming.PERIOD_END, usage=UsageOnChange.CARRY)
    )
    # The change comes on 30 April, the anchor from then on: in other months that is a day before the 31st.
    for month in (5, 6):
        life.comes_to(datetime(2026, month, 10, tzinfo=UTC)).spends(1)

    assert life.book.lot(1).grant.expires_at == datetime(2027, 3, 31, 9, tzinfo=UTC)
    life.comes_to(datetime(2027, 3, 30, 10, tzinfo=UTC))
    assert life.available == 1_198
