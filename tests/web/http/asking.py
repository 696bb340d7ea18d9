"""Requests to the real application as they come over HTTP, well formed or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

GRAPHQL_RESPONSE = "application/graphql-response+json"


@dataclass(frozen=True)
class Asker:
    """Somebody with a key, or without."""

    http: httpx.AsyncClient
    headers: Mapping[str, str]

    async def post(self, body: object, **headers: str) -> httpx.Response:
        """Send a body, as it is where it is bytes and as JSON otherwise."""
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        given = {"Content-Type": "application/json", **_named(headers)}
        request: dict[str, Any] = {**content, "headers": {**self.headers, **given}}
        return await self.http.post("/graphql", **request)

    async def get(self, query: str = "", **headers: str) -> httpx.Response:
        """Ask by an address with such a query string."""
        return await self.http.get(f"/graphql?{query}", headers={**self.headers, **_named(headers)})


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def codes(answer: httpx.Response) -> Sequence[str]:
    """Give the codes of all errors of an answer; each error has a sentence too."""
    errors = answer.json().get("errors", [])
    assert all(error["message"] for error in errors)
    return [error["extensions"]["code"] for error in errors]


Ask = Callable[..., Asker]
"""Serves the real application with the settings that are given, to somebody with a key."""
