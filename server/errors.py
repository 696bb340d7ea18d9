"""Errors of a request: a code to branch on, a sentence for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from http import HTTPStatus

import structlog
from graphql import GraphQLError, ValueNode
from strawberry.exceptions import StrawberryInputCoercionError

from server.config.logs import current_request_id
from server.input_errors import in_graphql_words

_log = structlog.get_logger(__name__)

Formatted = Mapping[str, object]


class RequestCode(StrEnum):
    """What is wrong with a request; clients may rely on these codes."""

    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    OPERATION_RESOLUTION_FAILURE = "OPERATION_RESOLUTION_FAILURE"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    RATE_LIMITED = "RATE_LIMITED"
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    TIMEOUT = "TIMEOUT"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"


class Refused(Exception):  # noqa: N818 - it says what happened to the request
    """A request that is not executed, and why.

    ``status`` None means a well-formed request whose document or variables cannot be executed: its HTTP
    status depends on the media type of the answer.
    """

    def __init__(
        self,
        errors: Iterable[Formatted],
        *,
        status: HTTPStatus | None = None,
        headers: Mapping[str, str] | None = None,
        extensions: Formatted | None = None,
    ) -> None:
        super().__init__()
        self.errors = tuple(errors)
        self.status = status
        self.headers = headers or {}
        self.extensions = extensions


def refuse(
    code: RequestCode,
    message: str,
    status: HTTPStatus | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    extensions: Formatted | None = None,
    details: Formatted | None = None,
) -> Refused:
    """Return a refusal with one error, for the caller to raise; ``details`` are further extensions."""
    error = {"message": message, "extensions": {"code": code.value, **(details or {})}}
    return Refused([error], status=status, headers=headers, extensions=extensions)


def with_code(error: GraphQLError, code: RequestCode) -> Formatted:
    """Format an error with its code."""
    return {**error.formatted, "extensions": {"code": code.value}}


def format_error(error: GraphQLError) -> Formatted:
    """Format an error of execution; log and mask it unless it is the caller's mistake."""
    if error.extensions and "code" in error.extensions:
        return error.formatted
    if _is_about_an_argument(error):
        told = with_code(error, RequestCode.BAD_USER_INPUT)
        return {**told, "message": in_graphql_words(error.message)}
    _log.error("a field failed", path=error.path, exc_info=error.original_error or error)
    masked = GraphQLError(OUR_FAULT, nodes=error.nodes, path=error.path)
    return {**masked.formatted, "extensions": internal()}


OUR_FAULT = "Something went wrong on our side."


def internal() -> Formatted:
    """Return the extensions of an internal error, with the request id under which the log has its cause."""
    return {"code": RequestCode.INTERNAL_SERVER_ERROR.value, "requestId": current_request_id()}


def _is_about_an_argument(error: GraphQLError) -> bool:
    # The executor names the node in the document that holds the value; resolvers and scalars that fail
    # have no such node, and resolvers that refuse an argument set a code.
    cause = error.original_error
    if isinstance(cause, StrawberryInputCoercionError):
        return True
    if cause is None:
        # An error of a directive at the root, where no field has begun.
        return isinstance(next(iter(error.nodes or ()), None), ValueNode)
    return isinstance(cause, GraphQLError) and cause.original_error is None and bool(cause.nodes)
