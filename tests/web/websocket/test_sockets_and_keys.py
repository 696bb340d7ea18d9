"""Sockets end with the key or token that opened them, whenever and wherever that ends."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from starlette.types import Message, Receive, Scope, Send

from models.database.transactions import Database
from resolvers import auth
from resolvers.context import Services, real_time
from rules.auth.api_keys import ApiKey
from server.app import create_app
from tests.web.websocket.sockets import PATIENCE_SECONDS, Serving, ask, listening, served, socket_at

WHO = "query Who { viewer { kind } }"
LIVE = 'subscription Live($c: String!) { accessChanged(customer: $c, features: ["sso"]) { initial } }'


def prefix_of(key: str) -> str:
    """Give by what a key is revoked."""
    return "_".join(key.split("_")[:2])


async def test_a_socket_ends_with_its_key(serve: Serving) -> None:
    at = real_time() + timedelta(seconds=1)
    key, token = await serve.key(expires_at=at), await serve.token("acme", seconds=60)
    address = await serve()
    async with listening(address, key) as ear, listening(address, token) as other:
        await ear.begin("live", LIVE, c="acme")
        code, reason = await ear.closed()

        assert (code, reason) == (4403, "UNAUTHENTICATED: the key has expired or was revoked.")
        assert real_time() < at + timedelta(seconds=5)
        await ask(other, WHO)


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_a_revoked_key_closes_its_sockets_wherever_it_is_revoked(
    serve: Serving, database_url: str, *, elsewhere: bool
) -> None:
    key, another, address = await serve.key(), await serve.key(), await serve()
    others = Services.on(Database(database_url))
    async with listening(address, key) as ear, listening(address, another) as other:
        assert await auth.revoke_key(others if elsewhere else serve.services, prefix_of(key))

        assert (await ear.closed())[0] == 4403
        assert await ask(other, "{ __typename }")
    await others.close()


async def test_a_key_whose_end_was_told_as_it_was_read_closes_its_socket(
    serve: Serving, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, address = await serve.key(), await serve()
    others = Services.on(Database(database_url))
    find = serve.services.keys.find

    async def overtaken(digest: str) -> ApiKey | None:
        found = await find(digest)
        if not watch.is_stale:
            await auth.revoke_key(others, prefix_of(key))
            await watch.stale(PATIENCE_SECONDS)
        return found

    monkeypatch.setattr(serve.services.keys, "find", overtaken)
    with serve.services.notices.watch_keys() as watch:
        await watch.stale(PATIENCE_SECONDS)
        watch.snapshot()
        async with socket_at(address) as ear:
            await ear.say(type="connection_init", payload={"Authorization": f"Bearer {key}"})

            assert (await ear.closed())[0] == 4403
    await others.close()


async def test_a_revoked_key_closes_its_socket_also_where_nothing_is_taken_there(serve: Serving) -> None:
    key = await serve.key()
    app = create_app(serve.services)

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        async def taken(message: Message) -> None:
            if "connection_ack" in message.get("text", ""):
                await auth.revoke_key(serve.services, prefix_of(key))
                await asyncio.Event().wait()
            await send(message)

        await app(scope, receive, taken)

    async with served(slow) as address, socket_at(address) as ear:
        await ear.say(type="connection_init", payload={"Authorization": f"Bearer {key}"})

        assert (await ear.closed())[0] == 4403
