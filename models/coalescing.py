"""Coalescing: callers that arrive while a batch runs share the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Waiting(Generic[Item, Result]):
    """An item whose caller waits for its result."""

    item: Item
    answer: asyncio.Future[Result] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def is_abandoned(self) -> bool:
        """Whether the caller has gone away."""
        return self.answer.done()

    def settle(self, result: Result | BaseException) -> None:
        """Answer the caller, if there still is one."""
        if self.answer.done():
            return
        if isinstance(result, BaseException):
            self.answer.set_exception(result)
        else:
            self.answer.set_result(result)


Queue = Sequence[Waiting[Item, Result]]
Choice = tuple[list[Waiting[Item, Result]], list[Waiting[Item, Result]]]


def take_all(queue: Queue[Item, Result]) -> Choice[Item, Result]:
    """Choose every item for the next batch."""
    return list(queue), []


def take_at_most(most: int) -> Callable[[Queue[Item, Result]], Choice[Item, Result]]:
    """Return a choice of the first items whose callers still wait, at most so many."""

    def take(queue: Queue[Item, Result]) -> Choice[Item, Result]:
        kept = [waiting for waiting in queue if not waiting.is_abandoned]
        return kept[:most], kept[most:]

    return take


class Coalescer(Generic[Item, Result]):
    """Runs batches one after the other; a batch starts after all of its items have arrived.

    ``run`` returns a result for each item, in order; an exception among them fails its own caller alone,
    and one that ``run`` raises fails the callers of the batch. ``take`` splits the queue into the next
    batch and the items that go on waiting; it must not leave the batch empty for good.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]],
        take: Callable[[Queue[Item, Result]], Choice[Item, Result]] = take_all,
        name: str = "coalescer",
    ) -> None:
        self._run = run
        self._take = take
        self._name = name
        self._queue: list[Waiting[Item, Result]] = []
        self._busy = False
        self._worker: asyncio.Task[None] | None = None

    async def ask(self, item: Item) -> Result:
        """Return the result of an item; its batch runs to its end even if the caller goes away."""
        waiting: Waiting[Item, Result] = Waiting(item)
        self._queue.append(waiting)
        if not self._busy:
            self._start_worker()
        return await waiting.answer

    async def ask_at_once(self, item: Item) -> Result:
        """Return the result of an item, without a task of its own where no batch runs.

        A caller that goes away then takes its own batch along.
        """
        if self._busy:
            return await self.ask(item)
        self._busy = True
        try:
            (result,) = await self._run((item,))
        finally:
            self._start_worker()
        if isinstance(result, Exception):
            raise result
        return result

    async def close(self) -> None:
        """Finish all accepted items."""
        if self._worker is not None:
            await self._worker

    def _start_worker(self) -> None:
        self._busy = bool(self._queue)
        if self._busy:
            self._worker = asyncio.create_task(self._run_all(), name=self._name)

    async def _run_all(self) -> None:
        try:
            while self._queue:
                batch, self._queue = self._take(self._queue)
                await self._run_batch(batch)
        finally:
            # No await between "nothing waits" and "nothing runs": an item that arrives later finds
            # that it has to start a worker itself.
            self._busy = False
            self._worker = None
            _settle_all(self._queue, asyncio.CancelledError())
            self._queue = []

    async def _run_batch(self, batch: Sequence[Waiting[Item, Result]]) -> None:
        if not batch:
            return
        try:
            results = await self._run([waiting.item for waiting in batch])
        except BaseException as error:
            _settle_all(batch, error)
            if not isinstance(error, Exception):
                raise
            return
        for waiting, result in zip(batch, results, strict=True):
            waiting.settle(result)


def _settle_all(batch: Sequence[Waiting[Item, Result]], error: BaseException) -> None:
    for waiting in batch:
        waiting.settle(error)
