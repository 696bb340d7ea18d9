from __future__ import annotations

from dataclasses import replace

import pytest

from rules.catalog.facts import CreditRate, Package
from rules.commands.change_plan import ChangePlan, ChangeTiming, UsageOnChange
from rules.commands.subscribe import Subscribe
from rules.values import ResetInterval
from tests.rules.builders.small_shop import day, limit, plan, row, sold
from tests.rules.commands.test_usage_charges import holds, of_calls, settles, uses
from tests.rules.models.wallets import IMAGES, Wallet, selling_credits, wallet

MONTH, YEAR, NEVER = ResetInterval.MONTH, ResetInterval.YEAR, ResetInterval.NEVER
HOUR, DAILY, WEEK = ResetInterval.HOUR, ResetInterval.DAY, ResetInterval.WEEK


def reset_every(key: str, every: ResetInterval, rate: CreditRate = IMAGES) -> Package:
    """A plan with 10 calls for every period, beyond which credits pay."""
    package = sold(plan(key), row("calls", limit(10, every)))
    return replace(package, draft=replace(package.newest, rates=(rate,)))


def metered_by(every: ResetInterval) -> Wallet:
    """A customer with 100 credits and 10 calls for every period; a plan by any other interval is sold too."""
    shop = selling_credits(*(reset_every(key.value.lower(), key) for key in ResetInterval))
    life = wallet(Subscribe(plan=every.value.lower()), shop=shop)
    life.gets(100)
    return life


def moves(every: ResetInterval, usage: UsageOnChange = UsageOnChange.CARRY) -> ChangePlan:
    """Change to the plan by another interval now."""
    return ChangePlan(plan=every.value.lower(), timing=ChangeTiming.NOW, usage=usage)


@pytest.mark.parametrize("then", [HOUR, DAILY, WEEK, YEAR, NEVER])
@pytest.mark.parametrize("how", ["carried", "published"])
def test_what_still_counts_after_periods_were_cut_anew_comes_back(then: ResetInterval, how: str) -> None:
    life = metered_by(MONTH).comes_to(day(2, 10)).does(uses(30))
    assert (life.usage_of(), life.available) == ((30, 0), 80)

    if how == "carried":
        life.does(moves(then))
    else:
        life.redraws("month", row("calls", limit(10, then)))

    assert (life.usage_of(), life.available) == ((30, 0), 80)
    assert life.does(of_calls(-15)).available == 95
    assert life.does(of_calls(-10)).available == 100
    assert life.does(of_calls(20)).available == 85


@pytest.mark.parametrize("before", [HOUR, DAILY, WEEK])
def test_what_counts_again_in_a_longer_period_comes_back(before: ResetInterval) -> None:
    life = metered_by(before).comes_to(day(2, 2)).does(uses(15)).comes_to(day(2, 12)).does(uses(15))
    life.does(moves(MONTH), of_calls(3))
    assert (life.usage_of(), life.available) == ((33, 0), 87)

    assert [life.does(of_calls(-4)).available for _ in range(4)] == [91, 95, 99, 100]


def test_what_counts_no_more_after_periods_were_cut_anew_gives_nothing_back() -> None:
    life = metered_by(MONTH).comes_to(day(2, 2)).does(uses(30)).comes_to(day(2, 12)).does(uses(5))
    life.does(moves(WEEK), of_calls(5))
    assert (life.usage_of(), life.available) == ((10, 0), 75)

    assert life.does(of_calls(-10)).available == 80


def test_what_was_used_before_a_reset_gives_nothing_back_after_it() -> None:
    life = metered_by(MONTH).comes_to(day(2, 10)).does(uses(30), moves(WEEK, UsageOnChange.RESET), uses(12))
    assert (life.usage_of(), life.available) == ((12, 0), 78)

    assert life.does(of_calls(-12)).available == 80


def test_what_a_hold_burned_comes_back_after_periods_were_cut_anew() -> None:
    life = metered_by(MONTH).comes_to(day(2, 10)).does(holds(30), settles(30), moves(DAILY))

    assert life.does(of_calls(-20)).available == 100


def test_late_usage_comes_back_in_its_period_however_periods_were_cut() -> None:
    life = metered_by(MONTH).comes_to(day(2, 12)).does(of_calls(30, at=day(2, 5)), uses(5), moves(WEEK))
    assert life.available == 75

    assert life.does(of_calls(-5)).available == 80
    assert life.does(of_calls(-20, at=day(2, 5))).available == 100


def test_of_several_credit_types_what_was_burned_last_comes_back_first() -> None:
    tokens = replace(IMAGES, credit_type="tokens")
    life = metered_by(MONTH).does(uses(20))
    life.publishes(reset_every("month", MONTH, tokens)).does(of_calls(10))
    assert (life.available, life.in_books()) == (90, {"ai": 10, "tokens": 10})

    assert life.does(of_calls(-4)).in_books() == {"ai": 10, "tokens": 6}
    life.publishes(reset_every("month", MONTH)).does(of_calls(5))
    assert life.does(of_calls(-2)).in_books() == {"ai": 13, "tokens": 6}
    assert life.does(of_calls(-29)).in_books() == {"ai": 0, "tokens": 0}


def test_what_was_owed_and_is_paid_by_what_comes_back_comes_back_to_who_paid_it() -> None:
    life = wallet()
    life.gets(3)
    life.holds(3, days=3).burns(4).comes_to(day(2, 2)).settles(3)
    assert life.totals() == {"granted": 3, "consumed": 7, "overdraft": 4}

    assert life.gives_back(5).totals() == {"granted": 3, "available": 1, "consumed": 2}
