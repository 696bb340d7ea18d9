"""A look at an environment: everything that one answer needs, read at one instant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from models import environments
from models.database import Session
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


@asynccontextmanager
async def look(context: Context) -> AsyncIterator[Look]:
    """Open a look at the environment of whoever is asking."""
    services = context.services
    async with services.database.read() as session:
        environment = await environments.load(session, context.environment)
        flat = await services.catalogs.at(session, environment)
        now = environment.now(services.clock())
        yield Look(session=session, environment=environment, flat=flat, now=now, memory=services.memory)
