"""Reservations over HTTP: held, settled, released, expired, and read a page at a time."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from tests.graph.client import Client, Clock, Connect, Json, Stock

HOLD = """reservation { id key status quantity settledQuantity createdAt expiresAt
    customer { key } feature { key } }
  replayed access { allowed reason validUntil usage { used reserved remaining } }"""
PAGE = """query Page($first: Int, $after: String, $status: ReservationStatus) {
  customer(key: "acme") {
    reservations(first: $first, after: $after, status: $status) {
      nodes { key status } totalCount pageInfo { hasNextPage hasPreviousPage endCursor }
    }
  }
}"""
HELD_NOW = '{ customer(key: "acme") { reservations { nodes { key status } totalCount } } }'
ASK = """query Ask($at: DateTime) {
  access(customer: "acme", feature: "seats", at: $at) { validUntil usage { used reserved remaining } }
}"""


@pytest_asyncio.fixture
async def free(acme: Client) -> Client:
    """A back end whose customer is on the free plan since now: 100 calls a month, 3 seats."""
    await acme.do("subscribe", customer="acme", plan="free")
    return acme


async def reserve(client: Client, quantity: object = 1, key: str = "hold", **more: object) -> Json:
    """Hold seats, be it allowed or not."""
    given = {"customer": "acme", "feature": "seats", "quantity": quantity, "key": key, **more}
    answer = await client.try_to("reserve", HOLD, **given)
    assert answer["userErrors"] == []
    return answer


async def settle(client: Client, key: str = "hold", **more: object) -> Json:
    """Settle a hold."""
    answer = await client.try_to("settleReservation", HOLD, customer="acme", key=key, **more)
    assert answer["userErrors"] == []
    return answer


async def release(client: Client, key: str = "hold") -> Json:
    """Let go of a hold."""
    answer = await client.try_to("releaseReservation", HOLD, customer="acme", key=key)
    assert answer["userErrors"] == []
    return answer


async def usage(client: Client, at: str | None = None) -> tuple[str, str, str]:
    """What is used, reserved and left of the seats."""
    shown = (await client.ask(ASK, at=at))["access"]["usage"]
    return shown["used"], shown["reserved"], shown["remaining"]


async def test_a_hold_is_answered_with_the_state_after_it(free: Client) -> None:
    answer = await reserve(free, 2, ttlSeconds=60)

    assert answer["reservation"].pop("id")
    assert answer["reservation"] == {
        "key": "hold",
        "status": "HELD",
        "quantity": "2",
        "settledQuantity": None,
        "createdAt": "2026-11-15T12:00:00.000001Z",
        "expiresAt": "2026-11-15T12:01:00.000001Z",
        "customer": {"key": "acme"},
        "feature": {"key": "seats"},
    }
    assert answer["access"] == {
        "allowed": True,
        "reason": "WITHIN_LIMIT",
        "validUntil": "2026-11-15T12:01:00.000001Z",
        "usage": {"used": "0", "reserved": "2", "remaining": "1"},
    }


async def test_what_is_not_allowed_is_not_held(free: Client) -> None:
    answer = await reserve(free, 4)

    assert (answer["reservation"], answer["revision"]) == (None, None)
    assert (answer["access"]["allowed"], answer["access"]["reason"]) == (False, "LIMIT_EXCEEDED")
    assert await usage(free) == ("0", "0", "3")


async def test_what_is_held_is_not_there_to_be_consumed(free: Client) -> None:
    await reserve(free, 2)

    answer = await free.try_to("consume", "consumed", customer="acme", feature="seats", quantity=2)

    assert not answer["consumed"]


async def test_the_same_key_and_input_is_the_same_hold(free: Client, clock: Clock) -> None:
    first = await reserve(free, 2)
    clock.forward(minutes=1)

    again = await reserve(free, "2.0", ttlSeconds=3600)

    assert (again["replayed"], again["revision"]) == (True, first["revision"])
    assert again["reservation"] == first["reservation"]
    assert await usage(free) == ("0", "2", "1")


@pytest.mark.parametrize("other", [{"quantity": 1}, {"feature": "api-calls"}, {"ttlSeconds": 60}])
async def test_another_input_under_a_holds_key_is_a_conflict(free: Client, other: dict[str, Any]) -> None:
    await reserve(free, 2)

    given = {"customer": "acme", "feature": "seats", "quantity": 2, "key": "hold", **other}
    assert await free.refused("reserve", **given) == ["IDEMPOTENCY_CONFLICT key"]
    assert await usage(free) == ("0", "2", "1")


async def test_a_no_leaves_the_holds_key_free(free: Client) -> None:
    await reserve(free, 4)

    assert (await reserve(free, 3))["reservation"]["quantity"] == "3"


@pytest.mark.parametrize(("settled", "used"), [(None, "2"), ("0.5", "0.5"), (2, "2"), (7, "7"), (0, "0")])
async def test_a_hold_is_settled_with_what_was_used(free: Client, settled: object, used: str) -> None:
    await reserve(free, 2)

    first = await settle(free, quantity=settled)
    again = await settle(free, quantity=used)

    assert first["reservation"]["status"] == "SETTLED"
    assert first["reservation"]["settledQuantity"] == used
    assert first["access"]["usage"]["used"] == used
    assert again == {**first, "replayed": True, "revision": None}
    assert (await usage(free))[:2] == (used, "0")


async def test_settling_otherwise_than_before_is_a_conflict(free: Client) -> None:
    await reserve(free, 2)
    await settle(free, quantity=1)

    for other in ({"quantity": 2}, {}):
        given = {"customer": "acme", "key": "hold", **other}
        assert await free.refused("settleReservation", **given) == ["IDEMPOTENCY_CONFLICT quantity"]
    assert await usage(free) == ("1", "0", "2")


async def test_a_released_hold_is_gone_for_good(free: Client) -> None:
    await reserve(free, 2)

    first, again = await release(free), await release(free)

    assert (first["reservation"]["status"], first["replayed"], again["replayed"]) == ("RELEASED", False, True)
    assert await usage(free) == ("0", "0", "3")
    assert await free.refused("settleReservation", customer="acme", key="hold") == ["NOT_ALLOWED key"]
    assert (await reserve(free, 2))["reservation"]["status"] == "RELEASED"


async def test_a_settled_hold_is_not_released(free: Client) -> None:
    await reserve(free, 2)
    await settle(free)

    assert await free.refused("releaseReservation", customer="acme", key="hold") == ["NOT_ALLOWED key"]
    assert await usage(free) == ("2", "0", "1")


@pytest.mark.parametrize("act", ["settleReservation", "releaseReservation"])
@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"customer": "nobody", "key": "hold"}, "NOT_FOUND customer"),
        ({"customer": "acme", "key": "nothing"}, "NOT_FOUND key"),
        ({"customer": "acme", "key": "\n"}, "NOT_FOUND key"),
        ({"customer": "initech", "key": "hold"}, "NOT_FOUND key"),
    ],
)
async def test_a_hold_that_is_not_there_is_not_found(
    free: Client, act: str, given: dict[str, Any], problem: str
) -> None:
    await free.do("upsertCustomer", key="initech")
    await reserve(free)

    assert await free.refused(act, **given) == [problem]


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        ({"ttlSeconds": 0}, ["OUT_OF_RANGE ttlSeconds"]),
        ({"ttlSeconds": 86_401}, ["OUT_OF_RANGE ttlSeconds"]),
        ({"key": "", "quantity": 0}, ["INVALID key", "OUT_OF_RANGE quantity"]),
    ],
)
async def test_what_cannot_be_held_is_refused(
    free: Client, given: dict[str, Any], problems: list[str]
) -> None:
    given = {"customer": "acme", "feature": "seats", "quantity": 1, "key": "hold", **given}

    assert await free.refused("reserve", **given) == problems


async def test_an_answer_holds_until_the_first_hold_expires(free: Client, clock: Clock) -> None:
    await reserve(free, 1, "long", ttlSeconds=600)
    await reserve(free, 1, "short", ttlSeconds=60)

    told = (await free.ask(ASK))["access"]["validUntil"]
    assert told == "2026-11-15T12:01:00.000002Z"
    before = await usage(free)
    clock.forward(seconds=61)
    assert (before, await usage(free)) == (("0", "2", "1"), ("0", "1", "2"))
    assert (await free.ask(ASK))["access"]["validUntil"] == "2026-11-15T12:10:00.000001Z"


async def test_what_was_held_then_is_reported_of_then(free: Client, clock: Clock) -> None:
    clock.forward(minutes=1)
    await reserve(free, 2, ttlSeconds=600)
    clock.forward(minutes=1)
    await settle(free, quantity=1)
    clock.forward(hours=1)

    told = [
        await usage(free, at)
        for at in ("2026-11-15T12:00:30Z", "2026-11-15T12:01:30Z", "2026-11-15T12:02:00Z")
    ]

    assert told == [("0", "0", "3"), ("0", "2", "1"), ("1", "0", "2")]
    past = await free.ask(ASK, at="2026-11-15T12:00:30Z")
    assert past["access"]["validUntil"] == "2026-11-15T12:01:00Z"


async def test_what_is_held_now_is_free_when_it_will_have_expired(free: Client) -> None:
    await reserve(free, 2, ttlSeconds=600)

    assert await usage(free, "2026-11-15T12:10:00Z") == ("0", "2", "1")
    assert await usage(free, "2026-11-15T12:10:00.000001Z") == ("0", "0", "3")


async def test_in_a_sandbox_a_hold_expires_when_its_clock_is_advanced(
    connect: Connect, stock: Stock, clock: Clock
) -> None:
    sandbox = await stock(await connect("trial", sandbox=True))
    await sandbox.do("upsertCustomer", key="acme")
    await sandbox.do("subscribe", customer="acme", plan="free")
    await sandbox.do("advanceClock", to="2026-11-20T00:00:00Z")
    await reserve(sandbox, 3, ttlSeconds=60)
    clock.forward(days=1)
    held = await usage(sandbox)
    await sandbox.do("advanceClock", to="2026-11-20T00:01:00Z")

    assert (held, await usage(sandbox)) == (("0", "3", "0"), ("0", "0", "3"))
    assert (await reserve(sandbox, 3, ttlSeconds=60))["reservation"]["status"] == "EXPIRED"
    late = await settle(sandbox)
    assert (late["reservation"]["status"], late["access"]["usage"]["used"]) == ("SETTLED", "3")


async def test_holds_are_read_a_page_at_a_time_the_newest_first(free: Client) -> None:
    for number in range(5):
        await reserve(free, "0.1", f"hold-{number}")

    first = (await free.ask(PAGE, first=2, status="HELD"))["customer"]["reservations"]
    cursor = first["pageInfo"]["endCursor"]
    await reserve(free, "0.1", "newer")
    second = (await free.ask(PAGE, first=10, after=cursor, status="HELD"))["customer"]["reservations"]

    assert [hold["key"] for hold in first["nodes"]] == ["hold-4", "hold-3"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (5, True)
    assert [hold["key"] for hold in second["nodes"]] == ["hold-2", "hold-1", "hold-0"]
    assert (second["totalCount"], second["pageInfo"]["hasNextPage"]) == (6, False)
    assert second["pageInfo"]["hasPreviousPage"]


async def test_holds_are_read_by_where_they_stand(free: Client, clock: Clock) -> None:
    for key, seconds in (("expired", 60), ("released", 60), ("settled", 60), ("late", 60), ("held", 3600)):
        await reserve(free, "0.1", key, ttlSeconds=seconds)
    await release(free, "released")
    await settle(free, "settled")
    clock.forward(minutes=2)
    await settle(free, "late")

    told = {}
    for status in ("HELD", "EXPIRED", "RELEASED", "SETTLED", None):
        page = (await free.ask(PAGE, first=10, status=status))["customer"]["reservations"]
        told[status] = [(hold["key"], hold["status"]) for hold in page["nodes"]]
        assert page["totalCount"] == len(page["nodes"])

    assert told == {
        "HELD": [("held", "HELD")],
        "EXPIRED": [("expired", "EXPIRED")],
        "RELEASED": [("released", "RELEASED")],
        "SETTLED": [("late", "SETTLED"), ("settled", "SETTLED")],
        None: [
            *(("held", "HELD"), ("late", "SETTLED"), ("settled", "SETTLED")),
            *(("released", "RELEASED"), ("expired", "EXPIRED")),
        ],
    }
    assert (await free.ask(HELD_NOW))["customer"]["reservations"] == {
        "nodes": [{"key": "held", "status": "HELD"}],
        "totalCount": 1,
    }


@pytest.mark.parametrize("asked", [{"first": 0}, {"first": 101}, {"first": -1}, {"first": 1, "after": "x"}])
async def test_a_page_that_cannot_be_is_bad_input(free: Client, asked: dict[str, Any]) -> None:
    assert (await free.error(PAGE, **asked))["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_cursor_leads_through_no_other_customers_holds(free: Client) -> None:
    await free.do("upsertCustomer", key="initech")
    await free.do("subscribe", customer="initech", plan="free")
    await reserve(free)
    page = (await free.ask(PAGE, first=1))["customer"]["reservations"]

    error = await free.error(PAGE.replace("acme", "initech"), after=page["pageInfo"]["endCursor"])

    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_hold_is_found_by_its_id_wherever_it_stands(free: Client) -> None:
    made = (await reserve(free))["reservation"]["id"]
    await release(free)

    found = await free.ask("query ($id: ID!) { node(id: $id) { id ... on Reservation { status } } }", id=made)

    assert found["node"] == {"id": made, "status": "RELEASED"}


async def test_a_hold_of_a_feature_that_was_archived_is_still_settled(acme: Client) -> None:
    await acme.do("createFeature", key="jobs", name="Jobs", type="METERED")
    value = {"metered": {"limit": 5, "reset": {"every": "NEVER"}}}
    await acme.do("setCustomEntitlement", customer="acme", feature="jobs", value=value)
    held = await acme.do("reserve", HOLD, customer="acme", feature="jobs", quantity=2, key="hold")
    await acme.do("removeCustomEntitlement", customer="acme", feature="jobs", mode="GRANT")
    await acme.do("updateFeature", key="jobs", status="ARCHIVED")

    settled = await settle(acme)

    assert held["access"]["usage"]["reserved"] == "2"
    assert settled["reservation"]["settledQuantity"] == "2"
    assert settled["access"]["reason"] == "FEATURE_UNAVAILABLE"
