"""The ledger: acts on customers that arrive together share one transaction.

While a transaction is under way, acts that arrive wait and go into the next one together: commits are
shared, and the database's locks decide between processes. What was answered is on disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from sqlalchemy.exc import DBAPIError, IntegrityError

from models.batch import Batch, Command, Done, Settled
from models.customers import Address
from models.database import Database, Session
from models.memory import Memory
from models.notices import Notice, announce
from models.time_zones import Rulebook
from rules.acts import Act

MOST_ACTS = 500
"""Acts in one transaction."""

MOST_ATTEMPTS = 5
"""How often a batch is tried that lost to another process."""

_LOST_TO_ANOTHER = ("40001", "40P01")
"""PostgreSQL's codes for a serialization failure and a deadlock."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    command: Command
    answer: asyncio.Future[Done] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


def nobody_counts(_acts: int) -> None:
    """Let a transaction pass uncounted."""


def nobody_hears(_notices: Iterable[Notice]) -> None:
    """Let a change pass untold."""


class Ledger:
    """Does acts on customers, many in one transaction, each as if it were alone.

    ``committed`` is told of how many acts each transaction had, and ``tell`` whom they changed. With a
    ``rulebook``, acts that another process would judge by newer rules of a time zone raise OlderRules.
    """

    def __init__(
        self,
        database: Database,
        memory: Memory,
        clock: Callable[[], datetime],
        committed: Callable[[int], None] = nobody_counts,
        tell: Callable[[Iterable[Notice]], None] = nobody_hears,
        *,
        rulebook: Rulebook | None = None,
    ) -> None:
        self._database = database
        self._memory = memory
        self._clock = clock
        self._committed = committed
        self._tell = tell
        self._rulebook = rulebook
        self._waiting: list[_Waiting] = []
        self._writer: asyncio.Task[None] | None = None

    async def commit(self, environment: int, customer: str, act: Act) -> Done:
        """Do an act; raises Rejected, and then nothing has changed.

        An act whose caller goes away while it waits is done all the same.
        """
        waiting = _Waiting(Command(address=(environment, customer), act=act))
        self._waiting.append(waiting)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_all(), name="ledger")
        return await waiting.answer

    async def close(self) -> None:
        """Finish what has been accepted."""
        if self._writer is not None:
            await self._writer

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                await self._write(self._next())
        finally:
            # No await between "nothing is left" and "nobody writes": an act that arrives later
            # finds that it has to start a writer itself.
            self._writer = None
            _fail(self._waiting, asyncio.CancelledError())
            self._waiting = []

    def _next(self) -> list[_Waiting]:
        """Take the acts of the next transaction, in order of arrival.

        An act that changes a customer's facts is that customer's last in it, and one that must see
        what was done before is the first.
        """
        batch: list[_Waiting] = []
        left: list[_Waiting] = []
        closed: set[Address] = set()
        begun: set[Address] = set()
        for waiting in self._waiting:
            address, act = waiting.command.address, waiting.command.act
            if act.comes_first and address in begun:
                closed.add(address)
            if address in closed or len(batch) == MOST_ACTS:
                closed.add(address)
                left.append(waiting)
                continue
            batch.append(waiting)
            begun.add(address)
            if act.changes_facts:
                closed.add(address)
        self._waiting = left
        return batch

    async def _write(self, batch: Sequence[_Waiting]) -> None:
        try:
            settled = await self._settle([waiting.command for waiting in batch])
        except BaseException as error:
            _fail(batch, error)
            if not isinstance(error, Exception):
                raise
            return
        self._committed(len(batch))
        self._tell(_notices([waiting.command for waiting in batch], settled))
        for waiting, result in zip(batch, settled, strict=True):
            _answer(waiting, result)

    async def _settle(self, commands: Sequence[Command]) -> list[Settled]:
        for attempt in range(1, MOST_ATTEMPTS + 1):
            try:
                return await self._database.transact(partial(self._done, commands))
            except DBAPIError as error:
                if attempt == MOST_ATTEMPTS or not _lost_to_another(error):
                    raise
        message = "the last attempt returns or raises"
        raise AssertionError(message)

    async def _done(self, commands: Sequence[Command], session: Session) -> list[Settled]:
        settled = await Batch(session, self._memory, self._clock(), self._rulebook).settle(commands)
        await announce(session, _notices(commands, settled))
        return settled


def _notices(commands: Sequence[Command], settled: Sequence[Settled]) -> list[Notice]:
    """Tell whom acts have changed, each once and how far they have come."""
    furthest = {
        command.address: done.revision
        for command, done in zip(commands, settled, strict=True)
        if isinstance(done, Done) and not done.replayed and done.revision is not None
    }
    return [Notice(*address, revision) for address, revision in furthest.items()]


def _lost_to_another(error: DBAPIError) -> bool:
    return isinstance(error, IntegrityError) or getattr(error.orig, "sqlstate", None) in _LOST_TO_ANOTHER


def _fail(batch: Sequence[_Waiting], error: BaseException) -> None:
    for waiting in batch:
        _answer(waiting, error)


def _answer(waiting: _Waiting, result: Done | BaseException) -> None:
    if waiting.answer.done():
        return  # its caller has gone away
    if isinstance(result, Done):
        waiting.answer.set_result(result)
    else:
        waiting.answer.set_exception(result)
