from __future__ import annotations

from hypothesis import given

from rules.catalog.facts import Catalog, FeatureStatus
from rules.catalog_code.apply import apply
from rules.catalog_code.writer import document_of
from tests.rules.builders.catalog_builders import NOW, addon, catalog, feature, metered, plan, published
from tests.rules.builders.histories import histories
from tests.rules.builders.papers import CHAIN, applied, said, versions


def test_what_is_left_out_is_archived_where_that_is_asked_for() -> None:
    shop = catalog(feature("sso"), metered("seats"), plan("pro"), plan("old"), addon("pack"))
    shop = published(shop, "pro", "old")
    document = said(said(document_of(shop), "features", seats=None), "plans", old=None)

    after = applied(shop, said(document, addons=None, products=None), prune=True)

    assert {key: package.archived for key, package in after.packages.items()} == {
        "pro": False,
        "old": True,
        "pack": True,
    }
    assert {key: one.status for key, one in after.features.items()} == {
        "sso": FeatureStatus.ACTIVE,
        "seats": FeatureStatus.ARCHIVED,
    }
    assert set(after.products) == {"app", "other"}
    assert versions(after) == versions(shop)


def test_a_chain_of_plans_is_archived_at_once() -> None:
    after = applied(CHAIN, {"products": {"app": {"name": "app"}}}, prune=True)

    assert all(package.archived for package in after.packages.values())
    assert {one.status for one in after.features.values()} == {FeatureStatus.ARCHIVED}


def test_a_feature_can_be_archived_with_the_rows_that_were_about_it() -> None:
    document = said(document_of(CHAIN), "features", "sso", status="ARCHIVED")
    document["plans"]["pro"]["entitlements"] = []

    after = applied(CHAIN, document)

    assert after.features["sso"].status is FeatureStatus.ARCHIVED
    assert versions(after) == {"free": 1, "pro": 2, "team": 2}


def test_what_was_archived_can_be_brought_back() -> None:
    gone = applied(CHAIN, {"products": {"app": {"name": "app"}}}, prune=True)
    document = said(document_of(gone), "features", "seats", status=None)

    after = applied(gone, said(document, "plans", "free", archived=None))

    assert not after.packages["free"].archived
    assert after.packages["pro"].archived


@given(histories())
def test_pruning_with_the_whole_catalog_changes_nothing(shop: Catalog) -> None:
    assert apply(shop, document_of(shop), now=NOW, prune=True).changes == ()
