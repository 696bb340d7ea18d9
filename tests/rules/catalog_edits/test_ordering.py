from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.catalog.facts import Catalog
from rules.catalog_edits.drafts import discard_draft, remove_entitlement, reorder_entitlements
from rules.catalog_edits.packages import set_base_plan, with_package
from tests.rules.builders.catalog_builders import (
    GRANTED,
    REVOKED,
    addon,
    archived,
    catalog,
    chain,
    current_rows,
    draft_rows,
    edit,
    edited,
    feature,
    keys,
    limit,
    plan,
    priced,
    published,
    refusals,
    revocation,
    row,
    told,
    written,
)
from tests.rules.builders.strategies import catalogs

SHOP = chain(
    (row("seats", limit(1)), row("sso")),
    (row("calls", limit(9)), row("storage", limit(5))),
    (row("audit"),),
)


def ordered(shop: Catalog, *first: str, package: str = "pro") -> Catalog:
    """The catalog with rows of a draft put first."""
    return reorder_entitlements(shop, package, first)


def drafted(shop: Catalog, package: str = "pro") -> list[str]:
    """The rows of a draft by key."""
    return keys(draft_rows(shop, package))


def shown(shop: Catalog, package: str = "pro") -> list[str]:
    """The rows that readers see by key."""
    return keys(current_rows(shop, package))


def problems(*first: str, package: str = "pro", shop: Catalog = SHOP) -> list[str]:
    """What an order is refused for."""
    return refusals(shop, lambda before: reorder_entitlements(before, package, first))


def test_inherited_rows_stand_before_own_rows_until_an_order_says_otherwise() -> None:
    assert drafted(SHOP) == ["seats", "sso", "calls", "storage"]
    assert drafted(ordered(SHOP, "storage", "sso")) == ["storage", "sso", "seats", "calls"]


def test_an_order_goes_to_the_draft_and_readers_see_it_once_it_is_published() -> None:
    shop = ordered(SHOP, "calls")

    assert shown(shop) == ["seats", "sso", "calls", "storage"]
    assert shown(published(shop, "pro")) == ["calls", "seats", "sso", "storage"]


def test_the_keys_named_come_first_and_the_rest_keep_their_order() -> None:
    once = ordered(SHOP, "storage", "calls")
    twice = ordered(once, "sso")

    assert drafted(once) == ["storage", "calls", "seats", "sso"]
    assert drafted(twice) == ["sso", "storage", "calls", "seats"]


def test_all_rows_may_be_named() -> None:
    assert drafted(ordered(SHOP, "storage", "sso", "calls", "seats")) == ["storage", "sso", "calls", "seats"]


def test_no_keys_change_no_order() -> None:
    assert drafted(ordered(ordered(SHOP, "calls"))) == ["calls", "seats", "sso", "storage"]


def test_order_is_own_and_derived_plans_keep_theirs() -> None:
    shop = published(ordered(SHOP, "storage"), "pro")

    assert shown(shop) == ["storage", "seats", "sso", "calls"]
    assert shown(shop, "team") == ["seats", "sso", "calls", "storage", "audit"]


def test_order_is_own_and_a_base_plan_in_another_order_leaves_derived_plans_as_they_were() -> None:
    shop = published(ordered(SHOP, "sso", package="free"), "free")

    assert shown(shop, "free") == ["sso", "seats"]
    assert shown(shop, "pro") == ["seats", "sso", "calls", "storage"]


def test_what_a_base_plan_gains_stands_behind_what_was_ordered_by_hand() -> None:
    shop = published(ordered(SHOP, "storage"), "pro")

    shop = published(edited(shop, edit("audit", GRANTED, package="free")), "free")

    assert shown(shop) == ["storage", "seats", "sso", "audit", "calls"]


def test_an_override_stays_where_the_inherited_row_was_put() -> None:
    shop = edited(ordered(SHOP, "calls", "seats"), edit("seats", written(7)))

    assert told(draft_rows(shop, "pro"))[:2] == ["calls OWN pro", "seats OVERRIDDEN pro"]
    assert drafted(remove_entitlement(shop, "pro", "seats")) == ["calls", "seats", "sso", "storage"]


def test_a_revocation_has_its_place_in_the_order_like_any_row() -> None:
    shop = ordered(edited(SHOP, revocation("seats")), "storage", "seats")

    assert told(draft_rows(shop, "pro"))[:2] == ["storage OWN pro", "seats OVERRIDDEN pro"]


def test_rows_of_one_key_move_together() -> None:
    shop = edited(priced(SHOP, "pro"), edit("calls", written(99), price="yearly"))

    assert drafted(ordered(shop, "calls")) == ["calls", "calls@yearly", "seats", "sso", "storage"]


def test_an_order_is_kept_when_the_base_plan_goes_and_comes_back() -> None:
    shop = ordered(SHOP, "sso", "calls")

    without = set_base_plan(shop, "pro", None)

    assert drafted(without) == ["calls", "storage"]
    assert drafted(set_base_plan(without, "pro", "free")) == ["sso", "calls", "seats", "storage"]


def test_the_rows_of_an_addon_can_be_put_in_order() -> None:
    shop = with_package(SHOP, addon("pack", row("calls", limit(1)), row("sso")))

    assert drafted(ordered(shop, "sso", package="pack"), "pack") == ["sso", "calls"]


def test_a_key_that_has_no_row_here_cannot_be_ordered() -> None:
    assert problems("audit") == ["NOT_FOUND keys.0"]
    assert problems("nothing") == ["NOT_FOUND keys.0"]


def test_a_revocation_that_takes_nothing_away_is_not_shown_and_cannot_be_ordered() -> None:
    shop = with_package(SHOP, plan("scale", row("calls", REVOKED), row("sso")))

    assert problems("calls", package="scale", shop=shop) == ["NOT_FOUND keys.0"]


def test_all_problems_of_an_order_are_named_at_once() -> None:
    assert problems("calls", "nothing", "calls", "sso", "audit", "nothing", "calls") == [
        "NOT_FOUND keys.1",
        "INVALID keys.2",
        "NOT_FOUND keys.4",
        "NOT_FOUND keys.5",
        "INVALID keys.6",
    ]


def test_an_order_is_of_a_package_that_can_be_edited() -> None:
    assert problems("calls", package="nobody") == ["NOT_FOUND package"]
    assert problems("calls", shop=archived(SHOP, "pro")) == ["ARCHIVED package"]


def test_a_discarded_draft_leaves_rows_prices_order_and_base_plan_as_they_were_published() -> None:
    shop = set_base_plan(ordered(edited(priced(SHOP, "pro"), edit("audit", GRANTED)), "audit"), "pro", None)

    assert discard_draft(shop, "pro") == SHOP


def test_what_is_live_at_once_outlives_a_discarded_draft() -> None:
    shop = ordered(SHOP, "calls")
    renamed = with_package(shop, replace(shop.packages["pro"], name="Pro"))

    assert discard_draft(renamed, "pro").packages["pro"] == replace(SHOP.packages["pro"], name="Pro")


def test_discarding_no_draft_changes_nothing() -> None:
    assert discard_draft(SHOP, "pro") is SHOP


@pytest.mark.parametrize("package", ["trial", "pack"])
def test_a_draft_that_is_all_there_is_cannot_be_discarded(package: str) -> None:
    shop = catalog(feature("sso"), plan("trial", row("sso")), addon("pack", row("sso")))

    assert refusals(shop, lambda before: discard_draft(before, package)) == ["NOT_ALLOWED package"]


def test_a_draft_is_discarded_of_a_package_that_can_be_edited() -> None:
    shop = ordered(SHOP, "calls")

    assert refusals(shop, lambda before: discard_draft(before, "nobody")) == ["NOT_FOUND package"]
    assert refusals(archived(shop, "pro"), lambda before: discard_draft(before, "pro")) == [
        "ARCHIVED package"
    ]


@given(catalogs(), st.data())
def test_an_order_loses_no_row_adds_none_and_begins_with_the_keys_named(
    shop: Catalog, data: st.DataObject
) -> None:
    before = draft_rows(shop, "pro")
    named = data.draw(st.lists(st.sampled_from([r.row.key for r in before]), unique=True)) if before else []

    after = draft_rows(ordered(shop, *named), "pro")

    assert sorted(map(repr, after)) == sorted(map(repr, before))
    assert list(dict.fromkeys(r.row.key for r in after))[: len(named)] == named
    assert [r for r in after if r.row.key not in named] == [r for r in before if r.row.key not in named]
