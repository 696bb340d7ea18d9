"""Reads that require a write to be visible: they wait for it a little, then raise.

Where queries go to a replica, they wait for the replica first, then for the primary.
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
"""How long to wait for a replica."""


class NotReached(Exception):  # noqa: N818 - it says what happened
    """This database did not reach the required revision in time."""

    def __init__(self, wanted: Revision) -> None:
        super().__init__(f"The revision '{wanted}' was not reached within {PATIENCE_SECONDS:g} seconds.")


async def reach(context: Context, wanted: Revision, keys: Collection[str]) -> None:
    """Return as soon as a read sees a write on the catalog or one of these customers; raises NotReached.

    A database never goes back: every later read sees the write as well.
    """
    begun_at = monotonic()
    while not (await _seen_revision(context, keys)).reaches(wanted):
        waited = monotonic() - begun_at
        if context.replica is not None and waited >= REPLICA_SECONDS:
            context.read_newest()
        elif waited >= PATIENCE_SECONDS:
            raise NotReached(wanted)
        else:
            await asyncio.sleep(INTERVAL_SECONDS)


async def _seen_revision(context: Context, keys: Collection[str]) -> Revision:
    possible = {(context.environment, key) for key in keys if is_external_key(key)}
    async with open_snapshot(context) as seen:
        furthest = await customers.newest_revision(seen.session, possible)
    return Revision(seen.environment.catalog_revision, furthest)
