from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from rules.catalog_edits.packages import archive
from rules.catalog_edits.updates import PlanUpdate, update_plan
from rules.commands.change_plan import ChangePlan, ChangeTiming, UsageOnChange
from rules.commands.customers import ArchiveCustomer
from rules.commands.subscribe import AddonQuantity, Subscribe
from rules.commands.subscriptions import CancelSubscription, MigrateSubscription, SetSubscriptionAddon
from tests.rules.builders.lives import Life, subscribed
from tests.rules.builders.small_shop import PACKAGES, addon, day, limit, opened, row, sold

BASIC = Subscribe(plan="basic", price="monthly")
BOOST = SetSubscriptionAddon(addon="boost", quantity=1)
TO_PRO = ChangePlan(plan="pro", price="monthly")
NOW, PERIOD_END = ChangeTiming.NOW, ChangeTiming.PERIOD_END


def test_an_addon_counts_times_its_quantity_from_that_instant_on() -> None:
    life = subscribed(BASIC).uses("calls", 5).comes_to(day(2, 5)).does(replace(BOOST, quantity=3))

    assert (life.addons, life.limit(), life.used()) == ({"boost": 3}, 250, 5)
    assert life.limit(at=day(2, 4)) == 100
    assert life.sources() == ["basic*", "boost x3*"]


def test_another_quantity_takes_the_place_of_the_one_before() -> None:
    life = subscribed(BASIC).does(BOOST).comes_to(day(2, 5)).does(replace(BOOST, quantity=2))

    assert (life.addons, life.limit(), life.limit(at=day(2, 4))) == ({"boost": 2}, 200, 150)


def test_quantity_0_takes_the_addon_away() -> None:
    life = subscribed(BASIC).does(BOOST).comes_to(day(2, 5)).does(replace(BOOST, quantity=0))

    assert (life.addons, life.limit(), life.limit(at=day(2, 4))) == ({}, 100, 150)
    assert life.does(replace(BOOST, quantity=0)).addons == {}


@pytest.mark.parametrize(
    ("act", "refusals"),
    [
        (SetSubscriptionAddon(addon="none", quantity=1), ["NOT_FOUND addon"]),
        (SetSubscriptionAddon(addon="basic", quantity=1), ["NOT_FOUND addon"]),
        (SetSubscriptionAddon(addon="pack", quantity=1), ["NOT_ALLOWED addon"]),
        (SetSubscriptionAddon(addon="pack", quantity=-1), ["NOT_ALLOWED addon", "OUT_OF_RANGE quantity"]),
        (SetSubscriptionAddon(addon="boost", quantity=4), ["OUT_OF_RANGE quantity"]),
        (SetSubscriptionAddon(addon="bots", quantity=1), ["NOT_FOUND customer"]),
        (SetSubscriptionAddon(addon="gone", quantity=1), ["ARCHIVED addon"]),
    ],
)
@pytest.mark.parametrize("start", [day(1, 31), day(2, 20)])
def test_addons_need_compatibility_and_a_quantity_that_is_sold(
    start: datetime, act: SetSubscriptionAddon, refusals: list[str]
) -> None:
    shop = archive(opened(*PACKAGES, sold(addon("gone"))), "gone", archived=True)
    pro = Subscribe(plan="pro", price="monthly", start_at=start)

    assert subscribed(pro, shop=shop).refuses(act) == refusals


def test_without_a_live_subscription_there_are_no_addons() -> None:
    assert Life().refuses(BOOST) == ["NOT_FOUND customer"]
    assert Life().born().refuses(BOOST) == ["NOT_FOUND customer"]
    assert Life().born().does(ArchiveCustomer()).refuses(BOOST) == ["ARCHIVED customer"]
    assert Life().refuses(replace(BOOST, addon="none")) == ["NOT_FOUND customer", "NOT_FOUND addon"]


def test_without_a_maximum_any_quantity_can_be_had() -> None:
    assert subscribed(BASIC).does(SetSubscriptionAddon(addon="pack", quantity=10**6)).addons == {
        "pack": 10**6
    }


def test_anyone_who_has_an_addon_that_is_sold_no_more_may_have_more_or_less_of_it() -> None:
    life = subscribed(BASIC).does(BOOST)
    life.shop = archive(life.shop, "boost", archived=True)

    assert life.does(replace(BOOST, quantity=2)).addons == {"boost": 2}
    assert life.refuses(replace(BOOST, quantity=4)) == ["OUT_OF_RANGE quantity"]


def test_addons_of_a_scheduled_subscription_begin_with_it() -> None:
    life = subscribed(replace(BASIC, start_at=day(2, 10), addons=(AddonQuantity("boost"),)))
    life.does(replace(BOOST, quantity=2), SetSubscriptionAddon(addon="pack", quantity=1))
    starts = [(known.addon, known.starts_at) for known in life.subscription.addons]

    assert sorted(starts) == [("boost", day(2, 10)), ("pack", day(2, 10))]
    assert life.limit(at=day(2, 10)) == 200
    assert life.does(replace(BOOST, quantity=0)).limit(at=day(2, 10)) == 100


def test_an_addon_that_is_changed_at_the_very_instant_of_the_start_has_the_new_quantity() -> None:
    life = subscribed(replace(BASIC, start_at=day(2, 10), addons=(AddonQuantity("boost"),)))
    life.comes_to(day(2, 10)).does(replace(BOOST, quantity=3))

    assert life.addons == {"boost": 3}
    assert len(life.subscription.addons) == 1


def test_addons_end_with_the_subscription() -> None:
    life = subscribed(BASIC).does(BOOST, CancelSubscription(timing=NOW)).comes_to(day(2, 5)).does(BASIC)

    assert life.addons == {}


@pytest.mark.parametrize("usage", UsageOnChange)
def test_a_change_now_keeps_compatible_addons(usage: UsageOnChange) -> None:
    life = subscribed(BASIC).does(BOOST, SetSubscriptionAddon(addon="pack", quantity=1))
    life.comes_to(day(2, 5)).does(replace(TO_PRO, usage=usage))

    assert life.addons == {"boost": 1}
    assert life.asks("storage", at=day(2, 4)).allowed
    assert not life.asks("storage").allowed


def test_a_scheduled_change_keeps_compatible_addons_when_it_takes_effect() -> None:
    life = subscribed(BASIC).does(BOOST, SetSubscriptionAddon(addon="pack", quantity=1))
    life.does(replace(TO_PRO, timing=PERIOD_END)).comes_to(day(2, 20))
    assert life.addons == {"boost": 1, "pack": 1}

    assert life.comes_to(day(2, 28)).addons == {"boost": 1}
    assert life.comes_to(day(3, 5)).refuses(SetSubscriptionAddon(addon="pack", quantity=2)) == [
        "NOT_ALLOWED addon"
    ]


def test_an_addon_that_a_change_did_not_keep_does_not_come_back_with_another_change() -> None:
    life = subscribed(BASIC).does(SetSubscriptionAddon(addon="pack", quantity=1))
    life.does(replace(TO_PRO, timing=PERIOD_END)).comes_to(day(2, 28))

    life.does(ChangePlan(plan="basic", price="monthly", timing=NOW))

    assert life.addons == {}
    assert life.does(SetSubscriptionAddon(addon="pack", quantity=2)).addons == {"pack": 2}


def test_an_addon_that_a_change_did_not_keep_does_not_come_back_with_a_migration() -> None:
    life = subscribed(BASIC).does(SetSubscriptionAddon(addon="pack", quantity=1))
    life.does(replace(TO_PRO, timing=PERIOD_END)).comes_to(day(3, 5)).redraws("pack", row("calls", limit(1)))

    assert life.does(MigrateSubscription()).addons == {}


def test_compatibility_counts_as_it_is_now() -> None:
    life = subscribed(BASIC).does(SetSubscriptionAddon(addon="pack", quantity=1))
    life.does(replace(TO_PRO, timing=PERIOD_END)).comes_to(day(3, 5))
    life.shop = update_plan(life.shop, PlanUpdate(key="pro", compatible_addons=("boost", "pack")))

    assert life.addons == {"pack": 1}


def test_a_publish_of_an_addon_holds_for_those_who_have_it() -> None:
    life = subscribed(BASIC).does(replace(BOOST, quantity=2)).comes_to(day(2, 5))
    life.redraws("boost", row("calls", limit(60)))

    assert (life.limit(), life.limit(at=day(2, 4))) == (220, 200)


def test_addons_of_one_subscription_are_in_the_order_of_their_keys_however_they_came() -> None:
    life = subscribed(BASIC).does(SetSubscriptionAddon(addon="pack", quantity=1), BOOST)
    assert life.sources("regions") == ["basic*", "pack*"]
    assert list(life.addons) == ["boost", "pack"]

    assert list(life.comes_to(day(2, 5)).does(replace(BOOST, quantity=2)).addons) == ["boost", "pack"]
