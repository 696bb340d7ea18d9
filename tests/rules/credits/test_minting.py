from __future__ import annotations

import pytest

from rules.catalog.facts import PublishScope
from rules.commands.subscribe import AddonQuantity, Subscribe
from rules.commands.subscriptions import CancelSubscription, MigrateSubscription, SetSubscriptionAddon
from rules.credits.grants import CreditSource
from rules.values import CreditCadence
from tests.rules.builders.small_shop import START, addon, day, row, sold
from tests.rules.models.wallets import (
    BILLING,
    MONTHLY,
    ONE_TIME,
    PACKAGES,
    YEARLY,
    Wallet,
    credits_,
    giving,
    on_plan,
    selling_credits,
    wallet,
)

NEW, ALL = PublishScope.NEW_CUSTOMERS, PublishScope.ALL_CUSTOMERS


def test_a_subscription_mints_a_recurring_grant_that_expires_with_its_period() -> None:
    life = on_plan(MONTHLY)
    (lot,) = life.brought_up().in_force

    assert (life.available, lot.grant.source, lot.grant.priority) == (100, CreditSource.RECURRING, 50)
    assert (lot.grant.effective_at, lot.grant.expires_at) == (START, day(2, 28))
    assert (lot.grant.package, lot.grant.subscription) == ("only", life.subscription.number)


def test_every_period_mints_anew_and_what_is_left_expires() -> None:
    life = on_plan(MONTHLY)
    life.spends(30)
    life.comes_to(day(3, 1))

    assert life.ledger(1) == ["CONSUMED -30 #1", "EXPIRED -70 #1", "GRANTED +100 #2"]
    assert [entry.cause.at for entry in life.brought_up().entries[2:]] == [day(2, 28), day(2, 28)]
    assert life.comes_to(day(3, 31)).brought_up().in_force[0].grant.expires_at == day(4, 30)


@pytest.mark.parametrize(
    ("cadence", "price", "end"),
    [
        (YEARLY, "monthly", day(1, 31, year=2027)),
        (BILLING, "monthly", day(2, 28)),
        (BILLING, "yearly", day(1, 31, year=2027)),
        (MONTHLY, "yearly", day(2, 28)),
    ],
)
def test_the_cadence_says_how_long_a_period_is(cadence: CreditCadence, price: str, end: object) -> None:
    life = on_plan(cadence, price=price)

    assert [lot.grant.expires_at for lot in life.brought_up().in_force] == [end]


def test_one_time_mints_once_as_a_gift_without_expiry() -> None:
    life = on_plan(ONE_TIME)
    (lot,) = life.brought_up().in_force

    assert (lot.grant.source, lot.grant.expires_at) == (CreditSource.PROMOTIONAL, None)
    assert life.comes_to(day(1, 31, year=2030)).totals() == {"granted": 100, "available": 100}


def test_a_subscription_that_is_to_come_mints_when_it_starts() -> None:
    life = on_plan(MONTHLY, start_at=day(2, 10))

    assert (life.available, life.at(day(2, 10)), life.at(day(3, 10))) == (0, 100, 100)


def test_a_subscription_that_began_in_the_past_mints_from_the_period_it_was_made_in() -> None:
    life = on_plan(MONTHLY, start_at=day(10, 15, year=2025))
    (lot,) = life.brought_up().in_force

    assert life.totals() == {"granted": 100, "available": 100}
    assert (lot.grant.effective_at, lot.grant.expires_at) == (START, day(2, 15))


# Carrying over.


def test_what_is_left_is_carried_over_up_to_the_limit() -> None:
    life = on_plan(MONTHLY, rollover=30)
    life.spends(20)
    life.comes_to(day(2, 28))

    assert life.ledger(2) == [
        *("ROLLED_OVER -30 #1", "ROLLED_OVER +30 #2", "EXPIRED -50 #1", "GRANTED +100 #3"),
    ]
    assert life.left() == {2: 30, 3: 100}
    assert life.totals() == {"granted": 200, "available": 130, "consumed": 20, "expired": 50}


def test_less_than_the_limit_is_carried_over_whole() -> None:
    life = on_plan(MONTHLY, rollover=30)
    life.spends(90)

    assert life.comes_to(day(2, 28)).left() == {2: 10, 3: 100}


def test_what_was_carried_over_expires_with_the_next_period_and_is_not_carried_again() -> None:
    life = on_plan(MONTHLY, rollover=30).comes_to(day(3, 31))

    assert life.left() == {4: 30, 5: 100}
    assert life.lot(2).grant.expires_at == day(3, 31)


def test_nothing_is_carried_out_of_a_subscription_that_ends() -> None:
    life = on_plan(MONTHLY, rollover=30).does(CancelSubscription()).comes_to(day(3, 1))

    assert life.totals() == {"granted": 100, "expired": 100}


# Add-ons.


def with_packs(quantity: int = 1) -> Wallet:
    """A customer with 100 credits a month and 10 more for every pack."""
    return wallet(
        Subscribe(plan="small", price="monthly", addons=(AddonQuantity("pack", quantity),)),
    )


def packs(quantity: int) -> SetSubscriptionAddon:
    """Have so many packs."""
    return SetSubscriptionAddon(addon="pack", quantity=quantity)


def test_an_addon_mints_times_its_quantity() -> None:
    assert with_packs(3).left() == {1: 100, 2: 30}


def test_an_addon_that_comes_later_mints_at_once() -> None:
    life = wallet(Subscribe(plan="small", price="monthly")).comes_to(day(2, 5)).does(packs(2))

    assert life.left() == {1: 100, 2: 20}
    assert life.lot(2).grant.expires_at == day(2, 28)


def test_more_of_an_addon_mints_at_once_what_exceeds_the_highest_of_the_period() -> None:
    life = with_packs(2).comes_to(day(2, 5)).does(packs(5))
    assert life.left() == {1: 100, 2: 20, 3: 30}

    life.comes_to(day(2, 6)).does(packs(1)).comes_to(day(2, 7)).does(packs(6))
    assert life.left() == {1: 100, 2: 20, 3: 30, 4: 10}


def test_less_of_an_addon_takes_nothing_back_until_the_next_period() -> None:
    life = with_packs(5).comes_to(day(2, 5)).does(packs(2))
    assert life.available == 150

    assert life.comes_to(day(2, 28)).totals()["available"] == 100 + 20 + 30 + 5


def test_an_addon_that_goes_and_comes_back_in_a_period_mints_once() -> None:
    life = with_packs(1).comes_to(day(2, 5)).does(packs(0)).comes_to(day(2, 6)).does(packs(1))

    assert life.available == 110


def test_what_an_addon_mints_that_is_gone_expires_and_is_not_carried_over() -> None:
    life = with_packs(1).does(packs(0)).comes_to(day(2, 28))

    assert life.totals() == {"granted": 210, "available": 130, "expired": 80}


# Publishes and migrations.


def test_a_publish_changes_amounts_from_the_next_period_on() -> None:
    life = on_plan(MONTHLY).comes_to(day(2, 10)).looks()
    life.redraws("only", row("ai", credits_(250)))

    assert (life.available, life.at(day(2, 28))) == (100, 250)


def test_a_publish_for_new_customers_changes_nothing_for_others() -> None:
    life = on_plan(MONTHLY).comes_to(day(2, 10))
    life.redraws("only", row("ai", credits_(250)), scope=NEW)

    assert life.at(day(2, 28)) == 100
    life.does(MigrateSubscription())
    assert (life.available, life.at(day(2, 28))) == (100, 250)


def test_a_credit_type_that_is_new_to_the_subscription_is_minted_at_once() -> None:
    shop = selling_credits(giving("only", None))
    life = wallet(Subscribe(plan="only", price="monthly"), shop=shop).comes_to(day(2, 10))
    life.redraws("only", row("ai", credits_(250)))

    assert life.comes_to(day(2, 12)).available == 250
    assert life.lot(1).grant.effective_at == day(2, 10)
    assert life.lot(1).grant.expires_at == day(2, 28)


def test_a_credit_type_that_comes_with_a_migration_is_minted_at_once() -> None:
    shop = selling_credits(giving("only", None))
    life = wallet(Subscribe(plan="only", price="monthly"), shop=shop).comes_to(day(2, 10))
    life.redraws("only", row("ai", credits_(250)), scope=NEW)
    assert life.available == 0

    assert life.comes_to(day(2, 12)).does(MigrateSubscription()).available == 250


def test_a_package_that_newly_gives_what_another_gives_already_begins_with_the_next_period() -> None:
    silent = sold(addon("pack"))
    shop = selling_credits(PACKAGES[1], silent)
    subscribe = Subscribe(plan="small", price="monthly", addons=(AddonQuantity("pack", 2),))
    life = wallet(subscribe, shop=shop).comes_to(day(2, 10)).looks()
    life.redraws("pack", row("ai", credits_(10)))

    assert (life.available, life.at(day(2, 28))) == (100, 100 + 30 + 20)


def test_what_is_published_away_stays_until_its_period_ends() -> None:
    life = on_plan(MONTHLY, rollover=30).comes_to(day(2, 10)).looks()
    life.redraws("only")

    assert (life.available, life.at(day(2, 28))) == (100, 0)


def test_a_publish_at_the_instant_of_the_subscription_counts_the_same_anyone_who_looks_first() -> None:
    early, late = on_plan(MONTHLY).looks(), on_plan(MONTHLY)
    for life in (early, late):
        life.redraws("only", row("ai", credits_(250)))

    assert early.ledger() == late.ledger()
    assert early.at(day(2, 28)) == 250
    assert (late.available, late.at(day(2, 28))) == (100, 250)


def test_what_was_published_while_the_book_was_brought_up_is_found_later() -> None:
    shop = selling_credits(giving("only", None))
    life = wallet(Subscribe(plan="only", price="monthly"), shop=shop)
    life.comes_to(day(2, 10)).redraws("only", row("ai", credits_(250)))
    seen = life.shop
    life.shop = shop
    life.comes_to(day(2, 12)).looks()
    life.shop = seen

    assert life.comes_to(day(2, 13)).available == 250
