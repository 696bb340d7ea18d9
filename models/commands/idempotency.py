"""Idempotency keys: each is used once and stored forever, with its command's input and outcome."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.commands.tables import IdempotencyKeyRow
from models.database.column_types import Count, Key
from models.database.dialects import dialect_of, insert, parameter_rows, row_parameters, table_of

_KEYS = table_of(IdempotencyKeyRow)


class TakenBy(NamedTuple):
    """The identity of a key: its customer, operation and text."""

    environment: int
    customer: int
    operation: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """The first command under a key: its input, outcome and revision."""

    input_digest: str
    number: int
    outcome: Mapping[str, int]


async def find(session: AsyncSession, wanted: Collection[TakenBy]) -> dict[TakenBy, First]:
    """Return the keys that are used already."""
    if not wanted:
        return {}
    places = ((by.environment, by.customer, by.operation, by.key) for by in wanted)
    rows = await session.execute(_find_statement(dialect_of(session)), row_parameters(places))
    return {
        TakenBy(row.environment_id, row.customer_id, row.operation, row.key): First(
            input_digest=row.input_digest, number=row.number, outcome=row.outcome
        )
        for row in rows
    }


@cache
def _find_statement(dialect: str) -> Select[Any]:
    c, them = (
        _KEYS.c,
        parameter_rows(dialect, environment=Count(), customer=Count(), operation=Key(), key=Key()).c,
    )
    same = and_(
        c.environment_id == them.environment,
        c.customer_id == them.customer,
        c.operation == them.operation,
        c.key == them.key,
    )
    return select(_KEYS).where(same)


async def take(session: AsyncSession, taken: Iterable[tuple[TakenBy, First]]) -> None:
    """Store keys; IntegrityError if one is used already."""
    rows = [
        {
            "environment_id": by.environment,
            "customer_id": by.customer,
            "operation": by.operation,
            "key": by.key,
            "input_digest": first.input_digest,
            "number": first.number,
            "outcome": first.outcome,
        }
        for by, first in taken
    ]
    await insert(session, IdempotencyKeyRow, rows)
