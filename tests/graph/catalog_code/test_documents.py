from __future__ import annotations

import asyncio
import json

import pytest

from resolvers.context import Context
from rules.catalog_code.writer import document_of
from tests.graph.access.test_statement_counts import statements
from tests.graph.catalog.catalog_acts import kept
from tests.graph.client import Client, Clock, Connect, Json, shortened

EXPORT = "query Export($format: CatalogFormat) { exportCatalog(format: $format) }"
SHOWN = "applied changes { kind path before after summary }"
PAYLOAD = f"{SHOWN} revision userErrors {{ code message path }}"
APPLY = f"mutation Apply($input: ApplyCatalogInput!) {{ applyCatalog(input: $input) {{ {PAYLOAD} }} }}"

PLAN = """query Plan($key: String!) { plan(key: $key) {
  name status publishedVersion { number changes { path summary } } draft { number changes { summary } }
} }"""

SMALL = """\
products:
  app: {name: App}
features:
  seats: {name: Seats, type: METERED, unit: {singular: seat, plural: seats}}
plans:
  pro:
    name: Pro
    product: app
    entitlements:
      - key: seats
        metered: {limit: 5}
    prices:
      - key: monthly
        billingPeriod: MONTHLY
        amount: {amount: 19.90, currency: USD}
"""


async def exported(client: Client, form: str | None = None) -> str:
    """The document of a client's environment."""
    text = (await client.ask(EXPORT, **({} if form is None else {"format": form})))["exportCatalog"]
    return str(text)


async def applying(client: Client, document: str, **more: object) -> Json:
    """The payload of applying a document, refused or not."""
    payload: Json = (await client.ask(APPLY, input={"document": document, **more}))["applyCatalog"]
    return payload


async def applied(client: Client, document: str, **more: object) -> list[str]:
    """What a document has changed, in a sentence each."""
    payload = await applying(client, document, **more)
    assert (payload["userErrors"], payload["applied"]) == ([], True)
    return [change["summary"] for change in payload["changes"]]


async def refused(client: Client, document: str, **more: object) -> list[str]:
    """Code, path and place of all that a document is refused for, which changes nothing."""
    payload = await applying(client, document, **more)
    assert (payload["applied"], payload["changes"], payload["revision"]) == (False, [], None)
    short = shortened(payload["userErrors"])
    places = [error["message"].partition(":")[0] for error in payload["userErrors"]]
    return [f"{place}: {problem}" for place, problem in zip(places, short, strict=True)]


async def revision(client: Client) -> str:
    """The catalog's revision, told by an act that changes nothing."""
    return str((await client.do("upsertCustomer", key="somebody"))["revision"]).partition(".")[0]


async def versions(client: Client, key: str) -> int:
    """How often a plan was published."""
    plan = (await client.ask(PLAN, key=key))["plan"]
    return 0 if plan["publishedVersion"] is None else int(plan["publishedVersion"]["number"])


@pytest.mark.parametrize("form", ["YAML", "JSON"])
async def test_applying_an_export_changes_nothing(shop: Client, form: str) -> None:
    before = await revision(shop)

    payload = await applying(shop, await exported(shop, form), format=form)

    assert payload == {"applied": True, "changes": [], "revision": None, "userErrors": []}
    assert await revision(shop) == before
    assert [await versions(shop, key) for key in ("free", "starter", "pro")] == [1, 1, 1]


@pytest.mark.parametrize("form", ["YAML", "JSON"])
async def test_an_export_fills_an_empty_environment_that_exports_the_same(
    shop: Client, connect: Connect, form: str
) -> None:
    other = await connect("other")
    document = await exported(shop, form)

    await applied(other, document, format=form)

    assert await exported(other, form) == document


async def test_yaml_is_what_an_export_is_where_nothing_is_said(shop: Client) -> None:
    text = await exported(shop)

    assert text == await exported(shop, "YAML")
    assert text.startswith("products:\n  app:\n    name: app\n")
    assert json.loads(await exported(shop, "JSON"))["plans"]["pro"]["basePlan"] == "starter"


async def test_what_is_kept_is_what_was_written(client: Client, context: Context) -> None:
    payload = await applying(client, SMALL)

    assert payload["revision"] is not None
    assert [change["path"] for change in payload["changes"]] == [
        "products.app",
        "features.seats",
        "plans.pro",
    ]
    (price,) = document_of(await kept(context))["plans"]["pro"]["prices"]
    assert price["amount"] == {"amount": "19.9", "currency": "USD"}
    assert await versions(client, "pro") == 1


async def test_a_change_is_reported_and_published(client: Client) -> None:
    await applied(client, SMALL)

    payload = await applying(client, SMALL.replace("limit: 5", "limit: 50"))

    assert payload["changes"] == [
        {
            "kind": "CHANGED",
            "path": "plans.pro.entitlements.seats.limit",
            "before": "5 seats",
            "after": "50 seats",
            "summary": "Pro: Seats raised from 5 seats to 50 seats",
        }
    ]
    plan = (await client.ask(PLAN, key="pro"))["plan"]
    assert plan["publishedVersion"] == {
        "number": 2,
        "changes": [
            {
                "path": "plans.pro.entitlements.seats.limit",
                "summary": "Pro: Seats raised from 5 seats to 50 seats",
            }
        ],
    }


async def test_a_dry_run_tells_all_and_changes_nothing(client: Client) -> None:
    await applied(client, SMALL)
    before = await exported(client), await revision(client)

    payload = await applying(client, SMALL.replace("limit: 5", "limit: 50"), dryRun=True)

    assert (payload["applied"], payload["revision"], len(payload["changes"])) == (False, None, 1)
    assert (await exported(client), await revision(client)) == before
    assert await refused(client, SMALL.replace("limit: 5", "limit: -5"), dryRun=True) == [
        "Line 11, column 19: OUT_OF_RANGE document.plans.pro.entitlements.0.metered.limit"
    ]


async def test_every_problem_is_reported_with_its_line_and_nothing_changes(client: Client) -> None:
    await applied(client, SMALL)
    before = await exported(client)
    wrong = (
        SMALL.replace("limit: 5", "limit: -5")
        .replace("currency: USD", "currency: Dollars")
        .replace("name: Pro", "nmae: Pro")
        .replace("- key: seats", "- key: chairs")
    )

    assert await refused(client, wrong) == [
        "Line 6, column 3: REQUIRED document.plans.pro.name",
        "Line 7, column 5: INVALID document.plans.pro.nmae",
        "Line 10, column 9: NOT_FOUND document.plans.pro.entitlements.0.key",
        "Line 15, column 33: INVALID document.plans.pro.prices.0.amount.currency",
    ]
    assert await exported(client) == before


async def test_what_is_no_yaml_is_reported_with_its_line(client: Client) -> None:
    assert await refused(client, SMALL.replace("  pro:", " pro")) == ["Line 7, column 9: INVALID document"]
    assert await refused(client, "") == ["The document is empty.: REQUIRED document"]
    assert await refused(client, "{", format="JSON") == ["Line 1, column 2: INVALID document"]


async def test_what_the_notation_lets_pass_is_reported_with_all_else(client: Client) -> None:
    twice = SMALL.replace("    name: Pro\n", "    name: Pro\n    name: Max\n").replace(
        "limit: 5", "limit: -5"
    )

    assert await refused(client, twice) == [
        "Line 8, column 5: INVALID document.plans.pro.name",
        "Line 12, column 19: OUT_OF_RANGE document.plans.pro.entitlements.0.metered.limit",
    ]


async def test_what_is_left_out_is_archived_where_that_is_asked_for(shop: Client) -> None:
    document = json.loads(await exported(shop, "JSON"))
    del document["plans"]["pro"]
    del document["features"]["sso"]

    assert await applied(shop, json.dumps(document), format="JSON") == []
    assert await applied(shop, json.dumps(document), format="JSON", prune=True) == [
        "Feature sso is archived",
        "Plan pro is archived",
    ]
    assert (await shop.ask(PLAN, key="pro"))["plan"]["status"] == "ARCHIVED"


async def test_what_a_customer_stands_on_is_not_archived(acme: Client) -> None:
    await acme.do("subscribe", customer="acme", plan="pro", price="pro-monthly")
    document = json.loads(await exported(acme, "JSON"))
    document["plans"]["pro"]["entitlements"] = []
    await applied(acme, json.dumps(document), format="JSON", applyTo="NEW_CUSTOMERS")
    del document["features"]["sso"]

    (problem,) = await refused(acme, json.dumps(document), format="JSON", prune=True)

    assert problem.endswith("IN_USE document.features.sso.status")


async def test_new_versions_hold_for_those_they_are_meant_for(acme: Client) -> None:
    await acme.do("subscribe", customer="acme", plan="free")
    limit = 'query Limit { access(customer: "acme", feature: "seats") { usage { limit } } }'
    document = json.loads(await exported(acme, "JSON"))

    seen = []
    for seats, scope in ((4, "NEW_CUSTOMERS"), (5, "ALL_CUSTOMERS")):
        (row,) = (one for one in document["plans"]["free"]["entitlements"] if one["key"] == "seats")
        row["metered"]["limit"] = seats
        await applied(acme, json.dumps(document), format="JSON", applyTo=scope)
        seen.append((await acme.ask(limit))["access"]["usage"]["limit"])

    assert seen == ["3", "5"]


async def test_a_base_and_what_stands_on_it_get_one_version_each(shop: Client) -> None:
    document = json.loads(await exported(shop, "JSON"))
    for key in ("free", "pro"):
        document["plans"][key]["order"] = ["seats"]

    await applied(shop, json.dumps(document), format="JSON")

    assert [await versions(shop, key) for key in ("free", "starter", "pro")] == [2, 2, 2]


async def test_an_unfinished_draft_is_not_overwritten(shop: Client) -> None:
    await shop.do("setEntitlement", package="free", key="seats", value={"metered": {"limit": 9}})
    document = json.loads(await exported(shop, "JSON"))
    document["plans"]["free"]["order"] = ["seats"]

    (problem,) = await refused(shop, json.dumps(document, indent=2), format="JSON")

    assert problem.endswith("VERSION_CONFLICT document.plans.free")


async def test_a_draft_tells_what_it_would_change(shop: Client) -> None:
    await shop.do("setEntitlement", package="free", key="seats", value={"metered": {"limit": 9}})

    draft = (await shop.ask(PLAN, key="free"))["plan"]["draft"]

    assert [change["summary"] for change in draft["changes"]] == [
        "free: seats raised from 3 seats to 9 seats",
        "free: the reset of seats changed from never to per billing period",
    ]


async def test_environments_stay_apart(shop: Client, connect: Connect) -> None:
    other = await connect("other")
    await applied(other, SMALL)

    assert await exported(other) != await exported(shop)
    assert (await shop.ask(PLAN, key="free"))["plan"] is not None
    assert (await other.ask(PLAN, key="free"))["plan"] is None


async def test_of_two_documents_at_once_the_second_is_proven_on_the_first(client: Client) -> None:
    await applied(client, SMALL)
    documents = [SMALL.replace("limit: 5", f"limit: {limit}") for limit in (6, 7, 8, 9)]

    await asyncio.gather(*(applied(client, document) for document in documents))

    assert await versions(client, "pro") == 5


async def test_the_published_instant_is_that_of_the_clock(
    client: Client, context: Context, clock: Clock
) -> None:
    at = clock.forward(minutes=5)

    await applied(client, SMALL)

    (version,) = (await kept(context)).packages["pro"].versions
    assert version.published_at == at


async def test_however_much_is_applied_takes_the_same_statements(
    client: Client, connect: Connect, context: Context
) -> None:
    more = await connect("more")
    plan = SMALL[SMALL.index("  pro:") :]
    many = SMALL + "".join(plan.replace("  pro:", f"  plan-{number}:") for number in range(50))

    counts = []
    for who, document in ((client, SMALL), (more, many)):
        with statements(context.services.database) as told:
            await applied(who, document)
        counts.append(len(told))

    assert counts[0] == counts[1]
