"""What becomes of a request that goes wrong on our side, or takes too long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
import pytest_asyncio
import strawberry
from graphql import GraphQLError
from starlette.applications import Starlette
from starlette.routing import Route
from structlog.testing import capture_logs

from resolvers.context import Services
from schema.graph import Graph
from server.auth import Authenticator
from server.config.limits import Limits
from server.execution.trusted_documents import Trusted
from server.http.view import GraphQLView
from server.metrics import Metrics
from server.rate_limits import RateLimiter
from tests.web.http.asking import GRAPHQL_RESPONSE, Asker, codes

SECRET = "the password is swordfish"  # noqa: S105 - nobody's


async def for_ever() -> None:
    """Wait for what never comes."""
    await asyncio.Event().wait()


@strawberry.type(name="Query")
class _Query:
    @strawberry.field
    def hello(self) -> str:
        return "Hello."

    @strawberry.field
    def broken(self) -> str | None:
        raise ValueError(SECRET)

    @strawberry.field
    def needed(self) -> str:
        raise ValueError(SECRET)

    @strawberry.field
    def wrong(self) -> int:
        return SECRET  # type: ignore[return-value]

    @strawberry.field
    def refused(self) -> str | None:
        raise GraphQLError("Too many.", extensions={"code": "BAD_USER_INPUT"})  # noqa: EM101, TRY003

    @strawberry.field
    def twice(self, quantity: int) -> int:
        return 2 * quantity

    @strawberry.field
    async def slow(self) -> str | None:
        await for_ever()
        return None


@strawberry.type(name="Mutation")
class _Mutation:
    @strawberry.mutation
    async def slowly(self) -> str | None:
        await for_ever()
        return None


@pytest_asyncio.fixture
async def asker(services: Services) -> AsyncIterator[Asker]:
    """Somebody without a key, before a graph of things that go wrong."""
    view = GraphQLView(
        Graph(_Query, _Mutation).core,
        services,
        Authenticator(services=services, keyless=1),
        limits=Limits(seconds=0.01),
        trusted=Trusted(),
        rates=RateLimiter(),
        metrics=Metrics(),
    )
    transport = httpx.ASGITransport(Starlette(routes=[Route("/graphql", view)]))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        yield Asker(http, {})


@pytest.mark.parametrize("field", ["broken", "needed", "wrong"])
async def test_our_fault_is_reported_by_an_id_and_its_cause_to_the_log_alone(
    asker: Asker, field: str
) -> None:
    with capture_logs() as logged:
        answer = await asker.post({"query": f"{{ hello {field} }}"}, Accept=GRAPHQL_RESPONSE)

    (error,) = answer.json()["errors"]
    assert answer.status_code == 200
    assert error["extensions"] == {
        "code": "INTERNAL_SERVER_ERROR",
        "requestId": answer.headers["X-Request-Id"],
    }
    assert (error["path"], error["locations"]) == ([field], [{"line": 1, "column": 9}])
    assert SECRET not in answer.text
    assert [SECRET in str(line["exc_info"]) for line in logged] == [True]


async def test_each_request_has_an_id_of_its_own(asker: Asker) -> None:
    answers = [await asker.post({"query": "{ hello }"}) for _ in range(3)]

    assert len({answer.headers["X-Request-Id"] for answer in answers}) == 3


async def test_a_fault_outside_of_all_fields_is_ours_too(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError(SECRET)

    monkeypatch.setattr("server.http.view.from_body", fail)
    with capture_logs() as logged:
        answer = await asker.post({"query": "{ hello }"})

    (error,) = answer.json()["errors"]
    assert (answer.status_code, codes(answer)) == (500, ["INTERNAL_SERVER_ERROR"])
    assert error["extensions"]["requestId"] == answer.headers["X-Request-Id"]
    assert SECRET not in answer.text
    assert [SECRET in str(line["exc_info"]) for line in logged] == [True]


async def test_a_refusal_by_a_field_keeps_its_code_and_its_words(asker: Asker) -> None:
    with capture_logs() as logged:
        answer = await asker.post({"query": "{ hello refused }"})

    assert codes(answer) == ["BAD_USER_INPUT"]
    assert answer.json()["errors"][0]["message"] == "Too many."
    assert answer.json()["data"] == {"hello": "Hello.", "refused": None}
    assert logged == []


async def test_an_argument_that_turns_out_to_be_missing_is_the_callers_mistake(asker: Asker) -> None:
    query = "query ($q: Int = 1) { twice(quantity: $q) }"
    answer = await asker.post({"query": query, "variables": {"q": None}})

    assert codes(answer) == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("document", ["{ hello slow }", "mutation { slowly }"])
@pytest.mark.parametrize("accept", ["application/json", GRAPHQL_RESPONSE])
async def test_an_answer_that_takes_too_long_is_given_up(asker: Asker, document: str, accept: str) -> None:
    with capture_logs() as logged:
        answer = await asker.post({"query": document}, Accept=accept)

    assert len(logged) == 1
    assert (answer.status_code, codes(answer)) == (200, ["TIMEOUT"])
    assert answer.json()["data"] is None


async def test_a_body_that_never_ends_is_given_up(asker: Asker) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"{"
        await for_ever()

    answer = await asker.http.post("/graphql", content=body(), headers={"Content-Type": "application/json"})

    assert (answer.status_code, codes(answer)) == (408, ["TIMEOUT"])


async def test_a_caller_who_hangs_up_is_not_answered(asker: Asker) -> None:
    sent: list[object] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    async def send(message: object) -> None:
        sent.append(message)

    scope = {
        **dict.fromkeys(("path", "raw_path", "root_path"), ""),
        "type": "http",
        "method": "POST",
        "server": ("127.0.0.1", 80),
        "scheme": "http",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    app: Callable[..., object] = asker.http._transport.app.routes[0].app  # type: ignore[attr-defined]
    await app(scope, receive, send)  # type: ignore[misc]

    assert sent == []
