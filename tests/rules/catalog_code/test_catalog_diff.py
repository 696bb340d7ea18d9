from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from rules.catalog.facts import Catalog
from rules.catalog_code.apply import apply
from rules.catalog_code.catalog_diff import catalog_changes
from rules.catalog_code.diff import CatalogDifference, ChangeKind
from rules.catalog_code.writer import Entry, document_of
from rules.values import Unit
from tests.rules.builders.catalog_builders import (
    NOW,
    addon,
    catalog,
    credit_type,
    feature,
    limit,
    metered,
    plan,
    price,
    published,
    row,
)
from tests.rules.builders.histories import histories
from tests.rules.builders.papers import said, told

SEATS = replace(metered("seats"), name="Seats", unit=Unit(singular="seat", plural="seats"))
PRO = replace(plan("pro", row("seats", limit(10)), row("sso"), prices=[price("monthly", 49)]), name="Pro")
SHOP = published(
    catalog(SEATS, feature("sso"), credit_type("ai"), replace(plan("free"), name="Free"), PRO, addon("pack")),
    "free",
    "pro",
)
DOCUMENT = document_of(SHOP)
TYPE = "Plan Pro: pricing type"


def changes(*place: str | int, **fields: object) -> list[CatalogDifference]:
    """What changes where the document says something else at a place."""
    return list(apply(SHOP, said(DOCUMENT, *place, **fields), now=NOW).changes)


def change(*place: str | int, **fields: object) -> CatalogDifference:
    """The one thing that changes where the document says something else at a place."""
    (one,) = changes(*place, **fields)
    return one


def test_a_new_thing_is_one_change_whatever_is_in_it() -> None:
    assert told(Catalog(), DOCUMENT) == [
        "Product app added",
        "Product other added",
        "Feature Seats added",
        "Feature sso added",
        "Credit type ai added",
        "Plan Free added",
        "Plan Pro added with 2 entitlements, 1 price",
        "Add-on pack added as a draft",
    ]


def test_an_added_thing_has_its_name_and_nothing_before() -> None:
    added = change("products", shoes={"name": "Shoes"})

    assert added == CatalogDifference(
        kind=ChangeKind.ADDED,
        path="products.shoes",
        before=None,
        after="Shoes",
        summary="Product Shoes added",
    )


def test_a_limit_that_is_raised_is_reported_in_its_unit() -> None:
    raised = change("plans", "pro", "entitlements", 0, "metered", limit=50)

    assert (raised.path, raised.before, raised.after) == (
        "plans.pro.entitlements.seats.limit",
        "10 seats",
        "50 seats",
    )
    assert raised.summary == "Pro: Seats raised from 10 seats to 50 seats"


@pytest.mark.parametrize(
    ("fields", "path", "texts", "told_of"),
    [
        ({"name": "Max"}, "name", ("Pro", "Max"), "Plan Max was called Pro"),
        ({"visible": False}, "visible", ("yes", "no"), "Plan Pro is hidden from pricing tables"),
        ({"archived": True}, "archived", ("no", "yes"), "Plan Pro is archived"),
        ({"position": 3}, "position", ("0", "3"), "Plan Pro: position changed to '3'"),
        (
            {"pricingType": "PAID"},
            "pricingType",
            ("FREE", "PAID"),
            "Plan Pro: pricing type changed to 'PAID'",
        ),
        ({"description": "x"}, "description", (None, "x"), "Plan Pro: description set to 'x'"),
        ({"defaultTrialDays": 7}, "defaultTrialDays", (None, "7"), "Plan Pro: default trial days set to '7'"),
        ({"compatibleAddons": []}, "compatibleAddons", (None, ""), "Plan Pro: compatible addons set to ''"),
        ({"metadata": {"a": {"b": 1}}}, "metadata.a.b", (None, "1"), "Plan Pro: metadata a b set to '1'"),
    ],
)
def test_what_a_plan_says_of_itself_is_reported(
    fields: Entry, path: str, texts: tuple[str | None, str], told_of: str
) -> None:
    one = change("plans", "pro", **fields)

    assert (one.path, (one.before, one.after)) == (f"plans.pro.{path}", texts)
    assert one.summary == told_of


def test_what_a_feature_is_reported_of_is_reported() -> None:
    (name, singular, suspended) = changes(
        "features", "seats", name="Chairs", unit={"singular": "chair", "plural": "seats"}, status="SUSPENDED"
    )

    assert {name.summary, singular.summary, suspended.summary} == {
        "Feature Chairs was called Seats",
        "Feature Chairs: unit singular changed to 'chair'",
        "Feature Chairs is suspended",
    }


def test_what_is_taken_away_is_told_with_what_it_was() -> None:
    shop = apply(SHOP, said(DOCUMENT, "plans", "pro", description="For teams"), now=NOW).catalog

    (one,) = apply(shop, DOCUMENT, now=NOW).changes

    assert (one.kind, one.before, one.after) == (ChangeKind.REMOVED, "For teams", None)
    assert one.summary == "Plan Pro: description removed"


def test_a_first_publish_is_reported() -> None:
    one = change("addons", "pack", draft=None)

    assert (one.path, one.summary) == ("addons.pack.draft", "Add-on pack is published for the first time")


def test_own_rows_are_reported_and_not_what_derived_plans_make_of_them() -> None:
    shop = apply(SHOP, said(DOCUMENT, "plans", "pro", basePlan="free"), now=NOW).catalog
    document = said(document_of(shop), "plans", "free", entitlements=[{"key": "sso"}])

    assert told(shop, document) == ["Free now includes sso"]


def test_a_row_that_goes_leaves_the_word_to_the_base_plan() -> None:
    rows = (row("sso"), row("seats", limit(1)))
    base = replace(plan("base", *rows), name="Base")
    top = replace(plan("top", row("sso"), row("seats", limit(5)), base="base"), name="Top")
    shop = published(catalog(feature("sso"), SEATS, base, top), "base", "top")

    assert told(shop, said(document_of(shop), "plans", "top", entitlements=[])) == [
        "Top goes by Base for sso",
        "Top goes by Base for Seats",
    ]


def test_a_revocation_is_reported_as_what_it_does() -> None:
    shop = catalog(feature("sso"), plan("base", row("sso")), plan("top", base="base"))
    shop = published(shop, "base", "top")
    revoked = said(document_of(shop), "plans", "top", entitlements=[{"key": "sso", "revoked": True}])
    after = apply(shop, revoked, now=NOW)

    (one,) = after.changes
    assert (one.kind, one.summary) == (ChangeKind.ADDED, "top now leaves out sso")
    assert told(after.catalog, document_of(shop)) == ["top no longer leaves out sso"]


def test_another_order_is_reported() -> None:
    one = change("plans", "pro", order=["sso"])

    assert (one.path, one.before, one.after) == ("plans.pro.order", "the usual one", "sso")


def test_a_long_text_is_shortened_in_the_sentence_only() -> None:
    one = change("plans", "pro", description="x" * 500)

    assert one.after == "x" * 500
    assert one.summary == f"Plan Pro: description set to '{'x' * 200}…'"


@given(histories(), histories())
def test_catalogs_differ_in_words_exactly_where_their_documents_differ(one: Catalog, other: Catalog) -> None:
    found = catalog_changes(one, replace(other, packages={**one.packages, **other.packages}))

    assert bool(found) == (document_of(one) != document_of(other)) or _says_less(one, other)
    assert [change.kind for change in catalog_changes(one, one)] == []


def _says_less(one: Catalog, other: Catalog) -> bool:
    """Whether one catalog has things that the other lacks, which no document can take away."""
    things = ("products", "features", "credit_types", "packages")
    return any(getattr(one, kind).keys() - getattr(other, kind).keys() for kind in things)
