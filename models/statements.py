"""Statements that the two databases spell differently."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnClause, FromClause, Table, bindparam, cast, column, func, select
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel


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


def dialect_of(session: AsyncSession) -> str:
    """Give the name of the database's dialect, for statements that are built once for each."""
    return str(session.get_bind().dialect.name)


def asked_rows(dialect: str, **columns: TypeEngine[Any]) -> FromClause:
    """Give the rows that a statement is asked about as a table to join with, of any length.

    They travel as one value, the parameter that ``asked`` gives, so that the statement is built, and
    its text written, once for any number of rows.
    """
    document = bindparam("asked", type_=SqlText)
    if dialect == "sqlite":
        each = func.json_each(document).table_valued("value")
        cells = [
            func.json_extract(each.c.value, f"$[{place}]", type_=known).label(name)
            for place, (name, known) in enumerate(columns.items())
        ]
        return select(*cells).cte("asked")
    array = func.json_array_elements(cast(document, postgresql.JSON))
    element = array.table_valued(column("value", postgresql.JSON), name="element").c.value
    cells = [
        cast(element[place].astext, known).label(name) for place, (name, known) in enumerate(columns.items())
    ]
    return select(*cells).cte("asked")


def asked(rows: Iterable[Sequence[object]]) -> dict[str, str]:
    """Give the parameters of a statement about rows."""
    return {"asked": json.dumps([list(row) for row in rows])}


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
