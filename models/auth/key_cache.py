"""The cache of recently used keys: frequent requests find their key without a statement of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

import structlog
from sqlalchemy.exc import SQLAlchemyError

from models.auth import keys
from models.database import postgresql
from models.database.transactions import Database
from rules.auth.api_keys import ApiKey

FRESH_SECONDS = 1.0
"""The most seconds that a key is cached: this long a revoked key may still work in other processes."""

USE_NOTED_EVERY = timedelta(minutes=1)
"""How often the last use of a key is written."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    begun_at: float
    key: asyncio.Task[ApiKey | None]


class KeyRing:
    """The keys in use. ``stopwatch`` counts seconds, ``clock`` gives real time."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        stopwatch: Callable[[], float] = monotonic,
    ) -> None:
        self._database = database
        self._clock = clock
        self._stopwatch = stopwatch
        self._readings: dict[str, _Reading] = {}
        self._noted: dict[int, datetime] = {}
        self._notes: set[asyncio.Task[None]] = set()

    async def find(self, digest: str) -> ApiKey | None:
        """Return the key with this digest as of at most a second ago, valid or not; None if there is none."""
        reading = self._readings.get(digest)
        if reading is None or self._stopwatch() - reading.begun_at >= FRESH_SECONDS:
            reading = _Reading(begun_at=self._stopwatch(), key=asyncio.create_task(self._read(digest)))
            self._readings[digest] = reading
        if reading.key.done():
            return reading.key.result()
        # Shielded: many callers share one read, which goes on if one of them is cancelled.
        return await asyncio.shield(reading.key)

    async def _read(self, digest: str) -> ApiKey | None:
        found = None
        try:
            # The wait for a connection is not limited: earlier reads may be long.
            async with self._database.read() as session, asyncio.timeout(postgresql.SOON_SECONDS):
                found = await keys.find(session, digest)
        finally:
            if found is None:
                # Unknown keys are not cached, or guesses would fill the memory; errors are not cached
                # either.
                self._readings.pop(digest, None)
        return found

    def forget(self) -> None:
        """Drop all keys: one was revoked here, and must not work any more."""
        self._readings.clear()

    def note_use(self, key: ApiKey) -> None:
        """Record the use of a key, and write it in the background, at most once a minute."""
        now = self._clock()
        last = self._noted.get(key.number, key.last_used_at)
        if last is not None and now - last < USE_NOTED_EVERY:
            return
        self._noted[key.number] = now
        note = asyncio.create_task(self._note(key.number, now))
        self._notes.add(note)
        note.add_done_callback(self._notes.discard)

    async def _note(self, number: int, now: datetime) -> None:
        try:
            async with self._database.write() as session:
                await keys.note_use(session, number, now)
        except (SQLAlchemyError, OSError):
            # No caller depends on it, and the next attempt follows in a minute.
            _log.warning("the use of a key could not be noted", key=number, exc_info=True)

    async def settle(self) -> None:
        """Wait until all uses noted so far are written."""
        await asyncio.gather(*self._notes)
