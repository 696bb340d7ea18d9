"""The catalog: read from memory, and edited as one: edit, prove, persist."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from models import catalog as stored
from models import environments
from resolvers.context import Context
from resolvers.reading import look
from rules.catalog import Catalog
from rules.inheritance import Flattened

Edit = Callable[[Catalog], Catalog]


async def read(context: Context) -> Flattened:
    """Give the catalog of the environment, as it is now."""
    async with look(context) as seen:
        return seen.flat


async def edit(context: Context, change: Callable[[Catalog, datetime], Catalog]) -> Flattened:
    """Change the catalog by a rule and keep it; raises Rejected with every problem, nothing is changed.

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
