"""SQLite connections on which a whole transaction runs in one thread, their own or the caller's.

Each statement of an asynchronous connection goes to a thread and back. For a transaction of many statements
that waits for nothing else, that costs more than the statements themselves.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, cast

from sqlalchemy import (
    URL,
    Connection,
    CursorResult,
    Engine,
    Executable,
    Result,
    StaticPool,
    create_engine,
    event,
)
from sqlalchemy.ext.asyncio import AsyncSession

from models.database.sqlite import BUSY_SECONDS, keep_log

Answer = TypeVar("Answer")
Work = Callable[[AsyncSession], Coroutine[Any, Any, Answer]]


class FileConnection:
    """One connection, opened when it is first needed; its transactions start with ``begin``."""

    def __init__(self, address: URL, begin: str, *pragmas: str) -> None:
        self.engine = _engine(address, begin, pragmas)

    def do(self, work: Work[Answer]) -> Answer:
        """Do work in one transaction, in the current thread."""
        with self.engine.begin() as connection:
            return _drive(work(cast("AsyncSession", _Session(connection))))

    async def close(self) -> None:
        """Close the connection."""
        self.engine.dispose()


class FileThread(FileConnection):
    """One connection and its thread, which is started when it is first needed too."""

    def __init__(self, address: URL, begin: str, *pragmas: str) -> None:
        super().__init__(address, begin, *pragmas)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"sqlite {begin.lower()}")

    async def transact(self, work: Work[Answer]) -> Answer:
        """Do work in one transaction; a task that is cancelled meanwhile waits for its end."""
        running = asyncio.get_running_loop().run_in_executor(self._thread, self.do, work)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait([running])
            raise

    async def close(self) -> None:
        """Close the connection and end the thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self.engine.dispose)
        self._thread.shutdown()


class _Session:
    """The part of a session and its connection that queries use; it answers at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def execute(self, statement: Executable, parameters: Any = None) -> Result[Any]:  # noqa: ANN401 - as SQLAlchemy has it
        return self._connection.execute(statement, parameters)

    async def connection(self) -> _Session:
        return self

    async def exec_driver_sql(self, statement: str, parameters: Any) -> CursorResult[Any]:  # noqa: ANN401
        return self._connection.exec_driver_sql(statement, parameters)

    def get_bind(self) -> Connection:
        return self._connection


def _drive(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run a coroutine that never waits to its end."""
    try:
        work.send(None)
    except StopIteration as end:
        return cast("Answer", end.value)
    work.close()
    message = "work on a file waited for something other than the database"
    raise RuntimeError(message)


def _engine(address: URL, begin: str, pragmas: tuple[str, ...]) -> Engine:
    made = create_engine(
        address.set(drivername="sqlite"),
        poolclass=StaticPool,
        hide_parameters=True,
        connect_args={"isolation_level": None, "timeout": BUSY_SECONDS, "check_same_thread": False},
    )

    @event.listens_for(made, "connect")
    def prepare(connection: sqlite3.Connection, _: object) -> None:
        keep_log(connection, "".join(f"PRAGMA {pragma};" for pragma in pragmas))

    @event.listens_for(made, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return made
