"""Drawings of usage: plain shapes in whole units, which a template writes as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter

from rules.usage.limits import UsageBalance
from rules.usage.series import Point, Series

FULL = 1_000
"""The length of a bar, and the height of a chart."""

SLOT, COLUMN = 20, 14
"""The width of a bucket, and of the column in it."""

_LOWEST = 12
"""The height of the lowest column, so that a little differs from nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A limit as a bar: usage within it, beyond it, and what is reserved, as parts of ``FULL``."""

    within: int
    beyond: int
    held: int


def bar(usage: UsageBalance) -> Bar | None:
    """Return the bar of a limit; None where there is no limit."""
    if usage.limit is None:
        return None
    used = max(0, usage.used)
    whole = max(usage.limit, used + usage.reserved, 1)
    within = FULL * min(used, usage.limit) // whole
    beyond = FULL * max(0, used - usage.limit) // whole
    return Bar(within=within, beyond=beyond, held=FULL * usage.reserved // whole)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One bucket of a chart, drawn from the top."""

    x: int
    y: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A series as columns, with its points and the highest of them, for the chart in words."""

    width: int
    columns: tuple[Column, ...]
    points: tuple[Point, ...]
    highest: Point


def chart(series: Series) -> Chart | None:
    """Return the chart of a series; None where no value is above zero. Negative values have no height."""
    highest = max(series.points, key=attrgetter("value"), default=None)
    if highest is None or highest.value <= 0:
        return None
    columns = (_column(index, point, highest.value) for index, point in enumerate(series.points))
    return Chart(
        width=SLOT * len(series.points) - (SLOT - COLUMN),
        columns=tuple(columns),
        points=series.points,
        highest=highest,
    )


def _column(index: int, point: Point, highest: int) -> Column:
    height = max(_LOWEST, FULL * point.value // highest) if point.value > 0 else 0
    return Column(x=SLOT * index, y=FULL - height, height=height)
