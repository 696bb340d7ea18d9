"""Subscriptions over time, as a billing back end lives it: trials, changes, cancellations, add-ons."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.graph.client import Client, Clock
from tests.graph.customers.lives import (
    BASIC,
    SUBSCRIPTION,
    TO_PRO,
    Said,
    access,
    does,
    limit,
    report,
    subscriptions,
)


@pytest.fixture
def clock() -> Clock:
    """A clock that stands at the end of a long month."""
    return Clock(datetime(2026, 1, 31, 8, tzinfo=UTC))


async def test_a_subscription_shows_all_that_follows_from_its_facts(desk: Client) -> None:
    addons = [{"addon": "pack"}, {"addon": "boost", "quantity": 2}]
    made = await does(desk, "subscribe", **BASIC, addons=addons, trialDays=7, afterTrial="EXPIRE")

    assert made == {
        "plan": {"key": "basic"},
        "version": {"number": 1},
        "price": {"key": "monthly"},
        "billingPeriod": "MONTHLY",
        "status": "IN_TRIAL",
        "startedAt": "2026-01-31T09:00:00Z",
        "anchor": "2026-01-31T09:00:00Z",
        "timezone": "Europe/Berlin",
        "trialEndsAt": "2026-02-07T09:00:00Z",
        "afterTrial": "EXPIRE",
        "endsAt": None,
        "currentPeriod": {"start": "2026-01-31T09:00:00Z", "end": "2026-02-07T09:00:00Z"},
        "addons": [
            {"addon": {"key": "boost"}, "version": {"number": 1}, "quantity": 2},
            {"addon": {"key": "pack"}, "version": {"number": 1}, "quantity": 1},
        ],
        "scheduledChange": None,
    }
    assert await subscriptions(desk) == [made]


async def test_a_trial_becomes_what_it_was_to_become(desk: Client, clock: Clock) -> None:
    await does(desk, "subscribe", **BASIC, trialDays=7)
    await does(desk, "subscribe", customer="acme", plan="chat", trialDays=7, afterTrial="EXPIRE")
    clock.forward(days=7, seconds=1)

    assert [known["status"] for known in await subscriptions(desk)] == ["ACTIVE"]
    paid, expired = await subscriptions(desk, ended=True)

    assert (paid["status"], paid["anchor"]) == ("ACTIVE", "2026-02-07T09:00:00Z")
    assert paid["currentPeriod"] == {"start": "2026-02-07T09:00:00Z", "end": "2026-03-07T09:00:00Z"}
    assert (expired["status"], expired["currentPeriod"]) == ("EXPIRED", None)


async def test_a_trial_is_converted_at_once(desk: Client, clock: Clock) -> None:
    await does(desk, "subscribe", **BASIC, trialDays=7)
    await report(desk, 5)
    clock.forward(days=2)

    paid = await does(desk, "convertTrial", customer="acme")

    assert (paid["status"], paid["trialEndsAt"]) == ("ACTIVE", "2026-02-02T09:00:00Z")
    assert paid["currentPeriod"] == {"start": "2026-02-02T09:00:00Z", "end": "2026-03-02T09:00:00Z"}
    assert (await access(desk))["usage"]["used"] == "0"
    assert await desk.refused("convertTrial", customer="acme") == ["NOT_ALLOWED customer"]


async def test_an_upgrade_holds_at_once_with_usage_at_zero_or_carried(desk: Client, clock: Clock) -> None:
    await does(desk, "subscribe", **BASIC)
    await report(desk, 5)
    clock.forward(days=2)

    carried = await does(desk, "changePlan", **TO_PRO, usage="CARRY")
    assert (carried["plan"], carried["anchor"]) == ({"key": "pro"}, "2026-01-31T09:00:00Z")
    assert (await access(desk))["usage"]["used"] == "5"
    clock.forward(days=1)
    reset = await does(desk, "changePlan", customer="acme", plan="pro", price="yearly")
    assert (reset["billingPeriod"], reset["anchor"]) == ("YEARLY", "2026-02-03T09:00:00Z")
    assert (await access(desk))["usage"]["used"] == "0"
    assert await limit(desk, at="2026-02-01T00:00:00Z") == "100"


async def test_a_downgrade_waits_for_the_end_of_the_period_and_the_31st_stays(
    desk: Client, clock: Clock
) -> None:
    await does(desk, "subscribe", **{**TO_PRO, "trialDays": 0})

    scheduled = await does(desk, "changePlan", **BASIC)
    assert scheduled["plan"] == {"key": "pro"}
    assert scheduled["scheduledChange"] == {
        "at": "2026-02-28T09:00:00Z",
        "plan": {"key": "basic"},
        "summary": "The plan changes to Basic.",
    }
    assert (await limit(desk), await limit(desk, at="2026-02-28T09:00:00Z")) == ("500", "100")
    clock.forward(days=30)
    (changed,) = await subscriptions(desk)
    assert (changed["plan"], changed["scheduledChange"]) == ({"key": "basic"}, None)
    # 10:00 in Berlin, where clocks go forward on 29 March.
    assert changed["currentPeriod"] == {"start": "2026-02-28T09:00:00Z", "end": "2026-03-31T08:00:00Z"}


async def test_a_trial_falls_back_to_a_free_plan(desk: Client, clock: Clock) -> None:
    await does(desk, "subscribe", **BASIC, trialDays=7, afterTrial="EXPIRE")
    await does(desk, "changePlan", customer="acme", plan="free")
    clock.forward(days=7)

    (free,) = await subscriptions(desk)

    assert (free["plan"], free["status"], free["anchor"]) == (
        {"key": "free"},
        "ACTIVE",
        "2026-02-07T09:00:00Z",
    )


@pytest.mark.parametrize(
    ("given", "ends"),
    [
        ({}, "2026-02-28T09:00:00Z"),
        ({"timing": "AUTO"}, "2026-02-28T09:00:00Z"),
        ({"at": "2026-05-05T05:05:05Z"}, "2026-05-05T05:05:05Z"),
        ({"timing": "NOW"}, "2026-02-01T09:00:00Z"),
    ],
)
async def test_a_cancellation_tells_when_it_takes_effect(
    desk: Client, clock: Clock, given: Said, ends: str
) -> None:
    await does(desk, "subscribe", **BASIC)
    clock.forward(days=1)

    canceled = await does(desk, "cancelSubscription", customer="acme", **given)

    at_once = given.get("timing") == "NOW"
    assert (canceled["endsAt"], canceled["status"]) == (ends, "CANCELED" if at_once else "ACTIVE")
    to_come = {"at": ends, "plan": None, "summary": "The subscription ends."}
    assert canceled["scheduledChange"] == (None if at_once else to_come)
    assert (await access(desk, at=ends))["reason"] == "NO_ACTIVE_SUBSCRIPTION"


async def test_what_is_scheduled_is_taken_back(desk: Client) -> None:
    await does(desk, "subscribe", **BASIC)
    await does(desk, "cancelSubscription", customer="acme")

    resumed = await does(desk, "resumeSubscription", customer="acme")

    assert (resumed["endsAt"], resumed["scheduledChange"]) == (None, None)
    assert await desk.refused("resumeSubscription", customer="acme") == ["NOT_ALLOWED customer"]


async def test_an_addon_is_bought_changed_and_taken_away(desk: Client, clock: Clock) -> None:
    await does(desk, "subscribe", **BASIC)
    limits = []
    for quantity in (1, 3, 0):
        clock.forward(days=1)
        bought = await does(desk, "setSubscriptionAddon", customer="acme", addon="boost", quantity=quantity)
        assert [known["quantity"] for known in bought["addons"]] == ([quantity] if quantity else [])
        limits.append(await limit(desk))

    assert limits == ["150", "250", "100"]
    assert [await limit(desk, at=f"2026-02-0{day}T09:00:00Z") for day in (1, 2, 3)] == limits


async def test_a_grandfathered_subscription_moves_to_a_version(desk: Client, clock: Clock) -> None:
    await does(desk, "subscribe", customer="acme", plan="free")
    clock.forward(days=1)
    value = {"metered": {"limit": 11}}
    await desk.do("setEntitlement", package="free", key="calls", value=value)
    await desk.do("publishPackage", package="free", applyTo="NEW_CUSTOMERS")
    assert await limit(desk) == "10"

    moved = await does(desk, "migrateSubscription", customer="acme")

    assert (moved["version"], await limit(desk)) == ({"number": 2}, "11")
    back = await does(desk, "migrateSubscription", customer="acme", version=1)
    assert (back["version"], await limit(desk)) == ({"number": 1}, "10")
    assert await desk.refused("migrateSubscription", customer="acme", version=3) == ["NOT_FOUND version"]


async def test_changes_under_one_idempotency_key_are_done_once(desk: Client, clock: Clock) -> None:
    await does(desk, "subscribe", **BASIC)
    first = await desk.do("changePlan", SUBSCRIPTION, **TO_PRO, idempotencyKey="k")
    clock.forward(days=1)
    await does(desk, "changePlan", customer="acme", plan="team", timing="NOW")

    again = await desk.do("changePlan", SUBSCRIPTION, **TO_PRO, idempotencyKey="k")

    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again["subscription"]["plan"] == {"key": "team"}
    assert await desk.refused("changePlan", **{**TO_PRO, "price": "yearly"}, idempotencyKey="k") == [
        "IDEMPOTENCY_CONFLICT idempotencyKey"
    ]


@pytest.mark.parametrize(
    ("field", "given", "refusals"),
    [
        ("changePlan", {"plan": "basic", "price": "monthly"}, ["NOT_ALLOWED plan"]),
        ("changePlan", {"plan": "chat"}, ["INVALID plan"]),
        ("changePlan", {"plan": "none"}, ["NOT_FOUND plan"]),
        ("cancelSubscription", {"at": "2026-01-31T08:00:00Z"}, ["OUT_OF_RANGE at"]),
        ("cancelSubscription", {"product": "desk"}, ["NOT_FOUND product"]),
        ("resumeSubscription", {}, ["NOT_ALLOWED customer"]),
        ("convertTrial", {}, ["NOT_ALLOWED customer"]),
        ("setSubscriptionAddon", {"addon": "boost", "quantity": 4}, ["OUT_OF_RANGE quantity"]),
        ("setSubscriptionAddon", {"addon": "bots", "quantity": 1}, ["NOT_FOUND customer"]),
        ("setCustomEntitlement", {"feature": "calls"}, ["REQUIRED value"]),
        ("removeCustomEntitlement", {"feature": "calls"}, ["NOT_FOUND feature"]),
        ("subscribe", {"plan": "free"}, ["ALREADY_EXISTS plan"]),
    ],
)
async def test_what_cannot_be_done_is_refused_and_changes_nothing(
    desk: Client, field: str, given: Said, refusals: list[str]
) -> None:
    await does(desk, "subscribe", **BASIC)
    before = await subscriptions(desk, ended=True), await access(desk)

    assert await desk.refused(field, customer="acme", **given) == refusals
    assert (await subscriptions(desk, ended=True), await access(desk)) == before


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("convertTrial", {}),
        ("changePlan", {"plan": "pro", "price": "monthly", "timing": "NOW", "usage": "CARRY"}),
        ("changePlan", {"plan": "free", "timing": "PERIOD_END"}),
        ("migrateSubscription", {}),
        ("setSubscriptionAddon", {"addon": "boost", "quantity": 2}),
        ("cancelSubscription", {"timing": "NOW"}),
    ],
)
@pytest.mark.parametrize("days", [10, 17])
async def test_an_act_at_the_very_instant_at_which_something_begins_is_kept(
    desk: Client, clock: Clock, field: str, given: Said, days: int
) -> None:
    await does(
        desk,
        "subscribe",
        **BASIC,
        startAt="2026-02-10T09:00:00Z",
        trialDays=7,
        addons=[{"addon": "boost"}],
    )
    clock.forward(days=days)

    payload = await desk.try_to(field, SUBSCRIPTION, customer="acme", **given)

    if field == "convertTrial" and days == 17:
        assert payload["userErrors"][0]["code"] == "NOT_ALLOWED"
    else:
        assert payload["userErrors"] == []
        assert await subscriptions(desk, ended=True) == [payload["subscription"]]
        clock.forward(days=60)
        assert (await subscriptions(desk, ended=True))[0]["status"] in {"ACTIVE", "CANCELED"}
