"""Edits of a catalog, made through the resolvers."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from resolvers import catalog
from resolvers.context import Context
from rules.catalog_edits.credit_rates import RateEdit
from rules.catalog_edits.drafts import RowEdit
from rules.catalog_edits.updates import AddonUpdate, FeatureUpdate, PlanUpdate
from tests.rules.builders.catalog_builders import plan
from tests.rules.builders.edits import (
    Discard,
    NewFeature,
    NewPlan,
    PriceEdit,
    PriceRemoval,
    Publish,
    Rebase,
    Reorder,
    RowRemoval,
)
from tests.rules.builders.market_edits import Archive, MarketEdit, NewAddon


async def act(context: Context, edit: MarketEdit) -> None:  # noqa: C901, PLR0912 - one case for each edit
    """Make an edit; raises Rejected."""
    match edit:
        case NewFeature(new):
            await catalog.create_feature(context, new)
        case NewPlan(key, base):
            await catalog.create_plan(context, replace(plan(key), draft=None), base)
        case NewAddon():
            await catalog.create_addon(context, edit.addon)
        case RowEdit():
            await catalog.set_entitlement(context, edit)
        case RowRemoval(package, key, linked):
            await catalog.remove_entitlement(context, package, key, linked)
        case PriceEdit(package, amount):
            await catalog.set_price(context, package, amount)
        case PriceRemoval(package, key):
            await catalog.remove_price(context, package, key)
        case Reorder(package, keys):
            await catalog.reorder_entitlements(context, package, keys)
        case Discard(package):
            await catalog.discard_draft(context, package)
        case Rebase(key, base, keep):
            await catalog.set_base_plan(context, key, base, keep_inherited=keep)
        case Publish(package, scope, expected):
            await catalog.publish_package(context, package, scope, expected)
        case Archive(package, archived):
            await catalog.archive_package(context, package, archived=archived)
        case RateEdit():
            await catalog.set_credit_rate(context, edit)
        case FeatureUpdate():
            await catalog.update_feature(context, edit)
        case PlanUpdate():
            await catalog.update_plan(context, edit)
        case AddonUpdate():
            await catalog.update_addon(context, edit)
        case _:
            assert_never(edit)
