"""A look at an environment: everything that one answer needs, read at one instant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog

from models import environments
from models.database import FAILURES, Database, Session
from models.memory import Memory
from resolvers.context import Context
from rules.environments import Environment
from rules.inheritance import Flattened


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """An environment as one transaction sees it; ``now`` is the instant of its clock."""

    session: Session
    environment: Environment
    flat: Flattened
    now: datetime
    memory: Memory


_log = structlog.get_logger(__name__)


@asynccontextmanager
async def look(context: Context) -> AsyncIterator[Look]:
    """Open a look at the environment of whoever is asking."""
    services = context.services
    async with AsyncExitStack() as stack:
        session, environment = await _opened(stack, context)
        flat = await services.catalogs.at(session, environment)
        now = environment.now(services.clock())
        yield Look(session=session, environment=environment, flat=flat, now=now, memory=services.memory)


async def _opened(stack: AsyncExitStack, context: Context) -> tuple[Session, Environment]:
    """Open the replica, or the primary where there is none or it does not answer."""
    replica = context.replica
    if replica is not None:
        try:
            return await _opened_on(stack, replica.database, context.environment)
        except FAILURES as error:
            _log.warning("the replica does not answer", cause=repr(error))
    return await _opened_on(stack, context.services.database, context.environment)


async def _opened_on(
    stack: AsyncExitStack, database: Database, environment: int
) -> tuple[Session, Environment]:
    session = await stack.enter_async_context(database.read())
    return session, await environments.load(session, environment)
