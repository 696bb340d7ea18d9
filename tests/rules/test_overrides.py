from __future__ import annotations

from dataclasses import replace

import pytest

from rules.drafts import remove_entitlement
from rules.errors import Rejected
from rules.packages import with_package
from tests.rules.builders import (
    GRANTED,
    REVOKED,
    addon,
    catalog,
    current_rows,
    draft_rows,
    edit,
    edited,
    feature,
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
        *(feature("sso"), metered("seats", limit(5)), metered("calls")),
        plan("free", row("sso"), row("seats", limit(1))),
        plan("pro", base="free", prices=[price("monthly")]),
        addon("pack"),
    ),
    *("free", "pro", "pack"),
)


def test_an_override_is_set_entitlement_on_an_inherited_key() -> None:
    (_, seats) = draft_rows(edited(SHOP, edit("seats", written(3))), "pro")

    assert told([seats]) == ["seats OVERRIDDEN pro"]
    assert seats.row.value == limit(3)
    assert seats.overrides is not None
    assert seats.overrides.row == row("seats", limit(1))
    assert seats.overrides.defined_in == "free"


def test_a_boolean_row_cannot_be_overridden_only_revoked() -> None:
    assert refused(SHOP, edit("sso", GRANTED)) == ["BOOLEAN_NOT_OVERRIDABLE key"]
    assert own(edited(SHOP, revocation("sso"))) == (row("sso", REVOKED),)


def test_a_revoked_boolean_is_restored_by_removing_the_revocation() -> None:
    shop = edited(SHOP, revocation("sso"))

    assert refused(shop, edit("sso", GRANTED)) == ["BOOLEAN_NOT_OVERRIDABLE key"]
    assert told(draft_rows(remove_entitlement(shop, "pro", "sso"), "pro"))[0] == "sso INHERITED free"


def test_a_boolean_row_cannot_be_overridden_for_one_price_either() -> None:
    linked = edit("sso", GRANTED, price="monthly")

    assert refused(SHOP, linked) == ["BOOLEAN_NOT_OVERRIDABLE key"]


def test_remove_entitlement_on_an_override_restores_the_inherited_row() -> None:
    shop = remove_entitlement(edited(SHOP, edit("seats", written(3))), "pro", "seats")

    assert draft_rows(shop, "pro") == current_rows(SHOP, "pro")


def test_remove_entitlement_on_a_key_that_is_only_inherited_says_where_the_row_lives() -> None:
    shop = published(edited(SHOP, edit("calls", written(3))), "pro")
    shop = with_package(shop, plan("team", base="pro"))

    with pytest.raises(Rejected, match="'seats' is inherited: its row lives in 'free'"):
        remove_entitlement(shop, "team", "seats")
    with pytest.raises(Rejected, match="'calls' is inherited: its row lives in 'pro'"):
        remove_entitlement(shop, "team", "calls")
    assert refusals(shop, lambda shop: remove_entitlement(shop, "team", "seats")) == ["INVALID key"]


def test_a_row_that_is_nowhere_cannot_be_removed() -> None:
    assert refusals(SHOP, lambda shop: remove_entitlement(shop, "pro", "calls")) == ["NOT_FOUND key"]
    assert refusals(SHOP, lambda shop: remove_entitlement(shop, "free", "sso", "monthly")) == [
        "NOT_FOUND key"
    ]
    assert refusals(SHOP, lambda shop: remove_entitlement(shop, "pro", "seats", "monthly")) == [
        "NOT_FOUND key"
    ]


def test_removing_takes_the_row_for_that_price_and_no_other() -> None:
    shop = edited(SHOP, edit("calls", written(9)), edit("calls", written(8), price="monthly"))

    assert own(remove_entitlement(shop, "pro", "calls", "monthly")) == (row("calls", limit(9)),)
    assert own(remove_entitlement(shop, "pro", "calls")) == (row("calls", limit(8), "monthly"),)


def test_a_revocation_is_for_inherited_rows_only() -> None:
    shop = edited(SHOP, edit("calls", written(9)))
    of_an_addon = revocation("sso", package="pack")

    assert refused(shop, revocation("calls")) == ["INVALID revoked"]
    assert refused(shop, of_an_addon) == ["INVALID revoked"]


def test_a_revocation_goes_without_a_value() -> None:
    both = replace(revocation("seats"), value=written(3))
    neither = replace(revocation("seats"), value=None)

    assert refused(SHOP, both) == ["INVALID value"]
    assert own(edited(SHOP, neither)) == (row("seats", REVOKED),)


def test_a_revocation_may_be_for_one_price() -> None:
    shop = edited(SHOP, revocation("sso", price="monthly"))

    assert told(draft_rows(shop, "pro")) == [
        "sso INHERITED free",
        "sso@monthly OVERRIDDEN pro",
        "seats INHERITED free",
    ]
