"""API keys as facts: who may act, for which environment, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ApiKeyKind(StrEnum):
    """Whom a key is for."""

    SECRET = "SECRET"  # noqa: S105 - a kind of key, not a key
    PUBLISHABLE = "PUBLISHABLE"


class Scope(StrEnum):
    """What a secret key may do."""

    CATALOG_READ = "CATALOG_READ"
    CATALOG_WRITE = "CATALOG_WRITE"
    CUSTOMERS_READ = "CUSTOMERS_READ"
    CUSTOMERS_WRITE = "CUSTOMERS_WRITE"
    USAGE_WRITE = "USAGE_WRITE"
    CREDITS_WRITE = "CREDITS_WRITE"
    ADMIN = "ADMIN"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key without its secret. Keys expire and are revoked by real time."""

    number: int
    environment: int
    prefix: str
    kind: ApiKeyKind
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Tell whether the key opens anything at an instant of real time."""
        expired = self.expires_at is not None and self.expires_at <= now
        return self.revoked_at is None and not expired
