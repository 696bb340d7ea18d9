"""Statements that the two databases spell differently."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnClause, ColumnElement, FromClause, Select, Table, cast, func, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel


def table_of(model: type[SQLModel]) -> Table:
    """Give the table behind a model, for statements that need no objects."""
    return SQLModel.metadata.tables[str(model.__tablename__)]


def _insert(session: AsyncSession, table: Table) -> sqlite.Insert | postgresql.Insert:
    if _is_sqlite(session):
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


def table_of_rows(
    session: AsyncSession, name: str, columns: Sequence[ColumnClause[Any]], rows: Sequence[Sequence[object]]
) -> FromClause:
    """Give rows as a table to join with, of any length: they travel as one value.

    A statement of many values would take longer to write than to run.
    """
    if _is_sqlite(session):
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


def of_each(
    session: AsyncSession,
    rows: FromClause,
    table: Table,
    its: ColumnElement[bool],
    what: Sequence[ColumnElement[Any]],
) -> Select[Any]:
    """Ask for each of some rows, by its ``index``, what those of a table that belong to it come to.

    SQLite looks the table's rows up for each. PostgreSQL has to be told so: to a plain join by spans of
    time it would rather compare every span with every row.
    """
    if _is_sqlite(session):
        return select(rows.c.index, *what).select_from(rows.outerjoin(table, its)).group_by(rows.c.index)
    named = [column.label(f"what_{place}") for place, column in enumerate(what)]
    found = select(*named).select_from(table).where(its).correlate(rows).lateral("found")
    return select(rows.c.index, *found.c).select_from(rows.join(found, true()))


def _is_sqlite(session: AsyncSession) -> bool:
    return bool(session.get_bind().dialect.name == "sqlite")
