"""What would be, told before it is done."""

from __future__ import annotations

from typing import Any

import pytest

from rules.auth.api_keys import NewKey, Scope
from tests.graph.client import Client, Connect, Json
from tests.graph.operations import operation

IMPACT = """exact customersAffected gainAccess loseAccess overLimit
  examples { customerKey featureKey before { ...Answer } after { ...Answer } }"""
ANSWER = "fragment Answer on Access { reason usage { used limit overage } config { number choices } }"
PUBLISH = f"""query Preview($package: String!, $to: PublishScope! = ALL_CUSTOMERS) {{
  previewPublish(package: $package, applyTo: $to) {{
    changes {{ summary }} cascadesTo {{ key }} impact {{ {IMPACT} }}
  }}
}} {ANSWER}"""
CHANGE = f"""query Preview($input: ChangePlanInput!) {{ previewPlanChange(input: $input) {{
  timing effectiveAt differences {{ featureKey before {{ ...Answer }} after {{ ...Answer }} }}
}} }} {ANSWER}"""
APPLY = f"""mutation Apply($input: ApplyCatalogInput!) {{ applyCatalog(input: $input) {{
  changes {{ summary }} impact {{ {IMPACT} }} userErrors {{ code }}
}} }} {ANSWER}"""


async def publishing(client: Client, package: str, **more: object) -> Any:  # noqa: ANN401 - JSON
    """What publishing a package would do."""
    return (await client.ask(PUBLISH, package=package, **more))["previewPublish"]


def counts(impact: Json) -> tuple[int, int, int, int]:
    """How many are affected, gain access, lose access and are over a limit."""
    return tuple(impact[name] for name in ("customersAffected", "gainAccess", "loseAccess", "overLimit"))


def told(impact: Json) -> list[str]:
    """The examples in a few words each."""
    return [
        f"{one['customerKey']} {one['featureKey']}: {_answer(one['before'])} → {_answer(one['after'])}"
        for one in impact["examples"]
    ]


def _answer(access: Json) -> str:
    usage = access["usage"]
    return access["reason"] if usage is None else f"{access['reason']} {usage['used']}/{usage['limit']}"


async def populated(client: Client) -> Client:
    """Three on "free", one of whom uses much, and one on "starter"."""
    for name in ("acme", "bell", "corp", "dent"):
        await client.do("upsertCustomer", key=name)
        await client.do("subscribe", customer=name, plan="starter" if name == "dent" else "free")
    await client.do("reportUsage", customer="bell", feature="api-calls", value=60)
    return client


@operation("BeforePublish")
async def test_product_people_see_what_publishing_would_do(acme: Client, document: str) -> None:
    await acme.do("subscribe", customer="acme", plan="starter")
    await acme.do("reportUsage", customer="acme", feature="tokens", value=9_000)
    await acme.do("setEntitlement", package="starter", key="tokens", value={"metered": {"limit": 5_000}})

    preview = (await acme.ask(document))["previewPublish"]

    paths = [change["path"].rpartition(".")[2] for change in preview["changes"]]
    assert paths == ["limit", "enforcement", "reset", "overage"]
    assert preview["cascadesTo"] == [{"key": "pro"}]
    assert preview["impact"] == {
        "customersAffected": 1,
        "gainAccess": 0,
        "loseAccess": 1,
        "overLimit": 1,
        "examples": [
            {
                "customerKey": "acme",
                "featureKey": "tokens",
                "before": {"reason": "WITHIN_LIMIT"},
                "after": {"reason": "LIMIT_EXCEEDED"},
            }
        ],
    }


@operation("PreviewChange")
async def test_support_sees_what_a_downgrade_would_take(acme: Client, document: str) -> None:
    await acme.do("subscribe", customer="acme", plan="pro", price="pro-monthly")

    preview = (await acme.ask(document, c="acme"))["previewPlanChange"]

    assert (preview["timing"], preview["effectiveAt"]) == ("PERIOD_END", "2026-12-15T12:00:00Z")
    lost = {one["featureKey"] for one in preview["differences"] if not one["after"]["allowed"]}
    assert "sso" in lost


@operation("Apply")
async def test_a_dry_run_tells_who_would_lose_access(acme: Client, document: str) -> None:
    await acme.do("subscribe", customer="acme", plan="free")
    exported = (await acme.ask("{ exportCatalog(format: YAML) }"))["exportCatalog"]
    without = exported.replace("limit: 100,", "limit: 0,")
    assert without != exported

    answer = (await acme.ask(document, doc=without))["applyCatalog"]

    assert (answer["applied"], answer["userErrors"]) == (False, [])
    assert answer["impact"] == {"loseAccess": 1}


async def test_a_cascade_reaches_customers_of_derived_plans(shop: Client) -> None:
    await populated(shop)
    await shop.do("setEntitlement", package="free", key="api-calls", value={"metered": {"limit": 50}})
    await shop.do("setEntitlement", package="free", key="max-projects", value={"config": {"number": 1}})

    preview = await publishing(shop, "free")

    assert [plan["key"] for plan in preview["cascadesTo"]] == ["starter", "pro"]
    assert preview["impact"]["exact"]
    assert counts(preview["impact"]) == (4, 0, 1, 1)
    assert told(preview["impact"])[0] == "bell api-calls: WITHIN_LIMIT 60/100 → LIMIT_EXCEEDED 60/50"


async def test_anyone_who_keeps_their_version_notices_nothing(shop: Client) -> None:
    await populated(shop)
    await shop.do("setEntitlement", package="free", key="api-calls", value={"metered": {"limit": 50}})

    preview = await publishing(shop, "free", to="NEW_CUSTOMERS")

    assert [change["summary"] for change in preview["changes"]] != []
    assert counts(preview["impact"]) == (0, 0, 0, 0)


@pytest.mark.parametrize(("package", "codes"), [("free", ["NOTHING_TO_PUBLISH"]), ("nothing", ["NOT_FOUND"])])
async def test_a_publish_that_would_be_refused_is_reported_with_the_same_codes(
    shop: Client, package: str, codes: list[str]
) -> None:
    error = await shop.error(PUBLISH, package=package)
    refused = await shop.refused("publishPackage", package=package)

    extensions = error["extensions"]
    assert extensions["code"] == "BAD_USER_INPUT"
    assert [problem["code"] for problem in extensions["userErrors"]] == codes
    assert [f"{one['code']} {'.'.join(one['path'])}" for one in extensions["userErrors"]] == refused


@pytest.mark.parametrize(
    "change",
    [
        {"customer": "nobody", "plan": "starter"},
        {"customer": "acme", "plan": "nothing"},
        {"customer": "acme", "plan": "free"},
        {"customer": "acme", "plan": "pro"},
    ],
)
async def test_a_change_of_plan_that_would_be_refused_is_reported_with_the_same_codes(
    acme: Client, change: Json
) -> None:
    await acme.do("subscribe", customer="acme", plan="free")

    error = await acme.error(CHANGE, input=change)

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    refused = await acme.refused("changePlan", **change)
    assert [f"{one['code']} {'.'.join(one['path'])}" for one in error["extensions"]["userErrors"]] == refused


@pytest.mark.parametrize("scopes", [(), (Scope.CUSTOMERS_READ,)])
async def test_examples_are_for_those_who_may_read_customers(
    shop: Client, connect: Connect, scopes: tuple[Scope, ...]
) -> None:
    await populated(shop)
    await shop.do("setEntitlement", package="free", key="api-calls", value={"metered": {"limit": 50}})
    exported = (await shop.ask("{ exportCatalog }"))["exportCatalog"].replace("limit: 100,", "limit: 50,")
    reader = await connect(key=NewKey(scopes=(Scope.CATALOG_READ, Scope.CATALOG_WRITE, *scopes)))

    previewed = (await publishing(reader, "free"))["impact"]
    await shop.do("discardDraft", package="free")
    compared = (await reader.ask(APPLY, input={"document": exported, "dryRun": True}))["applyCatalog"][
        "impact"
    ]

    for impact in (previewed, compared):
        assert counts(impact)[0] == 3
        assert bool(impact["examples"]) == bool(scopes)


async def test_an_answer_that_would_be_can_be_asked_for_its_sources_credits_and_reasons(
    studio: Client,
) -> None:
    await studio.do("setEntitlement", package="maker", key="images", value={"metered": {"limit": 0}})
    await studio.do("reportUsage", customer="acme", feature="images", value=4)

    answer = await studio.ask("""{ previewPublish(package: "maker") { impact { examples { after {
      allowed reason displayText revision feature { key } creditCost credits { available grants { amount } }
      sources { winning quantity package { key } entitlement { displayText } value { metered { limit } } }
      explanation { summary steps { check outcome } remedies { kind } }
    } } } } }""")

    (example,) = answer["previewPublish"]["impact"]["examples"]
    after = example["after"]
    assert (after["reason"], after["displayText"]) == ("WITHIN_CREDITS", "0 images per billing period")
    assert after["credits"]["available"] == "100"
    (source,) = after["sources"]
    assert source["entitlement"] == {"displayText": "0 images per billing period"}
    assert after["explanation"]["summary"].startswith("acme may use images")
