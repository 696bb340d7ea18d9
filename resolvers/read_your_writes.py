"""Reads that ask for at least a write: they wait a little for it, and then say that it is not here.

Where questions go to a replica, it is given some time to come so far; then the primary is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from time import monotonic

from models.customers import store as customers
from resolvers.context import Context
from resolvers.snapshot import open_snapshot
from rules.catalog.validation import is_external_key
from rules.revisions import Revision

PATIENCE_SECONDS = 2.0
INTERVAL_SECONDS = 0.05

REPLICA_SECONDS = 0.25
"""How long a replica is waited for."""


class NotReached(Exception):  # noqa: N818 - what has happened
    """A write was named that this database has not seen."""

    def __init__(self, wanted: Revision) -> None:
        super().__init__(f"The revision '{wanted}' was not reached within {PATIENCE_SECONDS:g} seconds.")


async def reach(context: Context, wanted: Revision, keys: Collection[str]) -> None:
    """Return as soon as a read sees a write on the catalog or one of these customers; raises NotReached.

    A database never goes back: whoever reads after this sees the write as well.
    """
    begun_at = monotonic()
    while not (await _reached(context, keys)).reaches(wanted):
        waited = monotonic() - begun_at
        if context.replica is not None and waited >= REPLICA_SECONDS:
            context.read_newest()
        elif waited >= PATIENCE_SECONDS:
            raise NotReached(wanted)
        else:
            await asyncio.sleep(INTERVAL_SECONDS)


async def _reached(context: Context, keys: Collection[str]) -> Revision:
    possible = {(context.environment, key) for key in keys if is_external_key(key)}
    async with open_snapshot(context) as seen:
        furthest = await customers.newest_revision(seen.session, possible)
    return Revision(seen.environment.catalog_revision, furthest)
