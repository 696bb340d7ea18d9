"""The real application on both databases, and clients whose keys it checks."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache

import httpx
import pytest
import pytest_asyncio

from models.database.transactions import Database
from resolvers import catalog
from resolvers.auth import create_key, viewer_of
from resolvers.context import Context, Services
from rules.auth.api_keys import NewKey
from server.app import create_app
from server.execution import documents
from tests.graph.client import Client, Clock, Connect, Stock
from tests.graph.shop import stocked, studio_of
from tests.graph.usage.metered import metering
from tests.rules.builders.small_shop import opened

OPENED = datetime(2026, 11, 15, 11, tzinfo=UTC)
"""When an environment's life begins."""

COMPILES = not os.environ.get("ALLOTMENT_TEST_UNCOMPILED")
"""Whether operations are compiled; CI runs these tests once more without."""

ALL_SCOPES = NewKey()


@pytest.fixture(scope="package", autouse=True)
def _prepared_once() -> Iterator[None]:
    """Prepare a document once for all applications of this process, as each of them does for itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents, "prepare", lru_cache(maxsize=1_000)(documents.prepare))
        yield


@pytest.fixture
def clock() -> Clock:
    """The real time of this test; it stands still until it is moved."""
    return Clock(OPENED)


@pytest_asyncio.fixture
async def services(database: Database, clock: Clock) -> AsyncIterator[Services]:
    """What all requests share."""
    services = Services.on(database, clock)
    yield services
    await services.commands.close()
    await services.keys.settle()


@pytest_asyncio.fixture
async def http(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """The application, spoken to without a socket."""
    transport = httpx.ASGITransport(create_app(services, compiles=COMPILES), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://allotment.test") as http:
        yield http


@pytest.fixture
def connect(services: Services, http: httpx.AsyncClient) -> Connect:
    """Makes a key, and its environment where it is missing, and a client that carries it."""

    async def connect(
        environment: str = "live", *, sandbox: bool = False, key: NewKey = ALL_SCOPES
    ) -> Client:
        secret = await create_key(services, environment, key, sandbox=sandbox)
        return Client(http=http, secret=secret)

    return connect


@pytest_asyncio.fixture
async def client(connect: Connect) -> Client:
    """A back end in an empty live environment."""
    return await connect()


@pytest_asyncio.fixture
async def context(services: Services, client: Client) -> Context:
    """What a request of the client works with."""
    return await context_of(services, client)


@pytest.fixture
def stock(services: Services) -> Stock:
    """Puts what the shop sells into a client's environment."""

    async def stock(client: Client) -> Client:
        await catalog.edit(await context_of(services, client), stocked)
        return client

    return stock


@pytest_asyncio.fixture
async def shop(client: Client, stock: Stock) -> Client:
    """A back end in a live environment that sells things."""
    return await stock(client)


@pytest_asyncio.fixture
async def acme(shop: Client, clock: Clock) -> Client:
    """The back end of the shop, which has known the customer "acme" for an hour."""
    await shop.do("upsertCustomer", key="acme")
    clock.forward(hours=1)
    return shop


@pytest_asyncio.fixture
async def meters(client: Client, context: Context, clock: Clock) -> Client:
    """A back end that meters events, whose customers "acme" and "initech" are on its plan since an hour."""
    await catalog.edit(context, metering)
    for name in ("acme", "initech"):
        await client.do("upsertCustomer", key=name)
        await client.do("subscribe", customer=name, plan="basic")
    clock.forward(hours=1)
    return client


@pytest_asyncio.fixture
async def desk(client: Client, context: Context, clock: Clock) -> Client:
    """A back end of another, small shop, which has known the customer "acme" in Berlin for an hour."""
    await catalog.edit(context, lambda before, now: replace(opened(at=now), revision=before.revision))
    await client.do("upsertCustomer", key="acme", timezone="Europe/Berlin")
    clock.forward(hours=1)
    return client


@pytest_asyncio.fixture
async def studio(client: Client, context: Context, clock: Clock) -> Client:
    """A back end whose customer "acme" has 10 images a month, and 100 credits for 2 each beyond them."""
    await catalog.edit(context, studio_of)
    await client.do("upsertCustomer", key="acme")
    clock.forward(hours=1)
    await client.do("subscribe", customer="acme", plan="maker")
    clock.forward(hours=1)
    return client


async def context_of(services: Services, client: Client) -> Context:
    """What a client's requests work with."""
    viewer = await viewer_of(services, client.secret)
    assert viewer is not None
    return Context(services=services, viewer=viewer)
