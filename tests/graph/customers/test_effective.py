"""What customers have, from where, and at which instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.graph.client import Client, Clock
from tests.graph.customers.lives import BASIC, TO_PRO, Said, access, does, report, subscriptions


@pytest.fixture
def clock() -> Clock:
    """A clock that stands at the end of a long month."""
    return Clock(datetime(2026, 1, 31, 8, tzinfo=UTC))


async def test_every_source_is_listed_and_those_that_decided_are_marked(desk: Client) -> None:
    await does(desk, "subscribe", **BASIC, addons=[{"addon": "boost", "quantity": 2}])
    value = {"metered": {"limit": 7, "reset": {"every": "DAY"}}}
    for mode in ("GRANT", "OVERRIDE"):
        await desk.do(
            "setCustomEntitlement", customer="acme", feature="calls", mode=mode, value=value, note=mode
        )

    answer = await access(desk)

    subscription = {"plan": {"key": "basic"}, "version": {"number": 1}}
    packages = [("PLAN", 1, "basic", "100"), ("ADDON", 2, "boost", "50")]
    assert answer["sources"] == [
        {
            "kind": kind,
            "quantity": quantity,
            "winning": False,
            "package": {"key": package},
            "subscription": subscription,
            "entitlement": {"displayText": f"Calls: {units} per billing period"},
            "customEntitlement": None,
            "value": {"metered": {"limit": units}},
        }
        for kind, quantity, package, units in packages
    ] + [
        {
            "kind": f"CUSTOM_{mode}",
            "quantity": 1,
            "winning": mode == "OVERRIDE",
            "package": None,
            "subscription": None,
            "entitlement": None,
            "customEntitlement": {"mode": mode, "note": mode},
            "value": {"metered": {"limit": "7"}},
        }
        for mode in ("GRANT", "OVERRIDE")
    ]
    assert (answer["usage"]["limit"], answer["validUntil"]) == ("7", "2026-02-01T09:00:00Z")


async def test_custom_entitlements_are_listed_while_they_stand_and_after(desk: Client, clock: Clock) -> None:
    given = {"customer": "acme", "feature": "calls", "value": {"metered": {"unlimited": True}}}
    shown = (
        "customEntitlement { feature { key } mode note startsAt expiresAt value { metered { unlimited } } }"
    )
    made = await desk.do(
        "setCustomEntitlement",
        shown,
        **given,
        startsAt="2026-02-01T00:00:00Z",
        expiresAt="2026-02-02T00:00:00Z",
    )
    revoked: Said = {"customer": "acme", "feature": "sso", "mode": "REVOKE"}
    await desk.do("setCustomEntitlement", **revoked)
    document = """query All($e: Boolean) {
      customer(key: "acme") { customEntitlements(includeExpired: $e) { feature { key } } }
    }"""

    async def listed(*, expired: bool = False) -> list[str]:
        found = (await desk.ask(document, e=expired))["customer"]["customEntitlements"]
        return [known["feature"]["key"] for known in found]

    assert made["customEntitlement"] == {
        "feature": {"key": "calls"},
        "mode": "GRANT",
        "note": None,
        "startsAt": "2026-02-01T00:00:00Z",
        "expiresAt": "2026-02-02T00:00:00Z",
        "value": {"metered": {"unlimited": True}},
    }
    assert await listed() == ["calls", "sso"]
    assert (await access(desk, "sso"))["reason"] == "REVOKED"
    clock.forward(days=2)
    await desk.do("removeCustomEntitlement", **revoked)
    assert (await listed(), await listed(expired=True)) == ([], ["calls", "sso"])
    assert await desk.refused("removeCustomEntitlement", **revoked) == ["NOT_FOUND feature"]


async def test_another_instant_is_asked_about_by_what_had_happened_by_then(
    desk: Client, clock: Clock
) -> None:
    await does(desk, "subscribe", **BASIC)
    clock.forward(days=5)
    await report(desk, 3)
    await report(desk, 4, at="2026-02-02T00:00:00Z")
    used = {}
    for at in ("2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z", "2026-02-05T09:00:01Z", None):
        answer = await access(desk, at=at)
        used[answer["evaluatedAt"]] = answer["usage"]["used"]

    assert list(used.values()) == ["0", "4", "7", "7"]
    assert (await access(desk, at="2026-01-31T08:59:59Z"))["reason"] == "NO_ACTIVE_SUBSCRIPTION"
    assert (await access(desk, at="2026-02-28T09:00:00Z"))["usage"]["used"] == "0"


async def test_at_equal_to_the_clock_reads_as_no_at(desk: Client) -> None:
    await does(desk, "subscribe", **BASIC)
    await report(desk, 3)

    assert await access(desk, at="2026-01-31T09:00:00Z") == await access(desk)


async def test_a_change_of_time_zone_holds_from_the_next_anchor_on(desk: Client, clock: Clock) -> None:
    await does(desk, "subscribe", **BASIC)
    await desk.do("upsertCustomer", key="acme", timezone="Asia/Tokyo")
    clock.forward(days=2)

    (before,) = await subscriptions(desk)
    assert before["timezone"] == "Europe/Berlin"
    assert (await access(desk, "exports"))["usage"]["period"]["start"] == "2026-01-31T23:00:00Z"
    assert (await does(desk, "changePlan", **TO_PRO))["timezone"] == "Asia/Tokyo"
    assert (await access(desk, "exports"))["usage"]["period"]["end"] == "2026-02-28T15:00:00Z"


async def test_archiving_ends_every_subscription_and_an_upsert_brings_back_without(
    desk: Client, clock: Clock
) -> None:
    await does(desk, "subscribe", **BASIC)
    await does(desk, "subscribe", customer="acme", plan="chat", startAt="2026-03-01T00:00:00Z")
    clock.forward(days=2)

    await desk.do("archiveCustomer", customer="acme")
    assert (await access(desk))["reason"] == "CUSTOMER_ARCHIVED"
    assert [s["status"] for s in await subscriptions(desk, ended=True)] == ["CANCELED"] * 2
    await desk.do("upsertCustomer", key="acme")
    assert await subscriptions(desk) == []
    assert (await access(desk))["reason"] == "NO_ACTIVE_SUBSCRIPTION"


async def test_a_back_end_may_ask_about_any_instant_in_a_life(desk: Client, clock: Clock) -> None:
    await does(desk, "subscribe", **BASIC, trialDays=7)
    at = {day: (clock.now + timedelta(days=day)).isoformat() for day in (1, 7, 30, 60)}
    said = {day: (await access(desk, at=instant))["usage"] for day, instant in at.items()}
    for day, instant in at.items():
        clock.now = datetime.fromisoformat(instant)
        assert (await access(desk))["usage"] == said[day]
    assert {day: (await access(desk, at=instant))["usage"] for day, instant in at.items()} == said
