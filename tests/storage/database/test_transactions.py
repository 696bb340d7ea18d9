"""The two doors: what is written is there whole or not at all, and what is read is of one instant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import Column, ForeignKey, MetaData, Table, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from models.database.column_types import Count
from models.database.transactions import Database

METADATA = MetaData()

SHELVES = Table(
    "shelves",
    METADATA,
    Column("id", Count, primary_key=True),
    Column("books", Count, nullable=False),
    sqlite_strict=True,
)

LABELS = Table(
    "labels",
    METADATA,
    Column("shelf_id", Count, ForeignKey(SHELVES.c.id), primary_key=True),
    sqlite_strict=True,
)

# It takes long enough to be cancelled within.
SLOW = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT max(i) FROM n"
)


@pytest_asyncio.fixture
async def shelf(database: Database) -> Database:
    """A database with one empty shelf."""
    async with database.write() as session:
        await (await session.connection()).run_sync(METADATA.create_all)
        await session.execute(SHELVES.insert().values(id=1, books=0))
    return database


@pytest_asyncio.fixture
async def another(database_url: str) -> AsyncIterator[Database]:
    """The same database as another process has it open."""
    database = Database(database_url)
    yield database
    await database.close()


async def _books(session: AsyncSession) -> int:
    # On PostgreSQL the query takes the lock; on SQLite a writing session has it.
    return int((await session.scalars(select(SHELVES.c.books).with_for_update())).one())


async def _add_book(database: Database) -> None:
    async with database.write() as session:
        books = await _books(session)
        await session.execute(SHELVES.update().values(books=books + 1))


async def _count(database: Database) -> int:
    async with database.read() as session:
        return int((await session.scalars(select(SHELVES.c.books))).one())


async def test_what_is_written_is_there_for_everyone(shelf: Database, another: Database) -> None:
    await _add_book(shelf)

    assert await _count(shelf) == 1
    assert await _count(another) == 1


async def test_nothing_is_there_before_the_block_ends(shelf: Database) -> None:
    async with shelf.write() as session:
        await session.execute(SHELVES.update().values(books=7))

        assert await _count(shelf) == 0

    assert await _count(shelf) == 7


async def _add_and_fail(database: Database, failure: BaseException) -> None:
    async with database.write() as session:
        await session.execute(SHELVES.update().values(books=7))
        raise failure


@pytest.mark.parametrize("failure", [ValueError("no"), asyncio.CancelledError()], ids=type)
async def test_nothing_is_written_where_the_block_fails(shelf: Database, failure: BaseException) -> None:
    with pytest.raises(type(failure)):
        await _add_and_fail(shelf, failure)

    assert await _count(shelf) == 0
    await _add_book(shelf)
    assert await _count(shelf) == 1


async def test_a_writer_cancelled_at_any_step_writes_all_or_nothing(shelf: Database) -> None:
    added = 0
    for steps in range(40):
        writer = asyncio.create_task(_add_book(shelf))
        for _ in range(steps):
            await asyncio.sleep(0)
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)

        before, added = added, await _count(shelf)
        assert added in {before, before + 1}

    await _add_book(shelf)
    assert await _count(shelf) == added + 1


async def _unfinished_tasks() -> set[asyncio.Task[object]]:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    return (await asyncio.wait(others, timeout=5))[1] if others else set()


@pytest.mark.parametrize("times", [1, 2])
async def test_a_writer_cancelled_within_a_statement_leaves_no_lock_and_no_task(
    shelf: Database, another: Database, times: int
) -> None:
    begun = asyncio.Event()

    async def write_slowly() -> None:
        async with shelf.write() as session:
            await session.execute(SHELVES.update().values(books=7))
            begun.set()
            await session.execute(text(SLOW))
            await asyncio.Event().wait()

    writer = asyncio.create_task(write_slowly())
    await begun.wait()
    for _ in range(times):
        await asyncio.sleep(0.02)
        writer.cancel()
    # What was raised is kept: its traceback holds on to the cursor of the statement.
    (raised,) = await asyncio.gather(writer, return_exceptions=True)

    await _add_book(another)
    assert await _count(shelf) == 1
    assert isinstance(raised, asyncio.CancelledError)
    assert await _unfinished_tasks() == set()


async def test_writers_queue_within_a_process_and_between_processes(
    shelf: Database, another: Database
) -> None:
    await asyncio.gather(*(_add_book(database) for database in [shelf, another] * 10))

    assert await _count(shelf) == 20


async def test_all_that_is_read_in_a_block_is_of_one_instant(shelf: Database) -> None:
    async with shelf.read() as session:
        before = (await session.scalars(select(SHELVES.c.books))).one()
        await _add_book(shelf)
        after = (await session.scalars(select(SHELVES.c.books))).one()

        assert (before, after) == (0, 0)

    assert await _count(shelf) == 1


async def test_a_read_refuses_to_write(shelf: Database) -> None:
    async with shelf.read() as session:
        with pytest.raises(DBAPIError, match=r"read-?only"):
            await session.execute(SHELVES.update().values(books=7))

    assert await _count(shelf) == 0


async def test_a_look_sees_what_was_written_before_and_refuses_to_write(shelf: Database) -> None:
    async def snapshot(session: AsyncSession) -> int:
        return int((await session.execute(select(SHELVES.c.books))).scalar_one())

    async def write(session: AsyncSession) -> None:
        await session.execute(SHELVES.update().values(books=7))

    await _add_book(shelf)
    assert await asyncio.gather(*(shelf.snapshot(snapshot) for _ in range(20))) == [1] * 20
    with pytest.raises(DBAPIError, match=r"read-?only"):
        await shelf.snapshot(write)
    await _add_book(shelf)
    assert await shelf.snapshot(snapshot) == 2


async def test_a_look_cancelled_within_a_statement_leaves_no_lock(shelf: Database) -> None:
    looking = asyncio.create_task(shelf.snapshot(lambda session: session.execute(text(SLOW))))
    await asyncio.sleep(0.01)
    looking.cancel()

    with pytest.raises(asyncio.CancelledError):
        await looking
    await _add_book(shelf)
    assert await _count(shelf) == 1


async def test_more_readers_than_connections_take_turns(database_url: str, shelf: Database) -> None:
    database = Database(database_url, readers=2)

    assert await asyncio.gather(*(_count(database) for _ in range(10))) == [0] * 10

    await database.close()
    assert await _count(shelf) == 0


async def test_a_reference_to_nothing_is_refused(shelf: Database) -> None:
    with pytest.raises(IntegrityError):
        async with shelf.write() as session:
            await session.execute(LABELS.insert().values(shelf_id=2))


async def test_a_sqlite_commit_is_on_disk_before_it_is_answered(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    async with database.write() as session:
        assert await session.scalar(text("PRAGMA synchronous")) == 2
        assert await session.scalar(text("PRAGMA journal_mode")) == "wal"
    await database.close()


async def test_a_sqlite_path_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    database = Database("sqlite+aiosqlite:///relative.db")

    await database.ping()
    await database.close()

    assert (tmp_path / "relative.db").exists()


async def test_a_database_tells_which_of_the_two_it_is(database: Database, database_url: str) -> None:
    assert database_url.startswith(database.dialect)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite+aiosqlite:///{folder}/missing/allotment.db",
        "sqlite+aiosqlite:///{folder}/letter.db",
        "postgresql+asyncpg://postgres@/allotment?host={folder}",
    ],
)
async def test_a_database_that_does_not_answer_is_noticed(tmp_path: Path, url: str) -> None:
    (tmp_path / "letter.db").write_text("Dear reader")
    database = Database(url.format(folder=tmp_path))

    with pytest.raises((DBAPIError, OSError)):
        await database.ping()

    await database.close()


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite+aiosqlite://", "must be a file"),
        ("sqlite+aiosqlite:///:memory:", "must be a file"),
        ("sqlite+aiosqlite:///file:shared?mode=memory&cache=shared&uri=true", "must be a file"),
        ("sqlite:///allotment.db", "not sqlite"),
        ("mysql+aiomysql://localhost/allotment", "not mysql"),
        ("allotment.db", "not a URL"),
    ],
)
def test_other_databases_are_refused(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Database(url)
