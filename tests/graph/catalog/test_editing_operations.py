"""What product people send, as they wrote it."""

from __future__ import annotations

from functools import partial

import pytest_asyncio

from resolvers import catalog
from resolvers.context import Context
from tests.graph.client import Client, Json
from tests.graph.operations import DOCUMENTS, operation
from tests.graph.shop import FREE, STARTER, stocked


@operation("Features")
async def test_product_people_make_features_of_every_type(client: Client, document: str) -> None:
    answer = await client.ask(document)

    assert [payload["userErrors"] for payload in answer.values()] == [[]] * 4
    made = [(payload["feature"]["key"], payload["feature"]["type"]) for payload in answer.values()]
    assert made == [("sso", "BOOLEAN"), ("storage", "CONFIG"), ("orders", "METERED"), ("tokens", "METERED")]
    kept = await client.ask(
        """{
          orders: feature(key: "orders") {
            meter { aggregation eventName }
            defaultValue { metered { limit enforcement reset { every count anchor } } }
          }
          tokens: feature(key: "tokens") {
            unit { singular plural }
            meter { eventName aggregation property filters { property operator values } }
          }
        }"""
    )
    assert kept["orders"] == {
        "meter": {"aggregation": "SUM", "eventName": None},
        "defaultValue": {
            "metered": {
                "limit": "100",
                "enforcement": "HARD",
                "reset": {"every": "BILLING_PERIOD", "count": 1, "anchor": "SUBSCRIPTION_START"},
            }
        },
    }
    assert kept["tokens"] == {
        "unit": {"singular": "token", "plural": "tokens"},
        "meter": {
            "eventName": "llm.call",
            "aggregation": "SUM",
            "property": "tokens",
            "filters": [{"property": "env", "operator": "EQ", "values": ["prod"]}],
        },
    }


async def pro_seats(shop: Client) -> Json:
    """The row for seats in the newest that was said of pro."""
    answer = await shop.ask(
        """{ plan(key: "pro") { draft { entitlements {
          key origin displayText hiddenFrom ... on MeteredEntitlement { limit reset { every } }
        } } } }"""
    )
    rows = answer["plan"]["draft"]["entitlements"]
    return next(dict(row) for row in rows if row["key"] == "seats")


@operation("ChangeTextOnly")
async def test_product_people_change_a_text_and_nothing_else(shop: Client, document: str) -> None:
    answer = (await shop.ask(document))["setEntitlement"]

    assert answer == {
        "entitlement": {"displayText": "50 seats, no questions asked", "defaultDisplayText": "50 seats"},
        "userErrors": [],
    }
    assert await pro_seats(shop) == {
        "key": "seats",
        "origin": "OVERRIDDEN",
        "displayText": "50 seats, no questions asked",
        "hiddenFrom": ["CUSTOMER_PORTAL"],
        "limit": "50",
        "reset": {"every": "NEVER"},
    }


@operation("Revoke")
async def test_product_people_take_an_inherited_row_away(acme: Client, document: str) -> None:
    await acme.do("subscribe", customer="acme", plan="pro", price="pro-monthly")

    answer = (await acme.ask(document))["setEntitlement"]

    assert answer == {
        "entitlement": {"key": "community-support", "overrides": {"displayText": "community-support"}},
        "userErrors": [],
    }
    question = '{ access(customer: "acme", feature: "community-support") { allowed reason } }'
    assert (await acme.ask(question))["access"]["allowed"]
    await acme.do("publishPackage", package="pro")
    assert (await acme.ask(question))["access"] == {"allowed": False, "reason": "NOT_ENTITLED"}


@operation("Restore")
async def test_product_people_restore_what_a_row_had_overridden(shop: Client, document: str) -> None:
    answer = (await shop.ask(document))["removeEntitlement"]

    assert answer["userErrors"] == []
    assert answer["package"]["key"] == "pro"
    rows = answer["package"]["draft"]["entitlements"]
    assert {"key": "seats", "origin": "INHERITED"} in rows
    assert {"key": "sso", "origin": "OWN"} in rows
    assert (await pro_seats(shop))["limit"] == "3"


@operation("Reorder")
async def test_product_people_put_rows_first(shop: Client, document: str) -> None:
    answer = (await shop.ask(document))["reorderEntitlements"]

    assert answer["userErrors"] == []
    assert answer["package"]["draft"]["entitlements"] == [
        {"key": key, "position": position}
        for position, key in enumerate(
            [
                *("sso", "seats", "api-calls", "max-projects", "regions", "community-support"),
                *("tokens", "storage", "exports"),
            ]
        )
    ]


@pytest_asyncio.fixture
async def before_pro(client: Client, context: Context) -> Client:
    """The shop as it was before there was a plan "pro"."""
    await catalog.edit(context, partial(stocked, plans=(FREE, STARTER)))
    await client.do("createFeature", key="images", name="Images", type="METERED")
    await client.do("createCreditType", key="ai", name="AI", unit={"singular": "credit", "plural": "credits"})
    return client


@operation("PlanWithRows")
async def test_product_people_make_a_whole_plan_in_one_document(before_pro: Client, document: str) -> None:
    answer = await before_pro.ask(document)

    assert [payload["userErrors"] for payload in answer.values()] == [[]] * len(answer)
    assert answer["p"]["plan"]["status"] == "DRAFT"
    rows = [
        payload["entitlement"] for name, payload in answer.items() if name.startswith("r") and name != "rate"
    ]
    assert [(row["key"], row["origin"], row["displayText"]) for row in rows] == [
        ("sso", "OWN", "sso"),
        ("seats", "OVERRIDDEN", "50 seats"),
        ("tokens", "OVERRIDDEN", "50,000 tokens per month, then $0.10 per 1,000 tokens"),
        ("ai", "OWN", "5,000 credits per month"),
        ("storage", "OVERRIDDEN", "storage"),
    ]


@operation("PlanEditor")
async def test_product_people_see_a_plan_with_its_draft(before_pro: Client, document: str) -> None:
    await before_pro.ask(DOCUMENTS["PlanWithRows"])
    await before_pro.do("createAddon", key="extra-seats", name="Extra seats", product="app")
    await before_pro.do("setEntitlement", package="extra-seats", key="seats", value={"metered": {"limit": 5}})
    await before_pro.do("publishPackage", package="extra-seats")

    plan = (await before_pro.ask(document))["plan"]

    assert (plan["status"], plan["publishedVersion"], plan["draft"]["number"]) == ("DRAFT", None, 1)
    assert plan["basePlan"] == {"key": "starter", "name": "starter"}
    assert plan["prices"] == [
        {
            "key": "pro-monthly",
            "billingPeriod": "MONTHLY",
            "amount": {"amount": "49", "currency": "USD"},
        }
    ]
    assert plan["creditRates"] == [
        {"feature": {"key": "images"}, "creditType": {"key": "ai"}, "credits": "2", "perUnits": "1"}
    ]
    assert plan["availableAddons"] == [{"key": "extra-seats"}]
    # Where nothing is published yet, readers see the draft.
    assert plan["entitlements"] == plan["draft"]["entitlements"]
    rows = {row["key"]: row for row in plan["entitlements"]}
    assert rows["tokens"]["overage"] == {"amount": {"amount": "0.1", "currency": "USD"}, "perUnits": "1000"}
    assert rows["seats"]["overrides"] == {"displayText": "3 seats"}
    assert (rows["ai"]["amount"], rows["ai"]["cadence"]) == ("5000", "MONTHLY")
    assert rows["storage"]["value"]["object"] == {"limitGB": 500}
    assert (rows["regions"]["origin"], rows["regions"]["definedIn"]) == ("INHERITED", {"key": "free"})


@operation("Addon")
async def test_product_people_make_and_publish_an_add_on_in_one_document(shop: Client, document: str) -> None:
    answer = await shop.ask(document)

    assert [payload["userErrors"] for payload in answer.values()] == [[]] * len(answer)
    assert answer["publishPackage"]["version"] == {"number": 1}


@operation("Addons")
async def test_a_page_lists_what_can_be_bought_on_top(shop: Client, document: str) -> None:
    await shop.ask(DOCUMENTS["Addon"])

    assert (await shop.ask(document))["product"]["addons"] == [
        {
            "key": "extra-seats",
            "name": "Extra seats",
            "description": None,
            "maxQuantity": 100,
            "prices": [
                {"key": "x", "amount": {"amount": "10", "currency": "USD"}, "billingPeriod": "MONTHLY"}
            ],
            "entitlements": [{"displayText": "5 seats"}],
        }
    ]


@operation("Publish")
async def test_product_people_publish_what_others_inherit(shop: Client, document: str) -> None:
    for text in ("Some tokens", "More tokens"):
        await shop.do("setEntitlement", package="starter", key="tokens", displayText=text)
        await shop.do("publishPackage", package="starter")
    await shop.do("setEntitlement", package="starter", key="tokens", displayText="Many tokens")

    answer = (await shop.ask(document))["publishPackage"]
    again = (await shop.ask(document))["publishPackage"]

    assert answer["userErrors"] == []
    assert (answer["version"]["number"], answer["version"]["baseVersion"]) == (4, {"number": 1})
    assert len(answer["version"]["changes"]) == 1
    assert answer["cascadedTo"] == [{"key": "pro", "publishedVersion": {"number": 4}}]
    assert {error["code"] for error in again["userErrors"]} == {"VERSION_CONFLICT", "NOTHING_TO_PUBLISH"}


@operation("Export")
async def test_product_people_take_the_catalog_home(shop: Client, document: str) -> None:
    first, second = [(await shop.ask(document))["exportCatalog"] for _ in range(2)]

    assert first == second
    for key in ("free", "starter", "pro", "api-calls", "starter-monthly", "community-support"):
        assert key in first
