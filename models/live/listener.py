"""Listen for writes of other processes: PostgreSQL notifies, a SQLite file is polled."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import Any, cast

import structlog
from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import AsyncConnection

from models import environments
from models.auth import keys
from models.customers import store as customers
from models.database import postgresql, sqlite
from models.database.transactions import FAILURES, Database
from models.live import notifications
from models.live.notifications import CHANNEL, KEYS_CHANNEL, ChangeNotification, ChangeNotifications
from rules.revisions import Revision

LOOK_SECONDS = 0.2
"""How many seconds pass between polls of a SQLite file."""

PROOF_SECONDS = 5.0
"""How many seconds pass between tests of a listening connection, and the most that a test may take."""

PAUSE_SECONDS = 0.25
"""How many seconds to wait before listening again."""

_log = structlog.get_logger(__name__)


def _losses(dialect: str) -> tuple[type[Exception], ...]:
    """Return the exceptions of a lost connection."""
    if dialect == "sqlite":
        return FAILURES
    return (*FAILURES, *postgresql.driver_errors())


class NotificationListener:
    """Listens from the first ``start`` until it is closed, and reconnects when a connection is lost.

    Whenever a connection is new, all watchers are notified: what was missed is unknown.
    """

    def __init__(self, database: Database, hearers: ChangeNotifications) -> None:
        self._database = database
        self._notices = hearers
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start listening, unless it has started."""
        if self._task is None:
            self._task = asyncio.create_task(self._listen_for_ever(), name="listening")

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _listen_for_ever(self) -> None:
        of_a_file = self._database.dialect == "sqlite"
        losses = _losses(self._database.dialect)
        while True:
            try:
                await (self._look_at_file() if of_a_file else self._listen())
            except Exception as error:  # noqa: BLE001 - whatever it is, listening must go on
                _log.warning(
                    "for now nothing is heard of other processes",
                    cause=repr(error),
                    exc_info=not isinstance(error, losses),
                )
            await asyncio.sleep(PAUSE_SECONDS)

    async def _listen(self) -> None:
        engine = postgresql.engine(self._database.url, PROOF_SECONDS, poolclass=NullPool)
        async with engine.connect() as connection:
            driver = cast("Any", (await connection.get_raw_connection()).driver_connection)
            try:
                await self._listen_on(driver)
            finally:
                # A server that is gone would never answer a graceful close.
                driver.terminate()

    async def _listen_on(self, driver: Any) -> None:  # noqa: ANN401 - asyncpg's connection
        lost = asyncio.Event()
        driver.add_termination_listener(lambda _: lost.set())
        await driver.add_listener(CHANNEL, self._hear)
        await driver.add_listener(KEYS_CHANNEL, self._hear_of_keys)
        self._notices.tell_everybody()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(PROOF_SECONDS):
                    await lost.wait()
            # It may be lost without notice, if a machine in between is.
            await driver.execute("SELECT 1")

    def _hear(self, _connection: object, _sender: int, _channel: str, payload: str) -> None:
        try:
            self._notices.tell(notifications.decode(payload))
        except (ValueError, TypeError):
            # The list was too long to be sent, or another version wrote it.
            self._notices.tell_everybody()

    def _hear_of_keys(self, *_: object) -> None:
        self._notices.tell_of_keys()

    async def _look_at_file(self) -> None:
        engine = sqlite.engine(self._database.url, 1, "BEGIN", "query_only=ON")
        try:
            async with engine.connect() as connection:
                await self._look_whenever_written(connection)
        finally:
            await engine.dispose()

    async def _look_whenever_written(self, connection: AsyncConnection) -> None:
        version, seen = None, None
        while True:
            # It shows one connection all writes of others, including other connections of this process.
            newest = (await connection.exec_driver_sql("PRAGMA data_version")).scalar_one()
            await connection.rollback()
            if newest != version:
                version, seen = newest, await self._look_around(seen)
            await asyncio.sleep(LOOK_SECONDS)

    async def _look_around(self, before: _Seen | None) -> _Seen:
        """Notify of the revisions of everything watched; watchers who have seen them ignore it."""
        async with self._database.read() as session:
            known = await environments.load_many(session, self._notices.environments)
            # Watchers of an environment added meanwhile read for themselves.
            watched = [address for address in self._notices.customers if address[0] in known]
            come = await customers.revisions(session, watched)
            seen = (
                {number: environment.clock_at for number, environment in known.items()},
                await keys.count_revoked(session),
            )
        if before is None:
            self._notices.tell_everybody()
            return seen
        catalogs = {number: environment.catalog_revision for number, environment in known.items()}
        self._notices.tell(ChangeNotification(number, None, Revision(at)) for number, at in catalogs.items())
        self._notices.tell(
            ChangeNotification(number, key, Revision(catalogs[number], at))
            for (number, key), at in come.items()
        )
        clocks, revoked = before
        self._notices.tell(
            ChangeNotification(number) for number, at in seen[0].items() if clocks.get(number) != at
        )
        if seen[1] != revoked:
            self._notices.tell_of_keys()
        return seen


_Seen = tuple[dict[int, datetime | None], int]
"""The clocks of environments, and how many keys were revoked."""
