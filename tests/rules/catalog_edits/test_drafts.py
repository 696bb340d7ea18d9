from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from rules.catalog.facts import Catalog, FeatureStatus, Widget
from rules.catalog_edits.drafts import (
    RowEdit,
    discard_draft,
    remove_entitlement,
    remove_price,
    reorder_entitlements,
    set_price,
)
from rules.values import ConfigKind, Metered, Reset, ResetInterval, WrittenLimit
from tests.rules.builders.catalog_builders import (
    GRANTED,
    addon,
    archived,
    catalog,
    choices,
    config,
    credit,
    credit_type,
    current_rows,
    draft_rows,
    edit,
    edited,
    feature,
    keys,
    limit,
    metered,
    own,
    plan,
    price,
    published,
    refusals,
    refused,
    revocation,
    row,
    told,
    written,
)

SHOP = published(
    catalog(
        feature("sso"),
        feature("audit"),
        metered("seats", limit(5)),
        metered("calls"),
        config("regions", ConfigKind.CHOICE, "eu", "us"),
        credit_type("ai"),
        plan("free", row("sso"), row("seats", limit(1))),
        plan("pro", base="free", prices=[price("monthly")]),
        plan("elsewhere", of="other"),
        addon("pack"),
    ),
    *("free", "pro", "elsewhere", "pack"),
)


def test_a_row_goes_to_the_draft_and_readers_see_the_published_version_until_it_is_published() -> None:
    shop = edited(SHOP, edit("calls", written(9)))

    assert keys(current_rows(shop, "pro")) == ["sso", "seats"]
    assert keys(draft_rows(shop, "pro")) == ["sso", "seats", "calls"]
    assert keys(current_rows(published(shop, "pro"), "pro")) == ["sso", "seats", "calls"]


def test_a_draft_is_made_from_the_published_version_when_first_needed() -> None:
    assert SHOP.packages["free"].draft is None

    shop = edited(SHOP, edit("calls", written(9), package="free"))

    assert own(shop, "free") == (row("sso"), row("seats", limit(1)), row("calls", limit(9)))
    assert shop.packages["free"].versions == SHOP.packages["free"].versions


def test_own_rows_stand_in_the_order_in_which_they_were_added() -> None:
    shop = edited(
        SHOP,
        edit("calls", written(9)),
        edit("audit", GRANTED),
        edit("ai", credit(5)),
        edit("calls", written(8)),
    )

    assert keys(draft_rows(shop, "pro")) == ["sso", "seats", "calls", "audit", "ai"]


def test_setting_a_row_again_replaces_its_value_where_it_stands() -> None:
    shop = edited(SHOP, edit("calls", written(9)), edit("audit", GRANTED), edit("calls", written(8)))

    assert own(shop) == (row("calls", limit(8)), row("audit"))


def test_a_value_is_settled_when_it_is_set() -> None:
    shop = edited(SHOP, edit("regions", choices("us", "eu")), edit("calls", WrittenLimit(unlimited=True)))

    assert own(shop) == (row("regions", choices("eu", "us")), row("calls", limit(None)))


def test_any_package_may_use_a_feature_of_any_product() -> None:
    seats = replace(SHOP.features["seats"], product="app")
    shop = replace(SHOP, features={**SHOP.features, "seats": seats})

    assert own(edited(shop, edit("seats", written(3), package="elsewhere")), "elsewhere") == (
        row("seats", limit(3)),
    )


def test_an_addon_has_rows_of_its_own() -> None:
    shop = edited(SHOP, edit("seats", written(3), package="pack"))

    assert told(draft_rows(shop, "pack")) == ["seats OWN pack"]


def test_a_suspended_feature_may_be_set_and_an_archived_one_may_not() -> None:
    suspended = with_status(FeatureStatus.SUSPENDED)
    gone = with_status(FeatureStatus.ARCHIVED)

    assert own(edited(suspended, edit("calls", written(9)))) == (row("calls", limit(9)),)
    assert refused(gone, edit("calls", written(9))) == ["ARCHIVED key"]


def with_status(status: FeatureStatus) -> Catalog:
    """The catalog in which calls have another status."""
    calls = replace(SHOP.features["calls"], status=status)
    return replace(SHOP, features={**SHOP.features, "calls": calls})


def test_a_value_left_out_keeps_the_rows_own_value() -> None:
    shop = edited(
        SHOP, edit("calls", written(9)), RowEdit(package="pro", key="calls", display_text="Nine calls")
    )

    assert own(shop) == (replace(row("calls", limit(9)), display_text="Nine calls"),)


def test_a_value_left_out_on_an_override_keeps_the_override() -> None:
    shop = edited(SHOP, edit("seats", written(3)), edit("seats"))

    assert own(shop) == (row("seats", limit(3)),)


def test_a_value_left_out_on_an_inherited_key_copies_the_inherited_rows() -> None:
    shop = edited(SHOP, RowEdit(package="pro", key="seats", hidden_from=(Widget.PRICING_TABLE,)))

    assert own(shop) == (replace(row("seats", limit(1)), hidden_from=(Widget.PRICING_TABLE,)),)


def test_a_value_left_out_on_a_revoked_key_copies_the_inherited_rows() -> None:
    shop = edited(SHOP, revocation("seats"), edit("seats"))

    assert own(shop) == (row("seats", limit(1)),)


def test_a_value_left_out_on_any_other_new_row_copies_the_features_default() -> None:
    shop = edited(SHOP, edit("seats", package="pack"))

    assert own(shop, "pack") == (row("seats", limit(5)),)


def test_a_value_left_out_on_a_new_row_for_one_price_is_the_default_and_not_that_of_another_row() -> None:
    shop = edited(SHOP, edit("seats", written(3), package="elsewhere"))
    shop = set_price(shop, "elsewhere", price("monthly"))

    shop = edited(shop, edit("seats", package="elsewhere", price="monthly"))

    assert own(shop, "elsewhere") == (row("seats", limit(3)), row("seats", limit(5), "monthly"))


@pytest.mark.parametrize("key", ["calls", "regions", "ai"])
def test_a_value_is_required_where_there_is_no_default(key: str) -> None:
    assert refused(SHOP, edit(key)) == ["REQUIRED value"]


def test_a_boolean_needs_no_value() -> None:
    assert own(edited(SHOP, edit("audit"))) == (row("audit"),)
    assert own(edited(SHOP, edit("audit", None))) == (row("audit"),)


def test_null_is_not_left_out_and_clears_what_must_stand() -> None:
    shop = edited(SHOP, edit("calls", written(9)))
    cleared = edit("calls", None)

    assert refused(shop, cleared) == ["REQUIRED value"]
    assert refused(shop, replace(cleared, key="seats")) == ["REQUIRED value"]


def test_a_default_keeps_its_own_reset() -> None:
    daily = Metered(limit=1, reset=Reset(every=ResetInterval.DAY))
    shop = replace(SHOP, features={**SHOP.features, "calls": metered("calls", daily)})

    assert own(edited(shop, edit("calls"))) == (row("calls", daily),)


def test_a_display_text_left_out_is_kept_and_null_returns_to_the_default() -> None:
    first = RowEdit(package="pro", key="seats", value=written(3), display_text="Three seats")

    assert own(edited(SHOP, first, edit("seats", written(4))))[0].display_text == "Three seats"
    assert own(edited(SHOP, first, replace(first, display_text=None)))[0].display_text is None


def test_where_a_row_is_hidden_left_out_is_kept_and_an_empty_list_shows_it_everywhere() -> None:
    first = RowEdit(package="pro", key="seats", value=written(3), hidden_from=(Widget.CUSTOMER_PORTAL,))

    assert own(edited(SHOP, first, edit("seats", written(4))))[0].hidden_from == (Widget.CUSTOMER_PORTAL,)
    assert own(edited(SHOP, first, replace(first, hidden_from=())))[0].hidden_from == ()


def test_a_display_text_has_at_most_10000_characters() -> None:
    longest = RowEdit(package="pro", key="seats", display_text="t" * 10_000)
    too_long = replace(longest, display_text="t" * 10_001)

    assert own(edited(SHOP, longest))[0].display_text == "t" * 10_000
    assert refused(SHOP, too_long) == ["OUT_OF_RANGE displayText"]


def test_all_problems_of_a_row_are_named_at_once() -> None:
    wrong = RowEdit(package="pro", key="sso", value=written(-1), price="weekly", display_text="t" * 10_001)

    assert refused(SHOP, wrong) == [
        "TYPE_MISMATCH value.metered",
        "OUT_OF_RANGE displayText",
        "NOT_FOUND price",
        "BOOLEAN_NOT_OVERRIDABLE key",
    ]


def test_what_is_wrong_with_a_value_is_found_at_its_path() -> None:
    both = WrittenLimit(limit=-1, unlimited=True)

    assert refused(SHOP, edit("calls", both)) == [
        "INVALID value.metered.unlimited",
        "OUT_OF_RANGE value.metered.limit",
    ]
    assert refused(SHOP, edit("regions", choices("eu", "moon"))) == ["INVALID value.config.choices.1"]


def test_a_package_and_a_key_that_nobody_made_are_named_at_once() -> None:
    wrong = RowEdit(package="nobody", key="nothing", display_text="t" * 10_001)

    assert refused(SHOP, wrong) == [
        "NOT_FOUND package",
        "NOT_FOUND key",
        "OUT_OF_RANGE displayText",
    ]
    assert refusals(SHOP, lambda shop: remove_entitlement(shop, "nobody", "nothing")) == [
        "NOT_FOUND package",
        "NOT_FOUND key",
    ]


def test_a_key_and_a_price_that_nobody_made_are_named_at_once() -> None:
    wrong = RowEdit(package="pro", key="nothing", price="weekly")

    assert refused(SHOP, wrong) == ["NOT_FOUND key", "NOT_FOUND price"]


def test_a_wrong_value_is_named_where_the_package_is_missing_too() -> None:
    wrong = edit("calls", written(-1), package="nobody")

    assert refused(SHOP, wrong) == [
        "NOT_FOUND package",
        "OUT_OF_RANGE value.metered.limit",
    ]


@pytest.mark.parametrize(
    "act",
    [
        lambda shop: edited(shop, edit("calls", written(9))),
        lambda shop: remove_entitlement(shop, "pro", "calls"),
        lambda shop: set_price(shop, "pro", price("weekly")),
        lambda shop: remove_price(shop, "pro", "monthly"),
        lambda shop: reorder_entitlements(shop, "pro", ("seats",)),
        lambda shop: discard_draft(shop, "pro"),
    ],
)
def test_an_archived_package_takes_no_edits(act: Callable[[Catalog], Catalog]) -> None:
    assert refusals(archived(SHOP, "pro"), act) == ["ARCHIVED package"]


def test_an_order_by_hand_goes_to_the_draft_and_the_keys_named_later_come_first() -> None:
    shop = edited(SHOP, edit("calls", written(9)), edit("audit", GRANTED))

    shop = reorder_entitlements(reorder_entitlements(shop, "pro", ("audit", "seats")), "pro", ("calls",))

    assert keys(draft_rows(shop, "pro")) == ["calls", "audit", "seats", "sso"]
    assert keys(current_rows(shop, "pro")) == ["sso", "seats"]


def test_all_problems_of_an_order_are_named_at_once() -> None:
    order = ("seats", "calls", "seats", "nothing")

    assert refusals(SHOP, lambda shop: reorder_entitlements(shop, "pro", order)) == [
        "NOT_FOUND keys.1",
        "INVALID keys.2",
        "NOT_FOUND keys.3",
    ]
    assert refusals(SHOP, lambda shop: reorder_entitlements(shop, "nobody", order)) == ["NOT_FOUND package"]


def test_a_discarded_draft_leaves_what_is_published() -> None:
    shop = edited(SHOP, edit("calls", written(9)))

    assert discard_draft(shop, "pro") == SHOP
    assert discard_draft(SHOP, "pro") == SHOP


def test_a_draft_that_is_all_there_is_cannot_be_discarded() -> None:
    shop = catalog(plan("free"))

    assert refusals(shop, lambda before: discard_draft(before, "free")) == ["NOT_ALLOWED package"]
    assert refusals(shop, lambda before: discard_draft(before, "nobody")) == ["NOT_FOUND package"]
