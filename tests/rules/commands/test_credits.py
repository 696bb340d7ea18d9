from __future__ import annotations

import pytest

from rules.commands.command import Command, CommandContext, CustomerState
from rules.commands.credits import ConsumeCredits, GrantCredits, VoidCreditGrant
from rules.commands.customers import ArchiveCustomer
from rules.credits.grants import CreditSource, GrantStatus
from rules.numbers import LARGEST, ONE
from tests.rules.builders.small_shop import START, day
from tests.rules.models.wallets import Wallet, selling_credits, wallet

PAID = GrantCredits(credit_type="ai", amount=ONE)
SPENT = ConsumeCredits(credit_type="ai", amount=ONE)


@pytest.mark.parametrize(
    ("act", "refusals"),
    [
        (GrantCredits(credit_type="gold", amount=ONE), ["NOT_FOUND creditType"]),
        (GrantCredits(credit_type="ai", amount=0), ["OUT_OF_RANGE amount"]),
        (GrantCredits(credit_type="ai", amount=LARGEST + 1), ["OUT_OF_RANGE amount"]),
        (GrantCredits(credit_type="ai", amount=ONE, source=CreditSource.RECURRING), ["INVALID source"]),
        (GrantCredits(credit_type="ai", amount=ONE, priority=101), ["OUT_OF_RANGE priority"]),
        (GrantCredits(credit_type="ai", amount=ONE, priority=-1), ["OUT_OF_RANGE priority"]),
        (GrantCredits(credit_type="ai", amount=ONE, effective_at=day(1, 30)), ["OUT_OF_RANGE effectiveAt"]),
        (GrantCredits(credit_type="ai", amount=ONE, expires_at=day(1, 30)), ["OUT_OF_RANGE expiresAt"]),
        (
            GrantCredits(credit_type="ai", amount=ONE, effective_at=day(3, 1), expires_at=day(3, 1)),
            ["OUT_OF_RANGE expiresAt"],
        ),
        (GrantCredits(credit_type="ai", amount=ONE, note="x" * 10_001), ["OUT_OF_RANGE note"]),
        (GrantCredits(credit_type="ai", amount=ONE, idempotency_key=""), ["INVALID idempotencyKey"]),
        (
            GrantCredits(credit_type="gold", amount=0, priority=101),
            ["NOT_FOUND creditType", "OUT_OF_RANGE amount", "OUT_OF_RANGE priority"],
        ),
        (ConsumeCredits(credit_type="gold", amount=ONE), ["NOT_FOUND creditType"]),
        (ConsumeCredits(credit_type="gold", amount=ONE, allow_overdraft=True), ["NOT_FOUND creditType"]),
        (ConsumeCredits(credit_type="ai", amount=0), ["OUT_OF_RANGE amount"]),
        (ConsumeCredits(credit_type="ai", amount=-ONE), ["OUT_OF_RANGE amount"]),
        (ConsumeCredits(credit_type="ai", amount=ONE, note="x" * 10_001), ["OUT_OF_RANGE note"]),
        (VoidCreditGrant(credit_type="ai", number=7), ["NOT_FOUND grant"]),
    ],
)
def test_bad_input_is_refused_with_every_problem(act: Command, refusals: list[str]) -> None:
    assert wallet().refuses_credits(act) == refusals


def test_anyone_who_does_not_exist_or_is_archived_is_granted_nothing() -> None:
    nobody = Wallet(shop=selling_credits(), now=START)
    assert nobody.refuses_credits(PAID) == ["NOT_FOUND customer"]
    assert wallet(ArchiveCustomer()).refuses_credits(PAID) == ["ARCHIVED customer"]


def test_anyone_who_does_not_exist_or_is_archived_is_answered_with_a_no_when_spending() -> None:
    nobody = Wallet(shop=selling_credits(), now=START)
    assert not nobody.tries(SPENT).changed
    gone = wallet(PAID, ArchiveCustomer())
    assert not gone.tries(SPENT).changed
    assert gone.available == 1


def test_an_answer_of_no_changes_nothing_and_takes_no_key() -> None:
    change = wallet().tries(SPENT)

    assert (change.changed, change.outcome) == (False, {"consumed": 0})


def test_spending_tells_which_entries_it_made() -> None:
    life = wallet()
    life.gets(1)
    life.gets(1)
    change = life.tries(ConsumeCredits(credit_type="ai", amount=2 * ONE, note="job 9"))

    assert change.outcome == {"consumed": 2 * ONE, "first": 3, "last": 4}
    assert {entry.cause.note for entry in life.book.entries[2:]} == {"job 9"}


def test_more_than_can_be_counted_is_not_granted_nor_owed() -> None:
    life = wallet(GrantCredits(credit_type="ai", amount=LARGEST))
    assert life.refuses_credits(PAID) == ["OUT_OF_RANGE amount"]

    act = ConsumeCredits(credit_type="ai", amount=LARGEST, allow_overdraft=True)
    assert wallet(act).refuses_credits(act) == ["OUT_OF_RANGE amount"]


def test_a_grant_enters_balance_and_ledger_when_it_takes_effect() -> None:
    life = wallet()
    number = life.gets(10, effective=day(2, 5))

    assert (life.stands(number), life.totals(), life.ledger()) == (GrantStatus.SCHEDULED, {}, [])
    assert life.comes_to(day(2, 5)).totals() == {"granted": 10, "available": 10}
    assert life.brought_up().entries[0].cause.at == day(2, 5)


def test_a_grant_tells_its_note_in_the_ledger() -> None:
    now, later = (
        wallet(GrantCredits(credit_type="ai", amount=ONE, note="gift", effective_at=at))
        for at in (None, day(2, 1))
    )

    assert [life.comes_to(day(2, 1)).brought_up().entries[0].cause.note for life in (now, later)] == [
        "gift",
        "gift",
    ]


def test_voiding_takes_what_is_left() -> None:
    life = wallet()
    number = life.gets(10)
    life.spends(4)
    change = life.voids(number)

    assert change.outcome == {"grant": number}
    assert life.ledger(2) == ["VOIDED -6 #1"]
    assert life.stands(number) is GrantStatus.VOIDED
    assert life.book.closed[number].ended_at == life.present


def test_voiding_the_same_again_does_nothing() -> None:
    life = wallet()
    number = life.gets(10)
    life.voids(number)
    change = life.voids(number)

    assert (change.changed, change.replayed) == (False, True)


def test_what_has_expired_cannot_be_voided() -> None:
    life = wallet()
    number = life.gets(10, expires=day(2, 1))
    life.comes_to(day(2, 2))

    assert life.refuses_credits(VoidCreditGrant(credit_type="ai", number=number)) == ["NOT_ALLOWED grant"]


def test_a_grant_that_is_to_come_can_be_voided_and_never_takes_effect() -> None:
    life = wallet()
    number = life.gets(10, effective=day(2, 5), expires=day(3, 5))
    life.voids(number)
    life.comes_to(day(4, 1))

    assert (life.ledger(), life.totals(), life.stands(number)) == ([], {}, GrantStatus.VOIDED)


def test_a_spent_grant_can_be_voided_so_that_nothing_returns_to_it() -> None:
    life = wallet()
    number = life.gets(10)
    life.burns(10)
    life.voids(number)
    life.gives_back(10)

    assert life.ledger(2) == ["CONSUMED +10 #1", "VOIDED -10 #1"]


def test_spending_needs_no_subscription_and_waits_for_no_one() -> None:
    life = wallet()
    life.gets(3)

    assert life.customer is not None
    assert life.customer.subscriptions == ()
    assert life.spends(3)


def test_a_grant_may_take_effect_at_the_clock_s_time_though_its_act_comes_just_after() -> None:
    life = wallet()
    clock = life.present
    life.gets(1)
    act = GrantCredits(credit_type="ai", amount=ONE, effective_at=clock)
    scene = CommandContext(flat=life.flat, now=life.next_act_at, clock=clock)
    book = act.apply(scene, CustomerState(customer=life.customer, books={"ai": life.book})).state.books["ai"]

    assert (book.available, book.lot(2).grant.effective_at) == (2 * ONE, scene.now)
