from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from tests.graph.client import Client

CROWD = 64


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
