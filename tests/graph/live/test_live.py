"""Streams: the state at once, then the newest state after every change, also where time alone makes it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from resolvers.context import Services
from server.app import create_app
from tests.graph.client import Client, Clock, Connect
from tests.graph.operations import operation
from tests.web.websocket.sockets import PATIENCE_SECONDS, PROTOCOL, Listener, listening, served

ACCESS = """subscription ($features: [String!], $since: Revision) {
  accessChanged(customer: "acme", features: $features, since: $since) {
    initial revision access { featureKey allowed reason validUntil usage { used limit } }
  }
}"""
BALANCE = """subscription ($since: Revision, $customer: String = "acme", $type: String = "ai") {
  creditBalanceChanged(customer: $customer, creditType: $type, since: $since) {
    initial revision balance { available overdraft granted }
  }
}"""
PUBLISHED = "subscription { packagePublished { number package { key } } }"


@pytest_asyncio.fixture
async def address(services: Services) -> AsyncIterator[str]:
    """Where the real application listens."""
    async with served(create_app(services)) as address:
        yield address
    await services.listening.close()


@pytest_asyncio.fixture
async def ear(address: str, client: Client) -> AsyncIterator[Listener]:
    """A socket of the back end."""
    async with listening(address, client.secret) as listener:
        yield listener


@operation("Live")
async def test_access_is_reported_as_it_is_and_as_it_becomes(
    acme: Client, ear: Listener, document: str
) -> None:
    await acme.do("subscribe", customer="acme", plan="starter")
    live = await ear.begin("live", document, c="acme")

    state = [await live.next(), await live.next()]
    assert [(told["access"]["featureKey"], told["initial"]) for told in state] == [
        ("tokens", True),
        ("seats", True),
    ]
    written = await acme.do("reportUsage", customer="acme", feature="tokens", value=400)
    changed = await live.next()

    assert changed == {
        "initial": False,
        "revision": written["revision"],
        "access": {"featureKey": "tokens", "allowed": True, "usage": {"remaining": "9600"}},
    }
    await live.silence()


@operation("Credits")
async def test_credits_are_reported_as_they_are_and_as_they_become(
    studio: Client, ear: Listener, document: str
) -> None:
    live = await ear.begin("live", document, c="acme")

    state = await live.next()
    written = await studio.do("consumeCredits", customer="acme", creditType="ai", amount=30)
    changed = await live.next()

    assert (state["initial"], state["balance"]) == (True, {"available": "100", "overdraft": "0"})
    assert changed == {
        "initial": False,
        "revision": written["revision"],
        "balance": {"available": "70", "overdraft": "0"},
    }


async def test_without_features_all_that_a_customer_has_is_reported_also_what_comes_and_goes(
    acme: Client, ear: Listener
) -> None:
    live = await ear.begin("live", ACCESS)
    await live.silence()

    await acme.do("subscribe", customer="acme", plan="free")
    come = {(told := await live.next())["access"]["featureKey"]: told for _ in range(5)}
    await acme.do("cancelSubscription", customer="acme", timing="NOW")
    gone = {(told := await live.next())["access"]["featureKey"]: told for _ in range(5)}

    assert come.keys() == gone.keys()
    assert {"seats", "regions", "max-projects"} < come.keys()
    assert {told["access"]["reason"] for told in gone.values()} == {"NO_ACTIVE_SUBSCRIPTION"}
    assert not any(told["initial"] for told in [*come.values(), *gone.values()])


async def test_a_stream_about_nobody_tells_so_and_goes_on_when_somebody_comes(
    shop: Client, ear: Listener
) -> None:
    live = await ear.begin("live", ACCESS, features=["sso"])

    nobody = await live.next()
    await shop.do("upsertCustomer", key="acme")
    somebody = await live.next()

    assert [told["access"]["reason"] for told in (nobody, somebody)] == [
        "CUSTOMER_NOT_FOUND",
        "NO_ACTIVE_SUBSCRIPTION",
    ]


async def test_an_edit_of_the_catalog_is_told_to_those_it_concerns(acme: Client, ear: Listener) -> None:
    await acme.do("subscribe", customer="acme", plan="free")
    live = await ear.begin("live", ACCESS, features=["api-calls", "sso"])
    first = [await live.next(), await live.next()]

    await acme.do("setEntitlement", package="free", key="api-calls", value={"metered": {"limit": 500}})
    await live.silence()
    published = await acme.do("publishPackage", package="free")
    changed = await live.next()

    assert first[0]["access"]["usage"]["limit"] == "100"
    assert (changed["access"]["featureKey"], changed["access"]["usage"]["limit"]) == ("api-calls", "500")
    assert changed["revision"].split(".")[0] == published["revision"].split(".")[0]
    await live.silence()


async def test_publishes_are_reported_one_by_one_bases_first(acme: Client, ear: Listener) -> None:
    live = await ear.begin("live", PUBLISHED)
    await live.silence()

    await acme.do("setEntitlement", package="free", key="sso")
    await acme.do("publishPackage", package="free")

    told = [await live.next() for _ in range(3)]
    assert [(one["package"]["key"], one["number"]) for one in told] == [
        ("free", 2),
        ("starter", 2),
        ("pro", 2),
    ]
    await live.silence()


async def test_what_a_sandboxs_clock_changes_is_reported(
    connect: Connect, stock: object, address: str, clock: Clock
) -> None:
    sandbox = await stock(await connect("trial", sandbox=True))  # type: ignore[operator]
    await sandbox.do("upsertCustomer", key="acme")
    clock.forward(hours=1)
    await sandbox.do("subscribe", customer="acme", plan="free")
    await sandbox.do("reportUsage", customer="acme", feature="api-calls", value=7)
    async with listening(address, sandbox.secret) as ear:
        live = await ear.begin("live", ACCESS, features=["api-calls"])
        before = await live.next()
        await sandbox.do("advanceClock", to=before["access"]["validUntil"])
        after = await live.next()

        assert [told["access"]["usage"]["used"] for told in (before, after)] == ["7", "0"]
        again = await ear.begin("again", ACCESS, features=["api-calls"], since=after["revision"])
        await again.silence()
        late = await ear.begin("late", ACCESS, features=["api-calls"], since=before["revision"])
        assert (await late.next())["initial"]


@pytest.mark.parametrize("document", [ACCESS, BALANCE])
async def test_anyone_who_has_seen_all_is_not_told_it_again(
    studio: Client, ear: Listener, document: str
) -> None:
    variables = {"features": ["images"]} if document is ACCESS else {}
    first = await ear.begin("first", document, **variables)
    state = await first.next()
    await first.complete()

    again = await ear.begin("again", document, since=state["revision"], **variables)
    await again.silence()
    await studio.do("consume", customer="acme", feature="images", quantity=13)
    changed = await again.next()
    resumed = await ear.begin("resumed", document, since=changed["revision"], **variables)
    await resumed.silence()
    missed = await ear.begin("missed", document, since=state["revision"], **variables)

    assert (state["initial"], changed["initial"]) == (True, False)
    assert (await missed.next())["initial"]


async def test_a_write_is_as_good_as_a_message_to_resume_from(acme: Client, ear: Listener) -> None:
    written = await acme.do("subscribe", customer="acme", plan="free")
    live = await ear.begin("live", ACCESS, features=["sso"], since=written["revision"])

    await live.silence()


async def test_many_changes_end_with_the_newest_and_never_go_back(acme: Client, ear: Listener) -> None:
    await acme.do("subscribe", customer="acme", plan="pro", price="pro-monthly")
    live = await ear.begin("live", ACCESS, features=["exports"])
    await live.next()

    reports = (acme.do("reportUsage", customer="acme", feature="exports") for _ in range(100))
    _, told = await asyncio.gather(asyncio.gather(*reports), live.until(used="100"))

    used = [int(one["access"]["usage"]["used"]) for one in told]
    assert used == sorted(set(used))
    await live.silence()


@pytest.mark.usefixtures("studio")
@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (ACCESS, {"since": "nonsense"}),
        (ACCESS, {"features": ["sso"] * 1_001}),
        (BALANCE, {"customer": "nobody"}),
        (BALANCE, {"type": "nothing"}),
    ],
)
async def test_what_cannot_be_told_is_refused(
    ear: Listener, document: str, variables: dict[str, object]
) -> None:
    live = await ear.begin("live", document, **variables)

    assert await live.errors() == ["BAD_USER_INPUT"]


async def test_one_environment_hears_nothing_of_another(
    acme: Client, connect: Connect, stock: object, address: str
) -> None:
    other = await stock(await connect("other"))  # type: ignore[operator]
    async with listening(address, other.secret) as ear:
        live = await ear.begin("live", ACCESS, features=["sso", "api-calls"])
        told = [await live.next(), await live.next()]
        balance = await ear.begin("balance", BALANCE)
        published = await ear.begin("published", PUBLISHED)

        await acme.do("subscribe", customer="acme", plan="pro", price="pro-monthly")
        await acme.do("reportUsage", customer="acme", feature="api-calls")
        await acme.do("setEntitlement", package="free", key="sso")
        await acme.do("publishPackage", package="free")

        assert {one["access"]["reason"] for one in told} == {"CUSTOMER_NOT_FOUND"}
        assert await balance.errors() == ["BAD_USER_INPUT"]
        await live.silence()
        await published.silence()


async def test_anyone_who_reads_slowly_hears_the_newest_and_not_all_that_was_between(
    acme: Client, address: str
) -> None:
    await acme.do("subscribe", customer="acme", plan="pro", price="pro-monthly")
    await acme.do("updateFeature", key="exports", description="x" * 10_000)
    large = " ".join(f"a{number}: feature {{ description }}" for number in range(90))
    document = """subscription { accessChanged(customer: "acme", features: ["exports"]) {
      access { usage { used } %s }
    } }"""
    reports = 40
    url = address.replace("http", "ws", 1) + "/graphql"
    async with connect(
        url, subprotocols=[Subprotocol(PROTOCOL)], proxy=None, max_size=None, max_queue=1
    ) as slow:
        init = {"type": "connection_init", "payload": {"Authorization": f"Bearer {acme.secret}"}}
        await slow.send(json.dumps(init))
        asked = {"type": "subscribe", "id": "1", "payload": {"query": document % large}}
        await slow.send(json.dumps(asked))
        for _ in range(reports):
            await acme.do("reportUsage", customer="acme", feature="exports")
            await asyncio.sleep(0.02)

        used: list[int] = []
        while used[-1:] != [reports]:
            message = json.loads(await asyncio.wait_for(slow.recv(), PATIENCE_SECONDS))
            if message["type"] == "next":
                change = message["payload"]["data"]["accessChanged"]
                used.append(int(change["access"]["usage"]["used"]))

    assert used == sorted(set(used))
    assert len(used) < reports
