"""How many live subscriptions stand on each version of a package."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from models.database import Session
from models.standing import standing
from resolvers.context import Context
from resolvers.reading import look
from rules.catalog import Catalog
from rules.terms import newest_at, version_at


async def on_version(context: Context, package: str, number: int) -> int:
    """Count the live subscriptions that a version holds for."""
    counts = await context.once("subscriptions by version", lambda: _counted(context))
    return counts[package, number]


async def _counted(context: Context) -> Counter[tuple[str, int]]:
    async with look(context) as seen:
        return await by_version(seen.session, context.environment, seen.flat.catalog, seen.now)


async def by_version(
    session: Session, environment: int, catalog: Catalog, now: datetime
) -> Counter[tuple[str, int]]:
    """Count the live subscriptions by the package and version that holds for them."""
    counts: Counter[tuple[str, int]] = Counter()
    for group in await standing(session, environment, now):
        package = catalog.packages[group.package]
        put_on = group.version or newest_at(package, group.since or now)
        counts[group.package, version_at(package, put_on, now)] += group.count
    return counts
