from __future__ import annotations

from dataclasses import replace

import pytest

from rules.catalog.facts import PackageStatus
from rules.catalog_edits.packages import archive, create_plan, set_base_plan, with_package
from rules.errors import Rejected
from tests.rules.builders.catalog_builders import (
    addon,
    chain,
    edit,
    edited,
    plan,
    published,
    refusals,
    row,
    written,
)

SHOP = with_package(chain((row("sso"),), (), ()), addon("pack"))


def test_an_archived_package_can_be_brought_back() -> None:
    gone = archive(SHOP, "team", archived=True)

    assert gone.packages["team"].status is PackageStatus.ARCHIVED
    assert archive(gone, "team", archived=False) == SHOP


def test_archiving_what_is_archived_changes_nothing() -> None:
    gone = archive(SHOP, "team", archived=True)

    assert archive(gone, "team", archived=True) == gone
    assert archive(SHOP, "team", archived=False) == SHOP


def test_an_addon_and_a_draft_can_be_archived() -> None:
    assert archive(SHOP, "pack", archived=True).packages["pack"].archived


def test_a_package_that_nobody_made_cannot_be_archived() -> None:
    assert refusals(SHOP, lambda shop: archive(shop, "nobody", archived=True)) == ["NOT_FOUND package"]


def test_a_base_plan_with_unarchived_derived_plans_is_in_use_and_they_are_named() -> None:
    shop = with_package(SHOP, plan("scale", base="free"))

    with pytest.raises(Rejected, match="pro, scale"):
        archive(shop, "free", archived=True)
    assert refusals(shop, lambda before: archive(before, "free", archived=True)) == ["IN_USE package"]


def test_a_base_plan_can_be_archived_after_its_derived_plans() -> None:
    shop = SHOP
    for key in ("team", "pro", "free"):
        shop = archive(shop, key, archived=True)

    assert all(shop.packages[key].archived for key in ("free", "pro", "team"))


def test_a_base_plan_is_in_use_while_only_a_draft_or_only_the_published_version_stands_on_it() -> None:
    leaving = set_base_plan(SHOP, "team", None)
    coming = set_base_plan(with_package(SHOP, plan("scale")), "scale", "team")

    assert refusals(leaving, lambda shop: archive(shop, "pro", archived=True)) == ["IN_USE package"]
    assert refusals(coming, lambda shop: archive(shop, "team", archived=True)) == ["IN_USE package"]
    assert archive(published(leaving, "team"), "pro", archived=True).packages["pro"].archived


def test_a_plan_comes_back_after_its_base_plan() -> None:
    both = archive(archive(SHOP, "team", archived=True), "pro", archived=True)

    assert refusals(both, lambda shop: archive(shop, "team", archived=False)) == ["ARCHIVED package"]
    assert archive(archive(both, "pro", archived=False), "team", archived=False) == SHOP


def test_an_archived_key_stays_taken() -> None:
    gone = archive(SHOP, "team", archived=True)
    again = replace(plan("team"), draft=None)

    assert refusals(gone, lambda shop: create_plan(shop, again)) == ["ALREADY_EXISTS key"]


def test_what_was_being_edited_is_still_there_when_a_package_comes_back() -> None:
    shop = edited(SHOP, edit("calls", written(9), package="team"))

    assert archive(archive(shop, "team", archived=True), "team", archived=False) == shop
