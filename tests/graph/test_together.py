"""Questions that share a look: each is answered by one that began after it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from resolvers.together import MOST_TOGETHER, Together


class Looks:
    """Looks that end when they are told to, and answer with their number."""

    def __init__(self) -> None:
        self.begun: list[Sequence[str]] = []
        self.end = asyncio.Event()

    async def __call__(self, asked: Sequence[str]) -> list[tuple[str, int]]:
        self.begun.append(asked)
        number = len(self.begun)
        await self.end.wait()
        if "trouble" in asked:
            raise OSError("gone")  # noqa: EM101 - a test
        return [(question, number) for question in asked]


async def test_who_asks_during_a_look_is_answered_by_the_next_together_with_others() -> None:
    looks = Looks()
    together: Together[str, tuple[str, int]] = Together(looks)
    first = asyncio.create_task(together.ask("a"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    later = [asyncio.create_task(together.ask(name)) for name in ("b", "c")]
    await asyncio.sleep(0)
    looks.end.set()

    assert await asyncio.gather(first, *later) == [("a", 1), ("b", 2), ("c", 2)]


async def test_a_look_answers_so_many_and_no_more() -> None:
    looks = Looks()
    looks.end.set()
    together: Together[str, tuple[str, int]] = Together(looks)
    await asyncio.gather(*(together.ask(str(number)) for number in range(2 * MOST_TOGETHER + 1)))

    assert [len(asked) for asked in looks.begun] == [MOST_TOGETHER, MOST_TOGETHER, 1]


async def test_a_look_that_fails_is_told_to_those_who_asked_and_harms_nobody_later() -> None:
    looks = Looks()
    looks.end.set()
    together: Together[str, tuple[str, int]] = Together(looks)
    with pytest.raises(OSError, match="gone"):
        await together.ask("trouble")

    assert await together.ask("a") == ("a", 2)


async def test_who_goes_away_leaves_the_others_their_answer() -> None:
    looks = Looks()
    together: Together[str, tuple[str, int]] = Together(looks)
    gone, stays = (asyncio.create_task(together.ask(name)) for name in ("a", "b"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gone.cancel()
    looks.end.set()

    assert await stays == ("b", 1)
