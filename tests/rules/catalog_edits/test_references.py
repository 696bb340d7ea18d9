from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest

from rules.catalog.facts import Catalog, CreditRate, Feature, FeatureStatus, Package, PublishScope
from rules.catalog_edits.packages import with_package
from rules.catalog_edits.publishing import publish
from rules.catalog_edits.references import Holders, LiveVersions, live_versions
from rules.catalog_edits.updates import FeatureUpdate, update_feature
from rules.customers.terms import version_at
from rules.errors import Rejected
from rules.values import ConfigKind
from tests.rules.builders.catalog_builders import (
    NOBODY,
    NOW,
    REVOKED,
    addon,
    archived,
    catalog,
    choices,
    config,
    credit_type,
    edit,
    edited,
    feature,
    limit,
    metered,
    plan,
    price,
    published,
    refusals,
    revocation,
    row,
)

CALLS = metered("calls")
REGIONS = config("regions", ConfigKind.CHOICE, "eu", "us", "asia")

ARCHIVE = FeatureUpdate(key="calls", status=FeatureStatus.ARCHIVED)
EU_ONLY = FeatureUpdate(key="regions", choices=("eu",))


def selling(*packages: Package) -> Catalog:
    """A catalog with these packages as drafts."""
    return catalog(CALLS, REGIONS, metered("tokens"), feature("sso"), credit_type("ai"), *packages)


def on(**versions: Collection[int]) -> Holders:
    """Live subscriptions that stand on these versions of packages."""
    return Holders(versions=versions)


def put_on(shop: Catalog, *versions: tuple[str, int]) -> LiveVersions:
    """What live subscriptions stand on that were put on these versions."""
    return live_versions(
        shop, [(key, version_at(shop.packages[key], number, NOW)) for key, number in versions]
    )


def holders(shop: Catalog, update: FeatureUpdate = ARCHIVE, live: Holders = NOBODY) -> str:
    """What is said to stand in the way of an update that is refused as IN_USE."""
    with pytest.raises(Rejected) as refusal:
        update_feature(shop, update, live)
    assert {problem.code for problem in refusal.value.problems} == {"IN_USE"}
    return " ".join(problem.message for problem in refusal.value.problems)


def archives(shop: Catalog, live: Holders = NOBODY) -> Feature:
    """The feature, which nothing keeps from being archived."""
    return update_feature(shop, ARCHIVE, live).features["calls"]


def without_calls(shop: Catalog, scope: PublishScope = PublishScope.NEW_CUSTOMERS) -> Catalog:
    """The catalog in which "pro" says nothing of calls any more, published for these customers."""
    pro = shop.packages["pro"]
    shop = with_package(shop, replace(pro, draft=replace(pro.newest, rows=(row("sso"),))))
    return publish(shop, "pro", now=NOW, scope=scope).catalog


SHOP = selling(plan("pro", row("calls", limit(1))))


def test_a_feature_that_an_unarchived_packages_row_refers_to_is_in_use() -> None:
    shop = published(SHOP, "pro")

    assert holders(shop) == "'calls' is in use: an entitlement of version 1 of 'pro'."
    assert refusals(shop, lambda before: update_feature(before, ARCHIVE, NOBODY)) == ["IN_USE status"]


def test_a_draft_uses_what_it_refers_to() -> None:
    assert holders(SHOP) == "'calls' is in use: an entitlement of the draft of 'pro'."
    assert holders(selling(addon("pack", row("calls", limit(1))))) == (
        "'calls' is in use: an entitlement of the draft of 'pack'."
    )


def test_everything_that_refers_to_a_feature_is_named() -> None:
    per_call = replace(price("monthly"), per_unit_of="calls")
    rate = CreditRate(feature="calls", credit_type="ai", credits=1)
    rated = addon("pack")
    shop = selling(
        plan("free", row("calls", limit(1)), row("calls", limit(2), "monthly"), prices=[per_call]),
        plan("pro", row("calls", REVOKED), base="free"),
        replace(rated, draft=replace(rated.newest, rates=(rate,))),
    )

    assert holders(shop) == (
        "'calls' is in use: an entitlement of the draft of 'free', price 'monthly' of the draft of 'free', "
        "a credit rate of the draft of 'pack', an entitlement of the draft of 'pro'."
    )


def test_a_draft_and_the_published_version_are_both_named() -> None:
    shop = edited(published(SHOP, "pro"), edit("sso"))

    assert holders(shop) == (
        "'calls' is in use: an entitlement of the draft of 'pro', an entitlement of version 1 of 'pro'."
    )


def test_an_inherited_row_is_named_where_it_was_set() -> None:
    shop = published(selling(plan("free", row("calls", limit(1))), plan("pro", base="free")), "free", "pro")

    assert holders(shop) == "'calls' is in use: an entitlement of version 1 of 'free'."


def test_what_an_archived_package_refers_to_is_free() -> None:
    assert archives(archived(published(SHOP, "pro"), "pro")).status is FeatureStatus.ARCHIVED
    assert archives(archived(SHOP, "pro")).status is FeatureStatus.ARCHIVED


def test_what_a_superseded_version_refers_to_is_free_once_nobody_is_on_it() -> None:
    shop = without_calls(published(SHOP, "pro"))

    assert archives(shop).status is FeatureStatus.ARCHIVED
    assert archives(shop, on(pro=[2])).status is FeatureStatus.ARCHIVED
    assert holders(shop, live=on(pro=[1])) == "'calls' is in use: an entitlement of version 1 of 'pro'."


def test_a_live_subscriptions_version_counts_in_an_archived_package_too() -> None:
    shop = archived(published(SHOP, "pro"), "pro")

    assert holders(shop, live=on(pro=[1])) == "'calls' is in use: an entitlement of version 1 of 'pro'."


def test_suspending_what_is_in_use_is_refused_by_nothing_and_archiving_it_twice_either() -> None:
    suspended = update_feature(SHOP, replace(ARCHIVE, status=FeatureStatus.SUSPENDED), on(pro=[1]))
    gone = update_feature(archived(SHOP, "pro"), ARCHIVE, NOBODY)
    back = replace(gone, packages=SHOP.packages)

    assert suspended.features["calls"].status is FeatureStatus.SUSPENDED
    assert update_feature(back, replace(ARCHIVE, name="Calls"), NOBODY).features["calls"].name == "Calls"


def test_an_archived_feature_can_be_brought_back_whatever_refers_to_it() -> None:
    gone = replace(SHOP, features={**SHOP.features, "calls": archives(archived(SHOP, "pro"))})

    assert update_feature(gone, replace(ARCHIVE, status=FeatureStatus.ACTIVE), NOBODY) == SHOP


def test_a_choice_that_an_update_would_drop_is_in_use_where_it_is_picked() -> None:
    picked = selling(
        plan("free", row("regions", choices("us"))),
        plan("pro", row("regions", choices("eu", "asia"))),
        plan("team", row("regions", choices("eu"))),
    )

    assert holders(picked, EU_ONLY) == (
        "'us' is in use: the draft of 'free'. 'asia' is in use: the draft of 'pro'."
    )
    assert refusals(picked, lambda before: update_feature(before, EU_ONLY, NOBODY)) == [
        "IN_USE choices",
        "IN_USE choices",
    ]


def test_a_choice_that_nobody_picks_may_go() -> None:
    shop = selling(plan("pro", row("regions", choices("eu"))))

    assert update_feature(shop, EU_ONLY, NOBODY).features["regions"].choices == ("eu",)


def test_a_choice_that_was_picked_counts_for_those_who_are_on_the_version() -> None:
    shop = published(selling(plan("pro", row("regions", choices("us")))), "pro")
    shop = edited(shop, edit("regions", choices("eu")))
    shop = publish(shop, "pro", now=NOW, scope=PublishScope.NEW_CUSTOMERS).catalog

    assert update_feature(shop, EU_ONLY, on(pro=[2])).features["regions"].choices == ("eu",)
    assert holders(shop, EU_ONLY, on(pro=[1])) == "'us' is in use: version 1 of 'pro'."


def test_choices_put_in_another_order_drop_nothing() -> None:
    shop = selling(plan("pro", row("regions", choices("eu", "us"))))
    turned = replace(EU_ONLY, choices=("asia", "us", "eu"))

    assert update_feature(shop, turned, on(pro=[1])).features["regions"].choices == (
        "asia",
        "us",
        "eu",
    )


def test_a_live_subscription_stands_on_its_version_and_those_of_the_base_plans_below_it() -> None:
    shop = published(selling(plan("free", row("calls", limit(1))), plan("pro", base="free")), "free", "pro")
    shop = edited(shop, edit("sso", package="free"))
    later = publish(shop, "free", now=NOW, scope=PublishScope.NEW_CUSTOMERS).catalog

    assert put_on(later, ("pro", 1)) == {"pro": {1}, "free": {1}}
    assert put_on(later, ("pro", 2)) == {"pro": {2}, "free": {2}}
    assert put_on(later, ("pro", 1), ("free", 2)) == {"pro": {1}, "free": {1, 2}}
    assert put_on(later) == {}


def test_a_subscription_that_a_publish_has_moved_stands_on_the_version_that_holds_for_it() -> None:
    before = published(SHOP, "pro")

    assert put_on(without_calls(before), ("pro", 1)) == {"pro": {1}}
    moved = without_calls(before, PublishScope.ALL_CUSTOMERS)
    assert put_on(moved, ("pro", 1)) == {"pro": {2}}
    assert archives(moved, on(**put_on(moved, ("pro", 1)))).status is FeatureStatus.ARCHIVED


def test_a_grandfathered_customer_keeps_the_base_plans_row_in_use() -> None:
    shop = published(selling(plan("free", row("calls", limit(1))), plan("pro", base="free")), "free", "pro")
    free = shop.packages["free"]
    shop = with_package(shop, replace(free, draft=replace(free.newest, rows=())))
    shop = publish(shop, "free", now=NOW, scope=PublishScope.NEW_CUSTOMERS).catalog

    live = on(**put_on(shop, ("pro", 1)))

    assert holders(shop, live=live) == "'calls' is in use: an entitlement of version 1 of 'free'."
    assert archives(shop, on(**put_on(shop, ("pro", 2)))).status is FeatureStatus.ARCHIVED


def test_a_revocation_refers_to_what_it_takes_away() -> None:
    shop = published(selling(plan("free", row("calls", limit(1))), plan("pro", base="free")), "free")

    revoked = edited(shop, revocation("calls"))

    assert "the draft of 'pro'" in holders(revoked)
