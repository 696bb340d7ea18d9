"""Prices, rows that hold for one price, and credit rates."""

from __future__ import annotations

from typing import Any

import pytest_asyncio

from tests.graph.client import Client

PRICE = "prices { key billingPeriod amount { amount currency } perUnitOf { key } }"
RATE = "creditRates { feature { key } creditType { key } credits perUnits }"


@pytest_asyncio.fixture
async def bill(acme: Client) -> Client:
    """The shop with the customers "monthly" and "yearly", who are on these prices of pro."""
    for period in ("monthly", "yearly"):
        await acme.do("upsertCustomer", key=period)
        await acme.do("subscribe", customer=period, plan="pro", price=f"pro-{period}")
    return acme


async def drafted(shop: Client, plan: str, what: str) -> Any:  # noqa: ANN401 - JSON
    """What a plan's draft says."""
    answer = await shop.ask(f'{{ plan(key: "{plan}") {{ draft {{ {what} }} }} }}')
    return answer["plan"]["draft"]


async def limits(shop: Client, feature: str) -> list[str | None]:
    """What the customers on the monthly and on the yearly price have of a feature."""
    field = f'access(customer: "%s", feature: "{feature}") {{ usage {{ limit }} }}'
    answer = await shop.ask(f"{{ m: {field % 'monthly'} y: {field % 'yearly'} }}")
    return [each["usage"] and each["usage"]["limit"] for each in (answer["m"], answer["y"])]


async def test_a_price_is_set_replaced_where_it_stood_and_taken_away_in_the_draft(shop: Client) -> None:
    amount = {"amount": "0.5", "currency": "EUR"}
    await shop.do(
        "setPrice",
        package="pro",
        key="per-seat",
        billingPeriod="ONE_TIME",
        amount=amount,
        perUnitOf="seats",
    )
    await shop.do("setPrice", package="pro", key="pro-monthly", billingPeriod="MONTHLY", amount=amount)
    await shop.do("removePrice", package="pro", key="pro-yearly")

    assert (await drafted(shop, "pro", PRICE))["prices"] == [
        {"key": "pro-monthly", "billingPeriod": "MONTHLY", "amount": amount, "perUnitOf": None},
        {"key": "per-seat", "billingPeriod": "ONE_TIME", "amount": amount, "perUnitOf": {"key": "seats"}},
    ]
    published = (await shop.ask('{ plan(key: "pro") { prices { key } } }'))["plan"]["prices"]
    assert published == [{"key": "pro-monthly"}, {"key": "pro-yearly"}]


async def test_a_price_said_again_without_its_feature_is_no_price_per_unit_any_more(shop: Client) -> None:
    price = {"package": "pro", "key": "per-seat", "billingPeriod": "MONTHLY"}
    amount = {"amount": 1, "currency": "USD"}
    await shop.do("setPrice", **price, amount=amount, perUnitOf="seats")

    await shop.do("setPrice", **price, amount=amount)

    assert (await drafted(shop, "pro", PRICE))["prices"][-1]["perUnitOf"] is None


async def test_prices_are_never_inherited(shop: Client) -> None:
    await shop.do("createPlan", key="team", name="Team", product="app", basePlan="pro")

    assert (await shop.ask('{ plan(key: "team") { prices { key } } }'))["plan"]["prices"] == []


async def test_a_row_for_one_price_holds_for_subscriptions_on_it_and_wins_there(bill: Client) -> None:
    await bill.do(
        "setEntitlement", package="pro", key="seats", price="pro-yearly", value={"metered": {"limit": 80}}
    )
    await bill.do(
        "setEntitlement", package="pro", key="tokens", price="pro-monthly", value={"metered": {"limit": 5}}
    )
    assert await limits(bill, "seats") == ["50", "50"]

    await bill.do("publishPackage", package="pro")

    assert await limits(bill, "seats") == ["50", "80"]
    assert await limits(bill, "tokens") == ["5", "10000"]


async def test_a_row_for_one_price_is_a_revocation_for_it_alone(bill: Client) -> None:
    await bill.do("setEntitlement", package="pro", key="api-calls", price="pro-monthly", revoked=True)
    await bill.do("publishPackage", package="pro")

    assert await limits(bill, "api-calls") == [None, "1000"]


async def test_a_row_for_one_price_stands_behind_the_one_for_all_and_names_its_price(shop: Client) -> None:
    made = await shop.do(
        "setEntitlement",
        "entitlement { key origin price { key amount { amount } } displayText }",
        package="pro",
        key="api-calls",
        price="pro-yearly",
        value={"metered": {"limit": 9}},
    )

    assert made["entitlement"] == {
        "key": "api-calls",
        "origin": "OVERRIDDEN",
        "price": {"key": "pro-yearly", "amount": {"amount": "490"}},
        "displayText": "9 API calls per year",
    }
    rows = (await drafted(shop, "pro", "entitlements { key price { key } }"))["entitlements"]
    assert rows[:2] == [
        {"key": "api-calls", "price": None},
        {"key": "api-calls", "price": {"key": "pro-yearly"}},
    ]


async def test_a_row_for_one_price_is_not_inherited(shop: Client) -> None:
    await shop.do("setEntitlement", package="starter", key="sso", price="starter-monthly")
    await shop.do("setEntitlement", package="starter", key="sso", displayText="For all")
    await shop.do("removeEntitlement", package="starter", key="sso")
    await shop.do("publishPackage", package="starter")

    rows = (await shop.ask('{ plan(key: "pro") { entitlements { key origin price { key } } } }'))["plan"][
        "entitlements"
    ]

    assert [row for row in rows if row["key"] == "sso"] == [{"key": "sso", "origin": "OWN", "price": None}]
    assert [row for row in rows if row["price"]] == []


async def test_a_row_for_one_price_is_removed_by_its_price(shop: Client) -> None:
    row = {"package": "pro", "key": "seats", "price": "pro-yearly"}
    await shop.do("setEntitlement", **row, value={"metered": {"limit": 80}})

    await shop.do("removeEntitlement", **row)

    assert await shop.refused("removeEntitlement", **row) == ["NOT_FOUND key"]
    assert await shop.refused("publishPackage", package="pro") == ["NOTHING_TO_PUBLISH package"]
    await shop.do("removePrice", package="pro", key="pro-yearly")


async def test_a_row_for_one_price_stands_in_plans_only(shop: Client) -> None:
    await shop.do("createAddon", key="pack", name="Pack", product="app")
    amount = {"amount": 1, "currency": "USD"}
    await shop.do("setPrice", package="pack", key="once", billingPeriod="ONE_TIME", amount=amount)

    assert await shop.refused("setEntitlement", package="pack", key="sso", price="once") == ["INVALID price"]


async def credits_for(shop: Client, key: str) -> dict[str, str]:
    """The credits that readers see a plan ask for, by feature."""
    plan = (await shop.ask(f'{{ plan(key: "{key}") {{ {RATE} }} }}'))["plan"]
    return {rate["feature"]["key"]: rate["credits"] for rate in plan["creditRates"]}


async def test_a_credit_rate_is_set_in_the_draft_inherited_overridden_and_taken_back(shop: Client) -> None:
    await shop.do("createCreditType", key="ai", name="AI", unit={"singular": "credit", "plural": "credits"})
    rate = {"feature": "tokens", "creditType": "ai"}

    await shop.do("setCreditRate", package="free", **rate, credits="1.5", perUnits=1_000)
    assert (await drafted(shop, "free", RATE))["creditRates"] == [
        {
            "feature": {"key": "tokens"},
            "creditType": {"key": "ai"},
            "credits": "1.5",
            "perUnits": "1000",
        }
    ]
    assert await credits_for(shop, "free") == {}

    await shop.do("publishPackage", package="free")
    assert await credits_for(shop, "pro") == {"tokens": "1.5"}

    await shop.do("setCreditRate", package="pro", **rate, credits=2)
    await shop.do("setCreditRate", package="pro", feature="api-calls", creditType="ai", credits=3)
    await shop.do("publishPackage", package="pro")
    assert await credits_for(shop, "pro") == {"api-calls": "3", "tokens": "2"}

    await shop.do("setCreditRate", package="pro", **rate, credits=None)
    await shop.do("setCreditRate", package="pro", feature="api-calls", creditType="ai", credits=None)
    await shop.do("publishPackage", package="pro")
    assert await credits_for(shop, "pro") == {"tokens": "1.5"}


async def test_credits_left_out_of_a_rate_are_required_and_only_null_removes(shop: Client) -> None:
    rate = {"package": "free", "feature": "tokens", "creditType": "ai"}

    assert await shop.refused("setCreditRate", **rate) == ["NOT_FOUND creditType", "REQUIRED credits"]


async def test_credits_that_a_plan_gives_are_a_row_without_a_feature(shop: Client) -> None:
    unit = {"singular": "credit", "plural": "credits"}
    await shop.do("createCreditType", key="ai", name="AI", unit=unit)

    made = await shop.do(
        "setEntitlement",
        """entitlement { __typename key feature { key } displayText
             ... on CreditEntitlement { creditType { key } amount cadence rolloverLimit } }""",
        package="pro",
        key="ai",
        value={"credit": {"amount": 500, "cadence": "YEARLY", "rolloverLimit": 50}},
    )

    assert made["entitlement"] == {
        "__typename": "CreditEntitlement",
        "key": "ai",
        "feature": None,
        "displayText": "500 credits per year",
        "creditType": {"key": "ai"},
        "amount": "500",
        "cadence": "YEARLY",
        "rolloverLimit": "50",
    }
