from __future__ import annotations

from rules.credits.accounts import Cause
from rules.credits.grants import CreditSource, GrantStatus
from rules.numbers import ONE
from tests.rules.builders.small_shop import DAY, START, day
from tests.rules.models.wallets import IMAGES, THIRD, wallet

PAID, PROMOTIONAL = CreditSource.PAID, CreditSource.PROMOTIONAL


def test_credits_of_priority_0_burn_first_and_of_100_last() -> None:
    life = wallet()
    for priority in (100, 0, 50):
        life.gets(10, priority=priority)

    assert list(life.left()) == [2, 3, 1]
    life.spends(15)
    assert life.left() == {3: 5, 1: 10}


def test_what_expires_soonest_burns_first_and_what_never_does_last() -> None:
    life = wallet()
    life.gets(10)
    life.gets(10, expires=day(6, 1))
    life.gets(10, expires=day(3, 1))

    assert list(life.left()) == [3, 2, 1]


def test_a_lower_priority_burns_before_a_sooner_expiry() -> None:
    life = wallet()
    life.gets(10, expires=day(3, 1))
    life.gets(10, priority=49)

    assert list(life.left()) == [2, 1]


def test_gifts_burn_before_what_recurs_and_that_before_what_was_paid_for() -> None:
    life = wallet()
    life.gets(10, PAID)
    life.gets(10, PROMOTIONAL)

    assert list(life.left()) == [2, 1]


def test_of_equals_what_took_effect_first_burns_first_and_then_the_older() -> None:
    life = wallet()
    life.gets(10, effective=day(2, 2))
    life.gets(10, effective=day(2, 1))
    life.gets(10, effective=day(2, 1))
    life.comes_to(day(2, 3))

    assert list(life.left()) == [2, 3, 1]


def test_each_grant_that_is_touched_has_one_entry() -> None:
    life = wallet()
    life.gets(10)
    life.gets(10)
    life.spends(15)

    assert life.ledger() == ["GRANTED +10 #1", "GRANTED +10 #2", "CONSUMED -10 #1", "CONSUMED -5 #2"]


def test_without_an_overdraft_it_is_all_or_nothing() -> None:
    life = wallet()
    life.gets(10)

    assert not life.spends(11)
    assert life.ledger() == ["GRANTED +10 #1"]
    assert life.spends(10)
    assert life.available == 0


def test_an_overdraft_spends_what_there_is_and_owes_the_rest() -> None:
    life = wallet()
    life.gets(10)

    assert life.spends(25, overdraft=True)
    assert life.ledger(1) == ["CONSUMED -10 #1", "CONSUMED -15"]
    assert life.totals() == {"granted": 10, "consumed": 25, "overdraft": 15}


def test_the_next_grant_settles_what_is_owed_first() -> None:
    life = wallet()
    life.spends(15, overdraft=True)
    life.gets(10)

    assert life.ledger(2) == ["SETTLED -10 #1", "SETTLED +10"]
    assert life.totals() == {"granted": 10, "consumed": 15, "overdraft": 5}
    life.gets(10)
    assert (life.available, life.overdraft) == (5, 0)
    assert life.totals() == {"granted": 20, "available": 5, "consumed": 15}


def test_a_grant_that_is_to_come_settles_when_it_takes_effect() -> None:
    life = wallet()
    life.spends(15, overdraft=True)
    life.gets(20, effective=day(2, 5))

    assert (life.overdraft, life.at(day(2, 5))) == (15, 5)
    assert life.comes_to(day(2, 5)).ledger() == [
        *("CONSUMED -15", "GRANTED +20 #1", "SETTLED -15 #1", "SETTLED +15"),
    ]


def test_what_is_left_at_its_expiry_expires() -> None:
    life = wallet()
    number = life.gets(10, expires=day(3, 1))
    life.spends(4)

    assert life.stands(number) is GrantStatus.ACTIVE
    assert life.comes_to(day(3, 1)).ledger(2) == ["EXPIRED -6 #1"]
    assert life.stands(number) is GrantStatus.EXPIRED
    assert life.book.entries[-1].cause.at < life.brought_up().entries[-1].cause.at == day(3, 1)


def test_a_grant_that_is_spent_is_depleted_and_leaves_the_working_state() -> None:
    life = wallet()
    number = life.gets(10)
    life.spends(10)

    assert life.stands(number) is GrantStatus.DEPLETED
    assert number not in life.book.lots


def test_what_is_given_back_returns_to_the_grants_it_came_from_the_last_burned_first() -> None:
    life = wallet()
    life.gets(10)
    life.gets(10)
    life.burns(15).gives_back(7)

    assert life.ledger(4) == ["CONSUMED +5 #2", "CONSUMED +2 #1"]
    assert life.left() == {1: 2, 2: 10}


def test_what_is_given_back_pays_what_is_owed_before_it_returns_to_grants() -> None:
    life = wallet()
    life.gets(10)
    life.burns(15).gives_back(8)

    assert life.ledger(3) == ["CONSUMED +5", "CONSUMED +3 #1"]
    assert life.totals() == {"granted": 10, "available": 3, "consumed": 7}


def test_what_is_given_back_pays_also_what_others_owe() -> None:
    life = wallet()
    life.gets(10)
    life.burns(10)
    life.spends(4, overdraft=True)
    life.gives_back(6)

    assert life.ledger(3) == ["CONSUMED +4", "CONSUMED +2 #1"]
    assert life.left() == {1: 2}


def test_what_was_owed_returns_to_the_grant_that_settled_it() -> None:
    life = wallet()
    life.burns(10)
    number = life.gets(30)
    life.gives_back(10)

    assert life.ledger(4) == [f"CONSUMED +10 #{number}"]
    assert life.left() == {number: 30}


def test_the_grant_that_paid_for_others_gets_back_what_they_give_back() -> None:
    exports = IMAGES.__class__(feature="exports", credit_type="ai", credits=ONE)
    life = wallet()
    life.gets(10)
    life.burns(10)
    life.burns(5, exports)
    life.gives_back(5)
    assert life.ledger(3) == ["CONSUMED +5"]

    life.gives_back(5, "exports")
    assert life.ledger(4) == ["CONSUMED +5 #1"]
    assert life.left() == {1: 5}


def test_what_returns_to_a_grant_that_expired_is_entered_and_expires() -> None:
    life = wallet()
    number = life.gets(10, expires=day(3, 1))
    life.burns(6).comes_to(day(3, 2)).looks()
    life.gives_back(6)

    assert life.ledger(3) == ["CONSUMED +6 #1", "EXPIRED -6 #1"]
    assert life.totals() == {"granted": 10, "expired": 10}
    assert life.stands(number) is GrantStatus.EXPIRED


def test_what_returns_to_a_spent_grant_whose_time_is_over_expires_too() -> None:
    life = wallet()
    life.gets(10, expires=day(3, 1))
    life.burns(10).comes_to(day(3, 2)).gives_back(4)

    assert life.ledger(2) == ["CONSUMED +4 #1", "EXPIRED -4 #1"]


def test_what_returns_to_a_voided_grant_is_entered_and_voided() -> None:
    life = wallet()
    number = life.gets(10)
    life.burns(6)
    life.voids(number)
    life.gives_back(6)

    assert life.ledger(2) == ["VOIDED -4 #1", "CONSUMED +6 #1", "VOIDED -6 #1"]


def test_only_usage_of_its_own_period_comes_back() -> None:
    life = wallet()
    life.gets(100)
    life.burns(10, starts_at=START).burns(10, starts_at=START + 10 * DAY)

    assert life.gives_back(15, starts_at=START).available == 90
    assert life.gives_back(15, starts_at=START).available == 90
    assert life.gives_back(4, starts_at=START + 10 * DAY).available == 94


def test_what_comes_back_was_paid_at_the_rate_of_its_time() -> None:
    dear = IMAGES.__class__(feature="calls", credit_type="ai", credits=5 * ONE)
    life = wallet()
    life.gets(100)
    life.burns(10).burns(2, dear)

    assert life.available == 80
    assert life.gives_back(3).available == 91


def test_many_small_reports_cost_what_one_large_report_costs() -> None:
    one, many = wallet(), wallet()
    one.gets(100)
    many.gets(100)
    one.burns(10, THIRD)
    for _ in range(10):
        many.burns(1, THIRD)

    assert one.brought_up().consumed == many.brought_up().consumed == 3_333_333


def test_a_new_rate_holds_for_what_comes_after_it_and_keeps_the_remainder() -> None:
    sixth = IMAGES.__class__(feature="calls", credit_type="ai", credits=ONE, per_units=6 * ONE)
    life = wallet()
    life.gets(100)
    life.burns(1, THIRD).burns(1, sixth)

    assert life.brought_up().consumed == 500_000
    assert life.brought_up().remainders == {}


def test_halves_are_rounded_up() -> None:
    half = IMAGES.__class__(feature="calls", credit_type="ai", credits=1, per_units=2 * ONE)
    life = wallet()
    life.gets(1)

    assert [life.burns(1, half).brought_up().consumed for _ in range(4)] == [1, 1, 2, 2]


def test_anyone_who_gives_all_back_gets_all_back_however_it_was_rounded() -> None:
    life = wallet()
    life.gets(100)
    for units in (1, 1, 5):
        life.burns(units, THIRD)
    life.gives_back(7)

    assert (life.available, life.book.remainders) == (100, {})


def test_the_piles_of_what_was_burned_do_not_grow_with_the_reports() -> None:
    life = wallet()
    life.gets(1000)
    for _ in range(50):
        life.burns(1)

    (burned,) = life.book.burned.values()
    assert (len(burned.usage), len(burned.pieces)) == (1, 1)


def test_an_entry_tells_the_feature_the_note_and_when() -> None:
    life = wallet()
    life.gets(10)
    life.burns(1)

    assert life.book.entries[-1].cause == Cause(at=life.present, feature="calls")
