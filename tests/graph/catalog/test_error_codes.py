"""Every code with which an edit of the catalog can be refused, by every act that has it to say."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
import pytest_asyncio
from strawberry.utils.str_converters import to_camel_case

from resolvers import catalog
from resolvers.context import Context
from rules.catalog.facts import Catalog
from rules.catalog_edits.packages import set_base_plan, with_package
from rules.catalog_edits.publishing import publish
from rules.errors import ErrorCode
from schema.catalog.draft_mutations import DraftMutations
from schema.catalog.mutations import CatalogMutations
from tests.graph.catalog.catalog_acts import kept, refused
from tests.graph.client import Client
from tests.rules.builders.catalog_builders import plan, tower

TOO_LONG, TOO_MUCH = "n" * 256, {"m": "x" * 16_000}
UNIT = {"singular": "credit", "plural": "credits"}
ONE_DOLLAR = {"amount": 1, "currency": "USD"}

OF_CUSTOMERS_AND_CLOCKS = {ErrorCode.IDEMPOTENCY_CONFLICT, ErrorCode.NOT_A_SANDBOX}
"""The codes that the catalog has no use for."""

Row = tuple[str, str, dict[str, Any]]

NEW_FEATURE = {"key": "new", "name": "New", "type": "BOOLEAN"}
NEW_SETTING = {**NEW_FEATURE, "type": "CONFIG"}
NEW_PLAN = {"key": "new", "name": "New", "product": "app"}
MONTHLY = {"billingPeriod": "MONTHLY", "amount": ONE_DOLLAR}
RATE = {"package": "pro", "feature": "tokens", "creditType": "ai"}
NOBODY = {"package": "nobody"}

REFUSED: dict[ErrorCode, list[Row]] = {
    ErrorCode.NOT_FOUND: [
        ("updateProduct", "key", {"key": "nothing"}),
        ("updateFeature", "key", {"key": "nothing"}),
        ("updateCreditType", "key", {"key": "nothing"}),
        ("updatePlan", "key", {"key": "pack"}),
        ("updateAddon", "key", {"key": "pro"}),
        ("createFeature", "product", {**NEW_FEATURE, "product": "nothing"}),
        ("createPlan", "product", {**NEW_PLAN, "product": "nothing"}),
        ("createPlan", "basePlan", {**NEW_PLAN, "basePlan": "pack"}),
        ("createPlan", "compatibleAddons.1", {**NEW_PLAN, "compatibleAddons": ["pack", "pro"]}),
        ("updatePlan", "compatibleAddons.0", {"key": "pro", "compatibleAddons": ["nothing"]}),
        ("createAddon", "product", {**NEW_PLAN, "product": "nothing"}),
        ("setBasePlan", "plan", {"plan": "nobody", "basePlan": None}),
        ("setBasePlan", "basePlan", {"plan": "pro", "basePlan": "nobody"}),
        ("setEntitlement", "package", {**NOBODY, "key": "sso"}),
        ("setEntitlement", "key", {"package": "free", "key": "nothing"}),
        ("setEntitlement", "price", {"package": "free", "key": "sso", "price": "nothing"}),
        ("removeEntitlement", "package", {**NOBODY, "key": "sso"}),
        ("removeEntitlement", "key", {"package": "free", "key": "sso"}),
        ("reorderEntitlements", "package", {**NOBODY, "keys": []}),
        ("reorderEntitlements", "keys.0", {"package": "free", "keys": ["sso"]}),
        ("setPrice", "package", {**NOBODY, "key": "new", **MONTHLY}),
        ("setPrice", "perUnitOf", {"package": "pro", "key": "new", **MONTHLY, "perUnitOf": "ai"}),
        ("removePrice", "package", {**NOBODY, "key": "new"}),
        ("removePrice", "key", {"package": "pro", "key": "new"}),
        ("setCreditRate", "package", {**RATE, **NOBODY, "credits": 1}),
        ("setCreditRate", "feature", {**RATE, "feature": "nothing", "credits": None}),
        ("setCreditRate", "creditType", {**RATE, "creditType": "sso", "credits": 1}),
        ("publishPackage", "package", NOBODY),
        ("discardDraft", "package", NOBODY),
        ("archivePackage", "package", NOBODY),
    ],
    ErrorCode.ALREADY_EXISTS: [
        ("createProduct", "key", {"key": "APP", "name": "App"}),
        ("createFeature", "key", {**NEW_FEATURE, "key": "AI"}),
        ("createCreditType", "key", {"key": "SSO", "name": "SSO", "unit": UNIT}),
        ("createPlan", "key", {**NEW_PLAN, "key": "Pack"}),
        ("createAddon", "key", {**NEW_PLAN, "key": "Pro"}),
        ("setPrice", "key", {"package": "pro", "key": "Pro-Monthly", **MONTHLY}),
    ],
    ErrorCode.INVALID: [
        ("createProduct", "key", {"key": "a b", "name": "App"}),
        ("updateProduct", "metadata", {"key": "app", "metadata": []}),
        ("createFeature", "key", {**NEW_FEATURE, "key": ""}),
        ("createFeature", "configKind", {**NEW_FEATURE, "configKind": "TEXT"}),
        ("createFeature", "meter", {**NEW_FEATURE, "meter": {}}),
        ("updateFeature", "choices.1", {"key": "regions", "choices": ["eu", "eu", "us", "asia"]}),
        ("updateFeature", "meter.aggregation", {"key": "seats", "meter": {"aggregation": "COUNT"}}),
        ("createCreditType", "key", {"key": "é", "name": "AI", "unit": UNIT}),
        ("createPlan", "key", {**NEW_PLAN, "key": "-"}),
        ("createPlan", "basePlan", {**NEW_PLAN, "basePlan": "elsewhere"}),
        ("updatePlan", "compatibleAddons.1", {"key": "pro", "compatibleAddons": ["pack", "pack"]}),
        ("createAddon", "key", {**NEW_PLAN, "key": "a/b"}),
        ("setBasePlan", "plan", {"plan": "pack", "basePlan": None}),
        ("setBasePlan", "basePlan", {"plan": "pro", "basePlan": "elsewhere"}),
        ("setEntitlement", "revoked", {"package": "free", "key": "sso", "revoked": True}),
        ("setEntitlement", "price", {"package": "pack", "key": "sso", "price": "pro-monthly"}),
        ("setEntitlement", "displayText", {"package": "free", "key": "sso", "displayText": "\0"}),
        ("removeEntitlement", "key", {"package": "pro", "key": "regions"}),
        ("reorderEntitlements", "keys.1", {"package": "free", "keys": ["seats", "seats"]}),
        ("setPrice", "key", {"package": "pro", "key": "", **MONTHLY}),
        (
            "setPrice",
            "amount.currency",
            {"package": "pro", "key": "new", **MONTHLY, "amount": {"amount": 1, "currency": "XX"}},
        ),
    ],
    ErrorCode.REQUIRED: [
        ("createProduct", "name", {"key": "new", "name": " "}),
        ("updateProduct", "name", {"key": "app", "name": None}),
        ("createFeature", "name", {**NEW_FEATURE, "name": ""}),
        ("createFeature", "configKind", NEW_SETTING),
        ("createFeature", "choices", {**NEW_SETTING, "configKind": "CHOICE"}),
        ("updateFeature", "status", {"key": "sso", "status": None}),
        ("createCreditType", "unit.plural", {"key": "new", "name": "AI", "unit": {**UNIT, "plural": ""}}),
        ("updateCreditType", "unit", {"key": "ai", "unit": None}),
        ("createPlan", "name", {**NEW_PLAN, "name": ""}),
        ("updatePlan", "position", {"key": "pro", "position": None}),
        ("createAddon", "name", {**NEW_PLAN, "name": ""}),
        ("updateAddon", "name", {"key": "pack", "name": None}),
        ("setBasePlan", "basePlan", {"plan": "pro"}),
        ("setEntitlement", "value", {"package": "free", "key": "exports"}),
        (
            "setEntitlement",
            "value.metered.limit",
            {"package": "pro", "key": "seats", "value": {"metered": {}}},
        ),
        ("setCreditRate", "credits", RATE),
    ],
    ErrorCode.OUT_OF_RANGE: [
        ("createProduct", "name", {"key": "new", "name": TOO_LONG}),
        ("updateProduct", "metadata", {"key": "app", "metadata": TOO_MUCH}),
        ("createFeature", "description", {**NEW_FEATURE, "description": "d" * 10_001}),
        ("updateFeature", "unit.plural", {"key": "seats", "unit": {**UNIT, "plural": TOO_LONG}}),
        ("createCreditType", "name", {"key": "new", "name": TOO_LONG, "unit": UNIT}),
        ("updateCreditType", "name", {"key": "ai", "name": TOO_LONG}),
        ("createPlan", "position", {**NEW_PLAN, "position": -1}),
        ("updatePlan", "defaultTrialDays", {"key": "pro", "defaultTrialDays": 3_651}),
        ("createAddon", "maxQuantity", {**NEW_PLAN, "maxQuantity": 0}),
        ("updateAddon", "maxQuantity", {"key": "pack", "maxQuantity": -1}),
        (
            "setEntitlement",
            "value.metered.limit",
            {"package": "pro", "key": "seats", "value": {"metered": {"limit": -1}}},
        ),
        ("setEntitlement", "displayText", {"package": "pro", "key": "sso", "displayText": "t" * 10_001}),
        (
            "setPrice",
            "amount.amount",
            {"package": "pro", "key": "new", **MONTHLY, "amount": {"amount": -1, "currency": "USD"}},
        ),
        ("setCreditRate", "credits", {**RATE, "credits": 0}),
        ("setCreditRate", "perUnits", {**RATE, "credits": None, "perUnits": 0}),
    ],
    ErrorCode.TYPE_MISMATCH: [
        (
            "createFeature",
            "defaultValue.metered",
            {**NEW_FEATURE, "defaultValue": {"metered": {"limit": 1}}},
        ),
        ("updateFeature", "defaultValue.config", {"key": "seats", "defaultValue": {"config": {"text": "a"}}}),
        (
            "setEntitlement",
            "value.credit",
            {"package": "pro", "key": "seats", "value": {"credit": {"amount": 1}}},
        ),
        ("setPrice", "perUnitOf", {"package": "pro", "key": "new", **MONTHLY, "perUnitOf": "sso"}),
        ("setCreditRate", "feature", {**RATE, "feature": "regions", "credits": 1}),
    ],
    ErrorCode.CYCLE: [
        ("setBasePlan", "basePlan", {"plan": "free", "basePlan": "pro"}),
        ("setBasePlan", "basePlan", {"plan": "free", "basePlan": "free"}),
        ("publishPackage", "package", {"package": "chicken"}),
    ],
    ErrorCode.TOO_DEEP: [
        ("createPlan", "basePlan", {**NEW_PLAN, "basePlan": "floor-10"}),
        ("setBasePlan", "basePlan", {"plan": "floor-1", "basePlan": "free"}),
        ("publishPackage", "package", {"package": "roof-1"}),
    ],
    ErrorCode.BOOLEAN_NOT_OVERRIDABLE: [
        ("setEntitlement", "key", {"package": "pro", "key": "community-support"}),
    ],
    ErrorCode.NOTHING_TO_PUBLISH: [
        ("publishPackage", "package", {"package": "pro"}),
    ],
    ErrorCode.IN_USE: [
        ("updateFeature", "status", {"key": "seats", "status": "ARCHIVED"}),
        ("updateFeature", "choices", {"key": "regions", "choices": ["us"]}),
        ("removePrice", "key", {"package": "starter", "key": "starter-monthly"}),
        ("archivePackage", "package", {"package": "free"}),
    ],
    ErrorCode.ARCHIVED: [
        ("createPlan", "basePlan", {**NEW_PLAN, "basePlan": "gone"}),
        ("setBasePlan", "plan", {"plan": "gone", "basePlan": None}),
        ("setBasePlan", "basePlan", {"plan": "pro", "basePlan": "gone"}),
        ("setEntitlement", "package", {"package": "gone", "key": "sso"}),
        ("setEntitlement", "key", {"package": "pro", "key": "retired", "value": {"metered": {"limit": 1}}}),
        ("removeEntitlement", "package", {"package": "gone", "key": "sso"}),
        ("reorderEntitlements", "package", {"package": "gone", "keys": []}),
        ("setPrice", "package", {"package": "gone", "key": "new", **MONTHLY}),
        ("setPrice", "perUnitOf", {"package": "pro", "key": "new", **MONTHLY, "perUnitOf": "retired"}),
        ("removePrice", "package", {"package": "gone", "key": "new"}),
        ("setCreditRate", "package", {**RATE, "package": "gone", "credits": 1}),
        ("setCreditRate", "feature", {**RATE, "feature": "retired", "credits": 1}),
        ("publishPackage", "package", {"package": "gone"}),
        ("discardDraft", "package", {"package": "gone"}),
        ("archivePackage", "package", {"package": "gone-with-it", "archived": False}),
    ],
    ErrorCode.VERSION_CONFLICT: [
        ("publishPackage", "expectedVersion", {"package": "starter", "expectedVersion": 2}),
    ],
    ErrorCode.NOT_ALLOWED: [
        ("publishPackage", "package", {"package": "unborn"}),
        ("discardDraft", "package", {"package": "draft"}),
    ],
}


def troubled(shop: Catalog, context: Context) -> Catalog:
    """The shop with what it takes to be refused for everything."""
    now = context.services.clock()
    floors, roof = tower("floor", 10), tower("roof", 4)
    gone = [plan("gone"), plan("gone-with-it", base="gone")]
    hen = [plan("chicken"), plan("egg", base="chicken")]
    plans = (
        *floors,
        *roof,
        *gone,
        *hen,
        plan("draft"),
        plan("unborn", base="draft"),
        plan("elsewhere", of="other"),
    )
    for each in plans:
        shop = with_package(shop, each)
    for each in (*floors, *roof, *hen):
        shop = publish(shop, each.key, now=now).catalog
    # In drafts these stand on nothing, so that those below them may stand on others; but in drafts only.
    shop = set_base_plan(set_base_plan(shop, "egg", None), "chicken", "egg")
    return set_base_plan(set_base_plan(shop, "roof-2", None), "roof-1", "floor-8")


@pytest_asyncio.fixture
async def market(shop: Client, context: Context) -> Client:
    """The back end of a shop in which something is wrong with everything."""
    await shop.do("createCreditType", key="ai", name="AI", unit=UNIT)
    await shop.do("createAddon", key="pack", name="Pack", product="app")
    await shop.do("createFeature", key="retired", name="Retired", type="METERED")
    await shop.do("updateFeature", key="retired", status="ARCHIVED")
    await shop.do("setEntitlement", package="starter", key="sso", price="starter-monthly")
    await catalog.edit(context, lambda before, _: troubled(before, context))
    for key in ("gone-with-it", "gone"):
        await shop.do("archivePackage", package=key)
    return shop


@pytest.mark.parametrize("code", REFUSED)
async def test_what_is_refused_says_why_and_where_and_leaves_the_whole_catalog_as_it_was(
    market: Client, context: Context, code: ErrorCode
) -> None:
    before = await kept(context)

    for act, path, given in REFUSED[code]:
        assert await refused(market, act, **given) == [f"{code} {path}"], (act, given)

        assert await kept(context) == before
        assert (await catalog.current_catalog(context)).catalog == before


def test_no_code_of_the_catalog_goes_unproven() -> None:
    assert set(REFUSED) == set(ErrorCode) - OF_CUSTOMERS_AND_CLOCKS


def test_no_act_on_the_catalog_is_never_refused() -> None:
    tried = {act for rows in REFUSED.values() for act, _, _ in rows}

    acts = (*fields(CatalogMutations), *fields(DraftMutations))
    assert tried == {to_camel_case(act.name) for act in acts}
