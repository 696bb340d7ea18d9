"""Keys made, listed and ended through the graph."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus

import pytest

from models.auth.key_cache import FRESH_SECONDS
from models.auth.tables import ApiKeyRow
from models.database.dialects import table_of
from resolvers.auth import revoke_key
from resolvers.context import Services
from rules.auth.api_keys import ApiKeyKind, NewKey, Scope
from tests.graph.client import Client, Clock, Connect, Json

WHO = "{ viewer { kind scopes customer { key } } }"
KEY = "id name kind scopes prefix createdAt expiresAt revokedAt lastUsedAt"
KEYS = f"{{ apiKeys {{ {KEY} }} }}"
MADE = f"secret apiKey {{ {KEY} }}"

USUAL = ["CATALOG_READ", "CATALOG_WRITE", "CUSTOMERS_READ", "CUSTOMERS_WRITE", "USAGE_WRITE", "CREDITS_WRITE"]


def carrying(client: Client, payload: Json) -> Client:
    """A client with the key that an answer shows."""
    return Client(http=client.http, secret=payload["secret"])


async def test_a_key_that_was_made_opens_the_environment_of_who_made_it(connect: Connect) -> None:
    admin, other = await connect("here"), await connect("there")
    made = await admin.do("createApiKey", MADE, name="Worker")
    worker = carrying(admin, made)

    seen = await worker.ask("{ viewer { kind scopes environment { key } } }")

    assert seen["viewer"] == {"kind": "SECRET", "scopes": USUAL, "environment": {"key": "here"}}
    assert made["secret"].startswith(made["apiKey"]["prefix"] + "_")
    assert len((await other.ask(KEYS))["apiKeys"]) == 1


async def test_a_key_is_reported_as_it_was_made(client: Client, clock: Clock) -> None:
    made = await client.do(
        "createApiKey", MADE, name="Sync", scopes=["USAGE_WRITE", "ADMIN"], expiresAt="2027-01-01T00:00:00Z"
    )
    listed = (await client.ask(KEYS))["apiKeys"]

    assert listed[-1] == made["apiKey"]
    assert {name: value for name, value in listed[-1].items() if name not in {"id", "prefix"}} == {
        "name": "Sync",
        "kind": "SECRET",
        "scopes": ["USAGE_WRITE", "ADMIN"],
        "createdAt": f"{clock.now:%Y-%m-%dT%H:%M:%S}Z",
        "expiresAt": "2027-01-01T00:00:00Z",
        "revokedAt": None,
        "lastUsedAt": None,
    }


@pytest.mark.parametrize("scopes", [{}, {"scopes": None}])
async def test_scopes_left_out_are_all_but_admin(client: Client, scopes: Json) -> None:
    made = await client.do("createApiKey", MADE, name="Worker", **scopes)

    assert made["apiKey"]["scopes"] == USUAL
    assert await may_list(carrying(client, made)) is False


async def may_list(client: Client) -> bool:
    """Whether a client may see the keys."""
    answer = (await client.send(KEYS)).json()
    assert answer["data"] is not None or answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    return answer["data"] is not None


async def test_a_publishable_key_may_be_seen_by_anyone_and_has_no_scopes(client: Client) -> None:
    made = await client.do("createApiKey", MADE, name="Website", kind="PUBLISHABLE")

    assert made["secret"].startswith("pk_")
    assert (await carrying(client, made).ask(WHO))["viewer"] == {
        "kind": "PUBLISHABLE",
        "scopes": [],
        "customer": None,
    }


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        ({"name": ""}, ["REQUIRED name"]),
        ({"name": "a\0b"}, ["INVALID name"]),
        ({"kind": "CUSTOMER"}, ["INVALID kind"]),
        ({"scopes": []}, ["REQUIRED scopes"]),
        ({"kind": "PUBLISHABLE", "scopes": ["ADMIN"]}, ["INVALID scopes"]),
        ({"expiresAt": "2026-11-15T11:00:00Z"}, ["OUT_OF_RANGE expiresAt"]),
        ({"name": " ", "scopes": []}, ["REQUIRED name", "REQUIRED scopes"]),
    ],
)
async def test_a_key_that_makes_no_sense_is_refused(client: Client, given: Json, problems: list[str]) -> None:
    assert await client.refused("createApiKey", **{"name": "Worker", **given}) == problems
    assert len((await client.ask(KEYS))["apiKeys"]) == 1


async def test_a_key_expires_when_it_was_said(client: Client, clock: Clock) -> None:
    expires_at = clock.now + timedelta(minutes=5)
    passing = carrying(
        client, await client.do("createApiKey", MADE, name="Deploy", expiresAt=expires_at.isoformat())
    )
    clock.forward(minutes=5, microseconds=-1)
    before = await passing.send(WHO)
    clock.forward(microseconds=1)
    after = await passing.send(WHO)

    assert [before.status_code, after.status_code] == [HTTPStatus.OK, HTTPStatus.UNAUTHORIZED]


async def test_a_revoked_key_opens_nothing_from_then_on_and_says_so(client: Client, clock: Clock) -> None:
    made = await client.do("createApiKey", MADE, name="Worker")
    worker = carrying(client, made)
    before = await worker.send(WHO)
    revoked = await client.do("revokeApiKey", f"secret apiKey {{ {KEY} }}", id=made["apiKey"]["id"])
    after = await worker.send(WHO)

    assert [before.status_code, after.status_code] == [HTTPStatus.OK, HTTPStatus.UNAUTHORIZED]
    assert revoked["secret"] is None
    assert revoked["apiKey"]["revokedAt"] == f"{clock.now:%Y-%m-%dT%H:%M:%S}Z"
    assert (await client.ask(KEYS))["apiKeys"][-1] == revoked["apiKey"]


async def test_revoking_a_key_again_changes_nothing(client: Client, clock: Clock) -> None:
    made = (await client.do("createApiKey", MADE, name="Worker"))["apiKey"]
    first = await client.do("revokeApiKey", "apiKey { revokedAt }", id=made["id"])
    clock.forward(hours=1)

    assert (await client.do("revokeApiKey", "apiKey { revokedAt }", id=made["id"])) == first


async def test_a_key_that_another_process_revokes_is_refused_within_a_second(
    client: Client, services: Services, clock: Clock
) -> None:
    seconds = 0.0
    services.keys._stopwatch = lambda: seconds
    elsewhere = Services.on(services.database, clock)
    before = await client.send(WHO)
    assert await revoke_key(elsewhere, "_".join(client.secret.split("_")[:2]))

    seconds += FRESH_SECONDS
    after = await client.send(WHO)

    assert [before.status_code, after.status_code] == [HTTPStatus.OK, HTTPStatus.UNAUTHORIZED]


@pytest.mark.parametrize("id_", ["", "nonsense", "WyJBcGlLZXkiLDEsOTk5OV0", "WyJBcGlLZXkiXQ"])
async def test_a_key_that_is_not_there_cannot_be_revoked(client: Client, id_: str) -> None:
    assert await client.refused("revokeApiKey", id=id_) == ["NOT_FOUND id"]


async def test_a_key_of_another_environment_cannot_be_revoked(connect: Connect) -> None:
    here, there = await connect("here"), await connect("there")
    (theirs,) = (await there.ask(KEYS))["apiKeys"]

    assert await here.refused("revokeApiKey", id=theirs["id"]) == ["NOT_FOUND id"]
    assert (await there.ask(KEYS))["apiKeys"][0]["revokedAt"] is None


async def test_a_key_tells_when_it_was_last_used_to_a_minute(client: Client, clock: Clock) -> None:
    made = await client.do("createApiKey", MADE, name="Worker")
    worker = carrying(client, made)

    async def last_used() -> datetime:
        key = (await client.ask(KEYS))["apiKeys"][-1]
        return datetime.fromisoformat(key["lastUsedAt"])

    begun = clock.now
    await worker.ask(WHO)
    at_once = await last_used()
    clock.forward(seconds=59)
    await worker.ask(WHO)
    within = await last_used()
    clock.forward(seconds=1)
    await worker.ask(WHO)

    assert [at_once, within, await last_used()] == [begun, begun, begun + timedelta(minutes=1)]


async def test_nothing_of_a_key_but_its_prefix_is_kept(client: Client, services: Services) -> None:
    made = await client.do("createApiKey", MADE, name="Worker")
    async with services.database.read() as session:
        rows = (await session.execute(table_of(ApiKeyRow).select())).all()

    hidden = made["secret"].removeprefix(made["apiKey"]["prefix"])
    assert [hidden in str(row) for row in rows] == [False, False]


async def test_a_key_is_found_by_its_id_by_who_may_see_keys(client: Client, connect: Connect) -> None:
    find = "query Find($id: ID!) { node(id: $id) { ... on ApiKey { name } } }"
    made = (await client.do("createApiKey", MADE, name="Worker"))["apiKey"]
    reader = await connect(key=NewKey(scopes=[Scope.CATALOG_READ, Scope.CUSTOMERS_READ]))

    assert (await client.ask(find, id=made["id"]))["node"] == {"name": "Worker"}
    assert (await reader.error(find, id=made["id"]))["extensions"]["code"] == "FORBIDDEN"


async def test_scopes_that_an_old_publishable_key_was_given_mean_nothing(connect: Connect) -> None:
    old = await connect(key=NewKey(kind=ApiKeyKind.PUBLISHABLE))

    assert (await old.ask(WHO))["viewer"]["scopes"] == []
    assert await may_list(old) is False
