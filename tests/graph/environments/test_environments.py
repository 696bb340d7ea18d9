"""Environments are worlds of their own, and a key opens one of them or nothing."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

import httpx
import pytest
import pytest_asyncio

from models.auth.tables import ApiKeyRow
from models.database.dialects import table_of
from resolvers.auth import revoke_key
from resolvers.context import Services
from rules.auth.api_keys import ApiKeyKind, NewKey, Scope
from tests.graph.client import Client, Clock, Connect, Json, Stock

WHO = "{ viewer { kind scopes environment { key kind } } }"

EVERYTHING = """{
  product(key: "app") { id name plans { key } }
  feature(key: "seats") { id name }
  plan(key: "free") { id status entitlements { key displayText } }
  customer(key: "acme") { id name revision subscriptions { id } accesses { featureKey } }
  access(customer: "acme", feature: "seats") { reason revision usage { used limit } }
}"""


@pytest_asyncio.fixture
async def twins(shop: Client, connect: Connect, stock: Stock) -> tuple[Client, Client]:
    """Two environments that sell the same to a customer of the same key, who uses 1 seat here and 2 there."""
    other = await stock(await connect("twin"))
    for seats, client in enumerate((shop, other), start=1):
        await client.do("upsertCustomer", key="acme", name=f"Acme {seats}")
        await client.do("subscribe", customer="acme", plan="free", idempotencyKey="k")
        await client.do("reportUsage", customer="acme", feature="seats", value=seats, idempotencyKey="k")
    return shop, other


async def everything(client: Client) -> Json:
    """What an environment says of the shop and its customer."""
    answer: Json = await client.ask(EVERYTHING)
    return answer


async def test_a_key_opens_the_environment_that_it_was_made_for(connect: Connect) -> None:
    live, trial = await connect("live"), await connect("trial", sandbox=True)

    assert (await live.ask(WHO))["viewer"]["environment"] == {"key": "live", "kind": "LIVE"}
    assert (await trial.ask(WHO))["viewer"]["environment"] == {"key": "trial", "kind": "SANDBOX"}
    assert (await live.ask(WHO))["viewer"]["kind"] == "SECRET"


async def test_a_key_tells_what_it_may_do(connect: Connect) -> None:
    scopes = [Scope.USAGE_WRITE, Scope.CATALOG_READ]
    limited = await connect(key=NewKey(scopes=scopes))
    publishable = await connect(key=NewKey(kind=ApiKeyKind.PUBLISHABLE, scopes=()))

    assert (await limited.ask(WHO))["viewer"]["scopes"] == ["CATALOG_READ", "USAGE_WRITE"]
    assert (await publishable.ask(WHO))["viewer"]["kind"] == "PUBLISHABLE"


async def test_the_same_keys_are_other_things_elsewhere(twins: tuple[Client, Client]) -> None:
    here, there = [await everything(client) for client in twins]

    assert (here["customer"]["name"], there["customer"]["name"]) == ("Acme 1", "Acme 2")
    assert here["access"]["usage"] == {"used": "1", "limit": "3"}
    assert there["access"]["usage"] == {"used": "2", "limit": "3"}
    for thing in ("product", "feature", "plan", "customer"):
        assert here[thing]["id"] != there[thing]["id"]
    assert here["customer"]["subscriptions"] != there["customer"]["subscriptions"]


async def test_what_is_done_here_changes_nothing_there(twins: tuple[Client, Client]) -> None:
    here, there = twins
    before = await everything(there)

    await here.do("upsertCustomer", key="acme", name="Another", timezone="Asia/Tokyo")
    await here.do("reportUsage", customer="acme", feature="seats", value=5, idempotencyKey="k2")
    await here.do("setEntitlement", package="free", key="seats", value={"metered": {"limit": 9}})
    await here.do("publishPackage", package="free")
    await here.do("createFeature", key="new", name="New", type="BOOLEAN")

    assert await everything(there) == before
    assert (await there.ask('{ feature(key: "new") { key } }'))["feature"] is None


async def test_idempotency_keys_of_one_environment_are_free_in_another(
    twins: tuple[Client, Client],
) -> None:
    here, there = twins
    given = {"customer": "acme", "feature": "seats", "idempotencyKey": "later"}

    first = await here.do("reportUsage", "replayed", **given, value=7)
    second = await there.do("reportUsage", "replayed", **given, value=8)

    assert (first["replayed"], second["replayed"]) == (False, False)


async def test_what_is_only_there_is_not_found_here(shop: Client, connect: Connect) -> None:
    await shop.do("upsertCustomer", key="acme")
    empty = await connect("empty")

    answer = await everything(empty)

    assert answer == {
        **dict.fromkeys(["product", "feature", "plan", "customer"]),
        "access": {"reason": "CUSTOMER_NOT_FOUND", "revision": "0.0", "usage": None},
    }
    assert await empty.refused("subscribe", customer="acme", plan="free") == [
        "NOT_FOUND customer",
        "NOT_FOUND plan",
    ]
    assert await empty.refused("setEntitlement", package="free", key="seats") == [
        "NOT_FOUND package",
        "NOT_FOUND key",
    ]


async def test_an_id_of_another_environment_is_of_nothing_here(twins: tuple[Client, Client]) -> None:
    here, there = twins
    find = "query Find($id: ID!) { node(id: $id) { id } }"
    theirs = await everything(there)

    for thing in ("product", "feature", "plan", "customer"):
        identifier = theirs[thing]["id"]
        assert (await there.ask(find, id=identifier))["node"] == {"id": identifier}
        assert (await here.ask(find, id=identifier))["node"] is None


def assert_unauthenticated(response: httpx.Response) -> None:
    """The answer to whoever carries nothing that opens anything."""
    assert response.status_code == HTTPStatus.UNAUTHORIZED
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    answer = response.json()
    assert "data" not in answer
    assert [error["extensions"] for error in answer["errors"]] == [{"code": "UNAUTHENTICATED"}]


@pytest.mark.parametrize(
    "header",
    [
        None,
        b"",
        b"Bearer",
        b"Bearer ",
        b"Bearer sk_000000000000_guess",
        b"Bearer \xff\xfe",
        b"Bearer " + b"k" * 10_000,
        b"Basic {secret}",
        b"{secret}",
        b"Bearer {secret}x",
        b"Bearer {secret} {secret}",
        b"Bearer {prefix}",
    ],
)
async def test_anyone_who_has_no_valid_key_is_not_let_in(client: Client, header: bytes | None) -> None:
    secret = client.secret.encode()
    prefix = b"_".join(secret.split(b"_")[:2])
    headers = (
        {}
        if header is None
        else {b"Authorization": header.replace(b"{secret}", secret).replace(b"{prefix}", prefix)}
    )

    for body in ({"query": WHO}, {"query": "{"}, None):
        assert_unauthenticated(await client.http.post("/graphql", json=body, headers=headers))


async def test_the_scheme_of_a_key_may_be_written_in_any_case(client: Client) -> None:
    for scheme in ("bearer", "BEARER"):
        headers = {"Authorization": f"{scheme} {client.secret}"}
        answer = await client.http.post("/graphql", json={"query": WHO}, headers=headers)
        assert answer.status_code == HTTPStatus.OK


async def test_a_key_opens_until_it_expires(connect: Connect, clock: Clock) -> None:
    passing = await connect(key=NewKey(expires_at=clock.now + timedelta(hours=1)))
    clock.forward(hours=1, microseconds=-1)
    before = await passing.send(WHO)
    clock.forward(microseconds=1)

    assert before.status_code == HTTPStatus.OK
    assert_unauthenticated(await passing.send(WHO))


async def test_keys_expire_by_real_time_whatever_a_sandbox_says(connect: Connect, clock: Clock) -> None:
    expires_at = clock.now + timedelta(hours=1)
    passing = await connect("trial", sandbox=True, key=NewKey(expires_at=expires_at))

    await passing.do("advanceClock", to="2030-01-01T00:00:00Z")
    within = await passing.send(WHO)
    clock.forward(hours=1)

    assert within.status_code == HTTPStatus.OK
    assert_unauthenticated(await passing.send(WHO))


async def test_a_revoked_key_opens_nothing_and_its_neighbour_still_does(
    connect: Connect, services: Services
) -> None:
    revoked, kept = await connect(), await connect()
    prefix = "_".join(revoked.secret.split("_")[:2])

    assert await revoke_key(services, prefix)

    assert_unauthenticated(await revoked.send(WHO))
    assert (await kept.send(WHO)).status_code == HTTPStatus.OK
    assert not await revoke_key(services, prefix)


async def test_no_secret_is_kept(client: Client, services: Services) -> None:
    async with services.database.read() as session:
        rows = (await session.execute(table_of(ApiKeyRow).select())).all()

    secret = client.secret.split("_", 2)[2]
    assert [secret in str(row) for row in rows] == [False]
