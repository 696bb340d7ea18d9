"""How many live subscriptions each version of a package has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.customers.subscription_counts import VersionCount, count_by_version, custom_about
from models.database.transactions import Session
from resolvers.context import Context
from resolvers.snapshot import open_snapshot
from rules.catalog.facts import Catalog
from rules.customers.facts import CustomEntitlement
from rules.customers.terms import newest_at, version_at


async def on_version(context: Context, package: str, number: int) -> int:
    """Count the live subscriptions in force on a version."""
    counts = await context.once("subscriptions by version", lambda: _count(context))
    return counts[package, number]


async def _count(context: Context) -> Counter[tuple[str, int]]:
    async with open_snapshot(context) as seen:
        return await by_version(seen.session, context.environment, seen.flat.catalog, seen.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogUse:
    """What customers use: versions assigned to them, and custom entitlements."""

    put_on: Sequence[tuple[str, int]]
    custom: Sequence[tuple[str, CustomEntitlement]]


async def catalog_use(session: Session, environment: int, catalog: Catalog, now: datetime) -> CatalogUse:
    """Return what the customers of an environment use."""
    groups = await count_by_version(session, environment, now)
    put_on = [(group.package, _put_on(catalog, group, now)) for group in groups]
    return CatalogUse(put_on=put_on, custom=await custom_about(session, environment, now))


def _put_on(catalog: Catalog, group: VersionCount, now: datetime) -> int:
    return group.version or newest_at(catalog.packages[group.package], group.since or now)


async def by_version(
    session: Session, environment: int, catalog: Catalog, now: datetime
) -> Counter[tuple[str, int]]:
    """Count the live subscriptions by the package and version that is in force for them."""
    counts: Counter[tuple[str, int]] = Counter()
    for group in await count_by_version(session, environment, now):
        number = version_at(catalog.packages[group.package], _put_on(catalog, group, now), now)
        counts[group.package, number] += group.count
    return counts
