"""API keys: kind, scopes, environment and expiry."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rules.catalog.validation import invalid, missing_value, out_of_range, text_problems
from rules.errors import Problem


class ApiKeyKind(StrEnum):
    """The kind of an API key. Customer tokens are a kind too, though they are not stored."""

    SECRET = "SECRET"  # noqa: S105 - a kind of key, not a key
    PUBLISHABLE = "PUBLISHABLE"
    CUSTOMER = "CUSTOMER"


class Scope(StrEnum):
    """What a secret key may do."""

    CATALOG_READ = "CATALOG_READ"
    CATALOG_WRITE = "CATALOG_WRITE"
    CUSTOMERS_READ = "CUSTOMERS_READ"
    CUSTOMERS_WRITE = "CUSTOMERS_WRITE"
    USAGE_WRITE = "USAGE_WRITE"
    CREDITS_WRITE = "CREDITS_WRITE"
    ADMIN = "ADMIN"


USUAL_SCOPES = tuple(scope for scope in Scope if scope is not Scope.ADMIN)
"""The scopes of a secret key that another key creates without naming scopes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """An API key without its secret. Keys expire and are revoked by real time."""

    number: int
    environment: int
    prefix: str
    kind: ApiKeyKind
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def is_valid(self, now: datetime) -> bool:
        """Return whether the key is accepted at an instant of real time."""
        return self.revoked_at is None and not self.is_expired(now)

    def is_expired(self, now: datetime) -> bool:
        """Return whether the key has expired at an instant of real time."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """The input for a new key: ``scopes`` None is all of its kind, ``expires_at`` None is never."""

    kind: ApiKeyKind = ApiKeyKind.SECRET
    name: str | None = None
    scopes: Collection[Scope] | None = None
    expires_at: datetime | None = None

    @property
    def granted(self) -> tuple[Scope, ...]:
        """The scopes that the key gets, each once and in order; only secret keys have any."""
        if self.scopes is None:
            return tuple(Scope) if self.kind is ApiKeyKind.SECRET else ()
        return tuple(scope for scope in Scope if scope in self.scopes)

    def problems(self, now: datetime) -> Iterator[Problem]:
        """Yield what prevents the key from being created at an instant of real time."""
        yield from text_problems(self.name)
        if self.kind is ApiKeyKind.CUSTOMER:
            yield invalid("Create a customer token with createCustomerToken; it is not a key.", "kind")
        elif self.kind is ApiKeyKind.PUBLISHABLE and self.granted:
            yield invalid("A publishable key has no scopes: it reads what is published.", "scopes")
        elif self.kind is ApiKeyKind.SECRET and not self.granted:
            yield missing_value("A secret key needs at least one scope.", "scopes")
        if self.expires_at is not None and self.expires_at <= now:
            yield out_of_range("expiresAt must lie in the future.", "expiresAt")
