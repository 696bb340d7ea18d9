"""How long work may take: what is done at once is not timed, and what waits is, and can be cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from server.execution.timeouts import with_timeout

Work = Callable[[], Coroutine[object, object, str]]

LONG = 60.0


async def at_once() -> str:
    return "done"


async def in_steps() -> str:
    for _ in range(3):
        await asyncio.sleep(0)
    await asyncio.sleep(0.001)
    return await asyncio.create_task(at_once())


async def never() -> str:
    await asyncio.Event().wait()
    return "not reached"


async def stubborn() -> str:
    """Tidies up when it is told to end, and that takes a while."""
    try:
        return await never()
    finally:
        await asyncio.sleep(0.001)


async def failing() -> str:
    await asyncio.sleep(0)
    raise KeyError


async def failing_at_once() -> str:
    raise KeyError


@pytest.mark.parametrize("work", [at_once, in_steps])
async def test_what_is_done_in_time_is_given(work: Work) -> None:
    assert await with_timeout(LONG, work()) == "done"


@pytest.mark.parametrize("work", [failing, failing_at_once])
async def test_what_fails_fails(work: Work) -> None:
    with pytest.raises(KeyError):
        await with_timeout(LONG, work())


@pytest.mark.parametrize("work", [never, stubborn])
async def test_what_waits_too_long_is_told_to_end(work: Work) -> None:
    with pytest.raises(TimeoutError):
        await with_timeout(0.01, work())


async def test_anyone_who_is_cancelled_cancels_the_work() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await never()
        finally:
            ended.set()

    waiting = asyncio.create_task(with_timeout(LONG, work()))
    await asyncio.sleep(0)
    waiting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert ended.is_set()


async def test_work_that_bears_a_failure_goes_on() -> None:
    async def work() -> str:
        try:
            await failing()
        except KeyError:
            return await in_steps()
        return "not reached"

    assert await with_timeout(LONG, work()) == "done"
