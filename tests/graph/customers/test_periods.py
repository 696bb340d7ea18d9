"""The cases of periods, asked as a back end asks: each is a customer whose subscription has that anchor."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from resolvers import catalog
from resolvers.context import Context
from rules.numbers import ONE
from rules.values import Metered, Reset, ResetAnchor, ResetInterval
from tests.graph.client import Client, Clock
from tests.rules.builders.small_shop import opened, plan, row, sold

TESTS = Path(__file__).parents[2]
CASES = json.loads((TESTS / "rules/cases/periods.json").read_text(encoding="utf-8"))["cases"]
REACHED = [case for case in CASES if case["anchor"] <= case["at"]]
"""Before its anchor nobody is subscribed: those periods are the rules' alone."""

COMING = sorted(REACHED, key=lambda case: str(case["at"]))

ANCHORS = {"anchored": ResetAnchor.SUBSCRIPTION_START, "calendar": ResetAnchor.CALENDAR}

Case = dict[str, Any]


def reset_of(case: Case) -> Reset:
    """How usage is reset in a case."""
    every = ResetInterval(case["interval"])
    return Reset(every=every, count=case["interval_count"], anchor=ANCHORS[case["group"]])


def plan_of(case: Case) -> str:
    """The plan with the reset of a case."""
    return f"{case['group']}-{case['interval_count']}-{case['interval']}".lower()


RESETS = {plan_of(case): reset_of(case) for case in REACHED}


@pytest.fixture
def clock() -> Clock:
    """A clock that stands at the first instant of all cases."""
    return Clock(datetime.fromisoformat(COMING[0]["at"]))


@pytest_asyncio.fixture
async def customers(client: Client, context: Context) -> Client:
    """A back end that has a customer for every case, in the zone of the case."""
    plans = [sold(plan(key), row("calls", Metered(limit=ONE, reset=reset))) for key, reset in RESETS.items()]
    await catalog.edit(context, lambda before, _: replace(opened(*plans), revision=before.revision))
    mutation = """mutation All($customers: [UpsertCustomerInput!]!) {
      upsertCustomers(customers: $customers) { userErrors { code } }
    }"""
    given = [{"key": case["id"], "timezone": case["timezone"]} for case in REACHED]
    answers = (await client.ask(mutation, customers=given))["upsertCustomers"]
    assert answers == [{"userErrors": []}] * len(REACHED)
    return client


async def subscribe(client: Client) -> None:
    """Subscribe everybody from the anchor of their case on."""
    mutation = """mutation All($subscriptions: [SubscribeInput!]!) {
      subscribeBatch(subscriptions: $subscriptions) { subscription { anchor timezone } userErrors { code } }
    }"""
    given = [{"customer": case["id"], "plan": plan_of(case), "startAt": case["anchor"]} for case in REACHED]
    answers = (await client.ask(mutation, subscriptions=given))["subscribeBatch"]
    assert answers == [
        {"subscription": {"anchor": case["anchor"], "timezone": case["timezone"]}, "userErrors": []}
        for case in REACHED
    ]


async def periods(client: Client, cases: Sequence[Case]) -> dict[str, tuple[str, str]]:
    """The period of each customer's usage at the instant of their case."""
    question = "query One($c: String!, $at: DateTime) {"
    question += ' access(customer: $c, feature: "calls", at: $at) { usage { period { start end } } } }'
    found = {}
    for case in cases:
        answer = await client.ask(question, c=case["id"], at=case["at"])
        period = answer["access"]["usage"]["period"]
        found[case["id"]] = (instant(period["start"]), instant(period["end"]))
    return found


def instant(text: str) -> str:
    """An instant as all are written alike."""
    return datetime.fromisoformat(text).isoformat()


def expected(case: Case) -> tuple[str, str]:
    """The period of a case; it cannot have begun before the subscription."""
    start = max(case["expected_period_start"], case["anchor"])
    return instant(start), instant(case["expected_period_end"])


async def test_every_case_is_answered_from_afar(customers: Client, clock: Clock) -> None:
    await subscribe(customers)
    wanted = {case["id"]: expected(case) for case in REACHED}

    assert await periods(customers, REACHED) == wanted
    clock.forward(days=10_000)
    assert await periods(customers, REACHED) == wanted


async def test_every_case_is_answered_when_the_clock_gets_there(customers: Client, clock: Clock) -> None:
    await subscribe(customers)

    for case in COMING:
        clock.now = datetime.fromisoformat(case["at"])
        assert await periods(customers, [{**case, "at": None}]) == {case["id"]: expected(case)}
