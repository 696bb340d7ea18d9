"""Books that are open on both databases, by one process or by two."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from models.database.transactions import Database
from tests.storage.books import Books


@pytest_asyncio.fixture
async def another(database_url: str) -> AsyncIterator[Database]:
    """The same database as another process has it open."""
    database = Database(database_url)
    yield database
    await database.close()


@pytest_asyncio.fixture
async def books(database: Database) -> AsyncIterator[Books]:
    """Books without customers."""
    books = await Books.new(database)
    yield books
    await books.ledger.close()


@pytest_asyncio.fixture
async def other_books(books: Books, another: Database) -> AsyncIterator[Books]:
    """The same books as another process has them open."""
    other = Books.of(another, books.environment, books.clock)
    yield other
    await other.ledger.close()
