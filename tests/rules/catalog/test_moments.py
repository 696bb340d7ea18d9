from __future__ import annotations

from datetime import datetime

import pytest

from rules.catalog.wording import day_text, distance_text, moment_text


@pytest.mark.parametrize(
    ("written", "zone", "moment", "short"),
    [
        ("2026-12-01T00:00Z", "UTC", "December 1, 2026", "Dec 1"),
        ("2026-12-01T00:00Z", "Europe/Berlin", "December 1, 2026, 01:00", "Dec 1"),
        ("2026-12-01T04:59:59Z", "America/New_York", "November 30, 2026, 23:59", "Nov 30"),
    ],
)
def test_moments_are_reported_by_a_customers_own_clock(
    written: str, zone: str, moment: str, short: str
) -> None:
    instant = datetime.fromisoformat(written)

    assert moment_text(instant, zone) == moment
    assert day_text(instant, zone) == moment.rpartition(", ")[0] if ":" in moment else moment
    assert day_text(instant, zone, year=False) == short


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("2026-12-01T23:59Z", "today"),
        ("2026-12-02T00:00Z", "tomorrow"),
        ("2026-11-30T23:59Z", "yesterday"),
        ("2026-12-11T00:00Z", "in 10 days"),
        ("2026-11-20T23:00Z", "11 days ago"),
        ("2030-12-01T00:00Z", "in 1,461 days"),
    ],
)
def test_distances_are_days_of_the_calendar(written: str, told: str) -> None:
    now = datetime.fromisoformat("2026-12-01T12:00Z")

    assert distance_text(datetime.fromisoformat(written), now, "UTC") == told
