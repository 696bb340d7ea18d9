"""Ids in the catalog: a price, and a row, is one of a version or of a draft."""

from __future__ import annotations

from resolvers.context import Services
from rules.auth.api_keys import ApiKeyKind, NewKey
from tests.graph.catalog.test_nodes import furnish
from tests.graph.client import Client, Connect
from tests.graph.conftest import context_of
from tests.graph.states import Asking, Store, selection
from tests.graph.whole_schema import SCHEMA

PRICED = """{ plan(key: "pro") { prices { id amount { amount } }
  draft { prices { id amount { amount } } entitlements { id price { id } } }
  versions { nodes { number prices { id key amount { amount } } } } }
  customer(key: "acme") { subscriptions { version { number } price { id amount { amount } } } }
  pricingTable(product: "app") { columns { plan { key } prices { id } } } }"""


async def test_a_price_is_a_node_of_its_version(shop: Client, connect: Connect) -> None:
    await furnish(shop)
    await shop.do(
        "setPrice",
        package="pro",
        key="pro-monthly",
        billingPeriod="MONTHLY",
        amount={"amount": 99, "currency": "USD"},
    )
    await shop.do("publishPackage", package="pro", applyTo="NEW_CUSTOMERS")
    await shop.do(
        "setPrice",
        package="pro",
        key="pro-monthly",
        billingPeriod="MONTHLY",
        amount={"amount": 199, "currency": "USD"},
    )

    told = await shop.ask(PRICED)

    plan, (subscribed,) = told["plan"], told["customer"]["subscriptions"]
    by_version = {one["number"]: {p["key"]: p for p in one["prices"]} for one in plan["versions"]["nodes"]}
    newest = max(by_version)
    states = {p["id"]: p["amount"]["amount"] for one in by_version.values() for p in one.values()}
    states |= {p["id"]: p["amount"]["amount"] for p in plan["draft"]["prices"]}
    assert len(states) == sum(map(len, by_version.values())) + len(plan["draft"]["prices"])
    assert {p["id"]: p["amount"]["amount"] for p in plan["prices"]}.items() <= states.items()
    assert subscribed["price"]["id"] == by_version[subscribed["version"]["number"]]["pro-monthly"]["id"]
    (column,) = [one for one in told["pricingTable"]["columns"] if one["plan"]["key"] == "pro"]
    assert {p["id"] for p in column["prices"]} == {p["id"] for p in by_version[newest].values()}
    document = "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Price { amount { amount } } } }"
    found = (await shop.ask(document, ids=list(states)))["nodes"]
    assert {p["id"]: p["amount"]["amount"] for p in found} == states
    website = await connect(key=NewKey(kind=ApiKeyKind.PUBLISHABLE))
    drafted = [p["id"] for p in plan["draft"]["prices"]]
    assert (await website.ask(document, ids=drafted))["nodes"] == [None] * len(drafted)
    assert None not in (await website.ask(document, ids=[p["id"] for p in plan["prices"]]))["nodes"]


async def test_nothing_in_the_catalog_has_two_states_under_one_id(shop: Client, services: Services) -> None:
    await furnish(shop)
    # Two rows of the plan override one that it inherits.
    await shop.do("setEntitlement", package="pro", key="api-calls", value={"metered": {"limit": 5}})
    linked = {"metered": {"limit": 6}}
    await shop.do("setEntitlement", package="pro", key="api-calls", price="pro-yearly", value=linked)
    ask, store = Asking(await context_of(services, shop)), Store()
    row = selection(SCHEMA.type_map["Entitlement"], 2)
    package = f"nodes {{ id entitlements {row} draft {{ id entitlements {row} }} }}"
    versions = f"nodes {{ versions {{ nodes {{ id entitlements {row} }} }} }}"

    for asked in (package, versions):
        store.take(await ask.answered(f"{{ plans {{ {asked} }} addons {{ {asked} }} }}"))
    await shop.do("publishPackage", package="pro")
    published = Store()
    for asked in (package, versions):
        published.take(await ask.answered(f"{{ plans {{ {asked} }} addons {{ {asked} }} }}"))
    columns = f"columns {{ rows {{ entitlement {row} }} inheritedRows {{ entitlement {row} }} }}"
    published.take(await ask.answered(f'{{ pricingTable(product: "app") {{ {columns} }} }}'))

    await published.follow(ask)
    assert {"Price", "RevokedEntitlement", "PackageVersion"} <= {
        str(state["__typename"]) for state in published.states.values()
    }
