"""The table of idempotency keys."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlmodel import Field

from models.database.column_types import Count, Document, Key
from models.tables import CLUSTERED, CustomerOwned, of_customer


class IdempotencyKeyRow(CustomerOwned, table=True):
    """A key that a command has used, with its input and outcome; never deleted."""

    __tablename__: ClassVar[str] = "idempotency_keys"
    __table_args__ = (of_customer(), CLUSTERED)

    operation: str = Field(primary_key=True, sa_type=Key)
    key: str = Field(primary_key=True, sa_type=Key)
    input_digest: str = Field(sa_type=Key)
    number: int = Field(sa_type=Count)
    outcome: dict[str, Any] = Field(sa_type=Document)
