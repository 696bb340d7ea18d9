"""Revisions: names of writes, which are read as they are written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.revisions import Revision, Sight, read_revision, read_sight

counts = st.integers(min_value=0, max_value=10**18)
revisions = st.builds(Revision, counts, counts)
instants = st.datetimes(min_value=datetime(1970, 1, 1, 0, 0, 1), timezones=st.just(UTC))  # noqa: DTZ001 - by timezones
sights = st.builds(Sight, revisions, st.none() | instants)


@given(revisions)
def test_a_revision_is_read_as_it_is_written(revision: Revision) -> None:
    assert read_revision(str(revision)) == revision


@pytest.mark.parametrize(
    "text", ["", ".", "1", "1.", ".1", "1.2.3", "-1.0", "1.-2", "01.2", "1.02", " 1.2", "1,2", "a.b", "1e3.0"]
)
def test_what_names_no_write_is_no_revision(text: str) -> None:
    assert read_revision(text) is None


@pytest.mark.parametrize("text", ["٣.٤", "1.2\n", f"1.{'9' * 20}", f"{'9' * 5_000}.0"])
def test_digits_of_other_scripts_and_numbers_beyond_the_database_are_no_revision(text: str) -> None:
    assert read_revision(text) is None


@given(revisions, revisions)
def test_a_read_has_seen_a_write_if_catalog_and_customer_have_come_so_far(
    one: Revision, other: Revision
) -> None:
    both = Revision(max(one.catalog, other.catalog), max(one.customer, other.customer))

    assert both.reaches(one)
    assert both.reaches(other)
    assert one.reaches(other) == (both == one)
    assert one.joined(other) == both


@given(sights)
def test_a_sight_is_read_as_it_is_written_and_names_its_write(sight: Sight) -> None:
    assert read_sight(str(sight)) == sight
    assert read_revision(str(sight)) == sight.revision


@pytest.mark.parametrize("text", ["1.2@", "1.2@0", "1.2@-5", "1.2@x", "@5", f"1.2@{10**18}", "1.2@5.5"])
def test_what_names_no_instant_is_no_sight(text: str) -> None:
    assert read_sight(text) is None


def test_a_sight_of_a_write_alone_is_its_name() -> None:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=7)

    assert [str(Sight(Revision(4, 2))), str(Sight(Revision(4, 2), at))] == ["4.2", "4.2@7"]
