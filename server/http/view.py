"""The graph over HTTP: authenticates a request, executes it, and answers in the media type it accepts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from time import perf_counter

import orjson
import structlog
from graphql import GraphQLSchema, OperationType
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import Receive, Scope, Send

from resolvers.context import Context, Services
from rules.auth.api_keys import Scope as KeyScope
from rules.auth.permissions import Viewer
from server.auth import Authenticator, Unauthenticated, bearer
from server.config.limits import Limits
from server.config.logs import request_id
from server.errors import OUR_FAULT, Refused, RequestCode, internal, refuse
from server.execution.documents import Documents, Operation
from server.execution.executor import Answer, Execution
from server.execution.fallbacks import Fallbacks
from server.execution.parameters import GraphQLRequest, from_address, from_body
from server.execution.timeouts import with_timeout
from server.execution.trusted_documents import Trusted
from server.http import request as bodies
from server.http.media_types import GRAPHQL_RESPONSE, JSON, answer_type, is_json
from server.http.request import headers_of
from server.metrics import Metrics, outcome_of
from server.rate_limits import RateLimiter

_log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class _Reply:
    """The reply so far; a request that fails keeps what is known of it."""

    media_type: str = JSON
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)
    operation: Operation | None = None
    answer: Answer = field(default_factory=dict)

    @property
    def outcome(self) -> str:
        """OK, or the code of the first error."""
        return outcome_of(self.answer.get("errors", ()))


class GraphQLView:
    """Answers POST, and GET for queries, of authenticated requests."""

    def __init__(
        self,
        schema: GraphQLSchema,
        services: Services,
        doorkeeper: Authenticator,
        *,
        limits: Limits,
        trusted: Trusted,
        rates: RateLimiter,
        metrics: Metrics,
        compiles: bool = True,
    ) -> None:
        self._services = services
        self._doorkeeper = doorkeeper
        self._limits = limits
        self._metrics = metrics
        self.documents = Documents(schema, limits, trusted, Fallbacks(metrics.fell_back), compiles=compiles)
        self.execution = Execution(schema, limits, rates)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request under an id of its own, whatever fails."""
        begun = perf_counter()
        reply = _Reply()
        with request_id() as identifier:
            try:
                await self._answer(scope, receive, reply)
            except ClientDisconnect:
                return
            except Unauthenticated:
                _set_refusal(reply, _unauthenticated())
            except Refused as refusal:
                _set_refusal(reply, refusal)
            except Exception as error:  # noqa: BLE001 - every request gets an answer
                _log.error("a request failed", exc_info=error)
                reply.status = HTTPStatus.INTERNAL_SERVER_ERROR
                reply.answer = {"errors": [{"message": OUR_FAULT, "extensions": internal()}]}
            await _send(send, reply, identifier)
        self._metrics.answered(reply.operation, reply.outcome, perf_counter() - begun)

    async def _answer(self, scope: Scope, receive: Receive, reply: _Reply) -> None:
        if scope["method"] not in {"GET", "POST"}:
            raise _not_allowed(_BY_GET_OR_POST, "GET, POST")
        headers = headers_of(scope)
        media_type = answer_type(headers.get("accept", ""))
        reply.media_type = media_type or JSON
        viewer = await self._doorkeeper.viewer_with(
            HTTPConnection(scope), bearer(headers.get("authorization"))
        )
        if media_type is None:
            raise refuse(RequestCode.BAD_USER_INPUT, _NOT_ACCEPTABLE, HTTPStatus.NOT_ACCEPTABLE)
        if scope["method"] == "GET":
            asked = from_address(scope["query_string"])
        else:
            asked = from_body(await self._body(receive, headers, viewer))
        await self._execute(asked, viewer, reply, by_get=scope["method"] == "GET")

    async def _execute(self, asked: GraphQLRequest, viewer: Viewer, reply: _Reply, *, by_get: bool) -> None:
        prepared = self.documents.prepared(asked)
        operation = reply.operation = prepared.operation(asked.operation)
        if operation.kind is OperationType.SUBSCRIPTION:
            raise refuse(RequestCode.OPERATION_RESOLUTION_FAILURE, _BY_SOCKET)
        if by_get and operation.kind is not OperationType.QUERY:
            raise _not_allowed(_BY_POST, "POST")
        newest = operation.kind is not OperationType.QUERY
        context = Context(services=self._services, viewer=viewer, newest=newest)
        reply.answer = await self.execution.answer(prepared, operation, asked.variables, context)

    async def _body(self, receive: Receive, headers: Mapping[str, str], viewer: Viewer) -> bytes:
        if not is_json(headers.get("content-type", "")):
            raise refuse(RequestCode.BAD_USER_INPUT, _UNSUPPORTED, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        writes_catalog = KeyScope.CATALOG_WRITE in viewer.scopes
        most_bytes = self._limits.catalog_body_bytes if writes_catalog else self._limits.body_bytes
        try:
            return await with_timeout(self._limits.seconds, bodies.read(receive, headers, most_bytes))
        except TimeoutError:
            message = f"The body took longer than {self._limits.seconds:g} seconds to arrive."
            raise refuse(RequestCode.TIMEOUT, message, HTTPStatus.REQUEST_TIMEOUT) from None


_IN_ASCII = json.JSONEncoder(separators=(",", ":"))

_BY_GET_OR_POST = "Send operations by POST, or queries by GET."
_BY_POST = "GET executes queries only: send this operation by POST."
_BY_SOCKET = "Subscribe over a WebSocket at this address, by the protocol graphql-transport-ws."
_UNSUPPORTED = "Send JSON in UTF-8, as 'Content-Type: application/json'."
_NOT_ACCEPTABLE = f"Answers are {GRAPHQL_RESPONSE} or {JSON}: name one in 'Accept'."


def _set_refusal(reply: _Reply, refusal: Refused) -> None:
    if refusal.status is not None:
        reply.status = refusal.status
    elif reply.media_type == GRAPHQL_RESPONSE:
        reply.status = HTTPStatus.BAD_REQUEST
    reply.headers = refusal.headers
    reply.answer = {"errors": refusal.errors}
    if refusal.extensions is not None:
        reply.answer["extensions"] = refusal.extensions


def _not_allowed(message: str, allowed: str) -> Refused:
    return refuse(
        RequestCode.BAD_USER_INPUT, message, HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": allowed}
    )


def _unauthenticated() -> Refused:
    return refuse(
        RequestCode.UNAUTHENTICATED,
        "Send a valid API key: 'Authorization: Bearer <key>'.",
        HTTPStatus.UNAUTHORIZED,
        headers={"WWW-Authenticate": 'Bearer realm="allotment"'},
    )


def _in_json(answer: Answer) -> bytes:
    try:
        return orjson.dumps(answer)
    except orjson.JSONEncodeError:
        # As ASCII: half of a surrogate pair, quoted from the request, has no other form.
        return _IN_ASCII.encode(answer).encode("ascii")


async def _send(send: Send, reply: _Reply, identifier: str) -> None:
    body = _in_json(reply.answer)
    headers = [
        (b"content-type", reply.media_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-request-id", identifier.encode()),
        *((name.lower().encode(), value.encode()) for name, value in reply.headers.items()),
    ]
    await send({"type": "http.response.start", "status": reply.status.value, "headers": headers})
    await send({"type": "http.response.body", "body": body})
