"""A snapshot of an environment: everything that one answer needs, read at one instant."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import structlog

from models import environments
from models.access.cache import MemoryCache
from models.database.transactions import FAILURES, Database, Session
from resolvers.context import Context
from rules.catalog.inheritance import ResolvedCatalog
from rules.environments import Environment

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """An environment as one transaction sees it; ``now`` is the instant of its clock."""

    session: Session
    environment: Environment
    flat: ResolvedCatalog
    now: datetime
    memory: MemoryCache

    def other(self, at: datetime | None) -> datetime | None:
        """Return an instant other than the present; None for the present, also as the clock's own instant."""
        return None if at == self.now else at


_log = structlog.get_logger(__name__)


@asynccontextmanager
async def open_snapshot(context: Context) -> AsyncIterator[Snapshot]:
    """Open a snapshot of the viewer's environment."""
    async with AsyncExitStack() as stack:
        session, environment = await _open(stack, context)
        yield await _seen(context, session, environment)


async def in_snapshot(context: Context, find: Callable[[Snapshot], Coroutine[Any, Any, Answer]]) -> Answer:
    """Run ``find`` in a snapshot of the viewer's environment; it must await nothing but the database.

    Faster than ``open_snapshot`` for many reads, one after the other.
    """

    async def found(session: Session) -> Answer:
        environment = await environments.load(session, context.environment)
        return await find(await _seen(context, session, environment))

    if context.replica is not None:
        try:
            return await context.replica.database.snapshot(found)
        except FAILURES as error:
            fall_back(context, error)
    return await context.services.database.snapshot(found)


def fall_back(context: Context, error: Exception) -> None:
    """Read from the primary from now on, as the replica does not answer.

    The replica may lack what the primary has shown, even once it answers again.
    """
    _log.warning("the replica does not answer", cause=repr(error))
    context.read_newest()


async def _seen(context: Context, session: Session, environment: Environment) -> Snapshot:
    services = context.services
    flat = await services.catalogs.at(session, environment)
    now = environment.now(services.clock())
    return Snapshot(session=session, environment=environment, flat=flat, now=now, memory=services.memory)


async def _open(stack: AsyncExitStack, context: Context) -> tuple[Session, Environment]:
    """Open the replica, or the primary where there is none or it does not answer."""
    replica = context.replica
    if replica is not None:
        try:
            return await _opened_on(stack, replica.database, context.environment)
        except FAILURES as error:
            fall_back(context, error)
    return await _opened_on(stack, context.services.database, context.environment)


async def _opened_on(
    stack: AsyncExitStack, database: Database, environment: int
) -> tuple[Session, Environment]:
    session = await stack.enter_async_context(database.read())
    return session, await environments.load(session, environment)
