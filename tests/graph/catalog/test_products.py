"""What a product shows: its plans, its add-ons, and which of them go together."""

from __future__ import annotations

from typing import Any

from tests.graph.client import Client


async def test_addons_that_a_subscriber_may_buy_are_published_compatible_and_not_archived(
    shop: Client,
) -> None:
    for key in ("b", "a", "gone", "draft"):
        await shop.do("createAddon", key=key, name=key, product="app")
    await shop.do("createAddon", key="elsewhere", name="Elsewhere", product="other")
    for key in ("b", "a", "gone", "elsewhere"):
        await shop.do("publishPackage", package=key)
    await shop.do("archivePackage", package="gone")

    async def available() -> Any:  # noqa: ANN401 - JSON
        plan = (await shop.ask('{ plan(key: "pro") { compatibleAddons { key } availableAddons { key } } }'))[
            "plan"
        ]
        named = plan["compatibleAddons"]
        return named and [each["key"] for each in named], [each["key"] for each in plan["availableAddons"]]

    assert await available() == (None, ["a", "b"])
    await shop.do("updatePlan", key="pro", compatibleAddons=["draft", "b", "gone"])
    assert await available() == (["draft", "b", "gone"], ["b"])
    await shop.do("updatePlan", key="pro", compatibleAddons=[])
    assert await available() == ([], [])


async def test_a_product_shows_its_plans_by_position_and_its_addons_and_features_by_key(
    shop: Client,
) -> None:
    for key in ("b-pack", "a-pack"):
        await shop.do("createAddon", key=key, name=key, product="app")
    for key in ("zones", "alerts"):
        await shop.do("createFeature", key=key, name=key, type="BOOLEAN", product="other")
    await shop.do("updatePlan", key="free", position=2)
    await shop.do("updatePlan", key="starter", position=1)
    await shop.do("archivePackage", package="pro")
    await shop.do("archivePackage", package="a-pack")

    answer = await shop.ask(
        """{ product(key: "app") {
          plans { key } every: plans(includeArchived: true) { key }
          addons { key } all: addons(includeArchived: true) { key } }
        other: product(key: "other") { features { totalCount nodes { key } } } }"""
    )
    product = answer["product"]

    assert {
        name: [each["key"] for each in product[name]] for name in ("plans", "every", "addons", "all")
    } == {
        "plans": ["starter", "free"],
        "every": ["pro", "starter", "free"],
        "addons": ["b-pack"],
        "all": ["a-pack", "b-pack"],
    }
    assert answer["other"]["features"] == {
        "totalCount": 2,
        "nodes": [{"key": "alerts"}, {"key": "zones"}],
    }
