from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from rules.commands.change_plan import ChangePlan, ChangeTiming, UsageOnChange
from rules.commands.subscribe import AddonQuantity, Subscribe
from rules.customers.facts import TrialEnd
from rules.values import Credits
from tests.rules.builders.small_shop import DAY, START, addon, day, plan, price, row, sold
from tests.rules.models.wallets import (
    BILLING,
    ONE_TIME,
    PACKAGES,
    YEARLY,
    Wallet,
    credits_,
    giving,
    selling_credits,
    wallet,
)

RESET, CARRY = UsageOnChange.RESET, UsageOnChange.CARRY
NOW, PERIOD_END = ChangeTiming.NOW, ChangeTiming.PERIOD_END


def small(**how: object) -> Wallet:
    """A customer with 100 credits a month, of which 30 are carried over."""
    return wallet(Subscribe(plan="small", price="monthly", **how))  # type: ignore[arg-type]


def to(plan_key: str, usage: UsageOnChange = RESET, timing: ChangeTiming = NOW) -> ChangePlan:
    """Move to a plan by the month."""
    price = None if plan_key == "bare" else "monthly"
    return ChangePlan(plan=plan_key, price=price, timing=timing, usage=usage)


def between(before: Credits | None, after: Credits | None) -> Wallet:
    """A customer on one of two plans."""
    shop = selling_credits(giving("one", before), giving("two", after, 1))
    return wallet(Subscribe(plan="one", price="monthly"), shop=shop)


# RESET.


def test_a_change_with_reset_voids_what_is_left_and_mints_a_full_period() -> None:
    life = small()
    life.spends(30)
    life.comes_to(day(2, 10)).does(to("large"))

    assert life.ledger(2) == ["VOIDED -70 #1", "GRANTED +1000 #2"]
    assert life.lot(2).grant.expires_at == day(3, 10)


def test_a_change_with_reset_voids_what_was_carried_over_too() -> None:
    life = small().comes_to(day(3, 5)).does(to("large"))

    assert life.ledger(5) == ["VOIDED -30 #2", "VOIDED -100 #3", "GRANTED +1000 #4"]


def test_a_change_with_reset_mints_also_for_addons_that_stay() -> None:
    life = small(addons=(AddonQuantity("pack", 2),)).comes_to(day(2, 10)).does(to("large"))

    assert life.left() == {3: 1000, 4: 20}


def test_what_ends_at_the_instant_of_a_change_expires_and_nothing_is_carried_over() -> None:
    life = small().does(to("large", RESET, PERIOD_END)).comes_to(day(2, 28))

    assert life.ledger(1) == ["EXPIRED -100 #1", "GRANTED +1000 #2"]


def test_a_change_with_reset_at_the_period_s_end_voids_what_would_have_lasted() -> None:
    life = between(credits_(100, YEARLY, 50), credits_(7, YEARLY))
    life.does(to("two", RESET, PERIOD_END)).comes_to(day(2, 28))

    assert life.ledger(1) == ["VOIDED -100 #1", "GRANTED +7 #2"]


def test_a_change_to_a_plan_without_credits_voids() -> None:
    life = small().comes_to(day(2, 10)).does(to("bare"))

    assert life.totals() == {"granted": 100, "voided": 100}


def test_paid_and_promotional_grants_live_on_through_a_change() -> None:
    life = between(credits_(100, ONE_TIME), credits_(50))
    life.gets(5)
    life.comes_to(day(2, 10)).does(to("two"))

    assert life.left() == {3: 50, 1: 100, 2: 5}


def test_what_is_minted_once_is_minted_once_for_each_package_of_a_subscription() -> None:
    life = between(credits_(100, ONE_TIME), credits_(50, ONE_TIME))
    for number, key in enumerate(("two", "one", "two"), start=1):
        life.comes_to(START + number * DAY).does(to(key))

    assert life.totals() == {"granted": 150, "available": 150}


# CARRY.


def test_a_change_with_carry_voids_the_old_grants_and_mints_the_new_less_what_those_had_burned() -> None:
    life = small()
    life.spends(30)
    life.comes_to(day(2, 10)).does(to("large", CARRY))

    assert life.ledger(2) == ["VOIDED -70 #1", "GRANTED +970 #2"]
    assert life.lot(2).grant.expires_at == day(2, 28)


def test_a_change_with_carry_mints_not_below_0() -> None:
    life = wallet(Subscribe(plan="large", price="monthly"))
    life.spends(500)
    life.comes_to(day(2, 10)).does(to("small", CARRY))

    assert (life.available, life.at(day(2, 28))) == (0, 100)


def test_what_was_spent_whole_counts_as_burned() -> None:
    life = small()
    life.spends(100)
    life.comes_to(day(2, 10)).does(to("large", CARRY))

    assert life.available == 900


def test_what_was_burned_of_credits_carried_over_counts_too() -> None:
    life = small().comes_to(day(3, 5))
    life.spends(50)
    life.does(to("large", CARRY))

    assert life.left() == {4: 950}


def test_what_settled_an_overdraft_counts_as_burned() -> None:
    life = wallet()
    life.spends(40, overdraft=True)
    life.does(Subscribe(plan="small", price="monthly")).does(to("large", CARRY))

    assert life.available == 960


def test_anyone_who_changes_to_and_fro_is_not_given_all_of_it_again() -> None:
    life = small()
    life.spends(100)
    life.comes_to(day(2, 5)).does(to("large", CARRY))
    life.spends(300)
    life.comes_to(day(2, 6)).does(to("small", CARRY))
    assert life.available == 0

    life.comes_to(day(2, 7)).does(to("bare", CARRY)).comes_to(day(2, 8)).does(to("large", CARRY))
    assert life.available == 600
    assert life.at(day(2, 28)) == 1000


def test_a_credit_grant_that_was_voided_by_hand_still_counts_what_was_burned_of_it() -> None:
    life = small()
    life.spends(60)
    life.voids(1)
    life.comes_to(day(2, 5)).does(to("large", CARRY))

    assert life.available == 940


def test_with_carry_addons_go_on_as_they_were() -> None:
    life = small(addons=(AddonQuantity("pack", 2),)).comes_to(day(2, 10)).does(to("large", CARRY))

    assert life.left() == {2: 20, 3: 1000}
    assert life.at(day(2, 28)) == 1000 + 20 + 5


def test_an_addon_that_does_not_go_with_the_new_plan_keeps_its_credits_to_the_end_of_the_period() -> None:
    picky = replace(plan("strict", 3), compatible_addons=())
    strict = sold(picky, row("ai", credits_(500)), prices=[price("monthly", 5)])
    shop = selling_credits(*PACKAGES, strict)
    subscribe = Subscribe(plan="small", price="monthly", addons=(AddonQuantity("pack", 2),))
    life = wallet(subscribe, shop=shop).comes_to(day(2, 10)).does(to("strict", CARRY))

    assert (life.available, life.at(day(2, 28))) == (520, 500)


def test_credits_that_the_old_plan_did_not_give_are_minted_in_full() -> None:
    life = wallet(Subscribe(plan="bare")).comes_to(day(2, 10)).does(to("small", CARRY))

    assert (life.available, life.lot(1).grant.expires_at) == (100, day(2, 28))


def test_another_price_of_the_plan_is_a_change_too() -> None:
    linked = row("ai", credits_(2000), "yearly")
    shop = selling_credits(
        replace(
            giving("one", None),
            draft=replace(giving("one", None).newest, rows=(row("ai", credits_(100)), linked)),
        )
    )
    life = wallet(Subscribe(plan="one", price="monthly"), shop=shop)
    life.spends(10)
    life.comes_to(day(2, 10)).does(ChangePlan(plan="one", price="yearly", timing=NOW, usage=CARRY))

    assert life.ledger(2) == ["VOIDED -90 #1", "GRANTED +1990 #2"]


def test_with_carry_at_the_end_of_a_period_a_new_one_begins_with_the_new_plan_s_credits() -> None:
    life = small()
    life.spends(30)
    life.does(to("large", CARRY, PERIOD_END)).comes_to(day(2, 28))

    assert life.ledger(2) == ["EXPIRED -70 #1", "GRANTED +1000 #2"]


def test_with_carry_in_the_middle_of_a_year_what_was_burned_of_the_year_counts() -> None:
    life = between(credits_(1200, YEARLY), credits_(2400, YEARLY))
    life.spends(200)
    life.does(to("two", CARRY, PERIOD_END)).comes_to(day(2, 28))

    assert life.ledger(2) == ["VOIDED -1000 #1", "GRANTED +2200 #2"]
    assert life.lot(2).grant.expires_at == day(1, 31, year=2027)


# Trials.


@pytest.mark.parametrize("usage", [RESET, CARRY])
def test_a_change_that_takes_the_place_of_a_conversion_mints_the_other_plan(usage: UsageOnChange) -> None:
    shop = selling_credits(giving("one", credits_(100, BILLING)), giving("two", credits_(40), 1))
    life = wallet(Subscribe(plan="one", price="monthly", trial_days=14), shop=shop)
    life.does(to("two", usage, PERIOD_END)).comes_to(day(2, 14))

    assert life.ledger(1) == ["EXPIRED -100 #1", "GRANTED +40 #2"]


def test_a_change_during_a_trial_mints_the_other_plan_and_its_conversion_once_more() -> None:
    life = small(trial_days=14).comes_to(day(2, 5)).does(to("large"))
    assert life.ledger(1) == ["VOIDED -100 #1", "GRANTED +1000 #2"]

    assert life.comes_to(day(2, 14)).ledger(3) == ["VOIDED -1000 #2", "GRANTED +1000 #3"]


def test_a_scheduled_change_takes_the_place_of_an_expiring_trial() -> None:
    life = small(trial_days=14, after_trial=TrialEnd.EXPIRE)
    life.does(to("bare", RESET, PERIOD_END)).comes_to(day(2, 14))

    assert life.totals() == {"granted": 100, "voided": 100}


@pytest.mark.parametrize("instant", [day(2, 28), day(3, 1), day(3, 31)])
def test_anyone_who_looks_at_an_instant_and_who_does_not_see_the_same(instant: datetime) -> None:
    late = small(addons=(AddonQuantity("pack", 2),)).does(to("large", RESET, PERIOD_END))
    early = small(addons=(AddonQuantity("pack", 2),)).does(to("large", RESET, PERIOD_END))
    early.comes_to(instant).looks()
    late.comes_to(day(4, 15))
    early.comes_to(day(4, 15))

    assert early.brought_up() == late.brought_up()


def test_two_plans_of_two_products_mint_side_by_side() -> None:
    shop = selling_credits(*PACKAGES, sold(plan("chat", of="desk"), row("ai", credits_(9))))
    life = wallet(Subscribe(plan="small", price="monthly"), Subscribe(plan="chat"), shop=shop)

    assert life.left() == {1: 100, 2: 9}
    assert life.comes_to(day(2, 10)).does(to("bare")).left() == {2: 9}


def test_an_addon_without_credits_mints_nothing() -> None:
    shop = selling_credits(*PACKAGES[:3], sold(addon("pack")))
    life = wallet(Subscribe(plan="small", price="monthly", addons=(AddonQuantity("pack"),)), shop=shop)

    assert life.left() == {1: 100}


def test_what_an_addon_carries_over_burns_before_what_the_new_plan_mints() -> None:
    life = small(addons=(AddonQuantity("pack", 2),)).does(to("large", CARRY, PERIOD_END)).comes_to(day(2, 28))

    assert life.left() == {3: 5, 4: 1000, 5: 20}


def test_another_price_at_the_end_of_a_period_mints_once() -> None:
    life = wallet(Subscribe(plan="small", price="monthly"))
    life.does(ChangePlan(plan="small", price="yearly", timing=PERIOD_END, usage=CARRY)).comes_to(day(2, 28))

    assert life.ledger(1) == ["EXPIRED -100 #1", "GRANTED +100 #2"]
