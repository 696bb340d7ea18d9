"""The catalog: read from memory, and edited as one: edit, prove, persist."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from models import catalog as stored
from models import environments
from resolvers.context import Context
from resolvers.reading import look
from rules import drafts, features, packages
from rules.catalog import Catalog, Feature, Plan, Price, Product, PublishScope
from rules.drafts import RowEdit
from rules.inheritance import Flattened
from rules.publishing import Published, publish
from rules.values import Written


async def read(context: Context) -> Flattened:
    """Give the catalog of the environment, as it is now."""
    async with look(context) as seen:
        return seen.flat


async def edit(context: Context, change: Callable[[Catalog, datetime], Catalog]) -> Flattened:
    """Change the catalog by a rule and keep it; raises Rejected, and then nothing has changed.

    Edits of one environment wait for each other, so that each is proven on what it changes.
    """
    services = context.services
    async with services.database.write() as session:
        environment = await environments.lock(session, context.environment)
        flat = await services.catalogs.at(session, environment)
        before = flat.catalog
        after = change(before, environment.now(services.clock()))
        if after is before:
            return flat
        edited = Flattened(replace(after, revision=before.revision + 1))
        await stored.save(session, environment.number, before, edited.catalog)
    services.catalogs.keep(environment.number, edited)
    return edited


async def create_product(context: Context, product: Product) -> Flattened:
    """Add a product."""
    return await edit(context, lambda catalog, _: features.create_product(catalog, product))


async def create_feature(context: Context, feature: Feature, default: Written | None = None) -> Flattened:
    """Add a feature, with the value that plans take where they give none."""
    return await edit(context, lambda catalog, _: features.create_feature(catalog, feature, default))


async def create_plan(context: Context, plan: Plan, base: str | None, *, last: bool = False) -> Flattened:
    """Add a plan on a base plan; ``last`` puts it behind the product's other plans."""

    def change(catalog: Catalog, _: datetime) -> Catalog:
        position = packages.last_position(catalog, plan.product) if last else plan.position
        return packages.create_plan(catalog, replace(plan, position=position), base)

    return await edit(context, change)


async def set_base_plan(context: Context, plan: str, base: str | None, *, keep_inherited: bool) -> Flattened:
    """Put a plan's draft on another base plan, or on none."""
    return await edit(
        context,
        lambda catalog, _: packages.set_base_plan(catalog, plan, base, keep_inherited=keep_inherited),
    )


async def set_entitlement(context: Context, row: RowEdit) -> Flattened:
    """Set or replace a row of a package's draft."""
    return await edit(context, lambda catalog, _: drafts.set_entitlement(catalog, row))


async def remove_entitlement(context: Context, package: str, key: str, price: str | None) -> Flattened:
    """Take a row out of a package's draft."""
    return await edit(context, lambda catalog, _: drafts.remove_entitlement(catalog, package, key, price))


async def set_price(context: Context, package: str, price: Price) -> Flattened:
    """Set or replace a price in a package's draft."""
    return await edit(context, lambda catalog, _: drafts.set_price(catalog, package, price))


async def remove_price(context: Context, package: str, key: str) -> Flattened:
    """Take a price out of a package's draft."""
    return await edit(context, lambda catalog, _: drafts.remove_price(catalog, package, key))


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterPublish:
    """The catalog after a publish, and the plans that were published with it."""

    flat: Flattened
    cascaded: tuple[str, ...]


async def publish_package(
    context: Context, key: str, scope: PublishScope, expected_version: int | None = None
) -> AfterPublish:
    """Put a package's draft in force, and with it the plans that inherit from it."""
    made: list[Published] = []

    def change(catalog: Catalog, now: datetime) -> Catalog:
        made.append(publish(catalog, key, now=now, scope=scope, expected_version=expected_version))
        return made[-1].catalog

    flat = await edit(context, change)
    return AfterPublish(flat=flat, cascaded=made[-1].cascaded)
