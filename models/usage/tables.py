"""The tables of usage: records, counters by window, and reservations."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from models.database.column_types import Count, Document, Instant, Key, Micros
from models.tables import CLUSTERED, CustomerOwned, of_customer


class UsageRecordRow(CustomerOwned, table=True):
    """One recorded quantity; ``number`` is the revision of the command that recorded it.

    ``value`` is what UNIQUE counts once, and ``properties`` are those of the usage.
    """

    __tablename__: ClassVar[str] = "usage_records"
    __table_args__ = (
        of_customer(),
        Index(
            "ix_usage_records_value",
            "environment_id",
            "customer_id",
            "feature_key",
            "value",
            "occurred_at",
            sqlite_where=text("value IS NOT NULL"),
            postgresql_where=text("value IS NOT NULL"),
        ),
        CLUSTERED,
    )

    feature_key: str = Field(primary_key=True, sa_type=Key)
    occurred_at: datetime = Field(primary_key=True, sa_type=Instant)
    number: int = Field(primary_key=True, sa_type=Count)
    quantity: int = Field(sa_type=Micros)
    value: str | None = Field(default=None, sa_type=Key)
    properties: dict[str, Any] | None = Field(default=None, sa_type=Document)


class UsageWindowRow(CustomerOwned, table=True):
    """The stored counter of the records from ``starts_at`` to just before ``ends_at``.

    ``last_at`` is when the value that LATEST shows was observed.
    """

    __tablename__: ClassVar[str] = "usage_windows"
    __table_args__ = (of_customer(), CheckConstraint("starts_at < ends_at", name="span"), CLUSTERED)

    feature_key: str = Field(primary_key=True, sa_type=Key)
    starts_at: datetime = Field(primary_key=True, sa_type=Instant)
    ends_at: datetime = Field(primary_key=True, sa_type=Instant)
    used: int = Field(sa_type=Micros)
    last_at: datetime | None = Field(default=None, sa_type=Instant)


class ReservationRow(CustomerOwned, table=True):
    """A reservation; ``number`` is the revision of the command that made it."""

    __tablename__: ClassVar[str] = "reservations"
    __table_args__ = (
        of_customer(),
        Index(
            "ix_reservations_open", "environment_id", "customer_id", "settled_at", "released_at", "expires_at"
        ),
        Index("ix_reservations_number", "environment_id", "customer_id", "number"),
        CLUSTERED,
    )

    key: str = Field(primary_key=True, sa_type=Key)
    feature_key: str = Field(sa_type=Key)
    quantity: int = Field(sa_type=Micros)
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    number: int = Field(sa_type=Count)
    settled_at: datetime | None = Field(default=None, sa_type=Instant)
    settled: int | None = Field(default=None, sa_type=Micros)
    released_at: datetime | None = Field(default=None, sa_type=Instant)
    credit_type: str | None = Field(default=None, sa_type=Key)
