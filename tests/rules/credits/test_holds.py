from __future__ import annotations

from rules.credits.grants import GrantStatus
from tests.rules.builders.small_shop import day
from tests.rules.models.wallets import THIRD, wallet


def test_what_is_held_cannot_be_spent_and_is_entered_nowhere() -> None:
    life = wallet()
    life.gets(10)
    life.holds(4)

    assert life.totals() == {"granted": 10, "available": 6, "reserved": 4}
    assert not life.spends(7)
    assert life.ledger() == ["GRANTED +10 #1"]


def test_a_hold_takes_from_grants_in_burn_order_and_gives_back_in_the_opposite_order() -> None:
    life = wallet()
    life.gets(10)
    life.gets(10)
    life.holds(15)
    assert life.left() == {1: 0, 2: 5}

    life.settles(8)
    assert life.ledger(2) == ["CONSUMED -8 #1"]
    assert life.left() == {1: 2, 2: 10}


def test_settling_burns_what_was_held_and_frees_the_rest() -> None:
    life = wallet()
    life.gets(10)
    life.holds(6).settles(4)

    assert life.totals() == {"granted": 10, "available": 6, "consumed": 4}
    assert life.brought_up().holds == {}


def test_releasing_frees_all_and_enters_nothing() -> None:
    life = wallet()
    life.gets(10)
    life.holds(6).releases()

    assert life.ledger() == ["GRANTED +10 #1"]
    assert life.totals() == {"granted": 10, "available": 10}


def test_a_hold_that_expires_frees_what_it_held_at_that_instant() -> None:
    life = wallet()
    life.gets(10)
    life.holds(6, hours=1)

    assert life.at(life.present) == 4
    assert life.comes_to(day(1, 31, hour=11)).available == 10


def test_a_hold_outlives_the_expiry_of_its_grant_and_can_be_settled_from_it() -> None:
    life = wallet()
    number = life.gets(10, expires=day(2, 1, hour=8))
    life.holds(6, days=2)
    life.comes_to(day(2, 1))

    assert life.totals() == {"granted": 10, "reserved": 6, "expired": 4}
    assert life.stands(number) is GrantStatus.EXPIRED
    life.settles(5)
    assert life.ledger(1) == ["EXPIRED -4 #1", "CONSUMED -5 #1", "EXPIRED -1 #1"]
    assert life.totals() == {"granted": 10, "consumed": 5, "expired": 5}
    assert number in life.book.closed


def test_what_is_held_of_a_voided_grant_is_voided_when_it_comes_back() -> None:
    life = wallet()
    number = life.gets(10)
    life.holds(6)
    life.voids(number)
    life.releases()

    assert life.ledger(1) == ["VOIDED -4 #1", "VOIDED -6 #1"]


def test_what_comes_back_from_a_hold_settles_what_is_owed() -> None:
    life = wallet()
    life.gets(10)
    life.holds(8)
    life.spends(5, overdraft=True)
    assert life.totals() == {"granted": 10, "reserved": 8, "consumed": 5, "overdraft": 3}

    life.releases()
    assert life.ledger(3) == ["SETTLED -3 #1", "SETTLED +3"]
    assert life.totals() == {"granted": 10, "available": 5, "consumed": 5}


def test_what_was_settled_from_a_hold_can_be_given_back() -> None:
    life = wallet()
    life.gets(10)
    life.holds(8).settles(8).gives_back(3)

    assert life.totals() == {"granted": 10, "available": 5, "consumed": 5}


def test_holds_cost_together_what_one_of_all_of_them_costs() -> None:
    life = wallet()
    life.gets(1)
    for key in "abc":
        life.holds(1, key, THIRD)

    assert life.brought_up().available == 0
    for key in "abc":
        life.settles(1, key)
    assert (life.brought_up().consumed, life.brought_up().remainders) == (1_000_000, {})


def test_holds_that_are_released_leave_no_trace_in_what_is_charged() -> None:
    life = wallet()
    life.gets(1)
    life.holds(1, "a", THIRD).holds(1, "b", THIRD).releases("a").burns(1, THIRD).settles(1, "b")

    assert life.brought_up().consumed == 666_667


def test_where_credits_do_not_suffice_what_there_is_is_held_and_the_rest_is_owed_when_settled() -> None:
    life = wallet()
    life.gets(10)
    life.holds(15)
    assert life.totals() == {"granted": 10, "reserved": 10}

    life.settles(15)
    assert life.totals() == {"granted": 10, "consumed": 15, "overdraft": 5}
