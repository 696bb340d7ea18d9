"""What a back end sends of usage, one by one, in batches and held, as it wrote it."""

from __future__ import annotations

import pytest_asyncio

from tests.graph.client import Client, Clock
from tests.graph.operations import DOCUMENTS, operation


@pytest_asyncio.fixture
async def starter(acme: Client) -> Client:
    """The shop, whose customer "acme" is on the plan "starter"."""
    await acme.do("subscribe", customer="acme", plan="starter")
    return acme


@operation("SetSeats")
async def test_a_back_end_says_how_many_seats_there_are(starter: Client, document: str) -> None:
    await starter.do("reportUsage", customer="acme", feature="seats", value=2)

    first = (await starter.ask(document, c="acme"))["reportUsage"]
    second = (await starter.ask(document, c="acme"))["reportUsage"]

    denied = {"allowed": False, "reason": "LIMIT_EXCEEDED"}
    assert first == {"recorded": "10", "access": denied, "userErrors": []}
    assert second == {**first, "recorded": "0"}


@operation("Batch")
async def test_each_report_of_a_batch_stands_or_falls_alone(starter: Client, document: str) -> None:
    reports = [
        {"customer": "acme", "feature": "tokens", "value": 5, "idempotencyKey": "call-1"},
        {"customer": "nobody", "feature": "tokens"},
        {"customer": "acme", "feature": "sso"},
        {"customer": "acme", "feature": "tokens", "value": "5.0", "idempotencyKey": "call-1"},
        {"customer": "acme", "feature": "tokens", "value": 6, "idempotencyKey": "call-1"},
        {"customer": "acme", "feature": "seats"},
    ]

    answers = (await starter.ask(document, r=reports))["reportUsageBatch"]

    told = [
        ("5", False, []),
        (None, False, [("NOT_FOUND", ["customer"])]),
        (None, False, [("TYPE_MISMATCH", ["feature"])]),
        ("5", True, []),
        (None, False, [("IDEMPOTENCY_CONFLICT", ["idempotencyKey"])]),
        ("1", False, []),
    ]
    assert answers == [
        {
            "recorded": recorded,
            "replayed": replayed,
            "userErrors": [{"code": code, "path": path} for code, path in problems],
        }
        for recorded, replayed, problems in told
    ]


@operation("Reserve")
async def test_a_back_end_holds_tokens_before_it_knows_how_many_it_needs(
    starter: Client, clock: Clock, document: str
) -> None:
    first = (await starter.ask(document, c="acme", k="call-1"))["reserve"]
    clock.forward(minutes=1)
    second = (await starter.ask(document, c="acme", k="call-1"))["reserve"]

    assert first["reservation"].pop("id") == second["reservation"].pop("id")
    assert first == {
        "reservation": {"key": "call-1", "status": "HELD", "expiresAt": "2026-11-15T12:10:00.000001Z"},
        "access": {"allowed": True, "reason": "WITHIN_LIMIT"},
        "replayed": False,
        "userErrors": [],
    }
    assert second == {**first, "replayed": True}


@operation("Settle")
async def test_what_a_call_did_not_need_of_its_hold_is_left(starter: Client, document: str) -> None:
    await starter.ask(DOCUMENTS["Reserve"], c="acme", k="call-1")

    settled = (await starter.ask(document, c="acme", k="call-1"))["settleReservation"]

    assert settled == {
        "reservation": {"status": "SETTLED", "settledQuantity": "2817"},
        "access": {"usage": {"used": "2817", "remaining": "7183"}},
        "userErrors": [],
    }


@operation("WhatIsHeld")
async def test_support_sees_what_is_held_the_newest_first(
    starter: Client, clock: Clock, document: str
) -> None:
    await starter.ask(DOCUMENTS["Reserve"], c="acme", k="call-1")
    clock.forward(minutes=1)
    await starter.do("reserve", customer="acme", feature="seats", quantity="1.5", key="call-2")

    held = (await starter.ask(document, c="acme"))["customer"]["reservations"]["nodes"]

    assert held == [
        {
            "key": "call-2",
            "feature": {"key": "seats"},
            "quantity": "1.5",
            "createdAt": "2026-11-15T12:01:00Z",
            "expiresAt": "2026-11-15T13:01:00Z",
        },
        {
            "key": "call-1",
            "feature": {"key": "tokens"},
            "quantity": "4000",
            "createdAt": "2026-11-15T12:00:00.000001Z",
            "expiresAt": "2026-11-15T12:10:00.000001Z",
        },
    ]
