"""Real servers under fire: nobody gets past a hard limit, and what was acknowledged outlives kill -9."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.profiles import FULL
from tests.web.fire import (
    BALANCE,
    CONSUME,
    DRAW,
    GRANT,
    INGEST,
    RELEASE,
    REPORT,
    RESERVE,
    SETTLE,
    SPEND,
    Callers,
    Json,
    calling,
    opened,
)
from tests.web.program import Program, serving, told

pytestmark = pytest.mark.processes

LIMIT = 100
CALLERS = 500
ROUNDS = 20 if FULL else 2
WORKERS = 16


def assert_verified(folder: Path, database: str) -> None:
    """What is kept agrees with what was recorded."""
    verified = told(folder, "verify", ALLOTMENT_DATABASE_URL=database)
    assert (verified.returncode, verified.stdout) == (0, ""), verified.stderr


@pytest_asyncio.fixture
async def servers(database_url: str, tmp_path: Path) -> AsyncIterator[list[Callers]]:
    """Callers of one server on SQLite, and of two on PostgreSQL, with a hard limit of a hundred calls."""
    secret = await opened(database_url, LIMIT)
    count = 1 if database_url.startswith("sqlite") else 2
    with ExitStack() as programs:
        async with AsyncExitStack() as callers:
            folders = [tmp_path / f"server-{number}" for number in range(count)]
            for folder in folders:
                folder.mkdir()
            addresses = [
                programs.enter_context(serving(folder, ALLOTMENT_DATABASE_URL=database_url)).address
                for folder in folders
            ]
            yield [await callers.enter_async_context(calling(address, secret)) for address in addresses]


async def test_of_five_hundred_who_consume_a_hundred_do(
    servers: list[Callers], database_url: str, tmp_path: Path
) -> None:
    dice = random.Random(1)
    keys = [f"key-{number % CALLERS}" for number in range(CALLERS + CALLERS // 5)]

    answers = await asyncio.gather(*(dice.choice(servers).send(CONSUME, k=key) for key in keys))

    consumed = {key for key, answer in zip(keys, answers, strict=True) if answer["consumed"]}
    first = [a for a in answers if a["consumed"] and not a["replayed"]]
    assert len(consumed) == len(first) == LIMIT
    assert_within_the_limit(answers)
    for server in servers:
        assert await server.counted("calls") == (LIMIT, LIMIT, 0)
    refused = sorted({*keys} - consumed)[:20]
    again = await asyncio.gather(
        *(dice.choice(servers).send(CONSUME, k=key) for key in (*consumed, *refused))
    )
    assert [a["consumed"] and a["replayed"] for a in again] == [True] * LIMIT + [False] * len(refused)
    assert_verified(tmp_path, database_url)


def assert_within_the_limit(answers: list[Json]) -> None:
    """No answer tells of more used and held than the limit."""
    for answer in answers:
        usage = answer["access"]["usage"]
        assert int(usage["used"]) + int(usage["reserved"]) <= int(usage["limit"])


async def test_consumers_holders_and_events_together_count_once(
    servers: list[Callers], database_url: str, tmp_path: Path
) -> None:
    dice = random.Random(2)
    decided: list[Json] = []
    outcomes: Counter[str] = Counter()

    async def one(number: int) -> None:
        """Do one thing of some kind, each of its steps twice, wherever."""
        key, kind = f"key-{number}", ("consume", "settle", "release", "keep", "event")[number % 5]

        async def twice(document: str, **variables: object) -> list[Json]:
            both = (dice.choice(servers).send(document, k=key, **variables) for _ in range(2))
            return await asyncio.gather(*both)

        if kind == "event":
            await twice(INGEST)
            return
        # A no takes no key: of the two the second may be a yes.
        answers = await (twice(CONSUME) if kind == "consume" else twice(RESERVE, n="2"))
        decided.extend(answers)
        if not any(answer.get("consumed") or answer.get("reservation") for answer in answers):
            return
        outcomes[kind] += 1
        if kind == "settle":
            await twice(SETTLE, n="1")
        elif kind == "release":
            await twice(RELEASE)

    count = 1_000 if FULL else 150
    await asyncio.gather(*(one(number) for number in range(count)))

    assert_within_the_limit(decided)
    used, held = outcomes["consume"] + outcomes["settle"], 2 * outcomes["keep"]
    assert await servers[0].counted("calls") == (used, used, held)
    assert used + held <= LIMIT
    events = count // 5
    for feature in ("requests", "traffic", "users"):
        assert await servers[-1].counted(feature) == (events, events, 0)
    assert_verified(tmp_path, database_url)


async def test_of_two_hundred_who_spend_credits_through_two_servers_a_hundred_do(
    database_url: str, tmp_path: Path
) -> None:
    secret = await opened(database_url, LIMIT)
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    with (
        serving(tmp_path / "one", ALLOTMENT_DATABASE_URL=database_url) as one,
        serving(tmp_path / "other", ALLOTMENT_DATABASE_URL=database_url) as other,
    ):
        async with calling(one.address, secret) as here, calling(other.address, secret) as there:
            await here.send(GRANT, n=LIMIT)
            # Every fourth uses what burns a credit; every tenth key comes twice, to either.
            sent = [(DRAW if n % 4 == 0 else SPEND, f"key-{n}") for n in range(2 * LIMIT)]
            sent += sent[::10]
            answers = await asyncio.gather(
                *(
                    (here, there)[place % 2].send(document, k=key)
                    for place, (document, key) in enumerate(sent)
                )
            )
            balances = [await server.send(BALANCE) for server in (here, there)]

    spent = {key for (_, key), answer in zip(sent, answers, strict=True) if answer["consumed"]}
    first = [answer for answer in answers if answer["consumed"] and not answer["replayed"]]
    assert len(spent) == len(first) == LIMIT
    everything = {"granted": "100", "available": "0", "consumed": "100", "overdraft": "0"}
    assert balances == [{"creditBalance": everything}] * 2
    assert_verified(tmp_path, database_url)


async def whole(callers: Callers, number: int) -> bool:
    """Do one whole thing; tells whether all of it had been done before."""
    key, kind = f"key-{number}", number % 4
    if kind == 0:
        return bool((await callers.send(REPORT, k=key))["replayed"])
    if kind == 1:
        return bool((await callers.send(INGEST, k=key))["duplicates"])
    if kind == 2:
        answer = await callers.send(CONSUME, k=key)
        assert answer["consumed"]
        return bool(answer["replayed"])
    await callers.send(RESERVE, k=key, n="1")
    return bool((await callers.send(SETTLE, k=key))["replayed"])


async def under_load(program: Program, secret: str, numbers: Iterator[int], enough: int) -> dict[int, bool]:
    """Let callers do things, and kill the server in the midst of it, when enough of them are done.

    Tells what was asked, and whether it was answered.
    """
    asked: dict[int, bool] = {}
    killing = asyncio.Event()

    async def work(callers: Callers) -> None:
        for number in numbers:
            asked[number] = False
            try:
                await whole(callers, number)
            except httpx.TransportError:
                return
            asked[number] = True
            if sum(asked.values()) >= enough:
                killing.set()

    async with calling(program.address, secret) as callers:
        working = asyncio.gather(*(work(callers) for _ in range(WORKERS)))
        await killing.wait()
        program.process.kill()
        await working
    return asked


async def test_kill_9_loses_nothing_that_was_acknowledged_and_counts_nothing_twice(
    database_url: str, tmp_path: Path
) -> None:
    secret = await opened(database_url, None)
    dice = random.Random(3)
    numbers = iter(range(10**9))
    done = 0
    asked: dict[int, bool] = {}

    for _ in range(ROUNDS):
        with serving(tmp_path, ALLOTMENT_DATABASE_URL=database_url) as program:
            async with calling(program.address, secret) as callers:
                # What was acknowledged is there; what was not is sent again until it is.
                known = await asyncio.gather(*(whole(callers, number) for number in asked))
            assert all(before for before, answered in zip(known, asked.values(), strict=True) if answered)
            done += len(asked)
            asked = await under_load(program, secret, numbers, dice.randrange(1, 150))

    with serving(tmp_path, ALLOTMENT_DATABASE_URL=database_url) as program:
        async with calling(program.address, secret) as callers:
            known = await asyncio.gather(*(whole(callers, number) for number in asked))
            assert all(before for before, answered in zip(known, asked.values(), strict=True) if answered)
            done += len(asked)
            by_kind = Counter(number % 4 for number in range(done))
            reported, events, calls = by_kind[0], by_kind[1], by_kind[2] + by_kind[3]
            assert await callers.counted("traffic") == (reported + events, reported + events, 0)
            assert await callers.counted("users") == (events, events, 0)
            assert await callers.counted("calls") == (calls, calls, 0)
        assert_verified(tmp_path, database_url)
