from __future__ import annotations

from dataclasses import replace

import pytest

from rules.catalog.facts import FeatureStatus
from rules.catalog.inheritance import ResolvedCatalog
from rules.catalog_edits.drafts import remove_price, set_price
from rules.errors import Rejected
from tests.rules.builders.catalog_builders import (
    addon,
    catalog,
    draft_rows,
    edit,
    edited,
    feature,
    keys,
    limit,
    metered,
    plan,
    price,
    published,
    refusals,
    refused,
    row,
    written,
)

FEATURES = (
    feature("sso"),
    metered("seats", limit(5)),
    metered("calls"),
)

SHOP = published(
    catalog(
        *FEATURES,
        plan("free", row("sso"), row("seats", limit(1))),
        plan("pro", base="free", prices=[price("monthly"), price("yearly")]),
        plan("elsewhere", of="other"),
        addon("pack"),
    ),
    *("free", "pro", "elsewhere", "pack"),
)


def test_a_row_may_hold_for_one_price_of_its_plan() -> None:
    shop = edited(SHOP, edit("calls", written(9)), edit("calls", written(99), price="yearly"))

    assert keys(draft_rows(shop, "pro")) == ["sso", "seats", "calls", "calls@yearly"]


def test_a_price_linked_row_stands_in_plans_only() -> None:
    linked = edit("calls", written(9), package="pack", price="monthly")

    assert refused(SHOP, linked) == ["INVALID price"]


def test_a_price_linked_row_names_a_price_of_that_very_plan() -> None:
    of_the_base = set_price(SHOP, "free", price("once"))
    shop = published(of_the_base, "free")

    assert refused(shop, edit("calls", written(9), price="once")) == ["NOT_FOUND price"]


def test_a_price_linked_row_wins_over_the_unlinked_row_of_the_same_key() -> None:
    shop = published(
        edited(SHOP, edit("calls", written(99), price="yearly"), edit("calls", written(9))), "pro"
    )
    flat = ResolvedCatalog(shop)

    assert flat.held("pro", 2, "yearly")["calls"].row.value == limit(99)
    assert flat.held("pro", 2, "monthly")["calls"].row.value == limit(9)
    assert flat.held("pro", 2, None)["calls"].row.value == limit(9)


def test_a_price_goes_to_the_draft_and_is_replaced_by_its_key() -> None:
    shop = set_price(SHOP, "pro", price("monthly", 20))

    assert shop.packages["pro"].newest.prices == (price("monthly", 20), price("yearly"))
    assert shop.packages["pro"].published == SHOP.packages["pro"].published


def test_a_price_may_be_for_each_unit_of_a_metered_feature() -> None:
    by_seat = replace(price("monthly"), per_unit_of="seats")

    assert set_price(SHOP, "pro", by_seat).packages["pro"].newest.prices[0] == by_seat


def test_an_addon_has_prices_of_its_own() -> None:
    assert set_price(SHOP, "pack", price("monthly")).packages["pack"].newest.prices == (price("monthly"),)


def test_all_problems_of_a_price_are_named_at_once() -> None:
    wrong = replace(price("a b", -1, "usd"), per_unit_of="sso")
    problems = [
        "INVALID key",
        "OUT_OF_RANGE amount.amount",
        "INVALID amount.currency",
        "TYPE_MISMATCH perUnitOf",
    ]

    assert refusals(SHOP, lambda shop: set_price(shop, "pro", wrong)) == problems
    assert refusals(SHOP, lambda shop: set_price(shop, "nobody", wrong)) == ["NOT_FOUND package", *problems]


def test_a_price_is_for_units_of_a_feature_that_exists() -> None:
    wrong = replace(price("monthly"), per_unit_of="nothing")

    assert refusals(SHOP, lambda shop: set_price(shop, "pro", wrong)) == ["NOT_FOUND perUnitOf"]


def test_a_price_is_for_units_of_a_feature_that_is_not_archived() -> None:
    gone = replace(SHOP.features["calls"], status=FeatureStatus.ARCHIVED)
    shop = replace(SHOP, features={**SHOP.features, "calls": gone})
    wrong = replace(price("monthly"), per_unit_of="calls")

    assert refusals(shop, lambda before: set_price(before, "pro", wrong)) == ["ARCHIVED perUnitOf"]


def test_prices_that_differ_in_case_only_collide() -> None:
    assert refusals(SHOP, lambda shop: set_price(shop, "pro", price("Monthly"))) == ["ALREADY_EXISTS key"]


def test_a_price_can_be_taken_out_of_the_draft() -> None:
    shop = remove_price(SHOP, "pro", "monthly")

    assert shop.packages["pro"].newest.prices == (price("yearly"),)
    assert shop.packages["pro"].published == SHOP.packages["pro"].published


def test_a_price_that_a_row_refers_to_is_in_use_and_the_row_is_named() -> None:
    shop = edited(SHOP, edit("calls", written(9), price="yearly"))

    with pytest.raises(Rejected, match="calls"):
        remove_price(shop, "pro", "yearly")
    assert refusals(shop, lambda shop: remove_price(shop, "pro", "yearly")) == ["IN_USE key"]
    assert remove_price(shop, "pro", "monthly").packages["pro"].newest.prices == (price("yearly"),)


def test_a_price_that_is_not_there_cannot_be_removed() -> None:
    assert refusals(SHOP, lambda shop: remove_price(shop, "pro", "weekly")) == ["NOT_FOUND key"]
    assert refusals(SHOP, lambda shop: remove_price(shop, "nobody", "weekly")) == ["NOT_FOUND package"]
