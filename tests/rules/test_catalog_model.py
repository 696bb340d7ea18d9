from __future__ import annotations

from hypothesis import event, given
from hypothesis import strategies as st

from rules.catalog import Catalog, Version
from rules.errors import Rejected
from rules.inheritance import Flattened, Resolved
from tests.rules.builders import shortened
from tests.rules.edits import Edit, made
from tests.rules.naive_catalog import Naive
from tests.rules.naive_rows import Shelf, Shown, in_order, listed
from tests.rules.strategies import edits, opened


def attempted(shop: Catalog, edit: Edit) -> tuple[Catalog, list[str]]:
    """The catalog after an edit, and what was wrong with the edit."""
    try:
        return made(shop, edit), []
    except Rejected as refusal:
        return shop, shortened(refusal.problems)


def shown(resolved: Resolved) -> Shown:
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
    flat = Flattened(shop)
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


@given(st.lists(edits(), min_size=40, max_size=80))
def test_a_catalog_edited_at_random_is_what_a_naive_catalog_is(acts: list[Edit]) -> None:
    shop = opened()
    naive = Naive(shop)

    for act in acts:
        shop, problems = attempted(shop, act)
        expected = naive.act(act)
        assert sorted(problems) == sorted(expected)
        event(problems[0] if problems else type(act).__name__)
        compare(shop, naive, versions=1)

    compare(shop, naive, versions=1_000)
