from __future__ import annotations

from dataclasses import replace

import pytest

from rules.catalog.facts import PublishScope
from rules.commands.change_plan import ChangePlan, ChangeTiming
from rules.commands.subscribe import AddonQuantity, Subscribe
from rules.commands.subscriptions import MigrateSubscription
from tests.rules.builders.lives import ACTIVE, IN_TRIAL, Life, subscribed
from tests.rules.builders.small_shop import (
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

FREE = Subscribe(plan="free")
MIGRATE = MigrateSubscription()
NEW, ALL = PublishScope.NEW_CUSTOMERS, PublishScope.ALL_CUSTOMERS


def grandfathered(act: Subscribe = FREE) -> Life:
    """Somebody on version 1 of a plan whose version 2 is for new customers."""
    return subscribed(act).comes_to(day(2, 5)).redraws(act.plan, row("calls", limit(20)), scope=NEW)


def test_a_publish_for_all_holds_for_everyone_from_that_instant() -> None:
    life = subscribed(FREE).uses("calls", 5).comes_to(day(2, 5)).redraws("free", row("calls", limit(20)))

    assert (life.version, life.limit(), life.used()) == (2, 20, 5)
    assert life.limit(at=day(2, 4)) == 10


def test_a_publish_for_new_customers_leaves_those_who_are_there_on_their_version() -> None:
    life = grandfathered()

    assert (life.version, life.limit()) == (1, 10)
    assert subscribed(FREE, shop=life.shop).limit() == 20


def test_a_later_publish_for_all_holds_for_those_grandfathered_before_too() -> None:
    life = grandfathered().comes_to(day(2, 6)).redraws("free", row("calls", limit(30)))

    assert (life.version, life.limit()) == (3, 30)


def test_a_cascade_for_all_moves_those_on_the_newest_version_only() -> None:
    shop = opened(sold(plan("base")), sold(plan("child"), row("calls", limit(1)), base="base"))
    on_newest, on_oldest = (subscribed(Subscribe(plan="child"), shop=shop) for _ in range(2))
    on_oldest.comes_to(day(2, 5)).redraws("child", row("calls", limit(2)), scope=NEW)
    for life in (on_newest, on_oldest):
        life.comes_to(day(2, 6)).redraws("base", row("exports", limit(1)))

    assert (on_newest.version, on_oldest.version) == (2, 1)
    assert (on_newest.asks("exports").allowed, on_oldest.asks("exports").allowed) == (True, False)


def test_a_cascade_for_new_customers_moves_nobody() -> None:
    shop = opened(sold(plan("base")), sold(plan("child"), base="base"))
    life = subscribed(Subscribe(plan="child"), shop=shop).comes_to(day(2, 6))

    assert life.redraws("base", row("exports", limit(1)), scope=NEW).version == 1


def test_left_out_the_version_is_the_newest() -> None:
    life = grandfathered().comes_to(day(2, 8)).does(MIGRATE)

    assert (life.version, life.limit(), life.limit(at=day(2, 7))) == (2, 20, 10)


def test_a_version_can_be_named_and_be_an_older_one() -> None:
    life = grandfathered().does(MigrateSubscription(version=2)).comes_to(day(2, 8))

    assert life.does(MigrateSubscription(version=1)).limit() == 10


@pytest.mark.parametrize("version", [0, -1, 3])
def test_a_version_that_is_not_there_is_refused(version: int) -> None:
    assert grandfathered().refuses(MigrateSubscription(version=version)) == ["NOT_FOUND version"]


def test_a_migration_keeps_anchor_and_usage() -> None:
    life = grandfathered().uses("calls", 4).comes_to(day(2, 8)).does(MIGRATE)

    assert (life.anchor, life.used(), life.period_end) == (START, 4, day(2, 28))


def test_addons_move_to_their_newest_version_too() -> None:
    life = subscribed(replace(FREE, addons=(AddonQuantity("boost", 2),))).comes_to(day(2, 5))
    life.redraws("boost", row("calls", limit(60)), scope=NEW)
    assert life.limit() == 110

    life.comes_to(day(2, 6)).does(MIGRATE)
    assert (life.limit(), life.addons, life.limit(at=day(2, 5))) == (130, {"boost": 2}, 110)


def test_a_scheduled_subscription_begins_on_the_version_it_was_moved_to() -> None:
    boosted = replace(FREE, start_at=day(2, 10), addons=(AddonQuantity("boost"),))
    life = grandfathered(boosted).redraws("boost", row("calls", limit(60)), scope=NEW).does(MIGRATE)

    assert (life.comes_to(day(2, 10)).version, life.limit()) == (2, 80)
    assert len(life.subscription.addons) == 1


def test_a_migration_while_a_trial_runs_holds_after_it_too() -> None:
    life = grandfathered(replace(FREE, trial_days=10)).does(MIGRATE)

    assert (life.status, life.version) == (IN_TRIAL, 2)
    assert (life.comes_to(day(2, 12)).status, life.version, life.anchor) == (ACTIVE, 2, day(2, 10))


def test_a_migration_at_the_very_instant_of_a_conversion_keeps_the_new_anchor() -> None:
    life = grandfathered(replace(FREE, trial_days=10)).uses("calls", 4).comes_to(day(2, 10)).does(MIGRATE)

    assert (life.status, life.version, life.anchor, life.used()) == (ACTIVE, 2, day(2, 10), 0)
    assert len({term.starts_at for term in life.subscription.terms}) == len(life.subscription.terms)


def test_a_scheduled_change_stands_over_a_migration() -> None:
    later = ChangePlan(plan="team", timing=ChangeTiming.PERIOD_END)
    life = grandfathered().does(later, MIGRATE)

    assert (life.version, life.scheduled) == (2, ("team", day(2, 28)))


def test_anyone_who_changes_plan_is_on_the_newest_version() -> None:
    life = subscribed(Subscribe(plan="team")).comes_to(day(2, 5))
    life.redraws("free", row("calls", limit(20)), scope=NEW)

    assert life.does(ChangePlan(plan="free", timing=ChangeTiming.NOW)).version == 2


def test_the_price_is_the_one_in_the_version_it_is_on() -> None:
    life = subscribed(Subscribe(plan="basic", price="monthly")).comes_to(day(2, 5))
    dearer = sold(plan("basic"), prices=monthly_and_yearly(11))
    package = replace(life.shop.packages["basic"], draft=dearer.draft)

    assert life.publishes(package, NEW).price == price("monthly", 10)
    assert life.does(MIGRATE).price == price("monthly", 11)


@pytest.mark.parametrize("scope", PublishScope)
def test_where_the_version_lacks_the_price_it_is_that_of_the_last_that_had_it(scope: PublishScope) -> None:
    life = subscribed(Subscribe(plan="basic", price="yearly")).comes_to(day(2, 5))
    package = replace(life.shop.packages["basic"], draft=sold(plan("basic")).draft)

    life.publishes(package, scope).does(MIGRATE)

    assert life.version == 2
    assert life.price is not None
    assert (life.price.key, life.period_end) == ("yearly", day(1, 31, year=2027))


def test_anyone_who_is_moved_to_a_version_before_there_was_the_price_keeps_it() -> None:
    shop = opened(sold(plan("free")))
    priced = sold(shop.packages["free"], prices=monthly_and_yearly(10))
    life = Life(shop=shop, now=START).publishes(priced, NEW).born()
    life.comes_to(day(2, 1)).does(Subscribe(plan="free", price="yearly")).comes_to(day(2, 5))

    life.does(MigrateSubscription(version=1))

    assert (life.version, life.period_end) == (1, day(2, 1, year=2027))


def test_without_a_live_subscription_there_is_nothing_to_migrate() -> None:
    assert Life().refuses(MIGRATE) == ["NOT_FOUND customer"]
    assert Life().born().refuses(MIGRATE) == ["NOT_FOUND customer"]
    life = subscribed(FREE).does(Subscribe(plan="chat"))
    assert life.refuses(MIGRATE) == ["REQUIRED product"]
