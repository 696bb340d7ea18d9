"""What a resolver works with: database, group commit, catalogs, clock and caller."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from models.access.cache import MemoryCache
from models.access.probe import ProbeReader
from models.auth.key_cache import KeyRing
from models.catalog.store import Catalogs
from models.commands.group_commit import GroupCommit, nobody_counts
from models.customers.rulebook import Rulebook
from models.database.transactions import Database
from models.live.listener import NotificationListener
from models.live.notifications import ChangeNotifications
from resolvers.token_signer import TokenSigner
from rules.auth.permissions import Viewer
from rules.catalog.inheritance import ResolvedCatalog
from rules.time_zones import ZoneRules

Answer = TypeVar("Answer")


def real_time() -> datetime:
    """Return the real time: the only place that reads it."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Replica:
    """A database that follows the primary, possibly with a delay, and the reader of its probes."""

    database: Database
    glances: ProbeReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What all requests of a process share. Queries go to the ``replica`` if there is one."""

    database: Database
    replica: Replica | None
    memory: MemoryCache
    commands: GroupCommit
    glances: ProbeReader
    keys: KeyRing
    signer: TokenSigner
    clock: Callable[[], datetime]
    notices: ChangeNotifications
    listening: NotificationListener
    rulebook: Rulebook | None = None
    """The rules of time zones of this process; None if they are not known."""
    previewing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    """Previews of an edit run one at a time, so that they do not take all readers and the processor."""
    drawing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    """Tables and series are built in a thread, one at a time, for the same reason."""
    _shared: dict[object, Any] = field(default_factory=dict)

    @classmethod
    def on(
        cls,
        database: Database,
        clock: Callable[[], datetime] = real_time,
        committed: Callable[[int], None] = nobody_counts,
        token_secret: str | None = None,
        replica: Database | None = None,
        *,
        zones: ZoneRules | None = None,
    ) -> Services:
        """Build the services on a database; ``committed`` receives the number of commands per transaction.

        Without a secret for tokens, the database's own is used. ``replica`` follows the database. ``zones``
        are the rules of time zones of this process: with them it refuses commands that a process with newer
        rules would judge otherwise.
        """
        memory, keys = MemoryCache(), KeyRing(database, clock)
        rulebook = None if zones is None else Rulebook(zones, clock)
        notices = ChangeNotifications(forget_keys=keys.forget)
        listening = NotificationListener(database, notices)
        notices.start = listening.start
        return cls(
            database=database,
            replica=None
            if replica is None
            else Replica(database=replica, glances=ProbeReader(replica.held, clock)),
            memory=memory,
            commands=GroupCommit(database, memory, clock, committed, notices.tell, rulebook=rulebook),
            glances=ProbeReader(database.held, clock),
            keys=keys,
            signer=TokenSigner(database, clock, token_secret),
            clock=clock,
            notices=notices,
            listening=listening,
            rulebook=rulebook,
        )

    def own(self, what: object, make: Callable[[], Answer]) -> Answer:
        """Return the one object of its kind of this process, made when first needed."""
        if what not in self._shared:
            self._shared[what] = make()
        found: Answer = self._shared[what]
        return found

    @property
    def catalogs(self) -> Catalogs:
        """The newest catalog of each environment."""
        return self.memory.catalogs

    async def close(self) -> None:
        """Finish all accepted work, then close the database, even if one of them fails."""
        closings = [self.listening.close, self.commands.close, self.keys.settle, self.database.close]
        if self.replica is not None:
            closings.append(self.replica.database.close)
        async with AsyncExitStack() as stack:
            for close in reversed(closings):
                stack.push_async_callback(close)


@dataclass(slots=True, kw_only=True)
class Context:
    """What one request works with. ``newest`` reads from the primary: commands and streams do."""

    services: Services
    viewer: Viewer
    newest: bool = False
    _asked: dict[object, asyncio.Task[Any]] = field(default_factory=dict)
    _own: dict[object, Any] = field(default_factory=dict)

    async def once(self, what: object, find: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
        """Compute something once for all fields of a request that need it."""
        if what not in self._asked:
            self._asked[what] = asyncio.create_task(find())
        # Shielded: graphql-core cancels the fields beside one that fails, and others wait for the same.
        found: Answer = await asyncio.shield(self._asked[what])
        return found

    def own(self, what: object, make: Callable[[], Answer]) -> Answer:
        """Return the one object of its kind of this request, made when first needed."""
        if what not in self._own:
            self._own[what] = make()
        found: Answer = self._own[what]
        return found

    @property
    def replica(self) -> Replica | None:
        """The database that this request reads; None is the primary."""
        return None if self.newest else self.services.replica

    def read_newest(self) -> None:
        """Read from the primary from now on."""
        self.newest = True

    @property
    def environment(self) -> int:
        """The number of the environment in which everything happens."""
        return self.viewer.environment

    def visible(self, flat: ResolvedCatalog) -> ResolvedCatalog:
        """Return the catalog as the caller may see it: unpublished packages are for editors only."""
        return flat if self.viewer.sees_drafts else flat.published
