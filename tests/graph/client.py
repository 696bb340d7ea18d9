"""Clients of the real application, each with an API key, and the clock that they all live by."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import httpx

USER_ERRORS = "userErrors { code message path }"

INPUTS = {
    "archiveCustomer": "CustomerKeyInput",
    "convertTrial": "SubscriptionRefInput",
    "discardDraft": "PackageKeyInput",
    "releaseReservation": "ReservationKeyInput",
    "resumeSubscription": "SubscriptionRefInput",
}
"""The inputs that are not named after their acts."""

Json = Mapping[str, Any]


@dataclass
class Clock:
    """The real time, as the tests would have it."""

    now: datetime

    def __call__(self) -> datetime:
        """Give the time."""
        return self.now

    def forward(self, **span: float) -> datetime:
        """Let time pass, in the units of a timedelta; gives the new time."""
        self.now += timedelta(**span)
        return self.now


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Sends documents to ``/graphql`` with a key."""

    http: httpx.AsyncClient
    secret: str

    async def send(self, document: str, **variables: object) -> httpx.Response:
        """Send a document and give the answer as it comes."""
        headers = {"Authorization": f"Bearer {self.secret}", "Content-Type": "application/json"}
        # As ASCII, so that what is no text in UTF-8 can be sent too.
        body = json.dumps({"query": document, "variables": variables})
        return await self.http.post("/graphql", content=body, headers=headers)

    async def ask(self, document: str, **variables: object) -> Any:  # noqa: ANN401 - JSON
        """Give what a document that is fine answers."""
        answer = (await self.send(document, **variables)).raise_for_status().json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def error(self, document: str, **variables: object) -> Json:
        """Give the one error of a document that cannot be answered."""
        response = await self.send(document, **variables)
        (error,) = response.json()["errors"]
        assert error["extensions"]["code"] != "INTERNAL_SERVER_ERROR"
        assert response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
        return dict(error)

    async def try_to(self, field: str, shown: str = "__typename", **given: object) -> Json:
        """Give the payload of an act, refused or not."""
        input_type = INPUTS.get(field, f"{field[0].upper()}{field[1:]}Input")
        selection = f"{shown} revision {USER_ERRORS}"
        document = f"mutation Act($input: {input_type}!) {{ {field}(input: $input) {{ {selection} }} }}"
        payload: Json = (await self.ask(document, input=given))[field]
        return payload

    async def do(self, field: str, shown: str = "__typename", **given: object) -> Json:
        """Give the payload of an act that succeeds."""
        payload = await self.try_to(field, shown, **given)
        assert payload["userErrors"] == []
        assert payload["revision"] is not None
        return payload

    async def refused(self, field: str, **given: object) -> list[str]:
        """Give code and path of every problem of an act that is refused, and names no write."""
        payload = await self.try_to(field, "__typename", **given)
        assert payload["revision"] is None
        return shortened(payload["userErrors"])

    async def refusal(self, field: str, **given: object) -> Json:
        """Give the one problem of an act that is refused."""
        (problem,) = (await self.try_to(field, "__typename", **given))["userErrors"]
        return dict(problem)


def shortened(problems: Sequence[Json]) -> list[str]:
    """Give code and path of problems; each has a sentence for people."""
    assert all(problem["message"].endswith(".") for problem in problems)
    return [f"{problem['code']} {'.'.join(problem['path'])}".strip() for problem in problems]


Connect = Callable[..., Awaitable[Client]]
"""Makes a key, and its environment where it is missing, and a client that carries it."""

Stock = Callable[[Client], Awaitable[Client]]
"""Puts what the shop sells into a client's environment."""
