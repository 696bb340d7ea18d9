"""Streams: the state of something, then its newest state after every change, also one by time alone.

A stream waits, reads the state, and sends what differs from what it sent last. While its reader is slow it
keeps only a mark that it must read again, so that the next message is always the newest state.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic
from typing import Generic, TypeVar

import structlog

from models.coalescing import Coalescer, take_at_most
from models.database.transactions import FAILURES
from models.live.notifications import Watcher
from resolvers.context import Context
from resolvers.snapshot import Snapshot, open_snapshot
from rules.live import ChangeTracker
from rules.revisions import Revision, Sight

Thing = TypeVar("Thing")

PAUSE_SECONDS = 0.25
"""How long a stream waits before it reads again after the database could not be reached."""

SHORTEST_SECONDS = 0.01
"""The shortest wait for a change by time alone."""

MOST_TOGETHER = 50
"""The most streams that share one read: the more, the longer each of them waits."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamTopic:
    """What a stream sends about a customer: items by key; ``keys`` None means all there are.

    ``told`` are the keys of items already sent, so that their removal can be sent too.
    """

    customer: str
    keys: tuple[str, ...] | None
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StateView(Generic[Thing]):
    """What a stream read about a customer: items by key, each with a face that changes when it does.

    ``at`` is the instant of the read, and ``acted_at`` that of the customer's last command. Without another
    write, all of it holds until ``until``.
    """

    things: Mapping[str, Thing]
    faces: Mapping[str, object]
    revision: Revision
    at: datetime
    acted_at: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamMessage(Generic[Thing]):
    """A message of a stream; ``initial`` where it belongs to the state at the start of the stream."""

    thing: Thing
    initial: bool
    sight: Sight


View = Callable[[Snapshot, Sequence[StreamTopic]], Awaitable[Sequence[StateView[Thing]]]]
"""Reads the state of several streams at once."""


async def at_last(look_again: Callable[[], Awaitable[Thing]]) -> Thing:
    """Retry until the database can be reached: a stream that has begun goes on."""
    while True:
        try:
            return await look_again()
        except FAILURES as error:
            _log.warning("a stream could not look at what changed", cause=repr(error))
            await asyncio.sleep(PAUSE_SECONDS)


class LiveStream(Generic[Thing]):
    """One stream of a view. Streams of the same environment share their reads."""

    def __init__(self, context: Context, asked: StreamTopic, view: View[Thing]) -> None:
        self._context = context
        self._asked = asked
        self._view = view
        self._telling = ChangeTracker()
        self._initial: set[str] = set()
        self._due: float | None = None

    async def told(self, since: Sight | None) -> AsyncGenerator[StreamMessage[Thing], None]:
        """Yield the state, unless it is unchanged since ``since``; then every change."""
        with self._context.services.notices.watch(self._context.environment, self._asked.customer) as watch:
            seen, written = await self._look(watch), False
            if since is not None and await self._is_as_it_was(seen, since):
                for key, face in seen.faces.items():
                    self._telling.tell(key, face)
            self._initial = {*self._telling.differing(seen.faces)}
            while True:
                for told in self._differing(watch, seen, written=written):
                    yield told
                await watch.stale(self._seconds())
                before, seen = seen, await at_last(lambda: self._look(watch))
                written = seen.revision.customer > before.revision.customer

    def _differing(
        self, watch: Watcher, seen: StateView[Thing], *, written: bool
    ) -> Iterator[StreamMessage[Thing]]:
        """Yield what differs from what was sent last, while it is the newest state."""
        for key in self._telling.differing(seen.faces):
            self._telling.tell(key, seen.faces[key])
            initial = key in self._initial
            self._initial.discard(key)
            # A write's revision names the state after it; a change by time needs its instant as well.
            sight = Sight(seen.revision, None if written and not initial else seen.at)
            yield StreamMessage(thing=seen.things[key], initial=initial, sight=sight)
            if watch.is_stale or self._seconds() == SHORTEST_SECONDS:
                return

    def _seconds(self) -> float | None:
        """Return how long the state can hold; None where only a write can change it."""
        return None if self._due is None else max(SHORTEST_SECONDS, self._due - monotonic())

    async def _look(self, watch: Watcher) -> StateView[Thing]:
        watch.snapshot()
        asked = replace(self._asked, told=tuple(self._telling.keys))
        seen, runs = await self._shared_looks().ask(asked)
        self._due = None
        if seen.until is not None and runs:
            self._due = monotonic() + (seen.until - seen.at).total_seconds()
        watch.saw(seen.revision)
        return seen

    def _shared_looks(self) -> Coalescer[StreamTopic, tuple[StateView[Thing], bool]]:
        services, view = self._context.services, self._view

        async def seen_together(asked: Sequence[StreamTopic]) -> list[tuple[StateView[Thing], bool]]:
            async with open_snapshot(self._context) as seen:
                runs = seen.environment.clock_at is None
                return [(known, runs) for known in await view(seen, asked)]

        return services.own(
            (view, self._context.environment), lambda: Coalescer(seen_together, take_at_most(MOST_TOGETHER))
        )

    async def _is_as_it_was(self, seen: StateView[Thing], since: Sight) -> bool:
        """Return whether neither a write nor time has changed the state since ``since``."""
        if since.revision != seen.revision:
            return False
        at = since.at or seen.acted_at or seen.at
        async with open_snapshot(self._context) as now:
            (then,) = await self._view(replace(now, now=min(at, now.now)), [self._asked])
        return then.until is None or seen.at < then.until
