"""SQLite files, opened so that transactions are ours and cancelled tasks leave nothing behind."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import suppress
from functools import partial
from typing import Any

import aiosqlite
from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

BUSY_SECONDS = 10
"""How many seconds a connection waits for the lock of another process."""

WAL_ATTEMPTS = 250
"""How often, every 20 ms, a new file's switch to a write-ahead log is tried."""


def engine(address: URL, size: int, begin: str, *pragmas: str) -> AsyncEngine:
    """Return an engine of up to ``size`` connections, whose transactions start with ``begin``."""
    made = create_async_engine(
        address,
        pool_size=size,
        max_overflow=0,
        # Names and usage of customers do not belong into logged errors.
        hide_parameters=True,
        connect_args={"async_creator_fn": _open},
    )
    script = "".join(f"PRAGMA {pragma};" for pragma in pragmas)

    @event.listens_for(made.sync_engine, "connect")
    def prepare(connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's, behind its adapter
        connection.run_async(partial(_prepare, script=script))

    @event.listens_for(made.sync_engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return made


class _File(sqlite3.Connection):
    """A connection that releases its lock when it is closed.

    By default it would keep the lock for as long as a cursor exists, and the traceback of a cancelled task
    may reference one.
    """

    def close(self) -> None:
        # A cancelled task may close twice.
        with suppress(sqlite3.ProgrammingError):
            self.rollback()
        super().close()


class _Thread(aiosqlite.Connection):
    """A file and its thread, which can be ended any number of times.

    By default it would wait forever for a thread that has ended, if a task is cancelled again while it
    closes.
    """

    ended: asyncio.Future[Any] | None = None

    def stop(self) -> asyncio.Future[Any] | None:
        if self.ended is not None:
            return None
        self.ended = super().stop()
        return self.ended

    async def close(self) -> None:
        if self.ended is None:
            await super().close()


async def _open(file: str, **options: Any) -> aiosqlite.Connection:  # noqa: ANN401 - the driver's options
    # Unless isolation_level is None the driver begins transactions itself, and only before some writes.
    options = {"timeout": BUSY_SECONDS, **options, "isolation_level": None, "factory": _File}
    connection = _Thread(partial(sqlite3.connect, file, **options), iter_chunk_size=64)
    # A program that ends without closing does not wait for it.
    connection._thread.daemon = True  # noqa: SLF001
    try:
        return await connection
    except sqlite3.Error:
        if connection.ended is not None:
            await connection.ended
        raise


def keep_log(connection: sqlite3.Connection, script: str) -> None:
    """Run pragmas on a new connection, and wait for other processes that do so on the same new file."""
    for attempt in range(1, WAL_ATTEMPTS + 1):
        try:
            connection.executescript(script)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or attempt == WAL_ATTEMPTS:
                raise
            time.sleep(0.02)
        else:
            return


async def _prepare(connection: aiosqlite.Connection, script: str) -> None:
    # SQLite does not wait for the lock to change the journal of a file: while several processes open a new
    # one together, all but one fail at once with SQLITE_BUSY.
    for attempt in range(1, WAL_ATTEMPTS + 1):
        try:
            await connection.executescript(script)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or attempt == WAL_ATTEMPTS:
                raise
            await asyncio.sleep(0.02)
        else:
            return
