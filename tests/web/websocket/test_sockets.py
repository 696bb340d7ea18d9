"""WebSockets at the graph's address: who is let in, what may be asked, and how they end."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
from websockets.asyncio.client import connect

from resolvers.auth import viewer_of
from rules.auth.api_keys import ApiKeyKind, Scope
from server.config.limits import Limits
from server.execution.trusted_documents import Trusted
from server.rate_limits import RateLimiter
from tests.web.websocket.sockets import Serving, ask, listening, socket_at

WHO = "query Who { viewer { kind environment { key } } }"
MAKE = 'mutation Make { upsertCustomer(input: { key: "globex" }) { customer { key } userErrors { code } } }'
LIVE = 'subscription Live($c: String!) { accessChanged(customer: $c, features: ["sso"]) { initial } }'
PUBLISHED = "subscription { packagePublished { number } }"


async def test_queries_and_mutations_work_as_over_http(serve: Serving) -> None:
    key = await serve.key()
    async with listening(await serve(), key) as ear:
        who = await ask(ear, WHO)
        made = await ask(ear, MAKE)

    limit = Limits().cost
    assert who == {
        "data": {"viewer": {"kind": "SECRET", "environment": {"key": "live"}}},
        "extensions": {"cost": {"requested": 4, "limit": limit}},
    }
    assert made["data"] == {"upsertCustomer": {"customer": {"key": "globex"}, "userErrors": []}}  # type: ignore[index]


async def test_a_key_may_come_in_the_header_of_the_request_too(serve: Serving) -> None:
    key = await serve.key()
    async with socket_at(await serve(), additional_headers={"Authorization": f"Bearer {key}"}) as ear:
        assert await ear.init(None) == {"type": "connection_ack"}


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({}, 4401),
        (None, 4401),
        ({"authorization": "Bearer sk_0123456789ab_wrong"}, 4403),
        ({"Authorization": "Basic x"}, 4403),
        ({"Authorization": None}, 4403),
    ],
)
async def test_nobody_enters_without_a_valid_key(serve: Serving, payload: object, code: int) -> None:
    async with socket_at(await serve()) as ear:
        await ear.say(type="connection_init", payload=payload)

        assert (await ear.closed())[0] == code


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (["nonsense"], 4400),
        (["[]"], 4400),
        (['{"type": "gone"}'], 4400),
        ([b"{}"], 4400),
        (['{"type": "subscribe", "id": "1", "payload": {"query": "{ viewer { kind } }"}}'], 4401),
        (["INIT", "INIT"], 4429),
        (["INIT", '{"type": "subscribe", "id": "", "payload": {}}'], 4400),
        (["INIT", '{"type": "subscribe", "id": "1"}'], 4400),
        (["INIT", "LIVE", "LIVE"], 4409),
    ],
)
async def test_anyone_who_breaks_the_protocol_is_told_so(
    serve: Serving, messages: list[str | bytes], code: int
) -> None:
    key = await serve.key()
    said = {
        "INIT": json.dumps({"type": "connection_init", "payload": {"Authorization": f"Bearer {key}"}}),
        "LIVE": json.dumps({"type": "subscribe", "id": "1", "payload": {"query": PUBLISHED}}),
    }
    async with socket_at(await serve()) as ear:
        for message in messages:
            await ear.connection.send(said.get(message, message) if isinstance(message, str) else message)

        assert (await ear.closed())[0] == code


async def test_another_protocol_is_not_spoken(serve: Serving) -> None:
    for offered in (None, ["graphql-ws"]):
        async with socket_at(await serve(), subprotocols=offered) as ear:
            assert await ear.closed() == (4406, "Subprotocol not acceptable")


async def test_anyone_who_says_nothing_is_let_go(serve: Serving) -> None:
    async with socket_at(await serve(limits=Limits(opening_seconds=0.1))) as ear:
        assert (await ear.closed())[0] == 4408


async def test_a_ping_is_answered(serve: Serving) -> None:
    async with socket_at(await serve()) as ear:
        await ear.say(type="ping")

        assert await ear.heard() == {"type": "pong"}


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { __typename } query B { __typename }", "OPERATION_RESOLUTION_FAILURE"),
        ("query ($n: Int!) { plans(first: $n) { totalCount } }", "BAD_USER_INPUT"),
        ("{ viewer { " + "kind " * 102 + "} }", "QUERY_TOO_COMPLEX"),
        ("{ plans(first: 100) { nodes { key name } } }", "QUERY_TOO_COMPLEX"),
    ],
)
async def test_documents_obey_the_limits_that_they_obey_over_http(
    serve: Serving, document: str, code: str
) -> None:
    key = await serve.key()
    async with listening(await serve(limits=Limits(cost=100)), key) as ear:
        assert await ask(ear, document) == [code]
        assert await ask(ear, "{ __typename }") != [code]


async def test_only_trusted_documents_are_executed_where_that_is_set(serve: Serving) -> None:
    key = await serve.key()
    async with listening(await serve(trusted=Trusted(only=True)), key) as ear:
        assert await ask(ear, WHO) == ["FORBIDDEN"]
        assert await ask(ear, PUBLISHED) == ["FORBIDDEN"]


async def test_a_persisted_document_is_asked_for_by_name(serve: Serving) -> None:
    key = await serve.key()
    address = await serve(trusted=Trusted(by_identifier={"who": WHO}, only=True))
    async with listening(address, key) as ear:
        asked = await ear.begin("one", "")
        assert await asked.errors() == ["FORBIDDEN"]
        await ear.say(type="subscribe", id="one", payload={"documentId": "who"})
        assert (await asked.next())["kind"] == "SECRET"
        assert (await asked.message())["type"] == "complete"
        await ear.say(type="subscribe", id="one", payload={"documentId": "gone"})
        assert await asked.errors() == ["PERSISTED_QUERY_NOT_FOUND"]


async def test_rates_are_counted(serve: Serving) -> None:
    key = await serve.key()
    async with listening(await serve(rates=RateLimiter("4/hour")), key) as ear:
        assert await ask(ear, "{ viewer { kind } }") != ["RATE_LIMITED"]
        assert await (await ear.begin("live", LIVE, c="acme")).next() == {"initial": True}
        assert await ask(ear, PUBLISHED) == ["RATE_LIMITED"]
        assert await ask(ear, "{ __typename }") == ["RATE_LIMITED"]


async def test_a_socket_tells_in_how_many_seconds_there_is_more(serve: Serving) -> None:
    key = await serve.key()
    async with listening(await serve(rates=RateLimiter("1/hour")), key) as ear:
        asked = await ear.begin("one", "{ viewer { kind } }")
        message = await asked.message()

    (error,) = message["payload"]
    assert (message["type"], error["extensions"]["code"]) == ("error", "RATE_LIMITED")
    assert 1 <= error["extensions"]["retryAfter"] <= 3600


async def test_a_socket_has_so_many_operations_at_a_time(serve: Serving) -> None:
    key = await serve.key()
    async with listening(await serve(limits=Limits(socket_operations=2)), key) as ear:
        first, _ = [await ear.begin(name, PUBLISHED) for name in ("a", "b")]
        third = await ear.begin("c", PUBLISHED)
        assert await third.errors() == ["RATE_LIMITED"]
        await first.complete()
        assert await ask(ear, "{ __typename }") != ["RATE_LIMITED"]


async def test_a_process_has_so_many_sockets(serve: Serving) -> None:
    key, address = await serve.key(), await serve(limits=Limits(sockets=1))
    async with listening(address, key), socket_at(address) as ear:
        assert (await ear.closed())[0] == 1013
    async with listening(address, key):
        pass


async def test_a_message_that_is_too_long_closes_the_socket(serve: Serving) -> None:
    writer, reader = await serve.key(), await serve.key(scopes=[Scope.CUSTOMERS_READ])
    limits = Limits(body_bytes=1_000, catalog_body_bytes=2_000)
    address, long = await serve(limits=limits), "# " + "é" * 600 + "\n{ __typename }"
    async with listening(address, writer) as ear:
        assert await ask(ear, "# " + "e" * 1_200 + "\n{ __typename }") != []
    async with listening(address, reader) as ear:
        await ear.begin("long", long)
        code, reason = await ear.closed()

    assert (code, reason.partition(":")[0]) == (1009, "PAYLOAD_TOO_LARGE")


async def test_a_token_hears_of_its_customer_alone(serve: Serving) -> None:
    token = await serve.token("acme")
    async with listening(await serve(), token) as ear:
        own = await ear.begin("own", LIVE, c="acme")
        assert await own.next() == {"initial": True}
        assert await (await ear.begin("other", LIVE, c="globex")).errors() == ["FORBIDDEN"]
        assert await (await ear.begin("all", PUBLISHED)).errors() == ["FORBIDDEN"]


@pytest.mark.parametrize(
    "given", [{"kind": ApiKeyKind.PUBLISHABLE}, {"scopes": [Scope.CATALOG_READ, Scope.USAGE_WRITE]}]
)
async def test_anyone_who_may_not_read_customers_hears_of_none(
    serve: Serving, given: dict[str, object]
) -> None:
    key = await serve.key(**given)
    async with listening(await serve(), key) as ear:
        for document in (LIVE, PUBLISHED):
            assert await ask(ear, document, c="acme") == ["FORBIDDEN"]


async def test_a_page_of_another_site_is_not_let_in_without_a_key(serve: Serving) -> None:
    key = await serve.key()
    viewer = await viewer_of(serve.services, key)
    assert viewer is not None
    address = await serve(keyless=viewer.environment)
    for origin, code in ((address, None), (None, None), ("https://evil.test", 4401)):
        async with socket_at(address, origin=origin) as ear:
            await ear.say(type="connection_init")
            if code is None:
                assert await ear.heard() == {"type": "connection_ack"}
            else:
                assert (await ear.closed())[0] == code
    async with socket_at(address, origin="https://shop.test") as ear:
        assert await ear.init(key) == {"type": "connection_ack"}


@pytest.mark.slow
async def test_anyone_who_takes_nothing_is_let_go_and_holds_up_nobody(serve: Serving) -> None:
    key = await serve.key()
    address = await serve(limits=Limits(sending_seconds=0.5))
    large = (
        "query Large { " + " ".join(f"a{n}: __schema {{ types {{ description }} }}" for n in range(40)) + "}"
    )
    url = address.replace("http", "ws", 1) + "/graphql"
    async with connect(url, subprotocols=["graphql-transport-ws"], proxy=None, max_queue=1) as deaf:  # type: ignore[list-item]
        init = {"type": "connection_init", "payload": {"Authorization": f"Bearer {key}"}}
        await deaf.send(json.dumps(init))
        for number in range(90):
            asked = {"type": "subscribe", "id": str(number), "payload": {"query": large}}
            await deaf.send(json.dumps(asked))
        async with httpx.AsyncClient(base_url=address) as http, asyncio.timeout(60):
            let_go = 'allotment_sockets_closed_total{code="1013"} 1.0'
            while let_go not in (await http.get("/metrics")).text:  # noqa: ASYNC110 - it tells no other way
                await asyncio.sleep(0.05)
        async with listening(address, key) as ear:
            await ask(ear, WHO)
        deaf.transport.abort()


async def test_what_sockets_do_is_counted(serve: Serving) -> None:
    key, address = await serve.key(), await serve()
    async with httpx.AsyncClient(base_url=address) as http:
        async with listening(address, key) as ear:
            live = await ear.begin("live", LIVE, c="acme")
            await live.next()
            await ask(ear, WHO)
            await ask(ear, "{")
            during = (await http.get("/metrics")).text
        after = (await http.get("/metrics")).text

    labels = 'allotment_requests_total{kind="%s",operation="%s",outcome="%s"} 1.0'
    for counted in (
        labels % ("subscription", "Live", "OK"),
        labels % ("query", "Who", "OK"),
        labels % ("(none)", "(none)", "GRAPHQL_PARSE_FAILED"),
        *("allotment_sockets 1.0", "allotment_streams 1.0", "allotment_socket_messages_total 5.0"),
    ):
        assert counted in during
    assert "allotment_sockets 0.0" in after
    assert "allotment_streams 0.0" in after


async def test_over_http_a_subscription_is_refused_with_where_to_go(serve: Serving) -> None:
    key, address = await serve.key(), await serve()
    async with httpx.AsyncClient(base_url=address, headers={"Authorization": f"Bearer {key}"}) as http:
        for answer in (
            await http.post("/graphql", json={"query": PUBLISHED}),
            await http.get("/graphql", params={"query": PUBLISHED}),
        ):
            (error,) = answer.json()["errors"]
            assert error["extensions"]["code"] == "OPERATION_RESOLUTION_FAILURE"
            assert "WebSocket" in error["message"]
