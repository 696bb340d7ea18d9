"""Environments, and the clock that each has."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.database.column_types import Count
from models.database.dialects import dialect_of, parameter_rows, row_parameters, table_of
from models.tables import EnvironmentRow
from rules.environments import Environment

_ENVIRONMENTS = table_of(EnvironmentRow)


async def load_many(session: AsyncSession, numbers: Iterable[int]) -> dict[int, Environment]:
    """Load environments by number."""
    wanted = row_parameters((number,) for number in set(numbers))
    rows = await session.execute(_load_statement(dialect_of(session)), wanted)
    return {row.id: _environment(row) for row in rows}


@cache
def _load_statement(dialect: str) -> Select[Any]:
    them = parameter_rows(dialect, number=Count()).c
    return select(_ENVIRONMENTS).where(_ENVIRONMENTS.c.id == them.number)


async def load(session: AsyncSession, number: int) -> Environment:
    """Load an environment that is known to exist."""
    return await _one(session, select(_ENVIRONMENTS).where(_ENVIRONMENTS.c.id == number))


async def lock(session: AsyncSession, number: int) -> Environment:
    """Load an environment, and lock its catalog against changes until the transaction ends."""
    # Key share: creating a customer refers to the environment, and need not wait.
    mine = select(_ENVIRONMENTS).where(_ENVIRONMENTS.c.id == number)
    return await _one(session, mine.with_for_update(key_share=True))


async def find(session: AsyncSession, key: str) -> Environment | None:
    """Return an environment by its key; None if there is none."""
    rows = await session.execute(select(_ENVIRONMENTS).where(_ENVIRONMENTS.c.key == key))
    row = rows.one_or_none()
    return None if row is None else _environment(row)


async def load_all(session: AsyncSession) -> list[Environment]:
    """Load every environment, the oldest first."""
    rows = await session.execute(select(_ENVIRONMENTS).order_by(_ENVIRONMENTS.c.id))
    return [_environment(row) for row in rows]


async def _one(session: AsyncSession, statement: Select[Any]) -> Environment:
    return _environment((await session.execute(statement)).one())


async def create(session: AsyncSession, key: str, *, sandbox: bool, now: datetime) -> Environment:
    """Create an environment; IntegrityError if its key is taken."""
    values = {"key": key, "name": key, "sandbox": sandbox, "catalog_revision": 0, "created_at": now}
    made = await session.execute(_ENVIRONMENTS.insert().values(values).returning(_ENVIRONMENTS))
    return _environment(made.one())


async def set_clock(session: AsyncSession, number: int, at: datetime) -> None:
    """Set an environment's clock to an instant."""
    changed = update(_ENVIRONMENTS).where(_ENVIRONMENTS.c.id == number)
    await session.execute(changed.values(clock_at=at))


def _environment(row: Row[Any]) -> Environment:
    return Environment(
        number=row.id,
        key=row.key,
        name=row.name,
        sandbox=row.sandbox,
        clock_at=row.clock_at,
        catalog_revision=row.catalog_revision,
    )
