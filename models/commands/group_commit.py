"""Group commit: commands that arrive together share one transaction.

Commands that arrive while a transaction runs wait for the next one. They share its commit; the database's
locks decide between processes. An answered command is on disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy.exc import DBAPIError, IntegrityError

from models.access.cache import MemoryCache
from models.coalescing import Choice, Coalescer, Queue, Waiting
from models.commands.batch import Batch, Outcome, Submission
from models.customers.rulebook import Rulebook
from models.customers.store import Address
from models.database.transactions import Database, Session
from models.live.notifications import ChangeNotification, announce
from rules.commands.command import Command, CommandResult, Ordering
from rules.errors import unreachable

MOST_ACTS = 500
"""The most commands in one transaction."""

MOST_ATTEMPTS = 5
"""How often a transaction is tried that lost to another process."""

_LOST_TO_ANOTHER = ("40001", "40P01")
"""PostgreSQL's codes for a serialization failure and a deadlock."""


def nobody_counts(_acts: int) -> None:
    """Count nothing."""


def nobody_hears(_notices: Iterable[ChangeNotification]) -> None:
    """Notify nobody."""


class GroupCommit:
    """Applies commands, many in one transaction, each as if it were alone.

    ``committed`` receives the number of commands of each transaction, ``tell`` the notifications of what
    changed. With a ``rulebook``, a command that another process would judge by newer rules of a time zone
    raises OlderRules.
    """

    def __init__(
        self,
        database: Database,
        memory: MemoryCache,
        clock: Callable[[], datetime],
        committed: Callable[[int], None] = nobody_counts,
        tell: Callable[[Iterable[ChangeNotification]], None] = nobody_hears,
        *,
        rulebook: Rulebook | None = None,
    ) -> None:
        self._database = database
        self._memory = memory
        self._clock = clock
        self._committed = committed
        self._tell = tell
        self._rulebook = rulebook
        self._acts: Coalescer[Submission, CommandResult] = Coalescer(
            self._write, take_transaction, name="group commit"
        )

    async def commit(self, environment: int, customer: str, act: Command) -> CommandResult:
        """Apply a command; raises Rejected, and then nothing has changed.

        It is applied even if its caller goes away while it waits.
        """
        return await self._acts.ask(Submission(address=(environment, customer), act=act))

    async def close(self) -> None:
        """Finish all accepted commands."""
        await self._acts.close()

    async def _write(self, commands: Sequence[Submission]) -> list[Outcome]:
        settled = await self._settle(commands)
        self._committed(len(commands))
        self._tell(_notices(commands, settled))
        return settled

    async def _settle(self, commands: Sequence[Submission]) -> list[Outcome]:
        for attempt in range(1, MOST_ATTEMPTS + 1):
            try:
                return await self._database.transact(partial(self._done, commands))
            except DBAPIError as error:
                if attempt == MOST_ATTEMPTS or not _lost_to_another(error):
                    raise
        return unreachable("the last attempt returns or raises")

    async def _done(self, commands: Sequence[Submission], session: Session) -> list[Outcome]:
        settled = await Batch(session, self._memory, self._clock(), self._rulebook).settle(commands)
        await announce(session, _notices(commands, settled))
        return settled


def take_transaction(queue: Queue[Submission, CommandResult]) -> Choice[Submission, CommandResult]:
    """Choose the commands of the next transaction, in order of arrival.

    A command that changes a customer's facts is that customer's last in it, and one that must see earlier
    commands is the first.
    """
    batch: list[Waiting[Submission, CommandResult]] = []
    left: list[Waiting[Submission, CommandResult]] = []
    closed: set[Address] = set()
    begun: set[Address] = set()
    for waiting in queue:
        address, act = waiting.item.address, waiting.item.act
        if act.ordering is Ordering.FIRST and address in begun:
            closed.add(address)
        if address in closed or len(batch) == MOST_ACTS:
            closed.add(address)
            left.append(waiting)
            continue
        batch.append(waiting)
        begun.add(address)
        if act.ordering is Ordering.LAST:
            closed.add(address)
    return batch, left


def _notices(commands: Sequence[Submission], settled: Sequence[Outcome]) -> list[ChangeNotification]:
    """Return a notification for each changed customer, with the newest revision."""
    furthest = {
        command.address: done.revision
        for command, done in zip(commands, settled, strict=True)
        if isinstance(done, CommandResult) and not done.replayed and done.revision is not None
    }
    return [ChangeNotification(*address, revision) for address, revision in furthest.items()]


def _lost_to_another(error: DBAPIError) -> bool:
    return isinstance(error, IntegrityError) or getattr(error.orig, "sqlstate", None) in _LOST_TO_ANOTHER
