from __future__ import annotations

from datetime import timedelta
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from rules.catalog.facts import PublishScope
from rules.catalog.inheritance import ResolvedCatalog
from rules.credits.grants import CreditSource, EntryKind, Grant, GrantStatus, Lot
from rules.credits.history import not_entered
from rules.numbers import ONE
from rules.standpoints import supposition
from tests.rules.builders.catalog_builders import NOW, catalog

edits = st.lists(st.none() | st.text() | st.sampled_from(PublishScope), max_size=4)


@given(edits, edits)
def test_suppositions_are_one_exactly_where_their_edits_are(one: list[object], other: list[object]) -> None:
    assert (supposition(*one) == supposition(*other)) == (one == other)


def test_what_edits_suppose_is_never_mistaken_for_one_another() -> None:
    alike = [("a", "b"), ("ab",), ("a", None, "b"), ("a", "b", None), ("b", "a"), (), (None,), ("",)]

    assert all(supposition(*one) != supposition(*other) for one, other in combinations(alike, 2))


def test_what_the_public_sees_of_a_supposed_catalog_is_supposed() -> None:
    assert ResolvedCatalog(catalog(), "an edit").published.supposed == "an edit"
    assert ResolvedCatalog(catalog()).published.supposed is None


GRANT = Grant(
    number=1,
    amount=9 * ONE,
    source=CreditSource.PAID,
    made_at=NOW,
    effective_at=NOW + timedelta(days=2),
)


def test_a_lot_is_as_it_was_before_anything_of_it_was_entered() -> None:
    spent = Lot(grant=GRANT, entered=True, left=4 * ONE, burned=5 * ONE)
    later = NOW + timedelta(days=1)

    assert not_entered(spent, NOW - timedelta(microseconds=1)) is None
    assert not_entered(None, NOW) is None
    before = not_entered(spent, later)
    assert before is not None
    assert (before.status(later), before.entered, before.left) == (GrantStatus.SCHEDULED, False, 0)


def test_a_lot_that_was_voided_before_it_took_effect_was_voided_from_then_on() -> None:
    voided = Lot(grant=GRANT, ended=EntryKind.VOIDED, ended_at=NOW + timedelta(days=1))

    statuses = [
        lot.status(at)
        for at in (NOW, NOW + timedelta(days=1), NOW + timedelta(days=3))
        if (lot := not_entered(voided, at)) is not None
    ]

    assert statuses == [GrantStatus.SCHEDULED, GrantStatus.VOIDED, GrantStatus.VOIDED]
