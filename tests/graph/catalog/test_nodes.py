"""Global ids: every kind of node is found again by its own, in its own environment alone."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest_asyncio
from graphql import GraphQLInterfaceType

from resolvers import catalog
from resolvers.auth import viewer_of
from resolvers.context import Context
from schema.graph import graph
from tests.graph.client import Client, Connect
from tests.graph.shop import stocked

ROW = "__typename id key overrides { __typename id key }"
VERSION = f"__typename id number entitlements {{ {ROW} }} prices {{ __typename id key }}"
PACKAGE = f"""__typename id key draft {{ {VERSION} }} versions {{ nodes {{ {VERSION} }} }}
  entitlements {{ {ROW} }} publishedVersion {{ __typename id number }}"""

EVERYTHING = f"""{{
  viewer {{ environment {{ __typename id key }} }} apiKeys {{ __typename id prefix }}
  products {{ nodes {{ __typename id key }} }}
  features {{ nodes {{ __typename id key }} }}
  creditTypes {{ nodes {{ __typename id key }} }}
  plans {{ nodes {{ {PACKAGE} }} }}
  addons {{ nodes {{ {PACKAGE} }} }}
  customer(key: "acme") {{ __typename id key subscriptions {{ __typename id }}
    customEntitlements {{ __typename id }} reservations {{ nodes {{ __typename id key }} }}
    creditGrants {{ nodes {{ __typename id }} }}
    creditLedger(creditType: "ai") {{ nodes {{ __typename id }} }} }}
}}"""

NODES = """query ($ids: [ID!]!) { nodes(ids: $ids) {
  __typename id
  ... on Environment { key } ... on Product { key } ... on Feature { key } ... on CreditType { key }
  ... on Package { key } ... on PackageVersion { number } ... on Entitlement { key } ... on Customer { key }
  ... on Reservation { key } ... on ApiKey { prefix } ... on Price { key }
} }"""


async def furnish(shop: Client) -> None:
    """Add what a shop can have besides: an add-on, credits, a revocation, drafts, prices of rows."""
    unit = {"singular": "credit", "plural": "credits"}
    await shop.do("createCreditType", key="ai", name="AI", unit=unit)
    await shop.do("createAddon", key="pack", name="Pack", product="app")
    await shop.do("setEntitlement", package="pack", key="ai", value={"credit": {"amount": 5}})
    await shop.do("setEntitlement", package="starter", key="regions", revoked=True)
    await shop.do("publishPackage", package="starter")
    seats = {"metered": {"limit": 9}}
    await shop.do("setEntitlement", package="pro", key="seats", price="pro-yearly", value=seats)
    await shop.do("upsertCustomer", key="acme")
    await shop.do("subscribe", customer="acme", plan="pro", price="pro-monthly")
    await shop.do("setCustomEntitlement", customer="acme", feature="sso")
    await shop.do("reserve", customer="acme", feature="exports", quantity=1, key="job-1")
    await shop.do("grantCredits", customer="acme", creditType="ai", amount=5)


@pytest_asyncio.fixture
async def furnished(shop: Client) -> Client:
    """A back end in a live environment that has one of every kind of node."""
    await furnish(shop)
    return shop


def kinds() -> set[str]:
    """Every type that has global ids."""
    schema = graph._schema
    node = schema.get_type("Node")
    assert isinstance(node, GraphQLInterfaceType)
    return {kind.name for kind in schema.get_implementations(node).objects}


def nodes_in(answer: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - JSON
    """Everything with an id, as far as ``nodes`` shows it too."""
    if isinstance(answer, list):
        for item in answer:
            yield from nodes_in(item)
    elif isinstance(answer, dict):
        if "id" in answer:
            yield {name: value for name, value in answer.items() if isinstance(value, str | int)}
        for value in answer.values():
            yield from nodes_in(value)


async def everything(client: Client) -> dict[str, dict[str, Any]]:
    """Every node that there is, by id; whatever has the same id is the same."""
    found: dict[str, dict[str, Any]] = {}
    for node in nodes_in(await client.ask(EVERYTHING)):
        assert found.setdefault(node["id"], node) == node
    return found


async def named(client: Client, ids: list[str]) -> list[Any]:
    """What ids name, asked for a hundred at a time."""
    pages = [ids[start : start + 100] for start in range(0, len(ids), 100)]
    return [node for page in pages for node in (await client.ask(NODES, ids=page))["nodes"]]


async def test_every_node_is_found_again_by_its_id(furnished: Client) -> None:
    nodes = await everything(furnished)

    assert {node["__typename"] for node in nodes.values()} == kinds()
    assert await named(furnished, list(nodes)) == list(nodes.values())


async def test_one_node_is_found_by_its_id(furnished: Client) -> None:
    one_of_each = {node["__typename"]: id_ for id_, node in (await everything(furnished)).items()}

    for kind, id_ in one_of_each.items():
        answer = await furnished.ask("query ($id: ID!) { node(id: $id) { __typename id } }", id=id_)
        assert answer["node"] == {"__typename": kind, "id": id_}


async def test_a_node_of_another_environment_is_null(
    furnished: Client, connect: Connect, context: Context
) -> None:
    elsewhere = await connect("elsewhere")
    viewer = await viewer_of(context.services, elsewhere.secret)
    assert viewer is not None
    await catalog.edit(Context(services=context.services, viewer=viewer), stocked)
    await furnish(elsewhere)

    here, there = await everything(furnished), await everything(elsewhere)

    assert here.keys() & there.keys() == set()
    assert len(here) == len(there)
    assert set(await named(elsewhere, list(here))) == {None}
    assert set(await named(furnished, list(there))) == {None}


async def test_nodes_come_in_the_order_asked_twice_where_asked_twice_and_null_where_there_is_none(
    furnished: Client,
) -> None:
    first, second = list(await everything(furnished))[:2]

    found = await named(furnished, [second, "nothing", first, second])

    assert [node and node["id"] for node in found] == [second, None, first, second]
    assert (await furnished.ask(NODES, ids=[]))["nodes"] == []


async def test_at_most_a_hundred_nodes_are_asked_for_at_once(furnished: Client) -> None:
    assert await named(furnished, ["nothing"] * 100) == [None] * 100
    assert (await furnished.error(NODES, ids=["nothing"] * 101))["extensions"]["code"] == "BAD_USER_INPUT"


def made_up(text: str) -> str:
    """An id of somebody's own making."""
    return base64.urlsafe_b64encode(text.encode(errors="surrogatepass")).decode().rstrip("=")


MADE_UP = (
    *("[]", "{}", "1", "null", '"Product"', "[", "[" * 5_000, '["Product"]', '["Product",null,"app"]'),
    *('["Product",1]', '["Product",1,"nothing"]', '["Product",1,"app","app"]', '["product",1,"app"]'),
    *('["Product",1.0,"app"]', '["Product",true,"app"]', '["Product","1","app"]', '["Product",1,["app"]]'),
    *('["Product",1,"APP"]', '["Plan",1,"pack"]', '["Addon",1,"pro"]', '["Feature",1,"app"]'),
    *('["PackageVersion",1,"pro"]', '["PackageVersion",1,"pro",-1]', '["PackageVersion",1,"pro",99]'),
    *('["PackageVersion",1,"pro","1"]', '["PackageVersion",1,"free",0]', '["PackageVersion",1,"pro",01]'),
    *('["Entitlement",1,"pro",1,"sso"]', '["Entitlement",1,"pro",1,"sso","","free"]'),
    *('["Entitlement",1,"pro",1]', '["Customer",1]', '["Customer",1,"\ud800"]', '["Customer",1,"a\\u0000"]'),
    *('["Reservation",1,"acme","job-2"]', '["Reservation",1,"acme"]', '["Reservation",1,"acme","a\\u0000"]'),
    *('["CustomEntitlement",1,"acme",99]', '["CustomEntitlement",1,"nobody",1]', '["Reservation",1,"x","y"]'),
    *('["CustomerSubscription",1,"acme",99]', '["CustomerSubscription",1,"acme"]', '["Environment",2]'),
    *('["Environment",1,1]', '["Mutation",1]', '["Product", 1, "app"]', '["Product",' + "9" * 5_000 + "]"),
)

GARBAGE = ("", "=", "nothing", "é", "\U0001f600", "a" * 10_000, " ", "W10", "-_")


async def test_an_id_that_names_nothing_is_null(furnished: Client) -> None:
    ids = [*map(made_up, MADE_UP), *GARBAGE]

    assert await named(furnished, [made_up('["Product",1,"app"]')]) != [None]
    assert dict(zip(ids, await named(furnished, ids), strict=True)) == dict.fromkeys(ids)


async def test_an_id_is_one_to_the_letter(furnished: Client) -> None:
    id_ = next(iter(await everything(furnished)))
    respelled = {id_ + "=" * (-len(id_) % 4), id_ + " ", made_up(json.dumps(_parts(id_), indent=1))} - {id_}

    assert set(await named(furnished, list(respelled))) == {None}


def _parts(id_: str) -> Any:  # noqa: ANN401 - JSON
    return json.loads(base64.urlsafe_b64decode(id_ + "=" * (-len(id_) % 4)))


async def test_an_id_of_a_version_or_of_its_rows_stays_when_others_are_published(furnished: Client) -> None:
    before = {
        id_: node
        for id_, node in (await everything(furnished)).items()
        if _parts(id_)[0] in {"PackageVersion", "Entitlement"} and _parts(id_)[3] > 0
    }

    await furnished.do("removeEntitlement", package="free", key="seats")
    await furnished.do("publishPackage", package="free")

    assert await named(furnished, list(before)) == list(before.values())


async def test_an_inherited_row_has_another_id_than_the_base_plans_own(shop: Client) -> None:
    answer = await shop.ask(
        """{ free: plan(key: "free") { entitlements { id key } }
             pro: plan(key: "pro") { entitlements { id key } } }"""
    )

    ids = {
        plan: {row["id"] for row in answer[plan]["entitlements"] if row["key"] == "regions"}
        for plan in answer
    }
    assert len(ids["free"] | ids["pro"]) == 2


async def test_the_draft_is_found_by_its_id_until_it_is_published(furnished: Client) -> None:
    draft = (await furnished.ask('{ plan(key: "pro") { draft { id entitlements { id } } } }'))["plan"][
        "draft"
    ]
    ids = [draft["id"], *(row["id"] for row in draft["entitlements"])]
    assert None not in await named(furnished, ids)

    await furnished.do("publishPackage", package="pro")

    assert set(await named(furnished, ids)) == {None}
