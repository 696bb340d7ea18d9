"""Callers who ask while a batch runs share the next one, which begins after all of them have asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from models.coalescing import Coalescer, take_at_most

MOST = 50

Answer = tuple[str, int]
Ask = Callable[[Coalescer[str, Answer], str], "asyncio.Task[Answer]"]


class Batches:
    """Batches that end when the test says so; each item is answered with the number of its batch."""

    def __init__(self) -> None:
        self.begun: list[Sequence[str]] = []
        self.end = asyncio.Event()

    async def __call__(self, items: Sequence[str]) -> list[Answer | Exception]:
        self.begun.append(items)
        number = len(self.begun)
        await self.end.wait()
        if "trouble" in items:
            raise OSError("gone")  # noqa: EM101 - a test
        return [ValueError(item) if item == "refused" else (item, number) for item in items]


def in_a_batch(coalescer: Coalescer[str, Answer], item: str) -> asyncio.Task[Answer]:
    return asyncio.create_task(coalescer.ask(item))


def at_once(coalescer: Coalescer[str, Answer], item: str) -> asyncio.Task[Answer]:
    return asyncio.create_task(coalescer.ask_at_once(item))


@pytest.fixture
def batches() -> Batches:
    return Batches()


@pytest.fixture
def coalescer(batches: Batches) -> Coalescer[str, Answer]:
    return Coalescer(batches, take_at_most(MOST))


async def begin(*tasks: asyncio.Task[Answer]) -> None:
    """Let tasks come to the point where they wait."""
    for _ in range(3 + len(tasks)):
        await asyncio.sleep(0)


EITHER_WAY = pytest.mark.parametrize("ask", [in_a_batch, at_once])


@EITHER_WAY
async def test_callers_who_ask_during_a_batch_share_the_next(
    batches: Batches, coalescer: Coalescer[str, Answer], ask: Ask
) -> None:
    first = ask(coalescer, "a")
    await begin(first)
    later = [ask(coalescer, name) for name in ("b", "c")]
    await begin(*later)
    batches.end.set()

    assert await asyncio.gather(first, *later) == [("a", 1), ("b", 2), ("c", 2)]


async def test_a_batch_has_so_many_items_and_no_more(
    batches: Batches, coalescer: Coalescer[str, Answer]
) -> None:
    batches.end.set()
    await asyncio.gather(*(coalescer.ask(str(number)) for number in range(2 * MOST + 1)))

    assert [len(items) for items in batches.begun] == [MOST, MOST, 1]


@EITHER_WAY
async def test_a_batch_that_fails_fails_its_callers_and_nobody_later(
    batches: Batches, coalescer: Coalescer[str, Answer], ask: Ask
) -> None:
    batches.end.set()
    with pytest.raises(OSError, match="gone"):
        await ask(coalescer, "trouble")

    assert await ask(coalescer, "a") == ("a", 2)


@EITHER_WAY
async def test_an_item_that_fails_leaves_its_neighbours_their_answers(
    batches: Batches, coalescer: Coalescer[str, Answer], ask: Ask
) -> None:
    tasks = [ask(coalescer, name) for name in ("a", "refused", "b")]
    await begin(*tasks)
    batches.end.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(result) for result in results] == [tuple, ValueError, tuple]


@EITHER_WAY
async def test_a_caller_who_goes_away_leaves_the_others_their_answers(
    batches: Batches, coalescer: Coalescer[str, Answer], ask: Ask
) -> None:
    running = ask(coalescer, "running")
    await begin(running)
    gone, stays = ask(coalescer, "a"), ask(coalescer, "b")
    await begin(gone, stays)
    gone.cancel()
    batches.end.set()

    assert await stays == ("b", 2)
    assert await running == ("running", 1)
    assert [list(items) for items in batches.begun] == [["running"], ["b"]]


async def test_a_batch_runs_to_its_end_without_its_caller(
    batches: Batches, coalescer: Coalescer[str, Answer]
) -> None:
    gone = in_a_batch(coalescer, "a")
    await begin(gone)
    gone.cancel()
    await begin()
    batches.end.set()
    await coalescer.close()

    assert [list(items) for items in batches.begun] == [["a"]]
    assert gone.cancelled()


async def test_a_caller_who_goes_away_at_once_frees_those_behind(
    batches: Batches, coalescer: Coalescer[str, Answer]
) -> None:
    gone = at_once(coalescer, "a")
    await begin(gone)
    behind = at_once(coalescer, "b")
    await begin(behind)
    gone.cancel()
    batches.end.set()

    assert await behind == ("b", 2)


async def test_what_waits_when_the_worker_is_cancelled_is_told_so(
    batches: Batches, coalescer: Coalescer[str, Answer]
) -> None:
    running = in_a_batch(coalescer, "a")
    await begin(running)
    waiting = in_a_batch(coalescer, "b")
    await begin(waiting)
    (worker,) = (task for task in asyncio.all_tasks() if task.get_name() == "coalescer")
    worker.cancel()
    results = await asyncio.gather(running, waiting, return_exceptions=True)
    batches.end.set()

    assert [type(result) for result in results] == [asyncio.CancelledError] * 2
    assert await coalescer.ask("c") == ("c", 2)
