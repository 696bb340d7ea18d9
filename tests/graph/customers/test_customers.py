"""Customers: how they come to be, what of them is kept and cleared, and how they get onto a plan."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.graph.client import Client, Clock

SHOWN = "key name email timezone archived metadata revision"

LONGEST_KEY = "k" * 255


async def customer(client: Client, key: str = "acme", shown: str = SHOWN) -> Any:  # noqa: ANN401 - JSON
    """What the graph says of a customer."""
    document = f"query Customer($key: String!) {{ customer(key: $key) {{ {shown} }} }}"
    return (await client.ask(document, key=key))["customer"]


async def test_a_customer_comes_to_be_with_as_little_as_a_key(client: Client) -> None:
    made = await client.do("upsertCustomer", f"customer {{ {SHOWN} }}", key="acme")

    assert made["customer"] == {
        "key": "acme",
        "name": None,
        "email": None,
        "timezone": "UTC",
        "archived": False,
        "metadata": {},
        "revision": "0.1",
    }
    assert await customer(client) == made["customer"]


async def test_what_is_left_out_keeps_and_null_clears(client: Client) -> None:
    said: dict[str, Any] = {
        "name": "Acme",
        "email": "ops@acme.test",
        "timezone": "Asia/Tokyo",
        "metadata": {"tier": 1},
    }
    await client.do("upsertCustomer", key="acme", **said)

    await client.do("upsertCustomer", key="acme", name="Acme Corporation")
    kept = await customer(client)
    await client.do("upsertCustomer", key="acme", name=None, email=None, metadata=None)
    cleared = await customer(client)

    assert {**said, "name": "Acme Corporation"}.items() <= kept.items()
    assert {"name": None, "email": None, "timezone": "Asia/Tokyo", "metadata": {}}.items() <= cleared.items()


async def test_metadata_is_replaced_whole(client: Client) -> None:
    await client.do("upsertCustomer", key="acme", metadata={"tier": 1, "since": "2024"})

    await client.do("upsertCustomer", key="acme", metadata={"tier": [2.5, None, {"ü": True}]})

    assert (await customer(client))["metadata"] == {"tier": [2.5, None, {"ü": True}]}


@pytest.mark.parametrize("key", [" ", "acme/42", "ops@acme.test", "日本", "🙂", "'; --", LONGEST_KEY])
async def test_a_customers_key_is_the_callers_own(client: Client, key: str) -> None:
    await client.do("upsertCustomer", key=key)
    await client.do("upsertCustomer", key=f"{key}2"[-255:])

    assert await customer(client, key, "key") == {"key": key}


async def test_keys_that_differ_in_case_are_two_customers(client: Client) -> None:
    await client.do("upsertCustomer", key="acme", name="lower")
    await client.do("upsertCustomer", key="ACME", name="upper")

    assert await customer(client, "acme", "name") == {"name": "lower"}
    assert await customer(client, "ACME", "name") == {"name": "upper"}


@pytest.mark.parametrize(
    "key", ["", LONGEST_KEY + "k", "a\0b", "a\nb", "a\tb", "a\x7f", "a\u2028b", "\ud83d"]
)
async def test_a_key_is_1_to_255_printable_characters(client: Client, key: str) -> None:
    assert await client.refused("upsertCustomer", key=key) == ["INVALID key"]
    assert await customer(client, key) is None


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"timezone": "Mars/Olympus"}, "INVALID timezone"),
        ({"timezone": "europe/berlin"}, "INVALID timezone"),
        ({"timezone": ""}, "INVALID timezone"),
        ({"timezone": "../../etc/passwd"}, "INVALID timezone"),
        ({"timezone": "a\0"}, "INVALID timezone"),
        ({"timezone": None}, "REQUIRED timezone"),
        ({"name": ""}, "OUT_OF_RANGE name"),
        ({"name": "n" * 256}, "OUT_OF_RANGE name"),
        ({"name": "a\0b"}, "INVALID name"),
        ({"name": "half a smile: \ud83d"}, "INVALID name"),
        ({"email": "e" * 256}, "OUT_OF_RANGE email"),
        ({"email": "\0"}, "INVALID email"),
        ({"metadata": [1]}, "INVALID metadata"),
        ({"metadata": "text"}, "INVALID metadata"),
        ({"metadata": {"long": "m" * 16_000}}, "OUT_OF_RANGE metadata"),
    ],
)
async def test_a_refused_input_leaves_no_customer_behind(
    client: Client, said: dict[str, Any], problem: str
) -> None:
    assert await client.refused("upsertCustomer", key="acme", **said) == [problem]
    assert await customer(client) is None


async def test_all_problems_of_a_customer_are_reported_at_once_and_nothing_is_changed(client: Client) -> None:
    await client.do("upsertCustomer", key="acme", name="Acme")
    before = await customer(client)

    problems = await client.refused("upsertCustomer", key="acme", name="", email="", timezone="x", metadata=1)

    assert problems == ["OUT_OF_RANGE name", "OUT_OF_RANGE email", "INVALID timezone", "INVALID metadata"]
    assert await customer(client) == before


async def test_metadata_with_what_no_database_keeps_is_bad_input(client: Client) -> None:
    error = await client.error(
        'mutation Act($m: JSON) { upsertCustomer(input: { key: "acme", metadata: $m }) { revision } }',
        m={"a": "\0"},
    )

    assert error["extensions"]["code"] == "BAD_USER_INPUT"


SUBSCRIPTION = """subscription {
  status startedAt anchor timezone plan { key } version { number } price { key } billingPeriod
  customer { key } product { key }
}"""


async def test_a_customer_gets_onto_a_plan_now(acme: Client) -> None:
    made = await acme.do("subscribe", SUBSCRIPTION, customer="acme", plan="starter")

    assert made["subscription"] == {
        "status": "ACTIVE",
        "startedAt": "2026-11-15T12:00:00Z",
        "anchor": "2026-11-15T12:00:00Z",
        "timezone": "UTC",
        "plan": {"key": "starter"},
        "version": {"number": 1},
        "price": {"key": "starter-monthly"},
        "billingPeriod": "MONTHLY",
        "customer": {"key": "acme"},
        "product": {"key": "app"},
    }
    assert await customer(acme, shown="subscriptions { plan { key } }") == {
        "subscriptions": [{"plan": {"key": "starter"}}]
    }


async def test_a_subscription_is_on_the_newest_version(acme: Client) -> None:
    await acme.do("setEntitlement", package="free", key="sso")
    await acme.do("publishPackage", package="free", applyTo="NEW_CUSTOMERS")

    made = await acme.do("subscribe", SUBSCRIPTION, customer="acme", plan="free")

    assert made["subscription"]["version"] == {"number": 2}
    assert (await allowed(acme, "sso")) == (True, "GRANTED")


async def allowed(client: Client, feature: str) -> tuple[bool, str]:
    """Whether acme may use a feature, and why."""
    document = 'query Ask($f: String!) { access(customer: "acme", feature: $f) { allowed reason } }'
    answer = (await client.ask(document, f=feature))["access"]
    return answer["allowed"], answer["reason"]


async def test_a_subscription_that_starts_later_is_scheduled_until_then(acme: Client, clock: Clock) -> None:
    start = clock.now + timedelta(days=10)
    made = await acme.do(
        "subscribe", SUBSCRIPTION, customer="acme", plan="pro", price="pro-yearly", startAt=start.isoformat()
    )
    before = await allowed(acme, "sso")
    clock.now = start - timedelta(microseconds=1)
    just_before = await allowed(acme, "sso")
    clock.now = start
    after = await allowed(acme, "sso")

    assert made["subscription"]["status"] == "SCHEDULED"
    assert made["subscription"]["startedAt"] == "2026-11-25T12:00:00Z"
    assert before == just_before == (False, "NO_ACTIVE_SUBSCRIPTION")
    assert after == (True, "GRANTED")
    assert await customer(acme, shown="subscriptions { status billingPeriod }") == {
        "subscriptions": [{"status": "ACTIVE", "billingPeriod": "YEARLY"}]
    }


async def test_a_subscription_that_started_before_counts_from_then(acme: Client) -> None:
    await acme.do("subscribe", customer="acme", plan="free", startAt="2026-10-31T08:00:00Z")
    await acme.do("reportUsage", customer="acme", feature="api-calls", occurredAt="2026-10-31T08:00:00Z")

    usage = (
        await acme.ask(
            '{ access(customer: "acme", feature: "api-calls") { usage { used period { start end } } } }'
        )
    )["access"]["usage"]

    assert usage == {
        "used": "1",
        "period": {"start": "2026-10-31T08:00:00Z", "end": "2026-11-30T08:00:00Z"},
    }


async def test_a_customer_has_one_subscription_of_a_product_and_is_told_what_to_do(acme: Client) -> None:
    await acme.do("subscribe", customer="acme", plan="free")

    refusal = await acme.refusal("subscribe", customer="acme", plan="starter")

    assert (refusal["code"], refusal["path"]) == ("ALREADY_EXISTS", ["plan"])
    assert "changePlan" in refusal["message"]
    assert await customer(acme, shown="subscriptions { plan { key } }") == {
        "subscriptions": [{"plan": {"key": "free"}}]
    }


async def test_a_scheduled_subscription_is_one_too(acme: Client) -> None:
    await acme.do("subscribe", customer="acme", plan="free", startAt="2027-01-01T00:00:00Z")

    assert await acme.refused("subscribe", customer="acme", plan="free") == ["ALREADY_EXISTS plan"]


async def test_a_customer_has_subscriptions_of_several_products(acme: Client) -> None:
    await acme.do("createPlan", key="elsewhere", name="Elsewhere", product="other")
    await acme.do("setEntitlement", package="elsewhere", key="sso")
    await acme.do("publishPackage", package="elsewhere")

    await acme.do("subscribe", customer="acme", plan="elsewhere")
    await acme.do("subscribe", customer="acme", plan="free")

    assert await customer(acme, shown="subscriptions { product { key } }") == {
        "subscriptions": [{"product": {"key": "other"}}, {"product": {"key": "app"}}]
    }
    assert await allowed(acme, "sso") == (True, "GRANTED")
    assert await allowed(acme, "community-support") == (True, "GRANTED")


async def test_a_plan_without_a_price_needs_none_and_has_none(acme: Client) -> None:
    made = await acme.do("subscribe", SUBSCRIPTION, customer="acme", plan="free")

    assert (made["subscription"]["price"], made["subscription"]["billingPeriod"]) == (None, None)


async def test_a_plan_with_several_prices_needs_one_named(acme: Client) -> None:
    refusal = await acme.refusal("subscribe", customer="acme", plan="pro")

    assert (refusal["code"], refusal["path"]) == ("REQUIRED", ["price"])
    assert "pro-monthly, pro-yearly" in refusal["message"]
    assert await acme.refused("subscribe", customer="acme", plan="pro", price="gold") == ["NOT_FOUND price"]
    assert await acme.refused("subscribe", customer="acme", plan="free", price="gold") == ["NOT_FOUND price"]


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        ({"customer": "nobody", "plan": "free"}, ["NOT_FOUND customer"]),
        ({"customer": "acme", "plan": "gold"}, ["NOT_FOUND plan"]),
        ({"customer": "nobody", "plan": "gold"}, ["NOT_FOUND customer", "NOT_FOUND plan"]),
        ({"customer": "nobody", "plan": "pro"}, ["NOT_FOUND customer", "REQUIRED price"]),
        ({"customer": "acme", "plan": "free", "idempotencyKey": ""}, ["INVALID idempotencyKey"]),
        ({"customer": "acme", "plan": "free", "idempotencyKey": "k" * 10_000}, ["INVALID idempotencyKey"]),
        ({"customer": "a\nb", "plan": "gold"}, ["NOT_FOUND customer", "NOT_FOUND plan"]),
    ],
)
async def test_a_subscription_that_cannot_be_is_refused(
    acme: Client, given: dict[str, Any], problems: list[str]
) -> None:
    assert await acme.refused("subscribe", **given) == problems
    assert await customer(acme, shown="subscriptions { id }") == {"subscriptions": []}


async def test_only_published_packages_can_be_subscribed_to(acme: Client) -> None:
    await acme.do("createPlan", key="draft", name="Draft", product="app")

    assert await acme.refused("subscribe", customer="acme", plan="draft") == ["NOT_ALLOWED plan"]


async def test_an_archived_plan_takes_no_new_customers_and_keeps_the_old(acme: Client) -> None:
    await acme.do("subscribe", customer="acme", plan="pro", price="pro-monthly")
    await acme.do("upsertCustomer", key="initech")
    await acme.do("archivePackage", package="pro")

    assert await acme.refused("subscribe", customer="initech", plan="pro") == ["ARCHIVED plan"]
    assert await allowed(acme, "sso") == (True, "GRANTED")


async def test_subscribing_twice_under_one_key_is_done_once(acme: Client) -> None:
    given = {"customer": "acme", "plan": "free", "idempotencyKey": "checkout-1"}
    first = await acme.do("subscribe", "subscription { id } replayed", **given)
    second = await acme.do("subscribe", "subscription { id } replayed", **given)

    assert (first["replayed"], second["replayed"]) == (False, True)
    assert second["subscription"] == first["subscription"]
    assert second["revision"] == first["revision"]
    assert await acme.refused("subscribe", **{**given, "plan": "starter"}) == [
        "IDEMPOTENCY_CONFLICT idempotencyKey"
    ]
