"""The first tables."""

import sqlalchemy as sa
from alembic import op

from models.database import column_types as columns

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
        sa.PrimaryKeyConstraint("id", name=op.f("pk_environments")),
        sa.UniqueConstraint("key", name=op.f("uq_environments_key")),
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
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environments.id"], name=op.f("fk_api_keys_environments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_keys_digest")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_keys_prefix")),
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
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environments.id"], name=op.f("fk_credit_types_environments")
        ),
        sa.PrimaryKeyConstraint("environment_id", "key", name=op.f("pk_credit_types")),
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
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environments.id"], name=op.f("fk_customers_environments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("environment_id", "id", name=op.f("uq_customers_environment_id_id")),
        sa.UniqueConstraint("environment_id", "key", name=op.f("uq_customers_environment_id_key")),
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
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environments.id"], name=op.f("fk_features_environments")
        ),
        sa.PrimaryKeyConstraint("environment_id", "key", name=op.f("pk_features")),
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
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environments.id"], name=op.f("fk_products_environments")
        ),
        sa.PrimaryKeyConstraint("environment_id", "key", name=op.f("pk_products")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "custom_entitlements",
        sa.Column("environment_id", columns.Count(), nullable=False),
        sa.Column("customer_id", columns.Count(), nullable=False),
        sa.Column("number", columns.Count(), nullable=False),
        sa.Column("feature_key", columns.Key(), nullable=False),
        sa.Column("mode", columns.Key(), nullable=False),
        sa.Column("value", columns.Document(), nullable=True),
        sa.Column("note", columns.Key(), nullable=True),
        sa.Column("timezone", columns.Key(), nullable=False),
        sa.Column("starts_at", columns.Instant(), nullable=False),
        sa.Column("expires_at", columns.Instant(), nullable=True),
        sa.Column("removed_at", columns.Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["environment_id", "customer_id"],
            ["customers.environment_id", "customers.id"],
            name=op.f("fk_custom_entitlements_customers"),
        ),
        sa.PrimaryKeyConstraint(
            "environment_id", "customer_id", "number", name=op.f("pk_custom_entitlements")
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_custom_entitlements_feature",
        "custom_entitlements",
        ["environment_id", "feature_key"],
        unique=False,
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
            ["environment_id", "customer_id"],
            ["customers.environment_id", "customers.id"],
            name=op.f("fk_idempotency_keys_customers"),
        ),
        sa.PrimaryKeyConstraint(
            "environment_id", "customer_id", "operation", "key", name=op.f("pk_idempotency_keys")
        ),
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
        sa.CheckConstraint("kind IN ('PLAN', 'ADDON')", name=op.f("ck_packages_kind")),
        sa.ForeignKeyConstraint(
            ["environment_id", "product_key"],
            ["products.environment_id", "products.key"],
            name=op.f("fk_packages_products"),
        ),
        sa.PrimaryKeyConstraint("environment_id", "key", name=op.f("pk_packages")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reservations",
        sa.Column("environment_id", columns.Count(), nullable=False),
        sa.Column("customer_id", columns.Count(), nullable=False),
        sa.Column("key", columns.Key(), nullable=False),
        sa.Column("feature_key", columns.Key(), nullable=False),
        sa.Column("quantity", columns.Micros(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("expires_at", columns.Instant(), nullable=False),
        sa.Column("number", columns.Count(), nullable=False),
        sa.Column("settled_at", columns.Instant(), nullable=True),
        sa.Column("settled", columns.Micros(), nullable=True),
        sa.Column("released_at", columns.Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["environment_id", "customer_id"],
            ["customers.environment_id", "customers.id"],
            name=op.f("fk_reservations_customers"),
        ),
        sa.PrimaryKeyConstraint("environment_id", "customer_id", "key", name=op.f("pk_reservations")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_reservations_number", "reservations", ["environment_id", "customer_id", "number"], unique=False
    )
    op.create_index(
        "ix_reservations_open",
        "reservations",
        ["environment_id", "customer_id", "settled_at", "released_at", "expires_at"],
        unique=False,
    )
    op.create_table(
        "subscriptions",
        sa.Column("environment_id", columns.Count(), nullable=False),
        sa.Column("customer_id", columns.Count(), nullable=False),
        sa.Column("number", columns.Count(), nullable=False),
        sa.Column("product_key", columns.Key(), nullable=False),
        sa.Column("trial_ends_at", columns.Instant(), nullable=True),
        sa.Column("after_trial", columns.Key(), nullable=True),
        sa.Column("canceled_at", columns.Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["environment_id", "customer_id"],
            ["customers.environment_id", "customers.id"],
            name=op.f("fk_subscriptions_customers"),
        ),
        sa.PrimaryKeyConstraint("environment_id", "customer_id", "number", name=op.f("pk_subscriptions")),
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
            ["environment_id", "customer_id"],
            ["customers.environment_id", "customers.id"],
            name=op.f("fk_usage_records_customers"),
        ),
        sa.PrimaryKeyConstraint(
            "environment_id",
            "customer_id",
            "feature_key",
            "occurred_at",
            "number",
            name=op.f("pk_usage_records"),
        ),
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
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_usage_windows_span")),
        sa.ForeignKeyConstraint(
            ["environment_id", "customer_id"],
            ["customers.environment_id", "customers.id"],
            name=op.f("fk_usage_windows_customers"),
        ),
        sa.PrimaryKeyConstraint(
            "environment_id",
            "customer_id",
            "feature_key",
            "starts_at",
            "ends_at",
            name=op.f("pk_usage_windows"),
        ),
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
        sa.CheckConstraint("number > 0", name=op.f("ck_package_versions_number")),
        sa.ForeignKeyConstraint(
            ["environment_id", "package_key"],
            ["packages.environment_id", "packages.key"],
            name=op.f("fk_package_versions_packages"),
        ),
        sa.PrimaryKeyConstraint("environment_id", "package_key", "number", name=op.f("pk_package_versions")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "subscription_addons",
        sa.Column("environment_id", columns.Count(), nullable=False),
        sa.Column("customer_id", columns.Count(), nullable=False),
        sa.Column("subscription", columns.Count(), nullable=False),
        sa.Column("addon_key", columns.Key(), nullable=False),
        sa.Column("starts_at", columns.Instant(), nullable=False),
        sa.Column("version", columns.Count(), nullable=False),
        sa.Column("quantity", columns.Count(), nullable=False),
        sa.Column("ends_at", columns.Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["environment_id", "customer_id", "subscription"],
            ["subscriptions.environment_id", "subscriptions.customer_id", "subscriptions.number"],
            name=op.f("fk_subscription_addons_subscriptions"),
        ),
        sa.PrimaryKeyConstraint(
            "environment_id",
            "customer_id",
            "subscription",
            "addon_key",
            "starts_at",
            name=op.f("pk_subscription_addons"),
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "subscription_terms",
        sa.Column("environment_id", columns.Count(), nullable=False),
        sa.Column("customer_id", columns.Count(), nullable=False),
        sa.Column("subscription", columns.Count(), nullable=False),
        sa.Column("starts_at", columns.Instant(), nullable=False),
        sa.Column("plan_key", columns.Key(), nullable=False),
        sa.Column("version", columns.Count(), nullable=True),
        sa.Column("price_key", columns.Key(), nullable=True),
        sa.Column("anchor", columns.Instant(), nullable=False),
        sa.Column("timezone", columns.Key(), nullable=False),
        sa.Column("trial", columns.Flag(), nullable=False),
        sa.Column("resets", columns.Flag(), nullable=False),
        sa.Column("scheduled", columns.Flag(), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id", "customer_id", "subscription"],
            ["subscriptions.environment_id", "subscriptions.customer_id", "subscriptions.number"],
            name=op.f("fk_subscription_terms_subscriptions"),
        ),
        sa.PrimaryKeyConstraint(
            "environment_id", "customer_id", "subscription", "starts_at", name=op.f("pk_subscription_terms")
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
