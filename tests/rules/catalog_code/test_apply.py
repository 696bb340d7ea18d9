from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from rules.catalog.facts import Catalog, Plan, PublishScope
from rules.catalog_code.apply import apply
from rules.catalog_code.integrity import problems
from rules.catalog_code.writer import document_of
from rules.catalog_edits.packages import set_base_plan
from rules.errors import Rejected
from rules.values import Number
from tests.rules.builders.catalog_builders import (
    NOW,
    catalog,
    edit,
    edited,
    limit,
    plan,
    product,
    published,
    row,
    written,
)
from tests.rules.builders.histories import histories
from tests.rules.builders.papers import CHAIN, SUBJECTS, applied, of_plan, said, told, versions

FREE_SEATS = ("plans", "free", "entitlements", 0, "metered")
PRO_ROWS = ("plans", "pro", "entitlements")


@given(histories())
def test_applying_what_was_exported_changes_nothing(shop: Catalog) -> None:
    after = apply(shop, document_of(shop), now=NOW)

    assert after.catalog is shop
    assert after.changes == ()


@given(histories())
def test_an_export_fills_an_empty_environment_that_exports_the_same(shop: Catalog) -> None:
    document = document_of(shop)

    filled = applied(Catalog(), document)

    assert document_of(filled) == document
    assert problems(filled) == []


@given(histories(), histories())
def test_any_catalog_becomes_what_the_document_of_another_says_or_stays_as_it_is(
    shop: Catalog, other: Catalog
) -> None:
    document = document_of(other)
    try:
        after = apply(shop, document, now=NOW)
    except Rejected as refusal:
        event(str(refusal.problems[0].code))
        return
    event("applied")

    now = document_of(after.catalog)
    assert {s: {key: now[s][key] for key in document[s]} for s in document} == document
    assert problems(after.catalog) == []
    assert (after.changes == ()) == (now == document_of(shop))
    for key, package in shop.packages.items():
        assert len(after.catalog.packages[key].versions) - len(package.versions) in {0, 1}
    assert apply(after.catalog, document, now=NOW).catalog is after.catalog


@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_keys_in_a_document_does_not_matter(shop: Catalog, chance: st.DataObject) -> None:
    document = document_of(shop)

    assert applied(Catalog(), _shuffled(document, chance)) == applied(Catalog(), document)


def _shuffled(value: object, chance: object) -> object:
    if isinstance(value, list):
        return [_shuffled(item, chance) for item in value]
    if not isinstance(value, dict):
        return value
    keys = list(value)
    chance.shuffle(keys)  # type: ignore[attr-defined]
    return {key: _shuffled(value[key], chance) for key in keys}


def test_a_document_fills_an_empty_catalog() -> None:
    shop = applied(Catalog(), of_plan({"key": "seats", "metered": {"limit": 5}}))

    pro = shop.packages["pro"]
    assert isinstance(pro, Plan)
    assert (pro.draft, versions(shop)) == (None, {"pro": 1})
    assert pro.versions[0].content.rows == (row("seats", limit(5)),)
    assert (pro.versions[0].published_at, pro.versions[0].cascaded) == (NOW, False)


def test_what_is_left_out_stays_as_it_is() -> None:
    after = applied(CHAIN, {"plans": {"pro": document_of(CHAIN)["plans"]["pro"]}})

    assert after is CHAIN


def test_what_does_not_change_stays_the_very_same() -> None:
    after = applied(CHAIN, said(document_of(CHAIN), "plans", "team", name="Team"))

    assert after.packages["team"].name == "Team"
    assert after.packages["free"] is CHAIN.packages["free"]
    assert after.packages["team"].versions is CHAIN.packages["team"].versions
    assert after.features["sso"] is CHAIN.features["sso"]


def test_what_is_live_at_once_makes_no_version() -> None:
    terms = {"name": "Free", "visible": False, "position": 4, "metadata": {"a": 1}}

    assert versions(applied(CHAIN, said(document_of(CHAIN), "plans", "free", **terms))) == versions(CHAIN)


def test_a_changed_base_gives_each_plan_that_stands_on_it_one_version() -> None:
    after = applied(CHAIN, said(document_of(CHAIN), *FREE_SEATS, limit=2))

    assert versions(after) == {"free": 2, "pro": 2, "team": 2}
    newest = {key: package.versions[-1] for key, package in after.packages.items()}
    assert {key: version.cascaded for key, version in newest.items()} == {
        "free": False,
        "pro": True,
        "team": True,
    }
    assert {key: version.base_version for key, version in newest.items()} == {
        "free": None,
        "pro": 2,
        "team": 2,
    }


def test_a_base_and_a_derived_plan_that_both_change_get_one_version_each() -> None:
    both = said(document_of(CHAIN), *FREE_SEATS, limit=2)
    both["plans"]["team"]["entitlements"].append({"key": "storage", "metered": {"unlimited": True}})

    after = applied(CHAIN, both)

    assert versions(after) == {"free": 2, "pro": 2, "team": 2}
    cascaded = {key: package.versions[-1].cascaded for key, package in after.packages.items()}
    assert cascaded == {"free": False, "pro": True, "team": False}


def test_a_change_below_leaves_what_is_above_alone() -> None:
    document = said(document_of(CHAIN), "plans", "team", "entitlements", 0, "metered", limit=6)

    assert versions(applied(CHAIN, document)) == {"free": 1, "pro": 1, "team": 2}


def test_plans_can_change_places_in_one_document() -> None:
    document = document_of(CHAIN)
    document = said(said(document, "plans", "free", basePlan="team"), "plans", "pro", basePlan=None)

    after = applied(CHAIN, document)

    assert versions(after) == {"free": 2, "pro": 2, "team": 2}
    assert after.packages["free"].versions[-1].base_version == 2
    assert problems(after) == []


@pytest.mark.parametrize("scope", PublishScope)
def test_new_versions_hold_for_those_they_are_meant_for(scope: PublishScope) -> None:
    after = applied(CHAIN, said(document_of(CHAIN), *FREE_SEATS, limit=2), scope=scope)

    assert {package.versions[-1].scope for package in after.packages.values()} == {scope}


def test_a_plan_that_is_merely_a_draft_stays_one() -> None:
    shop = catalog(*SUBJECTS, plan("pro"))

    after = applied(shop, said(document_of(shop), "plans", "pro", entitlements=[{"key": "sso"}]))

    assert after.packages["pro"].newest.rows == (row("sso"),)
    assert versions(after) == {"pro": 0}


def test_a_draft_is_published_where_the_document_says_no_more_that_it_is_one() -> None:
    shop = catalog(*SUBJECTS, plan("pro", row("sso")))

    after = applied(shop, said(document_of(shop), "plans", "pro", draft=None))

    assert (versions(after), after.packages["pro"].draft) == ({"pro": 1}, None)


def test_a_new_plan_can_be_a_draft() -> None:
    shop = applied(Catalog(), of_plan({"key": "sso"}, draft=True))

    assert versions(shop) == {"pro": 0}
    assert shop.packages["pro"].newest.rows == (row("sso"),)


def test_an_unfinished_draft_that_the_document_does_not_touch_stays_a_draft() -> None:
    shop = edited(CHAIN, edit("calls", written(9), package="team"))

    after = applied(shop, said(document_of(shop), *FREE_SEATS, limit=2))

    assert after.packages["team"].draft == shop.packages["team"].draft
    assert after.packages["team"].versions[-1].content == shop.packages["team"].versions[-1].content
    assert versions(after)["team"] == 2


def test_a_draft_that_says_what_is_published_is_no_unfinished_one() -> None:
    shop = edited(CHAIN, edit("seats", written(9), package="free"), edit("seats", written(1), package="free"))
    assert shop.packages["free"].draft is not None

    after = applied(shop, said(document_of(shop), *FREE_SEATS, limit=2))

    assert (after.packages["free"].draft, versions(after)["free"]) == (None, 2)


def test_all_of_a_package_can_change_at_once() -> None:
    shop = catalog(*SUBJECTS, plan("free"), plan("pro", row("seats", limit(1))))
    shop = published(shop, "free", "pro")
    fields = {
        "name": "Pro",
        "basePlan": "free",
        "entitlements": [{"key": "sso"}, {"key": "ai", "credit": {"amount": 5}}],
        "order": ["ai"],
        "prices": [{"key": "m", "billingPeriod": "MONTHLY", "amount": {"amount": 1, "currency": "USD"}}],
        "creditRates": [{"feature": "seats", "creditType": "ai", "credits": 2}],
    }

    after = applied(shop, said(document_of(shop), "plans", "pro", **fields))

    assert versions(after) == {"free": 1, "pro": 2}
    pro = document_of(after)["plans"]["pro"]
    assert {name: pro[name] for name in fields} == fields


def test_a_true_is_not_a_one() -> None:
    shop = applied(Catalog(), {"products": {"app": {"name": "App", "metadata": {"a": 1}}}})

    after = applied(shop, {"products": {"app": {"name": "App", "metadata": {"a": True}}}})

    assert after.products["app"].metadata == {"a": True}
    assert after.products["app"].metadata["a"] is True


def test_choices_that_only_change_places_make_no_version() -> None:
    shop = applied(Catalog(), of_plan({"key": "regions", "config": {"choices": ["eu", "us"]}}))

    after = applied(shop, said(document_of(shop), "features", "regions", choices=["us", "eu"]))

    assert after.features["regions"].choices == ("us", "eu")
    assert versions(after) == {"pro": 1}


def test_the_changes_are_reported_in_the_order_of_the_document() -> None:
    document = said(document_of(CHAIN), "products", "app", name="The app")
    document = said(
        said(document, "features", "seats", status="SUSPENDED"), "plans", "pro", name="Professional"
    )

    assert told(CHAIN, document) == [
        "Product app was called app",
        "Feature seats is suspended",
        "Plan pro was called pro",
    ] or told(CHAIN, document) == [
        "Product The app was called app",
        "Feature seats is suspended",
        "Plan Professional was called pro",
    ]


def test_a_revision_is_for_anyone_who_saves() -> None:
    shop = replace(CHAIN, revision=7)

    assert applied(shop, said(document_of(shop), *FREE_SEATS, limit=2)).revision == 7


def test_quantities_of_a_document_stay_exact_through_the_catalog() -> None:
    shop = applied(Catalog(), of_plan({"key": "projects", "config": {"number": "19.9"}}))

    (said_row,) = shop.packages["pro"].newest.rows
    assert said_row.value == Number(number=19_900_000)
    assert document_of(shop)["plans"]["pro"]["entitlements"][0]["config"] == {"number": "19.9"}


def test_a_plan_taken_off_its_base_is_published_without_it() -> None:
    shop = set_base_plan(CHAIN, "team", "free")

    after = applied(CHAIN, said(document_of(CHAIN), "plans", "team", basePlan="free"))

    assert after.packages["team"].versions[-1].content == shop.packages["team"].newest
    assert after.products["app"] == product()
