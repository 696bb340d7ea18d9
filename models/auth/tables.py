"""The tables of credentials: API keys, and the secret that signs customer tokens."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlmodel import Field, SQLModel

from models.database.column_types import Count, Document, Instant, Key
from models.tables import STRICT, of_environment


class ApiKeyRow(SQLModel, table=True):
    """A key, of which only the prefix and the SHA-256 are stored."""

    __tablename__: ClassVar[str] = "api_keys"
    __table_args__ = (of_environment(), STRICT)

    id: int | None = Field(default=None, primary_key=True, sa_type=Count)
    environment_id: int = Field(sa_type=Count, index=True)
    prefix: str = Field(sa_type=Key, unique=True)
    digest: str = Field(sa_type=Key, unique=True)
    kind: str = Field(sa_type=Key)
    name: str = Field(sa_type=Key)
    scopes: list[str] = Field(sa_type=Document)
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)
    last_used_at: datetime | None = Field(default=None, sa_type=Instant)


class TokenSecretRow(SQLModel, table=True):
    """The secret that signs customer tokens if no setting gives one: one row, numbered 1."""

    __tablename__: ClassVar[str] = "token_secrets"
    __table_args__ = (STRICT,)

    id: int = Field(primary_key=True, sa_type=Count)
    secret: str = Field(sa_type=Key)
    created_at: datetime = Field(sa_type=Instant)
