"""API keys and customer tokens: create, list and revoke them, and authenticate with them."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.auth import keys
from models.auth.keys import NewApiKey
from models.database.transactions import Session
from models.live.notifications import announce_keys
from resolvers.context import Context, Services
from resolvers.customers import load_customers
from resolvers.environments import ensure_in
from resolvers.snapshot import open_snapshot
from resolvers.token_signer import is_token
from rules.auth.api_keys import ApiKey, ApiKeyKind, NewKey
from rules.auth.customer_tokens import Claims, ttl_problems
from rules.auth.permissions import Viewer
from rules.commands.command import missing_customer
from rules.errors import ErrorCode, Problem, refuse_any, reject

PREFIX_BYTES = 6
SECRET_BYTES = 24

_ABBREVIATED = {ApiKeyKind.SECRET: "sk", ApiKeyKind.PUBLISHABLE: "pk"}


def digest_of(secret: str) -> str:
    """Return the stored hash of a secret, which has too many random bits to be guessed from it."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


async def viewer_of(services: Services, secret: str) -> Viewer | None:
    """Return the viewer of a key or token; None where it is unknown, expired or revoked.

    A key that another process revoked may be accepted for one more second. Long-lived connections call this
    again with the same secret; calls within a second of each other run no statement.
    """
    if is_token(secret):
        return await services.signer.viewer(secret)
    key = await services.keys.find(digest_of(secret))
    if key is None or not key.is_valid(services.clock()):
        return None
    services.keys.note_use(key)
    return Viewer(
        environment=key.environment,
        kind=key.kind,
        scopes=frozenset(key.scopes),
        key=key.number,
        expires_at=key.expires_at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeKey:
    """A key and its secret, which is shown once."""

    key: ApiKey
    secret: str


async def create_key(services: Services, environment_key: str, new: NewKey, *, sandbox: bool = False) -> str:
    """Create a key, and its environment where it is missing; return the secret, which is shown once.

    Raises Rejected with every problem.
    """
    refuse_any(new.problems(services.clock()))
    async with services.database.write() as session:
        environment = await ensure_in(services, session, environment_key, sandbox=sandbox)
        return (await _insert_key(session, environment.number, new, services.clock())).secret


async def create_api_key(context: Context, new: NewKey) -> MadeKey:
    """Create a key for the viewer's environment; raises Rejected with every problem."""
    services = context.services
    refuse_any(new.problems(services.clock()))
    async with services.database.write() as session:
        return await _insert_key(session, context.environment, new, services.clock())


async def _insert_key(session: Session, environment: int, new: NewKey, now: datetime) -> MadeKey:
    prefix = f"{_ABBREVIATED[new.kind]}_{secrets.token_hex(PREFIX_BYTES)}"
    secret = f"{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    kept = NewApiKey(
        environment_id=environment,
        prefix=prefix,
        digest=digest_of(secret),
        kind=new.kind,
        name=new.name or "",
        scopes=new.granted,
        created_at=now,
        expires_at=new.expires_at,
    )
    return MadeKey(key=await keys.create(session, kept), secret=secret)


async def all_keys(services: Services) -> list[tuple[str, ApiKey]]:
    """Return every key with the name of its environment."""
    async with services.database.read() as session:
        return await keys.load_keys(session)


async def api_keys(context: Context) -> list[ApiKey]:
    """Return the keys of the environment, revoked ones included, the oldest first."""
    # So that the last use of a key is current.
    await context.services.keys.settle()
    async with context.services.database.read() as session:
        return await keys.keys_of_environment(session, context.environment)


async def revoke_key(services: Services, prefix: str) -> bool:
    """Revoke a key by its prefix; return False where no key that is not yet revoked has it."""
    async with services.database.write() as session:
        revoked = await keys.revoke(session, prefix, services.clock())
        await announce_keys(session)
    services.notices.tell_of_keys()
    return revoked


async def api_key(context: Context, number: int) -> ApiKey | None:
    """Return a key of the environment by its number."""
    return next((key for key in await api_keys(context) if key.number == number), None)


async def revoke_api_key(context: Context, number: int | None) -> ApiKey:
    """Revoke a key of the environment; a revoked key stays as it is. Raises Rejected where there is none."""
    services, key = context.services, None
    await services.keys.settle()
    if number is not None:
        async with services.database.write() as session:
            key = await keys.revoke_in(session, context.environment, number, services.clock())
            await announce_keys(session)
        services.notices.tell_of_keys()
    if key is None:
        raise reject(ErrorCode.NOT_FOUND, "There is no key with this id.", "id")
    return key


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeToken:
    """A customer's token, and the instant of real time at which it expires."""

    token: str
    expires_at: datetime


async def create_customer_token(context: Context, customer: str, ttl_seconds: int) -> MadeToken:
    """Create a token for a customer who exists and is not archived; raises Rejected with every problem."""
    problems = list(ttl_problems(ttl_seconds))
    async with open_snapshot(context) as seen:
        known = (await load_customers(seen, {customer})).get(customer)
        environment = seen.environment.key
    if known is None:
        problems.append(missing_customer(customer))
    elif known.archived:
        problems.append(Problem(ErrorCode.ARCHIVED, f"The customer '{customer}' is archived.", ("customer",)))
    refuse_any(problems)
    services = context.services
    expires_at = services.clock() + timedelta(seconds=ttl_seconds)
    claims = Claims(environment=environment, customer=customer, expires_at=expires_at)
    return MadeToken(token=await services.signer.sign(claims), expires_at=expires_at)
