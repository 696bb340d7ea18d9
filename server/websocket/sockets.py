"""Sockets: opens them with a key, and reads their messages by the protocol graphql-transport-ws.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import structlog
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from models.database.transactions import FAILURES
from resolvers.context import Services
from rules.auth.api_keys import Scope as KeyScope
from rules.auth.permissions import Viewer
from server.auth import Authenticator, Unauthenticated, bearer
from server.config.limits import Limits
from server.errors import OUR_FAULT, RequestCode
from server.metrics import Metrics
from server.websocket.operations import Closing, Message, Operations, Underway, too_many

PROTOCOL = "graphql-transport-ws"

RESTARTING = 1012
"""The code with which the server closes sockets when it ends; also signals the end to a socket."""

GONE = 1006
"""The client has disconnected: no close message can be sent."""

PARTING_SECONDS = 1.0
"""How long sending the close message may take."""

LONGEST_WAIT_SECONDS = 3_600.0
"""After this time a key that expires later is checked again."""

PAUSE_SECONDS = 0.25
"""How long to wait before a key is checked again after the database could not be reached."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sockets:
    """Accepts WebSockets, up to a limit."""

    services: Services
    doorkeeper: Authenticator
    operations: Operations
    limits: Limits
    metrics: Metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Accept a socket and hold it until either side closes it."""
        await receive()
        spoken = PROTOCOL in scope["subprotocols"]
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL if spoken else None})
        socket = _Socket(self, scope, receive, send)
        with self.metrics.socket() as held:
            if not spoken:
                await socket.close(Closing(4406, "Subprotocol not acceptable"))
            elif held > self.limits.sockets:
                await socket.close(Closing(1013, f"{RequestCode.RATE_LIMITED}: too many connections."))
            else:
                await socket.hold()


class _Socket:
    """One socket, from its first message, which carries the key, to its end."""

    def __init__(self, house: Sockets, scope: Scope, receive: Receive, send: Send) -> None:
        self._house = house
        self._limits = house.limits
        self._request = HTTPConnection(scope)
        self._receive = receive
        self._send = send
        self._sending = asyncio.Lock()
        self._initialised = False
        self._viewer: Viewer | None = None
        self._ended: asyncio.Future[Closing | None] = asyncio.get_running_loop().create_future()
        self._tasks: set[asyncio.Task[None]] = set()
        self._underway: dict[str, Underway] = {}

    async def hold(self) -> None:
        """Hold the socket until either side closes it, or until no key comes in time."""
        loop = asyncio.get_running_loop()
        late = Closing(4408, "Connection initialisation timeout")
        timer = loop.call_later(self._limits.opening_seconds, self._end_unless_open, late)
        try:
            self._spawn(self._read)
            closing = await self._ended
            if closing is not None and closing.code == RESTARTING:
                await self._finish()
        finally:
            timer.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if closing is not None:
            await self.close(closing)

    async def close(self, closing: Closing) -> None:
        """Close the socket; give up where the client takes no message any more."""
        if closing.code == GONE:
            return
        self._house.metrics.closed(closing.code)
        message = {"type": "websocket.close", "code": closing.code, "reason": closing.reason}
        with suppress(TimeoutError, OSError, RuntimeError):
            async with asyncio.timeout(PARTING_SECONDS):
                await self._send(message)

    def _end(self, closing: Closing | None) -> None:
        if not self._ended.done():
            self._ended.set_result(closing)

    def _end_unless_open(self, closing: Closing) -> None:
        if not self._initialised:
            self._end(closing)

    async def _finish(self) -> None:
        """Let running queries and mutations finish; cancel streams, which have no end."""
        for one in self._underway.values():
            if one.is_stream and one.task is not None:
                one.task.cancel()
        tasks = [one.task for one in self._underway.values() if one.task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)

    def _spawn(self, work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
        async def guarded() -> None:
            try:
                await work()
            except Closing as closing:
                self._end(closing)
            except Exception as error:  # noqa: BLE001 - the client must see every failure
                _log.error("a socket failed", exc_info=error)
                self._end(Closing(1011, f"{RequestCode.INTERNAL_SERVER_ERROR}: {OUR_FAULT}"))

        task = asyncio.create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _read(self) -> None:
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                restarting = Closing(RESTARTING, "The server ends: connect again.")
                self._end(restarting if message["code"] == RESTARTING else None)
                return
            await self._take(self._parse(message.get("text")))

    def _parse(self, text: str | None) -> Mapping[str, Any]:
        if text is None:
            raise Closing(4400, "WebSocket message type must be text")
        writes_catalog = self._viewer is not None and KeyScope.CATALOG_WRITE in self._viewer.scopes
        most = self._limits.catalog_body_bytes if writes_catalog else self._limits.body_bytes
        if len(text) > most or len(text.encode(errors="surrogatepass")) > most:
            reason = f"{RequestCode.PAYLOAD_TOO_LARGE}: a message may have at most {most:,} bytes."
            raise Closing(1009, reason)
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            raise Closing(4400, "WebSocket message must be valid JSON") from None
        if not isinstance(message, dict):
            raise Closing(4400, "A message is a JSON object")
        return message

    async def _take(self, message: Mapping[str, Any]) -> None:
        match message:
            case {"type": "connection_init"}:
                await self._open(message.get("payload"))
            case {"type": "ping"}:
                await self.tell({"type": "pong"})
            case {"type": "pong"}:
                pass
            case {"type": "subscribe", "id": str(name), "payload": dict(payload)} if name:
                self._begin(name, payload)
            case {"type": "complete", "id": str(name)}:
                self._complete(name)
            case _:
                raise Closing(4400, "Invalid message")

    async def _open(self, payload: object) -> None:
        if self._initialised:
            raise Closing(4429, "Too many initialisation requests")
        self._initialised = True
        secret = self._secret(payload)
        try:
            viewer = await self._house.doorkeeper.viewer_with(self._request, secret)
        except Unauthenticated:
            raise _kept_out(secret) from None
        if secret is None and not is_same_site(self._request):
            raise _kept_out(secret)
        if secret is not None:
            self._spawn(partial(self._watch_key, secret, viewer))
        await self.tell({"type": "connection_ack"})
        self._viewer = viewer

    def _secret(self, payload: object) -> str | None:
        """Return the key from the payload, by the names of headers, else from the headers of the request."""
        given = payload if isinstance(payload, dict) else {}
        for name, value in given.items():
            if name.lower() == "authorization":
                return bearer(str(value))
        return bearer(self._request.headers.get("authorization"))

    async def _watch_key(self, secret: str, viewer: Viewer) -> None:
        """Close the socket as soon as its key expires or is revoked."""
        with self._house.services.notices.watch_keys() as watch:
            # The key may have been revoked between its first check and this watch.
            watch.note()
            while True:
                await watch.stale(self._seconds_left(viewer))
                watch.snapshot()
                try:
                    viewer = await self._house.doorkeeper.viewer_with(self._request, secret)
                except Unauthenticated:
                    message = f"{RequestCode.UNAUTHENTICATED}: the key has expired or was revoked."
                    raise Closing(4403, message) from None
                except FAILURES:
                    await asyncio.sleep(PAUSE_SECONDS)
                    watch.note()

    def _seconds_left(self, viewer: Viewer) -> float:
        if viewer.expires_at is None:
            return LONGEST_WAIT_SECONDS
        left = (viewer.expires_at - self._house.services.clock()).total_seconds()
        return min(max(left, 0.01), LONGEST_WAIT_SECONDS)

    def _begin(self, name: str, payload: Mapping[str, object]) -> None:
        if self._viewer is None:
            raise Closing(4401, "Unauthorized")
        if name in self._underway:
            raise Closing(4409, f"Subscriber for {name} already exists")
        one = Underway(name=name, viewer=self._viewer, tell=self.tell)
        crowded = len(self._underway) >= self._limits.socket_operations
        self._underway[name] = one
        one.task = self._spawn(partial(self._refuse, one) if crowded else partial(self._answer, one, payload))

    def _complete(self, name: str) -> None:
        one = self._underway.pop(name, None)
        if one is not None and one.task is not None:
            one.task.cancel()

    async def _answer(self, one: Underway, payload: Mapping[str, object]) -> None:
        await self._tell_last(one, await self._house.operations.answer(one, payload))

    async def _refuse(self, one: Underway) -> None:
        await self._tell_last(one, too_many(one, self._limits.socket_operations))

    async def _tell_last(self, one: Underway, message: Message) -> None:
        # After the last message, the client may use the id again.
        if self._underway.get(one.name) is one:
            del self._underway[one.name]
            await self.tell(message)

    async def tell(self, message: Message) -> None:
        """Send a message; raises Closing where the client does not take it in time."""
        text = json.dumps(message, separators=(",", ":"))
        try:
            async with asyncio.timeout(self._limits.sending_seconds), self._sending:
                await self._send({"type": "websocket.send", "text": text})
        except TimeoutError:
            reason = f"{RequestCode.TIMEOUT}: what was sent was not taken in time."
            raise Closing(1013, reason) from None
        except OSError:
            raise Closing(GONE) from None
        self._house.metrics.sent()


def _kept_out(secret: str | None) -> Closing:
    if secret is None:
        return Closing(4401, f"{RequestCode.UNAUTHENTICATED}: send a key in the payload of connection_init.")
    return Closing(4403, f"{RequestCode.UNAUTHENTICATED}: the key is not valid.")


def is_same_site(request: HTTPConnection) -> bool:
    """Return whether the request has no Origin or our own: pages of all sites can open WebSockets."""
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")
