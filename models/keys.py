"""API keys, found by the SHA-256 of their secret."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.statements import table_of
from models.tables import ApiKeyRow, EnvironmentRow
from rules.keys import ApiKey, ApiKeyKind, Scope

_KEYS = table_of(ApiKeyRow)
_ENVIRONMENTS = table_of(EnvironmentRow)


async def find(session: AsyncSession, digest: str) -> ApiKey | None:
    """Find a key by the digest of its secret."""
    row = (await session.execute(select(_KEYS).where(_KEYS.c.digest == digest))).one_or_none()
    return None if row is None else _key(row)


async def create(session: AsyncSession, key: ApiKey, digest: str) -> None:
    """Keep a new key; IntegrityError where its prefix or digest is taken."""
    values = {
        "environment_id": key.environment,
        "prefix": key.prefix,
        "digest": digest,
        "kind": key.kind.value,
        "name": key.name,
        "scopes": [scope.value for scope in key.scopes],
        "created_at": key.created_at,
        "expires_at": key.expires_at,
    }
    await session.execute(_KEYS.insert().values(values))


async def listed(session: AsyncSession) -> list[tuple[str, ApiKey]]:
    """Give every key with the key of its environment, by environment and age."""
    joined = select(_ENVIRONMENTS.c.key.label("environment_key"), _KEYS).join(
        _KEYS, _KEYS.c.environment_id == _ENVIRONMENTS.c.id
    )
    rows = await session.execute(joined.order_by(_ENVIRONMENTS.c.key, _KEYS.c.id))
    return [(row.environment_key, _key(row)) for row in rows]


async def revoke(session: AsyncSession, prefix: str, now: datetime) -> bool:
    """Revoke a key that is not revoked yet; False where there is none with this prefix."""
    known = update(_KEYS).where(_KEYS.c.prefix == prefix, _KEYS.c.revoked_at.is_(None))
    revoked = await session.execute(known.values(revoked_at=now).returning(_KEYS.c.id))
    return revoked.one_or_none() is not None


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
    )
