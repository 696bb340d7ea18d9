"""How many live subscriptions stand on each version of a package."""

from __future__ import annotations

from collections import Counter

from models import customers
from resolvers.context import Context
from resolvers.reading import look
from rules.sources import version_at


async def on_version(context: Context, package: str, number: int) -> int:
    """Count the live subscriptions that a version holds for."""
    counts = await context.once("subscriptions by version", lambda: _counted(context))
    return counts[package, number]


async def _counted(context: Context) -> Counter[tuple[str, int]]:
    counts: Counter[tuple[str, int]] = Counter()
    async with look(context) as seen:
        for (plan, put_on), count in (await customers.put_on(seen.session, context.environment)).items():
            number = version_at(seen.flat.catalog.packages[plan], put_on, seen.now)
            counts[plan, number] += count
    return counts
