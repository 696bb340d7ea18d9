"""What an edit of the catalog is refused for: every problem, where it was written, and nothing changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from models import environments
from models.catalog import store as catalog
from resolvers.context import Context
from rules.catalog.facts import Catalog
from tests.graph.client import Client

LONGEST_KEY = "k" * 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """Tries edits that are refused, and proves that they leave the catalog as it was."""

    client: Client
    context: Context

    async def refused(self, field: str, **given: object) -> list[str]:
        """Code and path of every problem."""
        before = await self._kept()
        problems = await self.client.refused(field, **given)
        assert await self._kept() == before
        return problems

    async def message(self, field: str, **given: object) -> str:
        """What people are told of the one problem."""
        before = await self._kept()
        problem = await self.client.refusal(field, **given)
        assert await self._kept() == before
        return str(problem["message"])

    async def _kept(self) -> Catalog:
        """The whole catalog, as the database has it."""
        async with self.context.services.database.read() as session:
            environment = await environments.load(session, self.context.environment)
            return await catalog.load(session, environment.number, environment.catalog_revision)


@pytest.fixture
def editor(shop: Client, context: Context) -> Editor:
    """An editor of the shop's catalog."""
    return Editor(client=shop, context=context)


async def build_tower(client: Client, plans: int) -> None:
    """Make plans, each on the one before it: level-1, level-2, and so on."""
    for level in range(1, plans + 1):
        base = f"level-{level - 1}" if level > 1 else None
        await client.do("createPlan", key=f"level-{level}", name="Level", product="app", basePlan=base)


async def test_a_chain_of_ten_plans_passes_a_row_from_its_foot_to_its_top(editor: Editor) -> None:
    await build_tower(editor.client, 10)
    await editor.client.do("setEntitlement", package="level-1", key="sso")
    for level in range(1, 11):
        await editor.client.do("publishPackage", package=f"level-{level}")

    answer = await editor.client.ask(
        '{ plan(key: "level-10") { entitlements { key origin definedIn { key } } } }'
    )

    assert answer["plan"]["entitlements"] == [
        {"key": "sso", "origin": "INHERITED", "definedIn": {"key": "level-1"}}
    ]


async def test_an_eleventh_plan_is_too_deep_at_the_top_and_at_the_foot(editor: Editor) -> None:
    await build_tower(editor.client, 10)

    assert await editor.refused(
        "createPlan", key="level-11", name="Level", product="app", basePlan="level-10"
    ) == ["TOO_DEEP basePlan"]
    assert await editor.refused("setBasePlan", plan="level-1", basePlan="free") == ["TOO_DEEP basePlan"]
    assert await editor.refused("setBasePlan", plan="free", basePlan="level-8") == ["TOO_DEEP basePlan"]


@pytest.mark.parametrize(
    ("plan", "base", "path"),
    [("free", "free", "free → free"), ("free", "pro", "free → pro → starter → free")],
)
async def test_a_cycle_is_reported_plan_by_plan(editor: Editor, plan: str, base: str, path: str) -> None:
    assert await editor.refused("setBasePlan", plan=plan, basePlan=base) == ["CYCLE basePlan"]
    assert path in await editor.message("setBasePlan", plan=plan, basePlan=base)


async def test_a_cycle_over_drafts_is_seen_before_anything_is_published(editor: Editor) -> None:
    await editor.client.do("setBasePlan", plan="starter", basePlan=None)
    await editor.client.do("setBasePlan", plan="free", basePlan="starter")

    assert await editor.refused("setBasePlan", plan="starter", basePlan="free") == ["CYCLE basePlan"]


async def test_a_base_plan_is_null_or_named(editor: Editor) -> None:
    assert await editor.refused("setBasePlan", plan="pro") == ["REQUIRED basePlan"]
    assert await editor.refused("setBasePlan", plan="pro", basePlan="gold") == ["NOT_FOUND basePlan"]


async def test_a_base_plan_is_of_the_same_product(editor: Editor) -> None:
    await editor.client.do("createPlan", key="elsewhere", name="Elsewhere", product="other")

    assert await editor.refused("setBasePlan", plan="pro", basePlan="elsewhere") == ["INVALID basePlan"]


async def test_a_base_plan_that_was_never_published_cannot_be_published_on(editor: Editor) -> None:
    await editor.client.do("createPlan", key="lower", name="Lower", product="app")
    await editor.client.do("createPlan", key="upper", name="Upper", product="app", basePlan="lower")

    assert await editor.refused("publishPackage", package="upper") == ["NOT_ALLOWED package"]


async def test_an_inherited_boolean_can_be_revoked_and_not_overridden(editor: Editor) -> None:
    assert await editor.refused("setEntitlement", package="pro", key="community-support") == [
        "BOOLEAN_NOT_OVERRIDABLE key"
    ]
    assert await editor.refused("setEntitlement", package="free", key="sso", revoked=True) == [
        "INVALID revoked"
    ]


LIMIT = {"metered": {"limit": 5}}
NUMBER = {"config": {"number": 5}}


@pytest.mark.parametrize(
    ("key", "value", "problems"),
    [
        ("sso", LIMIT, ["TYPE_MISMATCH value.metered"]),
        ("sso", NUMBER, ["TYPE_MISMATCH value.config"]),
        ("exports", NUMBER, ["TYPE_MISMATCH value.config"]),
        ("support", LIMIT, ["TYPE_MISMATCH value.metered"]),
        ("support", NUMBER, ["TYPE_MISMATCH value.config.number"]),
        ("storage", {"config": {"object": [1]}}, ["TYPE_MISMATCH value.config.object"]),
        ("regions", {"config": {"choices": ["eu", "moon"]}}, ["INVALID value.config.choices.1"]),
        ("exports", {"metered": {}}, ["REQUIRED value.metered.limit"]),
        ("exports", {"metered": {"limit": 5, "unlimited": True}}, ["INVALID value.metered.unlimited"]),
        ("exports", {"metered": {"limit": -1}}, ["OUT_OF_RANGE value.metered.limit"]),
        ("exports", None, ["REQUIRED value"]),
    ],
)
async def test_a_row_says_what_its_feature_can_mean(
    editor: Editor, key: str, value: object, problems: list[str]
) -> None:
    assert await editor.refused("setEntitlement", package="free", key=key, value=value) == problems


async def test_a_row_without_a_value_needs_one_to_keep(editor: Editor) -> None:
    assert await editor.refused("setEntitlement", package="free", key="exports") == ["REQUIRED value"]


@pytest.mark.parametrize(
    ("field", "given", "problems"),
    [
        ("setEntitlement", {"package": "gold", "key": "sso"}, ["NOT_FOUND package"]),
        ("setEntitlement", {"package": "pro", "key": "gold"}, ["NOT_FOUND key"]),
        ("setEntitlement", {"package": "pro", "key": "seats", "price": "gold"}, ["NOT_FOUND price"]),
        ("removeEntitlement", {"package": "pro", "key": "gold"}, ["NOT_FOUND key"]),
        ("removeEntitlement", {"package": "pro", "key": "storage"}, ["INVALID key"]),
        ("removePrice", {"package": "pro", "key": "gold"}, ["NOT_FOUND key"]),
        ("setBasePlan", {"plan": "gold", "basePlan": None}, ["NOT_FOUND plan"]),
        ("publishPackage", {"package": "gold"}, ["NOT_FOUND package"]),
        ("createPlan", {"key": "gold", "name": "Gold", "product": "nothing"}, ["NOT_FOUND product"]),
        (
            "createFeature",
            {"key": "gold", "name": "Gold", "type": "BOOLEAN", "product": "nothing"},
            ["NOT_FOUND product"],
        ),
    ],
)
async def test_a_key_that_names_nothing_is_not_found(
    editor: Editor, field: str, given: dict[str, Any], problems: list[str]
) -> None:
    assert await editor.refused(field, **given) == problems


async def test_a_refusal_says_where_an_inherited_row_lives(editor: Editor) -> None:
    assert "'starter'" in await editor.message("removeEntitlement", package="pro", key="storage")


@pytest.mark.parametrize("key", ["free", "FREE", "Pro"])
async def test_a_key_is_taken_in_any_case(editor: Editor, key: str) -> None:
    assert await editor.refused("createPlan", key=key, name="Again", product="app") == ["ALREADY_EXISTS key"]


@pytest.mark.parametrize("key", ["", "-a", "a b", "é", "a/b", "a\u0000", "a\n", LONGEST_KEY + "k"])
async def test_a_key_of_the_catalog_is_plain(editor: Editor, key: str) -> None:
    assert await editor.refused("createPlan", key=key, name="Plan", product="app") == ["INVALID key"]
    assert await editor.refused("createProduct", key=key, name="Product") == ["INVALID key"]
    assert await editor.refused("createFeature", key=key, name="Feature", type="BOOLEAN") == ["INVALID key"]


async def test_a_key_of_the_catalog_may_be_128_characters_long(editor: Editor) -> None:
    made = await editor.client.do("createProduct", "product { key }", key=LONGEST_KEY, name="Product")

    assert made["product"] == {"key": LONGEST_KEY}


async def test_all_problems_of_a_plan_are_reported_at_once(editor: Editor) -> None:
    problems = await editor.refused(
        "createPlan",
        key="no spaces",
        name=" ",
        product="nothing",
        description="d" * 10_001,
        basePlan="gold",
        position=-1,
        metadata={"long": "m" * 16_000},
    )

    assert sorted(problems) == [
        "INVALID key",
        "NOT_FOUND basePlan",
        "NOT_FOUND product",
        "OUT_OF_RANGE description",
        "OUT_OF_RANGE metadata",
        "OUT_OF_RANGE position",
        "REQUIRED name",
    ]


async def test_all_problems_of_a_feature_are_reported_at_once(editor: Editor) -> None:
    problems = await editor.refused(
        "createFeature",
        key="SSO",
        name="n" * 256,
        type="METERED",
        configKind="CHOICE",
        unit={"singular": "", "plural": "things"},
        meter={
            "aggregation": "UNIQUE",
            "filters": [{"property": "", "operator": "GT", "values": ["many"]}],
        },
        defaultValue={"metered": {"limit": -1, "reset": {"every": "MONTH", "count": 0}}},
    )

    assert sorted(problems) == [
        "ALREADY_EXISTS key",
        "INVALID configKind",
        "INVALID meter.filters.0.property",
        "INVALID meter.filters.0.values.0",
        "OUT_OF_RANGE defaultValue.metered.limit",
        "OUT_OF_RANGE defaultValue.metered.reset.count",
        "OUT_OF_RANGE name",
        "REQUIRED choices",
        "REQUIRED meter.property",
        "REQUIRED unit.singular",
    ]


async def test_all_problems_of_a_row_are_reported_at_once(editor: Editor) -> None:
    overage = {"amount": {"amount": -1, "currency": "GOLD"}, "perUnits": 0}
    reset = {"every": "NEVER", "count": 2, "weekday": "MONDAY"}

    problems = await editor.refused(
        "setEntitlement",
        package="pro",
        key="seats",
        price="weekly",
        value={"metered": {"limit": -5, "reset": reset, "overage": overage}},
        displayText="t" * 10_001,
    )

    assert sorted(problems) == [
        "INVALID value.metered.overage",
        "INVALID value.metered.overage.amount.currency",
        "INVALID value.metered.reset.count",
        "INVALID value.metered.reset.weekday",
        "NOT_FOUND price",
        "OUT_OF_RANGE displayText",
        "OUT_OF_RANGE value.metered.limit",
        "OUT_OF_RANGE value.metered.overage.amount.amount",
        "OUT_OF_RANGE value.metered.overage.perUnits",
    ]


async def test_all_problems_of_a_price_are_reported_at_once(editor: Editor) -> None:
    problems = await editor.refused(
        "setPrice",
        package="pro",
        key="",
        billingPeriod="MONTHLY",
        amount={"amount": "-0.01", "currency": "usd"},
        perUnitOf="sso",
    )

    assert sorted(problems) == [
        "INVALID amount.currency",
        "INVALID key",
        "OUT_OF_RANGE amount.amount",
        "TYPE_MISMATCH perUnitOf",
    ]


async def test_a_price_that_rows_hold_for_stays(editor: Editor) -> None:
    await editor.client.do(
        "setEntitlement", package="pro", key="seats", price="pro-yearly", value={"metered": {"limit": 60}}
    )

    assert await editor.refused("removePrice", package="pro", key="pro-yearly") == ["IN_USE key"]


async def test_there_is_something_to_publish_or_it_is_refused(editor: Editor) -> None:
    assert await editor.refused("publishPackage", package="pro") == ["NOTHING_TO_PUBLISH package"]

    # An edit that is taken back leaves nothing to publish either.
    await editor.client.do("setEntitlement", package="pro", key="exports", revoked=False, hiddenFrom=[])

    assert await editor.refused("publishPackage", package="pro") == ["NOTHING_TO_PUBLISH package"]


@pytest.mark.parametrize("expected", [0, 2, -1])
async def test_a_publish_that_expects_another_version_is_refused(editor: Editor, expected: int) -> None:
    await editor.client.do("setEntitlement", package="free", key="sso")

    assert await editor.refused("publishPackage", package="free", expectedVersion=expected) == [
        "VERSION_CONFLICT expectedVersion"
    ]

    answer = await editor.client.do(
        "publishPackage", "version { number } cascadedTo { key }", package="free", expectedVersion=1
    )
    assert answer["version"] == {"number": 2}
    assert [plan["key"] for plan in answer["cascadedTo"]] == ["starter", "pro"]


@pytest.mark.parametrize(
    "value",
    [
        '{ metered: { limit: "1.0000001" } }',
        '{ metered: { limit: "NaN" } }',
        "{ metered: { limit: 1e400 } }",
        '{ metered: { limit: "9200000000000" } }',
        "{ metered: { limit: 1 }, config: { number: 1 } }",
        "{ config: { number: null } }",
        "{}",
    ],
)
async def test_what_cannot_be_read_is_refused_before_it_is_judged(editor: Editor, value: str) -> None:
    row = f'package: "pro", key: "seats", value: {value}'

    error = await editor.client.error(f"mutation {{ setEntitlement(input: {{ {row} }}) {{ revision }} }}")

    assert error["extensions"]["code"] in {"BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"}
