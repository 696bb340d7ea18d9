"""May this customer use this feature? Every reason, in the order in which it is tested."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graph.client import Client, Clock

ASK = """query Ask($c: String!, $f: String!, $r: Decimal, $v: [String!]) {
  access(customer: $c, feature: $f, requested: $r, values: $v) { allowed reason }
}"""

MANY = """query Many($checks: [AccessCheckInput!]!) {
  accesses(checks: $checks) { customerKey featureKey requested allowed reason }
}"""


async def ask(
    client: Client,
    feature: str,
    *,
    customer: str = "acme",
    requested: object = None,
    values: list[str] | None = None,
) -> str:
    """Why a customer may or may not."""
    answer = (await client.ask(ASK, c=customer, f=feature, r=requested, v=values))["access"]
    allowing = {"GRANTED", "WITHIN_LIMIT", "UNLIMITED", "OVERAGE_ALLOWED"}
    assert answer["allowed"] == (answer["reason"] in allowing)
    return str(answer["reason"])


@pytest.mark.parametrize("customer", ["nobody", "", "a\0", "a\n", "\ud83d", "k" * 10_000])
async def test_an_unknown_customer_is_a_no_whatever_they_are_called(shop: Client, customer: str) -> None:
    assert await ask(shop, "sso", customer=customer) == "CUSTOMER_NOT_FOUND"
    assert await ask(shop, "nothing", customer=customer) == "CUSTOMER_NOT_FOUND"


@pytest.mark.parametrize("feature", ["nothing", "", "SSO", "a\0", "\ud83d", "k" * 10_000])
async def test_an_unknown_feature_is_a_no_whatever_it_is_called(acme: Client, feature: str) -> None:
    assert await ask(acme, feature) == "FEATURE_NOT_FOUND"


async def test_an_unknown_feature_is_shown_by_its_key(acme: Client) -> None:
    answer = await acme.ask(
        """{ access(customer: "acme", feature: "nothing") {
          customerKey featureKey displayText feature { key } config { number } usage { used } validUntil
        } }"""
    )

    assert answer["access"] == {
        "customerKey": "acme",
        "featureKey": "nothing",
        "displayText": "nothing",
        "feature": None,
        "config": None,
        "usage": None,
        "validUntil": None,
    }


@pytest.mark.parametrize("status", ["SUSPENDED", "ARCHIVED"])
async def test_a_feature_out_of_use_is_denied_before_anything_else_about_it(
    acme: Client, status: str
) -> None:
    await acme.do("createFeature", key="lab", name="Lab", type="BOOLEAN")
    await acme.do("updateFeature", key="lab", status=status)

    assert await ask(acme, "lab", requested=1) == "FEATURE_UNAVAILABLE"
    assert await ask(acme, "lab", customer="nobody") == "CUSTOMER_NOT_FOUND"


async def test_a_suspended_feature_comes_back(acme: Client) -> None:
    await acme.do("subscribe", customer="acme", plan="free")
    await acme.do("updateFeature", key="seats", status="SUSPENDED")
    suspended = await ask(acme, "seats")
    await acme.do("updateFeature", key="seats", status="ACTIVE")

    assert suspended == "FEATURE_UNAVAILABLE"
    assert await ask(acme, "seats") == "WITHIN_LIMIT"


@pytest.mark.parametrize(
    ("feature", "asked"),
    [
        ("sso", {"requested": 1}),
        ("max-projects", {"requested": 0}),
        ("regions", {"requested": 1}),
        ("sso", {"values": []}),
        ("max-projects", {"values": ["2"]}),
        ("api-calls", {"values": ["eu"]}),
    ],
)
async def test_a_question_that_the_feature_cannot_answer_is_a_no(
    acme: Client, feature: str, asked: dict[str, Any]
) -> None:
    assert await ask(acme, feature, **asked) == "TYPE_MISMATCH"


async def test_without_a_subscription_there_is_nothing(acme: Client) -> None:
    assert await ask(acme, "sso") == "NO_ACTIVE_SUBSCRIPTION"
    assert await ask(acme, "api-calls", requested=0) == "NO_ACTIVE_SUBSCRIPTION"


async def test_what_a_plan_does_not_include_is_not_entitled(acme: Client) -> None:
    await acme.do("subscribe", customer="acme", plan="free")

    assert await ask(acme, "sso") == "NOT_ENTITLED"
    assert await ask(acme, "exports", requested=1) == "NOT_ENTITLED"


async def test_booleans_and_settings_are_granted(acme: Client) -> None:
    await acme.do("subscribe", customer="acme", plan="pro", price="pro-monthly")

    for feature in ("sso", "community-support", "max-projects", "storage", "regions"):
        assert await ask(acme, feature) == "GRANTED"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (None, "GRANTED"),
        ([], "GRANTED"),
        (["eu"], "GRANTED"),
        (["eu", "eu"], "GRANTED"),
        (["us"], "VALUE_NOT_INCLUDED"),
        (["eu", "us"], "VALUE_NOT_INCLUDED"),
        (["EU"], "VALUE_NOT_INCLUDED"),
        (["a\0"], "VALUE_NOT_INCLUDED"),
    ],
)
async def test_every_requested_choice_is_included(
    acme: Client, values: list[str] | None, reason: str
) -> None:
    await acme.do("subscribe", customer="acme", plan="free")

    assert await ask(acme, "regions", values=values) == reason


@pytest.mark.parametrize(
    ("used", "requested", "reason"),
    [
        (2, None, "WITHIN_LIMIT"),
        (3, None, "LIMIT_EXCEEDED"),
        (2, 1, "WITHIN_LIMIT"),
        (2, "1.000001", "LIMIT_EXCEEDED"),
        (3, 0, "WITHIN_LIMIT"),
        (4, 0, "LIMIT_EXCEEDED"),
        (4, -1, "WITHIN_LIMIT"),
        (0, "9199999999999.999999", "LIMIT_EXCEEDED"),
    ],
)
async def test_a_hard_limit_is_kept_to_the_last_digit(
    acme: Client, used: int, requested: object, reason: str
) -> None:
    await acme.do("subscribe", customer="acme", plan="free")
    await acme.do("reportUsage", customer="acme", feature="seats", value=used)

    assert await ask(acme, "seats", requested=requested) == reason


async def test_a_soft_limit_is_reported_and_never_refuses(acme: Client) -> None:
    await acme.do("subscribe", customer="acme", plan="starter")
    before = await ask(acme, "tokens", requested=10_001)
    await acme.do("reportUsage", customer="acme", feature="tokens", value=12_500)

    usage = """{ access(customer: "acme", feature: "tokens") { reason displayText usage {
      used limit remaining overage percentUsed enforcement overageCharge { amount currency }
    } } }"""
    answer = (await acme.ask(usage))["access"]

    assert before == "OVERAGE_ALLOWED"
    assert answer == {
        "reason": "OVERAGE_ALLOWED",
        "displayText": "10,000 tokens per month, then $0.10 per 1,000 tokens",
        "usage": {
            "used": "12500",
            "limit": "10000",
            "remaining": "0",
            "overage": "2500",
            "percentUsed": 125.0,
            "enforcement": "SOFT",
            "overageCharge": {"amount": "0.25", "currency": "USD"},
        },
    }


async def test_what_is_unlimited_is_counted_all_the_same(acme: Client) -> None:
    await acme.do("subscribe", customer="acme", plan="pro", price="pro-monthly")
    await acme.do("reportUsage", customer="acme", feature="exports", value=1_000_000)

    answer = await acme.ask(
        '{ access(customer: "acme", feature: "exports", requested: 5) '
        "{ reason requested usage { used unlimited limit remaining percentUsed } } }"
    )

    assert answer["access"] == {
        "reason": "UNLIMITED",
        "requested": "5",
        "usage": {
            "used": "1000000",
            "unlimited": True,
            "limit": None,
            "remaining": None,
            "percentUsed": None,
        },
    }


async def test_many_questions_are_answered_in_their_order(acme: Client) -> None:
    await acme.do("subscribe", customer="acme", plan="free")
    asked = [
        ("acme", "seats", "3", "WITHIN_LIMIT"),
        ("nobody", "seats", None, "CUSTOMER_NOT_FOUND"),
        ("acme", "seats", "4", "LIMIT_EXCEEDED"),
        ("acme", "nothing", None, "FEATURE_NOT_FOUND"),
        ("acme", "seats", "3", "WITHIN_LIMIT"),
        ("a\0", "a\0", None, "CUSTOMER_NOT_FOUND"),
        ("acme", "sso", None, "NOT_ENTITLED"),
    ]

    checks = [{"customer": c, "feature": f, "requested": r} for c, f, r, _ in asked]
    answers = (await acme.ask(MANY, checks=checks))["accesses"]

    told = [(a["customerKey"], a["featureKey"], a["requested"], a["reason"]) for a in answers]
    assert told == asked


async def test_no_questions_have_no_answers(acme: Client) -> None:
    assert await acme.ask(MANY, checks=[]) == {"accesses": []}


async def test_ten_thousand_questions_are_answered_and_one_more_is_bad_input(acme: Client) -> None:
    await acme.do("subscribe", customer="acme", plan="free")
    check = {"customer": "acme", "feature": "seats"}
    document = "query Many($c: [AccessCheckInput!]!) { accesses(checks: $c) { allowed } }"

    answers = (await acme.ask(document, c=[check] * 10_000))["accesses"]
    error = await acme.error(document, c=[check] * 10_001)

    assert answers == [{"allowed": True}] * 10_000
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "10,000" in error["message"] or "10000" in error["message"]


async def test_named_features_are_answered_in_the_order_asked(acme: Client) -> None:
    await acme.do("subscribe", customer="acme", plan="free")

    answer = await acme.ask(
        """{ customer(key: "acme") {
          named: accesses(features: ["sso", "nothing", "seats"]) { featureKey reason }
          none: accesses(features: []) { featureKey }
          one: access(feature: "seats", requested: 2) { reason requested }
        } }"""
    )

    assert [(a["featureKey"], a["reason"]) for a in answer["customer"]["named"]] == [
        ("sso", "NOT_ENTITLED"),
        ("nothing", "FEATURE_NOT_FOUND"),
        ("seats", "WITHIN_LIMIT"),
    ]
    assert answer["customer"]["none"] == []
    assert answer["customer"]["one"] == {"reason": "WITHIN_LIMIT", "requested": "2"}


async def test_only_features_of_a_product_are_answered_for(acme: Client) -> None:
    await acme.do("subscribe", customer="acme", plan="free")

    answer = await acme.ask('{ customer(key: "acme") { accesses(product: "app") { featureKey } } }')

    assert answer["customer"]["accesses"] == [{"featureKey": "api-calls"}]


async def test_an_answer_tells_when_it_was_given_and_until_when_it_holds(acme: Client, clock: Clock) -> None:
    await acme.do("subscribe", customer="acme", plan="free")
    clock.forward(minutes=1)

    answer = await acme.ask(
        """{
          month: access(customer: "acme", feature: "api-calls") { evaluatedAt validUntil revision }
          ever: access(customer: "acme", feature: "seats") { evaluatedAt validUntil revision }
        }"""
    )

    at = "2026-11-15T12:01:00Z"
    assert answer["month"] == {"evaluatedAt": at, "validUntil": "2026-12-15T12:00:00Z", "revision": "1.2"}
    assert answer["ever"] == {"evaluatedAt": at, "validUntil": None, "revision": "1.2"}


async def test_a_publish_changes_the_answer_at_once(acme: Client) -> None:
    await acme.do("subscribe", customer="acme", plan="pro", price="pro-monthly")
    before = await ask(acme, "support")
    await acme.do("setEntitlement", package="free", key="support", value={"config": {"text": "24/7"}})
    edited = await ask(acme, "support")
    await acme.do("publishPackage", package="free")

    assert (before, edited, await ask(acme, "support")) == ("NOT_ENTITLED", "NOT_ENTITLED", "GRANTED")
