"""Edits of a catalog as facts, so that the same ones can be made twice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from rules.catalog.facts import Catalog, Feature, Price, PublishScope
from rules.catalog_edits.drafts import (
    RowEdit,
    discard_draft,
    remove_entitlement,
    remove_price,
    reorder_entitlements,
    set_entitlement,
    set_price,
)
from rules.catalog_edits.features import create_feature
from rules.catalog_edits.packages import create_plan, set_base_plan
from rules.catalog_edits.publishing import publish
from tests.rules.builders.catalog_builders import NOW, plan


@dataclass(frozen=True)
class NewFeature:
    """Add a feature."""

    feature: Feature


@dataclass(frozen=True)
class NewPlan:
    """Add a plan on a base plan, or on none."""

    key: str
    base: str | None


@dataclass(frozen=True)
class RowRemoval:
    """Take a package's own row away."""

    package: str
    key: str
    price: str | None


@dataclass(frozen=True)
class PriceEdit:
    """Set a price."""

    package: str
    price: Price


@dataclass(frozen=True)
class PriceRemoval:
    """Take a price away."""

    package: str
    key: str


@dataclass(frozen=True)
class Rebase:
    """Put a plan on another base plan, or on none."""

    plan: str
    base: str | None
    keep_inherited: bool


@dataclass(frozen=True)
class Publish:
    """Publish a draft."""

    package: str
    scope: PublishScope
    expected: int | None


@dataclass(frozen=True)
class Reorder:
    """Put rows first."""

    package: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Discard:
    """Forget a draft."""

    package: str


Edit = (
    NewFeature
    | NewPlan
    | RowEdit
    | RowRemoval
    | PriceEdit
    | PriceRemoval
    | Reorder
    | Rebase
    | Discard
    | Publish
)


def made(shop: Catalog, edit: Edit) -> Catalog:  # noqa: C901 - one case for each edit
    """The catalog after an edit."""
    match edit:
        case NewFeature(new):
            shop = create_feature(shop, new)
        case NewPlan(key, base):
            shop = create_plan(shop, replace(plan(key), draft=None), base)
        case RowEdit():
            shop = set_entitlement(shop, edit)
        case RowRemoval(package, key, linked):
            shop = remove_entitlement(shop, package, key, linked)
        case PriceEdit(package, amount):
            shop = set_price(shop, package, amount)
        case PriceRemoval(package, key):
            shop = remove_price(shop, package, key)
        case Reorder(package, keys):
            shop = reorder_entitlements(shop, package, keys)
        case Discard(package):
            shop = discard_draft(shop, package)
        case Rebase(key, base, keep):
            shop = set_base_plan(shop, key, base, keep_inherited=keep)
        case Publish(package, scope, expected):
            shop = publish(shop, package, now=NOW, scope=scope, expected_version=expected).catalog
        case _:
            assert_never(edit)
    return shop
