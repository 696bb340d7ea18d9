"""What is known of the rules of time zones: of which release they are, and where two of them differ."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.time_zones import ZoneRules, digest, release_in
from tests.rules.builders.zone_files import Change, zone_file

NEW_YORK = "EST5EDT,M3.2.0,M11.1.0"
SOUTH = "<x>-10<y>,M10.1.0,M4.1.0/3"


def at(year: int, month: int, day: int, hour: int) -> datetime:
    """An hour in UTC."""
    return datetime(year, month, day, hour, tzinfo=UTC)


def sunday(year: int, month: int, which: int) -> int:
    """The day of a month's first or later Sunday."""
    first = (6 - datetime(year, month, 1, tzinfo=UTC).weekday()) % 7 + 1
    return first + 7 * (which - 1)


def in_new_york(years: Sequence[int]) -> list[Change]:
    """The changes that New York's footer tells of these years."""
    changes: list[Change] = []
    for year in years:
        changes.append((at(year, 3, sunday(year, 3, 2), 7), -240))
        changes.append((at(year, 11, sunday(year, 11, 1), 6), -300))
    return changes


@pytest.mark.parametrize(
    ("line", "release"),
    [
        ("# version 2025b\n", "2025b"),
        ("2026f\n", "2026f"),
        ("# version 2026f-rearguard", "2026f"),
        ("# version 2026za", "2026za"),
        ("# version unknown", None),
        ("# version 2026.6", None),
        ("", None),
    ],
)
def test_a_line_names_a_release(line: str, release: str | None) -> None:
    assert release_in(line) == release


def test_releases_sort_as_they_came_out() -> None:
    assert sorted(["2026za", "2026f", "2025z", "2026z"]) == ["2025z", "2026f", "2026z", "2026za"]


@given(listed=st.integers(0, 60), more=st.integers(0, 60))
def test_how_much_of_what_a_footer_says_is_listed_makes_no_difference(listed: int, more: int) -> None:
    short, long = (
        digest(zone_file(-300, in_new_york(range(2007, 2008 + count)), NEW_YORK))
        for count in (listed, listed + more)
    )

    assert short == long


def test_names_of_offsets_and_what_was_before_1970_make_no_difference() -> None:
    plain = zone_file(60)

    assert digest(zone_file(0, [(at(1969, 5, 1, 0), 60)])) == digest(plain)
    assert digest(zone_file(60, footer="CET-1")) == digest(zone_file(60, footer="<+01>-1"))
    assert digest(zone_file(60, [(at(1999, 1, 1, 0), 60)])) == digest(plain)


changes = st.lists(
    st.tuples(st.integers(1, 365 * 80), st.sampled_from(range(-720, 721, 15))),
    max_size=5,
    unique_by=lambda c: c[0],
).map(lambda drawn: [(at(1970, 1, 1, 0) + timedelta(days=days), offset) for days, offset in sorted(drawn)])


def offsets(first: int, moved: Sequence[Change]) -> list[int]:
    """The offset on each day until 2060."""
    days = (at(1970, 1, 1, 0) + timedelta(days=count) for count in range(365 * 90))
    found, known, last = [], list(moved), first
    for day in days:
        while known and known[0][0] <= day:
            last = known.pop(0)[1]
        found.append(last)
    return found


@given(one=changes, other=changes, first=st.sampled_from([0, 60]))
def test_digests_are_equal_where_all_clocks_are(one: list[Change], other: list[Change], first: int) -> None:
    same = offsets(first, one) == offsets(first, other)

    assert (digest(zone_file(first, one)) == digest(zone_file(first, other))) is same


@pytest.mark.parametrize("footer", ["EST5EDT,M3.2.0,M11.1.0/3", "EST5EDT,M3.3.0,M11.1.0", "EST5", SOUTH])
def test_another_rule_forever_is_another_digest(footer: str) -> None:
    known = in_new_york(range(2007, 2027))

    assert digest(zone_file(-300, known, footer)) != digest(zone_file(-300, known, NEW_YORK))


@pytest.mark.parametrize(
    "file", [b"", b"TZif", b"not a file of time zones at all, but long enough to be one"]
)
def test_what_is_no_zone_file_is_refused(file: bytes) -> None:
    with pytest.raises(ValueError, match="no TZif file"):
        digest(file)


def test_rules_differ_where_a_zone_says_something_else_or_is_missing() -> None:
    rules = ZoneRules(release="2026f", source="tzdata", digests=lambda: {"A": "1", "B": "2", "C": "3"})

    assert rules.differing({"A": "1", "B": "9", "D": "4"}) == {"B", "C", "D"}
    assert rules.differing({"A": "1", "B": "2", "C": "3"}) == frozenset()
