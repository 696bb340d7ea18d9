"""Bring a database to the newest revision, whichever process comes first."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.database.transactions import Database

_VERSIONS = Path(__file__).parent / "versions"

_LOCK = 0x616C6C6F746D6E74
"""The PostgreSQL advisory lock of migrations: "allotmnt"."""


class DatabaseTooNew(Exception):  # noqa: N818 - what it is, in words
    """The database has a revision that this version does not know; run the newer version."""

    def __init__(self, revision: str) -> None:
        self.revision = revision
        super().__init__(f"the database is of revision {revision}, which this version does not know")


class BrokenReference(Exception):  # noqa: N818 - what it is, in words
    """A migration would have left a row of ``table`` with a broken reference; nothing was changed."""

    def __init__(self, table: str) -> None:
        super().__init__(f"a row of {table} refers to nothing")


async def migrate(url: str) -> None:
    """Bring the database to the newest revision, all steps or none.

    Processes that start together do it one after the other. Raises DatabaseTooNew if its revision is not
    known here, and ValueError for an invalid address.
    """
    database = Database(url, foreign_keys=False, longest=None)
    try:
        async with database.write() as session:
            await _alone(session, database)
            await (await session.connection()).run_sync(_upgrade)
    finally:
        await database.close()


async def revision_of(database: Database) -> str | None:
    """Return the revision of the database; None if it was never migrated."""
    async with database.read() as session:
        return await (await session.connection()).run_sync(_revision)


async def is_current(database: Database) -> bool:
    """Return whether the database has the newest revision."""
    return await revision_of(database) == _newest()


async def _alone(session: AsyncSession, database: Database) -> None:
    # On SQLite, write() has taken the lock already.
    if database.dialect == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def _upgrade(connection: Connection) -> None:
    revision = _revision(connection)
    if revision == _newest():
        return
    if revision is not None and revision not in _revisions():
        raise DatabaseTooNew(revision)
    # Loading Alembic takes a third of a start, and most starts find nothing to do.
    from models.migrations.upgrading import upgrade  # noqa: PLC0415

    upgrade(connection)
    _prove_references(connection)


def _prove_references(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise BrokenReference(broken.table)


def _revision(connection: Connection) -> str | None:
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


@cache
def _revisions() -> tuple[str, ...]:
    """Return every revision, the newest first; each file's name begins with its own."""
    names = (file.stem for file in _VERSIONS.glob("[0-9]*.py"))
    return tuple(sorted((name.partition("_")[0] for name in names), reverse=True))


def _newest() -> str:
    return _revisions()[0]
