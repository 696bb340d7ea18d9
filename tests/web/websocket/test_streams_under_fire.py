"""Streams under fire: servers are killed and started amid many who write and listen, and all comes right."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidMessage

from models.database.transactions import Database
from resolvers.context import Services
from resolvers.environments import context_of
from rules.commands.customers import UpsertCustomer
from rules.commands.subscribe import Subscribe
from tests.profiles import FULL
from tests.web.fire import opened
from tests.web.program import Program, serving
from tests.web.test_under_fire import assert_verified
from tests.web.websocket.sockets import Stream, listening

pytestmark = pytest.mark.processes

SECONDS = 60 if FULL else 5
WRITERS = LISTENERS = 128 if FULL else 12
CUSTOMERS = [f"customer-{number}" for number in range(16 if FULL else 4)]

CONSUME = """mutation Consume($c: String!, $k: String!) {
  consume(input: { customer: $c, feature: "calls", idempotencyKey: $k }) { consumed userErrors { code } }
}"""
LISTEN = """subscription Listen($c: String!, $since: Revision) {
  accessChanged(customer: $c, features: ["calls"], since: $since) { revision access { usage { used } } }
}"""
USED = 'query Used($c: String!) { access(customer: $c, feature: "calls") { usage { used } } }'


class Servers:
    """Two servers on one database, each of which may be killed and started anew."""

    def __init__(self, stack: ExitStack, folder: Path, database: str) -> None:
        self._folder = folder
        self._database = database
        self._stacks = [stack.enter_context(ExitStack()) for _ in range(2)]
        self._programs = [self._started(number) for number in range(2)]

    def _started(self, number: int) -> Program:
        folder = self._folder / f"server-{number}"
        folder.mkdir(exist_ok=True)
        program = serving(folder, ALLOTMENT_DATABASE_URL=self._database)
        return self._stacks[number].enter_context(program)

    def any(self, dice: random.Random) -> str:
        """Give the address of one of them, be it alive or not."""
        return dice.choice(self._programs).address

    def kill_and_start(self, number: int) -> None:
        """Kill one with -9, and start another in its place."""
        self._programs[number].process.kill()
        self._stacks[number].close()
        self._programs[number] = self._started(number)


class Listener:
    """Somebody who listens to one customer, and comes back wherever they were left."""

    def __init__(self, customer: str) -> None:
        self.customer = customer
        self.used = -1
        self.returns = 0
        self._since: str | None = None

    async def listen(self, servers: Servers, key: str, dice: random.Random) -> None:
        """Listen until somebody says that it is enough."""
        while True:
            try:
                async with listening(servers.any(dice), key) as ear:
                    live = await ear.begin("live", LISTEN, c=self.customer, since=self._since)
                    hearing = asyncio.create_task(self._hear(live))
                    await asyncio.wait(
                        {hearing, asyncio.create_task(ear.connection.wait_closed())},
                        return_when=asyncio.FIRST_COMPLETED,
                    )
                    hearing.cancel()
                    if hearing.done() and not hearing.cancelled():
                        hearing.result()
            except (OSError, ConnectionClosed, InvalidMessage, TimeoutError, httpx.HTTPError):
                await asyncio.sleep(0.1)
            self.returns += 1

    async def _hear(self, live: Stream) -> None:
        while True:
            told = await live.next()
            used = int(told["access"]["usage"]["used"])
            assert used >= self.used, f"{self.customer} went back from {self.used} to {used}"
            self.used, self._since = used, told["revision"]


class Writer:
    """Somebody who consumes, and sends each act again until it is acknowledged."""

    def __init__(self, servers: Servers, http: httpx.AsyncClient, dice: random.Random) -> None:
        self._servers = servers
        self._http = http
        self._dice = dice

    async def write(self, numbers: Iterator[int], until: float, acknowledged: Counter[str]) -> None:
        """Consume until some time."""
        while monotonic() < until:
            customer, key = self._dice.choice(CUSTOMERS), f"key-{next(numbers)}"
            asked = {"query": CONSUME, "variables": {"c": customer, "k": key}}
            while not await self._is_done(asked):  # noqa: ASYNC110 - a caller waits before trying again
                await asyncio.sleep(0.1)
            acknowledged[customer] += 1

    async def _is_done(self, asked: dict[str, Any]) -> bool:
        try:
            answer = await self._http.post(f"{self._servers.any(self._dice)}/graphql", json=asked)
        except httpx.TransportError:
            return False
        if answer.status_code != httpx.codes.OK or "errors" in answer.json():
            return False
        assert answer.json()["data"]["consume"] == {"consumed": True, "userErrors": []}
        return True


async def sold_to(database: str, names: list[str]) -> str:
    """Open the shop, and bring customers onto its plan; gives a key."""
    key = await opened(database, None)
    services = Services.on(Database(database))
    environment = (await context_of(services, "live")).environment
    for name in names:
        await services.commands.commit(environment, name, UpsertCustomer(key=name))
        await services.commands.commit(environment, name, Subscribe(plan="basic"))
    await services.close()
    return key


async def test_anyone_who_listens_ends_up_with_the_truth_and_never_goes_back(
    database_url: str, tmp_path: Path
) -> None:
    dice, acknowledged = random.Random(4), Counter[str]()
    key = await sold_to(database_url, CUSTOMERS)
    listeners = [Listener(CUSTOMERS[number % len(CUSTOMERS)]) for number in range(LISTENERS)]
    with ExitStack() as stack:
        servers = Servers(stack, tmp_path, database_url)
        headers = {"Authorization": f"Bearer {key}"}
        limits = httpx.Limits(max_connections=WRITERS, max_keepalive_connections=0)
        async with httpx.AsyncClient(headers=headers, limits=limits, timeout=30) as http:
            listening = [asyncio.create_task(one.listen(servers, key, dice)) for one in listeners]
            numbers, until = count(), monotonic() + SECONDS
            writers = [Writer(servers, http, dice) for _ in range(WRITERS)]
            writing = asyncio.gather(*(one.write(numbers, until, acknowledged) for one in writers))
            while monotonic() < until:
                await asyncio.sleep(dice.uniform(1, 4))
                await asyncio.to_thread(servers.kill_and_start, dice.randrange(2))
            await writing

            for name in CUSTOMERS:
                asked = {"query": USED, "variables": {"c": name}}
                answer = (await http.post(f"{servers.any(dice)}/graphql", json=asked)).json()
                assert int(answer["data"]["access"]["usage"]["used"]) == acknowledged[name]
            async with asyncio.timeout(60):
                while any(one.used != acknowledged[one.customer] for one in listeners):
                    assert not any(task.done() for task in listening)
                    await asyncio.sleep(0.05)
        for task in listening:
            task.cancel()
        ended = await asyncio.gather(*listening, return_exceptions=True)
    assert all(isinstance(error, asyncio.CancelledError) for error in ended), ended
    assert sum(one.returns for one in listeners) > 0
    assert acknowledged.total() > 0
    assert_verified(tmp_path, database_url)
