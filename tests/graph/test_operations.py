"""What back ends send, as they wrote it."""

from __future__ import annotations

import re

import pytest
from graphql import parse, validate

from schema.graph import graph
from tests.graph.client import Client, Connect
from tests.graph.operations import DOCUMENTS, HERE, operation


def test_every_operation_is_sent_by_a_test() -> None:
    modules = [module.read_text(encoding="utf-8") for module in HERE.rglob("test_*.py")]
    sent = {name for text in modules for name in re.findall(r'^@operation\("(\w+)"\)', text, re.MULTILINE)}

    assert sent == DOCUMENTS.keys()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_an_operation_is_one_that_the_schema_can_answer(name: str) -> None:
    assert validate(graph._schema, parse(DOCUMENTS[name])) == []


@operation("Check")
async def test_a_back_end_asks_before_each_call(acme: Client, document: str) -> None:
    await acme.do("subscribe", customer="acme", plan="free")
    await acme.do("reportUsage", customer="acme", feature="api-calls", value=99)

    last = (await acme.ask(document, c="acme"))["access"]
    await acme.do("reportUsage", customer="acme", feature="api-calls")
    denied = (await acme.ask(document, c="acme"))["access"]

    assert last["allowed"]
    assert last["reason"] == "WITHIN_LIMIT"
    assert last["usage"] == {"remaining": "1", "period": {"end": "2026-12-15T12:00:00Z"}}
    assert (denied["allowed"], denied["reason"]) == (False, "LIMIT_EXCEEDED")
    assert denied["usage"]["remaining"] == "0"


@operation("CheckBoolean")
@pytest.mark.parametrize(("plan", "reason"), [("free", "NOT_ENTITLED"), ("pro", "GRANTED")])
async def test_a_back_end_asks_for_a_boolean(acme: Client, document: str, plan: str, reason: str) -> None:
    price = "pro-monthly" if plan == "pro" else None
    await acme.do("subscribe", customer="acme", plan=plan, price=price)

    answer = (await acme.ask(document, c="acme"))["access"]

    assert answer == {"allowed": plan == "pro", "reason": reason, "displayText": "sso"}


@operation("ReadObjectConfig")
async def test_a_back_end_reads_a_structured_setting(acme: Client, document: str) -> None:
    await acme.do("subscribe", customer="acme", plan="starter")

    assert (await acme.ask(document, c="acme"))["access"] == {
        "allowed": True,
        "config": {"object": {"limitGB": 50}},
    }


@operation("ReadNumberConfig")
async def test_a_back_end_reads_a_number_that_a_base_plan_set(acme: Client, document: str) -> None:
    await acme.do("subscribe", customer="acme", plan="starter")

    assert (await acme.ask(document, c="acme"))["access"] == {"allowed": True, "config": {"number": "2"}}


@operation("CheckChoice")
async def test_a_back_end_asks_for_a_choice(acme: Client, document: str) -> None:
    await acme.do("subscribe", customer="acme", plan="free")

    assert (await acme.ask(document, c="acme"))["access"] == {
        "allowed": True,
        "reason": "GRANTED",
        "config": {"choices": ["eu"]},
    }


@operation("FeatureMap")
async def test_a_back_end_reads_all_that_a_customer_has(acme: Client, document: str) -> None:
    await acme.do("subscribe", customer="acme", plan="starter")
    await acme.do("reportUsage", customer="acme", feature="seats", value=2)

    customer = (await acme.ask(document, c="acme"))["customer"]

    answers = {answer.pop("featureKey"): answer for answer in customer["accesses"]}
    assert list(answers) == [
        *("api-calls", "seats", "max-projects", "regions", "community-support"),
        *("tokens", "storage"),
    ]
    assert answers["seats"] == {
        "allowed": True,
        "reason": "WITHIN_LIMIT",
        "validUntil": None,
        "config": None,
        "usage": {"used": "2", "limit": "3", "unlimited": False, "remaining": "1"},
        "feature": {"type": "METERED", "product": None},
    }
    assert answers["api-calls"]["validUntil"] == "2026-12-15T12:00:00Z"
    assert answers["api-calls"]["usage"]["limit"] == "1000"
    settings = {key: answer["config"] for key, answer in answers.items() if answer["config"]}
    assert {key: [value for value in s.values() if value] for key, s in settings.items()} == {
        "max-projects": ["2"],
        "regions": [["eu"]],
        "storage": [{"limitGB": 50}],
    }


@operation("FeatureMap")
async def test_nothing_is_reported_of_a_customer_who_does_not_exist(shop: Client, document: str) -> None:
    assert (await shop.ask(document, c="nobody"))["customer"] is None


@operation("Report")
async def test_a_back_end_reports_usage_and_may_say_it_twice(acme: Client, document: str) -> None:
    await acme.do("subscribe", customer="acme", plan="starter")
    await acme.do("reportUsage", customer="acme", feature="tokens", value=9_000)

    first = (await acme.ask(document, c="acme", k="call-1"))["reportUsage"]
    second = (await acme.ask(document, c="acme", k="call-1"))["reportUsage"]

    assert first == {
        "recorded": "1234",
        "replayed": False,
        "access": {"usage": {"used": "10234", "limit": "10000", "overage": "234"}},
        "userErrors": [],
    }
    assert second == {**first, "replayed": True}


@operation("ManyChecks")
async def test_a_back_end_asks_many_questions_at_once(acme: Client, document: str) -> None:
    await acme.do("subscribe", customer="acme", plan="free")
    asked = [("acme", "api-calls"), ("nobody", "sso"), ("acme", "sso"), ("acme", "nothing")]

    answers = await acme.ask(document, q=[{"customer": c, "feature": f} for c, f in asked])

    assert answers["accesses"] == [
        {
            "customerKey": customer,
            "featureKey": feature,
            "allowed": reason == "WITHIN_LIMIT",
            "reason": reason,
        }
        for (customer, feature), reason in zip(
            asked, ["WITHIN_LIMIT", "CUSTOMER_NOT_FOUND", "NOT_ENTITLED", "FEATURE_NOT_FOUND"], strict=True
        )
    ]


@operation("SignUp")
async def test_a_customer_signs_up_in_one_document(shop: Client, document: str) -> None:
    answer = await shop.ask(document, c="acme")

    assert answer["upsertCustomer"]["userErrors"] == []
    assert answer["subscribe"]["userErrors"] == []
    assert answer["subscribe"]["subscription"]["status"] == "ACTIVE"
    customer = await shop.ask(
        '{ customer(key: "acme") { id name email timezone subscriptions { id plan { key } timezone } } }'
    )
    assert customer["customer"] == {
        "id": answer["upsertCustomer"]["customer"]["id"],
        "name": "Acme",
        "email": "ops@acme.test",
        "timezone": "Europe/Berlin",
        "subscriptions": [
            {
                "id": answer["subscribe"]["subscription"]["id"],
                "plan": {"key": "free"},
                "timezone": "Europe/Berlin",
            }
        ],
    }


@operation("Sandbox")
async def test_a_sandboxs_clock_is_advanced(connect: Connect, document: str) -> None:
    sandbox = await connect("trial", sandbox=True)

    answer = (await sandbox.ask(document))["advanceClock"]

    assert answer == {"environment": {"now": "2026-12-31T23:59:59Z"}, "userErrors": []}
    assert (await sandbox.ask("{ viewer { environment { now } } }"))["viewer"]["environment"] == {
        "now": "2026-12-31T23:59:59Z"
    }
