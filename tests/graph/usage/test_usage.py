"""Usage: what is reported is counted exactly, once, in its period, and never refused for a limit."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from tests.graph.client import Client, Clock, Json

BALANCE = "used limit remaining overage period { start end }"
SHOWN = f"recorded replayed access {{ allowed reason usage {{ {BALANCE} }} }}"

REPORT = """mutation Act($value: Decimal!) {
  reportUsage(input: { customer: "acme", feature: "seats", value: $value }) { recorded }
}"""


@pytest_asyncio.fixture
async def free(acme: Client) -> Client:
    """A back end whose customer is on the free plan since now."""
    await acme.do("subscribe", customer="acme", plan="free")
    return acme


async def report(client: Client, feature: str, value: object = 1, **more: object) -> Json:
    """Report usage that is recorded."""
    return await client.do("reportUsage", SHOWN, customer="acme", feature=feature, value=value, **more)


async def used(client: Client, feature: str) -> str:
    """How much of a feature is used."""
    document = 'query Ask($f: String!) { access(customer: "acme", feature: $f) { usage { used } } }'
    answer = await client.ask(document, f=feature)
    return str(answer["access"]["usage"]["used"])


async def test_a_report_is_answered_with_the_state_after_it(free: Client) -> None:
    answer = await report(free, "api-calls", 40)

    assert answer["recorded"] == "40"
    assert answer["replayed"] is False
    assert answer["access"] == {
        "allowed": True,
        "reason": "WITHIN_LIMIT",
        "usage": {
            "used": "40",
            "limit": "100",
            "remaining": "60",
            "overage": "0",
            "period": {"start": "2026-11-15T12:00:00Z", "end": "2026-12-15T12:00:00Z"},
        },
    }


async def test_a_report_without_a_value_is_one(free: Client) -> None:
    answer = await free.do("reportUsage", SHOWN, customer="acme", feature="seats")

    assert answer["recorded"] == "1"


async def test_no_limit_refuses_a_report(free: Client) -> None:
    answer = await report(free, "seats", 5)

    assert answer["access"]["reason"] == "LIMIT_EXCEEDED"
    assert answer["access"]["usage"]["overage"] == "2"
    assert answer["access"]["usage"]["remaining"] == "0"


async def test_no_suspension_refuses_a_report(free: Client) -> None:
    await free.do("updateFeature", key="seats", status="SUSPENDED")

    answer = await report(free, "seats", 2)

    assert (answer["recorded"], answer["access"]["reason"]) == ("2", "FEATURE_UNAVAILABLE")


async def test_usage_without_a_plan_is_kept_for_the_day_there_is_one(acme: Client, clock: Clock) -> None:
    answer = await report(acme, "seats", 2)
    clock.forward(days=1)
    await acme.do("subscribe", customer="acme", plan="free")

    assert answer["access"] == {"allowed": False, "reason": "NO_ACTIVE_SUBSCRIPTION", "usage": None}
    assert await used(acme, "seats") == "2"
    assert await used(acme, "api-calls") == "0"


async def test_what_is_given_back_is_taken_off_and_never_below_zero(free: Client) -> None:
    await report(free, "seats", 3)

    answer = await report(free, "seats", "-2.5")

    assert (answer["recorded"], answer["access"]["usage"]["used"]) == ("-2.5", "0.5")
    assert await free.refused("reportUsage", customer="acme", feature="seats", value="-0.500001") == [
        "OUT_OF_RANGE value"
    ]
    assert await used(free, "seats") == "0.5"


async def test_nothing_is_given_back_that_another_period_used(free: Client, clock: Clock) -> None:
    await report(free, "api-calls", 10)
    clock.forward(days=31)

    assert await free.refused("reportUsage", customer="acme", feature="api-calls", value=-1) == [
        "OUT_OF_RANGE value"
    ]
    late = await report(free, "api-calls", -10, occurredAt="2026-11-20T00:00:00Z")
    assert late["access"]["usage"]["used"] == "0"
    assert await free.refused(
        "reportUsage", customer="acme", feature="api-calls", value=-1, occurredAt="2026-11-20T00:00:00Z"
    ) == ["OUT_OF_RANGE value"]


async def test_a_report_of_nothing_is_a_report(free: Client) -> None:
    assert (await report(free, "seats", 0))["recorded"] == "0"


async def test_ten_times_a_tenth_is_one(free: Client) -> None:
    for _ in range(10):
        answer = await report(free, "seats", "0.1")

    assert answer["access"]["usage"]["used"] == "1"


async def test_every_digit_counts(free: Client) -> None:
    await report(free, "seats", "0.000001")
    await report(free, "seats", "1234567.891234")

    assert await used(free, "seats") == "1234567.891235"


@pytest.mark.parametrize("value", ["3000000000", "9000000000000", "9199999999999.999999"])
async def test_large_usage_is_exact(free: Client, value: str) -> None:
    assert (await report(free, "seats", value))["access"]["usage"]["used"] == value
    assert await used(free, "seats") == value


async def test_usage_that_is_too_large_to_count_is_refused(free: Client) -> None:
    await report(free, "seats", "9199999999999.999998")
    await report(free, "seats", "0.000001")

    assert await free.refused("reportUsage", customer="acme", feature="seats", value="0.000001") == [
        "OUT_OF_RANGE value"
    ]
    assert await used(free, "seats") == "9199999999999.999999"


async def test_the_usage_of_many_periods_may_be_larger_than_that_of_one(free: Client, clock: Clock) -> None:
    for _ in range(3):
        await report(free, "api-calls", "9000000000000")
        clock.forward(days=31)

    assert await used(free, "api-calls") == "0"
    assert (await report(free, "api-calls", 1))["access"]["usage"]["used"] == "1"


@pytest.mark.parametrize(
    "value", ["1.0000001", "NaN", "Infinity", "1e400", "1e3", "9200000000000", "-9200000000000", "", "x", 0.1]
)
async def test_what_is_no_quantity_is_bad_input(free: Client, value: object) -> None:
    error = await free.error(REPORT, value=value)

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert await used(free, "seats") == "0"


@pytest.mark.parametrize("value", ["1.0000001", "1e400", "1e-400", "NaN", '"NaN"', "9200000000000", "null"])
async def test_what_is_no_quantity_is_no_valid_document(free: Client, value: str) -> None:
    given = f'customer: "acme", feature: "seats", value: {value}'

    error = await free.error(f"mutation {{ reportUsage(input: {{ {given} }}) {{ recorded }} }}")

    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert await used(free, "seats") == "0"


async def test_a_decimal_written_in_the_document_is_exact(free: Client) -> None:
    given = 'customer: "acme", feature: "seats", value: 0.1'

    answer = await free.ask(f"mutation {{ reportUsage(input: {{ {given} }}) {{ recorded }} }}")

    assert answer["reportUsage"] == {"recorded": "0.1"}


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        ({"customer": "nobody", "feature": "seats"}, ["NOT_FOUND customer"]),
        ({"customer": "acme", "feature": "nothing"}, ["NOT_FOUND feature"]),
        ({"customer": "nobody", "feature": "nothing"}, ["NOT_FOUND customer", "NOT_FOUND feature"]),
        ({"customer": "acme", "feature": "sso"}, ["TYPE_MISMATCH feature"]),
        ({"customer": "acme", "feature": "max-projects"}, ["TYPE_MISMATCH feature"]),
        ({"customer": "k" * 10_000, "feature": "seats"}, ["NOT_FOUND customer"]),
        ({"customer": "a\nb", "feature": "seats"}, ["NOT_FOUND customer"]),
        ({"customer": "a\0b", "feature": "seats"}, ["INVALID customer"]),
        ({"customer": "acme", "feature": "\ud83d"}, ["INVALID feature"]),
        ({"customer": "acme", "feature": "seats", "idempotencyKey": ""}, ["INVALID idempotencyKey"]),
        ({"customer": "acme", "feature": "seats", "idempotencyKey": "k\n"}, ["INVALID idempotencyKey"]),
        ({"customer": "acme", "feature": "seats", "idempotencyKey": "k" * 256}, ["INVALID idempotencyKey"]),
        (
            {"customer": "acme", "feature": "seats", "idempotencyKey": "k" * 10_000},
            ["INVALID idempotencyKey"],
        ),
        (
            {
                "customer": "nobody",
                "feature": "sso",
                "idempotencyKey": "",
                "occurredAt": "2030-01-01T00:00:00Z",
            },
            [
                *("INVALID idempotencyKey", "NOT_FOUND customer", "TYPE_MISMATCH feature"),
                "OUT_OF_RANGE occurredAt",
            ],
        ),
    ],
)
async def test_what_cannot_be_recorded_is_refused_with_every_problem(
    free: Client, given: dict[str, Any], problems: list[str]
) -> None:
    assert await free.refused("reportUsage", **given) == problems
    assert await used(free, "seats") == "0"


@pytest.mark.parametrize("aggregation", ["COUNT", "SUM"])
async def test_what_adds_up_can_be_reported(acme: Client, aggregation: str) -> None:
    meter = {"aggregation": aggregation}
    await acme.do("createFeature", key="jobs", name="Jobs", type="METERED", meter=meter)

    assert (await report(acme, "jobs", 2))["recorded"] == "2"


async def test_an_archived_feature_counts_no_more(acme: Client) -> None:
    await acme.do("createFeature", key="jobs", name="Jobs", type="METERED")
    await acme.do("updateFeature", key="jobs", status="ARCHIVED")

    assert await acme.refused("reportUsage", customer="acme", feature="jobs") == ["ARCHIVED feature"]


async def test_a_report_under_one_key_counts_once_forever(free: Client, clock: Clock) -> None:
    first = await report(free, "api-calls", 5, idempotencyKey="call-1")
    await report(free, "api-calls", 2)
    clock.forward(days=400)

    second = await report(free, "api-calls", 5, idempotencyKey="call-1")

    assert (first["replayed"], second["replayed"]) == (False, True)
    assert second["recorded"] == "5"
    assert second["revision"] == first["revision"]
    # The state is the one of now, in which that usage has long been reset.
    assert second["access"]["usage"]["used"] == "0"


async def test_a_replay_tells_the_state_of_now(free: Client) -> None:
    await report(free, "api-calls", 5, idempotencyKey="call-1")
    await report(free, "api-calls", 2)

    assert (await report(free, "api-calls", 5, idempotencyKey="call-1"))["access"]["usage"]["used"] == "7"


@pytest.mark.parametrize("value", [5, "5", "5.0", "5.000000"])
async def test_inputs_are_the_same_by_value(free: Client, value: object) -> None:
    await report(free, "seats", 5, idempotencyKey="call-1")

    again = await report(free, "seats", value, idempotencyKey="call-1", occurredAt=None)

    assert again["replayed"]


async def test_a_default_written_out_is_the_same_input(free: Client) -> None:
    given: dict[str, Any] = {"customer": "acme", "feature": "seats", "idempotencyKey": "call-1"}
    await free.do("reportUsage", **given)

    assert (await free.do("reportUsage", "replayed", **given, value="1"))["replayed"]


@pytest.mark.parametrize(
    "other",
    [{"value": 6}, {"feature": "api-calls"}, {"occurredAt": "2026-11-15T12:00:00Z"}, {"value": -5}],
)
async def test_another_input_under_a_taken_key_is_a_conflict(free: Client, other: dict[str, Any]) -> None:
    given: dict[str, Any] = {
        "customer": "acme",
        "feature": "seats",
        "value": 5,
        "idempotencyKey": "call-1",
    }
    await free.do("reportUsage", **given)

    assert await free.refused("reportUsage", **{**given, **other}) == ["IDEMPOTENCY_CONFLICT idempotencyKey"]
    assert await used(free, "seats") == "5"
    assert await used(free, "api-calls") == "0"


async def test_a_key_is_its_customers_and_its_operations_own(free: Client) -> None:
    await report(free, "seats", 5, idempotencyKey="k")
    await free.do("upsertCustomer", key="initech")

    other = await free.do("reportUsage", SHOWN, customer="initech", feature="api-calls", idempotencyKey="k")
    subscribed = await free.do("subscribe", "replayed", customer="initech", plan="free", idempotencyKey="k")

    assert (other["replayed"], subscribed["replayed"]) == (False, False)


async def test_a_refused_report_leaves_its_key_free(free: Client) -> None:
    given: dict[str, Any] = {"customer": "acme", "feature": "seats", "value": -1, "idempotencyKey": "k"}
    assert await free.refused("reportUsage", **given) == ["OUT_OF_RANGE value"]
    await report(free, "seats", 1)

    assert not (await free.do("reportUsage", "replayed", **given))["replayed"]
    assert await used(free, "seats") == "0"
