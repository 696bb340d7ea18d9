"""Timeouts: a limit on how long work may take, with a timer only if the work has to wait."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any, TypeVar

Answer = TypeVar("Answer")

Work = Coroutine[Any, Any, Answer]


async def with_timeout(seconds: float, work: Work[Answer]) -> Answer:
    """Return the result of work; TimeoutError if it waits for longer.

    Most answers never wait, and asyncio's own timeout would cost ten times as much as this.
    """
    try:
        awaited = work.send(None)
    except StopIteration as done:
        answer: Answer = done.value
        return answer
    async with asyncio.timeout(seconds):
        return await _going_on(work, awaited)


@coroutine
def _going_on(work: Work[Answer], awaited: object) -> Generator[object, object, Answer]:
    """Continue work that has started and waits."""
    try:
        while True:
            try:
                sent = yield awaited
            except BaseException as error:  # noqa: BLE001 - the work is told of everything, a cancellation too
                awaited = work.throw(error)
            else:
                awaited = work.send(sent)
    except StopIteration as done:
        answer: Answer = done.value
        return answer
