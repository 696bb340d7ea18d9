"""Patience: how long work may take, timed only where it has to wait at all."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any, TypeVar

Answer = TypeVar("Answer")

Work = Coroutine[Any, Any, Answer]


async def with_timeout(seconds: float, work: Work[Answer]) -> Answer:
    """Give what work comes to; TimeoutError where it waits for longer.

    Most of what is asked is answered without ever waiting, and a timer would cost as much as the answer.
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
    """Go on with work that was begun, and waits."""
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
