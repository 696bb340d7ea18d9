from __future__ import annotations

from dataclasses import replace

import pytest

from rules.commands.change_plan import ChangeTiming
from rules.commands.customers import ArchiveCustomer
from rules.commands.subscribe import AddonQuantity, Subscribe
from rules.commands.subscriptions import CancelSubscription, ResumeSubscription
from tests.rules.builders.lives import ACTIVE, CANCELED, SCHEDULED, Life, subscribed
from tests.rules.builders.small_shop import MOMENT, day

BASIC = Subscribe(plan="basic", price="monthly", addons=(AddonQuantity("boost"),))
CANCEL = CancelSubscription()
CANCEL_NOW = CancelSubscription(timing=ChangeTiming.NOW)


@pytest.mark.parametrize("timing", [ChangeTiming.PERIOD_END, ChangeTiming.AUTO])
def test_a_cancellation_keeps_access_to_the_end_of_the_current_period(timing: ChangeTiming) -> None:
    life = subscribed(BASIC).comes_to(day(2, 5)).does(CancelSubscription(timing=timing))

    assert (life.status, life.subscription.canceled_at) == (ACTIVE, day(2, 28))
    assert life.comes_to(day(2, 28) - MOMENT).asks("calls").allowed
    assert life.comes_to(day(2, 28)).status is CANCELED
    assert life.asks("calls").reason.value == "NO_ACTIVE_SUBSCRIPTION"


def test_the_period_of_usage_is_never_cut_by_a_cancellation() -> None:
    life = subscribed(BASIC).does(CancelSubscription(at=day(2, 10)))

    assert life.counted()[1] == day(2, 28)
    assert life.asks("calls").valid_until == day(2, 10)


def test_a_cancellation_now_ends_it_now() -> None:
    life = subscribed(BASIC).comes_to(day(2, 5)).does(CANCEL_NOW)

    assert (life.status, life.period, life.subscription.canceled_at) == (CANCELED, None, day(2, 5))
    assert life.asks("calls", at=day(2, 5) - MOMENT).allowed
    assert not life.asks("calls", at=day(2, 5)).allowed


def test_a_cancellation_may_name_an_instant() -> None:
    life = subscribed(BASIC).comes_to(day(2, 5)).does(CancelSubscription(at=day(4, 10)))

    assert life.comes_to(day(4, 10) - MOMENT).status is ACTIVE
    assert life.comes_to(day(4, 10)).status is CANCELED


def test_a_cancellation_cannot_name_an_instant_before_now() -> None:
    life = subscribed(BASIC).comes_to(day(2, 5))

    assert life.refuses(CancelSubscription(at=day(2, 5) - MOMENT)) == ["OUT_OF_RANGE at"]
    assert life.does(CancelSubscription(at=day(2, 5))).status is CANCELED


def test_a_new_cancellation_replaces_the_one_that_is_scheduled() -> None:
    life = subscribed(BASIC).does(CancelSubscription(at=day(2, 10)), CancelSubscription(at=day(2, 20)))

    assert life.comes_to(day(2, 15)).status is ACTIVE
    assert life.comes_to(day(2, 20)).status is CANCELED


def test_a_cancellation_that_is_taken_back_never_happens() -> None:
    life = subscribed(BASIC).does(CANCEL, ResumeSubscription())

    assert life.subscription.ends_at is None
    assert life.comes_to(day(3, 5)).status is ACTIVE


def test_a_cancellation_that_took_effect_cannot_be_taken_back() -> None:
    life = subscribed(BASIC).does(CANCEL).comes_to(day(2, 28))

    assert life.refuses(ResumeSubscription()) == ["NOT_FOUND customer"]


@pytest.mark.parametrize("act", [CANCEL, CANCEL_NOW])
def test_a_scheduled_subscription_is_canceled_at_once(act: CancelSubscription) -> None:
    life = subscribed(replace(BASIC, start_at=day(2, 20))).comes_to(day(2, 5))
    assert life.status is SCHEDULED

    assert life.does(act).status is CANCELED
    assert life.comes_to(day(2, 21)).status is CANCELED


def test_addons_end_with_the_subscription() -> None:
    life = subscribed(BASIC).does(CANCEL).comes_to(day(2, 28))

    assert life.sources() == []


def test_without_a_live_subscription_there_is_nothing_to_cancel() -> None:
    assert Life().refuses(CANCEL) == ["NOT_FOUND customer"]
    assert Life().born().refuses(CANCEL) == ["NOT_FOUND customer"]
    assert subscribed(BASIC).does(CANCEL_NOW).refuses(CANCEL) == ["NOT_FOUND customer"]
    assert subscribed(BASIC).does(ArchiveCustomer()).refuses(CANCEL) == ["ARCHIVED customer"]


def test_of_several_products_the_one_to_cancel_must_be_named() -> None:
    life = subscribed(BASIC).does(Subscribe(plan="chat"))

    assert life.refuses(CANCEL_NOW) == ["REQUIRED product"]
    assert life.refuses(replace(CANCEL_NOW, product="none")) == ["NOT_FOUND product"]
    assert life.does(replace(CANCEL_NOW, product="app")).sources() == ["chat*"]
    assert life.does(CANCEL_NOW).sources() == []
