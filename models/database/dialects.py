"""Statements that differ between the two databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Dialect,
    FromClause,
    Select,
    Table,
    UpdateBase,
    and_,
    bindparam,
    cast,
    column,
    func,
    literal,
    select,
    true,
    tuple_,
)
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel

_LAST_CODE_POINT = 0x10FFFF
_FIRST_SURROGATE, _AFTER_SURROGATES = 0xD800, 0xE000


def table_of(model: type[SQLModel]) -> Table:
    """Return the table behind a model, for statements that need no objects."""
    return SQLModel.metadata.tables[str(model.__tablename__)]


async def insert(session: AsyncSession, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; IntegrityError if one exists already."""
    if rows:
        await write_rows(session, _insert_statement(model), rows)


async def insert_missing(
    session: AsyncSession, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert the rows that do not exist yet, and leave the others as they are."""
    if rows:
        await write_rows(session, _insert_missing_statement(model, dialect_of(session)), rows)


async def upsert(session: AsyncSession, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, or update all other columns of rows with the same primary key."""
    if rows:
        await write_rows(session, _upsert_statement(model, dialect_of(session), tuple(rows[0])), rows)


@cache
def _insert_statement(model: type[SQLModel]) -> UpdateBase:
    return table_of(model).insert()


@cache
def _insert_missing_statement(model: type[SQLModel], dialect: str) -> UpdateBase:
    return _INSERTS[dialect](table_of(model)).on_conflict_do_nothing()


@cache
def _upsert_statement(model: type[SQLModel], dialect: str, names: tuple[str, ...]) -> UpdateBase:
    keys = [column.name for column in table_of(model).primary_key]
    statement = _INSERTS[dialect](table_of(model))
    written = {name: statement.excluded[name] for name in names if name not in keys}
    return statement.on_conflict_do_update(index_elements=keys, set_=written)


_INSERTS: Mapping[str, Callable[[Table], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


async def write_rows(session: AsyncSession, statement: UpdateBase, rows: Sequence[Mapping[str, Any]]) -> None:
    """Execute a statement, compiled once, with each of some rows; all have the same columns.

    Compiling a statement for each row would cost more than the row.
    """
    text = _text(statement, tuple(rows[0]), session.get_bind().dialect)
    connection = await session.connection()
    await connection.exec_driver_sql(text.sql, [text.row(row) for row in rows])


@dataclass(frozen=True, slots=True)
class _Text:
    """A compiled statement: its columns in order, with their bind processors."""

    sql: str
    columns: tuple[tuple[str, Callable[[Any], Any] | None], ...]

    def row(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple([values[name] if made is None else made(values[name]) for name, made in self.columns])


_texts: dict[tuple[UpdateBase, tuple[str, ...], str], _Text] = {}


def _text(statement: UpdateBase, names: tuple[str, ...], dialect: Dialect) -> _Text:
    place = statement, names, dialect.name
    if place not in _texts:
        compiled = statement.compile(dialect=dialect, column_keys=list(names))
        types = {name: compiled.binds[name].type for name in compiled.positiontup or ()}
        made = ((name, its.dialect_impl(dialect).bind_processor(dialect)) for name, its in types.items())
        _texts[place] = _Text(sql=str(compiled), columns=tuple(made))
    return _texts[place]


def begins(column: ColumnElement[Any], prefix: str) -> ColumnElement[bool]:
    """Return the condition that a ``Key`` begins with a text, case-sensitive, which an index can find."""
    behind = _behind(prefix)
    return column >= prefix if behind is None else and_(column >= prefix, column < behind)


def _behind(prefix: str) -> str | None:
    """Return the first text after all with the prefix, by code points; None if there is none."""
    head = prefix.rstrip(chr(_LAST_CODE_POINT))
    if not head:
        return None
    last = ord(head[-1]) + 1
    # Halves of surrogate pairs are not characters.
    return head[:-1] + chr(_AFTER_SURROGATES if last == _FIRST_SURROGATE else last)


def dialect_of(session: AsyncSession) -> str:
    """Return the name of the database's dialect, by which built statements are cached."""
    return str(session.get_bind().dialect.name)


def parameter_rows(dialect: str, **columns: TypeEngine[Any]) -> FromClause:
    """Return the parameter rows of a statement as a table to join with, of any length.

    They are sent as one value, the parameter that ``row_parameters`` returns, so that the statement is
    built and compiled once for any number of rows.
    """
    return _rows_of(dialect, bindparam("asked", type_=SqlText), columns).cte("asked")


def parameter_row(**columns: TypeEngine[Any]) -> FromClause:
    """Return the one parameter row of a statement as a table, each of its columns a parameter."""
    # PostgreSQL needs their types.
    cells = [cast(bindparam(name), known).label(name) for name, known in columns.items()]
    return select(*cells).cte("asked")


def row_parameters(rows: Iterable[Sequence[object]]) -> dict[str, str]:
    """Return the parameters for ``parameter_rows``."""
    return {"asked": _in_json(rows)}


def in_rows(
    dialect: str, columns: Sequence[Column[Any]], rows: Iterable[Sequence[object]]
) -> ColumnElement[bool]:
    """Return the condition that these columns, the first of an index, equal one of the rows.

    SQLite scans the whole table for a list of several rows, but not for selected rows.
    """
    wanted = _rows_of(
        dialect, literal(_in_json(rows), SqlText), {known.name: known.type for known in columns}
    )
    return tuple_(*columns).in_(wanted)


def _in_json(rows: Iterable[Sequence[object]]) -> str:
    return json.dumps([list(row) for row in rows])


def _rows_of(
    dialect: str, document: ColumnElement[str], columns: Mapping[str, TypeEngine[Any]]
) -> Select[Any]:
    """Select the rows that a JSON document lists."""
    if dialect == "sqlite":
        each = func.json_each(document).table_valued("value")
        return select(
            *(
                func.json_extract(each.c.value, f"$[{place}]", type_=known).label(name)
                for place, (name, known) in enumerate(columns.items())
            )
        )
    array = func.json_array_elements(cast(document, postgresql.JSON))
    element = array.table_valued(column("value", postgresql.JSON)).c.value
    cells = enumerate(columns.items())
    return select(*(cast(element[place].astext, known).label(name) for place, (name, known) in cells))


def aggregate_per_row(
    dialect: str,
    rows: FromClause,
    table: Table,
    its: ColumnElement[bool],
    what: Sequence[ColumnElement[Any]],
) -> Select[Any]:
    """Return, for each row by its ``index``, aggregates over the rows of a table that belong to it.

    SQLite looks the table's rows up for each. PostgreSQL needs a lateral join for that: for a plain join by
    spans of time it would compare every span with every row.
    """
    if dialect == "sqlite":
        return select(rows.c.index, *what).select_from(rows.outerjoin(table, its)).group_by(rows.c.index)
    named = [column.label(f"what_{place}") for place, column in enumerate(what)]
    found = select(*named).select_from(table).where(its).correlate(rows).lateral("found")
    return select(rows.c.index, *found.c).select_from(rows.join(found, true()))
