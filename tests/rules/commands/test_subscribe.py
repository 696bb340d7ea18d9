from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from rules.catalog_edits.packages import archive, with_package
from rules.commands.change_plan import ChangeTiming
from rules.commands.command import Command
from rules.commands.customers import ArchiveCustomer, UpsertCustomer
from rules.commands.subscribe import AddonQuantity, Subscribe
from rules.commands.subscriptions import CancelSubscription
from rules.customers.facts import SubscriptionStatus
from tests.rules.builders.lives import ACTIVE, CANCELED, SCHEDULED, Life, subscribed
from tests.rules.builders.small_shop import DAY, PACKAGES, START, day, opened, plan, price, sold

FREE = Subscribe(plan="free")


def test_a_subscription_is_in_force_from_the_moment_of_subscribing() -> None:
    life = subscribed(FREE)

    assert (life.status, life.plan, life.version, life.price) == (ACTIVE, "free", 1, None)
    assert life.subscription.started_at == life.anchor == START
    assert life.asks("calls").allowed
    assert not life.asks("calls", at=START - timedelta.resolution).allowed


def test_a_subscription_that_starts_in_the_past_is_counted_from_there() -> None:
    life = subscribed(Subscribe(plan="free", start_at=day(1, 5)))

    assert (life.status, life.anchor) == (ACTIVE, day(1, 5))
    assert life.period_end == day(2, 5)
    assert life.asks("calls", at=day(1, 6)).allowed


def test_a_subscription_that_starts_in_the_future_is_scheduled_and_gives_nothing_until_then() -> None:
    life = subscribed(Subscribe(plan="free", start_at=day(2, 10)))

    assert (life.status, life.period) == (SCHEDULED, None)
    assert not life.asks("calls").allowed
    assert life.asks("calls", at=day(2, 10)).allowed
    assert life.comes_to(day(2, 10)).status is ACTIVE


def test_several_products_make_several_subscriptions() -> None:
    life = subscribed(FREE).does(Subscribe(plan="chat"))

    assert life.limit() == 17


@pytest.mark.parametrize("start", [None, day(3, 1)])
def test_subscribing_again_while_a_subscription_lives_is_refused(start: datetime | None) -> None:
    life = subscribed(Subscribe(plan="free", start_at=start))

    assert life.comes_to(day(2, 5)).refuses(Subscribe(plan="team")) == ["ALREADY_EXISTS plan"]


def test_a_customer_may_subscribe_again_after_the_end() -> None:
    life = subscribed(FREE).comes_to(day(2, 5)).does(CancelSubscription(timing=ChangeTiming.NOW))
    assert life.status is CANCELED

    life.comes_to(day(2, 6)).does(Subscribe(plan="team"))

    assert (life.status, life.plan) == (ACTIVE, "team")


def test_a_start_may_not_lie_before_the_end_of_the_last_subscription_of_the_product() -> None:
    life = subscribed(FREE).comes_to(day(2, 5)).does(CancelSubscription(timing=ChangeTiming.NOW))
    life.comes_to(day(2, 8))

    early = Subscribe(plan="team", start_at=day(2, 5) - timedelta.resolution)
    assert life.refuses(early) == ["OUT_OF_RANGE startAt"]
    assert life.does(replace(early, start_at=day(2, 5))).status is ACTIVE
    assert life.does(Subscribe(plan="chat", start_at=day(1, 1))).status is ACTIVE


def test_left_out_the_price_is_the_only_one_there_is() -> None:
    life = subscribed(Subscribe(plan="team"))

    assert life.price == price("monthly", 20)


@pytest.mark.parametrize(
    ("act", "refusals"),
    [
        (Subscribe(plan="basic"), ["REQUIRED price"]),
        (Subscribe(plan="basic", price="weekly"), ["NOT_FOUND price"]),
        (Subscribe(plan="free", price="monthly"), ["NOT_FOUND price"]),
        (Subscribe(plan="none"), ["NOT_FOUND plan"]),
        (Subscribe(plan="boost"), ["NOT_FOUND plan"]),
        (Subscribe(plan="idea"), ["NOT_ALLOWED plan"]),
        (Subscribe(plan="gone"), ["ARCHIVED plan"]),
        (Subscribe(plan="free", trial_days=-1), ["OUT_OF_RANGE trialDays"]),
        (Subscribe(plan="free", trial_days=3_651), ["OUT_OF_RANGE trialDays"]),
        (Subscribe(plan="free", idempotency_key=""), ["INVALID idempotencyKey"]),
        (Subscribe(plan="free", addons=(AddonQuantity("none"),)), ["NOT_FOUND addons.0.addon"]),
        (Subscribe(plan="free", addons=(AddonQuantity("pro"),)), ["NOT_FOUND addons.0.addon"]),
        (Subscribe(plan="free", addons=(AddonQuantity("bots"),)), ["NOT_ALLOWED addons.0.addon"]),
        (
            Subscribe(plan="pro", price="monthly", addons=(AddonQuantity("boost"), AddonQuantity("pack"))),
            ["NOT_ALLOWED addons.1.addon"],
        ),
        (Subscribe(plan="free", addons=(AddonQuantity("boost", 4),)), ["OUT_OF_RANGE addons.0.quantity"]),
        (Subscribe(plan="free", addons=(AddonQuantity("boost", 0),)), ["OUT_OF_RANGE addons.0.quantity"]),
        (
            Subscribe(plan="free", addons=(AddonQuantity("boost"), AddonQuantity("pack", -1))),
            ["OUT_OF_RANGE addons.1.quantity"],
        ),
        (
            Subscribe(plan="free", addons=(AddonQuantity("pack"), AddonQuantity("pack"))),
            ["INVALID addons.1.addon"],
        ),
        (
            Subscribe(plan="basic", trial_days=-1, addons=(AddonQuantity("none"),)),
            ["REQUIRED price", "NOT_FOUND addons.0.addon", "OUT_OF_RANGE trialDays"],
        ),
    ],
)
def test_what_cannot_be_subscribed_to_is_refused_with_every_problem(
    act: Command, refusals: list[str]
) -> None:
    shop = archive(opened(*PACKAGES, sold(plan("gone"))), "gone", archived=True)
    shop = with_package(shop, sold(plan("idea")))

    assert Life(shop=shop).born().refuses(act) == refusals


def test_subscribing_a_customer_who_does_not_exist_is_refused() -> None:
    assert Life().refuses(FREE) == ["NOT_FOUND customer"]


def test_subscribing_an_archived_customer_is_refused() -> None:
    assert Life().born().does(ArchiveCustomer()).refuses(FREE) == ["ARCHIVED customer"]


def test_subscriptions_do_not_keep_a_plan_from_being_archived_and_stay_on_it() -> None:
    life = subscribed(FREE)
    life.shop = archive(life.shop, "free", archived=True)

    assert (life.status, life.limit()) == (ACTIVE, 10)


def test_archiving_a_customer_ends_every_subscription_now() -> None:
    life = subscribed(FREE).does(Subscribe(plan="chat", start_at=day(3, 1)))
    life.comes_to(day(2, 5)).does(ArchiveCustomer())

    assert life.customer is not None
    assert [s.status(life.now) for s in life.customer.subscriptions] == [SubscriptionStatus.CANCELED] * 2
    assert life.asks("calls").reason.value == "CUSTOMER_ARCHIVED"


def test_an_upsert_brings_an_archived_customer_back_without_subscriptions() -> None:
    life = subscribed(FREE).comes_to(day(2, 5)).does(ArchiveCustomer())
    life.comes_to(day(2, 6)).does(UpsertCustomer(key="acme"))

    assert life.asks("calls").reason.value == "NO_ACTIVE_SUBSCRIPTION"
    assert life.does(FREE).comes_to(life.now + DAY).asks("calls").allowed


def test_archiving_twice_leaves_the_first_end_as_it_was() -> None:
    life = subscribed(FREE).comes_to(day(2, 5)).does(ArchiveCustomer())

    assert life.comes_to(day(2, 6)).does(ArchiveCustomer()).subscription.ends_at == day(2, 5)


def test_archiving_a_customer_who_does_not_exist_is_refused() -> None:
    assert Life().refuses(ArchiveCustomer()) == ["NOT_FOUND customer"]
