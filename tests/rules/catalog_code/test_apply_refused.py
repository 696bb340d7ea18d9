from __future__ import annotations

import pytest
from hypothesis import given

from rules.catalog.facts import Catalog, FeatureStatus, PublishScope
from rules.catalog_code.writer import Entry, document_of
from tests.rules.builders.catalog_builders import (
    archived,
    catalog,
    edit,
    edited,
    plan,
    published,
    revocation,
    tower,
    written,
)
from tests.rules.builders.histories import histories
from tests.rules.builders.papers import CHAIN, SUBJECTS, applied, of_plan, refused, said, versions


@given(histories())
def test_one_wrong_thing_refuses_the_whole(shop: Catalog) -> None:
    document = said(document_of(shop), "products", "app", name="")

    assert refused(document, shop) == ["REQUIRED products.app.name"]


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("type", "BOOLEAN", "type"),
        ("meter", {"aggregation": "MAX"}, "meter.aggregation"),
    ],
)
def test_what_a_feature_is_never_changes(field: str, value: object, path: str) -> None:
    shop = catalog(*SUBJECTS)

    document = said(document_of(shop), "features", "seats", **{field: value})

    assert refused(document, shop) == [f"INVALID features.seats.{path}"]


def test_the_kind_of_a_setting_never_changes() -> None:
    shop = catalog(*SUBJECTS)
    document = said(document_of(shop), "features", "projects", configKind="TEXT")

    assert refused(document, shop) == ["INVALID features.projects.configKind"]


def test_a_package_never_changes_its_product() -> None:
    document = said(document_of(CHAIN), "plans", "team", product="other", basePlan=None)

    assert refused(document, CHAIN) == ["INVALID plans.team.product"]


def test_a_published_package_is_no_draft_again() -> None:
    assert refused(said(document_of(CHAIN), "plans", "pro", draft=True), CHAIN) == [
        "NOT_ALLOWED plans.pro.draft"
    ]


def test_an_unfinished_draft_is_not_overwritten() -> None:
    shop = edited(CHAIN, edit("seats", written(9), package="free"))

    changed = said(document_of(shop), "plans", "free", "entitlements", 0, "metered", limit=2)
    renamed = said(document_of(shop), "plans", "free", name="Free")

    assert refused(changed, shop) == ["VERSION_CONFLICT plans.free"]
    assert applied(shop, renamed).packages["free"].draft == shop.packages["free"].draft


def test_an_archived_package_says_what_it_said() -> None:
    shop = archived(CHAIN, "team")
    document = document_of(shop)
    document["plans"]["team"]["entitlements"] = []

    assert refused(document, shop) == ["ARCHIVED plans.team.archived"]
    assert versions(applied(shop, said(document, "plans", "team", archived=None)))["team"] == 2


def test_a_package_can_change_for_the_last_time_as_it_is_archived() -> None:
    document = said(document_of(CHAIN), "plans", "team", archived=True, entitlements=[])

    after = applied(CHAIN, document).packages["team"]

    assert (after.archived, len(after.versions)) == (True, 2)


def test_a_boolean_that_is_inherited_already_gains_no_row_of_its_own() -> None:
    document = document_of(CHAIN)
    document["plans"]["team"]["entitlements"].append({"key": "sso"})

    assert refused(document, CHAIN) == ["BOOLEAN_NOT_OVERRIDABLE plans.team.entitlements.1.key"]


def test_a_boolean_that_the_base_gains_at_the_same_time_may_wait_under_it() -> None:
    document = document_of(CHAIN)
    document["plans"]["free"]["entitlements"].append({"key": "audit"})
    document["plans"]["team"]["entitlements"].append({"key": "audit"})

    assert versions(applied(CHAIN, document)) == {"free": 2, "pro": 2, "team": 2}


def test_only_what_is_inherited_can_be_revoked() -> None:
    document = document_of(CHAIN)
    document["plans"]["free"]["entitlements"].append({"key": "sso", "revoked": True})
    document["plans"]["team"]["entitlements"].append({"key": "sso", "revoked": True})

    assert refused(document, CHAIN) == ["INVALID plans.free.entitlements.1.revoked"]


def test_a_revocation_that_lost_its_purpose_may_stay() -> None:
    shop = published(edited(CHAIN, revocation("sso", package="team")), "team")
    document = document_of(shop)
    document["plans"]["pro"]["entitlements"] = []

    after = applied(shop, document)

    assert versions(after) == {"free": 1, "pro": 2, "team": 3}


def test_a_feature_in_use_is_not_archived() -> None:
    document = said(document_of(CHAIN), "features", "seats", status="ARCHIVED")

    assert refused(document, CHAIN) == ["IN_USE features.seats.status"]


def test_a_feature_that_a_live_subscription_stands_on_is_not_archived() -> None:
    without = said(document_of(CHAIN), "plans", "pro", entitlements=[])
    later = applied(CHAIN, without, scope=PublishScope.NEW_CUSTOMERS)
    document = said(document_of(later), "features", "sso", status="ARCHIVED")

    assert refused(document, later, put_on=[("pro", 1)]) == ["IN_USE features.sso.status"]
    assert applied(later, document, put_on=[("pro", 2)]).features["sso"].status is FeatureStatus.ARCHIVED


def test_a_choice_that_a_live_subscription_stands_on_is_not_dropped() -> None:
    shop = applied(Catalog(), of_plan({"key": "regions", "config": {"choices": ["us"]}}))
    without = said(document_of(shop), "plans", "pro", entitlements=[])
    later = applied(shop, without, scope=PublishScope.NEW_CUSTOMERS)
    document = said(document_of(later), "features", "regions", choices=["eu"])

    assert refused(document, later, put_on=[("pro", 1)]) == ["IN_USE features.regions.choices"]
    assert applied(later, document).features["regions"].choices == ("eu",)


def test_anyone_who_moves_to_the_new_version_holds_nothing_back() -> None:
    document = said(document_of(CHAIN), "features", "sso", status="ARCHIVED")
    document["plans"]["pro"]["entitlements"] = []

    assert applied(CHAIN, document, put_on=[("pro", 1)]).features["sso"].status is FeatureStatus.ARCHIVED


def test_a_base_plan_in_use_is_not_archived() -> None:
    document = said(document_of(CHAIN), "plans", "pro", archived=True)

    assert refused(document, CHAIN) == ["IN_USE plans.pro.archived"]
    assert refused(said(document_of(CHAIN), "plans", pro=None), CHAIN, prune=True) == [
        "IN_USE plans.pro.archived"
    ]


def test_a_plan_is_not_put_on_an_archived_one() -> None:
    shop = archived(catalog(*SUBJECTS, plan("old"), plan("pro")), "old")

    assert refused(said(document_of(shop), "plans", "pro", basePlan="old"), shop) == [
        "ARCHIVED plans.pro.basePlan"
    ]


def test_a_choice_in_use_is_not_dropped() -> None:
    shop = applied(Catalog(), of_plan({"key": "regions", "config": {"choices": ["us"]}}))

    assert refused(said(document_of(shop), "features", "regions", choices=["eu"]), shop) == [
        "INVALID plans.pro.entitlements.0.config.choices.0"
    ]


def test_a_cycle_is_refused_with_its_path() -> None:
    assert refused(said(document_of(CHAIN), "plans", "free", basePlan="team"), CHAIN) == [
        "CYCLE plans.free.basePlan"
    ]


def test_a_chain_that_is_too_deep_is_refused_for_drafts_too() -> None:
    floors = tower("floor", 11)
    document = document_of(catalog(*floors))
    for entry in document["plans"].values():
        del entry["draft"]

    assert refused(document) == ["TOO_DEEP plans.floor-11.basePlan"]
    assert refused(document_of(catalog(*floors))) == ["TOO_DEEP plans.floor-11.basePlan"]


def test_a_plan_is_not_published_on_a_draft() -> None:
    document = said(document_of(CHAIN), "plans", new={"name": "New", "product": "app", "draft": True})
    document = said(document, "plans", "team", basePlan="new")

    assert refused(document, CHAIN) == ["NOT_ALLOWED plans.team.basePlan"]


def test_every_problem_is_reported_at_once() -> None:
    document = said(document_of(CHAIN), "plans", "free", "entitlements", 0, "metered", limit=-1)
    document = said(document, "plans", "team", basePlan="nowhere", position="first", nmae="Team")
    document = said(document, "features", "sso", name=None, type="METERED")

    assert sorted(refused(document, CHAIN)) == [
        "INVALID features.sso.type",
        "INVALID plans.team.nmae",
        "INVALID plans.team.position",
        "NOT_FOUND plans.team.basePlan",
        "OUT_OF_RANGE plans.free.entitlements.0.metered.limit",
        "REQUIRED features.sso.name",
    ]


def test_what_only_follows_from_what_cannot_be_read_is_not_told() -> None:
    rows: list[Entry] = [
        {"key": "new", "metered": {"limit": 1}},
        {"key": "seats", "metered": {"limit": "x"}},
        {"key": 1},
    ]
    document = of_plan(*rows, prices=[{"key": "m"}], creditRates=[{"feature": "new", "creditType": "ai"}])
    document = said(document, "features", new={"name": "New", "type": "COUNTED"})

    assert sorted(refused(document)) == [
        "INVALID features.new.type",
        "INVALID plans.pro.entitlements.1.metered.limit",
        "INVALID plans.pro.entitlements.2.key",
        "REQUIRED plans.pro.creditRates.0.credits",
        "REQUIRED plans.pro.prices.0.amount",
        "REQUIRED plans.pro.prices.0.billingPeriod",
    ]


@pytest.mark.parametrize("document", [None, [], "plans", {"plan": {}}, {"plans": [], "features": {}}])
def test_what_is_no_catalog_at_all_is_refused(document: object) -> None:
    assert len(refused(document, CHAIN)) == 1


def test_keys_collide_with_those_that_the_document_leaves_out() -> None:
    pro = {"name": "Pro", "product": "app"}
    sso = {"name": "Single sign-on", "type": "BOOLEAN"}

    assert refused({"plans": {"Pro": pro}}, CHAIN) == ["ALREADY_EXISTS plans.Pro"]
    assert refused({"addons": {"TEAM": pro}}, CHAIN) == ["ALREADY_EXISTS addons.TEAM"]
    assert refused({"features": {"SSO": sso}}, CHAIN) == ["ALREADY_EXISTS features.SSO"]
