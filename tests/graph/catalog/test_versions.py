"""Publishing as customers see it: who moves to a new version, who keeps the old one, and what they have."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graph.client import Client, Clock

NEW, ALL = "NEW_CUSTOMERS", "ALL_CUSTOMERS"

VERSIONS = """{ plan(key: "%s") { versions(first: 100) { totalCount nodes {
  number state publishedAt subscriptionCount baseVersion { number package { key } } package { key }
  entitlements { key } prices { key } creditRates { credits }
} } } }"""


async def join(client: Client, customer: str, plan: str) -> None:
    """Put a new customer on a plan."""
    await client.do("upsertCustomer", key=customer)
    price = {"starter": "starter-monthly", "pro": "pro-monthly"}.get(plan)
    await client.do("subscribe", customer=customer, plan=plan, price=price)


async def publish(client: Client, plan: str, seats: int, scope: str) -> list[str]:
    """Give a plan so many seats and publish it; gives the plans that were published with it."""
    await client.do("setEntitlement", package=plan, key="seats", value={"metered": {"limit": seats}})
    payload = await client.do("publishPackage", "cascadedTo { key }", package=plan, applyTo=scope)
    return [each["key"] for each in payload["cascadedTo"]]


async def standing(client: Client, customer: str) -> tuple[int, str]:
    """The version that a customer is on, and the seats that they have."""
    answer = await client.ask(
        """query ($key: String!) { customer(key: $key) {
          subscriptions { version { number } } access(feature: "seats") { usage { limit } } } }""",
        key=customer,
    )
    (subscription,) = answer["customer"]["subscriptions"]
    return subscription["version"]["number"], answer["customer"]["access"]["usage"]["limit"]


async def versions(client: Client, plan: str) -> list[Any]:
    """All versions of a plan, the newest first."""
    return list((await client.ask(VERSIONS % plan))["plan"]["versions"]["nodes"])


async def counts(client: Client, plan: str) -> dict[int, int]:
    """How many subscriptions each version of a plan holds for."""
    return {version["number"]: version["subscriptionCount"] for version in await versions(client, plan)}


async def test_a_publish_for_all_customers_holds_for_everyone_from_that_instant(shop: Client) -> None:
    await join(shop, "early", "free")
    await shop.do("setEntitlement", package="free", key="seats", value={"metered": {"limit": 4}})
    assert await standing(shop, "early") == (1, "3")

    await shop.do("publishPackage", package="free")

    assert await standing(shop, "early") == (2, "4")
    assert await counts(shop, "free") == {2: 1, 1: 0}


async def test_a_publish_for_new_customers_leaves_those_who_are_there_on_their_version(shop: Client) -> None:
    await join(shop, "early", "free")

    await publish(shop, "free", 4, NEW)
    await join(shop, "late", "free")

    assert await standing(shop, "early") == (1, "3")
    assert await standing(shop, "late") == (2, "4")
    assert await counts(shop, "free") == {2: 1, 1: 1}


async def test_a_later_publish_for_all_customers_moves_those_grandfathered_before_too(shop: Client) -> None:
    await join(shop, "early", "free")
    await publish(shop, "free", 4, NEW)
    await publish(shop, "free", 5, NEW)
    assert await standing(shop, "early") == (1, "3")

    await publish(shop, "free", 6, ALL)

    assert await standing(shop, "early") == (4, "6")
    assert await counts(shop, "free") == {4: 1, 3: 0, 2: 0, 1: 0}


async def test_a_publish_of_the_base_plan_reaches_customers_of_derived_plans_with_the_same_scope(
    shop: Client,
) -> None:
    await join(shop, "early", "starter")

    assert await publish(shop, "free", 4, NEW) == ["starter", "pro"]
    await join(shop, "late", "starter")
    assert await standing(shop, "early") == (1, "3")
    assert await standing(shop, "late") == (2, "4")

    await publish(shop, "free", 5, ALL)
    assert await standing(shop, "early") == (1, "3")
    assert await standing(shop, "late") == (3, "5")
    assert await counts(shop, "starter") == {3: 1, 2: 0, 1: 1}


async def test_in_a_cascade_who_is_grandfathered_stays_until_the_plan_itself_is_published_for_all(
    shop: Client,
) -> None:
    await join(shop, "early", "starter")
    await publish(shop, "starter", 7, NEW)
    await join(shop, "late", "starter")
    await shop.do("setEntitlement", package="free", key="sso")
    await shop.do("publishPackage", package="free", applyTo=ALL)

    assert await standing(shop, "early") == (1, "3")
    assert await standing(shop, "late") == (3, "7")

    await publish(shop, "starter", 8, ALL)

    assert await standing(shop, "early") == (4, "8")
    assert await standing(shop, "late") == (4, "8")
    assert await counts(shop, "starter") == {4: 2, 3: 0, 2: 0, 1: 0}


async def test_anyone_who_is_grandfathered_moves_by_migration_or_by_a_change_of_plan(shop: Client) -> None:
    for customer in ("stays", "migrates", "changes"):
        await join(shop, customer, "free")
    await publish(shop, "free", 4, NEW)

    await shop.do("migrateSubscription", customer="migrates")
    await shop.do("changePlan", customer="changes", plan="starter")

    assert await standing(shop, "stays") == (1, "3")
    assert await standing(shop, "migrates") == (2, "4")
    assert await standing(shop, "changes") == (2, "4")
    assert await counts(shop, "free") == {2: 1, 1: 1}
    assert await counts(shop, "starter") == {2: 1, 1: 0}


async def test_an_addons_customers_are_grandfathered_like_a_plans(shop: Client) -> None:
    async def offer(seats: int, scope: str) -> None:
        await shop.do("setEntitlement", package="pack", key="seats", value={"metered": {"limit": seats}})
        await shop.do("publishPackage", package="pack", applyTo=scope)

    async def join_with_pack(customer: str) -> None:
        await shop.do("upsertCustomer", key=customer)
        await shop.do("subscribe", customer=customer, plan="free", addons=[{"addon": "pack", "quantity": 2}])

    await shop.do("createAddon", key="pack", name="Pack", product="app")
    await offer(10, ALL)
    await join_with_pack("early")
    await offer(20, NEW)
    await join_with_pack("late")
    assert [(await standing(shop, customer))[1] for customer in ("early", "late")] == ["23", "43"]

    await offer(30, ALL)

    assert [(await standing(shop, customer))[1] for customer in ("early", "late")] == ["63", "63"]
    answer = await shop.ask('{ addon(key: "pack") { versions { nodes { number subscriptionCount } } } }')
    assert [each["subscriptionCount"] for each in answer["addon"]["versions"]["nodes"]] == [2, 0, 0]


@pytest.mark.parametrize("scope", [ALL, NEW])
async def test_usage_already_counted_is_never_touched(acme: Client, scope: str) -> None:
    await acme.do("subscribe", customer="acme", plan="free")
    await acme.do("reportUsage", customer="acme", feature="seats", value=2)
    await acme.do(
        "setEntitlement",
        package="free",
        key="seats",
        value={"metered": {"limit": 1, "reset": {"every": "NEVER"}}},
    )

    await acme.do("publishPackage", package="free", applyTo=scope)

    answer = await acme.ask('{ access(customer: "acme", feature: "seats") { allowed usage { used limit } } }')
    assert answer["access"]["usage"] == {"used": "2", "limit": "1" if scope == ALL else "3"}
    assert answer["access"]["allowed"] is (scope == NEW)


async def test_a_version_says_what_it_said_and_stands_on_the_base_version_that_was_published_then(
    shop: Client, clock: Clock
) -> None:
    first = (await versions(shop, "starter"))[0]
    opened = clock.now
    clock.forward(hours=1)
    await shop.do("removeEntitlement", package="starter", key="storage")
    await shop.do("removePrice", package="starter", key="starter-monthly")
    await shop.do("publishPackage", package="starter")
    await shop.do("removeEntitlement", package="free", key="regions")
    await shop.do("publishPackage", package="free")

    third, second, again = await versions(shop, "starter")

    assert again == {**first, "state": "SUPERSEDED"}
    assert again["publishedAt"] == opened.isoformat().replace("+00:00", "Z")
    assert {"key": "storage"} in again["entitlements"]
    assert {"key": "storage"} not in second["entitlements"]
    assert {"key": "regions"} in second["entitlements"]
    assert {"key": "regions"} not in third["entitlements"]
    assert [(each["number"], each["state"]) for each in (third, second)] == [
        (3, "PUBLISHED"),
        (2, "SUPERSEDED"),
    ]
    assert [each["baseVersion"]["number"] for each in (third, second, again)] == [2, 1, 1]
    assert third["baseVersion"]["package"] == {"key": "free"}
    assert (third["prices"], again["prices"]) == ([], [{"key": "starter-monthly"}])


async def test_a_publish_tells_the_version_and_every_plan_that_was_published_with_it(shop: Client) -> None:
    await shop.do("setEntitlement", package="free", key="sso")
    version = "number state package { key } entitlements { key }"

    payload = await shop.do(
        "publishPackage",
        f"package {{ key draft {{ number }} publishedVersion {{ {version} }} }} version {{ {version} }} "
        "cascadedTo { key publishedVersion { number baseVersion { number } } }",
        package="free",
    )

    assert payload["package"] == {"key": "free", "draft": None, "publishedVersion": payload["version"]}
    assert payload["version"]["number"] == 2
    assert payload["version"]["entitlements"][-1] == {"key": "sso"}
    assert payload["cascadedTo"] == [
        {"key": key, "publishedVersion": {"number": 2, "baseVersion": {"number": 2}}}
        for key in ("starter", "pro")
    ]


async def test_an_unfinished_draft_of_a_derived_plan_stays_a_draft_and_sees_the_base_plans_change(
    shop: Client,
) -> None:
    await shop.do("setEntitlement", package="starter", key="exports", value={"metered": {"limit": 1}})

    await publish(shop, "free", 4, ALL)

    starter = (
        await shop.ask(
            """{ plan(key: "starter") { entitlements { key displayText }
              draft { number baseVersion { number } entitlements { key displayText } } } }"""
        )
    )["plan"]
    shown = {row["key"]: row["displayText"] for row in starter["entitlements"]}
    drafted = {row["key"]: row["displayText"] for row in starter["draft"]["entitlements"]}
    assert "exports" not in shown
    assert "exports" in drafted
    assert shown["seats"] == drafted["seats"] == "4 seats per billing period"
    assert (starter["draft"]["number"], starter["draft"]["baseVersion"]["number"]) == (3, 2)


async def test_a_derived_plan_never_published_is_left_alone(shop: Client) -> None:
    await shop.do("createPlan", key="trial", name="Trial", product="app", basePlan="free")

    assert await publish(shop, "free", 4, ALL) == ["starter", "pro"]

    answer = await shop.ask('{ plan(key: "trial") { status versions { totalCount } entitlements { key } } }')
    assert answer["plan"]["status"] == "DRAFT"
    assert answer["plan"]["versions"] == {"totalCount": 0}
    assert {"key": "seats"} in answer["plan"]["entitlements"]


async def test_a_plan_is_published_after_its_base_plan(shop: Client) -> None:
    await shop.do("createPlan", key="lower", name="Lower", product="app")
    await shop.do("createPlan", key="upper", name="Upper", product="app", basePlan="lower")
    assert await shop.refused("publishPackage", package="upper") == ["NOT_ALLOWED package"]

    await shop.do("publishPackage", package="lower")
    await shop.do("publishPackage", package="upper")

    (version,) = await versions(shop, "upper")
    assert version["baseVersion"] == {"number": 1, "package": {"key": "lower"}}


async def test_an_addon_is_published_by_itself(shop: Client) -> None:
    await shop.do("createAddon", key="pack", name="Pack", product="app")
    await shop.do("setEntitlement", package="pack", key="seats", value={"metered": {"limit": 5}})

    payload = await shop.do(
        "publishPackage", "cascadedTo { key } version { number baseVersion { number } }", package="pack"
    )

    assert payload["cascadedTo"] == []
    assert payload["version"] == {"number": 1, "baseVersion": None}
    answer = await shop.ask('{ addon(key: "pack") { status entitlements { key displayText } } }')
    assert answer["addon"] == {
        "status": "PUBLISHED",
        "entitlements": [{"key": "seats", "displayText": "5 seats per billing period"}],
    }


async def test_a_subscription_to_come_counts_and_starts_on_what_holds_then(
    acme: Client, clock: Clock
) -> None:
    start = clock.now.replace(year=2027).isoformat()
    await acme.do("subscribe", customer="acme", plan="free", startAt=start)
    await publish(acme, "free", 4, NEW)
    assert await counts(acme, "free") == {2: 0, 1: 1}

    await publish(acme, "free", 5, ALL)

    assert await counts(acme, "free") == {3: 1, 2: 0, 1: 0}
    clock.forward(days=366)
    assert await standing(acme, "acme") == (3, "5")


async def test_a_price_that_a_version_lacks_is_that_of_the_last_that_had_it(acme: Client) -> None:
    await join(acme, "early", "pro")
    amount = {"amount": 59, "currency": "USD"}
    await acme.do("setPrice", package="pro", key="pro-monthly", billingPeriod="MONTHLY", amount=amount)
    await acme.do("publishPackage", package="pro")
    await acme.do("removePrice", package="pro", key="pro-monthly")
    await acme.do("publishPackage", package="pro")

    customer = (
        await acme.ask(
            """{ customer(key: "early") { subscriptions {
              billingPeriod version { number } price { key amount { amount } } } } }"""
        )
    )["customer"]

    assert customer["subscriptions"] == [
        {
            "billingPeriod": "MONTHLY",
            "version": {"number": 3},
            "price": {"key": "pro-monthly", "amount": {"amount": "59"}},
        }
    ]


async def test_a_draft_holds_for_no_subscription(shop: Client) -> None:
    await join(shop, "early", "free")
    await shop.do("setEntitlement", package="free", key="sso")

    answer = await shop.ask('{ plan(key: "free") { draft { subscriptionCount } } }')

    assert answer["plan"]["draft"] == {"subscriptionCount": 0}
