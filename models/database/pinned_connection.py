"""Pinned connections: for a very frequent statement, without a pool, a session or a thread.

SQLite answers a read from an index faster than a thread could be reached, so it is called directly.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Protocol, cast

from sqlalchemy import URL, Executable, NullPool, create_engine
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.compiler import SQLCompiler

from models.database import postgresql
from rules.errors import unreachable

MOST_ATTEMPTS = 2
"""How often a statement is tried; the first attempt may find that the server has closed the connection."""

Row = Sequence[Any]


class PinnedConnection(Protocol):
    """A read-only connection, opened when it is first needed; each statement sees one instant."""

    @property
    def dialect(self) -> Dialect:
        """The dialect of statements."""

    async def rows(self, statement: str, parameters: Sequence[object]) -> Sequence[Row]:
        """Return the rows of a statement; raises DBAPIError and OSError."""

    async def close(self) -> None:
        """Close the connection."""


class PinnedSqlite:
    """A SQLite file, read without a thread."""

    def __init__(self, address: URL) -> None:
        self._engine = create_engine(
            address.set(drivername="sqlite"), poolclass=NullPool, connect_args={"isolation_level": None}
        )
        self._driver: sqlite3.Connection | None = None

    @property
    def dialect(self) -> Dialect:
        """SQLite's."""
        return self._engine.dialect

    async def rows(self, statement: str, parameters: Sequence[object]) -> Sequence[Row]:
        """Return the rows of a statement."""
        try:
            if self._driver is None:
                self._driver = self._open()
            return self._driver.execute(statement, parameters).fetchall()
        except sqlite3.Error as error:
            raise _failure(statement, error) from error

    def _open(self) -> sqlite3.Connection:
        proxy = self._engine.raw_connection()
        connection: sqlite3.Connection = proxy.driver_connection  # type: ignore[assignment]
        proxy.detach()
        connection.execute("PRAGMA query_only=ON")
        return connection

    async def close(self) -> None:
        """Close the file."""
        if self._driver is not None:
            self._driver.close()
            self._driver = None


class PinnedPostgres:
    """A session on a PostgreSQL server; a statement that is not answered soon ends it."""

    def __init__(self, address: URL) -> None:
        self._engine = postgresql.engine(address, postgresql.SOON_SECONDS, poolclass=NullPool)
        self._connection: AsyncConnection | None = None
        self._driver: Any = None

    @property
    def dialect(self) -> Dialect:
        """The dialect of asyncpg."""
        return self._engine.dialect

    async def rows(self, statement: str, parameters: Sequence[object]) -> Sequence[Row]:
        """Return the rows of a statement."""
        try:
            return await self._fetch(statement, parameters)
        except postgresql.driver_errors() as error:
            raise _failure(statement, error) from error

    async def _fetch(self, statement: str, parameters: Sequence[object]) -> Sequence[Row]:
        for attempt in range(1, MOST_ATTEMPTS + 1):
            driver = await self._connect()
            try:
                found: Sequence[Row] = await driver.fetch(statement, *parameters)
            except Exception as error:
                if isinstance(error, TimeoutError):
                    driver.terminate()
                if attempt == MOST_ATTEMPTS or not driver.is_closed():
                    raise
            else:
                return found
        return unreachable("the last attempt returns or raises")

    async def _connect(self) -> Any:  # noqa: ANN401 - asyncpg's connection
        if self._driver is None or self._driver.is_closed():
            await self.close()
            self._connection = await self._engine.connect()
            self._driver = (await self._connection.get_raw_connection()).driver_connection
        return self._driver

    async def close(self) -> None:
        """End the session."""
        if self._connection is not None:
            connection, self._connection, self._driver = self._connection, None, None
            await connection.close()


def _failure(statement: str, error: Exception) -> DBAPIError:
    """Return the error that SQLAlchemy would raise."""
    return DBAPIError(statement, None, error, hide_parameters=True)


class CompiledStatement:
    """A statement, compiled for a connection; its constants are parameters too."""

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        compiled = cast("SQLCompiler", statement.compile(dialect=dialect))  # type: ignore[attr-defined]
        self.text = str(compiled)
        names = compiled.positiontup or []
        self._constants = [compiled.params[name] for name in names]
        # The positions of parameters without a value yet.
        self._places = [(place, name) for place, name in enumerate(names) if compiled.params[name] is None]

    def parameters(self, **given: object) -> list[object]:
        """Return all parameters in the order that the statement takes."""
        taken = self._constants.copy()
        for place, name in self._places:
            taken[place] = given[name]
        return taken
