"""Verification: compute everything stored about usage and credits again from the records."""

from __future__ import annotations

from models import environments
from models.verification.credits import CREDIT_CHECKS
from models.verification.usage import CHECKS, CustomerBatch, Difference, next_customers
from resolvers.context import Context, Services
from resolvers.environments import context_of
from resolvers.snapshot import Snapshot, open_snapshot
from rules.usage.counters import aggregation_of
from rules.values import FeatureType

CUSTOMERS_AT_A_TIME = 100


async def first_difference(services: Services, key: str | None = None) -> tuple[str, Difference] | None:
    """Return the first difference and its environment, in one environment or, by default, in all.

    Raises Rejected where there is no such environment. A concurrent write is seen as a whole or not at all.
    """
    for context, name in await _contexts(services, key):
        difference = await _difference(context)
        if difference is not None:
            return name, difference
    return None


async def _contexts(services: Services, key: str | None) -> list[tuple[Context, str]]:
    if key is not None:
        return [(await context_of(services, key), key)]
    async with services.database.read() as session:
        names = [environment.key for environment in await environments.load_all(session)]
    return [(await context_of(services, name), name) for name in names]


async def _difference(context: Context) -> Difference | None:
    after: int | None = 0
    while after is not None:
        async with open_snapshot(context) as seen:
            part = await _part(seen, after)
            for check in (*CHECKS, *CREDIT_CHECKS):
                difference = await check(seen.session, part)
                if difference is not None:
                    return difference
        after = max(part.customers, default=None)
    return None


async def _part(seen: Snapshot, after: int) -> CustomerBatch:
    catalog, number = seen.flat.catalog, seen.environment.number
    metered = (known.key for known in catalog.features.values() if known.type is FeatureType.METERED)
    return CustomerBatch(
        environment=number,
        customers=await next_customers(seen.session, number, after, CUSTOMERS_AT_A_TIME),
        aggregations={key: aggregation_of(catalog, key) for key in metered},
    )
