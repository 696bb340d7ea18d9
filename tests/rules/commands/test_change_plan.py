from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from rules.catalog_edits.packages import archive
from rules.commands.change_plan import ChangePlan, ChangeTiming, UsageOnChange
from rules.commands.customers import ArchiveCustomer
from rules.commands.subscribe import Subscribe
from rules.commands.subscriptions import CancelSubscription, ConvertTrial, ResumeSubscription
from rules.customers.facts import TrialEnd
from rules.periods import Period
from rules.values import BillingPeriod, Granted
from tests.rules.builders.lives import ACTIVE, CANCELED, IN_TRIAL, Life, subscribed
from tests.rules.builders.small_shop import (
    MOMENT,
    PACKAGES,
    START,
    day,
    limit,
    monthly_and_yearly,
    opened,
    plan,
    price,
    row,
    sold,
)

NOW, PERIOD_END = ChangeTiming.NOW, ChangeTiming.PERIOD_END
CARRY, RESET = UsageOnChange.CARRY, UsageOnChange.RESET

BASIC = Subscribe(plan="basic", price="monthly")
PRO = Subscribe(plan="pro", price="monthly", trial_days=0)
TO_PRO = ChangePlan(plan="pro", price="monthly", timing=NOW)
TO_BASIC = ChangePlan(plan="basic", price="monthly", timing=PERIOD_END)
TRIAL = replace(BASIC, trial_days=7)


@pytest.mark.parametrize(
    ("start", "change", "timing"),
    [
        # The target inherits from the current plan, or the current one from the target.
        (BASIC, ChangePlan(plan="pro", price="monthly"), NOW),
        (BASIC, ChangePlan(plan="pro", price="yearly"), NOW),
        (PRO, ChangePlan(plan="basic", price="monthly"), PERIOD_END),
        (PRO, ChangePlan(plan="basic", price="yearly"), PERIOD_END),
        # The same plan on a longer billing period, or on a shorter one.
        (BASIC, ChangePlan(plan="basic", price="yearly"), NOW),
        (replace(BASIC, price="yearly"), ChangePlan(plan="basic", price="monthly"), PERIOD_END),
        # The higher price alone decides, whatever the position.
        (BASIC, ChangePlan(plan="team"), NOW),
        (PRO, ChangePlan(plan="team"), PERIOD_END),
        (Subscribe(plan="team"), ChangePlan(plan="basic", price="monthly"), PERIOD_END),
        (Subscribe(plan="team"), ChangePlan(plan="pro", price="yearly"), NOW),
        # Where there is no price to compare, the higher position.
        (Subscribe(plan="free"), ChangePlan(plan="basic", price="monthly"), NOW),
        (BASIC, ChangePlan(plan="free"), PERIOD_END),
        (BASIC, ChangePlan(plan="euro"), NOW),
        (Subscribe(plan="euro"), ChangePlan(plan="team"), PERIOD_END),
        (replace(PRO, price="yearly"), ChangePlan(plan="team"), NOW),
        # Equal is a downgrade.
        (Subscribe(plan="free"), ChangePlan(plan="gratis"), PERIOD_END),
        (Subscribe(plan="team"), ChangePlan(plan="crew", price="low"), PERIOD_END),
        # Of several prices the one asked for, else the lowest.
        (Subscribe(plan="team"), ChangePlan(plan="crew", price="high"), NOW),
        (Subscribe(plan="team"), ChangePlan(plan="crew", price="once"), PERIOD_END),
    ],
)
def test_auto_is_now_for_an_upgrade_and_the_end_of_the_period_for_a_downgrade(
    start: Subscribe, change: ChangePlan, timing: ChangeTiming
) -> None:
    once = price("once", 900, BillingPeriod.ONE_TIME)
    crew = sold(plan("crew", 9), prices=[price("high", 21), price("low", 20), once])
    life = subscribed(start, shop=opened(*PACKAGES, sold(plan("gratis")), crew))
    end = life.period_end

    life.comes_to(day(2, 3)).does(change)

    if timing is NOW:
        assert (life.plan, life.scheduled) == (change.plan, None)
    else:
        assert (life.plan, life.scheduled) == (start.plan, (change.plan, end))


def test_a_plan_far_up_the_chain_is_inherited_from_as_well() -> None:
    shop = opened(*PACKAGES, sold(plan("top"), base="pro"))
    life = subscribed(Subscribe(plan="top"), shop=shop).does(ChangePlan(plan="basic", price="monthly"))

    assert life.plan == "top"
    assert life.does(CancelSubscription(timing=NOW), BASIC, ChangePlan(plan="top")).plan == "top"


@pytest.mark.parametrize("usage", [RESET, CARRY])
def test_a_change_now_holds_from_that_instant_on(usage: UsageOnChange) -> None:
    life = subscribed(BASIC).comes_to(day(2, 5)).does(replace(TO_PRO, usage=usage))

    assert (life.plan, life.version, life.price) == ("pro", 1, price("monthly", 30))
    assert life.limit() == 500
    assert (life.limit(at=day(2, 5) - MOMENT), life.limit(at=day(2, 5))) == (100, 500)


def test_now_with_reset_starts_a_new_period_with_usage_at_zero() -> None:
    life = subscribed(BASIC).uses("calls", 5)
    life.comes_to(day(2, 5)).uses("exports", 3).comes_to(day(2, 6)).does(TO_PRO)

    assert (life.anchor, life.period) == (day(2, 6), Period(start=day(2, 6), end=day(3, 6)))
    assert (life.used(), life.counted()) == (0, (day(2, 6), day(3, 6)))
    assert (life.used("exports"), life.counted("exports")) == (
        0,
        (day(2, 6), datetime(2026, 3, 1, tzinfo=UTC)),
    )
    assert life.used(at=day(2, 6) - MOMENT) == 5


def test_reset_is_the_default() -> None:
    assert ChangePlan(plan="pro").usage is RESET


def test_now_with_carry_keeps_anchor_and_usage() -> None:
    life = subscribed(BASIC).uses("calls", 5).comes_to(day(2, 6)).uses("exports", 3)
    life.does(replace(TO_PRO, usage=CARRY))

    assert (life.anchor, life.period) == (START, Period(start=START, end=day(2, 28)))
    assert (life.used(), life.used("exports")) == (5, 3)


@pytest.mark.parametrize("usage", [RESET, CARRY])
@pytest.mark.parametrize("timing", [NOW, PERIOD_END])
def test_gauges_always_carry(timing: ChangeTiming, usage: UsageOnChange) -> None:
    life = subscribed(BASIC).uses("projects", 3).does(replace(TO_PRO, timing=timing, usage=usage))

    assert life.comes_to(day(3, 10)).used("projects") == 3


def test_a_change_at_the_end_of_the_period_leaves_everything_as_it_is_until_then() -> None:
    life = subscribed(PRO).uses("calls", 5).comes_to(day(2, 6)).does(TO_BASIC)

    assert (life.plan, life.limit(), life.used(), life.scheduled) == ("pro", 500, 5, ("basic", day(2, 28)))
    assert life.comes_to(day(2, 28) - MOMENT).limit() == 500
    assert life.comes_to(day(2, 28)).limit() == 100
    assert (life.plan, life.price, life.scheduled) == ("basic", price("monthly", 10), None)


@pytest.mark.parametrize(("usage", "used"), [(RESET, 0), (CARRY, 3)])
def test_a_change_at_the_end_of_the_period_obeys_usage_too(usage: UsageOnChange, used: int) -> None:
    life = subscribed(PRO).comes_to(day(2, 6)).uses("exports", 3).does(replace(TO_BASIC, usage=usage))

    assert life.comes_to(day(2, 28)).used("exports") == used
    assert life.counted("exports")[0] == (datetime(2026, 2, 1, tzinfo=UTC) if used else day(2, 28))
    assert life.comes_to(day(3, 1)).used("exports") == 0


@pytest.mark.parametrize("usage", [RESET, CARRY])
@pytest.mark.parametrize(
    ("start", "change"),
    [(PRO, TO_BASIC), (PRO, ChangePlan(plan="free")), (Subscribe(plan="free"), ChangePlan(plan="gratis"))],
)
def test_the_31st_stays_the_31st_where_the_billing_period_stays_the_same(
    start: Subscribe, change: ChangePlan, usage: UsageOnChange
) -> None:
    life = subscribed(start, shop=opened(*PACKAGES, sold(plan("gratis")))).does(replace(change, usage=usage))
    life.comes_to(day(3, 1))

    assert (life.plan, life.anchor) == (change.plan, START)
    assert life.period == Period(start=day(2, 28), end=day(3, 31))


def test_where_the_billing_period_becomes_another_the_boundary_is_the_new_anchor() -> None:
    yearly = ChangePlan(plan="basic", price="yearly", timing=PERIOD_END)
    life = subscribed(PRO).does(yearly).comes_to(day(3, 1))

    assert life.period == Period(start=day(2, 28), end=day(2, 28, year=2027))


def test_a_change_keeps_the_end_of_the_trial() -> None:
    life = subscribed(TRIAL).uses("calls", 5).comes_to(day(2, 3)).does(TO_PRO)

    assert (life.status, life.plan, life.subscription.trial_ends_at) == (IN_TRIAL, "pro", day(2, 7))
    assert (life.used(), life.period) == (0, Period(start=START, end=day(2, 7)))
    assert life.counted() == (day(2, 3), day(2, 7))
    assert (life.comes_to(day(2, 7)).status, life.plan, life.anchor) == (ACTIVE, "pro", day(2, 7))


@pytest.mark.parametrize("after", TrialEnd)
def test_at_the_end_of_a_trial_a_change_takes_the_place_of_conversion_or_expiry(after: TrialEnd) -> None:
    life = subscribed(replace(TRIAL, after_trial=after)).uses("calls", 5)
    life.comes_to(day(2, 3)).does(ChangePlan(plan="free"))

    assert (life.status, life.plan, life.scheduled) == (IN_TRIAL, "basic", ("free", day(2, 7)))
    life.comes_to(day(2, 7))
    assert (life.status, life.plan, life.anchor, life.used()) == (ACTIVE, "free", day(2, 7), 0)


@pytest.mark.parametrize(("usage", "used"), [(RESET, 0), (CARRY, 3)])
def test_a_change_at_the_end_of_a_trial_obeys_usage_too(usage: UsageOnChange, used: int) -> None:
    life = subscribed(replace(TRIAL, plan="pro")).comes_to(day(2, 3)).uses("exports", 3)

    assert life.does(replace(TO_BASIC, usage=usage)).comes_to(day(2, 7)).used("exports") == used


def test_a_change_of_an_expiring_trial_that_is_taken_back_lets_it_expire() -> None:
    life = subscribed(replace(TRIAL, after_trial=TrialEnd.EXPIRE))
    life.does(ChangePlan(plan="free"), ResumeSubscription())

    assert life.comes_to(day(2, 7)).asks("calls").reason.value == "NO_ACTIVE_SUBSCRIPTION"


def test_a_trial_that_is_converted_at_once_converts_on_the_plan_it_is_on() -> None:
    life = subscribed(TRIAL).does(ChangePlan(plan="free")).comes_to(day(2, 3)).does(ConvertTrial())

    assert (life.status, life.plan, life.scheduled) == (ACTIVE, "basic", None)


def test_a_change_at_the_very_instant_of_a_conversion_holds() -> None:
    life = subscribed(TRIAL).uses("exports", 3).comes_to(day(2, 7)).does(replace(TO_PRO, usage=CARRY))

    assert (life.status, life.plan, life.anchor, life.used("exports")) == (ACTIVE, "pro", day(2, 7), 0)
    assert len({term.starts_at for term in life.subscription.terms}) == len(life.subscription.terms)


@pytest.mark.parametrize(
    ("change", "refusals"),
    [
        (ChangePlan(plan="basic", price="monthly"), ["NOT_ALLOWED plan"]),
        (ChangePlan(plan="basic"), ["REQUIRED price"]),
        (ChangePlan(plan="pro", price="weekly"), ["NOT_FOUND price"]),
        (ChangePlan(plan="none"), ["NOT_FOUND plan"]),
        (ChangePlan(plan="boost"), ["NOT_FOUND plan"]),
        (ChangePlan(plan="chat"), ["INVALID plan"]),
        (ChangePlan(plan="gone"), ["ARCHIVED plan"]),
        (ChangePlan(plan="team", idempotency_key=""), ["INVALID idempotencyKey"]),
        (
            ChangePlan(plan="pro", price="weekly", idempotency_key=""),
            ["INVALID idempotencyKey", "NOT_FOUND price"],
        ),
    ],
)
def test_what_cannot_be_changed_to_is_refused_with_every_problem(
    change: ChangePlan, refusals: list[str]
) -> None:
    shop = archive(opened(*PACKAGES, sold(plan("gone"))), "gone", archived=True)

    assert subscribed(BASIC, shop=shop).refuses(change) == refusals


def test_the_plan_and_price_it_is_on_already_are_refused_also_while_a_change_is_scheduled() -> None:
    life = subscribed(BASIC).does(ChangePlan(plan="free"))

    assert life.refuses(ChangePlan(plan="basic", price="monthly")) == ["NOT_ALLOWED plan"]
    assert subscribed(Subscribe(plan="team")).refuses(ChangePlan(plan="team")) == ["NOT_ALLOWED plan"]


def test_without_a_live_subscription_there_is_nothing_to_change() -> None:
    assert Life().born().refuses(TO_PRO) == ["NOT_FOUND customer"]
    assert Life().refuses(TO_PRO) == ["NOT_FOUND customer"]
    assert Life().born().does(ArchiveCustomer()).refuses(TO_PRO) == ["ARCHIVED customer"]
    life = subscribed(BASIC).does(CancelSubscription(timing=NOW))
    assert (life.status, life.refuses(TO_PRO)) == (CANCELED, ["NOT_FOUND customer"])


def test_rows_linked_to_a_price_hold_for_subscriptions_on_that_price_of_that_very_plan() -> None:
    rows = (row("calls", limit(1)), row("calls", limit(2), "yearly"), row("sso", Granted(), "yearly"))
    shop = opened(
        sold(plan("basic"), *rows, prices=monthly_and_yearly(10)),
        sold(plan("pro"), base="basic", prices=monthly_and_yearly(20)),
    )
    life = subscribed(BASIC, shop=shop)

    assert (life.limit(), life.asks("sso").allowed) == (1, False)
    life.does(ChangePlan(plan="basic", price="yearly"))
    assert (life.limit(), life.asks("sso").allowed) == (2, True)
    life.does(ChangePlan(plan="pro", price="yearly"))
    assert (life.limit(), life.asks("sso").allowed) == (1, False)
