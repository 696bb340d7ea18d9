"""Questions that arrive while others are being answered are answered together, in the next look."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")

MOST_TOGETHER = 50
"""Questions that share one look: the more, the longer each of them waits."""


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Question, Answer]):
    question: Question
    answer: asyncio.Future[Answer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Together(Generic[Question, Answer]):
    """Answers questions; each look begins after all that it answers were asked."""

    def __init__(self, look: Callable[[Sequence[Question]], Awaitable[Sequence[Answer]]]) -> None:
        self._look = look
        self._waiting: list[_Waiting[Question, Answer]] = []
        self._looking: asyncio.Task[None] | None = None

    async def ask(self, question: Question) -> Answer:
        """Give the answer to a question; raises what the look raises."""
        waiting: _Waiting[Question, Answer] = _Waiting(question)
        self._waiting.append(waiting)
        if self._looking is None:
            self._looking = asyncio.create_task(self._answer_all())
        return await waiting.answer

    async def _answer_all(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
                await self._answer(asked)
        finally:
            self._looking = None
            for waiting in self._waiting:
                waiting.answer.cancel()
            self._waiting = []

    async def _answer(self, asked: Sequence[_Waiting[Question, Answer]]) -> None:
        asked = [waiting for waiting in asked if not waiting.answer.done()]
        try:
            answers = await self._look([waiting.question for waiting in asked])
        except Exception as error:  # noqa: BLE001 - whatever it is, who asked is told
            for waiting in asked:
                if not waiting.answer.done():
                    waiting.answer.set_exception(error)
            return
        for waiting, answer in zip(asked, answers, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(answer)
