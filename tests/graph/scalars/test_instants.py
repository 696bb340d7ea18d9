from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.scalars import INSTANT_END, INSTANT_MIN
from tests.graph.scalars.echo import (
    Answer,
    ask_with_literal,
    ask_with_variable,
    assert_refused,
    scalar_of,
    schema,
)


@pytest.mark.parametrize(
    ("text", "instant", "shown"),
    [
        ("2026-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00+02:00", datetime(2025, 12, 31, 22, tzinfo=UTC), "2025-12-31T22:00:00Z"),
        ("2026-01-01T00:00:00-23:59", datetime(2026, 1, 1, 23, 59, tzinfo=UTC), "2026-01-01T23:59:00Z"),
        ("2026-01-01T00:00:00-00:00", datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00Z"),
        ("2026-01-01t00:00:00z", datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00.0Z", datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00Z"),
        (
            "2026-01-01T00:00:00.5Z",
            datetime(2026, 1, 1, microsecond=500_000, tzinfo=UTC),
            "2026-01-01T00:00:00.500000Z",
        ),
        (
            "2026-01-01T23:59:59.000001Z",
            datetime(2026, 1, 1, 23, 59, 59, 1, tzinfo=UTC),
            "2026-01-01T23:59:59.000001Z",
        ),
        ("2024-02-29T12:00:00Z", datetime(2024, 2, 29, 12, tzinfo=UTC), "2024-02-29T12:00:00Z"),
        ("1900-01-01T00:00:00Z", INSTANT_MIN, "1900-01-01T00:00:00Z"),
        (
            "8999-12-31T23:59:59.999999Z",
            INSTANT_END - timedelta(microseconds=1),
            "8999-12-31T23:59:59.999999Z",
        ),
    ],
)
def test_an_instant_is_read_in_its_zone_and_shown_in_utc(text: str, instant: datetime, shown: str) -> None:
    expected = Answer(shown=shown, kept=instant, refusal=None)

    by_variable = ask_with_variable("instant", text)

    assert by_variable == expected
    assert isinstance(by_variable.kept, datetime)
    assert by_variable.kept.tzinfo is UTC
    assert ask_with_literal("instant", f'"{text}"') == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "RFC 3339"),
        ("now", "RFC 3339"),
        ("2026-01-01", "RFC 3339"),
        ("2026-01-01Z", "RFC 3339"),
        ("2026-W01-1T00:00:00Z", "RFC 3339"),
        ("20260101T000000Z", "RFC 3339"),
        ("2026-01-01 00:00:00Z", "RFC 3339"),
        ("2026-01-01T00:00Z", "RFC 3339"),
        ("2026-01-01T00:00:00,5Z", "RFC 3339"),
        ("2026-01-01T00:00:00.Z", "RFC 3339"),
        ("2026-01-01T00:00:00 Z", "RFC 3339"),
        (" 2026-01-01T00:00:00Z", "RFC 3339"),
        ("2026-01-01T00:00:00Z\n", "RFC 3339"),
        ("2026-01-01T00:00:00+0200", "RFC 3339"),
        ("2026-01-01T00:00:00+02", "RFC 3339"),
        ("2026-01-01T00:00:00+24:00", "RFC 3339"),
        ("2026-01-01T00:00:00+02:60", "RFC 3339"),
        ("2026-01-01T00:00:00+02:00:30", "RFC 3339"),
        ("2026-01-01T00:00:00[Europe/Berlin]", "RFC 3339"),
        ("2026-01-01T24:00:00Z", "RFC 3339"),
        ("2026-01-01T00:60:00Z", "RFC 3339"),
        ("+2026-01-01T00:00:00Z", "RFC 3339"),
        ("12026-01-01T00:00:00Z", "RFC 3339"),
        ("٢٠٢٦-01-01T00:00:00Z", "RFC 3339"),
        ("1767225600", "RFC 3339"),
        ("\ud800", "RFC 3339"),
        ("2026-01-01T00:00:00", "needs a zone"),
        ("2026-01-01T00:00:00.1234567Z", "at most 6 digits after the second"),
        ("2026-01-01T00:00:00.0000000Z", "at most 6 digits after the second"),
        ("2016-12-31T23:59:60Z", "second must be in 0..59"),
        ("2026-02-29T00:00:00Z", "day is out of range"),
        ("2026-13-01T00:00:00Z", "month must be in 1..12"),
        ("2026-00-01T00:00:00Z", "month must be in 1..12"),
        ("2026-01-00T00:00:00Z", "day is out of range"),
        ("0000-01-01T00:00:00Z", "year 0 is out of range"),
        ("0001-01-01T00:00:00+02:00", "in the years 1900 to 8999"),
        ("1900-01-01T00:00:00+00:01", "in the years 1900 to 8999"),
        ("9000-01-01T00:00:00Z", "in the years 1900 to 8999"),
        ("9999-12-31T23:59:59-02:00", "in the years 1900 to 8999"),
    ],
)
def test_an_instant_in_any_other_writing_is_refused(text: str, why: str) -> None:
    assert_refused(ask_with_variable("instant", text), why)


@pytest.mark.parametrize("value", [1_767_225_600, 1.5, True, ["2026-01-01T00:00:00Z"], {}])
def test_an_instant_is_always_a_string(value: object) -> None:
    assert_refused(ask_with_variable("instant", value), "must be a string")


@pytest.mark.parametrize("literal", ["1767225600", "1.5", "true", "{}"])
def test_an_instant_is_a_string_in_the_document_too(literal: str) -> None:
    assert_refused(ask_with_literal("instant", literal), "must be a string")


def test_an_instant_without_a_zone_is_never_shown() -> None:
    result = schema.execute_sync("{ zoneless }")

    assert result.data is None
    assert result.errors is not None


@given(
    st.datetimes(
        min_value=datetime(1900, 1, 2),  # noqa: DTZ001 - the zone is drawn beside it
        max_value=datetime(8999, 12, 30),  # noqa: DTZ001
        timezones=st.builds(timezone, st.timedeltas(timedelta(hours=-23), timedelta(hours=23))),
    ),
)
def test_an_instant_that_went_out_comes_back_the_same(instant: datetime) -> None:
    scalar = scalar_of(datetime)
    shown = scalar.coerce_output_value(instant)

    assert shown.endswith("Z")
    assert scalar.coerce_input_value(shown) == instant
