"""Every table, with its constraints and indexes.

The catalog is keyed by its own immutable keys. A package's content (rows, order, prices, rates) is
one document: it is always read whole, and a published one never changes. What belongs to a customer
begins its key with (environment_id, customer_id), and no uniqueness spans two customers, so that
PostgreSQL can be partitioned by customer.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from models.columns import Count, Document, Flag, Instant, Key, Micros

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Every constraint has a name, so that a later migration can take it away on SQLite too."""

SQLModel.model_config["defer_build"] = True
"""SQLAlchemy alone reads and writes rows, so that what pydantic would validate them by is never needed."""

STRICT = {"sqlite_strict": True}
CLUSTERED = {"sqlite_strict": True, "sqlite_with_rowid": False}


def of_environment() -> ForeignKeyConstraint:
    """Refer to the environment that a row is of."""
    return ForeignKeyConstraint(["environment_id"], ["environments.id"])


def of_customer() -> ForeignKeyConstraint:
    """Refer to the customer whose row it is."""
    return ForeignKeyConstraint(
        ["environment_id", "customer_id"], ["customers.environment_id", "customers.id"]
    )


def _of_subscription() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["environment_id", "customer_id", "subscription"],
        ["subscriptions.environment_id", "subscriptions.customer_id", "subscriptions.number"],
    )


class EnvironmentRow(SQLModel, table=True):
    """A world of its own; ``clock_at`` is where a sandbox's clock stands once it was advanced."""

    __tablename__: ClassVar[str] = "environments"
    __table_args__ = (STRICT,)

    id: int | None = Field(default=None, primary_key=True, sa_type=Count)
    key: str = Field(sa_type=Key, unique=True)
    name: str = Field(sa_type=Key)
    sandbox: bool = Field(sa_type=Flag)
    clock_at: datetime | None = Field(default=None, sa_type=Instant)
    catalog_revision: int = Field(default=0, sa_type=Count)
    created_at: datetime = Field(sa_type=Instant)


class CatalogRow(SQLModel):
    """What every thing of the catalog has."""

    environment_id: int = Field(primary_key=True, sa_type=Count)
    key: str = Field(primary_key=True, sa_type=Key)
    name: str = Field(sa_type=Key)
    # Not "metadata": SQLAlchemy keeps that name for itself.
    extra: dict[str, Any] = Field(sa_type=Document)


class ProductRow(CatalogRow, table=True):
    """A product."""

    __tablename__: ClassVar[str] = "products"
    __table_args__ = (of_environment(), CLUSTERED)

    description: str | None = Field(default=None, sa_type=Key)


class FeatureRow(CatalogRow, table=True):
    """A feature; its shape (kind, choices, unit, meter, default) is read whole with it."""

    __tablename__: ClassVar[str] = "features"
    __table_args__ = (of_environment(), CLUSTERED)

    description: str | None = Field(default=None, sa_type=Key)
    product_key: str | None = Field(default=None, sa_type=Key)
    type: str = Field(sa_type=Key)
    status: str = Field(sa_type=Key)
    shape: dict[str, Any] = Field(sa_type=Document)


class CreditTypeRow(CatalogRow, table=True):
    """A kind of credits."""

    __tablename__: ClassVar[str] = "credit_types"
    __table_args__ = (of_environment(), CLUSTERED)

    unit: dict[str, Any] = Field(sa_type=Document)


class PackageRow(CatalogRow, table=True):
    """A plan or an add-on, with its draft; ``terms`` is what only plans or only add-ons have."""

    __tablename__: ClassVar[str] = "packages"
    __table_args__ = (
        ForeignKeyConstraint(["environment_id", "product_key"], ["products.environment_id", "products.key"]),
        CheckConstraint("kind IN ('PLAN', 'ADDON')", name="kind"),
        CLUSTERED,
    )

    kind: str = Field(sa_type=Key)
    product_key: str = Field(sa_type=Key)
    description: str | None = Field(default=None, sa_type=Key)
    archived: bool = Field(sa_type=Flag)
    terms: dict[str, Any] = Field(sa_type=Document)
    draft: dict[str, Any] | None = Field(default=None, sa_type=Document)


class PackageVersionRow(SQLModel, table=True):
    """A published version: written once, never changed."""

    __tablename__: ClassVar[str] = "package_versions"
    __table_args__ = (
        ForeignKeyConstraint(["environment_id", "package_key"], ["packages.environment_id", "packages.key"]),
        CheckConstraint("number > 0", name="number"),
        CLUSTERED,
    )

    environment_id: int = Field(primary_key=True, sa_type=Count)
    package_key: str = Field(primary_key=True, sa_type=Key)
    number: int = Field(primary_key=True, sa_type=Count)
    base_version: int | None = Field(default=None, sa_type=Count)
    scope: str = Field(sa_type=Key)
    cascaded: bool = Field(sa_type=Flag)
    published_at: datetime = Field(sa_type=Instant)
    content: dict[str, Any] = Field(sa_type=Document)


class CustomerRow(SQLModel, table=True):
    """A customer and the state that every act of theirs locks and moves on.

    ``revision`` counts the acts, and ``acted_at`` is the instant of the last: time never runs backwards
    for a customer. ``facts_revision`` is the revision at which subscriptions or custom entitlements last
    changed, so that who knows them of that revision need not read them again. What is searched is kept
    folded too, because the databases fold ASCII only.
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


class CustomerOwned(SQLModel):
    """What begins its key with the customer."""

    environment_id: int = Field(primary_key=True, sa_type=Count)
    customer_id: int = Field(primary_key=True, sa_type=Count)


class SubscriptionRow(CustomerOwned, table=True):
    """A subscription; ``number`` is the revision of the act that made it."""

    __tablename__: ClassVar[str] = "subscriptions"
    __table_args__ = (of_customer(), CLUSTERED)

    number: int = Field(primary_key=True, sa_type=Count)
    product_key: str = Field(sa_type=Key)
    trial_ends_at: datetime | None = Field(default=None, sa_type=Instant)
    after_trial: str | None = Field(default=None, sa_type=Key)
    canceled_at: datetime | None = Field(default=None, sa_type=Instant)
    subscribed_at: datetime | None = Field(default=None, sa_type=Instant)


class SubscriptionTermRow(CustomerOwned, table=True):
    """What a subscription is from an instant on; its history, and what is scheduled."""

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
    """An add-on of a subscription, in one quantity, for a while."""

    __tablename__: ClassVar[str] = "subscription_addons"
    __table_args__ = (_of_subscription(), CLUSTERED)

    subscription: int = Field(primary_key=True, sa_type=Count)
    addon_key: str = Field(primary_key=True, sa_type=Key)
    starts_at: datetime = Field(primary_key=True, sa_type=Instant)
    version: int = Field(sa_type=Count)
    quantity: int = Field(sa_type=Count)
    ends_at: datetime | None = Field(default=None, sa_type=Instant)


class CustomEntitlementRow(CustomerOwned, table=True):
    """What was decided for one customer alone; ``number`` is the revision of the act that set it."""

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


class UsageRecordRow(CustomerOwned, table=True):
    """One recorded quantity; ``number`` is the revision of the act that recorded it.

    ``value`` is what UNIQUE counts once, and ``properties`` what was said about the usage.
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
    """The kept tally of the records from ``starts_at`` to just before ``ends_at``.

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
    """A hold on a limit; ``number`` is the revision of the act that made it."""

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


class IdempotencyKeyRow(CustomerOwned, table=True):
    """A key that an act has taken, for ever, with what it was asked and what it answered."""

    __tablename__: ClassVar[str] = "idempotency_keys"
    __table_args__ = (of_customer(), CLUSTERED)

    operation: str = Field(primary_key=True, sa_type=Key)
    key: str = Field(primary_key=True, sa_type=Key)
    input_digest: str = Field(sa_type=Key)
    number: int = Field(sa_type=Count)
    outcome: dict[str, Any] = Field(sa_type=Document)
