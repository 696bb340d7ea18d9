from __future__ import annotations

from hypothesis import event, given
from hypothesis import strategies as st

from rules.catalog.facts import Catalog
from rules.errors import Rejected
from tests.rules.builders.catalog_builders import shortened
from tests.rules.builders.edits import Edit, made
from tests.rules.builders.likeness import compare
from tests.rules.builders.strategies import edits, opened
from tests.rules.models.naive_catalog import Naive


def attempted(shop: Catalog, edit: Edit) -> tuple[Catalog, list[str]]:
    """The catalog after an edit, and what was wrong with the edit."""
    try:
        return made(shop, edit), []
    except Rejected as refusal:
        return shop, shortened(refusal.problems)


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
