"""Whether a catalog is what a naive one is."""

from __future__ import annotations

from rules.catalog.facts import Catalog, Version
from rules.catalog.inheritance import ResolvedCatalog, ResolvedRow
from tests.rules.models.naive_catalog import Naive
from tests.rules.models.naive_market import NaiveMarket, number_of
from tests.rules.models.naive_rows import Shelf, Shown, in_order, listed


def shown(resolved: ResolvedRow) -> Shown:
    """A row as the naive catalog would show it."""
    return {
        "key": resolved.row.key,
        "price": resolved.row.price,
        "value": resolved.row.value,
        "origin": resolved.origin.value,
        "defined_in": resolved.defined_in,
        "overrides": shown(resolved.overrides) if resolved.overrides else None,
    }


def compare(shop: Catalog, naive: Naive, *, versions: int) -> None:
    """Compare every package: its draft, and its newest versions or all of them."""
    flat = ResolvedCatalog(shop)
    assert set(shop.packages) == set(naive.shelves)
    for key, package in shop.packages.items():
        shelf = naive.shelves[key]
        assert (package.draft is None) == (shelf.draft is None)
        assert in_order(listed(package.newest)) == in_order(shelf.newest())
        assert list(map(shown, flat.draft_rows(package))) == naive.draft_rows(key)
        assert len(package.versions) == len(shelf.versions)
        for version in package.versions[-versions:]:
            compare_version(version, shelf)
            rows = flat.rows(key, version.number)
            assert list(map(shown, rows)) == naive.version_rows(key, version.number)


def compare_version(version: Version, shelf: Shelf) -> None:
    """Compare what a version says itself, and how it came about."""
    expected = shelf.versions[version.number - 1]
    assert in_order(listed(version.content)) == in_order(expected["content"])
    assert version.base_version == expected["base_version"]
    assert (version.scope, version.cascaded) == (expected["scope"], expected["cascaded"])


def compare_market(shop: Catalog, naive: NaiveMarket, *, versions: int) -> None:
    """Compare names, states and rates as well."""
    compare(shop, naive, versions=versions)
    flat = ResolvedCatalog(shop)
    assert {feature.key: feature.status for feature in shop.features.values()} == naive.states
    assert {key for key, package in shop.packages.items() if package.archived} == naive.archived
    for key, package in shop.packages.items():
        assert package.name == naive.names[key]
        assert number_of(package) == naive.numbers[key]
        for version in package.versions[-versions:]:
            assert flat.rates(version.content, version.base_version) == naive.rates(key, version.number)
