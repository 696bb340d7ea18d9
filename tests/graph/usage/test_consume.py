"""To consume is to ask and to record as one act: a no is an answer, and a mistake is refused."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from tests.graph.client import Client, Clock, Connect, Json, Stock, shortened

ACCESS = "access { allowed reason requested validUntil usage { used reserved remaining } }"
BATCH = """mutation Batch($reports: [ReportUsageInput!]!) {
  reportUsageBatch(reports: $reports) { recorded replayed revision userErrors { code message path } }
}"""


@pytest_asyncio.fixture
async def free(acme: Client) -> Client:
    """A back end whose customer is on the free plan since now: 100 calls a month, 3 seats."""
    await acme.do("subscribe", customer="acme", plan="free")
    return acme


async def consume(client: Client, quantity: object = 1, feature: str = "seats", **more: object) -> Json:
    """Consume, be it allowed or not."""
    shown = f"consumed replayed {ACCESS}"
    given = {"customer": "acme", "feature": feature, "quantity": quantity, **more}
    answer = await client.try_to("consume", shown, **given)
    assert answer["userErrors"] == []
    return answer


async def used(client: Client, feature: str = "seats") -> str:
    """How much of a feature is used."""
    document = 'query Ask($f: String!) { access(customer: "acme", feature: $f) { usage { used } } }'
    return str((await client.ask(document, f=feature))["access"]["usage"]["used"])


async def test_what_is_allowed_is_recorded_and_answered_with_the_state_after_it(free: Client) -> None:
    answer = await consume(free, 2)

    assert (answer["consumed"], answer["replayed"]) == (True, False)
    assert answer["revision"] is not None
    assert answer["access"] == {
        "allowed": True,
        "reason": "WITHIN_LIMIT",
        "requested": "2",
        "validUntil": None,
        "usage": {"used": "2", "reserved": "0", "remaining": "1"},
    }
    assert await used(free) == "2"


async def test_what_is_not_allowed_is_a_no_and_names_no_write(free: Client) -> None:
    await consume(free, 2)

    answer = await consume(free, 2)

    assert (answer["consumed"], answer["revision"]) == (False, None)
    assert (answer["access"]["allowed"], answer["access"]["reason"]) == (False, "LIMIT_EXCEEDED")
    assert answer["access"]["usage"]["remaining"] == "1"
    assert await used(free) == "2"


async def test_without_a_quantity_one_is_consumed(free: Client) -> None:
    await free.do("consume", customer="acme", feature="seats")

    assert await used(free) == "1"


async def test_the_last_unit_is_allowed_and_the_next_is_not(free: Client) -> None:
    told = [(await consume(free))["consumed"] for _ in range(5)]

    assert told == [True, True, True, False, False]


@pytest.mark.parametrize(
    ("customer", "feature", "reason"),
    [
        ("nobody", "seats", "CUSTOMER_NOT_FOUND"),
        ("nobody", "nothing", "CUSTOMER_NOT_FOUND"),
        ("k" * 10_000, "seats", "CUSTOMER_NOT_FOUND"),
        ("acme", "nothing", "FEATURE_NOT_FOUND"),
        ("acme", "sso", "TYPE_MISMATCH"),
        ("acme", "max-projects", "TYPE_MISMATCH"),
        ("acme", "exports", "NOT_ENTITLED"),
    ],
)
@pytest.mark.parametrize("act", ["consume", "reserve"])
async def test_whatever_denies_is_an_answer_and_never_an_error(
    free: Client, act: str, customer: str, feature: str, reason: str
) -> None:
    given: dict[str, Any] = {"customer": customer, "feature": feature, "quantity": 1}
    shown = "access { allowed reason customerKey featureKey }"
    if act == "reserve":
        given, shown = {**given, "key": "hold"}, f"reservation {{ key }} {shown}"

    answer = await free.try_to(act, shown, **given)

    expected = {"allowed": False, "reason": reason, "customerKey": customer, "featureKey": feature}
    assert answer["access"] == expected
    assert (answer["userErrors"], answer["revision"], answer.get("reservation")) == ([], None, None)


async def test_a_suspended_feature_is_not_consumed(free: Client) -> None:
    await free.do("updateFeature", key="seats", status="SUSPENDED")

    assert (await consume(free))["access"]["reason"] == "FEATURE_UNAVAILABLE"


async def test_an_archived_customer_consumes_nothing(free: Client) -> None:
    await free.do("archiveCustomer", customer="acme")

    assert (await consume(free))["access"]["reason"] == "CUSTOMER_ARCHIVED"


async def test_a_customer_without_a_plan_consumes_nothing(acme: Client) -> None:
    assert (await consume(acme))["access"]["reason"] == "NO_ACTIVE_SUBSCRIPTION"


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        ({"quantity": 0}, ["OUT_OF_RANGE quantity"]),
        ({"quantity": "-0.000001"}, ["OUT_OF_RANGE quantity"]),
        ({"idempotencyKey": "k" * 256}, ["INVALID idempotencyKey"]),
        ({"idempotencyKey": "", "quantity": -1}, ["INVALID idempotencyKey", "OUT_OF_RANGE quantity"]),
    ],
)
async def test_a_mistake_is_refused_with_every_problem(
    free: Client, given: dict[str, Any], problems: list[str]
) -> None:
    assert await free.refused("consume", customer="acme", feature="seats", **given) == problems
    assert await used(free) == "0"


async def test_consuming_under_one_key_counts_once_and_tells_the_state_of_now(free: Client) -> None:
    first = await consume(free, 2, idempotencyKey="k")
    await consume(free)

    again = await consume(free, "2.0", idempotencyKey="k")

    assert (again["consumed"], again["replayed"]) == (True, True)
    assert again["revision"] == first["revision"]
    # Another two would not be allowed now.
    assert (again["access"]["reason"], again["access"]["usage"]["used"]) == ("LIMIT_EXCEEDED", "3")
    assert await used(free) == "3"


@pytest.mark.parametrize("other", [{"quantity": 2}, {"feature": "api-calls"}])
async def test_another_input_under_a_taken_key_is_a_conflict(free: Client, other: dict[str, Any]) -> None:
    await consume(free, idempotencyKey="k")

    given = {"customer": "acme", "feature": "seats", "idempotencyKey": "k", **other}
    assert await free.refused("consume", **given) == ["IDEMPOTENCY_CONFLICT idempotencyKey"]
    assert (await used(free), await used(free, "api-calls")) == ("1", "0")


async def test_a_no_leaves_its_key_free_and_is_decided_anew(free: Client) -> None:
    await free.do("reportUsage", customer="acme", feature="seats", value=3)
    denied = await consume(free, idempotencyKey="k")
    await free.do("reportUsage", customer="acme", feature="seats", value=-1)

    allowed = await consume(free, idempotencyKey="k")

    assert [(each["consumed"], each["replayed"]) for each in (denied, allowed)] == [
        (False, False),
        (True, False),
    ]


async def test_a_key_of_consuming_is_none_of_reporting(free: Client) -> None:
    await consume(free, idempotencyKey="k")

    answer = await free.do("reportUsage", "replayed", customer="acme", feature="seats", idempotencyKey="k")

    assert not answer["replayed"]


async def test_usage_is_set(free: Client) -> None:
    told = []
    for value in (3, "1.5", "1.5", 0, 7):
        answer = await free.do(
            "reportUsage", "recorded", customer="acme", feature="seats", value=value, mode="SET"
        )
        told.append(answer["recorded"])

    assert told == ["3", "-1.5", "0", "-1.5", "7"]
    assert await used(free) == "7"


async def test_what_is_set_under_one_key_is_reported_again_as_the_difference_it_made(free: Client) -> None:
    given: dict[str, Any] = {"customer": "acme", "feature": "seats", "value": 5, "mode": "SET"}
    given["idempotencyKey"] = "k"
    await free.do("reportUsage", customer="acme", feature="seats", value=2)
    await free.do("reportUsage", **given)
    await free.do("reportUsage", customer="acme", feature="seats", value=1)

    again = await free.do("reportUsage", "recorded replayed", **given)

    assert (again["recorded"], again["replayed"], await used(free)) == ("3", True, "6")
    assert await free.refused("reportUsage", **{**given, "mode": "ADD"}) == [
        "IDEMPOTENCY_CONFLICT idempotencyKey"
    ]


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        ({"value": -1}, ["OUT_OF_RANGE value"]),
        ({"value": 1, "occurredAt": "2026-11-15T11:59:59Z"}, ["OUT_OF_RANGE occurredAt"]),
        ({"value": 1, "occurredAt": "2026-11-15T12:06:00Z"}, ["OUT_OF_RANGE occurredAt"]),
        ({"value": 1, "feature": "sso"}, ["TYPE_MISMATCH feature"]),
    ],
)
async def test_what_cannot_be_set_is_refused(
    free: Client, given: dict[str, Any], problems: list[str]
) -> None:
    given = {"customer": "acme", "feature": "seats", "mode": "SET", **given}

    assert await free.refused("reportUsage", **given) == problems
    assert await used(free) == "0"


async def test_a_thousand_reports_make_a_batch(free: Client) -> None:
    reports = [{"customer": "acme", "feature": "api-calls", "value": n} for n in range(1_000)]

    answers = (await free.ask(BATCH, reports=reports))["reportUsageBatch"]

    assert [answer["recorded"] for answer in answers] == [str(n) for n in range(1_000)]
    assert await used(free, "api-calls") == str(sum(range(1_000)))


async def test_a_batch_over_its_size_is_bad_input_and_none_of_it_counts(free: Client) -> None:
    reports = [{"customer": "acme", "feature": "api-calls"}] * 1_001

    error = await free.error(BATCH, reports=reports)

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert await used(free, "api-calls") == "0"


async def test_a_batch_of_nothing_is_answered_with_nothing(free: Client) -> None:
    assert (await free.ask(BATCH, reports=[]))["reportUsageBatch"] == []


async def test_a_report_in_a_batch_replays_one_alone(free: Client) -> None:
    given: dict[str, Any] = {"customer": "acme", "feature": "seats", "value": 2, "idempotencyKey": "k"}
    alone = await free.do("reportUsage", **given)

    same, other = (await free.ask(BATCH, reports=[given, {**given, "value": 3}]))["reportUsageBatch"]

    assert (same["recorded"], same["replayed"], same["revision"]) == ("2", True, alone["revision"])
    assert shortened(other["userErrors"]) == ["IDEMPOTENCY_CONFLICT idempotencyKey"]
    assert await used(free) == "2"


async def test_a_period_that_ends_gives_all_of_the_limit_again(free: Client, clock: Clock) -> None:
    await consume(free, 100, "api-calls")
    denied = await consume(free, 1, "api-calls")
    clock.forward(days=31)

    assert not denied["consumed"]
    assert (await consume(free, 100, "api-calls"))["consumed"]


async def test_in_a_sandbox_a_period_ends_when_its_clock_is_advanced(connect: Connect, stock: Stock) -> None:
    sandbox = await stock(await connect("trial", sandbox=True))
    await sandbox.do("upsertCustomer", key="acme")
    await sandbox.do("subscribe", customer="acme", plan="free")
    await consume(sandbox, 100, "api-calls")
    denied = await consume(sandbox, 1, "api-calls")
    await sandbox.do("advanceClock", to="2026-12-16T00:00:00Z")

    assert not denied["consumed"]
    assert (await consume(sandbox, 100, "api-calls"))["consumed"]
