"""Change notifications, for the live subscriptions of this process and for other processes.

A watcher stores only that there was one, so that nothing accumulates for a slow reader. A needless
notification costs a read; none may be lost.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from models.database.dialects import dialect_of
from rules.revisions import NO_WRITE, Revision

CHANNEL = "allotment"
"""The PostgreSQL channel of changes; an empty payload says that anything may have changed."""

KEYS_CHANNEL = "allotment_keys"
"""The PostgreSQL channel of revoked keys."""

MOST_BYTES = 7_999
"""The most bytes of a PostgreSQL payload."""


@dataclass(frozen=True, slots=True)
class ChangeNotification:
    """A change of an environment: of one customer, or with None of anything in it.

    ``revision`` is that of the write; a change that is no write, as of a clock, has none.
    """

    environment: int
    customer: str | None = None
    revision: Revision | None = None


class Watcher:
    """Tells one live subscription that it must read again."""

    def __init__(self) -> None:
        self._noted = asyncio.Event()
        self._seen = NO_WRITE

    @property
    def is_stale(self) -> bool:
        """Whether a notification arrived since the last read began."""
        return self._noted.is_set()

    def note(self, revision: Revision | None = None) -> None:
        """Record a change, unless a read has seen that write already."""
        if revision is None or not self._seen.reaches(revision):
            self._noted.set()

    def snapshot(self) -> None:
        """Begin a read: changes recorded from now on need another one."""
        self._noted.clear()

    def saw(self, revision: Revision) -> None:
        """Record the revision that a read has seen."""
        self._seen = self._seen.joined(revision)

    async def stale(self, seconds: float | None) -> None:
        """Return when the next read is due, after so many seconds at the latest."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._noted.wait()


class ChangeNotifications:
    """All watchers of this process; ``forget_keys`` drops cached keys."""

    def __init__(self, forget_keys: Callable[[], None]) -> None:
        self.start: Callable[[], None] = lambda: None
        """Called for every new watcher, so that writes of other processes are listened for."""
        self._forget_keys = forget_keys
        self._watches: dict[int, dict[str | None, set[Watcher]]] = {}
        self._key_watches: set[Watcher] = set()

    @contextmanager
    def watch(self, environment: int, customer: str | None = None) -> Iterator[Watcher]:
        """Watch a customer of an environment, or what all of it shares, while the block lasts."""
        watch = Watcher()
        by_customer = self._watches.setdefault(environment, {})
        by_customer.setdefault(customer, set()).add(watch)
        self.start()
        try:
            yield watch
        finally:
            by_customer[customer].discard(watch)
            if not by_customer[customer]:
                del by_customer[customer]

    @contextmanager
    def watch_keys(self) -> Iterator[Watcher]:
        """Watch for revoked keys while the block lasts."""
        watch = Watcher()
        self._key_watches.add(watch)
        self.start()
        try:
            yield watch
        finally:
            self._key_watches.discard(watch)

    @property
    def environments(self) -> list[int]:
        """The environments that are watched."""
        return [environment for environment, by_customer in self._watches.items() if by_customer]

    @property
    def customers(self) -> list[tuple[int, str]]:
        """The customers who are watched, with their environments."""
        return [
            (environment, customer)
            for environment, by_customer in self._watches.items()
            for customer in by_customer
            if customer is not None
        ]

    def tell(self, notices: Iterable[ChangeNotification]) -> None:
        """Notify the watchers of these changes; never waits."""
        for notice in notices:
            by_customer = self._watches.get(notice.environment, {})
            if notice.customer is None:
                concerned = [watch for watches in by_customer.values() for watch in watches]
            else:
                concerned = [*by_customer.get(notice.customer, ())]
            for watch in concerned:
                watch.note(notice.revision)

    def tell_of_keys(self) -> None:
        """Notify that a key was revoked."""
        self._forget_keys()
        for watch in self._key_watches:
            watch.note()

    def tell_everybody(self) -> None:
        """Notify that anything may have changed: notifications of other processes were lost."""
        self.tell([ChangeNotification(environment) for environment in self._watches])
        self.tell_of_keys()


async def announce(session: AsyncSession, notices: Iterable[ChangeNotification]) -> None:
    """Notify other processes of a transaction's changes as soon as it is committed.

    If they do not fit, the payload says that anything may have changed. On SQLite other processes poll the
    file instead.
    """
    rows = sorted({_row(notice) for notice in notices}, key=repr)
    if rows and dialect_of(session) == "postgresql":
        await _notify(session, CHANNEL, encode(rows))


async def announce_keys(session: AsyncSession) -> None:
    """Notify other processes that a transaction revokes a key."""
    if dialect_of(session) == "postgresql":
        await _notify(session, KEYS_CHANNEL, "")


async def _notify(session: AsyncSession, channel: str, payload: str) -> None:
    told = text("SELECT pg_notify(:channel, :payload)")
    await session.execute(told, {"channel": channel, "payload": payload})


_Row = tuple[int, str | None, int | None, int]


def _row(notice: ChangeNotification) -> _Row:
    if notice.revision is None:
        return notice.environment, notice.customer, None, 0
    return notice.environment, notice.customer, notice.revision.catalog, notice.revision.customer


def encode(rows: Iterable[_Row]) -> str:
    """Return notifications as one text, which is empty if it would be too long."""
    payload = json.dumps([*rows], ensure_ascii=False, separators=(",", ":"))
    return payload if len(payload.encode()) <= MOST_BYTES else ""


def decode(payload: str) -> list[ChangeNotification]:
    """Parse notifications of another process."""
    return [
        ChangeNotification(environment, customer, None if catalog is None else Revision(catalog, number))
        for environment, customer, catalog, number in json.loads(payload)
    ]
