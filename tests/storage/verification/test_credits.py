"""Verifying credits: balances and grants agree with the ledger, and what was tampered with is found."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy import text

from models.database.transactions import Database
from resolvers.verification import first_difference
from rules.commands.credits import ConsumeCredits, GrantCredits, VoidCreditGrant
from rules.commands.customers import UpsertCustomer
from rules.commands.subscribe import Subscribe
from rules.numbers import ONE
from tests.rules.builders.small_shop import limit, plan, row, sold
from tests.rules.models.till import release, report, reserve, settle
from tests.rules.models.wallets import IMAGES, credits_, selling_credits
from tests.storage.books import Books


def granting(units: int, **how: object) -> GrantCredits:
    """Grant whole credits."""
    return GrantCredits(credit_type="ai", amount=units * ONE, **how)  # type: ignore[arg-type]


@pytest_asyncio.fixture
async def books(database: Database) -> AsyncIterator[Books]:
    """Books of two customers to whose credits everything has happened."""
    paying = sold(plan("only"), row("calls", limit(10)), row("ai", credits_(20, rollover=5)))
    paying = replace(paying, draft=replace(paying.newest, rates=(IMAGES,)))
    books = await Books.new(database, replace(selling_credits(paying), revision=1))
    for name in ("acme", "initech"):
        await books.do(name, UpsertCustomer(key=name))
        books.clock.now += timedelta(hours=1)
        await books.do(name, Subscribe(plan="only"))
        for act in (
            report(15),
            reserve(12, "a"),
            settle(9, "a"),
            reserve(3, "b"),
            reserve(2, "c"),
            release("b"),
        ):
            await books.do(name, act)
        await books.do(name, granting(7, expires_at=books.clock.now + timedelta(days=3)))
        await books.do(name, granting(7, effective_at=books.clock.now + timedelta(days=90)))
        books.clock.now += timedelta(days=35)
        await books.do(name, report(90))
        await books.do(name, granting(300))
        await books.do(name, report(-20))
        await books.do(name, ConsumeCredits(credit_type="ai", amount=ONE, allow_overdraft=True))
        await books.do(name, VoidCreditGrant(credit_type="ai", number=4))
    yield books
    await books.ledger.close()


async def differs(books: Books) -> str | None:
    """The first difference, in a line."""
    found = await first_difference(books.context.services)
    return None if found is None else f"{found[1].customer}: {found[1].sentence}"


async def test_what_nobody_tampered_with_agrees(books: Books) -> None:
    assert await differs(books) is None


@pytest.mark.parametrize(
    ("table", "change", "sentence"),
    [
        ("credit_balances", "granted = granted + 1000000", "The balance of 'ai', granted, says "),
        (
            "credit_balances",
            "consumed = 0",
            "The balance of 'ai', consumed, says 0, and its entries come to ",
        ),
        ("credit_balances", "expired = expired - 1", "The balance of 'ai', expired, says "),
        ("credit_balances", "voided = 1", "The balance of 'ai', voided, says 0.000001, and"),
        ("credit_balances", "overdraft = 5000000", "The balance of 'ai', overdraft, says 5, and"),
        ("credit_grants", "remaining = remaining + 1000000", "Grant 1 of 'ai' has 1 left, and its entries"),
        (
            "credit_entries",
            "amount = amount + 1",
            "Entry 1 of 'ai' says 20, and the entries up to it come to ",
        ),
        (
            "credit_entries",
            "balance_after = 0",
            "Entry 1 of 'ai' says 0, and the entries up to it come to 20",
        ),
    ],
)
async def test_one_thing_that_was_tampered_with_is_found(
    books: Books, table: str, change: str, sentence: str
) -> None:
    async with books.database.write() as session:
        if table == "credit_entries":
            drop = "DROP TRIGGER credit_entries_never_change"
            there = " ON credit_entries" if books.database.dialect == "postgresql" else ""
            await session.execute(text(drop + there))
        await session.execute(text(f"UPDATE {table} SET {change} WHERE customer_id = 2"))  # noqa: S608

    found = await differs(books)
    assert found is not None
    assert found.startswith(f"initech: {sentence}")
