from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.periods import Period
from rules.usage.limits import UsageBalance
from rules.usage.metering import Metering, whole_window
from rules.usage.series import Bucket, Point, Series
from rules.values import Metered, Reset, ResetInterval
from server.pages.charts import FULL, Bar, bar, chart
from tests.rules.builders.catalog_builders import metered

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
RESET = Reset(every=ResetInterval.NEVER)


def usage(used: int, limit: int | None, reserved: int = 0) -> UsageBalance:
    """How a limit stands."""
    counted = Metering(reset=RESET, period=Period(start=NOON, end=None), window=whole_window("calls"))
    return UsageBalance(
        used=used, limit=limit, value=Metered(limit=limit), metering=counted, reserved=reserved
    )


def series(*values: int) -> Series:
    """Usage day by day."""
    points = (
        Point(bucket=Bucket(start=NOON + n * DAY, end=NOON + (n + 1) * DAY, is_reset=False), value=value)
        for n, value in enumerate(values)
    )
    return Series(feature=metered("calls"), points=tuple(points), total=sum(values))


@pytest.mark.parametrize(
    ("stands", "drawn"),
    [
        (usage(0, 100), (0, 0, 0)),
        (usage(37, 100), (370, 0, 0)),
        (usage(37, 100, 3), (370, 0, 30)),
        (usage(100, 100), (1_000, 0, 0)),
        (usage(125, 100), (800, 200, 0)),
        (usage(90, 100, 110), (450, 0, 550)),
        (usage(-5, 100), (0, 0, 0)),
        (usage(0, 0), (0, 0, 0)),
        (usage(7, 0), (0, 1_000, 0)),
    ],
)
def test_a_bar_shows_what_is_used_within_and_beyond_a_limit(
    stands: UsageBalance, drawn: tuple[int, int, int]
) -> None:
    within, beyond, held = drawn

    assert bar(stands) == Bar(within=within, beyond=beyond, held=held)


def test_without_a_limit_there_is_no_bar() -> None:
    assert bar(usage(5, None)) is None


@given(st.integers(-(10**12), 10**15), st.integers(0, 10**15), st.integers(0, 10**15))
def test_a_bar_never_leaves_its_place(used: int, limit: int, reserved: int) -> None:
    drawn = bar(usage(used, limit, reserved))

    assert drawn is not None
    assert min(drawn.within, drawn.beyond, drawn.held) >= 0
    assert drawn.within + drawn.beyond + drawn.held <= FULL


def test_the_highest_column_is_as_high_as_the_chart_and_the_others_in_proportion() -> None:
    drawn = chart(series(10, 0, 40, 20))

    assert drawn is not None
    assert [column.height for column in drawn.columns] == [250, 0, 1_000, 500]
    assert drawn.highest.value == 40


def test_a_little_is_seen_to_be_more_than_nothing_and_what_is_given_back_is_nothing() -> None:
    drawn = chart(series(1, -5, 10_000))

    assert drawn is not None
    low, back, _ = (column.height for column in drawn.columns)
    assert low > 0 == back


@pytest.mark.parametrize("values", [(), (0, 0), (-1, 0)])
def test_where_nothing_was_used_nothing_is_drawn(values: tuple[int, ...]) -> None:
    assert chart(series(*values)) is None


@given(st.lists(st.integers(-(10**9), 10**15), min_size=1, max_size=40))
def test_no_column_leaves_the_chart(values: list[int]) -> None:
    drawn = chart(series(*values))

    for column in () if drawn is None else drawn.columns:
        assert 0 <= column.y <= column.y + column.height == FULL
        assert column.x + 14 <= (drawn.width if drawn else 0)
