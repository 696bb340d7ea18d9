"""Environments: create one, and advance a sandbox's clock."""

from __future__ import annotations

from datetime import datetime

from models import environments
from models.database.transactions import Session
from models.live.notifications import ChangeNotification, announce
from resolvers.context import Context, Services
from resolvers.snapshot import open_snapshot
from rules.auth.api_keys import ApiKeyKind, Scope
from rules.auth.permissions import Viewer
from rules.catalog.validation import is_external_key
from rules.environments import Environment, check_advance
from rules.errors import ErrorCode, reject


async def environment(context: Context) -> Environment:
    """Return the viewer's environment."""
    async with open_snapshot(context) as seen:
        return seen.environment


async def context_of(services: Services, key: str) -> Context:
    """Return a context with all permissions in an environment; raises Rejected where it is missing.

    It is for the command line: an operator may do everything.
    """
    async with services.database.read() as session:
        known = await environments.find(session, key)
    if known is None:
        raise reject(ErrorCode.NOT_FOUND, f"There is no environment '{key}'.")
    viewer = Viewer(environment=known.number, kind=ApiKeyKind.SECRET, scopes=frozenset(Scope))
    return Context(services=services, viewer=viewer)


async def ensure_environment(services: Services, key: str, *, sandbox: bool = False) -> Environment:
    """Return an environment; create it where it is missing."""
    async with services.database.write() as session:
        return await ensure_in(services, session, key, sandbox=sandbox)


async def ensure_in(services: Services, session: Session, key: str, *, sandbox: bool) -> Environment:
    """Like ``ensure_environment``, in an open transaction; raises Rejected."""
    if not is_external_key(key):
        raise reject(ErrorCode.INVALID, "The name of an environment is 1 to 255 printable characters.")
    known = await environments.find(session, key)
    if known is None:
        return await environments.create(session, key, sandbox=sandbox, now=services.clock())
    if sandbox and not known.sandbox:
        raise reject(ErrorCode.NOT_A_SANDBOX, f"'{key}' is a live environment.")
    return known


async def advance_clock(context: Context, to: datetime) -> Environment:
    """Advance a sandbox's clock; raises Rejected for a live environment, or a clock that is already later."""
    services, notice = context.services, ChangeNotification(context.environment)
    async with services.database.write() as session:
        current = await environments.lock(session, context.environment)
        check_advance(current, to, services.clock())
        await environments.set_clock(session, current.number, to)
        await announce(session, [notice])
        advanced = await environments.load(session, current.number)
    services.notices.tell([notice])
    return advanced
