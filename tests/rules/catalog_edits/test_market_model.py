from __future__ import annotations

from hypothesis import event, given
from hypothesis import strategies as st

from rules.catalog.facts import Catalog
from rules.errors import Rejected
from tests.rules.builders.catalog_builders import shortened
from tests.rules.builders.likeness import compare_market
from tests.rules.builders.market_edits import MarketEdit, dealt, market_edits
from tests.rules.builders.strategies import opened
from tests.rules.models.naive_market import NaiveMarket


def attempted(shop: Catalog, edit: MarketEdit) -> tuple[Catalog, list[str]]:
    """The catalog after an edit, and what was wrong with the edit."""
    try:
        return dealt(shop, edit), []
    except Rejected as refusal:
        return shop, shortened(refusal.problems)


@given(st.lists(market_edits(), min_size=40, max_size=80))
def test_a_market_edited_at_random_is_what_a_naive_market_is(acts: list[MarketEdit]) -> None:
    shop = opened()
    naive = NaiveMarket(shop)

    for act in acts:
        shop, problems = attempted(shop, act)
        expected = naive.deal(act)
        assert sorted(problems) == sorted(expected)
        event(problems[0] if problems else type(act).__name__)
        compare_market(shop, naive, versions=1)

    compare_market(shop, naive, versions=1_000)
