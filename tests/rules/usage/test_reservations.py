from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rules.access.decision import AccessReason
from rules.commands.command import Command
from rules.numbers import ONE
from rules.usage.reservations import LONGEST_SECONDS, MOST_OPEN, ReservationStatus
from rules.values import ResetInterval
from tests.rules.builders.customer_builders import INSTANT, LONG_AGO, SOFT, limited
from tests.rules.models.till import Till, consume, release, reserve, set_to, settle, till

HELD, SETTLED = ReservationStatus.HELD, ReservationStatus.SETTLED
RELEASED, EXPIRED = ReservationStatus.RELEASED, ReservationStatus.EXPIRED


@pytest.fixture
def shop() -> Till:
    """The till of a customer with ten calls a day."""
    return till({"calls": limited(10, ResetInterval.DAY)})


def test_a_hold_counts_against_the_limit_and_is_no_usage(shop: Till) -> None:
    change = shop.does(reserve(4))

    assert (change.outcome, change.records) == ({"reserved": 4 * ONE}, ())
    assert shop.level() == (0, 4)
    assert shop.usage().remaining == 6 * ONE
    assert shop.asks(requested=7).reason is AccessReason.LIMIT_EXCEEDED


def test_what_does_not_fit_is_not_held(shop: Till) -> None:
    shop.does(reserve(6, "one"))

    change = shop.does(reserve(5, "two"))

    assert not change.changed
    assert change.decision is not None
    assert change.decision.reason is AccessReason.LIMIT_EXCEEDED
    assert shop.holds.keys() == {"one"}


def test_a_soft_limit_holds_what_is_asked() -> None:
    soft = till({"calls": limited(1, enforcement=SOFT)})

    assert soft.does(reserve(5)).changed
    assert soft.usage().overage == 0


def test_settling_records_all_of_a_hold_at_that_instant(shop: Till) -> None:
    shop.does(reserve(4))
    shop.waits(minutes=5)

    change = shop.does(settle())

    assert [(record.quantity, record.occurred_at) for record in change.records] == [(4 * ONE, shop.now)]
    assert (shop.level(), shop.status()) == ((4, 0), SETTLED)


def test_settling_less_gives_the_rest_back(shop: Till) -> None:
    shop.does(reserve(4))

    shop.does(settle(1))

    assert shop.level() == (1, 0)
    assert shop.usage().remaining == 9 * ONE


def test_what_exceeds_the_hold_is_a_report_that_no_limit_refuses(shop: Till) -> None:
    shop.does(reserve(10))

    shop.does(settle(25))

    assert shop.level() == (25, 0)


def test_quantity_zero_ends_the_hold_without_usage(shop: Till) -> None:
    shop.does(reserve(4))

    change = shop.does(settle(0))

    assert change.records == ()
    assert (shop.level(), shop.status()) == ((0, 0), SETTLED)


def test_settling_again_with_the_same_quantity_is_a_replay(shop: Till) -> None:
    shop.does(reserve(4))
    shop.does(settle())

    for again in (settle(), settle(4)):
        change = shop.does(again)
        assert (change.replayed, change.changed, change.records) == (True, False, ())
    assert shop.level() == (4, 0)


@pytest.mark.parametrize(("first", "second"), [(3, 4), (3, None), (0, None), (None, 0), (4, 3)])
def test_settling_again_with_another_quantity_is_a_conflict(
    shop: Till, first: int | None, second: int | None
) -> None:
    shop.does(reserve(4))
    shop.does(settle(first))
    before = shop.level()

    assert shop.refuses(settle(second)) == ["IDEMPOTENCY_CONFLICT quantity"]
    assert shop.level() == before


def test_a_released_hold_cannot_be_settled(shop: Till) -> None:
    shop.does(reserve(4))
    shop.does(release())

    assert shop.refuses(settle()) == ["NOT_ALLOWED key"]
    assert (shop.level(), shop.status()) == ((0, 0), RELEASED)


def test_a_settled_hold_cannot_be_released(shop: Till) -> None:
    shop.does(reserve(4))
    shop.does(settle())

    assert shop.refuses(release()) == ["NOT_ALLOWED key"]
    assert (shop.level(), shop.status()) == ((4, 0), SETTLED)


def test_releasing_again_is_a_replay(shop: Till) -> None:
    shop.does(reserve(4))
    shop.does(release())

    change = shop.does(release())

    assert (change.replayed, change.changed) == (True, False)


def test_a_hold_lasts_until_it_expires_and_not_a_moment_longer(shop: Till) -> None:
    shop.does(reserve(10, seconds=60))
    shop.waits(seconds=60)
    shop.now -= INSTANT

    assert (shop.level(), shop.status()) == ((0, 10), HELD)
    shop.now += INSTANT
    assert (shop.level(), shop.status()) == ((0, 0), EXPIRED)
    assert shop.does(consume(10)).changed


def test_an_expired_hold_can_still_be_settled_and_all_of_it_is_a_report(shop: Till) -> None:
    shop.does(reserve(10, seconds=60))
    shop.waits(minutes=2)
    shop.does(consume(10))

    shop.does(settle())

    assert (shop.level(), shop.status()) == ((20, 0), SETTLED)


def test_an_expired_hold_can_still_be_released(shop: Till) -> None:
    shop.does(reserve(10, seconds=60))
    shop.waits(minutes=2)

    shop.does(release())

    assert shop.status() is RELEASED


def test_a_hold_crosses_a_reset_and_is_settled_in_the_period_of_its_settling(shop: Till) -> None:
    shop.waits(hours=23, minutes=30)
    shop.does(consume(3))
    shop.does(reserve(7))
    shop.waits(minutes=45)

    assert shop.level() == (0, 7)
    assert not shop.does(consume(4)).changed
    shop.does(settle(5))
    assert shop.level() == (5, 0)


def test_an_answer_may_change_when_a_hold_expires(shop: Till) -> None:
    shop.does(reserve(1, "late", seconds=900))
    shop.does(reserve(1, "early", seconds=60))

    assert shop.asks().valid_until == shop.holds["early"].expires_at
    shop.does(release("early"))
    assert shop.asks().valid_until == shop.holds["late"].expires_at


def test_what_is_set_leaves_holds_aside(shop: Till) -> None:
    shop.does(reserve(4))

    shop.does(set_to(9))

    assert shop.level() == (9, 4)


def test_a_hold_of_one_feature_is_none_of_another() -> None:
    shop = till({"calls": limited(10), "seats": limited(10)})
    shop.does(reserve(4))

    assert shop.usage("seats").reserved == 0


@pytest.mark.parametrize(
    ("act", "problems"),
    [
        (reserve(0), ["OUT_OF_RANGE quantity"]),
        (reserve(-1), ["OUT_OF_RANGE quantity"]),
        (reserve(key=""), ["INVALID key"]),
        (reserve(key="k" * 256), ["INVALID key"]),
        (reserve(key="a\nb"), ["INVALID key"]),
        (reserve(seconds=0), ["OUT_OF_RANGE ttlSeconds"]),
        (reserve(seconds=LONGEST_SECONDS + 1), ["OUT_OF_RANGE ttlSeconds"]),
        (reserve(0, "", 0), ["INVALID key", "OUT_OF_RANGE quantity", "OUT_OF_RANGE ttlSeconds"]),
        (settle(), ["NOT_FOUND key"]),
        (settle(key="\n"), ["NOT_FOUND key"]),
        (release(), ["NOT_FOUND key"]),
    ],
)
def test_what_cannot_be_held_or_ended_is_refused_and_nothing_changes(
    shop: Till, act: Command, problems: list[str]
) -> None:
    assert shop.refuses(act) == problems
    assert (shop.holds, shop.records) == ({}, [])


def test_nothing_below_zero_is_settled(shop: Till) -> None:
    shop.does(reserve(4))

    assert shop.refuses(settle(-1)) == ["OUT_OF_RANGE quantity"]
    assert (shop.level(), shop.status()) == ((0, 4), HELD)


@pytest.mark.parametrize("seconds", [1, LONGEST_SECONDS])
def test_a_hold_lasts_a_second_to_a_day(shop: Till, seconds: int) -> None:
    shop.does(reserve(1, seconds=seconds))

    hold = shop.holds["hold"]
    assert hold.expires_at - hold.created_at == timedelta(seconds=seconds)


@pytest.mark.parametrize("act", [settle(), release()])
def test_a_customer_who_is_not_there_or_archived_ends_no_hold(shop: Till, act: Command) -> None:
    shop.does(reserve(4))
    assert shop.customer is not None
    shop.customer = replace(shop.customer, archived=True)
    assert shop.refuses(act) == ["ARCHIVED customer"]
    shop.customer = None
    assert shop.refuses(act) == ["NOT_FOUND customer"]


def test_the_thousand_and_first_open_hold_is_not_allowed() -> None:
    shop = till({"calls": limited(None), "seats": limited(None)})
    shop.does(reserve(key="0"))
    one = shop.holds["0"]
    shop.holds = {str(number): replace(one, key=str(number)) for number in range(MOST_OPEN)}

    assert shop.refuses(reserve(key="one more")) == ["NOT_ALLOWED key"]
    shop.holds = {**shop.holds, "0": replace(one, key="0", released_at=LONG_AGO)}
    assert shop.does(reserve(key="one more")).changed
    assert shop.refuses(reserve(key="another")) == ["NOT_ALLOWED key"]


def test_holds_of_another_feature_or_that_have_expired_leave_room() -> None:
    shop = till({"calls": limited(None)})
    shop.does(reserve(key="0"))
    one = shop.holds["0"]
    elsewhere = {f"s{n}": replace(one, key=f"s{n}", feature="seats") for n in range(MOST_OPEN)}
    expired = {f"e{n}": replace(one, key=f"e{n}", expires_at=shop.now) for n in range(MOST_OPEN)}
    shop.holds = elsewhere | expired

    assert shop.does(reserve(key="one more")).changed
