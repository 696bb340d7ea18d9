"""Trips through the code: the functions that run for a request, in the order of their first call."""

from __future__ import annotations

import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import httpx

from tests.project.repository import ROOMS, ROOT

Trip = Callable[[httpx.AsyncClient], Awaitable[None]]


async def ask(client: httpx.AsyncClient, document: str) -> None:
    """Send a document, which must succeed."""
    answer = (await client.post("/graphql", json={"query": document})).raise_for_status().json()
    assert "errors" not in answer
    assert all(not field["userErrors"] for field in answer["data"].values() if "userErrors" in field)


async def check(client: httpx.AsyncClient) -> None:
    """Ask whether a customer may use a feature."""
    await ask(client, '{ access(customer: "meridian", feature: "api-calls") { allowed reason } }')


async def consume(client: httpx.AsyncClient) -> None:
    """Use a feature."""
    await ask(
        client,
        """mutation {
          consume(input: {customer: "meridian", feature: "api-calls"}) { consumed userErrors { code } }
        }""",
    )


async def publish(client: httpx.AsyncClient) -> None:
    """Edit a plan and publish it."""
    await ask(
        client,
        """mutation {
          setEntitlement(
            input: {package: "pro", key: "seats", value: {metered: {limit: "60", reset: {every: NEVER}}}}
          ) { userErrors { code } }
          publishPackage(input: {package: "pro"}) { userErrors { code } }
        }""",
    )


async def grant(client: httpx.AsyncClient) -> None:
    """Grant credits."""
    await ask(
        client,
        """mutation {
          grantCredits(
            input: {customer: "meridian", creditType: "ai-credits", amount: "5", source: PROMOTIONAL}
          ) { balance { available } userErrors { code } }
        }""",
    )


async def pricing_page(client: httpx.AsyncClient) -> None:
    """Look at the pricing page."""
    (await client.get("/pricing/app")).raise_for_status()


TRIPS: dict[str, Trip] = {
    "A check": check,
    "A consume": consume,
    "A publish": publish,
    "A grant": grant,
    "A pricing page": pricing_page,
}


class Recorder:
    """Notes the functions of the product that are called while it is on, each once, as ``file:function``."""

    def __init__(self) -> None:
        self.called: dict[str, None] = {}
        self._is_on = False

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        """Note a call: this is what Python calls."""
        file = frame.f_code.co_filename
        if self._is_on and event == "call" and file.startswith(f"{ROOT}/"):
            path = file.removeprefix(f"{ROOT}/")
            if path.startswith(ROOMS):
                self.called.setdefault(f"{path}:{frame.f_code.co_qualname}")

    @contextmanager
    def on(self) -> Iterator[None]:
        """Note what is called from here on."""
        self.called.clear()
        self._is_on = True
        try:
            yield
        finally:
            self._is_on = False


@contextmanager
def recorder() -> Iterator[Recorder]:
    """Give a recorder that sees this thread, and those that are started while it is there."""
    recorder = Recorder()
    threading.setprofile(recorder)
    sys.setprofile(recorder)
    try:
        yield recorder
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
