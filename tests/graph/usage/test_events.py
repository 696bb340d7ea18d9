"""Raw events: each counts in every feature whose meter it matches, once, or is refused and counts nowhere."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graph.client import Client, Clock, Connect
from tests.graph.operations import operation
from tests.graph.usage.metered import EVENTS, event, ingest
from tests.rules.builders.metered_shop import AGGREGATIONS

USED = """query Used($c: String!, $f: [String!], $at: DateTime) {
  customer(key: $c) { accesses(features: $f, at: $at) { usage { used } } }
}"""

SHOWN = "recorded replayed access { usage { used } }"


async def used(client: Client, customer: str = "acme", at: str | None = None) -> list[str]:
    """What a customer has used of every feature."""
    answer = await client.ask(USED, c=customer, f=list(AGGREGATIONS), at=at)
    return [access["usage"]["used"] for access in answer["customer"]["accesses"]]


async def test_one_event_feeds_every_feature_that_it_matches(meters: Client) -> None:
    assert await ingest(meters, event(bytes=30, user="ada", level=7)) == (1, 0, 0, [])

    assert await used(meters) == ["1", "30", "30", "1", "7"]
    assert await used(meters, "initech") == ["0"] * 5


async def test_each_aggregation_puts_events_together_in_its_own_way(meters: Client) -> None:
    said: list[dict[str, Any]] = [
        {"bytes": 30, "user": "ada", "level": 7},
        {"bytes": 0.5, "user": 1, "level": "9.25"},
        {"bytes": "49.5", "user": 1.0, "level": 4},
        {"user": None, "level": None, "bytes": None},
    ]

    assert await ingest(meters, *(event(f"e-{n}", **one) for n, one in enumerate(said))) == (4, 0, 0, [])
    assert await used(meters) == ["4", "80", "49.5", "2", "4"]


async def test_events_that_are_refused_count_nowhere_and_the_others_stand(meters: Client) -> None:
    await meters.do("upsertCustomer", key="gone")
    await meters.do("archiveCustomer", customer="gone")
    events = [
        event("e-0", bytes=1, user="ada"),
        event("e-1", bytes="many", user="bob", level=3),
        event("e-2", bytes=-1),
        event("e-3", customer="nobody"),
        event("e-4", customer="gone"),
        event("e\n5"),
        {**event("e-6"), "occurredAt": "2026-11-15T12:05:00.000100Z"},
        {**event("e-7"), "properties": ["bytes"]},
        event("e-8", user="", level="high"),
        event("e-9", name="unknown"),
        event("e\x0010"),
        event("e-11", customer="a\x00b"),
        event("e-12", bytes=2, user="cleo"),
    ]

    accepted, duplicates, unmatched, problems = await ingest(meters, *events)

    assert (accepted, duplicates, unmatched) == (2, 0, 1)
    assert problems == [
        "INVALID 1.properties.bytes",
        "INVALID 1.properties.bytes",
        "INVALID 2.properties.bytes",
        "INVALID 2.properties.bytes",
        "NOT_FOUND 3.customer",
        "ARCHIVED 4.customer",
        "INVALID 5.id",
        "OUT_OF_RANGE 6.occurredAt",
        "INVALID 7.properties",
        "INVALID 8.properties.user",
        "INVALID 8.properties.level",
        "INVALID 10.id",
        "INVALID 11.customer",
    ]
    assert await used(meters) == ["2", "3", "2", "2", "0"]


async def test_the_id_of_a_refused_event_stays_free(meters: Client) -> None:
    assert (await ingest(meters, event(bytes="many")))[0] == 0

    assert await ingest(meters, event(bytes=3)) == (1, 0, 0, [])
    assert (await used(meters))[:2] == ["1", "3"]


async def test_an_event_with_a_known_id_is_not_counted_again_whatever_it_says(
    meters: Client, clock: Clock
) -> None:
    first = event(bytes=3)
    assert await ingest(meters, first) == (1, 0, 0, [])
    clock.forward(days=400)

    again = [
        first,
        event(bytes=9),
        event(bytes="many"),
        {**event(), "name": "other"},
        {**event(), "name": ""},
    ]
    assert await ingest(meters, *again) == (0, 5, 0, [])
    assert await used(meters, at="2026-11-15T12:30:00Z") == ["1", "3", "3", "0", "0"]
    assert await used(meters) == ["0"] * 5


async def test_of_events_with_one_id_in_a_batch_the_first_counts(meters: Client) -> None:
    events = [event(bytes="x"), event(bytes=1), event(bytes=2), event(customer="initech", bytes=4), event()]

    accepted, duplicates, _, problems = await ingest(meters, *events)

    assert (accepted, duplicates) == (2, 2)
    assert problems == ["INVALID 0.properties.bytes"] * 2
    assert ((await used(meters))[1], (await used(meters, "initech"))[1]) == ("1", "4")


async def test_an_event_that_no_meter_matches_is_not_kept(meters: Client) -> None:
    assert await ingest(meters, event(name="signup", plan="pro")) == (0, 0, 1, [])
    meter = {"eventName": "signup", "aggregation": "COUNT"}
    await meters.do("createFeature", key="signups", name="Sign-ups", type="METERED", meter=meter)

    # A feature made later does not count it, and its id was never taken.
    assert await ingest(meters, event(name="signup", plan="pro")) == (1, 0, 0, [])


async def test_a_meter_that_is_changed_counts_from_then_on(meters: Client) -> None:
    await ingest(meters, event("e-1", bytes=1, size=100))
    filters = [{"property": "size", "operator": "GT", "values": ["50"]}]
    meter = {"eventName": "request", "aggregation": "SUM", "property": "size", "filters": filters}
    await meters.do("updateFeature", key="traffic", meter=meter)

    await ingest(meters, event("e-2", bytes=1, size=60), event("e-3", bytes=1, size=50))

    assert (await used(meters))[1] == "61"


async def test_late_events_count_where_they_occurred(meters: Client, clock: Clock) -> None:
    await ingest(meters, event("e-1", bytes=5, user="ada", level=1))
    clock.forward(days=1)
    late = "2026-11-15T13:30:00+01:00"

    assert (await ingest(meters, {**event("e-2", bytes=9, user="ada", level=2), "occurredAt": late}))[0] == 1
    assert await used(meters) == ["0", "0", "0", "0", "2"]
    assert await used(meters, at="2026-11-15T12:29:59Z") == ["1", "5", "5", "1", "1"]
    assert await used(meters, at="2026-11-15T12:30:00Z") == ["2", "14", "9", "1", "2"]


@pytest.mark.parametrize("instant", ["2026-11-15T12:00:00", "yesterday", 0])
async def test_an_instant_that_is_none_is_bad_input_and_nothing_counts(
    meters: Client, instant: object
) -> None:
    events = [event("e-1", bytes=1), {**event("e-2"), "occurredAt": instant}]

    error = await meters.error(EVENTS, e=events)

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert await used(meters) == ["0"] * 5


async def test_a_thousand_events_are_a_batch_and_one_more_is_too_many(meters: Client) -> None:
    events = [event(f"e-{n}", ("acme", "initech")[n % 2], bytes=n, user=n % 7) for n in range(1_001)]

    error = await meters.error(EVENTS, e=events)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert await used(meters) == ["0"] * 5

    assert await ingest(meters, *events[:1_000]) == (1_000, 0, 0, [])
    assert await used(meters) == ["500", str(sum(range(0, 1_000, 2))), "998", "7", "0"]
    assert await ingest(meters, *events[:1_000]) == (0, 1_000, 0, [])
    assert await ingest(meters) == (0, 0, 0, [])


@pytest.mark.usefixtures("meters")
async def test_an_event_counts_in_its_own_environment(connect: Connect) -> None:
    elsewhere = await connect("elsewhere")

    assert await ingest(elsewhere, event()) == (0, 0, 0, ["NOT_FOUND 0.customer"])


@operation("Events")
async def test_a_back_end_sends_what_happened_and_is_told_what_counted(meters: Client, document: str) -> None:
    events = [event("e-1", bytes=1), event("e-1", bytes=1), event("e-2", name="x"), event("e-3", bytes="x")]

    told = (await meters.ask(document, e=events))["ingestEvents"]

    messages = [error.pop("message") for error in told["userErrors"]]
    assert messages == [
        "The property 'bytes' is not a number. 'traffic' counts it.",
        "The property 'bytes' is not a number. 'largest' counts it.",
    ]
    assert told == {
        "accepted": 1,
        "duplicates": 1,
        "unmatched": 1,
        "userErrors": [{"code": "INVALID", "path": ["3", "properties", "bytes"]}] * 2,
    }


async def report(client: Client, feature: str, value: object = 1, **more: object) -> list[str]:
    """What a report added, and what is used after it."""
    told = await client.do("reportUsage", SHOWN, customer="acme", feature=feature, value=value, **more)
    return [told["recorded"], told["access"]["usage"]["used"]]


async def test_reports_observe_what_is_not_added_up(meters: Client) -> None:
    await ingest(meters, event(bytes=30, user="ada", level=7))

    assert await report(meters, "largest", 20) == ["0", "30"]
    assert await report(meters, "largest", "30.5") == ["0.5", "30.5"]
    assert await report(meters, "level", 2) == ["-5", "2"]
    assert await report(meters, "users", properties={"user": "ada"}) == ["0", "1"]
    assert await report(meters, "users", properties={"user": "bob"}) == ["1", "2"]


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        ({"feature": "largest", "value": -1}, ["OUT_OF_RANGE value"]),
        ({"feature": "level", "value": "-0.000001"}, ["OUT_OF_RANGE value"]),
        ({"feature": "users"}, ["REQUIRED properties.user"]),
        ({"feature": "users", "properties": {"user": None}}, ["REQUIRED properties.user"]),
        ({"feature": "users", "properties": {"user": ""}}, ["INVALID properties.user"]),
        ({"feature": "users", "properties": ["user"]}, ["INVALID properties", "REQUIRED properties.user"]),
        ({"feature": "requests", "properties": "text"}, ["INVALID properties"]),
        ({"feature": "requests", "properties": {"a": "x" * 16_000}}, ["OUT_OF_RANGE properties"]),
    ],
)
async def test_what_cannot_be_observed_is_refused_with_every_problem(
    meters: Client, given: dict[str, Any], problems: list[str]
) -> None:
    assert await meters.refused("reportUsage", customer="acme", **given) == problems
    assert await used(meters) == ["0"] * 5


async def test_a_report_tells_again_what_its_first_time_added(meters: Client, clock: Clock) -> None:
    said = {"user": "ada", "tags": [{"a": 1, "b": None}], "share": 0.5}
    same = {"share": 0.50, "tags": [{"b": None, "a": 1.0}], "user": "ada"}
    await report(meters, "users", properties=said, idempotencyKey="k")
    clock.forward(days=1)

    assert await report(meters, "users", properties=same, idempotencyKey="k") == ["1", "0"]
    given = {"customer": "acme", "feature": "users", "idempotencyKey": "k"}
    for other in ({**said, "share": 0.25}, {**said, "tags": []}, {"user": "ada"}, {**said, "user": "bob"}):
        assert await meters.refused("reportUsage", **given, properties=other) == [
            "IDEMPOTENCY_CONFLICT idempotencyKey"
        ]
    assert await used(meters) == ["0"] * 5


async def test_what_is_consumed_may_say_something_about_itself(meters: Client) -> None:
    given: dict[str, Any] = {"customer": "acme", "feature": "requests", "idempotencyKey": "k"}

    first = await meters.do("consume", "consumed replayed", **given, properties={"path": "/a", "n": [1]})
    again = await meters.do("consume", "consumed replayed", **given, properties={"n": [1.0], "path": "/a"})

    assert [(told["consumed"], told["replayed"]) for told in (first, again)] == [(True, False), (True, True)]
    for other in ({"path": "/b", "n": [1]}, None, "text"):
        assert await meters.refused("consume", **given, properties=other) == [
            "IDEMPOTENCY_CONFLICT idempotencyKey"
        ]
    assert (await used(meters))[0] == "1"
