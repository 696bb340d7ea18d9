"""The database with its transactions read() and write(); only this module commits.

``write()`` begins a transaction that commits when its block ends. On SQLite there is one writing
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
"""The session of a transaction; callers that only pass it on need not import SQLAlchemy."""

READERS = {"sqlite": 5, "postgresql": 10}
WRITERS = {"sqlite": 1, "postgresql": 5}
READING = ("query_only=ON",)
WRITING = ("journal_mode=WAL", "synchronous=FULL")

FAILURES = (SQLAlchemyError, OSError)
"""What is raised if the database cannot be reached, or fails."""

Answer = TypeVar("Answer")


class Database:
    """One SQLite file, ``sqlite+aiosqlite:///path``, or database, ``postgresql+asyncpg://host/name``.

    At most ``readers`` connections read at a time. ``foreign_keys`` False leaves SQLite's references
    unchecked, for migrations that rebuild tables. ``longest`` is how many seconds a statement may take on
    PostgreSQL, None for no limit. Raises ValueError for any other address, and for SQLite in memory. No
    connection is opened before it is needed.
    """

    def __init__(
        self,
        url: str,
        *,
        readers: int | None = None,
        foreign_keys: bool = True,
        longest: float | None = postgresql.LONGEST_SECONDS,
    ) -> None:
        self.url = _check_url(url)
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
        # With the pools alone a waiter could time out when the one before it is cancelled while connecting.
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
        """The engines of all statements, for instrumentation."""
        engines = [engine.sync_engine for engine in self._engines]
        return engines if self._files is None else [*engines, *(one.engine for one in self._files)]

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """Read as of one instant in the block; a write in it is refused (DBAPIError)."""
        async with self._turns_to_read, self._reading() as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Commit all of the block or nothing: commits at its end, rolls back if anything is raised.

        A commit or rollback that is running when the task is cancelled is finished first.
        """
        async with self._turns_to_write, self._writing.begin() as session:
            yield session

    async def snapshot(self, work: Work[Answer]) -> Answer:
        """Do work that reads as of one instant, as in read(); it must wait for nothing but the database.

        On SQLite all of it runs in one thread, so that no statement changes threads.
        """
        if self._files is None:
            async with self.read() as session:
                return await work(session)
        return await self._files.reading.transact(work)

    async def look_at_once(self, work: Work[Answer]) -> Answer:
        """Do work that reads a few rows by an index, as in snapshot().

        On SQLite it runs in the current thread, faster than another thread could be reached; no other task
        runs meanwhile.
        """
        if self._files is None:
            return await self.snapshot(work)
        return self._files.at_once.do(work)

    async def transact(self, work: Work[Answer]) -> Answer:
        """Do work in its own transaction, as in write(); it must wait for nothing but the database.

        On SQLite all of it runs in the writing thread, so that no statement changes threads.
        """
        if self._files is None:
            async with self.write() as session:
                return await work(session)
        async with self._turns_to_write:
            return await self._files.writing.transact(work)

    async def ping(self) -> None:
        """Return if the database answers; OSError or DBAPIError if it does not."""
        async with self.read() as session:
            # SQLite opens no file for a plain SELECT 1.
            seen = "sqlite_schema" if self.dialect == "sqlite" else "pg_class"
            await session.execute(text(f"SELECT 1 FROM {seen} LIMIT 1"))  # noqa: S608 - one of two words

    async def close(self) -> None:
        """Close every connection that is not in use."""
        await self.held.close()
        for engine in self._engines:
            # Closing a lost connection would take long; the rest ends with the process.
            with suppress(TimeoutError):
                async with asyncio.timeout(postgresql.SOON_SECONDS):
                    await engine.dispose()
        for file in self._files or ():
            await file.close()


class _Files(NamedTuple):
    """A SQLite file, opened for direct reads, and for reads and writes in threads."""

    at_once: FileConnection
    reading: FileThread
    writing: FileThread


def _check_url(url: str) -> URL:
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
        # A server that cannot detect that its client is gone would keep the locks of its transaction.
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
