"""Statements that the two databases spell differently."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnClause, ColumnElement, FromClause, Table, and_, cast, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

_LAST_CODE_POINT = 0x10FFFF
_FIRST_SURROGATE, _AFTER_SURROGATES = 0xD800, 0xE000


def table_of(model: type[SQLModel]) -> Table:
    """Give the table behind a model, for statements that need no objects."""
    return SQLModel.metadata.tables[str(model.__tablename__)]


def _insert(session: AsyncSession, table: Table) -> sqlite.Insert | postgresql.Insert:
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


async def insert(session: AsyncSession, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; IntegrityError where one is there already."""
    if rows:
        await session.execute(table_of(model).insert(), rows)


async def insert_missing(
    session: AsyncSession, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert the rows that are not there yet, and leave the others as they are."""
    if rows:
        await session.execute(_insert(session, table_of(model)).on_conflict_do_nothing(), rows)


async def upsert(session: AsyncSession, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or write their other columns where a row with their primary key is there already."""
    if not rows:
        return
    table = table_of(model)
    keys = [column.name for column in table.primary_key]
    statement = _insert(session, table)
    written = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    await session.execute(statement.on_conflict_do_update(index_elements=keys, set_=written), rows)


def begins(column: ColumnElement[Any], prefix: str) -> ColumnElement[bool]:
    """Tell whether a ``Key`` begins with a text, letter by letter, so that an index finds those that do."""
    behind = _behind(prefix)
    return column >= prefix if behind is None else and_(column >= prefix, column < behind)


def _behind(prefix: str) -> str | None:
    """Give the first text behind all that begin so, by code points; None where nothing is behind them."""
    head = prefix.rstrip(chr(_LAST_CODE_POINT))
    if not head:
        return None
    last = ord(head[-1]) + 1
    # Halves of surrogate pairs are no characters.
    return head[:-1] + chr(_AFTER_SURROGATES if last == _FIRST_SURROGATE else last)


def table_of_rows(
    session: AsyncSession, name: str, columns: Sequence[ColumnClause[Any]], rows: Sequence[Sequence[object]]
) -> FromClause:
    """Give rows as a table to join with, of any length: they travel as one value.

    A statement of many values would take longer to write than to run.
    """
    if session.get_bind().dialect.name == "sqlite":
        each = func.json_each(json.dumps(rows)).table_valued("value")
        cells = [
            func.json_extract(each.c.value, f"$[{place}]", type_=known.type).label(known.name)
            for place, known in enumerate(columns)
        ]
        return select(*cells).cte(name)
    names = [known.name for known in columns]
    document = [dict(zip(names, row, strict=True)) for row in rows]
    recordset = func.json_to_recordset(cast(document, postgresql.JSON))
    return recordset.table_valued(*columns, name=name).render_derived(with_types=True)
