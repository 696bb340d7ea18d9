from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given

from rules.catalog.facts import Catalog, PackageStatus, PublishScope, Version
from rules.catalog.inheritance import ResolvedCatalog, descendants
from rules.catalog_edits.drafts import set_price
from rules.catalog_edits.packages import set_base_plan, with_package
from rules.catalog_edits.publishing import new_versions, publish
from rules.errors import Rejected
from tests.rules.builders.catalog_builders import (
    CHAIN,
    NOW,
    addon,
    archived,
    catalog,
    chain,
    current_rows,
    draft_rows,
    edit,
    edited,
    keys,
    limit,
    plan,
    price,
    priced,
    published,
    refusals,
    row,
    told,
    tower,
    written,
)
from tests.rules.builders.strategies import catalogs

LATER = datetime(2026, 4, 1, tzinfo=UTC)

NEW_CUSTOMERS = PublishScope.NEW_CUSTOMERS

SHOP = chain((row("seats", limit(1)),), (row("calls", limit(9)),), (row("sso"),))

SEATS_FOR_ALL = edit("seats", written(2), package="free")


def newest(shop: Catalog, key: str) -> Version:
    """The published version."""
    version = shop.packages[key].published
    assert version is not None
    return version


def numbers(shop: Catalog) -> dict[str, int]:
    """How many versions each package has."""
    return {key: len(package.versions) for key, package in shop.packages.items()}


def problems(shop: Catalog, key: str, expected: int | None = None) -> list[str]:
    """What keeps a package from being published."""
    return refusals(shop, lambda before: publish(before, key, now=LATER, expected_version=expected))


def test_a_draft_becomes_the_next_version() -> None:
    shop = publish(edited(SHOP, edit("seats", written(5))), "pro", now=LATER, scope=NEW_CUSTOMERS).catalog

    assert shop.packages["pro"].draft is None
    assert newest(shop, "pro") == Version(
        number=2,
        content=replace(newest(SHOP, "pro").content, rows=(row("calls", limit(9)), row("seats", limit(5)))),
        published_at=LATER,
        base_version=1,
        scope=NEW_CUSTOMERS,
    )


def test_a_package_is_a_draft_until_it_is_published() -> None:
    shop = catalog(plan("free"), addon("pack"))

    assert shop.packages["free"].status is PackageStatus.DRAFT
    assert published(shop, "free").packages["free"].status is PackageStatus.PUBLISHED
    assert published(shop, "pack").packages["pack"].status is PackageStatus.PUBLISHED


def test_earlier_versions_stay_as_they_were() -> None:
    shop = published(edited(SHOP, SEATS_FOR_ALL), "free")

    assert shop.packages["free"].versions[:1] == SHOP.packages["free"].versions
    assert keys(ResolvedCatalog(shop).rows("team", 1)) == ["seats", "calls", "sso"]


def test_prices_are_never_inherited() -> None:
    shop = published(set_price(SHOP, "free", price("monthly")), "free")

    assert newest(shop, "free").content.prices == (price("monthly"),)
    assert newest(shop, "pro").content.prices == ()


def test_publishing_a_base_publishes_every_published_descendant_bases_first() -> None:
    done = publish(edited(SHOP, SEATS_FOR_ALL), "free", now=LATER, scope=NEW_CUSTOMERS)

    assert done.cascaded == ("pro", "team")
    assert numbers(done.catalog) == {"free": 2, "pro": 2, "team": 2}
    for key, base_version in (("free", None), ("pro", 2), ("team", 2)):
        version = newest(done.catalog, key)
        assert version.base_version == base_version
        assert version.scope is NEW_CUSTOMERS
        assert version.published_at == LATER
        assert version.cascaded is (key != "free")


def test_the_child_sees_base_changes_at_once() -> None:
    shop = published(edited(SHOP, SEATS_FOR_ALL), "free")

    assert current_rows(shop, "team")[0].row.value == limit(2)


def test_a_base_change_that_is_a_draft_is_seen_by_nobody() -> None:
    shop = edited(SHOP, SEATS_FOR_ALL)

    assert current_rows(shop, "team") == current_rows(SHOP, "team")
    assert draft_rows(shop, "team") == draft_rows(SHOP, "team")


def test_a_cascade_goes_down_and_never_up_or_aside() -> None:
    shop = published(with_package(SHOP, plan("scale", base="free")), "scale")

    done = publish(edited(shop, edit("seats", written(5))), "pro", now=LATER)

    assert done.cascaded == ("team",)
    assert numbers(done.catalog) == {"free": 1, "pro": 2, "team": 2, "scale": 1}


def test_a_cascade_publishes_the_descendants_own_published_rows_and_leaves_its_draft_a_draft() -> None:
    shop = edited(SHOP, SEATS_FOR_ALL, edit("calls", written(99)))

    shop = published(shop, "free")

    assert newest(shop, "pro").content == newest(SHOP, "pro").content
    assert [r.row.value for r in current_rows(shop, "pro")] == [limit(2), limit(9)]
    assert [r.row.value for r in draft_rows(shop, "pro")] == [limit(2), limit(99)]


def test_a_cascade_follows_the_published_base_plan_and_not_the_drafts() -> None:
    shop = set_base_plan(edited(SHOP, SEATS_FOR_ALL), "pro", None)

    done = publish(shop, "free", now=LATER)

    assert done.cascaded == ("pro", "team")
    assert told(current_rows(done.catalog, "pro"))[0] == "seats INHERITED free"
    assert done.catalog.packages["pro"].draft == shop.packages["pro"].draft


def test_a_descendant_never_published_is_left_alone() -> None:
    shop = with_package(SHOP, plan("scale", base="free"))

    done = publish(edited(shop, SEATS_FOR_ALL), "free", now=LATER)

    assert done.cascaded == ("pro", "team")
    assert done.catalog.packages["scale"] == shop.packages["scale"]
    assert draft_rows(done.catalog, "scale")[0].row.value == limit(2)


def test_an_archived_descendant_is_published_for_those_who_stay_on_it() -> None:
    done = publish(edited(archived(SHOP, "team"), SEATS_FOR_ALL), "free", now=LATER)

    assert done.cascaded == ("pro", "team")
    assert current_rows(done.catalog, "team")[0].row.value == limit(2)


def test_an_addon_is_published_alone() -> None:
    done = publish(with_package(SHOP, addon("pack", row("seats", limit(5)))), "pack", now=LATER)

    assert done.cascaded == ()
    assert numbers(done.catalog) == {"free": 1, "pro": 1, "team": 1, "pack": 1}


def test_a_package_that_nobody_made_cannot_be_published() -> None:
    assert problems(SHOP, "nowhere") == ["NOT_FOUND package"]


def test_an_archived_package_cannot_be_published() -> None:
    assert problems(archived(edited(SHOP, SEATS_FOR_ALL), "free"), "free") == ["ARCHIVED package"]


def test_without_a_draft_there_is_nothing_to_publish() -> None:
    assert problems(SHOP, "free") == ["NOTHING_TO_PUBLISH package"]


def test_a_draft_that_says_what_is_published_is_nothing_to_publish() -> None:
    assert problems(edited(SHOP, edit("seats", written(1), package="free")), "free") == [
        "NOTHING_TO_PUBLISH package"
    ]


def test_the_first_version_may_be_empty() -> None:
    shop = published(catalog(plan("free")), "free")

    assert newest(shop, "free").number == 1
    assert current_rows(shop, "free") == ()


def test_another_order_is_something_to_publish() -> None:
    free = SHOP.packages["free"]
    ordered = replace(free, draft=replace(free.newest, order=("seats",)))

    assert numbers(published(with_package(SHOP, ordered), "free"))["free"] == 2


def test_the_expected_version_is_the_newest_published_one() -> None:
    shop = edited(SHOP, SEATS_FOR_ALL)

    assert problems(shop, "free", expected=2) == ["VERSION_CONFLICT expectedVersion"]
    assert problems(shop, "free", expected=0) == ["VERSION_CONFLICT expectedVersion"]
    assert numbers(publish(shop, "free", now=LATER, expected_version=1).catalog)["free"] == 2


def test_a_cascade_counts_as_a_version_that_nobody_expected() -> None:
    shop = edited(published(edited(SHOP, SEATS_FOR_ALL), "free"), edit("calls", written(99)))

    assert problems(shop, "pro", expected=1) == ["VERSION_CONFLICT expectedVersion"]


def test_all_problems_of_a_publish_are_named_at_once() -> None:
    shop = catalog(plan("free"), plan("pro", base="free"))

    assert problems(shop, "pro", expected=7) == ["VERSION_CONFLICT expectedVersion", "NOT_ALLOWED package"]
    assert problems(SHOP, "pro", expected=7) == [
        "VERSION_CONFLICT expectedVersion",
        "NOTHING_TO_PUBLISH package",
    ]


def test_publishing_on_a_base_that_was_never_published_is_not_allowed() -> None:
    shop = catalog(plan("free"), plan("pro", base="free"))

    assert problems(shop, "pro") == ["NOT_ALLOWED package"]
    assert numbers(published(shop, "free", "pro")) == {"free": 1, "pro": 1}


def test_a_cycle_of_published_base_plans_is_refused_with_its_path() -> None:
    # Team's draft leaves Pro, so that Pro's draft may stand on Team; but Team's draft is not published.
    shop = set_base_plan(set_base_plan(SHOP, "team", None), "pro", "team")

    with pytest.raises(Rejected, match=r"pro → team → pro\."):
        publish(shop, "pro", now=LATER)
    assert problems(shop, "pro") == ["CYCLE package"]
    assert told(current_rows(published(shop, "team", "pro"), "pro")) == [
        "sso INHERITED team",
        "calls OWN pro",
    ]


def test_a_chain_of_more_than_ten_published_plans_is_refused() -> None:
    plans = (*tower("upper", 6), *tower("lower", 6))
    shop = published(catalog(*plans), *(each.key for each in plans))
    # In drafts Upper 2 stands on nothing, so that Upper 1 may be put on top of more plans.
    shop = set_base_plan(shop, "upper-2", None)
    too_high = set_base_plan(shop, "upper-1", "lower-5")

    assert problems(too_high, "upper-1") == ["TOO_DEEP package"]
    assert numbers(published(too_high, "upper-2", "upper-1"))["upper-1"] == 2
    assert numbers(published(set_base_plan(shop, "upper-1", "lower-4"), "upper-1"))["upper-6"] == 2


def test_ten_published_plans_are_not_too_many() -> None:
    first, *others = tower("floor", 10)

    shop = published(catalog(first, *others), first.key, *(each.key for each in others))

    cascaded = publish(priced(shop, first.key), first.key, now=LATER).cascaded
    assert cascaded == tuple(each.key for each in others)


@given(catalogs())
def test_every_published_plan_stands_on_its_bases_newest_version(shop: Catalog) -> None:
    for package in shop.packages.values():
        version = package.published
        if version is not None and version.content.base is not None:
            assert version.base_version == newest(shop, version.content.base).number


@given(catalogs())
def test_a_publish_makes_one_version_of_the_package_and_of_each_descendant(shop: Catalog) -> None:
    for key in CHAIN[:3]:
        if shop.packages[key].published:
            settled = with_package(shop, replace(shop.packages[key], draft=None))
            done = publish(set_price(settled, key, price("weekly")), key, now=NOW)

            grown = {k for k, number in numbers(done.catalog).items() if number == numbers(shop)[k] + 1}
            assert grown == {key, *done.cascaded}
            assert set(done.cascaded) == set(descendants(done.catalog, key))


@given(catalogs())
def test_what_was_published_since_is_reported_in_its_order_bases_first(shop: Catalog) -> None:
    before, told = shop, list[tuple[str, int]]()
    for minutes, key in enumerate(sorted(shop.packages)):
        try:
            after = publish(shop, key, now=NOW + timedelta(minutes=minutes))
        except Rejected:
            continue
        shop = after.catalog
        told += [(one, len(shop.packages[one].versions)) for one in (key, *after.cascaded)]

    assert new_versions(before, shop) == told
    assert new_versions(shop, shop) == []


def test_what_was_published_before_a_plan_changed_its_base_is_reported_in_the_order_of_then() -> None:
    cascaded = publish(edited(SHOP, SEATS_FOR_ALL), "free", now=NOW).catalog
    freed = publish(set_base_plan(cascaded, "team", None), "team", now=LATER).catalog
    turned = publish(set_base_plan(freed, "pro", "team"), "pro", now=LATER + timedelta(minutes=1)).catalog

    assert new_versions(SHOP, turned) == [("free", 2), ("pro", 2), ("team", 2), ("team", 3), ("pro", 3)]
