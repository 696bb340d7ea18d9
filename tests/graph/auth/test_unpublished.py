"""What is not published is for those who keep the catalog, whichever way others come to it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import pytest_asyncio

from rules.auth.api_keys import ApiKeyKind, NewKey, Scope
from tests.graph.client import Client, Connect, Json

PUBLISHABLE = NewKey(kind=ApiKeyKind.PUBLISHABLE)

HIDDEN = """{
  product(key: "app") { metadata plans(includeArchived: true) { key } addons { key } }
  feature(key: "seats") { metadata meter { aggregation } product { metadata } }
  plans { totalCount nodes { key } }
  addons { totalCount nodes { key } }
  unpublished: plan(key: "secret-plan") { key }
  pack: addon(key: "secret-pack") { key }
  plan(key: "pro") {
    metadata
    draft { number }
    versions { totalCount nodes { number } edges { cursor } pageInfo { hasNextPage endCursor } }
    derivedPlans { key }
    compatibleAddons { key }
    publishedVersion { number subscriptionCount changes { summary } package { draft { number } } }
    entitlements { key definedIn { draft { number } } }
  }
}"""


@pytest_asyncio.fixture
async def secretive(acme: Client) -> Client:
    """The back end of a shop with plans for later, a draft, customers and notes to itself."""
    note = {"margin": "90 %"}
    await acme.do("updateProduct", key="app", metadata=note)
    await acme.do("updateFeature", key="seats", metadata=note)
    await acme.do("upsertCustomer", key="acme", metadata={"churn": "likely"})
    await acme.do("createAddon", key="secret-pack", name="Pack", product="app")
    await acme.do("updatePlan", key="pro", metadata=note, compatibleAddons=["secret-pack"])
    await acme.do("createPlan", key="secret-plan", name="Secret", product="app", basePlan="pro")
    await acme.do("setEntitlement", package="pro", key="seats", value={"metered": {"limit": 99}})
    await acme.do("subscribe", customer="acme", plan="pro", price="pro-monthly")
    return acme


SHOWN = {
    "product": {"metadata": {}, "plans": [{"key": "free"}, {"key": "pro"}, {"key": "starter"}], "addons": []},
    "feature": {"metadata": {}, "meter": None, "product": None},
    "plans": {"totalCount": 3, "nodes": [{"key": "free"}, {"key": "pro"}, {"key": "starter"}]},
    "addons": {"totalCount": 0, "nodes": []},
    "unpublished": None,
    "pack": None,
}


async def test_what_is_not_published_does_not_exist_for_publishable_keys_and_tokens(
    secretive: Client, connect: Connect
) -> None:
    made = await secretive.try_to("createCustomerToken", "token", customer="acme")
    for outsider in (
        await connect(key=PUBLISHABLE),
        Client(http=secretive.http, secret=made["token"]),
    ):
        seen = await outsider.ask(HIDDEN)
        plan = seen.pop("plan")
        assert seen == SHOWN
        assert plan["versions"] == {
            "totalCount": 0,
            "nodes": [],
            "edges": [],
            "pageInfo": {"hasNextPage": False, "endCursor": None},
        }
        assert plan["publishedVersion"] == {
            "number": 1,
            "subscriptionCount": 0,
            "changes": [],
            "package": {"draft": None},
        }
        assert (plan["metadata"], plan["draft"]) == ({}, None)
        assert (plan["derivedPlans"], plan["compatibleAddons"]) == ([], [])
        assert {row["definedIn"]["draft"] for row in plan["entitlements"]} == {None}


@pytest.mark.usefixtures("secretive")
async def test_a_back_end_that_reads_the_catalog_sees_all_of_it(connect: Connect) -> None:
    reader = await connect(key=NewKey(scopes=[Scope.CATALOG_READ]))

    seen = await reader.ask(HIDDEN)

    assert seen["unpublished"] == {"key": "secret-plan"}
    assert seen["plan"]["draft"] == {"number": 2}
    assert seen["plan"]["publishedVersion"]["subscriptionCount"] == 1
    assert seen["feature"] == {
        "metadata": {"margin": "90 %"},
        "meter": {"aggregation": "SUM"},
        "product": None,
    }


AROUND = """{ customer(key: "acme") { metadata subscriptions {
  plan { metadata draft { number } product { plans { key } } versions { totalCount } }
  version { subscriptionCount changes { summary } }
} accesses(features: ["seats"]) { feature { meter { aggregation } metadata } } } }"""


async def test_there_is_no_way_around_by_a_customer(secretive: Client, connect: Connect) -> None:
    made = await secretive.try_to("createCustomerToken", "token", customer="acme")
    token = Client(http=secretive.http, secret=made["token"])
    support = await connect(key=NewKey(scopes=[Scope.CUSTOMERS_READ]))

    for asking, metadata in ((token, {}), (support, {"churn": "likely"})):
        seen = (await asking.ask(AROUND))["customer"]
        assert seen == {
            "metadata": metadata,
            "subscriptions": [
                {
                    "plan": {
                        "metadata": {},
                        "draft": None,
                        "product": {"plans": SHOWN["product"]["plans"]},  # type: ignore[index]
                        "versions": {"totalCount": 0},
                    },
                    "version": {"subscriptionCount": 0, "changes": []},
                }
            ],
            "accesses": [{"feature": {"meter": None, "metadata": {}}}],
        }


async def test_anyone_who_only_reports_usage_does_not_learn_who_customers_are(
    secretive: Client, connect: Connect
) -> None:
    await secretive.do("upsertCustomer", key="acme", name="Acme", email="ceo@acme.example")
    worker = await connect(key=NewKey(scopes=[Scope.USAGE_WRITE]))

    who = "subscription { customer { key name email metadata } }"
    told = await worker.do(
        "reportUsage", f"access {{ sources {{ {who} }} }}", customer="acme", feature="seats", value=0
    )

    nobody: Json = {"key": "acme", "name": None, "email": None, "metadata": {}}
    assert told["access"]["sources"] == [{"subscription": {"customer": nobody}}]


IDS = """{
  viewer { environment { id } }
  apiKeys { id }
  product(key: "app") { id }
  unpublished: plan(key: "secret-plan") { id draft { id } }
  plan(key: "pro") { id draft { id } publishedVersion { id } entitlements { id } }
  customer(key: "acme") { id subscriptions { id } }
}"""

NODE = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename } }"


async def nodes(client: Client, ids: Mapping[str, str]) -> dict[str, str | None]:
    """What a client gets for ids: the type, None for nothing, or the code of an error."""
    answer = (await client.send(NODE, ids=list(ids.values()))).json()
    shown = answer["data"]["nodes"]
    found: list[str | None] = [None if node is None else node["__typename"] for node in shown]
    for error in answer.get("errors", []):
        found[error["path"][1]] = error["extensions"]["code"]
    return dict(zip(ids, found, strict=True))


def ids_of(seen: Json) -> dict[str, str]:
    """One id of each kind."""
    return {
        "environment": seen["viewer"]["environment"]["id"],
        "key": seen["apiKeys"][0]["id"],
        "product": seen["product"]["id"],
        "unpublished": seen["unpublished"]["id"],
        "unpublished draft": seen["unpublished"]["draft"]["id"],
        "plan": seen["plan"]["id"],
        "draft": seen["plan"]["draft"]["id"],
        "version": seen["plan"]["publishedVersion"]["id"],
        "customer": seen["customer"]["id"],
        "subscription": seen["customer"]["subscriptions"][0]["id"],
    }


async def test_a_node_is_for_anyone_who_may_see_its_kind(secretive: Client, connect: Connect) -> None:
    await secretive.do("upsertCustomer", key="globex")
    ids = ids_of(await secretive.ask(IDS))
    named = {"environment": "Environment", "product": "Product", "plan": "Plan"}
    published = {**named, "version": "PackageVersion"}
    absent = dict.fromkeys(["unpublished", "unpublished draft", "draft"])
    own = {"customer": "Customer", "subscription": "CustomerSubscription"}
    made = [
        (await secretive.try_to("createCustomerToken", "token", customer=name))["token"]
        for name in ("acme", "globex")
    ]
    acme, globex = (Client(http=secretive.http, secret=token) for token in made)
    no = "FORBIDDEN"

    website = await nodes(await connect(key=PUBLISHABLE), ids)
    assert website == {**published, **absent, **dict.fromkeys(own, no), "key": no}
    assert await nodes(acme, ids) == {**published, **absent, **own, "key": no}
    assert await nodes(globex, ids) == {**published, **absent, **dict.fromkeys(own, no), "key": no}
    support = await nodes(await connect(key=NewKey(scopes=[Scope.CUSTOMERS_READ])), ids)
    assert support == {**dict.fromkeys(ids, no), **own, "environment": "Environment"}
