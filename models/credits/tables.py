"""The tables of credits: balances, grants, holds, burn records, and the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from models.database.column_types import Count, Document, Flag, Instant, Key, Micros
from models.tables import CLUSTERED, CustomerOwned, of_customer


class OfCreditType(CustomerOwned):
    """Tables whose key begins with the customer and the credit type."""

    credit_type: str = Field(primary_key=True, sa_type=Key)


class CreditBalanceRow(OfCreditType, table=True):
    """The totals of all entries, and what rolling forward from ``brought_up_to`` needs.

    ``seen`` is how many versions of the customer's packages had been published by then.
    """

    __tablename__: ClassVar[str] = "credit_balances"
    __table_args__ = (of_customer(), CLUSTERED)

    brought_up_to: datetime = Field(sa_type=Instant)
    seen: int = Field(sa_type=Count)
    granted: int = Field(sa_type=Micros)
    consumed: int = Field(sa_type=Micros)
    expired: int = Field(sa_type=Micros)
    voided: int = Field(sa_type=Micros)
    overdraft: int = Field(sa_type=Micros)
    last_grant: int = Field(sa_type=Count)
    last_entry: int = Field(sa_type=Count)
    streams: list[Any] = Field(sa_type=Document)
    remainders: dict[str, str] = Field(sa_type=Document)


class CreditGrantRow(OfCreditType, table=True):
    """A grant, which never changes, and its state, which changes until it is closed."""

    __tablename__: ClassVar[str] = "credit_grants"
    __table_args__ = (
        of_customer(),
        CheckConstraint("amount > 0 AND remaining >= 0 AND held >= 0", name="amounts"),
        Index(
            "ix_credit_grants_open",
            "environment_id",
            "customer_id",
            "credit_type",
            sqlite_where=text("closed = 0"),
            postgresql_where=text("NOT closed"),
        ),
        Index("ix_credit_grants_made_at", "environment_id", "customer_id", "made_at"),
        # A period mints once, however many processes roll it forward.
        Index(
            "uq_credit_grants_minted",
            "environment_id",
            "customer_id",
            "credit_type",
            "subscription",
            "package_key",
            "effective_at",
            "carried",
            unique=True,
            sqlite_where=text("subscription IS NOT NULL"),
            postgresql_where=text("subscription IS NOT NULL"),
        ),
        CLUSTERED,
    )

    number: int = Field(primary_key=True, sa_type=Count)
    amount: int = Field(sa_type=Micros)
    source: str = Field(sa_type=Key)
    priority: int = Field(sa_type=Count)
    made_at: datetime = Field(sa_type=Instant)
    effective_at: datetime = Field(sa_type=Instant)
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    note: str | None = Field(default=None, sa_type=Key)
    subscription: int | None = Field(default=None, sa_type=Count)
    package_key: str | None = Field(default=None, sa_type=Key)
    carried: bool = Field(sa_type=Flag)
    entered: bool = Field(sa_type=Flag)
    remaining: int = Field(sa_type=Micros)
    held: int = Field(sa_type=Micros)
    burned: int = Field(sa_type=Micros)
    ended: str | None = Field(default=None, sa_type=Key)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    closed: bool = Field(sa_type=Flag)


class CreditHoldRow(OfCreditType, table=True):
    """The credits held for a reservation, until ``ended_at``; ``pieces`` names their grants."""

    __tablename__: ClassVar[str] = "credit_holds"
    __table_args__ = (
        of_customer(),
        Index(
            "ix_credit_holds_open",
            "environment_id",
            "customer_id",
            "credit_type",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        CLUSTERED,
    )

    key: str = Field(primary_key=True, sa_type=Key)
    beyond: dict[str, Any] = Field(sa_type=Document)
    cost: int = Field(sa_type=Micros)
    pieces: list[Any] = Field(sa_type=Document)
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


class CreditBurnRow(OfCreditType, table=True):
    """What usage of a feature burned in a day of its period, for refunds."""

    __tablename__: ClassVar[str] = "credit_burns"
    __table_args__ = (
        of_customer(),
        Index(
            "ix_credit_burns_owed",
            "environment_id",
            "customer_id",
            "credit_type",
            sqlite_where=text("unpaid > 0"),
            postgresql_where=text("unpaid > 0"),
        ),
        CLUSTERED,
    )

    feature_key: str = Field(primary_key=True, sa_type=Key)
    starts_at: datetime = Field(primary_key=True, sa_type=Instant)
    ends_at: datetime | None = Field(default=None, sa_type=Instant)
    burned_at: datetime | None = Field(default=None, sa_type=Instant)
    unpaid: int = Field(sa_type=Micros)
    usage: list[Any] = Field(sa_type=Document)
    pieces: list[Any] = Field(sa_type=Document)


class CreditEntryRow(OfCreditType, table=True):
    """A ledger entry; the table is append-only."""

    __tablename__: ClassVar[str] = "credit_entries"
    __table_args__ = (of_customer(), CLUSTERED)

    number: int = Field(primary_key=True, sa_type=Count)
    kind: str = Field(sa_type=Key)
    amount: int = Field(sa_type=Micros)
    balance_after: int = Field(sa_type=Micros)
    grant_number: int | None = Field(default=None, sa_type=Count)
    feature_key: str | None = Field(default=None, sa_type=Key)
    occurred_at: datetime = Field(sa_type=Instant)
    note: str | None = Field(default=None, sa_type=Key)
