"""Count usage records in windows whose counters are not stored."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession

from models.database.column_types import Count, Key, to_micros
from models.database.dialects import (
    aggregate_per_row,
    dialect_of,
    parameter_rows,
    row_parameters,
    table_of,
)
from models.usage.store import Owner, WindowTallies
from models.usage.tables import UsageRecordRow, UsageWindowRow
from rules.catalog.facts import ADDED_UP, Aggregation
from rules.numbers import ONE
from rules.usage.counters import Flow, Tally
from rules.usage.metering import Window

_RECORDS = table_of(UsageRecordRow)
_WINDOWS = table_of(UsageWindowRow)

_PART, _HALF = 2**32, 2**31


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncounted:
    """A window whose counter is not stored, and the aggregation of its records."""

    owner: Owner
    window: Window
    aggregation: Aggregation


async def count_anew(session: AsyncSession, missing: Collection[Uncounted]) -> dict[Owner, WindowTallies]:
    """Count the records of windows whose counters are not stored, with a statement for each aggregation."""
    counted: dict[Owner, WindowTallies] = {place.owner: {} for place in missing}
    for aggregations, count in _COUNTS:
        places = [place for place in missing if place.aggregation in aggregations]
        windows = [(place.owner, place.window) for place in places]
        for index, tally in await count(session, windows) if windows else ():
            counted[places[index].owner][places[index].window] = tally
    return counted


Windows = Sequence[tuple[Owner, Window]]
Counted = list[tuple[int, Tally]]


async def _sums(session: AsyncSession, windows: Windows) -> Counted:
    """Return sums; usage given back takes no more than had been recorded before it."""
    sums, gave_back = {}, dict[int, None]()
    for index, in_parts, rest, least in await _inside(session, windows, "sum"):
        sums[index] = _PART * in_parts + rest
        if least is not None and least < 0:
            gave_back[index] = None
    for index, lowest in await _lowest(session, windows, list(gave_back)):
        sums[index] -= min(0, lowest)
    return [(index, Tally(used=used, gave_back=index in gave_back)) for index, used in sums.items()]


async def _lowest(session: AsyncSession, windows: Windows, which: Sequence[int]) -> Sequence[tuple[int, int]]:
    """Return how low the running sums of some windows have been; 0 if never below zero."""
    if not which:
        return ()
    spans = _spans([windows[index] for index in which])
    rows = await session.execute(_lowest_statement(dialect_of(session)), spans)
    return [(which[place], lowest or 0) for place, lowest in rows]


async def _largest(session: AsyncSession, windows: Windows) -> Counted:
    return [(index, Tally(used=most or 0)) for index, most in await _inside(session, windows, "largest")]


async def _distinct(session: AsyncSession, windows: Windows) -> Counted:
    return [(index, Tally(used=ONE * n)) for index, n in await _inside(session, windows, "distinct")]


async def _last(session: AsyncSession, windows: Windows) -> Counted:
    rows = await session.execute(_last_statement(dialect_of(session)), _spans(windows))
    return [(index, Tally(used=used or 0, last_at=last_at)) for index, used, last_at in rows]


_COUNTS = (
    (ADDED_UP, _sums),
    ((Aggregation.MAX,), _largest),
    ((Aggregation.UNIQUE,), _distinct),
    ((Aggregation.LATEST,), _last),
)


async def first_in(session: AsyncSession, windows: Windows) -> dict[tuple[Owner, Window], datetime]:
    """Return the first instant at which usage occurred in each window that has any."""
    if not windows:
        return {}
    rows = await _inside(session, windows, "first")
    return {windows[index]: first for index, first in rows if first is not None}


async def values_known(
    session: AsyncSession, places: Sequence[tuple[Owner, Window, str]]
) -> dict[tuple[Owner, Window], frozenset[str]]:
    """Return which of the values were counted in their windows."""
    known: dict[tuple[Owner, Window], frozenset[str]] = {}
    if places:
        spans = _spans([(owner, window) for owner, window, _ in places], [value for _, _, value in places])
        for index in (await session.execute(_known_values_statement(dialect_of(session)), spans)).scalars():
            owner, window, value = places[index]
            known[owner, window] = known.get((owner, window), frozenset()) | {value}
    return known


async def _inside(session: AsyncSession, windows: Windows, what: str) -> Sequence[Any]:
    """Select aggregates of the records inside each window, by its index."""
    rows: Sequence[Any] = (
        await session.execute(_aggregate_statement(dialect_of(session), what), _spans(windows))
    ).all()
    return rows


def _total(quantity: ColumnElement[int]) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(quantity), literal(0)), BigInteger)


_WHAT: Mapping[str, Sequence[ColumnElement[Any]]] = {
    # In two parts, since the sum may exceed SQLite's integers.
    "sum": (
        _total(_RECORDS.c.quantity // _PART),
        _total(_RECORDS.c.quantity % _PART),
        func.min(_RECORDS.c.quantity),
    ),
    "largest": (func.max(_RECORDS.c.quantity),),
    "distinct": (func.count(_RECORDS.c.value.distinct()),),
    "first": (func.min(_RECORDS.c.occurred_at),),
}


@cache
def _aggregate_statement(dialect: str, what: str) -> Select[Any]:
    wanted = _window_rows(dialect)
    return aggregate_per_row(dialect, wanted, _RECORDS, _is_inside(wanted), _WHAT[what])


@cache
def _lowest_statement(dialect: str) -> Select[Any]:
    """Select the lowest running sum of each window below zero."""
    known = _each_record(dialect)
    sums = select(known.c.index, *_so_far(known)).subquery()
    whole, rest = sums.c.in_parts + sums.c.rest // _PART, sums.c.rest % _PART
    below = case((and_(whole <= 0, whole > -_HALF), whole * _PART + rest))
    return select(sums.c.index, func.min(below)).group_by(sums.c.index)


def _each_record(dialect: str) -> FromClause:
    """Select the records inside each window, with its index."""
    wanted = _window_rows(dialect)
    what = (_RECORDS.c.number, _RECORDS.c.quantity)
    if dialect == "sqlite":
        return select(wanted.c.index, *what).select_from(wanted.join(_RECORDS, _is_inside(wanted))).subquery()
    found = select(*what).where(_is_inside(wanted)).correlate(wanted).lateral("found")
    return select(wanted.c.index, *found.c).select_from(wanted.join(found, true())).subquery()


def _so_far(known: FromClause) -> list[ColumnElement[int]]:
    """Return the running sum of a window, in two parts."""
    parts = {"in_parts": known.c.quantity // _PART, "rest": known.c.quantity % _PART}
    sums = {
        name: func.sum(part).over(partition_by=known.c.index, order_by=known.c.number, rows=(None, 0))
        for name, part in parts.items()
    }
    return [cast(running, BigInteger).label(name) for name, running in sums.items()]


@cache
def _last_statement(dialect: str) -> Select[Any]:
    wanted = _window_rows(dialect)
    # Two reads of the end of the index: SQLite has no lateral join.
    quantity, occurred_at = (
        select(column)
        .where(_is_inside(wanted))
        .order_by(_RECORDS.c.occurred_at.desc(), _RECORDS.c.number.desc())
        .limit(1)
        .correlate(wanted)
        .scalar_subquery()
        for column in (_RECORDS.c.quantity, _RECORDS.c.occurred_at)
    )
    return select(wanted.c.index, quantity, occurred_at)


@cache
def _known_values_statement(dialect: str) -> Select[Any]:
    wanted = _window_rows(dialect)
    same = _is_inside(wanted) & (_RECORDS.c.value == wanted.c.value)
    return select(wanted.c.index).where(exists().where(same).correlate(wanted))


def _is_inside(wanted: FromClause) -> ColumnElement[bool]:
    return and_(
        _RECORDS.c.environment_id == wanted.c.environment_id,
        _RECORDS.c.customer_id == wanted.c.customer_id,
        _RECORDS.c.feature_key == wanted.c.feature_key,
        _RECORDS.c.occurred_at >= wanted.c.starts_at,
        _RECORDS.c.occurred_at < wanted.c.ends_at,
    )


def _window_rows(dialect: str) -> FromClause:
    return parameter_rows(
        dialect,
        index=Count(),
        environment_id=Count(),
        customer_id=Count(),
        feature_key=Key(),
        starts_at=Count(),
        ends_at=Count(),
        value=Key(),
    )


def _spans(windows: Windows, values: Sequence[str] | None = None) -> dict[str, str]:
    return row_parameters(
        (
            index,
            owner.environment,
            owner.customer,
            window.feature,
            to_micros(window.starts_at),
            to_micros(window.ends_at),
            None if values is None else values[index],
        )
        for index, (owner, window) in enumerate(windows)
    )


async def flow(session: AsyncSession, windows: Windows) -> list[Flow]:
    """Return in what order usage of a customer's windows was given back and recorded; empty if none was.

    Records between two refunds are added up for each window.
    """
    rows = await session.execute(_flow_statement(dialect_of(session)), _spans(windows))
    return [
        Flow(window=windows[index][1], given_back=-min(0, least), used=_PART * in_parts + rest)
        for _, index, least, in_parts, rest in rows
    ]


@cache
def _flow_statement(dialect: str) -> Select[Any]:
    known = _each_record(dialect)
    gave_back = case((known.c.quantity < 0, 1), else_=0)
    step = cast(func.sum(gave_back).over(order_by=known.c.number, rows=(None, 0)), BigInteger)
    steps = select(known.c.index, known.c.quantity, step.label("step")).subquery()
    used = case((steps.c.quantity > 0, steps.c.quantity), else_=0)
    parts = (_total(used // _PART), _total(used % _PART))
    asked_for = select(steps.c.step, steps.c.index, func.min(steps.c.quantity), *parts)
    return asked_for.group_by(steps.c.step, steps.c.index).order_by(steps.c.step, steps.c.index)
