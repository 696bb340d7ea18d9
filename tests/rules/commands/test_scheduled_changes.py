from __future__ import annotations

from dataclasses import replace

import pytest

from rules.catalog.facts import PublishScope
from rules.catalog_edits.packages import archive
from rules.commands.change_plan import ChangePlan, ChangeTiming
from rules.commands.command import Command
from rules.commands.subscribe import AddonQuantity, Subscribe
from rules.commands.subscriptions import CancelSubscription, ResumeSubscription
from tests.rules.builders.lives import ACTIVE, IN_TRIAL, SCHEDULED, Life, subscribed
from tests.rules.builders.small_shop import day, limit, row

NOW, PERIOD_END = ChangeTiming.NOW, ChangeTiming.PERIOD_END

BASIC = Subscribe(plan="basic", price="monthly")
PRO = Subscribe(plan="pro", price="monthly", trial_days=0)
TO_PRO = ChangePlan(plan="pro", price="monthly", timing=NOW)
TO_BASIC = ChangePlan(plan="basic", price="monthly", timing=PERIOD_END)
TRIAL = replace(BASIC, trial_days=7)


def test_a_new_change_replaces_the_one_that_is_scheduled() -> None:
    life = subscribed(PRO).does(TO_BASIC, ChangePlan(plan="free"))

    assert life.scheduled == ("free", day(2, 28))
    assert life.comes_to(day(3, 1)).plan == "free"


def test_a_change_replaces_a_scheduled_cancellation_and_a_cancellation_a_change() -> None:
    life = subscribed(PRO).does(CancelSubscription(), TO_BASIC)
    assert (life.subscription.ends_at, life.scheduled) == (None, ("basic", day(2, 28)))

    life.does(CancelSubscription())
    assert (life.subscription.ends_at, life.scheduled) == (day(2, 28), None)


@pytest.mark.parametrize("scheduled", [TO_BASIC, CancelSubscription()])
def test_a_change_now_clears_what_is_scheduled(scheduled: Command) -> None:
    life = subscribed(PRO).does(scheduled, ChangePlan(plan="team", timing=NOW))

    assert (life.scheduled, life.subscription.ends_at) == (None, None)
    assert life.comes_to(day(3, 1)).plan == "team"


def test_a_scheduled_change_that_is_taken_back_never_happens() -> None:
    life = subscribed(PRO).does(TO_BASIC, ResumeSubscription())

    assert life.scheduled is None
    assert life.comes_to(day(3, 1)).plan == "pro"


def test_where_nothing_is_scheduled_there_is_nothing_to_take_back() -> None:
    assert subscribed(PRO).refuses(ResumeSubscription()) == ["NOT_ALLOWED customer"]
    assert Life().born().refuses(ResumeSubscription()) == ["NOT_FOUND customer"]


def test_a_scheduled_change_takes_the_version_published_when_it_takes_effect() -> None:
    life = subscribed(PRO).does(ChangePlan(plan="free")).comes_to(day(2, 5))
    life.redraws("free", row("calls", limit(20)))
    assert life.comes_to(day(2, 28)).version == 2

    life.comes_to(day(3, 3)).redraws("free", row("calls", limit(30)))
    assert (life.version, life.limit()) == (3, 30)


def test_a_publish_for_new_customers_after_a_scheduled_change_leaves_it_on_its_version() -> None:
    life = subscribed(PRO).does(ChangePlan(plan="free")).comes_to(day(3, 3))

    assert life.redraws("free", row("calls", limit(20)), scope=PublishScope.NEW_CUSTOMERS).version == 1


def test_a_scheduled_change_takes_effect_also_on_a_plan_archived_since() -> None:
    life = subscribed(PRO).does(ChangePlan(plan="free"))
    life.shop = archive(life.shop, "free", archived=True)

    assert life.comes_to(day(2, 28)).plan == "free"


def test_a_scheduled_subscription_is_changed_at_once() -> None:
    boosted = replace(PRO, start_at=day(2, 10), addons=(AddonQuantity("boost"),))
    life = subscribed(boosted).does(replace(TO_BASIC, timing=PERIOD_END))

    assert (life.status, life.plan, life.scheduled) == (SCHEDULED, "basic", None)
    assert (life.comes_to(day(2, 10)).limit(), life.addons) == (150, {"boost": 1})


def test_a_scheduled_subscription_that_is_changed_keeps_compatible_addons_only() -> None:
    held = (AddonQuantity("boost"), AddonQuantity("pack"))
    life = subscribed(replace(BASIC, start_at=day(2, 10), addons=held)).does(TO_PRO)

    assert life.comes_to(day(2, 10)).addons == {"boost": 1}


def test_a_scheduled_subscription_that_is_changed_is_not_canceled_any_more() -> None:
    life = subscribed(replace(BASIC, start_at=day(2, 10))).does(CancelSubscription(at=day(2, 20)), TO_PRO)

    assert life.comes_to(day(2, 25)).status is ACTIVE


def test_a_scheduled_trial_that_is_changed_converts_on_the_other_plan() -> None:
    life = subscribed(replace(TRIAL, start_at=day(2, 10))).does(TO_PRO)

    assert life.comes_to(day(2, 12)).status is IN_TRIAL
    assert (life.comes_to(day(2, 20)).status, life.plan) == (ACTIVE, "pro")
