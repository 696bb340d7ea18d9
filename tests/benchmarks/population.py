"""A million customers in a minute: rows as acts leave them, copied from those of one customer who acted.

Customer ``n`` opens a little later than the one before, so that no two share an instant, and has used
other quantities. Whether the copies are right is proved by a witness, who does by real acts what one of
them is said to have done, and must leave the same rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Table
from sqlmodel import SQLModel

from models.database.column_types import Instant, Micros
from rules.access.decision import Decision
from rules.commands.customers import UpsertCustomer
from rules.commands.report_usage import ReportUsage
from rules.commands.subscribe import Subscribe
from rules.numbers import ONE
from tests.storage.books import Books

LATER = timedelta(milliseconds=250)
"""How much later each customer opens than the one before."""

OPENED_BEFORE = timedelta(days=4)
"""How long before now the first customer opened: the first week of the millionth is under way too."""

MOST_USED = 97
LIMIT = 1_000
PLAN = "basic"
WITNESSED = 41

CUSTOMERS = "customers"


def name(number: int) -> str:
    """The key of a customer."""
    return f"customer-{number:07}"


def used(number: int) -> int:
    """How many calls a customer has used."""
    return number % MOST_USED + 1


def is_right(decision: Decision, number: int) -> bool:
    """Tell whether this is the answer about a customer's calls."""
    return decision.allowed and decision.usage is not None and decision.usage.used == used(number) * ONE


async def populated(books: Books, path: Path, size: int, opened_at: datetime) -> None:
    """Bring customers to be in a SQLite file, numbered from 0."""
    pattern = await acted(books, name(0), 0, opened_at)
    witness = await acted(books, "witness", WITNESSED, opened_at)
    connection = sqlite3.connect(path)
    connection.executescript("PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY;")
    given = {"pattern": pattern, "first": witness, "size": size - 1, "later": LATER // timedelta.resolution}
    with connection:
        for table in _tables():
            connection.execute(_copying(table), given)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    _prove(connection, witness, witness + WITNESSED)
    connection.close()


async def acted(books: Books, key: str, number: int, opened_at: datetime, plan: str = PLAN) -> int:
    """Let a customer do what customers do; gives their number in the tables."""
    books.clock.now = opened_at + number * LATER
    await books.do(key, UpsertCustomer(key=key))
    await books.do(key, Subscribe(plan=plan))
    done = await books.do(key, ReportUsage(feature="calls", quantity=used(number) * ONE))
    assert done.state.customer is not None
    return done.state.customer.number


def _tables() -> Iterable[Table]:
    tables = SQLModel.metadata.sorted_tables
    return (table for table in tables if table.name == CUSTOMERS or "customer_id" in table.c)


def _copying(table: Table) -> str:
    columns = ", ".join(f'"{column.name}"' for column in table.c)
    copied = ", ".join(_copied(column) for column in table.c)
    whose = "id" if table.name == CUSTOMERS else "customer_id"
    return f"""WITH RECURSIVE customer(n) AS
        (SELECT 1 UNION ALL SELECT n + 1 FROM customer WHERE n < :size)
    INSERT INTO {table.name} ({columns})
    SELECT {copied} FROM customer CROSS JOIN {table.name} AS its
    WHERE its.{whose} = :pattern"""  # noqa: S608 - names of our own


def _copied(column: Column[Any]) -> str:
    if isinstance(column.type, Instant):
        return f"its.{column.name} + n * :later"
    if isinstance(column.type, Micros):
        return f"(n % {MOST_USED} + 1) * {ONE}"
    if column.name == "customer_id" or (column.table.name == CUSTOMERS and column.name == "id"):
        return ":first + n"
    if column.table.name == CUSTOMERS and column.name in {"key", "folded_key"}:
        return "printf('customer-%07d', n)"
    return f'its."{column.name}"'


def _prove(connection: sqlite3.Connection, witness: int, copy: int) -> None:
    """See that a copy left what the witness left, but for the key and the number."""
    for table in _tables():
        left, copied = (_rows(connection, table, number) for number in (witness, copy))
        if left != copied:
            message = f"{table.name} of an act: {left}, of its copy: {copied}"
            raise AssertionError(message)


def _rows(connection: sqlite3.Connection, table: Table, number: int) -> list[tuple[Any, ...]]:
    own = {"id", "key", "folded_key"} if table.name == CUSTOMERS else {"customer_id"}
    columns = ", ".join(f'"{column.name}"' for column in table.c if column.name not in own)
    whose = "id" if table.name == CUSTOMERS else "customer_id"
    found = f"SELECT {columns} FROM {table.name} WHERE {whose} = ?"  # noqa: S608 - names of our own
    return connection.execute(found, (number,)).fetchall()
