"""The tables of customers, their subscriptions and custom entitlements."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.database.column_types import Count, Document, Flag, Instant, Key
from models.tables import CLUSTERED, STRICT, CustomerOwned, of_customer, of_environment


def _of_subscription() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["environment_id", "customer_id", "subscription"],
        ["subscriptions.environment_id", "subscriptions.customer_id", "subscriptions.number"],
    )


class CustomerRow(SQLModel, table=True):
    """A customer, and the state that each of their commands locks and updates.

    ``revision`` counts the commands, and ``acted_at`` is the instant of the last: time never runs backwards
    for a customer. ``facts_revision`` is the revision at which subscriptions or custom entitlements last
    changed, so that facts cached at that revision need not be read again. Searched columns are stored
    case-folded too, because the databases fold ASCII only.
    """

    __tablename__: ClassVar[str] = "customers"
    __table_args__ = (
        of_environment(),
        UniqueConstraint("environment_id", "key"),
        UniqueConstraint("environment_id", "id"),
        Index("ix_customers_folded_key", "environment_id", "folded_key"),
        Index("ix_customers_folded_name", "environment_id", "folded_name"),
        Index("ix_customers_folded_email", "environment_id", "folded_email"),
        STRICT,
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=Count)
    environment_id: int = Field(sa_type=Count)
    key: str = Field(sa_type=Key)
    folded_key: str | None = Field(default=None, sa_type=Key)
    folded_name: str | None = Field(default=None, sa_type=Key)
    folded_email: str | None = Field(default=None, sa_type=Key)
    name: str | None = Field(default=None, sa_type=Key)
    email: str | None = Field(default=None, sa_type=Key)
    timezone: str = Field(default="UTC", sa_type=Key)
    extra: dict[str, Any] = Field(sa_type=Document)
    archived: bool = Field(default=False, sa_type=Flag)
    revision: int = Field(default=0, sa_type=Count)
    facts_revision: int = Field(default=0, sa_type=Count, sa_column_kwargs={"server_default": "0"})
    acted_at: datetime | None = Field(default=None, sa_type=Instant)


class SubscriptionRow(CustomerOwned, table=True):
    """A subscription; ``number`` is the revision of the command that made it."""

    __tablename__: ClassVar[str] = "subscriptions"
    __table_args__ = (of_customer(), CLUSTERED)

    number: int = Field(primary_key=True, sa_type=Count)
    product_key: str = Field(sa_type=Key)
    trial_ends_at: datetime | None = Field(default=None, sa_type=Instant)
    after_trial: str | None = Field(default=None, sa_type=Key)
    canceled_at: datetime | None = Field(default=None, sa_type=Instant)
    subscribed_at: datetime | None = Field(default=None, sa_type=Instant)


class SubscriptionTermRow(CustomerOwned, table=True):
    """The state of a subscription from an instant on: its history, and what is scheduled."""

    __tablename__: ClassVar[str] = "subscription_terms"
    __table_args__ = (
        _of_subscription(),
        Index("ix_subscription_terms_plan", "environment_id", "plan_key"),
        CLUSTERED,
    )

    subscription: int = Field(primary_key=True, sa_type=Count)
    starts_at: datetime = Field(primary_key=True, sa_type=Instant)
    plan_key: str = Field(sa_type=Key)
    version: int | None = Field(default=None, sa_type=Count)
    price_key: str | None = Field(default=None, sa_type=Key)
    anchor: datetime = Field(sa_type=Instant)
    timezone: str = Field(sa_type=Key)
    trial: bool = Field(sa_type=Flag)
    resets: bool = Field(sa_type=Flag)
    scheduled: bool = Field(sa_type=Flag)


class SubscriptionAddonRow(CustomerOwned, table=True):
    """An add-on of a subscription, in one quantity, for a span."""

    __tablename__: ClassVar[str] = "subscription_addons"
    __table_args__ = (_of_subscription(), CLUSTERED)

    subscription: int = Field(primary_key=True, sa_type=Count)
    addon_key: str = Field(primary_key=True, sa_type=Key)
    starts_at: datetime = Field(primary_key=True, sa_type=Instant)
    version: int = Field(sa_type=Count)
    quantity: int = Field(sa_type=Count)
    ends_at: datetime | None = Field(default=None, sa_type=Instant)


class CustomEntitlementRow(CustomerOwned, table=True):
    """A custom entitlement; ``number`` is the revision of the command that set it."""

    __tablename__: ClassVar[str] = "custom_entitlements"
    __table_args__ = (
        of_customer(),
        Index("ix_custom_entitlements_feature", "environment_id", "feature_key"),
        CLUSTERED,
    )

    number: int = Field(primary_key=True, sa_type=Count)
    feature_key: str = Field(sa_type=Key)
    mode: str = Field(sa_type=Key)
    value: dict[str, Any] | None = Field(default=None, sa_type=Document)
    note: str | None = Field(default=None, sa_type=Key)
    timezone: str = Field(sa_type=Key)
    starts_at: datetime = Field(sa_type=Instant)
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    removed_at: datetime | None = Field(default=None, sa_type=Instant)
