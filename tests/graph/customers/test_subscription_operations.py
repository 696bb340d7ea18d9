"""What a billing back end and support send, as they wrote it."""

from __future__ import annotations

import pytest_asyncio

from tests.graph.client import Client, Clock
from tests.graph.operations import DOCUMENTS, operation


@pytest_asyncio.fixture
async def starter(acme: Client) -> Client:
    """The shop, whose customer "acme" is on the plan "starter"."""
    await acme.do("subscribe", customer="acme", plan="starter")
    return acme


async def limit(client: Client, feature: str) -> str:
    """How much of a feature acme has."""
    document = 'query Limit($f: String!) { access(customer: "acme", feature: $f) { usage { limit } } }'
    return str((await client.ask(document, f=feature))["access"]["usage"]["limit"])


@operation("Upgrade")
async def test_a_customer_pays_for_more_and_has_it_at_once(
    starter: Client, clock: Clock, document: str
) -> None:
    clock.forward(days=3)

    first = (await starter.ask(document, c="acme"))["changePlan"]
    second = (await starter.ask(document, c="acme"))["changePlan"]

    assert first == {
        "subscription": {
            "plan": {"key": "pro"},
            "currentPeriod": {"start": "2026-11-18T12:00:00Z", "end": "2026-12-18T12:00:00Z"},
            "scheduledChange": None,
        },
        "replayed": False,
        "userErrors": [],
    }
    assert second == {**first, "replayed": True}
    assert await limit(starter, "seats") == "50"


@operation("Bonus")
async def test_support_gives_tokens_on_top_until_an_instant(
    starter: Client, clock: Clock, document: str
) -> None:
    answer = (await starter.ask(document, c="acme"))["setCustomEntitlement"]

    assert answer["userErrors"] == []
    assert answer["customEntitlement"]["id"]
    assert await limit(starter, "tokens") == "20000"
    clock.forward(days=60)
    assert await limit(starter, "tokens") == "10000"


@operation("TakeBack")
async def test_support_takes_back_what_it_gave(starter: Client, document: str) -> None:
    await starter.ask(DOCUMENTS["Bonus"], c="acme")

    answer = (await starter.ask(document, c="acme"))["removeCustomEntitlement"]

    assert answer == {"customer": {"customEntitlements": []}, "userErrors": []}
    assert await limit(starter, "tokens") == "10000"


@operation("Cancel")
async def test_a_customer_who_cancels_keeps_what_they_have_until_the_period_ends(
    starter: Client, clock: Clock, document: str
) -> None:
    answer = (await starter.ask(document, c="acme"))["cancelSubscription"]

    assert answer == {
        "subscription": {"endsAt": "2026-12-15T12:00:00Z", "status": "ACTIVE"},
        "userErrors": [],
    }
    question = '{ access(customer: "acme", feature: "community-support") { reason } }'
    assert (await starter.ask(question))["access"] == {"reason": "GRANTED"}
    clock.forward(days=30)
    assert (await starter.ask(question))["access"] == {"reason": "NO_ACTIVE_SUBSCRIPTION"}


@operation("Undo")
async def test_a_customer_thinks_better_of_cancelling(starter: Client, document: str) -> None:
    await starter.ask(DOCUMENTS["Cancel"], c="acme")

    answer = (await starter.ask(document, c="acme"))["resumeSubscription"]

    assert answer == {"subscription": {"endsAt": None, "scheduledChange": None}, "userErrors": []}


@operation("AddSeats")
async def test_a_customer_buys_seats_on_top(starter: Client, document: str) -> None:
    await starter.ask(DOCUMENTS["Addon"])

    answer = (await starter.ask(document, c="acme"))["setSubscriptionAddon"]

    assert answer == {
        "subscription": {"addons": [{"addon": {"key": "extra-seats"}, "quantity": 3}]},
        "userErrors": [],
    }
    assert await limit(starter, "seats") == "18"
