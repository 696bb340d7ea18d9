"""A client of graphql-transport-ws, and the real application on a real socket for it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Self

import uvicorn
from starlette.types import ASGIApp
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from resolvers.auth import create_customer_token, create_key, viewer_of
from resolvers.context import Context, Services
from rules.auth.api_keys import NewKey
from rules.commands.customers import UpsertCustomer
from server.app import create_app
from server.websocket.uvicorn_protocol import WebSocketProtocol

PROTOCOL = "graphql-transport-ws"

PATIENCE_SECONDS = 30
"""How long to wait for a message before the test fails; none takes so long."""

SILENCE_SECONDS = 0.6
"""How long to listen before nothing is taken for nothing: others are looked for five times a second."""

Json = Mapping[str, Any]


class Listener:
    """One connection, whose messages are sorted by the operations that they belong to."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.others: asyncio.Queue[Json] = asyncio.Queue()
        self._heard: dict[str, asyncio.Queue[Json]] = {}
        self._hearing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._hearing = asyncio.create_task(self._hear())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.connection.close()
        assert self._hearing is not None
        await self._hearing

    async def _hear(self) -> None:
        try:
            async for text in self.connection:
                message = json.loads(text)
                self._heard.get(message.get("id"), self.others).put_nowait(message)
        except ConnectionClosed:
            pass

    async def say(self, **message: object) -> None:
        """Send a message."""
        await self.connection.send(json.dumps(message))

    async def init(self, key: str | None) -> Json:
        """Say who is there, and give the answer."""
        await self.say(
            type="connection_init", payload={} if key is None else {"Authorization": f"Bearer {key}"}
        )
        return await self.heard()

    async def heard(self) -> Json:
        """Give the next message that belongs to no operation."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.others.get()

    async def begin(self, name: str, document: str, **variables: object) -> Stream:
        """Begin an operation."""
        self._heard[name] = asyncio.Queue()
        await self.say(type="subscribe", id=name, payload={"query": document, "variables": variables})
        return Stream(self, name, self._heard[name])

    async def closed(self) -> tuple[int, str]:
        """Wait for the other side to close; gives code and reason."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.connection.wait_closed()
        return self.connection.close_code or 0, self.connection.close_reason or ""


class Stream:
    """The messages of one operation."""

    def __init__(self, listener: Listener, name: str, heard: asyncio.Queue[Json]) -> None:
        self._listener = listener
        self._name = name
        self._heard = heard

    async def message(self) -> Json:
        """Give the next message."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self._heard.get()

    @property
    def is_answered(self) -> bool:
        """Whether something has come that nobody has looked at yet."""
        return not self._heard.empty()

    async def next(self) -> Any:  # noqa: ANN401 - JSON
        """Give what the next answer's one field tells."""
        message = await self.message()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        (told,) = message["payload"]["data"].values()
        return told

    async def until(self, **wanted: object) -> list[Any]:
        """Give all that is told until something is told that holds these values."""
        told = [await self.next()]
        while wanted.items() - flat(told[-1]).items():
            told.append(await self.next())
        return told

    async def errors(self) -> list[str]:
        """Give the codes of the errors with which the operation ends."""
        message = await self.message()
        assert message["type"] == "error", message
        return [error["extensions"]["code"] for error in message["payload"]]

    async def silence(self) -> None:
        """See that nothing is told for a while."""
        await asyncio.sleep(SILENCE_SECONDS)
        assert self._heard.empty(), self._heard.get_nowait()

    async def complete(self) -> None:
        """End it."""
        await self._listener.say(type="complete", id=self._name)


def flat(told: Json) -> dict[str, object]:
    """Give all values of what was told by the last of their names."""
    values: dict[str, object] = {}
    for name, value in told.items():
        if isinstance(value, dict):
            values |= flat(value)
        elif not isinstance(value, list):
            values[name] = value
    return values


@asynccontextmanager
async def socket_at(
    address: str,
    path: str = "/graphql",
    **options: Any,  # noqa: ANN401 - as the library
) -> AsyncIterator[Listener]:
    """Open a socket to a server, which does not know yet who is there."""
    url = address.replace("http", "ws", 1) + path
    given: dict[str, Any] = {"subprotocols": [Subprotocol(PROTOCOL)], "proxy": None, **options}
    async with connect(url, **given) as connection, Listener(connection) as listener:
        yield listener


@asynccontextmanager
async def listening(address: str, key: str | None) -> AsyncIterator[Listener]:
    """Open a socket, and say who is there."""
    async with socket_at(address) as listener:
        assert await listener.init(key) == {"type": "connection_ack"}
        yield listener


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    """Serve an application on a port of this machine; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            app, lifespan="off", log_config=None, ws=WebSocketProtocol, ws_per_message_deflate=False
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await serving


class Serving:
    """The application, to be served with settings."""

    def __init__(self, services: Services, stack: AsyncExitStack) -> None:
        self.services = services
        self._stack = stack

    async def __call__(self, **settings: object) -> str:
        """Serve it; gives the address."""
        app = create_app(self.services, **settings)  # type: ignore[arg-type]
        return await self._stack.enter_async_context(served(app))

    async def key(self, **given: object) -> str:
        """Make a key of the environment "live"."""
        return await create_key(self.services, "live", NewKey(**given))  # type: ignore[arg-type]

    async def token(self, customer: str, seconds: int = 60) -> str:
        """Make a customer's token."""
        viewer = await viewer_of(self.services, await self.key())
        assert viewer is not None
        context = Context(services=self.services, viewer=viewer)
        await self.services.commands.commit(viewer.environment, customer, UpsertCustomer(key=customer))
        return (await create_customer_token(context, customer, seconds)).token


async def ask(listener: Listener, document: str, **variables: object) -> object:
    """Give the one answer of an operation that is complete with it."""
    asked = await listener.begin("one", document, **variables)
    message = await asked.message()
    if message["type"] == "error":
        return [error["extensions"]["code"] for error in message["payload"]]
    assert (await asked.message())["type"] == "complete"
    return message["payload"]
