from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.graph.client import Client, Clock

CASES = json.loads((Path(__file__).parents[1] / "rules/cases/periods.json").read_text(encoding="utf-8"))[
    "cases"
]

CROWD = 64


def _feature(case: dict[str, Any]) -> str:
    return f"{case['group']}-{case['interval']}-{case['interval_count']}".lower()


def _reset(case: dict[str, Any]) -> dict[str, Any]:
    anchor = "CALENDAR" if case["group"] == "calendar" else "SUBSCRIPTION_START"
    return {"every": case["interval"], "count": case["interval_count"], "anchor": anchor}


async def _sell_every_reset(client: Client) -> None:
    """Let one plan limit a feature for each reset of the cases."""
    await client.do("createProduct", key="app", name="App")
    await client.do("createPlan", key="all", name="All", product="app")
    for key, reset in {_feature(case): _reset(case) for case in CASES}.items():
        await client.do("createFeature", key=key, name=key, type="METERED")
        value = {"metered": {"limit": 1, "reset": reset}}
        await client.do("setEntitlement", package="all", key=key, value=value)
    await client.do("publishPackage", package="all")


async def _period(client: Client, case: dict[str, Any]) -> dict[str, str] | None:
    await client.do("upsertCustomer", key=case["id"], timezone=case["timezone"])
    await client.do("subscribe", customer=case["id"], plan="all", startAt=case["anchor"])
    access = (
        await client.ask(
            "query ($c: String!, $f: String!, $at: DateTime!) {"
            " access(customer: $c, feature: $f, at: $at) { usage { period { start end } } } }",
            c=case["id"],
            f=_feature(case),
            at=case["at"],
        )
    )["access"]
    return None if access["usage"] is None else dict(access["usage"]["period"])


async def test_the_known_periods_are_those_of_the_graph(client: Client, clock: Clock) -> None:
    # Before everything, so that the plan is published when the cases ask about it.
    clock.now = datetime(2019, 1, 1, tzinfo=UTC)
    await _sell_every_reset(client)
    clock.now = datetime(2040, 1, 1, tzinfo=UTC)

    told = {case["id"]: await _period(client, case) for case in CASES}

    # Nothing is in force before a subscription begins, and usage counts from its beginning at the earliest.
    assert told == {
        case["id"]: {
            "start": max(case["expected_period_start"], case["anchor"]),
            "end": case["expected_period_end"],
        }
        if case["anchor"] <= case["at"]
        else None
        for case in CASES
    }
    assert sum(period is not None for period in told.values()) > 70


async def test_of_many_who_subscribe_a_customer_at_once_one_does_and_the_others_are_told_why(
    acme: Client,
) -> None:
    plans = ["free", "starter"] * (CROWD // 2)

    answers = await asyncio.gather(
        *(acme.try_to("subscribe", "subscription { id }", customer="acme", plan=plan) for plan in plans)
    )

    told = Counter(tuple(error["code"] for error in answer["userErrors"]) for answer in answers)
    assert told == {(): 1, ("ALREADY_EXISTS",): CROWD - 1}
    assert all("changePlan" in error["message"] for answer in answers for error in answer["userErrors"])
    live = await acme.ask('{ customer(key: "acme") { subscriptions { id } } }')
    assert len(live["customer"]["subscriptions"]) == 1


@pytest.mark.parametrize("timing", ["NOW", "PERIOD_END"])
async def test_of_many_who_change_a_plan_at_once_each_has_done_so_or_is_told_why(
    acme: Client, timing: str
) -> None:
    await acme.do("subscribe", customer="acme", plan="free")
    changes = [
        {"customer": "acme", "plan": plan, "timing": timing} for plan in ("starter", "free") * (CROWD // 2)
    ]

    answers = await asyncio.gather(
        *(acme.try_to("changePlan", "subscription { id }", **change) for change in changes)
    )

    assert {error["code"] for answer in answers for error in answer["userErrors"]} <= {"NOT_ALLOWED"}
    assert len({a["subscription"]["id"] for a in answers if a["subscription"]}) == 1
    shown = await acme.ask(
        '{ customer(key: "acme") { subscriptions(includeEnded: true)'
        " { status plan { key } scheduledChange { plan { key } } } } }"
    )
    (subscription,) = shown["customer"]["subscriptions"]
    assert subscription["status"] == "ACTIVE"
    assert (subscription["scheduledChange"] is None) == (timing == "NOW")
