"""PostgreSQL goes away amid everything and comes back: the server does so too, and nothing is lost."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from models.migrations.migrate import migrate
from tests.web.fire import CONSUME, opened
from tests.web.postgresql import address_of, own_server, socket_folder
from tests.web.program import PATIENCE_SECONDS, serving
from tests.web.websocket.sockets import listening

pytestmark = pytest.mark.processes

LIVE = """subscription ($since: Revision) {
  accessChanged(customer: "acme", features: ["calls"], since: $since) { revision access { usage { used } } }
}"""

WORKERS = 8
ENOUGH = 60
"""Answers before the database goes, and after it is back."""

OURS = {"INTERNAL_SERVER_ERROR", "TIMEOUT"}
"""What a caller may be told while there is no database."""


@pytest.fixture
def server() -> Iterator[Any]:
    """A PostgreSQL server of this test's own."""
    with own_server() as server:
        yield server


def stop_and_start(server: Any) -> None:  # noqa: ANN401 - the package has no types
    """Restart the server in good order, which ends every connection."""
    server.stop()
    server.start()


def kill_one(server: Any) -> None:  # noqa: ANN401 - the package has no types
    """Kill a process of it, upon which it starts anew by itself and recovers."""
    folder = socket_folder(server)

    async def own_backend() -> int:
        connection = await asyncpg.connect(host=folder, user="postgres", database="postgres")
        backend = connection.get_server_pid()
        os.kill(backend, signal.SIGKILL)
        connection.terminate()
        return int(backend)

    asyncio.run(own_backend())


@pytest.mark.parametrize("interrupt", [stop_and_start, kill_one])
async def test_a_database_that_goes_and_comes_back_costs_errors_and_nothing_else(
    server: Any,  # noqa: ANN401 - the package has no types
    tmp_path: Path,
    interrupt: Callable[[Any], None],
) -> None:
    url = address_of(server)
    await migrate(url)
    key = await opened(url, None)
    numbers, acknowledged, codes = count(), set[int](), set[str]()

    async def report(http: httpx.AsyncClient, enough: int) -> None:
        """Consume until enough is acknowledged, each until it is."""
        while len(acknowledged) < enough:
            number = next(numbers)
            while number not in acknowledged:
                asked = {"query": CONSUME, "variables": {"k": f"key-{number}"}}
                answer = (await http.post("/graphql", json=asked)).json()
                if "errors" in answer:
                    codes.update(error["extensions"]["code"] for error in answer["errors"])
                    await asyncio.sleep(0.05)
                else:
                    assert answer["data"]["consume"]["consumed"]
                    acknowledged.add(number)

    with serving(tmp_path, ALLOTMENT_DATABASE_URL=url) as program:
        headers = {"Authorization": f"Bearer {key}"}
        async with (
            httpx.AsyncClient(base_url=program.address, headers=headers, timeout=PATIENCE_SECONDS) as http,
            listening(program.address, key) as ear,
        ):
            live = await ear.begin("live", LIVE)
            await asyncio.gather(*(report(http, ENOUGH) for _ in range(WORKERS)))
            reporting = asyncio.gather(*(report(http, 2 * ENOUGH) for _ in range(WORKERS)))
            await asyncio.to_thread(interrupt, server)
            await reporting
            await asyncio.gather(*(report(http, 3 * ENOUGH) for _ in range(WORKERS)))

            heard = await live.until(used=str(len(acknowledged)))
            used = [int(told["access"]["usage"]["used"]) for told in heard]
            assert used == sorted(set(used))
            assert codes <= OURS
            assert (await http.get("/readyz")).json() == {"ready": True}
