"""Usage: the records that are kept for ever, and the sums of the windows in which they count."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    cast,
    column,
    delete,
    func,
    literal,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession

from models.columns import Count, Key, to_micros
from models.statements import insert, table_of, table_of_rows, upsert
from models.tables import UsageRecordRow, UsageWindowRow
from rules.metering import UsageRecord, Window

_RECORDS = table_of(UsageRecordRow)
_WINDOWS = table_of(UsageWindowRow)

_PART = 2**32

Sums = dict[Window, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose usage it is."""

    environment: int
    customer: int


async def kept(session: AsyncSession, owners: Collection[Owner]) -> dict[Owner, Sums]:
    """Give the sums that are kept for these customers."""
    found: dict[Owner, Sums] = {owner: {} for owner in owners}
    if owners:
        place = tuple_(_WINDOWS.c.environment_id, _WINDOWS.c.customer_id)
        theirs = place.in_([(owner.environment, owner.customer) for owner in owners])
        for row in await session.execute(select(_WINDOWS).where(theirs)):
            owner = Owner(environment=row.environment_id, customer=row.customer_id)
            window = Window(feature=row.feature_key, starts_at=row.starts_at, ends_at=row.ends_at)
            found[owner][window] = row.used
    return found


async def count_anew(session: AsyncSession, missing: Sequence[tuple[Owner, Window]]) -> dict[Owner, Sums]:
    """Sum the records of windows that are not kept."""
    counted: dict[Owner, Sums] = {owner: {} for owner, _ in missing}
    for index, used in await _summed(session, missing) if missing else ():
        owner, window = missing[index]
        counted[owner][window] = used
    return counted


async def _summed(
    session: AsyncSession, windows: Sequence[tuple[Owner, Window]]
) -> Iterable[tuple[int, int]]:
    # In two parts, since the whole may be larger than any of SQLite's integers.
    large, small = _total(_RECORDS.c.quantity // _PART), _total(_RECORDS.c.quantity % _PART)
    rows = await _inside(session, windows, large, small)
    return [(index, _PART * in_parts + rest) for index, in_parts, rest in rows]


def _total(quantity: ColumnElement[int]) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(quantity), literal(0)), BigInteger)


async def first_in(
    session: AsyncSession, windows: Sequence[tuple[Owner, Window]]
) -> dict[tuple[Owner, Window], datetime]:
    """Give the first instant in each window at which usage occurred, where any did."""
    if not windows:
        return {}
    rows = await _inside(session, windows, func.min(_RECORDS.c.occurred_at))
    return {windows[index]: first for index, first in rows if first is not None}


async def _inside(
    session: AsyncSession, windows: Sequence[tuple[Owner, Window]], *what: ColumnElement[Any]
) -> Sequence[Any]:
    """Ask something of the records inside each window, by its index."""
    wanted = _wanted(session, windows)
    inside = (
        (_RECORDS.c.environment_id == wanted.c.environment_id)
        & (_RECORDS.c.customer_id == wanted.c.customer_id)
        & (_RECORDS.c.feature_key == wanted.c.feature_key)
        & (_RECORDS.c.occurred_at >= wanted.c.starts_at)
        & (_RECORDS.c.occurred_at < wanted.c.ends_at)
    )
    asked = select(wanted.c.index, *what).select_from(wanted.outerjoin(_RECORDS, inside))
    return (await session.execute(asked.group_by(wanted.c.index))).all()


def _wanted(session: AsyncSession, windows: Sequence[tuple[Owner, Window]]) -> FromClause:
    columns = (
        column("index", Count()),
        column("environment_id", Count()),
        column("customer_id", Count()),
        column("feature_key", Key()),
        column("starts_at", Count()),
        column("ends_at", Count()),
    )
    rows = [
        (
            index,
            owner.environment,
            owner.customer,
            window.feature,
            to_micros(window.starts_at),
            to_micros(window.ends_at),
        )
        for index, (owner, window) in enumerate(windows)
    ]
    return table_of_rows(session, "wanted", columns, rows)


async def record(session: AsyncSession, records: Iterable[tuple[Owner, int, UsageRecord]]) -> None:
    """Keep records for ever: (whose, the act's revision, the record) each."""
    rows = [
        {
            "environment_id": owner.environment,
            "customer_id": owner.customer,
            "feature_key": record.feature,
            "occurred_at": record.occurred_at,
            "number": number,
            "quantity": record.quantity,
        }
        for owner, number, record in records
    ]
    await insert(session, UsageRecordRow, rows)


async def keep(session: AsyncSession, sums: Iterable[tuple[Owner, Window, int]]) -> None:
    """Write sums as absolute values, under the customers' locks."""
    rows = [
        {
            "environment_id": owner.environment,
            "customer_id": owner.customer,
            "feature_key": window.feature,
            "starts_at": window.starts_at,
            "ends_at": window.ends_at,
            "used": used,
        }
        for owner, window, used in sums
    ]
    await upsert(session, UsageWindowRow, rows)


async def drop(session: AsyncSession, windows: Collection[tuple[Owner, Window]]) -> None:
    """Delete sums that are not needed any more; they can be counted anew."""
    if windows:
        place = tuple_(*_WINDOWS.primary_key)
        gone = [
            (owner.environment, owner.customer, window.feature, window.starts_at, window.ends_at)
            for owner, window in windows
        ]
        await session.execute(delete(_WINDOWS).where(place.in_(gone)))
