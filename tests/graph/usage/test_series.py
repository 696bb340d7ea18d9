"""Usage over time: buckets for charts, in the customer's own days and periods."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import pytest_asyncio

from models.database.transactions import Database
from resolvers.context import Services
from tests.graph.access.test_statement_counts import ASKED, ENVIRONMENT, RECORDS, statements
from tests.graph.client import Client, Clock, Json
from tests.graph.operations import operation
from tests.graph.usage.metered import event, ingest
from tests.rules.builders.metered_shop import AGGREGATIONS

SERIES = """query Series($f: String!, $from: DateTime!, $to: DateTime!, $by: UsageBucket) {
  customer(key: "acme") {
    usage(feature: $f, from: $from, to: $to, by: $by) {
      feature { key } total buckets { period { start end } value isReset }
    }
  }
}"""

MONDAY, TUESDAY, WEDNESDAY = "2026-11-16T00:00:00Z", "2026-11-17T00:00:00Z", "2026-11-18T00:00:00Z"
NOON = "2026-11-15T12:00:00Z"
FEATURES = list(AGGREGATIONS)


async def series(client: Client, feature: str, start: str, end: str, by: str | None = None) -> Json:
    """A series as it is told."""
    answer = await client.ask(SERIES, f=feature, **{"from": start}, to=end, by=by)
    told: Json = answer["customer"]["usage"]
    return told


async def values(client: Client, feature: str, start: str, end: str, by: str | None = None) -> list[str]:
    """What the buckets of a series hold, and at last the total."""
    told = await series(client, feature, start, end, by)
    return [*(bucket["value"] for bucket in told["buckets"]), told["total"]]


@pytest_asyncio.fixture
async def used(meters: Client, clock: Clock) -> Client:
    """A customer who has used everything on three days; their days begin at 11 o'clock."""
    said: list[dict[str, Any]] = [
        {"bytes": 5, "user": "ada", "level": 3},
        {"bytes": 9, "user": "bob", "level": 8},
        {"bytes": "7.5", "user": "ada", "level": 6},
    ]
    for index, one in enumerate(said):
        await ingest(meters, event(f"e-{index}", **one), event(f"f-{index}", user="ada"))
        clock.forward(hours=18)
    return meters


async def test_a_bucket_holds_what_its_aggregation_makes_of_it(used: Client) -> None:
    told = {key: await values(used, key, NOON, WEDNESDAY) for key in FEATURES}

    assert told == {
        "requests": ["2", "2", "2", "6"],
        "traffic": ["5", "9", "7.5", "21.5"],
        "largest": ["5", "9", "7.5", "9"],
        "users": ["1", "2", "1", "2"],
        "level": ["3", "8", "6", "6"],
    }


async def test_periods_are_those_in_which_usage_counts(used: Client) -> None:
    told = await series(used, "traffic", "2026-11-15T00:00:00Z", TUESDAY, "PERIOD")

    assert told == {
        "feature": {"key": "traffic"},
        "total": "14",
        "buckets": [
            {
                "period": {"start": "2026-11-15T00:00:00Z", "end": "2026-11-15T11:00:00.000001Z"},
                "value": "0",
                "isReset": False,
            },
            {
                "period": {"start": "2026-11-15T11:00:00.000001Z", "end": "2026-11-16T11:00:00.000001Z"},
                "value": "14",
                "isReset": True,
            },
            {
                "period": {"start": "2026-11-16T11:00:00.000001Z", "end": TUESDAY},
                "value": "0",
                "isReset": True,
            },
        ],
    }


async def test_the_value_of_a_period_is_the_answer_at_its_end(used: Client) -> None:
    document = """query At($f: String!, $at: DateTime) {
      customer(key: "acme") { access(feature: $f, at: $at) { usage { used period { start } } } }
    }"""
    for feature in FEATURES:
        told = await series(used, feature, "2026-11-15T11:00:00.000001Z", "2026-11-17T18:00:00Z", "PERIOD")
        assert len(told["buckets"]) == (1 if feature == "level" else 3)
        for bucket in told["buckets"]:
            end = bucket["period"]["end"].replace(":00.000001Z", ":00Z")
            usage = (await used.ask(document, f=feature, at=end))["customer"]["access"]["usage"]
            assert usage["used"] == bucket["value"]


async def test_days_and_months_are_the_customers_own_and_hours_are_not(used: Client, clock: Clock) -> None:
    await used.do("upsertCustomer", key="acme", timezone="Asia/Kathmandu")

    days = (await series(used, "traffic", NOON, WEDNESDAY))["buckets"]
    months = (await series(used, "traffic", NOON, "2027-01-01T00:00:00Z", "MONTH"))["buckets"]
    hours = (await series(used, "traffic", NOON, "2026-11-15T14:30:00Z", "HOUR"))["buckets"]

    assert [day["period"]["start"] for day in days] == [
        NOON,
        "2026-11-15T18:15:00Z",
        "2026-11-16T18:15:00Z",
        "2026-11-17T18:15:00Z",
    ]
    assert [month["period"]["end"] for month in months] == [
        "2026-11-30T18:15:00Z",
        "2026-12-31T18:15:00Z",
        "2027-01-01T00:00:00Z",
    ]
    assert [(hour["period"]["start"][11:16], hour["value"]) for hour in hours] == [
        ("12:00", "5"),
        ("13:00", "0"),
        ("14:00", "0"),
    ]
    assert clock.now.hour == 18


async def test_late_usage_shows_where_it_occurred(used: Client) -> None:
    await ingest(used, {**event("late", bytes=100, level=1), "occurredAt": "2026-11-16T01:00:00Z"})

    assert await values(used, "traffic", NOON, WEDNESDAY) == ["5", "109", "7.5", "121.5"]
    assert await values(used, "level", NOON, WEDNESDAY) == ["3", "8", "6", "6"]
    assert await values(used, "level", "2026-11-16T01:00:00Z", "2026-11-16T09:00:00Z", "HOUR") == [
        *["1"] * 5,
        *["8"] * 3,
        "8",
    ]


async def test_the_default_is_by_day_null_too(used: Client) -> None:
    left_out = 'from: "2026-11-16T00:00:00Z", to: "2026-11-18T00:00:00Z"'
    for given in (left_out, f"{left_out}, by: null"):
        document = (
            f'{{ customer(key: "acme") {{ usage(feature: "traffic", {given}) {{ buckets {{ value }} }} }} }}'
        )
        answer = await used.ask(document)
        assert answer["customer"]["usage"]["buckets"] == [{"value": "9"}, {"value": "7.5"}]


async def test_only_what_is_metered_has_a_series(acme: Client) -> None:
    for feature in ("sso", "max-projects", "nothing", ""):
        answer = await acme.ask(SERIES, f=feature, **{"from": MONDAY}, to=TUESDAY)
        assert answer["customer"]["usage"] is None
    assert await values(acme, "seats", MONDAY, TUESDAY) == ["0", "0"]


async def test_usage_without_a_plan_has_a_series_too(acme: Client) -> None:
    await acme.do("reportUsage", customer="acme", feature="seats", value=3)

    told = await series(acme, "seats", "2026-11-15T00:00:00Z", MONDAY, "PERIOD")

    assert [(bucket["value"], bucket["isReset"]) for bucket in told["buckets"]] == [("3", False)]


@pytest.mark.parametrize(
    ("end", "by", "message"),
    [
        ("2026-11-15T23:59:59.999999Z", "DAY", "'from' lies after 'to'."),
        ("2027-02-07T08:00:00.000001Z", "HOUR", "A series has at most 2000 buckets"),
        ("2200-01-01T00:00:00Z", "DAY", "A series has at most 2000 buckets"),
        ("2200-01-01T00:00:00Z", "MONTH", "A series has at most 2000 buckets"),
        ("8999-01-01T00:00:00Z", "PERIOD", "A series has at most 2000 buckets"),
    ],
)
async def test_a_span_that_cannot_be_is_bad_input(used: Client, end: str, by: str, message: str) -> None:
    error = await used.error(SERIES, f="traffic", **{"from": MONDAY}, to=end, by=by)

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"].startswith(message)


async def test_the_longest_series_are_answered(used: Client) -> None:
    assert len((await series(used, "users", MONDAY, "2027-02-07T08:00:00Z", "HOUR"))["buckets"]) == 2_000
    assert (
        len((await series(used, "level", "1900-01-01T00:00:00Z", "2066-09-01T00:00:00Z", "MONTH"))["buckets"])
        == 2_000
    )
    assert await values(used, "traffic", MONDAY, MONDAY) == ["0"]


async def test_others_are_answered_while_a_long_series_is_drawn(used: Client, services: Services) -> None:
    span = "1900-01-01T00:00:00Z", "2066-09-01T00:00:00Z", "MONTH"
    drawing = asyncio.create_task(series(used, "level", *span))
    while not services.drawing.locked():  # noqa: ASYNC110 - a semaphore tells nobody that it was taken
        await asyncio.sleep(0)

    await used.ask('{ access(customer: "acme", feature: "level") { allowed } }')
    assert not drawing.done()
    assert len((await drawing)["buckets"]) == 2_000


@pytest.mark.parametrize("feature", FEATURES)
async def test_a_series_costs_one_statement_however_long_it_is(
    used: Client, database: Database, feature: str
) -> None:
    costs = []
    for by in ("HOUR", "DAY", "MONTH", "PERIOD"):
        with statements(database) as told:
            await series(used, feature, NOON, WEDNESDAY, by)
        costs.append(len(told))

    assert costs == [ASKED + ENVIRONMENT + RECORDS] * 4


@operation("UsageChart")
async def test_a_back_end_draws_a_chart(used: Client, document: str) -> None:
    meter = {"eventName": "tokens", "aggregation": "SUM", "property": "count"}
    await used.do("createFeature", key="tokens", name="Tokens", type="METERED", meter=meter)
    await ingest(used, event("t-1", name="tokens", count=40), event("t-2", name="tokens", count=2))

    chart = (await used.ask(document, c="acme"))["customer"]["usage"]

    assert chart["total"] == "42"
    assert len(chart["buckets"]) == 30
    assert [bucket for bucket in chart["buckets"] if bucket["value"] != "0"] == [
        {"period": {"start": TUESDAY, "end": WEDNESDAY}, "value": "42", "isReset": False}
    ]
