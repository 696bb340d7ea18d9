"""Replicas that lack something: what they cannot answer the primary does, and the rest of the request too."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from models.access.probe import ProbeKey
from models.database.transactions import Database
from resolvers import catalog
from resolvers.auth import create_key
from resolvers.context import Services
from rules.auth.api_keys import NewKey
from server.app import create_app
from tests.graph.client import Client
from tests.graph.conftest import context_of
from tests.graph.shop import stocked

ASK = """query ($r: Revision) {
  access(customer: "acme", feature: "api-calls", atLeast: $r) { revision usage { used } }
}"""

Change = Callable[[str], None]
"""Does a statement on the replica."""


@pytest_asyncio.fixture
async def followed(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Services]:
    """A shop, and a replica that has gone no further than this."""
    first = Services.on(Database(sqlite_url))
    selling = Client(http=httpx.AsyncClient(), secret=await create_key(first, "live", NewKey()))
    await catalog.edit(await context_of(first, selling), stocked)
    await first.close()
    shutil.copy(sqlite_url.removeprefix("sqlite+aiosqlite:///"), tmp_path / "replica.db")
    replica = Database(f"sqlite+aiosqlite:///{tmp_path / 'replica.db'}")
    services = Services.on(Database(sqlite_url), replica=replica)
    yield services
    await services.close()


@pytest.fixture
def change(tmp_path: Path) -> Change:
    """Changes the replica, as an older or a newer version would have it."""

    def change(statement: str) -> None:
        connection = sqlite3.connect(tmp_path / "replica.db")
        connection.execute(statement)
        connection.close()

    return change


@pytest_asyncio.fixture
async def http(followed: Services) -> AsyncIterator[httpx.AsyncClient]:
    """The application, whose questions go to the replica."""
    transport = httpx.ASGITransport(create_app(followed), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://allotment.test") as http:
        yield http


async def client_of(followed: Services, http: httpx.AsyncClient, environment: str = "live") -> Client:
    """A back end whose customer "acme" has used 5 calls, and whose facts are remembered."""
    client = Client(http=http, secret=await create_key(followed, environment, NewKey()))
    if environment != "live":
        await catalog.edit(await context_of(followed, client), stocked)
    await client.do("upsertCustomer", key="acme")
    await client.do("subscribe", customer="acme", plan="free")
    return client


async def used(client: Client, **variables: object) -> Any:  # noqa: ANN401 - JSON
    """Ask how much is used, if the customer is known."""
    usage = (await client.ask(ASK, **variables))["access"]["usage"]
    return usage and usage["used"]


async def test_a_replica_that_cannot_answer_at_a_glance_leaves_the_primary_to_answer(
    followed: Services, http: httpx.AsyncClient, change: Change
) -> None:
    client = await client_of(followed, http)
    await client.do("reportUsage", customer="acme", feature="api-calls", value="5")
    change("DROP TABLE reservations")

    assert await used(client) == "5"


async def test_an_environment_that_a_replica_lacks_is_answered_by_the_primary(
    followed: Services, http: httpx.AsyncClient
) -> None:
    client = await client_of(followed, http, "new")
    await client.do("reportUsage", customer="acme", feature="api-calls", value="5")

    assert await used(client) == "5"


async def test_an_environment_that_a_replica_lacks_harms_nobody_who_asks_beside_it(
    followed: Services,
) -> None:
    assert followed.replica is not None
    places = [ProbeKey(environment, "acme", "api-calls") for environment in (1, 1_000)]

    there, missing = await followed.replica.glances.at(places)

    assert there is not None
    assert missing is None


async def test_anyone_who_names_a_write_that_the_primary_alone_has_is_answered_by_it(
    followed: Services, http: httpx.AsyncClient, change: Change
) -> None:
    client = await client_of(followed, http)
    written = await client.do("reportUsage", customer="acme", feature="api-calls", value="5")
    # A look needs it, a glance does not.
    change("ALTER TABLE environments RENAME COLUMN sandbox TO renamed")

    assert await used(client, r=written["revision"]) == "5"
