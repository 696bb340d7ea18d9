"""Environments: making one, opening it with a key, and moving a sandbox's clock."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from models import environments, keys
from models.database import Session
from resolvers.context import Context, Services, Viewer
from resolvers.reading import look
from rules.environments import Environment, check_advance
from rules.errors import ErrorCode, reject
from rules.keys import ApiKey, ApiKeyKind, Scope
from rules.validity import is_external_key

PREFIX_BYTES = 6
SECRET_BYTES = 24

_ABBREVIATED = {ApiKeyKind.SECRET: "sk", ApiKeyKind.PUBLISHABLE: "pk"}


def digest_of(secret: str) -> str:
    """Give what is kept of a secret; it has too many random bits to be guessed from it."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


async def environment(context: Context) -> Environment:
    """Give the environment of whoever is asking."""
    async with look(context) as seen:
        return seen.environment


async def viewer_of(services: Services, secret: str) -> Viewer | None:
    """Tell who asks with a secret; None where it opens nothing, or no more."""
    async with services.database.read() as session:
        key = await keys.find(session, digest_of(secret))
    if key is None or not key.is_valid(services.clock()):
        return None
    return Viewer(environment=key.environment, kind=key.kind, scopes=frozenset(key.scopes))


async def context_of(services: Services, key: str) -> Context:
    """Give whoever runs the server all rights in an environment; raises Rejected where it is missing."""
    async with services.database.read() as session:
        known = await environments.find(session, key)
    if known is None:
        raise reject(ErrorCode.NOT_FOUND, f"There is no environment '{key}'.")
    viewer = Viewer(environment=known.number, kind=ApiKeyKind.SECRET, scopes=frozenset(Scope))
    return Context(services=services, viewer=viewer)


async def ensure_environment(services: Services, key: str, *, sandbox: bool = False) -> Environment:
    """Give an environment, made where it is missing."""
    async with services.database.write() as session:
        return await _ensured(services, session, key, sandbox=sandbox)


async def _ensured(services: Services, session: Session, key: str, *, sandbox: bool) -> Environment:
    if not is_external_key(key):
        raise reject(ErrorCode.INVALID, "The name of an environment is 1 to 255 printable characters.")
    known = await environments.find(session, key)
    if known is None:
        return await environments.create(session, key, sandbox=sandbox, now=services.clock())
    if sandbox and not known.sandbox:
        raise reject(ErrorCode.NOT_A_SANDBOX, f"'{key}' is a live environment.")
    return known


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """What a key is made from; it is valid until ``expires_at``, None for ever."""

    kind: ApiKeyKind = ApiKeyKind.SECRET
    name: str = ""
    scopes: Collection[Scope] = tuple(Scope)
    expires_at: datetime | None = None


async def create_key(services: Services, environment_key: str, new: NewKey, *, sandbox: bool = False) -> str:
    """Make a key, and its environment where it is missing; gives the secret, which is shown once."""
    prefix = f"{_ABBREVIATED[new.kind]}_{secrets.token_hex(PREFIX_BYTES)}"
    secret = f"{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    async with services.database.write() as session:
        made = await _ensured(services, session, environment_key, sandbox=sandbox)
        key = ApiKey(
            number=0,
            environment=made.number,
            prefix=prefix,
            kind=new.kind,
            name=new.name,
            scopes=tuple(scope for scope in Scope if scope in new.scopes),
            created_at=services.clock(),
            expires_at=new.expires_at,
        )
        await keys.create(session, key, digest_of(secret))
    return secret


async def listed_keys(services: Services) -> list[tuple[str, ApiKey]]:
    """Give every key with the name of its environment."""
    async with services.database.read() as session:
        return await keys.listed(session)


async def revoke_key(services: Services, prefix: str) -> bool:
    """Revoke a key by its prefix; False where there is none that is not revoked already."""
    async with services.database.write() as session:
        return await keys.revoke(session, prefix, services.clock())


async def advance_clock(context: Context, to: datetime) -> Environment:
    """Move a sandbox's clock forward; raises Rejected where it is none, or the clock is later already."""
    services = context.services
    async with services.database.write() as session:
        current = await environments.lock(session, context.environment)
        check_advance(current, to, services.clock())
        await environments.set_clock(session, current.number, to)
        return await environments.load(session, current.number)
