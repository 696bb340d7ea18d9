"""The first tables."""

import sqlalchemy as sa
from alembic import op

from models import columns

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "environments",
        sa.Column("id", columns.Count(), nullable=False),
        sa.Column("key", columns.Key(), nullable=False),
        sa.Column("name", columns.Key(), nullable=False),
        sa.Column("sandbox", columns.Flag(), nullable=False),
        sa.Column("clock_at", columns.Instant(), nullable=True),
        sa.Column("catalog_revision", columns.Count(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
        sqlite_strict=True,
    )
    op.create_table(
        "api_keys",
        sa.Column("id", columns.Count(), nullable=False),
        sa.Column("environment_id", columns.Count(), nullable=False),
        sa.Column("prefix", columns.Key(), nullable=False),
        sa.Column("digest", columns.Key(), nullable=False),
        sa.Column("kind", columns.Key(), nullable=False),
        sa.Column("name", columns.Key(), nullable=False),
        sa.Column("scopes", columns.Document(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("expires_at", columns.Instant(), nullable=True),
        sa.Column("revoked_at", columns.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["environment_id"], ["environments.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
        sa.UniqueConstraint("prefix"),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_api_keys_environment_id"), "api_keys", ["environment_id"], unique=False)
    op.create_table(
        "credit_types",
        sa.Column("environment_id", columns.Count(), nullable=False),
        sa.Column("key", columns.Key(), nullable=False),
        sa.Column("name", columns.Key(), nullable=False),
        sa.Column("extra", columns.Document(), nullable=False),
        sa.Column("unit", columns.Document(), nullable=False),
        sa.ForeignKeyConstraint(["environment_id"], ["environments.id"]),
        sa.PrimaryKeyConstraint("environment_id", "key"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "customers",
        sa.Column("id", columns.Count(), nullable=False),
        sa.Column("environment_id", columns.Count(), nullable=False),
        sa.Column("key", columns.Key(), nullable=False),
        sa.Column("name", columns.Key(), nullable=True),
        sa.Column("email", columns.Key(), nullable=True),
        sa.Column("timezone", columns.Key(), nullable=False),
        sa.Column("extra", columns.Document(), nullable=False),
        sa.Column("archived", columns.Flag(), nullable=False),
        sa.Column("revision", columns.Count(), nullable=False),
        sa.Column("acted_at", columns.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["environment_id"], ["environments.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("environment_id", "id"),
        sa.UniqueConstraint("environment_id", "key"),
        sqlite_strict=True,
    )
    op.create_table(
        "features",
        sa.Column("environment_id", columns.Count(), nullable=False),
        sa.Column("key", columns.Key(), nullable=False),
        sa.Column("name", columns.Key(), nullable=False),
        sa.Column("extra", columns.Document(), nullable=False),
        sa.Column("description", columns.Key(), nullable=True),
        sa.Column("product_key", columns.Key(), nullable=True),
        sa.Column("type", columns.Key(), nullable=False),
        sa.Column("status", columns.Key(), nullable=False),
        sa.Column("shape", columns.Document(), nullable=False),
        sa.ForeignKeyConstraint(["environment_id"], ["environments.id"]),
        sa.PrimaryKeyConstraint("environment_id", "key"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "products",
        sa.Column("environment_id", columns.Count(), nullable=False),
        sa.Column("key", columns.Key(), nullable=False),
        sa.Column("name", columns.Key(), nullable=False),
        sa.Column("extra", columns.Document(), nullable=False),
        sa.Column("description", columns.Key(), nullable=True),
        sa.ForeignKeyConstraint(["environment_id"], ["environments.id"]),
        sa.PrimaryKeyConstraint("environment_id", "key"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("environment_id", columns.Count(), nullable=False),
        sa.Column("customer_id", columns.Count(), nullable=False),
        sa.Column("operation", columns.Key(), nullable=False),
        sa.Column("key", columns.Key(), nullable=False),
        sa.Column("input_digest", columns.Key(), nullable=False),
        sa.Column("number", columns.Count(), nullable=False),
        sa.Column("outcome", columns.Document(), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id", "customer_id"], ["customers.environment_id", "customers.id"]
        ),
        sa.PrimaryKeyConstraint("environment_id", "customer_id", "operation", "key"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "packages",
        sa.Column("environment_id", columns.Count(), nullable=False),
        sa.Column("key", columns.Key(), nullable=False),
        sa.Column("name", columns.Key(), nullable=False),
        sa.Column("extra", columns.Document(), nullable=False),
        sa.Column("kind", columns.Key(), nullable=False),
        sa.Column("product_key", columns.Key(), nullable=False),
        sa.Column("description", columns.Key(), nullable=True),
        sa.Column("archived", columns.Flag(), nullable=False),
        sa.Column("terms", columns.Document(), nullable=False),
        sa.Column("draft", columns.Document(), nullable=True),
        sa.CheckConstraint("kind IN ('PLAN', 'ADDON')", name="kind"),
        sa.ForeignKeyConstraint(
            ["environment_id", "product_key"], ["products.environment_id", "products.key"]
        ),
        sa.PrimaryKeyConstraint("environment_id", "key"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "subscriptions",
        sa.Column("environment_id", columns.Count(), nullable=False),
        sa.Column("customer_id", columns.Count(), nullable=False),
        sa.Column("number", columns.Count(), nullable=False),
        sa.Column("product_key", columns.Key(), nullable=False),
        sa.Column("plan_key", columns.Key(), nullable=False),
        sa.Column("version", columns.Count(), nullable=False),
        sa.Column("price_key", columns.Key(), nullable=True),
        sa.Column("started_at", columns.Instant(), nullable=False),
        sa.Column("anchor", columns.Instant(), nullable=False),
        sa.Column("timezone", columns.Key(), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id", "customer_id"], ["customers.environment_id", "customers.id"]
        ),
        sa.PrimaryKeyConstraint("environment_id", "customer_id", "number"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "usage_records",
        sa.Column("environment_id", columns.Count(), nullable=False),
        sa.Column("customer_id", columns.Count(), nullable=False),
        sa.Column("feature_key", columns.Key(), nullable=False),
        sa.Column("occurred_at", columns.Instant(), nullable=False),
        sa.Column("number", columns.Count(), nullable=False),
        sa.Column("quantity", columns.Micros(), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id", "customer_id"], ["customers.environment_id", "customers.id"]
        ),
        sa.PrimaryKeyConstraint("environment_id", "customer_id", "feature_key", "occurred_at", "number"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "usage_windows",
        sa.Column("environment_id", columns.Count(), nullable=False),
        sa.Column("customer_id", columns.Count(), nullable=False),
        sa.Column("feature_key", columns.Key(), nullable=False),
        sa.Column("starts_at", columns.Instant(), nullable=False),
        sa.Column("ends_at", columns.Instant(), nullable=False),
        sa.Column("used", columns.Micros(), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name="span"),
        sa.ForeignKeyConstraint(
            ["environment_id", "customer_id"], ["customers.environment_id", "customers.id"]
        ),
        sa.PrimaryKeyConstraint("environment_id", "customer_id", "feature_key", "starts_at", "ends_at"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "package_versions",
        sa.Column("environment_id", columns.Count(), nullable=False),
        sa.Column("package_key", columns.Key(), nullable=False),
        sa.Column("number", columns.Count(), nullable=False),
        sa.Column("base_version", columns.Count(), nullable=True),
        sa.Column("scope", columns.Key(), nullable=False),
        sa.Column("cascaded", columns.Flag(), nullable=False),
        sa.Column("published_at", columns.Instant(), nullable=False),
        sa.Column("content", columns.Document(), nullable=False),
        sa.CheckConstraint("number > 0", name="number"),
        sa.ForeignKeyConstraint(
            ["environment_id", "package_key"], ["packages.environment_id", "packages.key"]
        ),
        sa.PrimaryKeyConstraint("environment_id", "package_key", "number"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
