from __future__ import annotations

from dataclasses import replace

import pytest

from rules.catalog.inheritance import ResolvedCatalog
from rules.catalog_edits.drafts import remove_entitlement
from rules.catalog_edits.packages import set_base_plan, with_package
from rules.errors import Rejected
from tests.rules.builders.catalog_builders import (
    GRANTED,
    REVOKED,
    addon,
    catalog,
    chain,
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
    priced,
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

    with pytest.raises(Rejected, match="'seats' is inherited: it is set in 'free'"):
        remove_entitlement(shop, "team", "seats")
    with pytest.raises(Rejected, match="'calls' is inherited: it is set in 'pro'"):
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


def test_rows_already_in_a_plan_when_its_base_is_set_become_overrides() -> None:
    shop = catalog(plan("free", row("seats", limit(1))), plan("pro", row("seats", limit(5))))

    shop = set_base_plan(published(shop, "free"), "pro", "free")

    assert told(draft_rows(shop, "pro")) == ["seats OVERRIDDEN pro"]


def test_rows_already_in_a_plan_when_its_base_gains_the_key_become_overrides() -> None:
    shop = chain((), (row("seats", limit(5)),))

    shop = published(edited(shop, edit("seats", written(1), package="free")), "free")

    assert told(current_rows(shop, "pro")) == ["seats OVERRIDDEN pro"]


def test_a_boolean_that_both_have_is_shown_once_as_inherited() -> None:
    shop = chain((row("sso"),), (row("sso"), row("audit")))

    assert told(current_rows(shop, "pro")) == ["sso INHERITED free", "audit OWN pro"]


def test_a_boolean_that_waits_under_an_inherited_one_is_own_again_when_the_bases_goes() -> None:
    shop = chain((row("sso"),), (row("sso"), row("audit")))

    shop = published(remove_entitlement(shop, "free", "sso"), "free")

    assert told(current_rows(shop, "pro")) == ["sso OWN pro", "audit OWN pro"]


def test_a_boolean_for_one_price_waits_as_well() -> None:
    shop = priced(chain((), ()), "pro")
    shop = published(edited(shop, edit("sso", GRANTED, price="monthly")), "pro")

    later = published(edited(shop, edit("sso", GRANTED, package="free")), "free")

    assert told(current_rows(shop, "pro")) == ["sso@monthly OWN pro"]
    assert told(current_rows(later, "pro")) == ["sso INHERITED free"]


def test_a_boolean_that_both_have_is_shown_once_whatever_waits_for_one_price() -> None:
    shop = priced(chain((), (row("sso"),)), "pro")
    shop = published(edited(shop, edit("sso", GRANTED, price="monthly")), "pro")

    later = published(edited(shop, edit("sso", GRANTED, package="free")), "free")

    assert told(current_rows(shop, "pro")) == ["sso OWN pro", "sso@monthly OWN pro"]
    assert told(current_rows(later, "pro")) == ["sso INHERITED free"]


def test_a_boolean_that_waited_for_one_price_holds_where_the_inherited_one_is_revoked() -> None:
    shop = edited(priced(chain((), ()), "pro"), edit("sso", GRANTED, price="monthly"))
    shop = published(edited(shop, edit("sso", GRANTED, package="free")), "free")

    shop = published(edited(shop, revocation("sso")), "pro")

    assert told(current_rows(shop, "pro")) == ["sso OVERRIDDEN pro", "sso@monthly OVERRIDDEN pro"]
    assert list(ResolvedCatalog(shop).held("pro", 3, "monthly")) == ["sso"]
    assert list(ResolvedCatalog(shop).held("pro", 3, None)) == []


def test_a_revocation_is_shown_with_the_row_that_it_takes_away() -> None:
    shop = chain((row("sso"),), (row("sso", REVOKED),))

    (sso,) = current_rows(shop, "pro")

    assert told([sso]) == ["sso OVERRIDDEN pro"]
    assert not sso.speaks
    assert sso.overrides is not None
    assert sso.overrides.speaks


def test_a_revocation_does_not_speak() -> None:
    shop = chain((row("sso"), row("seats", limit(1))), (row("sso", REVOKED),))

    assert list(ResolvedCatalog(shop).held("pro", 1, None)) == ["seats"]


def test_below_a_revocation_the_key_is_not_inherited() -> None:
    shop = chain((row("sso"), row("audit")), (row("sso", REVOKED),), ())

    assert told(current_rows(shop, "team")) == ["audit INHERITED free"]


def test_a_grandchild_may_set_a_revoked_key_anew() -> None:
    shop = chain((row("sso"),), (row("sso", REVOKED),), (row("sso"),))

    assert told(current_rows(shop, "team")) == ["sso OWN team"]


def test_where_the_base_no_longer_has_the_row_a_revocation_has_no_effect_and_is_not_shown() -> None:
    shop = chain((row("sso"),), (row("sso", REVOKED), row("audit")))

    shop = published(remove_entitlement(shop, "free", "sso"), "free")

    assert told(current_rows(shop, "pro")) == ["audit OWN pro"]
    assert row("sso", REVOKED) in shop.packages["pro"].newest.rows


def test_a_revocation_counts_again_when_the_base_has_the_row_again() -> None:
    shop = chain((row("sso"),), (row("sso", REVOKED),))
    without = published(remove_entitlement(shop, "free", "sso"), "free")

    again = published(edited(without, edit("sso", GRANTED, package="free")), "free")

    assert told(current_rows(again, "pro")) == ["sso OVERRIDDEN pro"]
    assert list(ResolvedCatalog(again).held("pro", 3, None)) == []


def test_a_revocation_for_one_price_is_silence_on_that_price_only() -> None:
    shop = priced(chain((row("sso"),), (), ()), "pro")
    shop = published(edited(shop, revocation("sso", price="monthly")), "pro")

    flat = ResolvedCatalog(shop)

    assert list(flat.held("pro", 2, "monthly")) == []
    assert list(flat.held("pro", 2, "yearly")) == ["sso"]
    assert told(current_rows(shop, "team")) == ["sso INHERITED free"]
