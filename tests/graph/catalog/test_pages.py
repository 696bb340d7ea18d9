"""Lists in pages: their sizes, their cursors, and that edits shift nothing."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from resolvers import catalog
from resolvers.context import Context
from rules.catalog.facts import Addon, Catalog, CreditType, Plan, Product
from rules.catalog_edits.features import create_credit_type, create_feature, create_product
from rules.catalog_edits.packages import create_addon, create_plan
from rules.catalog_edits.publishing import publish
from rules.values import Unit
from tests.graph.client import Client, Connect
from tests.rules.builders.catalog_builders import edit, edited, feature, written

KEYS = [f"key-{number:03}" for number in range(105)]

LISTS = ("products", "features", "plans", "addons", "creditTypes")

PAGE = """nodes { key } edges { cursor node { key } } totalCount
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"""

lists = pytest.mark.parametrize("name", LISTS)


def crowded(shop: Catalog) -> Catalog:
    """105 of everything, made in the opposite order of their keys."""
    unit = Unit(singular="credit", plural="credits")
    shop = create_product(shop, Product(key=KEYS[0], name="Thing"))
    for key in reversed(KEYS):
        if key != KEYS[0]:
            shop = create_product(shop, Product(key=key, name="Thing"))
        shop = create_feature(shop, feature(key))
        shop = create_credit_type(shop, CreditType(key=f"credit-{key}", name="Thing", unit=unit))
        shop = create_plan(shop, Plan(key=key, name="Thing", product=KEYS[0]))
        shop = create_addon(shop, Addon(key=f"addon-{key}", name="Thing", product=KEYS[0]))
    return shop


@pytest.fixture
async def crowd(client: Client, context: Context) -> Client:
    """A back end in an environment with 105 of everything."""
    await catalog.edit(context, lambda before, _: crowded(before))
    return client


async def page(client: Client, name: str, **asked: object) -> dict[str, Any]:
    """A page of a list."""
    document = f"query ($first: Int, $after: String) {{ {name}(first: $first, after: $after) {{ {PAGE} }} }}"
    if "first" not in asked:
        document = document.replace("$first: Int, ", "").replace("first: $first, ", "")
    return dict((await client.ask(document, **asked))[name])


def keys(page: dict[str, Any]) -> list[str]:
    """What is on a page, without what tells the kinds apart."""
    assert [edge["node"] for edge in page["edges"]] == page["nodes"]
    return [node["key"].removeprefix("credit-").removeprefix("addon-") for node in page["nodes"]]


async def refusal(client: Client, name: str, **asked: object) -> str:
    """The code of what a page that cannot be is refused with."""
    document = (
        f"query ($first: Int, $after: String) {{ {name}(first: $first, after: $after) {{ totalCount }} }}"
    )
    return str((await client.error(document, **asked))["extensions"]["code"])


@lists
async def test_the_pages_of_a_list_hold_everything_once_in_the_order_of_the_keys(
    crowd: Client, name: str
) -> None:
    found: list[str] = []
    cursor: str | None = None
    for size in (1, 3, 100, 1):
        here = await page(crowd, name, first=size, after=cursor)
        assert here["totalCount"] == 105
        assert here["pageInfo"] == {
            "hasNextPage": len(found) + size < 105,
            "hasPreviousPage": bool(found),
            "startCursor": here["edges"][0]["cursor"],
            "endCursor": here["edges"][-1]["cursor"],
        }
        cursor = here["pageInfo"]["endCursor"]
        found += keys(here)

    assert found == KEYS
    behind = await page(crowd, name, first=1, after=cursor)
    assert keys(behind) == []
    assert behind["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": True,
        "startCursor": None,
        "endCursor": None,
    }


@lists
async def test_a_page_has_20_items_where_nothing_else_is_said(crowd: Client, name: str) -> None:
    assert keys(await page(crowd, name)) == KEYS[:20]
    assert keys(await page(crowd, name, first=None, after=None)) == KEYS[:20]


@lists
async def test_a_page_has_1_to_100_items(crowd: Client, name: str) -> None:
    assert keys(await page(crowd, name, first=100)) == KEYS[:100]
    for size in (0, 101, -1, 2**31 - 1):
        assert await refusal(crowd, name, first=size) == "BAD_USER_INPUT"


def forged(*parts: object) -> str:
    """A cursor of somebody's own making."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


BAD_CURSORS = (
    *("", "x", "=", "eyJ9", "Zm9v", "\U0001f600", "a" * 10_000),
    *(forged(), forged(1), forged("products", 1), forged("products", 1, 2), forged("products", 1, None)),
    *(forged("products", 1, ["key"]), forged("products", "1", "key"), forged(["products", 1, "key"])),
    base64.urlsafe_b64encode(b"[" * 5_000).decode(),
)


async def test_a_cursor_that_is_none_is_bad_input(shop: Client) -> None:
    refused = {cursor: await refusal(shop, "products", first=5, after=cursor) for cursor in BAD_CURSORS}

    assert set(refused.values()) == {"BAD_USER_INPUT"}


@lists
async def test_a_cursor_of_another_list_is_bad_input(crowd: Client, name: str) -> None:
    cursor = (await page(crowd, name, first=1))["pageInfo"]["endCursor"]

    for other in LISTS:
        if other != name:
            assert await refusal(crowd, other, first=1, after=cursor) == "BAD_USER_INPUT"


@lists
async def test_a_cursor_of_another_environment_is_bad_input(
    crowd: Client, connect: Connect, name: str
) -> None:
    cursor = (await page(crowd, name, first=1))["pageInfo"]["endCursor"]
    elsewhere = await connect("elsewhere")

    assert await refusal(elsewhere, name, first=1, after=cursor) == "BAD_USER_INPUT"


async def test_a_cursor_stays_where_it_is_when_things_come_before_and_behind_it(crowd: Client) -> None:
    cursor = (await page(crowd, "features", first=2))["pageInfo"]["endCursor"]
    for key in ("a-first", "key-001-and-a-half", "z-last"):
        await crowd.do("createFeature", key=key, name=key, type="BOOLEAN")
    await crowd.do("updateFeature", key="key-002", status="ARCHIVED", name="Gone")

    assert keys(await page(crowd, "features", first=2, after=cursor)) == ["key-001-and-a-half", "key-002"]
    assert (await page(crowd, "features", first=1, after=cursor))["totalCount"] == 108


async def test_lists_of_packages_hold_archived_ones_and_those_of_a_product_where_one_is_named(
    shop: Client,
) -> None:
    for product in ("app", "other"):
        await shop.do("createPlan", key=f"plan-{product}", name="Plan", product=product)
        await shop.do("createAddon", key=f"addon-{product}", name="Add-on", product=product)
        await shop.do("archivePackage", package=f"addon-{product}")

    answer = await shop.ask(
        """{ plans { nodes { key } } every: plans(product: null) { totalCount }
             of: plans(product: "other") { totalCount nodes { key } }
             none: plans(product: "nothing") { totalCount nodes { key } }
             addons { nodes { key status } } ofApp: addons(product: "app") { nodes { key } } }"""
    )

    assert answer == {
        "plans": {"nodes": [{"key": key} for key in ("free", "plan-app", "plan-other", "pro", "starter")]},
        "of": {"totalCount": 1, "nodes": [{"key": "plan-other"}]},
        "none": {"totalCount": 0, "nodes": []},
        "every": {"totalCount": 5},
        "addons": {"nodes": [{"key": key, "status": "ARCHIVED"} for key in ("addon-app", "addon-other")]},
        "ofApp": {"nodes": [{"key": "addon-app"}]},
    }


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ('search: "CALL"', ["api-calls"]),
        ('search: "Call"', ["api-calls"]),
        ('search: "s", type: METERED', ["api-calls", "exports", "seats", "tokens"]),
        ("type: BOOLEAN", ["community-support", "sso", "zones"]),
        ('type: CONFIG, search: "o"', ["max-projects", "regions", "storage", "support"]),
        ('product: "other"', ["zones"]),
        ('product: "other", type: METERED', []),
        ('search: "nothing"', []),
        ('search: "%"', []),
        ('search: "", type: null, product: null', 11),
    ],
)
async def test_features_are_found_by_type_product_and_part_of_a_key_or_name_in_any_case(
    shop: Client, asked: str, found: list[str] | int
) -> None:
    await shop.do("createFeature", key="zones", name="Z", type="BOOLEAN", product="other")
    await shop.do("updateFeature", key="api-calls", name="Phone CALLS")
    await shop.do("updateFeature", key="sso", status="SUSPENDED")

    answer = (await shop.ask(f"{{ features({asked}) {{ totalCount nodes {{ key }} }} }}"))["features"]

    keys = [node["key"] for node in answer["nodes"]]
    assert (keys if isinstance(found, list) else len(keys)) == found
    assert answer["totalCount"] == len(keys)


async def test_versions_come_newest_first_and_a_publish_in_between_shifts_nothing(
    shop: Client, context: Context
) -> None:
    def published(before: Catalog, times: range) -> Catalog:
        for seats in times:
            before = edited(before, edit("seats", written(seats), package="pro"))
            before = publish(before, "pro", now=context.services.clock()).catalog
        return before

    async def versions(**asked: object) -> Any:  # noqa: ANN401 - JSON
        document = """query ($first: Int, $after: String) { plan(key: "pro") {
          versions(first: $first, after: $after) {
            totalCount nodes { number } pageInfo { endCursor hasNextPage } }
        } }"""
        return (await shop.ask(document, **asked))["plan"]["versions"]

    await catalog.edit(context, lambda before, _: published(before, range(100, 124)))
    first = await versions()
    await catalog.edit(context, lambda before, _: published(before, range(200, 203)))
    second = await versions(first=3, after=first["pageInfo"]["endCursor"])
    last = await versions(first=100, after=second["pageInfo"]["endCursor"])

    assert [each["number"] for each in first["nodes"]] == list(range(25, 5, -1))
    assert [each["number"] for each in second["nodes"]] == [5, 4, 3]
    assert [each["number"] for each in last["nodes"]] == [2, 1]
    assert (first["totalCount"], last["totalCount"]) == (25, 28)
    assert (first["pageInfo"]["hasNextPage"], last["pageInfo"]["hasNextPage"]) == (True, False)


async def test_the_cursor_of_one_plans_versions_is_bad_input_for_anothers(shop: Client) -> None:
    document = '{ plan(key: "%s") { versions(first: 1%s) { pageInfo { endCursor } } } }'
    cursor = (await shop.ask(document % ("pro", "")))["plan"]["versions"]["pageInfo"]["endCursor"]

    error = await shop.error(document % ("free", f', after: "{cursor}"'))

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
