"""Who may ask what, asked through the graph: every field, by every kind of key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
import pytest_asyncio
from graphql import GraphQLInterfaceType, GraphQLObjectType

from rules.auth.api_keys import ApiKeyKind, NewKey, Scope
from rules.auth.permissions import BACK_ENDS_OWN, MUTATIONS, NODES, QUERIES, SUBSCRIPTIONS, UNPUBLISHED
from schema.node_queries import _FINDERS
from tests.graph.client import Client, Connect
from tests.graph.whole_schema import ROOTS, SCHEMA, Selection, always, called

TABLES = {"query": QUERIES, "mutation": MUTATIONS, "subscription": SUBSCRIPTIONS}

PUBLISHABLE = NewKey(kind=ApiKeyKind.PUBLISHABLE)

PUBLIC = {
    *("viewer", "node", "nodes", "product", "products", "feature", "features"),
    *("plan", "plans", "addon", "addons", "creditType", "creditTypes", "pricingTable"),
}
"""What a publishable key may ask for."""

OWN = PUBLIC | {"customer", "access", "accesses"}
"""What a customer's token may ask for, where it asks about this customer."""

BY_SCOPE: Mapping[Scope, set[str]] = {
    Scope.CATALOG_READ: PUBLIC | {"exportCatalog", "previewPublish"},
    Scope.CUSTOMERS_READ: {"customer", "customers", "access", "accesses", "previewPlanChange"},
    Scope.CATALOG_WRITE: {
        *("createProduct", "updateProduct", "createFeature", "updateFeature", "createPlan", "updatePlan"),
        *("setBasePlan", "createAddon", "updateAddon", "createCreditType", "updateCreditType"),
        *("setEntitlement", "removeEntitlement", "reorderEntitlements", "setPrice", "removePrice"),
        *("setCreditRate", "publishPackage", "discardDraft", "archivePackage", "applyCatalog"),
    },
    Scope.CUSTOMERS_WRITE: {
        *("upsertCustomer", "upsertCustomers", "archiveCustomer", "subscribe", "subscribeBatch"),
        *("changePlan", "cancelSubscription", "resumeSubscription", "convertTrial"),
        *("setSubscriptionAddon", "migrateSubscription", "setCustomEntitlement"),
        *("removeCustomEntitlement", "createCustomerToken"),
    },
    Scope.USAGE_WRITE: {
        *("reportUsage", "reportUsageBatch", "ingestEvents", "consume", "reserve"),
        *("settleReservation", "releaseReservation"),
    },
    Scope.CREDITS_WRITE: {"grantCredits", "voidCreditGrant", "consumeCredits"},
    Scope.ADMIN: {"apiKeys", "createApiKey", "revokeApiKey", "advanceClock"},
}

BACK_DOOR_FREE = {"viewer", "node", "nodes"}
"""What every key may ask for."""


def fields() -> Iterator[tuple[str, str]]:
    """Every root field that has an answer, with the word of its operation."""
    for word in ("query", "mutation"):
        yield from ((word, name) for name in ROOTS[word].fields)


def test_every_root_field_has_a_permission() -> None:
    missing = [
        f"{word} {name}" for word, root in ROOTS.items() for name in root.fields if name not in TABLES[word]
    ]

    assert missing == []


def test_every_kind_of_node_has_a_permission() -> None:
    node = SCHEMA.get_type("Node")
    assert isinstance(node, GraphQLInterfaceType)
    kinds = {kind.name for kind in SCHEMA.get_implementations(node).objects if "Entitlement" not in kind.name}

    assert kinds - NODES.keys() == set()
    assert _FINDERS.keys() - NODES.keys() == set()


def test_every_place_that_is_hidden_is_there() -> None:
    for place in (*UNPUBLISHED, *BACK_ENDS_OWN):
        kind, _, name = place.partition(".")
        known = SCHEMA.get_type(kind)
        assert isinstance(known, GraphQLObjectType)
        assert name in known.fields


def test_whatever_has_metadata_a_draft_or_a_meter_hides_it() -> None:
    hidden = {"metadata", "draft", "meter", "versions", "subscriptionCount"}
    places = {
        f"{known.name}.{name}"
        for known in SCHEMA.type_map.values()
        if isinstance(known, GraphQLObjectType)
        for name in known.fields
        if name in hidden
    }

    assert places - {*UNPUBLISHED, *BACK_ENDS_OWN} == set()


async def forbidden(client: Client, word: str, name: str, named: str = "acme") -> bool:
    """Whether a field is refused to a client who asks with the arguments that it needs."""
    field = ROOTS[word].fields[name]
    selection = Selection(choose=always(named), depth=0).of(field.type)
    answer = (await client.send(f"{word} {{ {called(name, field, always(named))} {selection} }}")).json()
    codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
    assert "GRAPHQL_VALIDATION_FAILED" not in codes, answer
    return "FORBIDDEN" in codes


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize("scope", Scope)
async def test_a_scope_opens_what_the_contract_says_and_nothing_else(connect: Connect, scope: Scope) -> None:
    client = await connect(key=NewKey(scopes=[scope]))

    opened = {name for word, name in fields() if not await forbidden(client, word, name)}

    there = {name for _, name in fields()}
    assert opened == (BY_SCOPE[scope] | BACK_DOOR_FREE) & there


@pytest.mark.usefixtures("acme")
async def test_a_publishable_key_reads_what_is_published(connect: Connect) -> None:
    website = await connect(key=PUBLISHABLE)

    opened = {name for word, name in fields() if not await forbidden(website, word, name)}

    assert opened == PUBLIC & {name for _, name in fields()}


@pytest_asyncio.fixture
async def browser(acme: Client) -> Client:
    """The browser of the customer "acme"."""
    made = await acme.try_to("createCustomerToken", "token", customer="acme")
    return Client(http=acme.http, secret=made["token"])


async def test_a_token_reads_what_is_its_customers(browser: Client) -> None:
    opened = {name for word, name in fields() if not await forbidden(browser, word, name)}

    assert opened == OWN & {name for _, name in fields()}


async def test_another_customer_is_forbidden_to_a_token_and_nobody_learns_who_is_there(
    acme: Client, browser: Client
) -> None:
    await acme.do("upsertCustomer", key="globex")

    for named in ("globex", "nobody"):
        for name in ("customer", "access", "accesses"):
            assert await forbidden(browser, "query", name, named)


async def test_one_question_about_another_customer_spoils_all_of_a_tokens(browser: Client) -> None:
    ask = """query ($checks: [AccessCheckInput!]!) { accesses(checks: $checks) { reason } }"""
    own = {"customer": "acme", "feature": "sso"}

    assert len((await browser.ask(ask, checks=[own, own]))["accesses"]) == 2
    spoiled = await browser.error(ask, checks=[own, {**own, "customer": "globex"}])
    assert spoiled["extensions"]["code"] == "FORBIDDEN"
    assert spoiled["path"] == ["accesses"]


async def test_anyone_who_may_not_ask_for_one_field_is_told_so_and_answered_the_others(
    connect: Connect,
) -> None:
    reader = await connect(key=NewKey(scopes=[Scope.CATALOG_READ]))
    answer = (await reader.send('{ viewer { kind } customer(key: "acme") { name } }')).json()

    assert answer["data"] == {"viewer": {"kind": "SECRET"}, "customer": None}
    assert [error["path"] for error in answer["errors"]] == [["customer"]]


async def test_a_forbidden_field_that_cannot_be_null_takes_the_whole_answer_with_it(connect: Connect) -> None:
    reader = await connect(key=NewKey(scopes=[Scope.CATALOG_READ]))
    ask = '{ viewer { kind } access(customer: "acme", feature: "sso") { allowed } }'
    answer = (await reader.send(ask)).json()

    assert answer["data"] is None
    assert [error["path"] for error in answer["errors"]] == [["access"]]


async def test_acts_before_a_forbidden_one_are_done_and_those_behind_it_are_not(
    acme: Client, connect: Connect
) -> None:
    writer = await connect(key=NewKey(scopes=[Scope.CUSTOMERS_WRITE]))
    document = """mutation {
      before: upsertCustomer(input: { key: "before" }) { revision }
      createApiKey(input: { name: "mine" }) { secret }
      behind: upsertCustomer(input: { key: "behind" }) { revision }
    }"""

    answer = (await writer.send(document)).json()

    assert answer["data"] is None
    assert [error["path"] for error in answer["errors"]] == [["createApiKey"]]
    there = await acme.ask(
        '{ before: customer(key: "before") { key } behind: customer(key: "behind") { key } }'
    )
    assert there == {"before": {"key": "before"}, "behind": None}


async def test_an_act_that_is_forbidden_does_nothing(acme: Client, connect: Connect) -> None:
    reader = await connect(key=NewKey(scopes=[Scope.CUSTOMERS_READ]))
    error = await reader.error('mutation { archiveCustomer(input: { customer: "acme" }) { __typename } }')

    assert error["extensions"]["code"] == "FORBIDDEN"
    assert (await acme.ask('{ customer(key: "acme") { archived } }'))["customer"] == {"archived": False}


STATE = """mutation {
  reportUsage(input: { customer: "acme", feature: "api-calls" }) {
    access { allowed usage { used } sources { package { key name } } }
  }
}"""


async def test_an_act_tells_the_state_it_led_to_without_the_reading_scope(
    acme: Client, connect: Connect
) -> None:
    await acme.do("subscribe", customer="acme", plan="free")
    reporter = await connect(key=NewKey(scopes=[Scope.USAGE_WRITE]))

    told = (await reporter.ask(STATE))["reportUsage"]["access"]

    assert told["usage"] == {"used": "1"}
    assert told["sources"] == [{"package": {"key": "free", "name": "free"}}]
