"""API keys, found by the SHA-256 of their secret, and the secret that signs customer tokens."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.auth.tables import ApiKeyRow, TokenSecretRow
from models.database.dialects import insert_missing, table_of
from models.tables import EnvironmentRow
from rules.auth.api_keys import ApiKey, ApiKeyKind, Scope

_KEYS = table_of(ApiKeyRow)
_ENVIRONMENTS = table_of(EnvironmentRow)
_TOKEN_SECRETS = table_of(TokenSecretRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApiKey:
    """A key to be stored: the SHA-256 of its secret, and never the secret."""

    environment_id: int
    prefix: str
    digest: str
    kind: ApiKeyKind
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime | None


async def find(session: AsyncSession, digest: str) -> ApiKey | None:
    """Return the key with the digest of its secret; None if there is none."""
    row = (await session.execute(select(_KEYS).where(_KEYS.c.digest == digest))).one_or_none()
    return None if row is None else _key(row)


async def create(session: AsyncSession, key: NewApiKey) -> ApiKey:
    """Store a new key; IntegrityError if its prefix or digest is taken."""
    values = {**asdict(key), "kind": key.kind.value, "scopes": [scope.value for scope in key.scopes]}
    made = await session.execute(_KEYS.insert().values(values).returning(_KEYS))
    return _key(made.one())


async def load_keys(session: AsyncSession) -> list[tuple[str, ApiKey]]:
    """Return every key with the key of its environment, by environment and age."""
    joined = select(_ENVIRONMENTS.c.key.label("environment_key"), _KEYS).join(
        _KEYS, _KEYS.c.environment_id == _ENVIRONMENTS.c.id
    )
    rows = await session.execute(joined.order_by(_ENVIRONMENTS.c.key, _KEYS.c.id))
    return [(row.environment_key, _key(row)) for row in rows]


async def keys_of_environment(session: AsyncSession, environment: int) -> list[ApiKey]:
    """Return the keys of an environment, the oldest first."""
    theirs = select(_KEYS).where(_KEYS.c.environment_id == environment)
    return [_key(row) for row in await session.execute(theirs.order_by(_KEYS.c.id))]


async def revoke(session: AsyncSession, prefix: str, now: datetime) -> bool:
    """Revoke a key that is not revoked yet; False if there is none with this prefix."""
    return await _revoke(session, _KEYS.c.prefix == prefix, now)


async def revoke_in(session: AsyncSession, environment: int, number: int, now: datetime) -> ApiKey | None:
    """Revoke a key of an environment, also again, and return it; None if there is none."""
    here = and_(_KEYS.c.environment_id == environment, _KEYS.c.id == number)
    await _revoke(session, here, now)
    row = (await session.execute(select(_KEYS).where(here))).one_or_none()
    return None if row is None else _key(row)


async def _revoke(session: AsyncSession, which: ColumnElement[bool], now: datetime) -> bool:
    known = update(_KEYS).where(which, _KEYS.c.revoked_at.is_(None))
    revoked = await session.execute(known.values(revoked_at=now).returning(_KEYS.c.id))
    return revoked.one_or_none() is not None


async def count_revoked(session: AsyncSession) -> int:
    """Count the keys that were revoked."""
    revoked = select(func.count()).select_from(_KEYS).where(_KEYS.c.revoked_at.is_not(None))
    return int((await session.execute(revoked)).scalar_one())


async def note_use(session: AsyncSession, number: int, now: datetime) -> None:
    """Write when a key was last used; the stored time never goes back."""
    earlier = or_(_KEYS.c.last_used_at.is_(None), _KEYS.c.last_used_at < now)
    used = update(_KEYS).where(_KEYS.c.id == number, earlier)
    await session.execute(used.values(last_used_at=now))


async def token_secret(session: AsyncSession) -> str | None:
    """Return the secret that signs tokens, None if none is stored yet."""
    return (await session.scalars(select(_TOKEN_SECRETS.c.secret))).one_or_none()


async def ensure_token_secret(session: AsyncSession, secret: str, now: datetime) -> str:
    """Store the secret that signs tokens unless there is one; returns the stored one."""
    await insert_missing(session, TokenSecretRow, [{"id": 1, "secret": secret, "created_at": now}])
    return str((await session.scalars(select(_TOKEN_SECRETS.c.secret))).one())


def _key(row: Row[Any]) -> ApiKey:
    return ApiKey(
        number=row.id,
        environment=row.environment_id,
        prefix=row.prefix,
        kind=ApiKeyKind(row.kind),
        name=row.name,
        scopes=tuple(Scope(scope) for scope in row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
