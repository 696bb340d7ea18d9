from __future__ import annotations

from rules.commands.change_plan import ChangeTiming
from rules.commands.customers import ArchiveCustomer
from rules.commands.subscribe import AddonQuantity, Subscribe
from rules.commands.subscriptions import CancelSubscription, ConvertTrial
from rules.credits.grants import CreditSource, GrantStatus
from rules.customers.facts import TrialEnd
from rules.numbers import LARGEST
from tests.rules.builders.small_shop import addon, day, row, sold
from tests.rules.models.wallets import (
    BILLING,
    MONTHLY,
    ONE_TIME,
    PACKAGES,
    credits_,
    on_plan,
    selling_credits,
    wallet,
)


def test_a_trial_mints_and_its_conversion_mints_a_full_period() -> None:
    life = on_plan(MONTHLY, trial_days=14)
    life.spends(30)
    assert (life.available, life.lot(1).grant.expires_at) == (70, day(2, 28))

    life.comes_to(day(2, 14))
    assert life.ledger(2) == ["VOIDED -70 #1", "GRANTED +100 #2"]
    assert life.lot(2).grant.expires_at == day(3, 14)


def test_what_ends_with_the_trial_expires() -> None:
    life = on_plan(BILLING, trial_days=14)
    assert life.lot(1).grant.expires_at == day(2, 14)

    assert life.comes_to(day(2, 14)).ledger(1) == ["EXPIRED -100 #1", "GRANTED +100 #2"]


def test_a_conversion_before_the_end_of_the_trial_voids() -> None:
    life = on_plan(BILLING, trial_days=14).comes_to(day(2, 5)).does(ConvertTrial())

    assert life.ledger(1) == ["VOIDED -100 #1", "GRANTED +100 #2"]
    assert life.lot(2).grant.expires_at == day(3, 5)


def test_nothing_is_carried_over_a_conversion() -> None:
    life = on_plan(BILLING, rollover=30, trial_days=14).comes_to(day(2, 14))

    assert life.left() == {2: 100}


def test_a_trial_that_expires_leaves_nothing() -> None:
    life = on_plan(MONTHLY, rollover=30, trial_days=14, after_trial=TrialEnd.EXPIRE).comes_to(day(2, 14))

    assert life.totals() == {"granted": 100, "voided": 100}


def test_what_is_minted_once_is_not_minted_again_by_a_conversion() -> None:
    life = on_plan(ONE_TIME, trial_days=14).comes_to(day(2, 20))

    assert life.totals() == {"granted": 100, "available": 100}


def test_a_cancellation_in_effect_voids_what_recurs_and_leaves_what_was_paid_or_given() -> None:
    life = on_plan(MONTHLY)
    life.gets(7)
    life.gets(5, CreditSource.PROMOTIONAL)
    life.comes_to(day(2, 10)).does(CancelSubscription(timing=ChangeTiming.NOW))

    assert life.ledger(3) == ["VOIDED -100 #1"]
    assert life.stands(1) is GrantStatus.VOIDED
    assert life.left() == {3: 5, 2: 7}


def test_what_was_minted_once_outlives_the_subscription() -> None:
    life = on_plan(ONE_TIME).does(CancelSubscription(timing=ChangeTiming.NOW))

    assert life.available == 100


def test_archiving_a_customer_voids_what_recurs() -> None:
    life = on_plan(MONTHLY).comes_to(day(2, 10)).does(ArchiveCustomer())

    assert life.totals() == {"granted": 100, "voided": 100}


def test_a_subscription_that_is_canceled_before_it_starts_mints_nothing() -> None:
    life = on_plan(MONTHLY, start_at=day(3, 1)).does(CancelSubscription(timing=ChangeTiming.NOW))

    assert life.comes_to(day(3, 2)).totals() == {}


def test_anyone_who_subscribes_again_is_given_credits_again() -> None:
    life = on_plan(MONTHLY).does(CancelSubscription(timing=ChangeTiming.NOW))
    life.comes_to(day(2, 10)).does(Subscribe(plan="only", price="monthly"))

    assert life.totals() == {"granted": 200, "available": 100, "voided": 100}


def test_minting_settles_what_is_owed() -> None:
    life = on_plan(MONTHLY)
    life.spends(130, overdraft=True)

    assert (life.overdraft, life.at(day(2, 28))) == (30, 70)


def test_credits_too_many_to_count_are_minted_as_far_as_they_can_be_counted() -> None:
    huge = sold(addon("pack"), row("ai", credits_(5_000_000_000_000)))
    life = wallet(
        Subscribe(plan="small", price="monthly", addons=(AddonQuantity("pack", 2),)),
        shop=selling_credits(PACKAGES[1], huge),
    )

    assert life.brought_up().balance == LARGEST
