"""Headers and bodies of requests; a body is read no further than its limit."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from server.errors import Refused, RequestCode, refuse


def headers_of(scope: Scope) -> Mapping[str, str]:
    """Return headers by their names in lower case; repeated ones are joined by commas, as HTTP says."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        known, text = name.decode("latin-1"), value.decode("latin-1")
        headers[known] = f"{headers[known]}, {text}" if known in headers else text
    return headers


IDENTITY = "identity"


AS_IT_IS = {"Accept-Encoding": IDENTITY}
"""Says which codings bodies may have: none. Unpacking what strangers send would need limits."""


async def read(receive: Receive, headers: Mapping[str, str], most_bytes: int) -> bytes:
    """Read a body that is not compressed.

    Raises Refused where it is compressed or too long, and ClientDisconnect where the client leaves before its
    end.
    """
    if is_coded(headers):
        raise _refuse_coding()
    if int(_declared_length(headers)) > most_bytes:
        raise _too_long(most_bytes)
    chunks: list[bytes] = []
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        length += len(chunk)
        if length > most_bytes:
            raise _too_long(most_bytes)
        chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks)


def is_coded(headers: Mapping[str, str]) -> bool:
    """Return whether a body is compressed, or encoded otherwise."""
    codings = (coding.strip().lower() for coding in headers.get("content-encoding", "").split(","))
    return not {*codings} <= {"", IDENTITY}


def _refuse_coding() -> Refused:
    return refuse(
        RequestCode.BAD_USER_INPUT,
        "Send the body as it is, without 'Content-Encoding'.",
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        headers=AS_IT_IS,
    )


def _declared_length(headers: Mapping[str, str]) -> str:
    declared = headers.get("content-length", "0")
    return declared if declared.isascii() and declared.isdigit() else "0"


def _too_long(most_bytes: int) -> Refused:
    message = f"The body may have at most {most_bytes:,} bytes."
    return refuse(RequestCode.PAYLOAD_TOO_LARGE, message, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
