"""The parameters of a request, read from its body or its URL, and refused if they cannot be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from server.errors import RequestCode, refuse
from server.execution.trusted_documents import plain

_CODE = RequestCode.BAD_USER_INPUT
_STATUS = HTTPStatus.BAD_REQUEST


def _refuse_constant(name: str) -> NoReturn:
    message = f"JSON knows no {name}"
    raise ValueError(message)


_JSON = json.JSONDecoder(parse_constant=_refuse_constant)


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQLRequest:
    """A document, or the name of a persisted one, and its variables and operation."""

    document: str | None
    document_id: str | None
    """The identifier of a persisted document, usually the SHA-256 of its text."""
    registers: bool
    """Whether to persist the document under that identifier, as Apollo's clients request."""
    operation: str | None
    variables: Mapping[str, Any]


def from_body(body: bytes) -> GraphQLRequest:
    """Read a JSON body; raises Refused."""
    try:
        parameters = _JSON.decode(body.decode())
    except (ValueError, RecursionError):
        raise refuse(_CODE, "The body must be a JSON object in UTF-8.", _STATUS) from None
    if not isinstance(parameters, dict):
        raise refuse(_CODE, "The body must be a JSON object.", _STATUS)
    return read_parameters(parameters)


def from_address(query: bytes) -> GraphQLRequest:
    """Read the query string of a URL, with variables and extensions in JSON; raises Refused."""
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20)
        parameters: dict[str, Any] = dict(pairs)
        for name in ("variables", "extensions"):
            if name in parameters:
                parameters[name] = _JSON.decode(parameters[name] or "null")
    except (ValueError, RecursionError):
        message = "The address must be URL-encoded UTF-8, with variables and extensions in JSON."
        raise refuse(_CODE, message, _STATUS) from None
    return read_parameters(parameters)


def read_parameters(parameters: Mapping[str, object]) -> GraphQLRequest:
    """Read the parameters of a request; raises Refused."""
    document = _optional(parameters, "query", str)
    extensions = _optional(parameters, "extensions", dict) or {}
    apollo = _optional(extensions, "persistedQuery", dict)
    named = _optional(parameters, "documentId", str)
    if apollo is not None:
        named = _optional(apollo, "sha256Hash", str)
    if document is None and named is None:
        raise refuse(_CODE, "Send a document as 'query', or 'documentId' for one that is persisted.", _STATUS)
    return GraphQLRequest(
        document=document,
        document_id=None if named is None else plain(named),
        registers=apollo is not None and document is not None,
        operation=_optional(parameters, "operationName", str) or None,
        variables=_optional(parameters, "variables", dict) or {},
    )


def _optional(parameters: Mapping[str, object], name: str, kind: type[Any]) -> Any:  # noqa: ANN401 - of that kind
    value = parameters.get(name)
    if value is not None and not isinstance(value, kind):
        raise refuse(
            _CODE, f"'{name}' must be {'a string' if kind is str else 'an object'} or null.", _STATUS
        )
    return value
