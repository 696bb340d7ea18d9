"""Measures what subscribers take: python -m tests.benchmarks.subscribers [--subscribers 2000] [--url …].

Each has a socket of its own to one server process, and listens to one feature of a customer of its own.
Prints the memory that they take, and the delay from the answer to an act until its subscriber hears of
it: of one customer after the other, and of everybody at once when a plan is published.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from models.database.transactions import Database
from models.migrations.migrate import migrate
from resolvers import catalog
from resolvers.auth import create_key
from resolvers.context import Services
from resolvers.environments import context_of
from rules.auth.api_keys import NewKey
from rules.commands.customers import UpsertCustomer
from rules.commands.subscribe import Subscribe
from tests.web.fire import shop
from tests.web.program import Program, serving

LISTEN = """subscription Listen($c: String!) {
  accessChanged(customer: $c, features: ["calls"]) { access { usage { used limit } } }
}"""
CONSUME = """mutation Consume($c: String!) {
  consume(input: { customer: $c, feature: "calls" }) { consumed }
}"""
EDIT = """mutation Edit {
  setEntitlement(input: { package: "basic", key: "calls", value: { metered: { limit: 77 } } }) { revision }
}"""
PUBLISH = 'mutation Publish { publishPackage(input: { package: "basic" }) { revision } }'

OPENING_AT_ONCE = 50


async def opened(url: str, count: int) -> str:
    """Put a shop and customers with subscriptions into a new database; gives a key."""
    await migrate(url)
    services = Services.on(Database(url))
    key = await create_key(services, "live", NewKey())
    context = await context_of(services, "live")
    await catalog.edit(context, lambda before, _: replace(shop(1_000_000), revision=before.revision))
    names = [f"customer-{number}" for number in range(count)]
    for act in (UpsertCustomer, lambda **_: Subscribe(plan="basic")):
        ledger, number = services.commands, context.environment
        await asyncio.gather(*(ledger.commit(number, name, act(key=name)) for name in names))
    await services.close()
    return key


@dataclass
class Subscriber:
    """One socket, which notes when it heard what."""

    connection: ClientConnection
    heard_at: asyncio.Queue[float] = field(default_factory=asyncio.Queue)

    @classmethod
    async def listening(cls, address: str, key: str, customer: str) -> Subscriber:
        """Open a socket and subscribe."""
        url = address.replace("http", "ws", 1) + "/graphql"
        options: dict[str, Any] = {"subprotocols": ["graphql-transport-ws"], "compression": None}
        connection = await connect(url, proxy=None, ping_interval=None, open_timeout=60, **options)
        init = {"type": "connection_init", "payload": {"Authorization": f"Bearer {key}"}}
        await connection.send(json.dumps(init))
        await connection.recv()
        payload = {"query": LISTEN, "variables": {"c": customer}}
        await connection.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
        await connection.recv()
        return cls(connection)

    async def hear(self) -> None:
        """Note when messages come, until the socket is closed."""
        async for _ in self.connection:
            self.heard_at.put_nowait(time.perf_counter())


def resident_megabytes(program: Program) -> float:
    """Give the memory that the server has in use."""
    status = Path(f"/proc/{program.process.pid}/status").read_text(encoding="utf-8")
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


async def subscribed(program: Program, key: str, count: int) -> list[Subscriber]:
    """Open all sockets, some at a time."""
    turns = asyncio.Semaphore(OPENING_AT_ONCE)

    async def one(number: int) -> Subscriber:
        async with turns:
            return await Subscriber.listening(program.address, key, f"customer-{number}")

    return list(await asyncio.gather(*(one(number) for number in range(count))))


async def delays(http: httpx.AsyncClient, subscribers: Sequence[Subscriber], acts: int) -> list[float]:
    """Let customers consume; gives how long after each answer the subscriber heard of it."""
    dice, found = random.Random(1), []
    for _ in range(acts):
        number = dice.randrange(len(subscribers))
        await http.post("/graphql", json={"query": CONSUME, "variables": {"c": f"customer-{number}"}})
        answered_at = time.perf_counter()
        found.append(max(0.0, await subscribers[number].heard_at.get() - answered_at))
    return found


async def measured(program: Program, key: str, count: int) -> None:
    """Open, measure and print."""
    before = resident_megabytes(program)
    begun = time.perf_counter()
    subscribers = await subscribed(program, key, count)
    seconds, after = time.perf_counter() - begun, resident_megabytes(program)
    print(f"{count} subscribers in {seconds:.1f} s")
    print(f"memory: {before:.0f} MB, then {after:.0f} MB: {(after - before) * 1024 / count:.1f} kB each")
    hearing = [asyncio.create_task(subscriber.hear()) for subscriber in subscribers]
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=program.address, headers=headers, timeout=60) as http:
        found = await delays(http, subscribers, 500)
        p99 = statistics.quantiles(found, n=100)[98]
        print(f"delay of one: median {1e3 * statistics.median(found):.1f} ms, p99 {1e3 * p99:.1f} ms")
        await http.post("/graphql", json={"query": EDIT})
        await http.post("/graphql", json={"query": PUBLISH})
        answered_at = time.perf_counter()
        heard = sorted([await subscriber.heard_at.get() - answered_at for subscriber in subscribers])
        print(f"delay of all, of a publish: median {heard[count // 2]:.2f} s, the last {heard[-1]:.2f} s")
    print(f"memory at the end: {resident_megabytes(program):.0f} MB")
    await asyncio.gather(*(subscriber.connection.close() for subscriber in subscribers))
    await asyncio.gather(*hearing)


def main() -> None:
    """Measure on a new SQLite file, or on the empty database at ``--url``."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--subscribers", type=int, default=2_000)
    parser.add_argument("--url")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        url = options.url or f"sqlite+aiosqlite:///{folder}/subscribers.db"
        key = asyncio.run(opened(url, options.subscribers))
        with serving(Path(folder), ALLOTMENT_DATABASE_URL=url) as program:
            asyncio.run(measured(program, key, options.subscribers))


if __name__ == "__main__":
    main()
