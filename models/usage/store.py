"""Usage records, which are stored forever, and the counters of their windows."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Select,
    delete,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from models.database.column_types import Count, to_micros
from models.database.dialects import (
    dialect_of,
    in_rows,
    insert,
    parameter_rows,
    row_parameters,
    table_of,
    upsert,
)
from models.usage.tables import UsageRecordRow, UsageWindowRow
from rules.usage.counters import Tally
from rules.usage.metering import UsageRecord, Window

_RECORDS = table_of(UsageRecordRow)
_WINDOWS = table_of(UsageWindowRow)

WindowTallies = dict[Window, Tally]


class Owner(NamedTuple):
    """The customer of usage, by environment and number."""

    environment: int
    customer: int


async def load_counters(session: AsyncSession, owners: Collection[Owner]) -> dict[Owner, WindowTallies]:
    """Return the stored counters of these customers."""
    found: dict[Owner, WindowTallies] = {owner: {} for owner in owners}
    if owners:
        theirs = row_parameters((owner.environment, owner.customer) for owner in owners)
        for environment, customer, feature, starts_at, ends_at, used, last_at in await session.execute(
            _counters_statement(dialect_of(session)), theirs
        ):
            window = Window(feature=feature, starts_at=starts_at, ends_at=ends_at)
            found[Owner(environment, customer)][window] = Tally(used=used, last_at=last_at)
    return found


@cache
def _counters_statement(dialect: str) -> Select[Any]:
    c, them = _WINDOWS.c, parameter_rows(dialect, environment=Count(), customer=Count()).c
    wanted = (c.environment_id, c.customer_id, c.feature_key, c.starts_at, c.ends_at, c.used, c.last_at)
    return select(*wanted).where(c.environment_id == them.environment, c.customer_id == them.customer)


async def record(session: AsyncSession, records: Iterable[tuple[Owner, int, UsageRecord]]) -> None:
    """Store records forever: (owner, the command's revision, the record) each."""
    rows = [
        {
            "environment_id": owner.environment,
            "customer_id": owner.customer,
            "feature_key": record.feature,
            "occurred_at": record.occurred_at,
            "number": number,
            "quantity": record.quantity,
            "value": record.value,
            "properties": record.properties,
        }
        for owner, number, record in records
    ]
    await insert(session, UsageRecordRow, rows)


async def keep(session: AsyncSession, tallies: Iterable[tuple[Owner, Window, Tally]]) -> None:
    """Write counters as absolute values, under the customers' locks."""
    rows = [
        {
            "environment_id": owner.environment,
            "customer_id": owner.customer,
            "feature_key": window.feature,
            "starts_at": window.starts_at,
            "ends_at": window.ends_at,
            "used": tally.used,
            "last_at": tally.last_at,
        }
        for owner, window, tally in tallies
    ]
    await upsert(session, UsageWindowRow, rows)


async def drop(session: AsyncSession, windows: Collection[tuple[Owner, Window]]) -> None:
    """Delete counters that are no longer needed; they can be counted again."""
    if windows:
        gone = [
            (
                owner.environment,
                owner.customer,
                window.feature,
                *map(to_micros, (window.starts_at, window.ends_at)),
            )
            for owner, window in windows
        ]
        place = tuple(_WINDOWS.primary_key)
        await session.execute(delete(_WINDOWS).where(in_rows(dialect_of(session), place, gone)))
