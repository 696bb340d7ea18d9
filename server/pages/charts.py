"""Drawings of usage, as plain shapes in whole units that a template writes down as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter

from rules.usage.limits import UsageBalance
from rules.usage.series import Point, Series

FULL = 1_000
"""How long a bar is, and how high a chart."""

SLOT, COLUMN = 20, 14
"""How wide each bucket of a chart is, and what is drawn of it."""

_LOWEST = 12
"""How high the smallest column is, so that a little is seen to be more than nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A limit as a bar: what is used within it, what beyond it, and what is held; of ``FULL``."""

    within: int
    beyond: int
    held: int


def bar(usage: UsageBalance) -> Bar | None:
    """Draw how a limit stands; None where there is no limit."""
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
    """A series as columns, and what it says in words: its days with their values, and the highest."""

    width: int
    columns: tuple[Column, ...]
    points: tuple[Point, ...]
    highest: Point


def chart(series: Series) -> Chart | None:
    """Draw a series; None where nothing in it is above zero. What was given back is drawn as nothing."""
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
