"""Questions go to a replica that is behind: acts do not notice, and a read that names a write sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from models.database.transactions import Database
from models.migrations.migrate import migrate
from resolvers.context import Services
from server.app import create_app
from tests.web.fire import CONSUME, Callers, opened
from tests.web.postgresql import address_of, follower_of, own_server, socket_folder
from tests.web.websocket.sockets import listening, served

pytestmark = pytest.mark.processes

USED = 'query ($r: Revision) { access(customer: "acme", feature: "calls", atLeast: $r) { usage { used } } }'
SHOWN = """query ($r: Revision) {
  customer(key: "acme", atLeast: $r) { access(feature: "calls") { usage { used } } }
}"""
CONSUMED = CONSUME.replace("consumed replayed", "revision consumed replayed")
LIVE = 'subscription { accessChanged(customer: "acme", features: ["calls"]) { access { usage { used } } } }'
LET_IN = 'mutation { createCustomerToken(input: { customer: "new" }) { token userErrors { code } } }'
NEW = 'mutation { upsertCustomer(input: { key: "new" }) { revision userErrors { code } } }'


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A server whose questions go to a replica."""

    address: str
    key: str
    callers: Callers
    follower: Any

    async def follow(self, what: str) -> None:
        """Tell the replica to "pause" or to "resume" following."""
        connection = await asyncpg.connect(
            host=socket_folder(self.follower), user="postgres", database="postgres"
        )
        await connection.execute(f"SELECT pg_wal_replay_{what}()")
        await connection.close()

    async def used(self, document: str = USED, **variables: object) -> str:
        """Ask how much is used."""
        told = await self.callers.send(document, **variables)
        return str(told.get("access", told)["usage"]["used"])


@pytest_asyncio.fixture
async def shop() -> AsyncIterator[Shop]:
    """The real application, on PostgreSQL and a streaming replica of it."""
    async with AsyncExitStack() as stack:
        primary = stack.enter_context(own_server())
        await migrate(address_of(primary))
        key = await opened(address_of(primary), None)
        follower = stack.enter_context(follower_of(primary))
        services = Services.on(Database(address_of(primary)), replica=Database(address_of(follower)))
        stack.push_async_callback(services.close)
        address = await stack.enter_async_context(served(create_app(services)))
        headers = {"Authorization": f"Bearer {key}"}
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=address, headers=headers))
        yield Shop(address=address, key=key, callers=Callers(http=http), follower=follower)


async def test_a_replica_that_is_behind_misleads_nobody_who_says_what_they_have_seen(shop: Shop) -> None:
    first = await shop.callers.send(CONSUMED, k="first")
    assert await shop.used(r=first["revision"]) == "1"
    await shop.follow("pause")
    second = await shop.callers.send(CONSUMED, k="second")
    again = await shop.callers.send(CONSUMED, k="second")

    assert second["access"]["usage"]["used"] == again["access"]["usage"]["used"] == "2"
    assert again["replayed"]
    assert [await shop.used(document) for document in (USED, SHOWN)] == ["1", "1"]
    assert [await shop.used(document, r=second["revision"]) for document in (USED, SHOWN)] == ["2", "2"]

    await shop.follow("resume")
    assert await shop.used(r=second["revision"]) == "2"


async def test_what_an_act_reads_and_a_stream_tells_is_the_newest(shop: Shop) -> None:
    await shop.follow("pause")
    await shop.callers.send(NEW)
    assert (await shop.callers.send(LET_IN))["token"]
    async with listening(shop.address, shop.key) as ear:
        live = await ear.begin("live", LIVE)
        await live.next()
        await shop.callers.send(CONSUMED, k="first")
        assert await live.next() == {"access": {"usage": {"used": "1"}}}


async def test_a_replica_that_is_gone_leaves_the_primary_to_answer(shop: Shop) -> None:
    assert await shop.used() == "0"
    shop.follower.stop()
    await shop.callers.send(CONSUMED, k="first")

    assert [await shop.used(document) for document in (USED, SHOWN, USED)] == ["1", "1", "1"]
