"""The catalog: read from the cache; edited as a whole: edit, validate, save."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from models import environments
from models.catalog import store as stored
from models.customers.subscription_counts import custom_about
from models.database.transactions import Session
from models.live.notifications import ChangeNotification, announce
from resolvers.context import Context
from resolvers.snapshot import open_snapshot
from resolvers.subscription_counts import by_version
from rules.catalog.facts import Addon, Catalog, CreditType, Feature, Plan, Price, Product, PublishScope
from rules.catalog.inheritance import ResolvedCatalog
from rules.catalog_edits import drafts, features, packages, updates
from rules.catalog_edits.credit_rates import RateEdit
from rules.catalog_edits.credit_rates import set_credit_rate as set_rate
from rules.catalog_edits.drafts import RowEdit
from rules.catalog_edits.publishing import Published, publish
from rules.catalog_edits.references import Holders, live_versions
from rules.revisions import Revision
from rules.unset import Unset
from rules.values import Written


async def current_catalog(context: Context) -> ResolvedCatalog:
    """Return the current catalog of the environment, as far as the viewer may see it."""
    async with open_snapshot(context) as seen:
        return context.visible(seen.flat)


async def edit(context: Context, change: Callable[[Catalog, datetime], Catalog]) -> ResolvedCatalog:
    """Change the catalog by a rule and save it; raises Rejected, and then nothing has changed.

    Edits of one environment run one after the other, so that each is validated against the catalog that it
    changes.
    """

    async def changed(_: Session, catalog: Catalog, now: datetime) -> Catalog:
        return change(catalog, now)

    return await edit_reading(context, changed)


async def edit_reading(
    context: Context, change: Callable[[Session, Catalog, datetime], Awaitable[Catalog]]
) -> ResolvedCatalog:
    """Like ``edit``, for a change that has to read more than the catalog."""
    services = context.services
    async with services.database.write() as session:
        environment = await environments.lock(session, context.environment)
        flat = await services.catalogs.at(session, environment)
        before = flat.catalog
        after = await change(session, before, environment.now(services.clock()))
        if after is before:
            return flat
        edited = ResolvedCatalog(replace(after, revision=before.revision + 1))
        await stored.save(session, environment.number, before, edited.catalog)
        notice = ChangeNotification(environment.number, None, Revision(edited.catalog.revision))
        await announce(session, [notice])
    services.catalogs.keep(environment.number, edited)
    services.notices.tell([notice])
    return edited


async def create_product(context: Context, product: Product) -> ResolvedCatalog:
    """Create a product."""
    return await edit(context, lambda catalog, _: features.create_product(catalog, product))


async def create_feature(
    context: Context, feature: Feature, default: Written | None = None
) -> ResolvedCatalog:
    """Create a feature, with the value that plans take where they set none."""
    return await edit(context, lambda catalog, _: features.create_feature(catalog, feature, default))


async def create_plan(
    context: Context, plan: Plan, base: str | None, *, last: bool = False
) -> ResolvedCatalog:
    """Create a plan on a base plan; ``last`` puts it behind the product's other plans."""

    def change(catalog: Catalog, _: datetime) -> Catalog:
        position = packages.last_position(catalog, plan.product) if last else plan.position
        return packages.create_plan(catalog, replace(plan, position=position), base)

    return await edit(context, change)


async def set_base_plan(
    context: Context, plan: str, base: str | Unset | None, *, keep_inherited: bool
) -> ResolvedCatalog:
    """Set or remove the base plan of a plan's draft."""
    return await edit(
        context,
        lambda catalog, _: packages.set_base_plan(catalog, plan, base, keep_inherited=keep_inherited),
    )


async def update_product(context: Context, update: updates.ProductUpdate) -> ResolvedCatalog:
    """Update a product."""
    return await edit(context, lambda catalog, _: updates.update_product(catalog, update))


async def update_feature(context: Context, update: updates.FeatureUpdate) -> ResolvedCatalog:
    """Update a feature; it cannot be archived while live subscriptions depend on it."""

    async def change(session: Session, catalog: Catalog, now: datetime) -> Catalog:
        counts = await by_version(session, context.environment, catalog, now)
        custom = await custom_about(session, context.environment, now, update.key)
        holders = Holders(versions=live_versions(catalog, counts), custom=custom)
        return updates.update_feature(catalog, update, holders)

    return await edit_reading(context, change)


async def create_credit_type(context: Context, credit_type: CreditType) -> ResolvedCatalog:
    """Create a credit type."""
    return await edit(context, lambda catalog, _: features.create_credit_type(catalog, credit_type))


async def update_credit_type(context: Context, update: updates.CreditTypeUpdate) -> ResolvedCatalog:
    """Update a credit type."""
    return await edit(context, lambda catalog, _: updates.update_credit_type(catalog, update))


async def update_plan(context: Context, update: updates.PlanUpdate) -> ResolvedCatalog:
    """Update a plan."""
    return await edit(context, lambda catalog, _: updates.update_plan(catalog, update))


async def create_addon(context: Context, addon: Addon) -> ResolvedCatalog:
    """Create an add-on."""
    return await edit(context, lambda catalog, _: packages.create_addon(catalog, addon))


async def update_addon(context: Context, update: updates.AddonUpdate) -> ResolvedCatalog:
    """Update an add-on."""
    return await edit(context, lambda catalog, _: updates.update_addon(catalog, update))


async def archive_package(context: Context, key: str, *, archived: bool) -> ResolvedCatalog:
    """Archive a package, or restore it."""
    return await edit(context, lambda catalog, _: packages.archive(catalog, key, archived=archived))


async def set_entitlement(context: Context, row: RowEdit) -> ResolvedCatalog:
    """Set or replace a row of a package's draft."""
    return await edit(context, lambda catalog, _: drafts.set_entitlement(catalog, row))


async def remove_entitlement(context: Context, package: str, key: str, price: str | None) -> ResolvedCatalog:
    """Remove a row from a package's draft."""
    return await edit(context, lambda catalog, _: drafts.remove_entitlement(catalog, package, key, price))


async def set_price(context: Context, package: str, price: Price) -> ResolvedCatalog:
    """Set or replace a price in a package's draft."""
    return await edit(context, lambda catalog, _: drafts.set_price(catalog, package, price))


async def remove_price(context: Context, package: str, key: str) -> ResolvedCatalog:
    """Remove a price from a package's draft."""
    return await edit(context, lambda catalog, _: drafts.remove_price(catalog, package, key))


async def reorder_entitlements(context: Context, package: str, keys: tuple[str, ...]) -> ResolvedCatalog:
    """Put rows of a package's draft first, in the order given."""
    return await edit(context, lambda catalog, _: drafts.reorder_entitlements(catalog, package, keys))


async def set_credit_rate(context: Context, rate: RateEdit) -> ResolvedCatalog:
    """Set or remove a credit rate of a package's draft."""
    return await edit(context, lambda catalog, _: set_rate(catalog, rate))


async def discard_draft(context: Context, package: str) -> ResolvedCatalog:
    """Discard a package's draft."""
    return await edit(context, lambda catalog, _: drafts.discard_draft(catalog, package))


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterPublish:
    """The catalog after a publish, and the plans that were published with it."""

    flat: ResolvedCatalog
    cascaded: tuple[str, ...]


async def publish_package(
    context: Context, key: str, scope: PublishScope, expected_version: int | None = None
) -> AfterPublish:
    """Publish a package's draft, and with it the plans that inherit from it."""
    made: list[Published] = []

    def change(catalog: Catalog, now: datetime) -> Catalog:
        made.append(publish(catalog, key, now=now, scope=scope, expected_version=expected_version))
        return made[-1].catalog

    flat = await edit(context, change)
    return AfterPublish(flat=flat, cascaded=made[-1].cascaded)
