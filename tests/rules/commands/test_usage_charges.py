from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from rules.access.decision import AccessReason, Decision
from rules.catalog.facts import CreditRate, Row
from rules.commands.consume import Consume
from rules.commands.report_usage import ReportUsage, UsageMode
from rules.commands.reserve import ReleaseReservation, Reserve, SettleReservation
from rules.commands.subscribe import Subscribe
from rules.explanations.remedies import Remedy, RemedyKind, candidates, remedies, windows_needed
from rules.explanations.steps import steps, summary
from rules.numbers import LARGEST, ONE
from rules.values import LimitEnforcement, Money, OverageRate
from tests.rules.builders.small_shop import day, limit, plan, row, sold
from tests.rules.models.wallets import IMAGES, Wallet, selling_credits, wallet

WITHIN, PAID = AccessReason.WITHIN_LIMIT, AccessReason.WITHIN_CREDITS
TOO_FEW, OVERAGE = AccessReason.INSUFFICIENT_CREDITS, AccessReason.OVERAGE_ALLOWED
SOFT = LimitEnforcement.SOFT
TWICE = replace(IMAGES, credits=2 * ONE)


def of_calls(units: int, at: datetime | None = None, mode: UsageMode = UsageMode.ADD) -> ReportUsage:
    """Report calls."""
    return ReportUsage(feature="calls", quantity=units * ONE, occurred_at=at, mode=mode)


def uses(units: int) -> Consume:
    """Use calls up, if that is allowed."""
    return Consume(feature="calls", quantity=units * ONE)


def holds(units: int, key: str = "hold", seconds: int = 3600) -> Reserve:
    """Hold calls."""
    return Reserve(feature="calls", quantity=units * ONE, key=key, ttl_seconds=seconds)


def settles(units: int, key: str = "hold") -> SettleReservation:
    """Settle calls."""
    return SettleReservation(key=key, quantity=units * ONE)


def paying(*rows: Row, rate: CreditRate = TWICE, credits_there: int = 0) -> Wallet:
    """A customer on a plan in which calls burn credits beyond what rows say."""
    package = sold(plan("only"), *rows)
    package = replace(package, draft=replace(package.newest, rates=(rate,)))
    life = wallet(Subscribe(plan="only"), shop=selling_credits(package))
    if credits_there:
        life.gets(credits_there)
    return life


def limited(units: int = 100, credits_there: int = 0, **how: object) -> Wallet:
    """A customer with a limit, beyond which each call costs 2 credits."""
    value = replace(limit(units), **how)  # type: ignore[arg-type]
    return paying(row("calls", value), credits_there=credits_there)


def helping(life: Wallet, decision: Decision) -> list[Remedy]:
    """What would help."""
    found = candidates(decision, present=True)
    return remedies(found, {window: life.tally(window) for window in windows_needed(found)}, [])


def told(decision: Decision) -> tuple[AccessReason, int | None]:
    """The reason, and the cost in whole credits."""
    return decision.reason, None if decision.payment is None else decision.payment.cost // ONE


@pytest.mark.parametrize(
    ("requested", "answer"),
    [
        (None, (WITHIN, 0)),
        (100, (WITHIN, 0)),
        (101, (PAID, 2)),
        (110, (PAID, 20)),
        (111, (TOO_FEW, 22)),
        (0, (WITHIN, 0)),
        (-5, (WITHIN, 0)),
    ],
)
def test_beyond_a_hard_limit_credits_decide(requested: int | None, answer: tuple[AccessReason, int]) -> None:
    assert told(limited(credits_there=20).may(requested)) == answer


def test_at_the_limit_any_credit_lets_usage_go_on() -> None:
    life = limited(credits_there=1).does(of_calls(100))

    assert told(life.may()) == (PAID, 0)
    assert life.does(of_calls(1)).may().reason is TOO_FEW


def test_a_soft_limit_never_refuses_and_overdraws() -> None:
    life = limited(credits_there=10, enforcement=SOFT)

    assert told(life.may(105)) == (PAID, 10)
    assert told(life.may(106)) == (OVERAGE, 12)
    assert life.tries(uses(110)).changed
    assert life.totals() == {"granted": 10, "consumed": 20, "overdraft": 10}


def test_what_costs_money_burns_no_credits() -> None:
    dollars = OverageRate(amount=Money(amount=ONE, currency="USD"))
    life = limited(credits_there=10, enforcement=SOFT, overage=dollars).does(of_calls(150))

    assert life.available == 10
    assert told(life.may(5)) == (OVERAGE, 0)


def test_where_no_limit_applies_all_of_it_is_paid_in_credits() -> None:
    life = paying(credits_there=10)

    assert told(life.may()) == (PAID, 0)
    assert told(life.may(5)) == (PAID, 10)
    assert told(life.may(6)) == (TOO_FEW, 12)
    assert life.does(of_calls(3)).available == 4


def test_what_is_unlimited_burns_nothing() -> None:
    life = paying(row("calls", limit(None)), credits_there=10).does(of_calls(1000))

    assert (life.available, life.may(5).reason) == (10, AccessReason.UNLIMITED)


def test_consuming_burns_and_tells_what_it_cost_and_what_is_left() -> None:
    life = limited(credits_there=20).does(of_calls(95))
    change = life.tries(uses(10))

    assert change.decision is not None
    assert told(change.decision) == (PAID, 10)
    assert change.decision.book is not None
    assert change.decision.book.available == 10 * ONE
    assert not life.tries(uses(6)).changed
    assert life.available == 10


def test_a_report_tells_what_it_cost() -> None:
    life = limited(credits_there=20)

    assert life.tries(of_calls(105)).outcome == {"recorded": 105 * ONE, "cost": 10 * ONE}
    assert life.tries(of_calls(-3)).outcome == {"recorded": -3 * ONE, "cost": -6 * ONE}


def test_giving_back_takes_first_what_was_beyond_the_limit() -> None:
    life = limited(credits_there=50).does(of_calls(110))
    assert life.available == 30

    assert life.does(of_calls(-4)).available == 38
    assert life.does(of_calls(-20)).available == 50
    assert life.does(of_calls(14)).available == 50


def test_what_is_given_back_in_another_period_leaves_the_credits_of_this_one() -> None:
    life = limited(credits_there=50).does(of_calls(110)).comes_to(day(3, 5)).does(of_calls(50))

    assert life.does(of_calls(-20)).available == 30
    assert life.does(of_calls(-5, at=day(2, 1))).available == 40


def test_setting_usage_burns_or_gives_back_the_difference() -> None:
    life = limited(credits_there=50)

    assert life.does(of_calls(120, mode=UsageMode.SET)).available == 10
    assert life.does(of_calls(90, mode=UsageMode.SET)).available == 50


def test_late_usage_is_beyond_the_limit_of_the_period_in_which_it_occurred() -> None:
    life = limited(credits_there=50).does(of_calls(95)).comes_to(day(3, 5))

    life.does(of_calls(10, at=day(2, 5)))
    assert life.available == 40
    assert life.book.entries[-1].cause.at > day(3, 4)
    assert life.does(of_calls(100)).available == 40


def test_late_usage_costs_what_the_rate_of_now_says() -> None:
    life = limited(0, credits_there=50)
    package = life.shop.packages["only"]
    life.comes_to(day(3, 5)).publishes(replace(package, draft=replace(package.newest, rates=(IMAGES,))))
    life.does(of_calls(10, at=day(2, 5)))

    assert life.available == 40


def test_holds_take_the_limit_first_and_credits_last() -> None:
    life = limited(credits_there=20)
    change = life.tries(holds(105))

    assert change.decision is not None
    assert told(change.decision) == (PAID, 10)
    assert life.totals() == {"granted": 20, "available": 10, "reserved": 10}
    assert not life.tries(holds(6, "more")).changed
    assert life.tries(holds(5, "more")).changed
    assert life.available == 0


def test_what_comes_back_of_a_hold_leaves_credits_first() -> None:
    life = limited(credits_there=20).does(holds(105), settles(102))

    assert life.totals() == {"granted": 20, "available": 16, "consumed": 4}
    assert life.usage_of() == (102, 0)


def test_what_exceeds_a_hold_is_a_report() -> None:
    life = limited(credits_there=20).does(holds(102), settles(107))

    assert life.totals() == {"granted": 20, "available": 6, "consumed": 14}


def test_an_expired_hold_is_settled_as_a_report() -> None:
    life = limited(credits_there=20).does(holds(105, seconds=60))
    life.comes_to(life.present + timedelta(minutes=2))
    assert life.available == 20

    assert life.does(settles(103)).totals() == {"granted": 20, "available": 14, "consumed": 6}


def test_the_split_of_a_hold_stands_over_a_reset() -> None:
    life = limited(credits_there=20).comes_to(day(2, 28) - timedelta(minutes=5)).does(of_calls(98))
    life.does(holds(7)).comes_to(day(2, 28) + timedelta(minutes=5))

    assert life.does(settles(7)).totals() == {"granted": 20, "available": 10, "consumed": 10}
    assert life.usage_of() == (7, 0)


def test_releasing_gives_the_credits_back() -> None:
    life = limited(credits_there=20).does(holds(105), ReleaseReservation(key="hold"))

    assert life.totals() == {"granted": 20, "available": 20}


def test_holds_on_usage_make_what_comes_after_them_cost_credits() -> None:
    life = limited(credits_there=20).does(holds(100))

    assert told(life.may(3)) == (PAID, 6)
    assert life.does(of_calls(3)).available == 14


def test_usage_that_would_cost_more_than_can_be_counted_is_refused() -> None:
    life = limited(0)

    assert life.refuses_credits(ReportUsage(feature="calls", quantity=LARGEST)) == ["OUT_OF_RANGE value"]


def test_an_answer_that_credits_give_holds_until_they_may_change() -> None:
    life = limited(0)
    life.gets(10, expires=day(2, 10))
    life.gets(10, effective=day(2, 5))

    assert life.may(1).valid_until == day(2, 5)
    assert life.comes_to(day(2, 6)).may(1).valid_until == day(2, 10)


def test_a_no_for_lack_of_credits_is_explained_and_what_helps_is_tried() -> None:
    life = limited(credits_there=20)
    decision = life.may(115)
    found = helping(life, decision)

    assert summary(decision) == (
        "acme may not use 115 of Calls: 15 of Calls beyond the limit cost 30 credits, "
        "and 20 credits are available."
    )
    assert [step.check for step in steps(decision)][-2:] == ["limit", "credits"]
    assert [(remedy.kind, remedy.amount) for remedy in found] == [
        (RemedyKind.REQUEST_LESS, 110 * ONE),
        (RemedyKind.TOP_UP_CREDITS, 10 * ONE),
    ]


def test_a_top_up_pays_what_is_owed_too() -> None:
    life = limited(0).does(of_calls(5))
    (remedy,) = helping(life, life.may(1))

    assert (remedy.summary, remedy.amount) == ("Top up 12 credits.", 12 * ONE)
