"""The database, whose only two doors are read() and write(); the commit stands here once.

``write()`` begins a transaction that commits where its block ends. On SQLite there is one writing
connection, so that the writers of a process queue for it, and BEGIN IMMEDIATE takes the lock between
processes before anything is read. On PostgreSQL the queries take the locks.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal, NamedTuple, TypeVar

from sqlalchemy import URL, Engine, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from models.database import postgresql, sqlite
from models.database.pinned_connection import PinnedConnection, PinnedPostgres, PinnedSqlite
from models.database.sqlite_thread import FileConnection, FileThread, Work

Session = AsyncSession
"""What the doors give; whoever carries it on to a query need not know whose it is."""

READERS = {"sqlite": 5, "postgresql": 10}
WRITERS = {"sqlite": 1, "postgresql": 5}
READING = ("query_only=ON",)
WRITING = ("journal_mode=WAL", "synchronous=FULL")

FAILURES = (SQLAlchemyError, OSError)
"""What is raised where the database cannot be reached, or does not do what it is told."""

Answer = TypeVar("Answer")


class Database:
    """One SQLite file, ``sqlite+aiosqlite:///path``, or database, ``postgresql+asyncpg://host/name``.

    At most ``readers`` connections read at a time. ``foreign_keys`` False leaves SQLite's references
    unchecked, for migrations that build tables anew. ``longest`` is how many seconds a statement may take
    on PostgreSQL, None as many as it likes. ValueError for any other address, and for SQLite
    in memory. No connection is made before it is needed.
    """

    def __init__(
        self,
        url: str,
        *,
        readers: int | None = None,
        foreign_keys: bool = True,
        longest: float | None = postgresql.LONGEST_SECONDS,
    ) -> None:
        self.url = _checked(url)
        readers = readers or READERS[self.dialect]
        self._files: _Files | None = None
        if self.dialect == "sqlite":
            self._engines = _sqlite_engines(self.url, readers, foreign_keys=foreign_keys)
            self._files = _Files(
                at_once=FileConnection(self.url, "BEGIN", *READING),
                reading=FileThread(self.url, "BEGIN", *READING),
                writing=FileThread(self.url, "BEGIN IMMEDIATE", *WRITING, "foreign_keys=ON"),
            )
        else:
            self._engines = _postgresql_engines(self.url, readers, longest)
        self.held: PinnedConnection = (
            PinnedSqlite(self.url) if self.dialect == "sqlite" else PinnedPostgres(self.url)
        )
        reading, writing = self._engines
        # The pools alone would let a waiter time out where the one before it is cancelled as it connects.
        self._turns_to_read = asyncio.Semaphore(readers)
        self._turns_to_write = asyncio.Semaphore(WRITERS[self.dialect])
        self._reading = async_sessionmaker(reading, expire_on_commit=False, autoflush=False)
        self._writing = async_sessionmaker(writing, expire_on_commit=False, autoflush=False)

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        """Which of the two databases it is."""
        return "sqlite" if self.url.get_backend_name() == "sqlite" else "postgresql"

    @property
    def engines(self) -> list[Engine]:
        """What statements go through, for who watches them."""
        engines = [engine.sync_engine for engine in self._engines]
        return engines if self._files is None else [*engines, *(one.engine for one in self._files)]

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """Everything read in the block is of one instant; a write in it is refused (DBAPIError)."""
        async with self._turns_to_read, self._reading() as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """All of the block or nothing: commits where it ends, rolls back where anything is raised.

        What is under way when the task is cancelled, be it the commit or the rollback, is finished first.
        """
        async with self._turns_to_write, self._writing.begin() as session:
            yield session

    async def snapshot(self, work: Work[Answer]) -> Answer:
        """Do work that reads all of one instant, as read() does; it waits for nothing but the database.

        On SQLite all of it happens in one thread, so that no statement changes threads.
        """
        if self._files is None:
            async with self.read() as session:
                return await work(session)
        return await self._files.reading.transact(work)

    async def look_at_once(self, work: Work[Answer]) -> Answer:
        """Do work that reads a few rows by an index, as look() does.

        On SQLite it is done before a thread would have been asked to; nobody else's turn comes meanwhile.
        """
        if self._files is None:
            return await self.snapshot(work)
        return self._files.at_once.do(work)

    async def transact(self, work: Work[Answer]) -> Answer:
        """Do work in a transaction of its own, as write() does; it waits for nothing but the database.

        On SQLite all of it happens in the writing thread, so that no statement changes threads.
        """
        if self._files is None:
            async with self.write() as session:
                return await work(session)
        async with self._turns_to_write:
            return await self._files.writing.transact(work)

    async def ping(self) -> None:
        """Return if the database answers; OSError or DBAPIError where it does not."""
        async with self.read() as session:
            # SQLite opens no file for a plain SELECT 1.
            seen = "sqlite_schema" if self.dialect == "sqlite" else "pg_class"
            await session.execute(text(f"SELECT 1 FROM {seen} LIMIT 1"))  # noqa: S608 - one of two words

    async def close(self) -> None:
        """Close every connection that is not in use."""
        await self.held.close()
        for engine in self._engines:
            # A connection that was lost would take its time; the rest ends with the process.
            with suppress(TimeoutError):
                async with asyncio.timeout(postgresql.SOON_SECONDS):
                    await engine.dispose()
        for file in self._files or ():
            await file.close()


class _Files(NamedTuple):
    """A SQLite file, opened to be read at once, and to be read and written in threads."""

    at_once: FileConnection
    reading: FileThread
    writing: FileThread


def _checked(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError as error:
        message = "the database's address is not a URL"
        raise ValueError(message) from error
    if address.drivername not in {"sqlite+aiosqlite", "postgresql+asyncpg"}:
        message = f"the database is sqlite+aiosqlite or postgresql+asyncpg, not {address.drivername}"
        raise ValueError(message)
    if address.get_backend_name() == "sqlite" and _in_memory(address):
        message = "SQLite must be a file: in memory, readers and writer would each have their own"
        raise ValueError(message)
    return address


def _in_memory(address: URL) -> bool:
    return ":memory:" in (address.database or ":memory:") or address.query.get("mode") == "memory"


def _postgresql_engines(address: URL, readers: int, longest: float | None) -> tuple[AsyncEngine, AsyncEngine]:
    reading = postgresql.engine(
        address,
        longest,
        pool_size=readers,
        max_overflow=0,
        isolation_level="REPEATABLE READ",
        execution_options={"postgresql_readonly": True},
    )
    writing = postgresql.engine(
        address,
        longest,
        # A server that cannot know that its client is gone would keep the locks of its transaction.
        *(() if longest is None else (f"idle_in_transaction_session_timeout = {longest * 1000:.0f}",)),
        pool_size=WRITERS["postgresql"],
        max_overflow=0,
        isolation_level="READ COMMITTED",
    )
    return reading, writing


def _sqlite_engines(address: URL, readers: int, *, foreign_keys: bool) -> tuple[AsyncEngine, AsyncEngine]:
    references = f"foreign_keys={'ON' if foreign_keys else 'OFF'}"
    reading = sqlite.engine(address, readers, "BEGIN", *READING)
    writing = sqlite.engine(address, WRITERS["sqlite"], "BEGIN IMMEDIATE", *WRITING, references)
    return reading, writing
