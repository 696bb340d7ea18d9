"""What is asked about one customer is found by an index, however many customers there are."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest_asyncio
from sqlalchemy import event
from sqlmodel import SQLModel

from models.database.transactions import Database
from resolvers.access import check as access
from resolvers.credits.balances import balance
from rules.access.decision import AccessCheck
from rules.commands.change_plan import ChangePlan
from rules.commands.command import Command
from rules.commands.consume import Consume
from rules.commands.credits import ConsumeCredits, GrantCredits, VoidCreditGrant
from rules.commands.custom_entitlements import RemoveCustomEntitlement, SetCustomEntitlement
from rules.commands.customers import ArchiveCustomer, UpsertCustomer
from rules.commands.report_usage import ReportUsage
from rules.commands.reserve import ReleaseReservation, Reserve, SettleReservation
from rules.commands.subscribe import Subscribe
from rules.commands.subscriptions import CancelSubscription
from rules.customers.facts import CustomEntitlementMode
from rules.numbers import ONE
from tests.rules.builders.customer_builders import DAY
from tests.storage.books import Books
from tests.storage.credits.test_credits import sells_credits

ACTS: tuple[Command, ...] = (
    Subscribe(plan="basic"),
    Subscribe(plan="small", price="monthly"),
    SetCustomEntitlement(feature="sso"),
    ReportUsage(feature="calls", idempotency_key="a"),
    ReportUsage(feature="calls", idempotency_key="a"),
    Consume(feature="calls", idempotency_key="b"),
    Reserve(feature="calls", quantity=ONE, key="c"),
    SettleReservation(key="c"),
    Reserve(feature="calls", quantity=ONE, key="d"),
    ReleaseReservation(key="d"),
    GrantCredits(credit_type="ai", amount=9 * ONE, idempotency_key="e"),
    ConsumeCredits(credit_type="ai", amount=ONE, idempotency_key="f"),
    VoidCreditGrant(credit_type="ai", number=1),
    ChangePlan(plan="small", price="yearly"),
    RemoveCustomEntitlement(feature="sso", mode=CustomEntitlementMode.GRANT),
    CancelSubscription(product="app"),
    ArchiveCustomer(),
)

OWNED = {
    table.name
    for table in SQLModel.metadata.sorted_tables
    if {"customer_id", "folded_key"} & set(table.c.keys())
}
"""The tables that grow with the number of customers."""

READING_OR_CHANGING = ("SELECT", "WITH", "UPDATE", "DELETE")

CUSTOMERS = ("acme", "globex", "initech")

Told = tuple[str, Sequence[object]]


@pytest_asyncio.fixture
async def file(migrated_file: Path, tmp_path: Path) -> Path:
    """A SQLite file."""
    return Path(shutil.copy(migrated_file, tmp_path / "allotment.db"))


@pytest_asyncio.fixture
async def opened(file: Path) -> AsyncIterator[Books]:
    """Books of an environment that sells calls and credits."""
    books = await Books.new(Database(f"sqlite+aiosqlite:///{file}"))
    await sells_credits(books)
    yield books
    await books.ledger.close()
    await books.database.close()


def overheard(database: Database) -> list[Told]:
    """Listen to what a database is told from now on."""
    told: list[Told] = []

    def noted(_: object, __: object, statement: str, parameters: Sequence[object], *___: object) -> None:
        told.append((statement, parameters))

    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", noted)
    return told


def walked(file: Path, told: Sequence[Told]) -> set[tuple[str, str]]:
    """Give the statements that go through what more than one customer owns, and how they do."""
    with sqlite3.connect(file) as connection:
        return {
            (statement, step)
            for statement, parameters in told
            if statement.startswith(READING_OR_CHANGING)
            for step in _steps(connection, statement, parameters)
            if _concerns_everybody(step)
        }


def _steps(connection: sqlite3.Connection, statement: str, parameters: Sequence[object]) -> list[str]:
    """Say how SQLite will look for rows: "SEARCH customers USING INDEX … (environment_id=? AND key=?)"."""
    given = parameters[0] if isinstance(parameters, list) else parameters
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", given)]


def _concerns_everybody(step: str) -> bool:
    how, table, *_ = step.split()
    by_customer = ("customer_id=?", "rowid=?") if table != "customers" else ("key=?", "id=?")
    return how in {"SCAN", "SEARCH"} and table in OWNED and not any(column in step for column in by_customer)


async def acted(books: Books, acts: Sequence[Command]) -> None:
    """Let customers do the same at once, in one transaction."""
    await asyncio.gather(*(books.do(name, UpsertCustomer(key=name)) for name in CUSTOMERS))
    for act in acts:
        books.clock.now += 2 * DAY
        await asyncio.gather(*(books.do(name, act) for name in CUSTOMERS))


async def test_no_act_goes_through_the_rows_of_other_customers(opened: Books, file: Path) -> None:
    told = overheard(opened.database)
    await acted(opened, ACTS)

    assert {table for table in OWNED if any(table in statement for statement, _ in told)} == OWNED
    assert not walked(file, told)


async def test_no_question_goes_through_the_rows_of_other_customers(opened: Books, file: Path) -> None:
    await acted(opened, ACTS[:-2])
    told = overheard(opened.database)
    for at in (None, opened.clock.now - DAY):
        questions = [AccessCheck(customer=name, feature="calls") for name in CUSTOMERS]
        await access.accesses(opened.context, questions, at)
        await access.accesses_of(opened.context, "acme", None, at)
    await balance(opened.context, "acme", "ai")

    assert told
    assert not walked(file, told)
