"""The graph over HTTP: who is asking, the graph's answer, and errors with codes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus

import structlog
from graphql import GraphQLError, GraphQLSyntaxError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse
from strawberry.types import ExecutionResult

from resolvers.context import Context, Services
from schema.graph import graph
from server.auth import Doorkeeper, Unauthenticated
from server.logs import current_request_id, request_id
from server.rates import RateLimited, Rates

_log = structlog.get_logger(__name__)

Formatted = Mapping[str, object]

_WRONG_VARIABLE = re.compile(r"Variable '\$\w+' has invalid (default )?value")


class GraphQLView(GraphQL[Context, None]):
    """Answers POST and GET queries of whoever the doorkeeper lets in."""

    def __init__(self, services: Services, doorkeeper: Doorkeeper, rates: Rates) -> None:
        super().__init__(graph, graphql_ide=None)
        self._services = services
        self._doorkeeper = doorkeeper
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request under an id of its own."""
        with request_id():
            try:
                await super().__call__(scope, receive, send)
            except Unauthenticated:
                await _unauthenticated()(scope, receive, send)
            except RateLimited as error:
                await _rate_limited(error)(scope, receive, send)

    async def get_context(self, request: Request | WebSocket, response: object) -> Context:  # noqa: ARG002
        """Find out who is asking; raises Unauthenticated and RateLimited."""
        viewer = await self._doorkeeper.viewer(request)
        await self._rates.charge(viewer)
        return Context(services=self._services, viewer=viewer)

    async def process_result(
        self,
        request: Request | WebSocket,  # noqa: ARG002
        result: ExecutionResult,
    ) -> GraphQLHTTPResponse:
        """Give the answer with a code on every error, our own faults masked and logged."""
        answer: GraphQLHTTPResponse = {"data": result.data}
        if result.errors:
            answer["errors"] = [coded(error) for error in result.errors]
        return answer


def coded(error: GraphQLError) -> Formatted:
    """Format an error with its code; what is not the caller's mistake is logged and masked."""
    if error.extensions and "code" in error.extensions:
        return error.formatted
    if isinstance(error, GraphQLSyntaxError):
        return _with_code(error, "GRAPHQL_PARSE_FAILED")
    if error.path is None and isinstance(error.original_error, GraphQLError | None):
        return _with_code(error, _request_code(error))
    return _masked(error)


def _request_code(error: GraphQLError) -> str:
    # A document that is wrong for everybody fails validation; variables are wrong for this request.
    wrong_value = _WRONG_VARIABLE.match(error.message) is not None
    return "BAD_USER_INPUT" if wrong_value else "GRAPHQL_VALIDATION_FAILED"


def _with_code(error: GraphQLError, code: str) -> Formatted:
    return {**error.formatted, "extensions": {"code": code}}


def _masked(error: GraphQLError) -> Formatted:
    _log.error("a field failed", path=error.path, exc_info=error.original_error or error)
    masked = GraphQLError("Something went wrong on our side.", nodes=error.nodes, path=error.path)
    return {
        **masked.formatted,
        "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": current_request_id()},
    }


def _unauthenticated() -> Response:
    message = "Send a valid API key: 'Authorization: Bearer <key>'."
    error = {"message": message, "extensions": {"code": "UNAUTHENTICATED"}}
    return JSONResponse(
        {"errors": [error]},
        status_code=HTTPStatus.UNAUTHORIZED,
        headers={"WWW-Authenticate": 'Bearer realm="allotment"'},
    )


def _rate_limited(error: RateLimited) -> Response:
    return JSONResponse(
        {"errors": [error.formatted]},
        status_code=HTTPStatus.TOO_MANY_REQUESTS,
        headers={"Retry-After": str(error.retry_after)},
    )
