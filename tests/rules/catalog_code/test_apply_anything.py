from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from rules.catalog.facts import Catalog
from rules.catalog_code.apply import apply
from rules.catalog_code.integrity import problems
from rules.catalog_code.writer import document_of
from rules.errors import Problem, Rejected
from tests.rules.builders.catalog_builders import NOW
from tests.rules.builders.histories import histories, json_values

KEYS = ("free", "pro", "pack", "seats", "sso", "ai", "Seats", "a b", "monthly")
said: list[object] = [*KEYS, -1, 0, 10**9, "19.9", "1e3", True, False, None, [], {}, [{}], {"limit": 1}]
SAID = st.sampled_from(said)
FIELDS = st.sampled_from(
    [
        *("key", "type", "product", "metered", "config", "credit", "revoked", "price", "entitlements"),
        *("basePlan", "draft", "archived", "status", "choices", "meter", "order", "prices", "creditRates"),
        *("limit", "unlimited", "unit", "defaultValue", "configKind", "plans", "addons", "features", *KEYS),
    ]
)


@st.composite
def spoiled(draw: st.DrawFn, document: dict[str, Any]) -> object:
    """A document in which some things were taken out, put in or replaced without any thought."""
    other = deepcopy(document)
    for _ in range(draw(st.integers(0, 2))):
        _spoil(draw, other)
    return other


def _spoil(draw: st.DrawFn, entry: Any) -> None:  # noqa: ANN401 - a mapping or a list of a document
    places: list[Any] = list(entry) if isinstance(entry, dict) else list(range(len(entry)))
    inside = [place for place in places if isinstance(entry[place], dict | list) and entry[place]]
    if inside and draw(st.integers(0, 4)) > 0:
        _spoil(draw, entry[draw(st.sampled_from(inside))])
    elif places and draw(st.integers(0, 1)) > 0:
        del entry[draw(st.sampled_from(places))]
    elif isinstance(entry, list):
        more: list[object] = [*entry, {}]
        entry.append(draw(st.sampled_from(more)))
    else:
        entry[draw(FIELDS)] = draw(SAID | json_values)


@given(st.data(), histories(most=10), histories(most=10))
def test_whatever_a_document_says_it_is_applied_or_refused(
    data: st.DataObject, shop: Catalog, other: Catalog
) -> None:
    document = data.draw(spoiled(document_of(other)))
    before = deepcopy(shop)

    found, after = _outcome(shop, document, prune=data.draw(st.booleans()))

    assert all(problem.message.endswith(".") for problem in found)
    event("refused" if found else "applied")
    if after is None:
        assert found
        assert shop == before
    else:
        assert problems(after) == []
        assert apply(after, document_of(after), now=NOW).changes == ()


def _outcome(shop: Catalog, document: object, *, prune: bool) -> tuple[Sequence[Problem], Catalog | None]:
    """What a document was refused for, or the catalog after it."""
    try:
        return (), apply(shop, document, now=NOW, prune=prune).catalog
    except Rejected as refusal:
        return refusal.problems, None


@given(json_values)
def test_whatever_is_no_document_is_refused(value: object) -> None:
    assume(value != {})

    with pytest.raises(Rejected):
        apply(Catalog(), {"plans": value} if isinstance(value, dict) else value, now=NOW)
