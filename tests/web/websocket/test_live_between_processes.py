"""What one process writes, streams of another tell; and what time alone changes, in real time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from resolvers.context import real_time
from tests.web.fire import CONSUME, Callers, calling, opened
from tests.web.program import serving, told
from tests.web.websocket.sockets import listening

pytestmark = pytest.mark.processes

LIVE = """subscription Live($features: [String!], $since: Revision) {
  accessChanged(customer: "acme", features: $features, since: $since) {
    initial revision access { featureKey allowed reason validUntil usage { used limit } }
  }
}"""
LIMIT = """mutation ($n: Decimal!) {
  setEntitlement(input: { package: "basic", key: "calls", value: { metered: { limit: $n } } }) {
    userErrors { message }
  }
}"""
PUBLISH = (
    'mutation { publishPackage(input: { package: "basic" }) { version { number } userErrors { message } } }'
)
LIMITED = 'query { access(customer: "acme", feature: "calls") { usage { limit } } }'
REVOKE = """mutation ($at: DateTime!) {
  setCustomEntitlement(input: {
    customer: "acme", feature: "calls", mode: REVOKE, expiresAt: $at
  }) { userErrors { message } }
}"""


@pytest.fixture(params=["sqlite, two workers", "postgresql, two workers", "postgresql, two programs"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a database of each kind."""
    return str(request.getfixturevalue(f"{request.param.partition(',')[0]}_url"))


@pytest.fixture
def addresses(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Where two processes listen that share a database: each at its own address, or both at one."""
    with ExitStack() as programs:

        def serve(name: str, *options: str) -> str:
            folder = tmp_path / name
            folder.mkdir()
            program = serving(folder, *options, ALLOTMENT_DATABASE_URL=database_url)
            return programs.enter_context(program).address

        if "two programs" in request.node.name:
            yield serve("one"), serve("other")
        else:
            yield (serve("both", "--workers", "2"),) * 2


@pytest_asyncio.fixture
async def key(database_url: str) -> str:
    """A key of the shop's back end."""
    return await opened(database_url, 1_000)


async def test_what_one_process_writes_the_other_tells(key: str, addresses: tuple[str, str]) -> None:
    async with AsyncExitStack() as stack:
        callers = await stack.enter_async_context(calling(addresses[0], key))
        # Which of two workers takes a connection nobody knows: of so many each has some.
        ears = [await stack.enter_async_context(listening(addresses[1], key)) for _ in range(6)]
        streams = [await ear.begin("live", LIVE, features=["calls"]) for ear in ears]
        for stream in streams:
            assert (await stream.next())["initial"]

        for number in range(10):
            await callers.send(CONSUME, k=f"key-{number}")

        for stream in streams:
            heard = [int(one["access"]["usage"]["used"]) for one in await stream.until(used="10")]
            assert heard == sorted(set(heard))


async def test_a_catalog_that_one_process_publishes_is_in_force_in_the_other_for_every_later_request(
    key: str, addresses: tuple[str, str]
) -> None:
    async with (
        calling(addresses[0], key) as one,
        calling(addresses[1], key) as other,
        listening(addresses[1], key) as ear,
    ):
        live = await ear.begin("live", LIVE, features=["calls"])
        in_force, done = 1_000, asyncio.Event()

        async def hammer(callers: Callers) -> int:
            asked = 0
            while not done.is_set():
                least = in_force
                usage = (await callers.send(LIMITED))["usage"]
                assert int(usage["limit"]) >= least
                asked += 1
            return asked

        async def publish() -> None:
            nonlocal in_force
            for limit in range(1_001, 1_011):
                await one.send(LIMIT, n=str(limit))
                await one.send(PUBLISH)
                in_force = limit
            done.set()

        hammering = asyncio.gather(*(hammer(callers) for callers in (one, other, other, other)))
        await publish()
        assert min(await hammering) > 0
        await live.until(limit="1010")


async def test_what_time_alone_changes_is_told_when_it_happens(key: str, addresses: tuple[str, str]) -> None:
    async with calling(addresses[0], key) as callers, listening(addresses[1], key) as ear:
        live = await ear.begin("live", LIVE, features=["calls"])
        assert (await live.next())["access"]["allowed"]
        over = real_time() + timedelta(seconds=2)
        await callers.send(REVOKE, at=over.isoformat())

        revoked, restored = await live.next(), await live.next()

        assert [told["access"]["reason"] for told in (revoked, restored)] == ["REVOKED", "WITHIN_LIMIT"]
        assert real_time() >= over
        again = await ear.begin("again", LIVE, features=["calls"], since=restored["revision"])
        await again.silence()
        late = await ear.begin("late", LIVE, features=["calls"], since=revoked["revision"])
        assert (await late.next())["initial"]


async def test_a_command_ends_a_key_and_with_it_its_sockets(
    key: str, database_url: str, addresses: tuple[str, str], tmp_path: Path
) -> None:
    async with listening(addresses[0], key) as one, listening(addresses[1], key) as other:
        prefix = "_".join(key.split("_")[:2])
        revoked = await asyncio.to_thread(
            told, tmp_path, "keys", "revoke", prefix, ALLOTMENT_DATABASE_URL=database_url
        )

        assert revoked.returncode == 0
        assert [(await ear.closed())[0] for ear in (one, other)] == [4403, 4403]


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_server_that_ends_answers_what_it_does_and_says_goodbye(
    sqlite_url: str, tmp_path: Path, workers: str
) -> None:
    key = await opened(sqlite_url, None)
    with serving(tmp_path, "--workers", workers, ALLOTMENT_DATABASE_URL=sqlite_url) as program:
        async with listening(program.address, key) as ear:
            await (await ear.begin("live", LIVE, features=["calls"])).next()
            acts = [await ear.begin(f"act-{n}", CONSUME, k=f"key-{n}") for n in range(50)]
            await acts[0].next()
            program.process.terminate()

            assert await ear.closed() == (1012, "The server ends: connect again.")
        program.end()
        assert program.process.returncode == 0
    with serving(tmp_path, ALLOTMENT_DATABASE_URL=sqlite_url) as again:
        async with calling(again.address, key) as callers:
            done, _, _ = await callers.counted("calls")

    assert done == 1 + sum(act.is_answered for act in acts[1:])
