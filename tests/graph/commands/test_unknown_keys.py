"""Keys that name nothing: the mistake names them, and suggests others of the catalog to who may read it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from rules.auth.api_keys import NewKey, Scope
from tests.graph.catalog.catalog_acts import attempted
from tests.graph.client import Client, Connect
from tests.graph.usage.metered import EVENTS, event

Given = Mapping[str, Any]

ACME, NOBODY = {"customer": "acme"}, {"customer": "acmee"}

OF_NOBODY: Mapping[str, Given] = {
    "archiveCustomer": {},
    "subscribe": {"plan": "maker"},
    "changePlan": {"plan": "maker"},
    "cancelSubscription": {},
    "resumeSubscription": {},
    "convertTrial": {},
    "setSubscriptionAddon": {"addon": "pack", "quantity": 1},
    "migrateSubscription": {},
    "setCustomEntitlement": {"feature": "images", "mode": "REVOKE"},
    "removeCustomEntitlement": {"feature": "images"},
    "createCustomerToken": {},
    "reportUsage": {"feature": "images"},
    "settleReservation": {"key": "hold"},
    "releaseReservation": {"key": "hold"},
    "grantCredits": {"creditType": "ai", "amount": 1},
}
"""Every act that is refused where its customer does not exist, with the rest of its input."""

MISSPELLED: tuple[tuple[str, Given, str, str], ...] = (
    ("subscribe", {**ACME, "plan": "makr"}, "plan", "There is no plan 'makr'. Did you mean 'maker'?"),
    (
        "subscribe",
        {**ACME, "plan": "maker", "addons": [{"addon": "makr"}]},
        "addons.0.addon",
        "There is no add-on 'makr'.",
    ),
    ("changePlan", {**ACME, "plan": "Maker"}, "plan", "There is no plan 'Maker'. Did you mean 'maker'?"),
    (
        "cancelSubscription",
        {**ACME, "product": "ap"},
        "product",
        "There is no product 'ap'. Did you mean 'app'?",
    ),
    ("convertTrial", {**ACME, "product": "x-x"}, "product", "There is no product 'x-x'."),
    (
        "setSubscriptionAddon",
        {**ACME, "addon": "maker", "quantity": 1},
        "addon",
        "There is no add-on 'maker'.",
    ),
    (
        "setCustomEntitlement",
        {**ACME, "feature": "image", "mode": "REVOKE"},
        "feature",
        "There is no feature 'image'. Did you mean 'images'?",
    ),
    (
        "removeCustomEntitlement",
        {**ACME, "feature": "imgaes"},
        "feature",
        "There is no feature 'imgaes'. Did you mean 'images'?",
    ),
    (
        "reportUsage",
        {**ACME, "feature": "Images"},
        "feature",
        "There is no feature 'Images'. Did you mean 'images'?",
    ),
    (
        "consumeCredits",
        {**ACME, "creditType": "a", "amount": 1},
        "creditType",
        "There is no credit type 'a'. Did you mean 'ai'?",
    ),
    (
        "grantCredits",
        {**ACME, "creditType": "gold", "amount": 1},
        "creditType",
        "There is no credit type 'gold'.",
    ),
    ("updateFeature", {"key": "imagess"}, "key", "There is no feature 'imagess'. Did you mean 'images'?"),
    ("updateAddon", {"key": "makr"}, "key", "There is no add-on 'makr'."),
    (
        "publishPackage",
        {"package": "makers"},
        "package",
        "There is no package 'makers'. Did you mean 'maker'?",
    ),
    (
        "setEntitlement",
        {"package": "maker", "key": "A-I"},
        "key",
        "There is no feature or credit type 'A-I'. Did you mean 'ai'?",
    ),
    (
        "setCreditRate",
        {"package": "maker", "feature": "images", "creditType": "aii", "credits": 1},
        "creditType",
        "There is no credit type 'aii'. Did you mean 'ai'?",
    ),
    (
        "reorderEntitlements",
        {"package": "maker", "keys": ["imags"]},
        "keys.0",
        "There is no row for 'imags'. Did you mean 'images'?",
    ),
    (
        "removeEntitlement",
        {"package": "maker", "key": "ia"},
        "key",
        "There is no own row for 'ia'. Did you mean 'ai'?",
    ),
    (
        "createFeature",
        {"key": "new", "name": "New", "type": "BOOLEAN", "product": "apps"},
        "product",
        "There is no product 'apps'. Did you mean 'app'?",
    ),
    (
        "createPlan",
        {"key": "new", "name": "New", "product": "app", "basePlan": "mker", "compatibleAddons": ["pack"]},
        "compatibleAddons.0",
        "There is no add-on 'pack'.",
    ),
)
"""Acts that name what is not in the catalog: where, and what they are answered."""


async def sentences(client: Client, act: str, given: Given) -> dict[str, str]:
    """What an act is refused for, by path, where there is no such thing."""
    payload = await attempted(client, act, "revision", **given)
    assert payload["revision"] is None
    return {
        ".".join(problem["path"]): problem["message"]
        for problem in payload["userErrors"]
        if problem["code"] == "NOT_FOUND"
    }


async def test_a_customer_who_does_not_exist_is_named_and_no_other_is_suggested(studio: Client) -> None:
    told = {act: await sentences(studio, act, {**NOBODY, **rest}) for act, rest in OF_NOBODY.items()}

    assert {act: found["customer"] for act, found in told.items()} == dict.fromkeys(
        OF_NOBODY, "There is no customer 'acmee'."
    )


async def test_an_event_of_nobody_names_the_customer(studio: Client) -> None:
    (problem,) = (await studio.ask(EVENTS, e=[event(customer="acmee")]))["ingestEvents"]["userErrors"]

    assert problem == {
        "code": "NOT_FOUND",
        "message": "There is no customer 'acmee'.",
        "path": ["0", "customer"],
    }


async def test_what_is_misspelled_is_told_with_what_may_have_been_meant(studio: Client) -> None:
    for act, given, path, sentence in MISSPELLED:
        assert (await sentences(studio, act, given))[path] == sentence, act


@pytest.mark.parametrize(
    ("act", "given", "scope"),
    [
        ("subscribe", {**ACME, "plan": "makr"}, Scope.CUSTOMERS_WRITE),
        ("setCustomEntitlement", {**ACME, "feature": "image", "mode": "REVOKE"}, Scope.CUSTOMERS_WRITE),
        ("reportUsage", {**ACME, "feature": "image"}, Scope.USAGE_WRITE),
        ("consumeCredits", {**ACME, "creditType": "a", "amount": 1}, Scope.CREDITS_WRITE),
    ],
)
@pytest.mark.usefixtures("studio")
async def test_nothing_of_the_catalog_is_suggested_to_who_may_not_read_it(
    connect: Connect, act: str, given: Given, scope: Scope
) -> None:
    worker = await connect(key=NewKey(scopes=frozenset({scope})))
    reader = await connect(key=NewKey(scopes=frozenset({scope, Scope.CATALOG_READ})))

    (bare,) = (await sentences(worker, act, given)).values()
    (helped,) = (await sentences(reader, act, given)).values()

    assert "Did you mean" not in bare
    assert helped.startswith(f"{bare} Did you mean '")


async def test_previews_suggest_as_mutations_do(studio: Client, connect: Connect) -> None:
    publish = '{ previewPublish(package: "makr") { cascadesTo { key } } }'
    change = """{ previewPlanChange(input: { customer: "acmee", plan: "makr" }) { effectiveAt } }"""
    reader = await connect(key=NewKey(scopes=frozenset({Scope.CUSTOMERS_READ})))

    published = await studio.error(publish)
    changed = await studio.error(change)
    unhelped = await reader.error(change)

    assert published["message"] == "There is no package 'makr'. Did you mean 'maker'?"
    assert (
        changed["message"] == "There is no customer 'acmee'. There is no plan 'makr'. Did you mean 'maker'?"
    )
    assert unhelped["message"] == "There is no customer 'acmee'. There is no plan 'makr'."
    assert [one["message"] for one in changed["extensions"]["userErrors"]] == [
        "There is no customer 'acmee'.",
        "There is no plan 'makr'. Did you mean 'maker'?",
    ]


async def test_a_document_is_told_what_may_have_been_meant_at_its_line(studio: Client) -> None:
    document = "plans:\n  maker:\n    basePlan: mkaer\n"
    told = await sentences(studio, "applyCatalog", {"document": document})

    assert any(
        sentence.startswith("Line 3") and sentence.endswith("Did you mean 'maker'?")
        for sentence in told.values()
    )


async def test_a_batch_of_nothing_but_mistakes_is_suggested_little(studio: Client) -> None:
    document = """mutation ($many: [ReportUsageInput!]!) {
      reportUsageBatch(reports: $many) { userErrors { message } }
    }"""
    reports = [{**ACME, "feature": f"image{number}"} for number in range(9)] * 5

    answers = (await studio.ask(document, many=reports))["reportUsageBatch"]

    messages = [problem["message"] for answer in answers for problem in answer["userErrors"]]
    assert len(messages) == 45
    assert sum(message.endswith("Did you mean 'images'?") for message in messages) == 10


async def test_questions_about_what_does_not_exist_are_answered(studio: Client) -> None:
    asked = await studio.ask(
        """{
          product(key: "nothing") { key }
          feature(key: "nothing") { key }
          plan(key: "nothing") { key }
          addon(key: "maker") { key }
          creditType(key: "nothing") { key }
          pricingTable(product: "nothing") { version }
          features(product: "nothing") { totalCount }
          plans(product: "nothing") { totalCount }
          addons(product: "nothing") { totalCount }
          customers(plan: "nothing") { totalCount }
          nobody: customer(key: "nobody") { key }
          access(customer: "acme", feature: "nothing") { reason }
          other: access(customer: "nobody", feature: "nothing") { reason }
          customer(key: "acme") {
            access(feature: "nothing") { reason }
            creditBalance(creditType: "nothing") { available }
            creditGrants(creditType: "nothing") { totalCount }
            creditLedger(creditType: "nothing") { nodes { id } }
            usage(feature: "nothing", from: "2026-11-01T00:00:00Z", to: "2026-11-02T00:00:00Z") { total }
          }
        }"""
    )

    assert asked == {
        **dict.fromkeys(["product", "feature", "plan", "addon", "creditType", "pricingTable", "nobody"]),
        **{key: {"totalCount": 0} for key in ("features", "plans", "addons", "customers")},
        "access": {"reason": "FEATURE_NOT_FOUND"},
        "other": {"reason": "CUSTOMER_NOT_FOUND"},
        "customer": {
            "access": {"reason": "FEATURE_NOT_FOUND"},
            "creditBalance": None,
            "creditGrants": {"totalCount": 0},
            "creditLedger": {"nodes": []},
            "usage": None,
        },
    }


@pytest.mark.parametrize("act", ["consume", "reserve"])
async def test_a_no_is_an_answer_for_unknown_keys_too(studio: Client, act: str) -> None:
    rest = {"quantity": 1, **({"key": "hold"} if act == "reserve" else {})}

    for customer, feature, reason in (
        ("acme", "nothing", "FEATURE_NOT_FOUND"),
        ("nobody", "images", "CUSTOMER_NOT_FOUND"),
        ("nobody", "nothing", "CUSTOMER_NOT_FOUND"),
    ):
        given = {"customer": customer, "feature": feature, **rest}
        payload = await attempted(studio, act, "access { reason customerKey featureKey }", **given)

        assert payload["userErrors"] == []
        assert payload["access"] == {"reason": reason, "customerKey": customer, "featureKey": feature}


async def test_credits_of_a_type_that_there_is_are_not_consumed_by_nobody(studio: Client) -> None:
    given = {**NOBODY, "creditType": "ai", "amount": 1}

    payload = await attempted(studio, "consumeCredits", "consumed balance { available }", **given)

    assert payload == {"consumed": False, "balance": None, "userErrors": []}


async def test_a_grant_that_there_is_not_is_named_by_its_customer(studio: Client) -> None:
    made = await studio.do("grantCredits", "grant { id }", customer="acme", creditType="ai", amount=1)
    grant_id = made["grant"]["id"]

    assert await studio.refused("voidCreditGrant", grant=f"{grant_id}x") == ["NOT_FOUND grant"]
