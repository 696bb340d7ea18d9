from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio

from rules.auth.api_keys import ApiKeyKind, NewKey
from tests.graph.client import Client, Connect
from tests.graph.operations import DOCUMENTS, operation

PUBLISHABLE = NewKey(kind=ApiKeyKind.PUBLISHABLE, scopes=())

ACTIONS = """query Actions($c: String, $p: BillingPeriod, $m: String) {
  pricingTable(product: "app", customer: $c, billingPeriod: $p, currency: $m) {
    version currency
    columns { plan { key } prices { key } callToAction isCurrent }
  }
}"""


@pytest_asyncio.fixture
async def store(shop: Client) -> Client:
    """The back end of the shop, with its plans in order."""
    for position, plan in enumerate(("free", "starter", "pro")):
        await shop.do("updatePlan", key=plan, position=position)
    return shop


async def table(client: Client, document: str = DOCUMENTS["Table"]) -> dict[str, Any]:
    return dict((await client.ask(document))["pricingTable"])


async def actions(client: Client, **asked: str) -> dict[str, str]:
    """What each plan's button does; a star marks the current plan."""
    columns = (await client.ask(ACTIONS, **asked))["pricingTable"]["columns"]
    return {one["plan"]["key"]: one["callToAction"] + "*" * one["isCurrent"] for one in columns}


@operation("Table")
async def test_a_web_site_shows_what_is_on_sale(store: Client, document: str) -> None:
    shown = await table(store, document)
    free, _, pro = shown["columns"]

    assert (shown["currency"], len(shown["version"])) == ("USD", 32)
    assert pro["plan"] == {"key": "pro", "name": "pro", "description": None}
    assert pro["prices"] == [
        {
            "amount": {"amount": "49", "currency": "USD"},
            "billingPeriod": "MONTHLY",
            "perUnitOf": None,
        }
    ]
    assert [one["heading"] for one in shown["columns"]] == [
        "free includes:",
        "Everything in free, plus:",
        "Everything in starter, plus:",
    ]
    assert pro["rows"] == [
        row("50 seats", "seats", "pro", struck="3 seats"),
        row("sso", "sso", "pro"),
        row("Unlimited exports", "exports", "pro"),
    ]
    assert {"text": "1,000 API calls per month", "struckText": None} in pro["inheritedRows"]
    assert free["inheritedRows"] == []
    assert [(one["callToAction"], one["isCurrent"]) for one in shown["columns"]] == [("SUBSCRIBE", False)] * 3
    assert cells(shown, "api-calls") == [
        "100 API calls per month",
        "~100 API calls per month~ 1,000 API calls per month",
        "1,000 API calls per month",
    ]
    assert cells(shown, "sso") == ["-", "-", "sso"]


def row(text: str, key: str, plan: str, struck: str | None = None) -> dict[str, Any]:
    entitlement = {"key": key, "definedIn": {"key": plan}}
    return {"text": text, "struckText": struck, "entitlement": entitlement}


def cells(shown: dict[str, Any], key: str) -> list[str]:
    """A row of the comparison in words."""
    (found,) = (one for one in shown["comparison"] if one["key"] == key)
    plans = [column["plan"]["key"] for column in shown["columns"]]
    assert [cell["plan"]["key"] for cell in found["cells"]] == plans
    return [
        (f"~{cell['struckText']}~ " if cell["struckText"] else "") + (cell["text"] or "-")
        for cell in found["cells"]
    ]


COMPARED = """{ pricingTable(product: "app", billingPeriod: MONTHLY) {
  columns { heading rows { text struckText isImprovement } }
  comparison { key cells { included text struckText } }
} }"""


async def set_and_publish(client: Client, plan: str, key: str, **given: Any) -> None:  # noqa: ANN401 - an input
    """Set a row of a plan and put it in force."""
    await client.do("setEntitlement", package=plan, key=key, **given)
    await client.do("publishPackage", package=plan)


async def test_a_heading_names_what_is_revoked_below_it(store: Client) -> None:
    await set_and_publish(store, "pro", "api-calls", revoked=True)

    headings = [one["heading"] for one in (await table(store, COMPARED))["columns"]]

    assert headings[1:] == ["Everything in free, plus:", "Everything in starter except API calls, plus:"]


async def test_what_is_hidden_is_neither_shown_nor_denied(store: Client) -> None:
    await set_and_publish(store, "starter", "api-calls", hiddenFrom=["PRICING_TABLE"])

    shown = await table(store, COMPARED)
    (row,) = (one for one in shown["comparison"] if one["key"] == "api-calls")

    assert [one["included"] for one in row["cells"]] == [True, True, True]
    assert [one["text"] for one in row["cells"]] == ["100 API calls per month", "", ""]
    assert [one["struckText"] for one in row["cells"]] == [None, None, None]
    assert [one["heading"] for one in shown["columns"]][2] == "Everything in starter, plus:"


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"value": {"metered": {"limit": "60"}}}, ("60 seats", "3 seats", True)),
        ({"value": {"metered": {"limit": "2"}}}, ("2 seats", "3 seats", False)),
        ({"value": {"metered": {"limit": "3"}}, "displayText": "Plenty"}, ("Plenty", "3 seats", False)),
        ({"value": {"metered": {"limit": "3"}}}, ("3 seats", None, False)),
    ],
    ids=["more", "less", "as many in other words", "the same words"],
)
async def test_every_override_has_the_text_that_it_replaces_and_says_whether_it_is_better(
    store: Client, given: dict[str, Any], line: tuple[str, str | None, bool]
) -> None:
    given["value"]["metered"]["reset"] = {"every": "NEVER"}
    await set_and_publish(store, "pro", "seats", **given)

    (shown, *_) = (await table(store, COMPARED))["columns"][2]["rows"]

    assert (shown["text"], shown["struckText"], shown["isImprovement"]) == line


@operation("TableFor")
async def test_a_customer_sees_where_they_are(store: Client, document: str) -> None:
    await store.do("upsertCustomer", key="acme")
    await store.do("subscribe", customer="acme", plan="starter")

    columns = (await store.ask(document, c="acme"))["pricingTable"]["columns"]

    assert columns == [
        {"plan": {"key": "free"}, "isCurrent": False, "callToAction": "DOWNGRADE"},
        {"plan": {"key": "starter"}, "isCurrent": True, "callToAction": "CURRENT"},
        {"plan": {"key": "pro"}, "isCurrent": False, "callToAction": "UPGRADE"},
    ]


async def test_the_table_follows_a_customers_life(acme: Client) -> None:
    anybody = await actions(acme)
    assert await actions(acme, c="nobody") == await actions(acme, c="acme") == anybody

    await acme.do("subscribe", customer="acme", plan="pro", price="pro-yearly")
    assert await actions(acme, c="acme", p="MONTHLY") == {
        "free": "DOWNGRADE",
        "starter": "DOWNGRADE",
        "pro": "DOWNGRADE*",
    }
    assert (await actions(acme, c="acme", p="YEARLY"))["pro"] == "CURRENT*"
    assert await actions(acme) == anybody

    await acme.do("cancelSubscription", customer="acme", timing="NOW")
    assert await actions(acme, c="acme") == anybody


async def test_a_trial_is_offered_to_anyone_who_had_none(acme: Client) -> None:
    await acme.do("updatePlan", key="pro", defaultTrialDays=14)
    assert (await actions(acme, c="acme"))["pro"] == "START_TRIAL"

    await acme.do("subscribe", customer="acme", plan="pro", price="pro-monthly")
    await acme.do("cancelSubscription", customer="acme", timing="NOW")

    assert (await actions(acme, c="acme"))["pro"] == "SUBSCRIBE"
    assert (await actions(acme))["pro"] == "START_TRIAL"


async def test_prices_are_those_asked_for(store: Client) -> None:
    async def prices(**asked: str) -> list[list[str]]:
        columns = (await store.ask(ACTIONS, **asked))["pricingTable"]["columns"]
        return [[price["key"] for price in column["prices"]] for column in columns]

    assert await prices() == [[], ["starter-monthly"], ["pro-monthly", "pro-yearly"]]
    assert await prices(p="YEARLY") == [[], [], ["pro-yearly"]]
    assert await prices(m="EUR") == [[], [], []]


async def test_the_version_changes_with_what_is_shown_and_with_nothing_else(shop: Client) -> None:
    acts: list[tuple[str, dict[str, Any]]] = [
        ("setEntitlement", {"package": "pro", "key": "seats", "value": {"metered": {"limit": "70"}}}),
        ("publishPackage", {"package": "pro"}),
        ("updatePlan", {"key": "pro", "metadata": {"colour": "red"}}),
        ("updatePlan", {"key": "pro", "name": "Professional"}),
        ("updateFeature", {"key": "sso", "name": "Single sign-on"}),
        ("updateFeature", {"key": "sso", "description": "With your own accounts."}),
        ("createPlan", {"key": "team", "name": "Team", "product": "app"}),
        ("publishPackage", {"package": "team"}),
        ("updatePlan", {"key": "team", "visible": False}),
        ("setEntitlement", {"package": "free", "key": "seats", "hiddenFrom": ["CUSTOMER_PORTAL"]}),
        ("publishPackage", {"package": "free"}),
        ("setEntitlement", {"package": "free", "key": "seats", "hiddenFrom": ["PRICING_TABLE"]}),
        ("publishPackage", {"package": "free"}),
        ("archivePackage", {"package": "pro"}),
        ("upsertCustomer", {"key": "acme"}),
        ("subscribe", {"customer": "acme", "plan": "free"}),
    ]
    changes = []
    before = await table(shop)
    for field, given in acts:
        await shop.do(field, **given)
        after = await table(shop)
        looks_other = {**after, "version": ""} != {**before, "version": ""}
        assert (after["version"] != before["version"]) == looks_other, field
        changes.append(looks_other)
        before = after

    assert changes == [
        *(False, True, False, True, True, False, False, True),
        *(True, False, False, False, True, True, False, False),
    ]


async def test_there_is_no_table_of_what_is_no_product(shop: Client, connect: Connect) -> None:
    elsewhere = await connect("elsewhere")
    document = '{ pricingTable(product: "app") { version } }'

    assert (await shop.ask('{ pricingTable(product: "apps") { version } }'))["pricingTable"] is None
    assert (await elsewhere.ask(document))["pricingTable"] is None


async def test_a_product_that_sells_nothing_yet_has_an_empty_table(client: Client) -> None:
    await client.do("createProduct", key="app", name="App")

    shown = await table(client)

    assert (shown["columns"], shown["comparison"], shown["currency"]) == ([], [], None)


@pytest.mark.parametrize("currency", ["usd", "DOLLARS", "XXX", ""])
async def test_a_currency_that_there_is_not_is_bad_input(shop: Client, currency: str) -> None:
    error = await shop.error(ACTIONS, m=currency)

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"].startswith(f"There is no currency '{currency}'")


async def test_a_publishable_key_sees_the_table_but_no_customers_view_of_it(
    acme: Client, connect: Connect
) -> None:
    site = await connect("live", key=PUBLISHABLE)

    assert await table(site) == await table(acme)
    assert (await site.error(ACTIONS, c="acme"))["extensions"]["code"] == "FORBIDDEN"


async def test_a_row_is_the_plans_own(store: Client) -> None:
    rows = "{ position displayText id }"
    document = f"""{{
      plan(key: "pro") {{ entitlements {rows} }}
      pricingTable(product: "app") {{
        product {{ key }}
        columns {{ rows {{ entitlement {rows} }} inheritedRows {{ entitlement {rows} }} }}
      }}
    }}"""
    answer = await store.ask(document)
    column = answer["pricingTable"]["columns"][2]
    shown = [one["entitlement"] for one in (*column["rows"], *column["inheritedRows"])]

    assert sorted(shown, key=lambda one: int(one["position"])) == answer["plan"]["entitlements"]
