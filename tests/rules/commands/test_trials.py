from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from rules.catalog_edits.updates import PlanUpdate, update_plan
from rules.commands.change_plan import ChangeTiming
from rules.commands.customers import UpsertCustomer
from rules.commands.subscribe import AddonQuantity, Subscribe
from rules.commands.subscriptions import CancelSubscription, ConvertTrial, ResumeSubscription
from rules.customers.facts import TrialEnd
from rules.numbers import ONE
from rules.periods import Period
from rules.values import Metered, Reset, ResetInterval
from tests.rules.builders.lives import ACTIVE, CANCELED, EXPIRED, IN_TRIAL, SCHEDULED, Life, subscribed
from tests.rules.builders.small_shop import DAY, MOMENT, START, day, opened, plan, row, sold

PRO = Subscribe(plan="pro", price="monthly")
WEEK = Subscribe(plan="basic", price="monthly", trial_days=7)
EXPIRING = replace(WEEK, after_trial=TrialEnd.EXPIRE)
CANCEL_NOW = CancelSubscription(timing=ChangeTiming.NOW)


def test_left_out_the_trial_is_the_default_of_the_plan() -> None:
    life = subscribed(PRO)

    assert (life.status, life.subscription.trial_end) == (IN_TRIAL, START + 14 * DAY)
    assert life.subscription.after_trial is TrialEnd.CONVERT


def test_a_default_trial_is_given_once_per_customer_and_product() -> None:
    life = subscribed(PRO).comes_to(day(2, 5)).does(CANCEL_NOW, PRO)

    assert (life.status, life.subscription.trial_end) == (ACTIVE, None)


def test_a_trial_that_was_declined_is_still_given() -> None:
    life = subscribed(replace(PRO, trial_days=0))
    assert life.status is ACTIVE

    assert life.comes_to(day(2, 5)).does(CANCEL_NOW, PRO).status is IN_TRIAL


def test_trial_days_from_the_caller_always_hold() -> None:
    life = subscribed(PRO).comes_to(day(2, 5)).does(CANCEL_NOW)

    assert life.comes_to(day(2, 6)).does(WEEK).subscription.trial_end == day(2, 13)


def test_the_days_of_a_trial_are_local_days() -> None:
    # Clocks go forward in Berlin on 29 March, so that these seven days are an hour short.
    life = subscribed(WEEK, timezone="Europe/Berlin", at=day(3, 25))

    assert life.subscription.trial_end == datetime(2026, 4, 1, 8, tzinfo=UTC)


def test_while_a_trial_runs_it_is_the_current_period() -> None:
    life = subscribed(replace(WEEK, trial_days=45))

    assert life.comes_to(day(3, 10)).period == Period(start=START, end=START + 45 * DAY)
    assert life.counted() == (START, START + 45 * DAY)


def test_the_period_of_usage_follows_the_reset_alone_while_a_trial_runs() -> None:
    daily = Metered(limit=ONE, reset=Reset(every=ResetInterval.WEEK))
    shop = opened(sold(plan("basic"), row("calls", daily)))
    life = subscribed(Subscribe(plan="basic", trial_days=10), shop=shop)

    assert life.comes_to(day(2, 8)).counted() == (day(2, 7), day(2, 14))


def test_a_trial_that_converts_starts_the_paid_period_with_a_new_anchor_and_usage_at_zero() -> None:
    life = subscribed(WEEK).uses("calls", 5).uses("exports", 6).uses("projects", 3)

    life.comes_to(day(2, 7) - MOMENT)
    assert (life.status, life.used(), life.used("exports", at=day(2, 1))) == (IN_TRIAL, 5, 0)
    life.comes_to(day(2, 7))
    assert (life.status, life.anchor, life.period) == (
        ACTIVE,
        day(2, 7),
        Period(start=day(2, 7), end=day(3, 7)),
    )
    assert (life.used(), life.used("projects")) == (0, 3)


def test_conversion_resets_calendar_usage_too() -> None:
    life = subscribed(WEEK, at=day(2, 2)).uses("exports", 6)

    assert life.comes_to(day(2, 8)).used("exports") == 6
    assert life.comes_to(day(2, 9)).used("exports") == 0
    assert life.counted("exports") == (day(2, 9), datetime(2026, 3, 1, tzinfo=UTC))


def test_a_trial_that_expires_ends_unconverted() -> None:
    life = subscribed(EXPIRING)

    assert life.comes_to(day(2, 7) - MOMENT).asks("calls").allowed
    assert life.comes_to(day(2, 7)).status is EXPIRED
    assert life.asks("calls").reason.value == "NO_ACTIVE_SUBSCRIPTION"
    assert life.does(replace(WEEK, trial_days=0)).status is ACTIVE


@pytest.mark.parametrize("trial", [WEEK, EXPIRING])
def test_a_trial_is_converted_before_its_end(trial: Subscribe) -> None:
    life = subscribed(trial).uses("calls", 5).comes_to(day(2, 3)).does(ConvertTrial())

    assert (life.status, life.anchor, life.used()) == (ACTIVE, day(2, 3), 0)
    assert life.subscription.trial_end == day(2, 3)
    assert life.comes_to(day(2, 20)).status is ACTIVE
    assert life.period == Period(start=day(2, 3), end=day(3, 3))


def test_a_trial_that_was_converted_was_to_last_longer_before() -> None:
    life = subscribed(WEEK).comes_to(day(2, 3)).does(ConvertTrial())

    assert life.counted(at=day(2, 2)) == (START, day(2, 7))


def test_a_trial_is_converted_at_the_very_instant_at_which_it_starts() -> None:
    life = subscribed(replace(WEEK, start_at=day(2, 3))).comes_to(day(2, 3)).does(ConvertTrial())

    assert (life.status, life.anchor) == (ACTIVE, day(2, 3))
    assert len({term.starts_at for term in life.subscription.terms}) == len(life.subscription.terms)


def test_a_conversion_clears_what_is_scheduled() -> None:
    life = subscribed(WEEK).does(CancelSubscription()).comes_to(day(2, 3)).does(ConvertTrial())

    assert life.comes_to(day(2, 8)).status is ACTIVE


@pytest.mark.parametrize("act", [replace(WEEK, trial_days=0), replace(WEEK, start_at=day(2, 20))])
def test_where_no_trial_runs_there_is_nothing_to_convert(act: Subscribe) -> None:
    assert subscribed(act).comes_to(day(2, 9)).refuses(ConvertTrial()) == ["NOT_ALLOWED customer"]


def test_where_there_is_no_subscription_there_is_no_trial_to_convert() -> None:
    assert Life().born().refuses(ConvertTrial()) == ["NOT_FOUND customer"]
    assert Life().refuses(ConvertTrial()) == ["NOT_FOUND customer"]


def test_of_several_products_the_one_to_convert_must_be_named() -> None:
    life = subscribed(WEEK).does(Subscribe(plan="chat", trial_days=3))

    assert life.refuses(ConvertTrial()) == ["REQUIRED product"]
    assert life.refuses(ConvertTrial(product="none")) == ["NOT_FOUND product"]
    assert life.does(ConvertTrial(product="desk")).status is ACTIVE


def test_a_trial_that_is_canceled_ends_with_it() -> None:
    life = subscribed(WEEK).comes_to(day(2, 2)).does(CancelSubscription())

    assert (life.status, life.subscription.ends_at) == (IN_TRIAL, day(2, 7))
    assert life.comes_to(day(2, 7)).status is CANCELED


@pytest.mark.parametrize(("trial", "becomes"), [(WEEK, ACTIVE), (EXPIRING, EXPIRED)])
def test_a_trial_that_is_resumed_becomes_what_it_was_to_become(trial: Subscribe, becomes: object) -> None:
    life = subscribed(trial).does(CancelSubscription(), ResumeSubscription())

    assert life.comes_to(day(2, 7)).status is becomes


def test_a_trial_may_lie_in_the_past_or_in_the_future() -> None:
    assert subscribed(replace(WEEK, start_at=day(1, 10))).anchor == day(1, 17)
    assert subscribed(replace(EXPIRING, start_at=day(1, 10))).status is EXPIRED
    life = subscribed(replace(WEEK, start_at=day(2, 10)))
    assert life.status is SCHEDULED
    assert life.comes_to(day(2, 10)).status is IN_TRIAL
    assert life.comes_to(day(2, 17)).anchor == day(2, 17)


def test_addons_are_there_while_a_trial_runs_and_after_it() -> None:
    life = subscribed(replace(WEEK, addons=(AddonQuantity("boost", 2),)))

    assert life.limit() == 200
    assert life.comes_to(day(2, 8)).limit() == 200


def test_a_publish_for_all_while_a_trial_runs_holds_after_it_too() -> None:
    life = subscribed(WEEK).comes_to(day(2, 3))
    life.redraws("basic", row("calls", Metered(limit=7 * ONE)))

    assert (life.version, life.limit()) == (2, 7)
    assert (life.comes_to(day(2, 8)).version, life.limit()) == (2, 7)


def test_conversion_is_counted_in_the_time_zone_that_holds_then() -> None:
    life = subscribed(WEEK).does(UpsertCustomer(key="acme", timezone="Asia/Tokyo"))

    assert life.subscription.term(life.now).timezone == "UTC"
    assert life.subscription.term(day(2, 7)).timezone == "Asia/Tokyo"


def test_a_default_trial_that_was_raised_holds_for_new_subscriptions_only() -> None:
    life = subscribed(PRO)
    life.shop = update_plan(life.shop, PlanUpdate(key="pro", default_trial_days=30))

    assert life.subscription.trial_end == START + 14 * DAY
