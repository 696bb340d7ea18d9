from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from rules.catalog.facts import Addon, Catalog, Content, Package, PackageStatus, Plan, Row
from rules.catalog_edits.packages import create_addon, create_plan, last_position, set_base_plan
from rules.errors import Rejected
from tests.rules.builders.catalog_builders import (
    GRANTED,
    addon,
    archived,
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
    revocation,
    row,
    told,
    tower,
    written,
)
from tests.rules.builders.strategies import catalogs

NEW = Plan(key="team", name="Team", product="app")

SHOP = published(
    catalog(
        *(feature("sso"), metered("seats"), metered("calls")),
        plan("free", row("sso"), row("seats", limit(1))),
        plan("pro", row("calls", limit(9)), base="free"),
        plan("elsewhere", of="other"),
        addon("pack"),
    ),
    *("free", "pro", "elsewhere", "pack"),
)


def base_of(package: Package) -> str | None:
    """The base plan that a draft stands on."""
    return package.newest.base


def test_a_plan_that_is_made_is_an_empty_draft_on_its_base_plan() -> None:
    team = create_plan(SHOP, NEW, "pro").packages["team"]

    assert team.status is PackageStatus.DRAFT
    assert base_of(team) == "pro"
    assert team.newest.rows == ()
    assert team.published is None


def test_a_plan_may_stand_on_no_base_plan() -> None:
    assert base_of(create_plan(SHOP, NEW).packages["team"]) is None


@pytest.mark.parametrize("key", ["pro", "Pro", "pack", "PACK"])
def test_plans_and_addons_share_one_key_space_in_which_case_does_not_tell(key: str) -> None:
    assert refusals(SHOP, lambda shop: create_plan(shop, replace(NEW, key=key))) == ["ALREADY_EXISTS key"]


def test_a_plan_may_have_the_key_of_a_feature() -> None:
    assert "sso" in create_plan(SHOP, replace(NEW, key="sso")).packages


def test_all_problems_of_a_plan_are_named_at_once() -> None:
    wrong = Plan(
        key="a b",
        name="",
        product="nowhere",
        description="d" * 10_001,
        position=-1,
        default_trial_days=-1,
        compatible_addons=("pack", "free", "nowhere"),
        metadata={"m": "x" * 16_000},
    )

    assert refusals(SHOP, lambda shop: create_plan(shop, wrong, "nowhere")) == [
        "INVALID key",
        "REQUIRED name",
        "OUT_OF_RANGE description",
        "OUT_OF_RANGE metadata",
        "OUT_OF_RANGE position",
        "OUT_OF_RANGE defaultTrialDays",
        "NOT_FOUND product",
        "INVALID compatibleAddons.0",
        "NOT_FOUND compatibleAddons.1",
        "NOT_FOUND compatibleAddons.2",
        "NOT_FOUND basePlan",
    ]


@pytest.mark.parametrize("days", [0, 14, 3_650])
def test_a_trial_has_up_to_ten_years(days: int) -> None:
    made = create_plan(SHOP, replace(NEW, default_trial_days=days)).packages["team"]

    assert made == replace(NEW, default_trial_days=days, draft=made.draft)


def test_a_plan_may_stand_first_or_last() -> None:
    assert create_plan(SHOP, replace(NEW, position=0)).packages["team"].key == "team"
    assert create_plan(SHOP, replace(NEW, position=2**31 - 1)).packages["team"].key == "team"


def test_the_last_position_is_behind_all_plans_of_the_product() -> None:
    shop = create_plan(SHOP, replace(NEW, position=7))
    at_the_end = create_plan(SHOP, replace(NEW, position=2**31 - 1))

    assert last_position(catalog(), "app") == 0
    assert last_position(shop, "app") == 8
    assert last_position(archived(shop, "team"), "app") == 8
    assert last_position(shop, "other") == 1
    assert last_position(at_the_end, "app") == 2**31 - 1


@pytest.mark.parametrize("most", [None, 1, 2**31 - 1])
def test_an_addon_that_is_made_is_an_empty_draft(most: int | None) -> None:
    sms = Addon(key="sms", name="Messages", product="app", max_quantity=most)

    assert create_addon(SHOP, sms).packages["sms"] == replace(sms, draft=Content())


def test_all_problems_of_an_addon_are_named_at_once() -> None:
    wrong = Addon(key="", name="", product="nowhere", max_quantity=0, metadata={"m": "x" * 16_000})
    taken = Addon(key="PRO", name="Pro", product="app", max_quantity=2**31)

    assert refusals(SHOP, lambda shop: create_addon(shop, wrong)) == [
        "INVALID key",
        "REQUIRED name",
        "OUT_OF_RANGE metadata",
        "NOT_FOUND product",
        "OUT_OF_RANGE maxQuantity",
    ]
    assert refusals(SHOP, lambda shop: create_addon(shop, taken)) == [
        "ALREADY_EXISTS key",
        "OUT_OF_RANGE maxQuantity",
    ]


def test_what_does_not_fit_is_out_of_range() -> None:
    far = replace(NEW, position=2**31, default_trial_days=3_651)

    assert refusals(SHOP, lambda shop: create_plan(shop, far)) == [
        "OUT_OF_RANGE position",
        "OUT_OF_RANGE defaultTrialDays",
    ]


def test_compatible_addons_are_of_the_plans_product() -> None:
    buying = replace(NEW, compatible_addons=("pack",))
    elsewhere = replace(buying, product="other")

    assert "team" in create_plan(SHOP, buying).packages
    assert refusals(SHOP, lambda shop: create_plan(shop, elsewhere)) == ["INVALID compatibleAddons.0"]


def test_a_base_plan_is_of_the_same_product() -> None:
    assert refusals(SHOP, lambda shop: create_plan(shop, NEW, "elsewhere")) == ["INVALID basePlan"]
    assert refusals(SHOP, lambda shop: set_base_plan(shop, "pro", "elsewhere")) == ["INVALID basePlan"]


def test_only_a_plan_can_be_a_base_plan() -> None:
    assert refusals(SHOP, lambda shop: create_plan(shop, NEW, "pack")) == ["NOT_FOUND basePlan"]
    assert refusals(SHOP, lambda shop: set_base_plan(shop, "pro", "pack")) == ["NOT_FOUND basePlan"]


def test_only_a_plan_can_have_a_base_plan() -> None:
    assert refusals(SHOP, lambda shop: set_base_plan(shop, "pack", "pro")) == ["INVALID plan"]
    assert refusals(SHOP, lambda shop: set_base_plan(shop, "pack", "nowhere")) == [
        "INVALID plan",
        "NOT_FOUND basePlan",
    ]


def test_a_plan_and_a_base_plan_that_nobody_made_are_named_at_once() -> None:
    assert refusals(SHOP, lambda shop: set_base_plan(shop, "nobody", "nowhere")) == [
        "NOT_FOUND plan",
        "NOT_FOUND basePlan",
    ]


def test_an_archived_plan_takes_no_edits() -> None:
    shop = archived(SHOP, "pro")

    assert refusals(shop, lambda shop: set_base_plan(shop, "pro", None)) == ["ARCHIVED plan"]
    assert refusals(shop, lambda shop: set_base_plan(shop, "pro", "nowhere")) == [
        "ARCHIVED plan",
        "NOT_FOUND basePlan",
    ]


def test_an_archived_plan_takes_no_new_derived_plans() -> None:
    shop = archived(archived(SHOP, "pro"), "elsewhere")

    assert refusals(shop, lambda shop: create_plan(shop, NEW, "pro")) == ["ARCHIVED basePlan"]
    assert refusals(shop, lambda shop: set_base_plan(shop, "free", "elsewhere")) == [
        "ARCHIVED basePlan",
        "INVALID basePlan",
    ]


def test_a_plan_has_at_most_one_base_plan() -> None:
    shop = set_base_plan(create_plan(SHOP, NEW, "pro"), "team", "free")

    assert base_of(shop.packages["team"]) == "free"
    assert keys(draft_rows(shop, "team")) == ["sso", "seats"]


def test_a_base_plan_goes_to_the_draft() -> None:
    pro = set_base_plan(SHOP, "pro", None).packages["pro"]

    assert base_of(pro) is None
    assert pro.published == SHOP.packages["pro"].published


def test_a_plan_cannot_stand_on_itself() -> None:
    assert refusals(SHOP, lambda shop: set_base_plan(shop, "pro", "pro")) == ["CYCLE basePlan"]
    assert refusals(SHOP, lambda shop: create_plan(shop, NEW, "team")) == ["CYCLE basePlan"]


def test_a_cycle_is_refused_with_its_path() -> None:
    shop = create_plan(SHOP, NEW, "pro")

    with pytest.raises(Rejected, match="free → team → pro → free"):
        set_base_plan(shop, "free", "team")
    with pytest.raises(Rejected, match=r"pro → team → pro\."):
        set_base_plan(shop, "pro", "team")
    with pytest.raises(Rejected, match="pro → pro"):
        set_base_plan(shop, "pro", "pro")
    assert refusals(shop, lambda shop: set_base_plan(shop, "free", "team")) == ["CYCLE basePlan"]


def test_a_cycle_is_looked_for_over_drafts_where_there_are_any() -> None:
    shop = set_base_plan(SHOP, "pro", None)

    assert base_of(set_base_plan(shop, "free", "pro").packages["free"]) == "pro"


def test_a_chain_holds_ten_plans() -> None:
    shop = catalog(*tower("floor", 9))

    assert "team" in create_plan(shop, NEW, "floor-9").packages


def test_a_chain_of_more_than_ten_plans_is_too_deep() -> None:
    shop = catalog(*tower("floor", 10))

    assert refusals(shop, lambda shop: create_plan(shop, NEW, "floor-10")) == ["TOO_DEEP basePlan"]


def test_descendants_count_in_the_depth_of_a_chain() -> None:
    shop = catalog(*tower("lower", 6), *tower("upper", 5), plan("aside", base="upper-1"))

    assert base_of(set_base_plan(shop, "upper-1", "lower-5").packages["upper-1"]) == "lower-5"
    assert refusals(shop, lambda shop: set_base_plan(shop, "upper-1", "lower-6")) == ["TOO_DEEP basePlan"]
    assert base_of(set_base_plan(shop, "aside", "lower-6").packages["aside"]) == "lower-6"


def test_depth_is_counted_over_drafts_where_there_are_any() -> None:
    shop = published(catalog(*tower("floor", 10)), *(f"floor-{floor}" for floor in range(1, 11)))
    lowered = set_base_plan(shop, "floor-5", None)

    assert refusals(shop, lambda shop: create_plan(shop, NEW, "floor-10")) == ["TOO_DEEP basePlan"]
    assert base_of(create_plan(lowered, NEW, "floor-10").packages["team"]) == "floor-10"


def test_a_cycle_that_discarded_drafts_left_behind_is_no_trap() -> None:
    turned = set_base_plan(set_base_plan(SHOP, "pro", None), "free", "pro")
    undone = replace(turned.packages["pro"], draft=None)
    shop = create_plan(replace(turned, packages={**turned.packages, "pro": undone}), NEW)

    assert base_of(set_base_plan(shop, "free", "team").packages["free"]) == "team"
    assert base_of(set_base_plan(shop, "team", "free").packages["team"]) == "free"


def test_inherited_rows_go_with_the_base_plan() -> None:
    shop = set_base_plan(SHOP, "pro", None)

    assert told(draft_rows(shop, "pro")) == ["calls OWN pro"]


def test_keep_inherited_copies_the_rows_of_the_base_plan_in_where_they_stood() -> None:
    changed = edited(SHOP, edit("seats", written(5)))

    shop = set_base_plan(changed, "pro", None, keep_inherited=True)

    assert told(draft_rows(changed, "pro")) == ["sso INHERITED free", "seats OVERRIDDEN pro", "calls OWN pro"]
    assert told(draft_rows(shop, "pro")) == ["sso OWN pro", "seats OWN pro", "calls OWN pro"]
    assert [r.row.value for r in draft_rows(shop, "pro")] == [GRANTED, limit(5), limit(9)]


def test_keep_inherited_brings_back_nothing_that_was_revoked() -> None:
    changed = edited(SHOP, revocation("sso"))

    shop = set_base_plan(changed, "pro", None, keep_inherited=True)

    assert keys(draft_rows(shop, "pro")) == ["seats", "calls"]


def test_keep_inherited_copies_neither_prices_nor_price_linked_rows() -> None:
    linked = row("calls", limit(5), "monthly")
    shop = published(
        catalog(metered("calls"), plan("free", linked, prices=[price("monthly")]), plan("pro", base="free")),
        *("free", "pro"),
    )

    kept = set_base_plan(shop, "pro", None, keep_inherited=True)

    assert draft_rows(kept, "pro") == ()
    assert kept.packages["pro"].newest.prices == ()


def test_rows_that_were_copied_in_become_overrides_of_the_next_base_plan() -> None:
    shop = set_base_plan(SHOP, "pro", None, keep_inherited=True)

    shop = set_base_plan(shop, "pro", "free")

    assert told(draft_rows(shop, "pro")) == ["sso INHERITED free", "seats OVERRIDDEN pro", "calls OWN pro"]


@given(catalogs())
def test_a_plan_that_keeps_what_it_inherited_shows_what_it_showed(shop: Catalog) -> None:
    for key in shop.packages:
        if isinstance(shop.packages[key], Plan):
            kept = set_base_plan(shop, key, None, keep_inherited=True)

            assert for_every_price(kept, key) == for_every_price(shop, key)


def for_every_price(shop: Catalog, key: str) -> list[Row]:
    """The rows of a draft that speak, and for more than one price."""
    return [r.row for r in draft_rows(shop, key) if r.speaks and r.row.price is None]
