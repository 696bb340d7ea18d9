"""A refused act changes nothing: every table is afterwards as it was before, whatever was refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest_asyncio
from sqlalchemy import select
from sqlmodel import SQLModel

from resolvers import catalog
from resolvers.context import Context
from resolvers.verification import first_difference
from rules.auth.permissions import MUTATIONS
from rules.catalog.facts import Catalog, FeatureStatus
from rules.catalog_edits.publishing import publish
from tests.graph.catalog.catalog_acts import attempted
from tests.graph.client import Client, Clock
from tests.graph.shop import counted, studio_of
from tests.graph.usage.metered import ingest
from tests.rules.builders.catalog_builders import addon, feature, product, row

Given = Mapping[str, Any]

ACME, NOBODY = {"customer": "acme"}, {"customer": "nobody"}
IMAGES, FLAG = {**ACME, "feature": "images"}, {**ACME, "feature": "sso"}
TOO_MUCH = 10**6
OUTSIDE = {"quantity": -1}
AI = {**ACME, "creditType": "ai"}
UNKNOWN = {"key": "nothing"}
NEW_PLAN = {"key": "new", "name": "New", "product": "nothing"}
UNIT = {"singular": "credit", "plural": "credits"}

REFUSED: Mapping[str, tuple[Given, ...]] = {
    "createProduct": ({"key": "app", "name": "App"},),
    "updateProduct": (UNKNOWN,),
    "createFeature": ({"key": "SSO", "name": "SSO", "type": "BOOLEAN"},),
    "updateFeature": ({"key": "images", "status": "ARCHIVED"},),
    "createCreditType": ({"key": "AI", "name": "AI", "unit": UNIT},),
    "updateCreditType": (UNKNOWN,),
    "createPlan": (NEW_PLAN,),
    "updatePlan": ({"key": "maker", "name": None},),
    "setBasePlan": ({"plan": "maker", "basePlan": "maker"},),
    "createAddon": (NEW_PLAN,),
    "updateAddon": ({"key": "pack", "maxQuantity": 0},),
    "archivePackage": ({"package": "nothing"},),
    "setEntitlement": ({"package": "maker", "key": "nothing"},),
    "removeEntitlement": ({"package": "maker", "key": "sso"},),
    "reorderEntitlements": ({"package": "maker", "keys": ["sso"]},),
    "setPrice": (
        {
            "package": "nothing",
            "key": "p",
            "billingPeriod": "MONTHLY",
            "amount": {"amount": 1, "currency": "USD"},
        },
    ),
    "removePrice": ({"package": "maker", "key": "nothing"},),
    "setCreditRate": ({"package": "maker", "feature": "sso", "creditType": "ai", "credits": 1},),
    "publishPackage": ({"package": "maker"},),
    "discardDraft": ({"package": "nothing"},),
    "applyCatalog": ({"document": "features:\n  new: {type: NOTHING}\n"},),
    "upsertCustomer": ({"key": "new", "timezone": "Nowhere"}, {"key": "acme", "timezone": None}),
    "archiveCustomer": (NOBODY,),
    "subscribe": (
        {**NOBODY, "plan": "maker"},
        {**ACME, "plan": "maker"},
        {"customer": "initech", "plan": "maker", "addons": [{"addon": "pack", "quantity": 0}]},
    ),
    "changePlan": ({**ACME, "plan": "maker"}, {"customer": "initech", "plan": "maker"}),
    "cancelSubscription": ({**ACME, "at": "2026-11-15T00:00:00Z"},),
    "resumeSubscription": (ACME,),
    "convertTrial": (ACME,),
    "setSubscriptionAddon": ({**ACME, "addon": "pack", **OUTSIDE}, {**ACME, "addon": "maker", "quantity": 1}),
    "migrateSubscription": ({**ACME, "version": 9},),
    "setCustomEntitlement": ({**FLAG, "value": {"config": {"number": 1}}}, {**NOBODY, "feature": "sso"}),
    "removeCustomEntitlement": (FLAG,),
    "createCustomerToken": (NOBODY,),
    "reportUsage": (
        {**FLAG, "value": 1},
        {**NOBODY, "feature": "images"},
        {**IMAGES, "value": -9},
        {**IMAGES, "value": 3, "idempotencyKey": "taken"},
        {**ACME, "feature": "exports", "value": -1},
        {**ACME, "feature": "retired", "value": 1},
    ),
    "consume": (
        FLAG,
        {**IMAGES, "quantity": TOO_MUCH},
        {**IMAGES, **OUTSIDE},
        {**NOBODY, "feature": "images"},
        {**ACME, "feature": "exports"},
        {**ACME, "feature": "retired"},
        {**ACME, "feature": "nothing"},
        {"customer": "initech", "feature": "images"},
    ),
    "reserve": (
        {**FLAG, "quantity": 1, "key": "h"},
        {**IMAGES, "quantity": TOO_MUCH, "key": "h"},
        {**ACME, "feature": "exports", "quantity": 1, "key": "h"},
        {**IMAGES, "quantity": 2, "key": "open"},
        {"customer": "initech", "feature": "images", "quantity": 1, "key": "h"},
    ),
    "settleReservation": (
        {**ACME, "key": "nothing"},
        {**ACME, "key": "open", **OUTSIDE},
        {**ACME, "key": "settled", "quantity": 2},
        {**ACME, "key": "released"},
    ),
    "releaseReservation": ({**ACME, "key": "nothing"}, {**ACME, "key": "settled"}),
    "grantCredits": (
        {**AI, "amount": 0},
        {**AI, "amount": 1, "source": "RECURRING"},
        {**NOBODY, "creditType": "ai", "amount": 1},
    ),
    "voidCreditGrant": ({"grant": "nothing"},),
    "consumeCredits": (
        {**AI, "amount": TOO_MUCH},
        {**AI, "amount": 0},
        {**ACME, "creditType": "nothing", "amount": 1},
        {**NOBODY, "creditType": "ai", "amount": 1},
        {"customer": "initech", "creditType": "ai", "amount": 1},
    ),
    "createApiKey": ({"name": ""},),
    "revokeApiKey": ({"id": "nothing"},),
    "advanceClock": ({"to": "2027-01-01T00:00:00Z"},),
}
"""Acts that are refused, or answered with a no, by every mutation that takes one input."""

BATCHES: Mapping[str, str] = {
    "upsertCustomers(customers: $many)": "upsertCustomer",
    "subscribeBatch(subscriptions: $many)": "subscribe",
    "reportUsageBatch(reports: $many)": "reportUsage",
}
"""Mutations that take many inputs of another, and refuse what that one does."""

EVENTS: tuple[Given, ...] = (
    {"id": "e", "name": "nothing", "customer": "acme"},
    {"id": "", "name": "images", "customer": "acme"},
    {"id": "e", "name": "images", "customer": "nobody"},
)


def sold(before: Catalog, now: datetime) -> Catalog:
    """The studio's catalog, with a boolean, things that no plan has, and an add-on."""
    shop = studio_of(before, now)
    retired = replace(counted("retired", "relic"), status=FeatureStatus.ARCHIVED)
    features = {known.key: known for known in (feature("sso"), counted("exports", "export"), retired)}
    shop = replace(
        shop,
        products=shop.products or {"app": product()},
        features={**shop.features, **features},
        packages={**shop.packages, "pack": addon("pack", row("sso"))},
    )
    return publish(shop, "pack", now=now).catalog


@pytest_asyncio.fixture
async def studio(client: Client, context: Context, clock: Clock) -> Client:
    """A back end whose customer "acme" has used and held images, while "initech" has done nothing."""
    await catalog.edit(context, sold)
    for name in ("acme", "initech"):
        await client.do("upsertCustomer", key=name)
    clock.forward(hours=1)
    await client.do("subscribe", customer="acme", plan="maker")
    for key in ("open", "settled", "released"):
        await client.do("reserve", **IMAGES, quantity=1, key=key)
    await client.do("settleReservation", **ACME, key="settled")
    await client.do("releaseReservation", **ACME, key="released")
    await client.do("reportUsage", **IMAGES, value=2, idempotencyKey="taken")
    clock.forward(hours=1)
    return client


async def everything(context: Context) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, when keys were last used aside."""
    async with context.services.database.read() as session:
        return {
            name: [
                tuple(row)
                for row in await session.execute(
                    select(*(c for c in table.c if c.name != "last_used_at")).order_by(*table.primary_key)
                )
            ]
            for name, table in SQLModel.metadata.tables.items()
        }


async def refused(client: Client, act: str, given: Given) -> None:
    """Try an act that is refused, or answered with a no."""
    payload = await attempted(client, act, "revision", **given)
    assert payload["revision"] is None, (act, given)
    assert payload["userErrors"] or act in {"consume", "reserve", "consumeCredits"}, (act, given)


def test_every_mutation_is_tried() -> None:
    tried = {*REFUSED, *(batch.partition("(")[0] for batch in BATCHES), "ingestEvents"}

    assert tried == set(MUTATIONS)


async def test_a_refused_act_changes_nothing(studio: Client, context: Context) -> None:
    before = await everything(context)

    for act, inputs in REFUSED.items():
        for given in inputs:
            await refused(studio, act, given)

            assert await everything(context) == before, (act, given)


async def test_a_batch_of_refused_acts_changes_nothing(studio: Client, context: Context) -> None:
    before = await everything(context)

    for batch, act in BATCHES.items():
        kind = f"{act[0].upper()}{act[1:]}Input"
        document = f"mutation ($many: [{kind}!]!) {{ {batch} {{ revision userErrors {{ code }} }} }}"
        (payloads,) = (await studio.ask(document, many=REFUSED[act])).values()

        assert all(payload["revision"] is None and payload["userErrors"] for payload in payloads)
        assert await everything(context) == before, batch


async def test_refused_events_change_nothing(studio: Client, context: Context) -> None:
    before = await everything(context)

    accepted, duplicates, unmatched, problems = await ingest(studio, *EVENTS)

    assert (accepted, duplicates, unmatched, len(problems)) == (0, 0, 1, 2)
    assert await everything(context) == before


async def test_a_refused_act_leaves_no_tally_where_another_is_done_with_it(
    studio: Client, context: Context
) -> None:
    document = """mutation {
      no: consume(input: { customer: "initech", feature: "sso" }) { consumed }
      nothing: consume(input: { customer: "initech", feature: "exports" }) { consumed }
      yes: reportUsage(input: { customer: "initech", feature: "images" }) { userErrors { code } }
      wrong: reportUsage(input: { customer: "initech", feature: "sso" }) { userErrors { code } }
    }"""
    before = await everything(context)

    done = await studio.ask(document)

    assert done["yes"] == {"userErrors": []}
    assert done["wrong"] == {"userErrors": [{"code": "TYPE_MISMATCH"}]}
    assert not done["no"]["consumed"]
    assert not done["nothing"]["consumed"]
    after = await everything(context)
    new = [row for row in after["usage_windows"] if row not in before["usage_windows"]]
    assert [row[2] for row in new] == ["images"]


async def test_what_is_kept_agrees_after_mistakes(studio: Client, context: Context) -> None:
    for act in ("consume", "reserve", "reportUsage"):
        for given in REFUSED[act]:
            await refused(studio, act, given)

    assert await first_difference(context.services) is None
