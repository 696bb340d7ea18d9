"""Credits."""

import sqlalchemy as sa
from alembic import op

from models.database import column_types as columns

revision = "0005"
down_revision = "0004"

ONLY_ADDED_TO = {
    "sqlite": [
        """
        CREATE TRIGGER credit_entries_never_change BEFORE UPDATE ON credit_entries
        BEGIN SELECT RAISE(ABORT, 'the ledger is only added to'); END
        """,
        """
        CREATE TRIGGER credit_entries_never_go BEFORE DELETE ON credit_entries
        BEGIN SELECT RAISE(ABORT, 'the ledger is only added to'); END
        """,
        # INSERT OR REPLACE deletes without asking the trigger above.
        """
        CREATE TRIGGER credit_entries_are_never_replaced BEFORE INSERT ON credit_entries
        WHEN EXISTS (
            SELECT 1 FROM credit_entries known
            WHERE known.environment_id = NEW.environment_id AND known.customer_id = NEW.customer_id
            AND known.credit_type = NEW.credit_type AND known.number = NEW.number
        )
        BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint failed: the ledger is only added to'); END
        """,
    ],
    "postgresql": [
        """
        CREATE FUNCTION refuse_to_change_the_ledger() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'the ledger is only added to'; END $$
        """,
        """
        CREATE TRIGGER credit_entries_never_change BEFORE UPDATE OR DELETE ON credit_entries
        FOR EACH ROW EXECUTE FUNCTION refuse_to_change_the_ledger()
        """,
        """
        CREATE TRIGGER credit_entries_never_go BEFORE TRUNCATE ON credit_entries
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_the_ledger()
        """,
    ],
}


def upgrade() -> None:
    op.create_table(
        "credit_balances",
        sa.Column("environment_id", columns.Count(), nullable=False),
        sa.Column("customer_id", columns.Count(), nullable=False),
        sa.Column("credit_type", columns.Key(), nullable=False),
        sa.Column("brought_up_to", columns.Instant(), nullable=False),
        sa.Column("seen", columns.Count(), nullable=False),
        sa.Column("granted", columns.Micros(), nullable=False),
        sa.Column("consumed", columns.Micros(), nullable=False),
        sa.Column("expired", columns.Micros(), nullable=False),
        sa.Column("voided", columns.Micros(), nullable=False),
        sa.Column("overdraft", columns.Micros(), nullable=False),
        sa.Column("last_grant", columns.Count(), nullable=False),
        sa.Column("last_entry", columns.Count(), nullable=False),
        sa.Column("streams", columns.Document(), nullable=False),
        sa.Column("remainders", columns.Document(), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id", "customer_id"],
            ["customers.environment_id", "customers.id"],
            name=op.f("fk_credit_balances_customers"),
        ),
        sa.PrimaryKeyConstraint(
            "environment_id", "customer_id", "credit_type", name=op.f("pk_credit_balances")
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "credit_burns",
        sa.Column("environment_id", columns.Count(), nullable=False),
        sa.Column("customer_id", columns.Count(), nullable=False),
        sa.Column("credit_type", columns.Key(), nullable=False),
        sa.Column("feature_key", columns.Key(), nullable=False),
        sa.Column("starts_at", columns.Instant(), nullable=False),
        sa.Column("unpaid", columns.Micros(), nullable=False),
        sa.Column("usage", columns.Document(), nullable=False),
        sa.Column("pieces", columns.Document(), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id", "customer_id"],
            ["customers.environment_id", "customers.id"],
            name=op.f("fk_credit_burns_customers"),
        ),
        sa.PrimaryKeyConstraint(
            "environment_id",
            "customer_id",
            "credit_type",
            "feature_key",
            "starts_at",
            name=op.f("pk_credit_burns"),
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("credit_burns", schema=None) as batch_op:
        batch_op.create_index(
            "ix_credit_burns_owed",
            ["environment_id", "customer_id", "credit_type"],
            unique=False,
            sqlite_where=sa.text("unpaid > 0"),
            postgresql_where=sa.text("unpaid > 0"),
        )

    op.create_table(
        "credit_entries",
        sa.Column("environment_id", columns.Count(), nullable=False),
        sa.Column("customer_id", columns.Count(), nullable=False),
        sa.Column("credit_type", columns.Key(), nullable=False),
        sa.Column("number", columns.Count(), nullable=False),
        sa.Column("kind", columns.Key(), nullable=False),
        sa.Column("amount", columns.Micros(), nullable=False),
        sa.Column("balance_after", columns.Micros(), nullable=False),
        sa.Column("grant_number", columns.Count(), nullable=True),
        sa.Column("feature_key", columns.Key(), nullable=True),
        sa.Column("occurred_at", columns.Instant(), nullable=False),
        sa.Column("note", columns.Key(), nullable=True),
        sa.ForeignKeyConstraint(
            ["environment_id", "customer_id"],
            ["customers.environment_id", "customers.id"],
            name=op.f("fk_credit_entries_customers"),
        ),
        sa.PrimaryKeyConstraint(
            "environment_id", "customer_id", "credit_type", "number", name=op.f("pk_credit_entries")
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "credit_grants",
        sa.Column("environment_id", columns.Count(), nullable=False),
        sa.Column("customer_id", columns.Count(), nullable=False),
        sa.Column("credit_type", columns.Key(), nullable=False),
        sa.Column("number", columns.Count(), nullable=False),
        sa.Column("amount", columns.Micros(), nullable=False),
        sa.Column("source", columns.Key(), nullable=False),
        sa.Column("priority", columns.Count(), nullable=False),
        sa.Column("made_at", columns.Instant(), nullable=False),
        sa.Column("effective_at", columns.Instant(), nullable=False),
        sa.Column("expires_at", columns.Instant(), nullable=True),
        sa.Column("note", columns.Key(), nullable=True),
        sa.Column("subscription", columns.Count(), nullable=True),
        sa.Column("package_key", columns.Key(), nullable=True),
        sa.Column("carried", columns.Flag(), nullable=False),
        sa.Column("entered", columns.Flag(), nullable=False),
        sa.Column("remaining", columns.Micros(), nullable=False),
        sa.Column("held", columns.Micros(), nullable=False),
        sa.Column("burned", columns.Micros(), nullable=False),
        sa.Column("ended", columns.Key(), nullable=True),
        sa.Column("ended_at", columns.Instant(), nullable=True),
        sa.Column("closed", columns.Flag(), nullable=False),
        sa.CheckConstraint(
            "amount > 0 AND remaining >= 0 AND held >= 0", name=op.f("ck_credit_grants_amounts")
        ),
        sa.ForeignKeyConstraint(
            ["environment_id", "customer_id"],
            ["customers.environment_id", "customers.id"],
            name=op.f("fk_credit_grants_customers"),
        ),
        sa.PrimaryKeyConstraint(
            "environment_id", "customer_id", "credit_type", "number", name=op.f("pk_credit_grants")
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("credit_grants", schema=None) as batch_op:
        batch_op.create_index(
            "ix_credit_grants_made_at", ["environment_id", "customer_id", "made_at"], unique=False
        )
        batch_op.create_index(
            "ix_credit_grants_open",
            ["environment_id", "customer_id", "credit_type"],
            unique=False,
            sqlite_where=sa.text("closed = 0"),
            postgresql_where=sa.text("NOT closed"),
        )
        batch_op.create_index(
            "uq_credit_grants_minted",
            [
                "environment_id",
                "customer_id",
                "credit_type",
                "subscription",
                "package_key",
                "effective_at",
                "carried",
            ],
            unique=True,
            sqlite_where=sa.text("subscription IS NOT NULL"),
            postgresql_where=sa.text("subscription IS NOT NULL"),
        )

    op.create_table(
        "credit_holds",
        sa.Column("environment_id", columns.Count(), nullable=False),
        sa.Column("customer_id", columns.Count(), nullable=False),
        sa.Column("credit_type", columns.Key(), nullable=False),
        sa.Column("key", columns.Key(), nullable=False),
        sa.Column("beyond", columns.Document(), nullable=False),
        sa.Column("cost", columns.Micros(), nullable=False),
        sa.Column("pieces", columns.Document(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("expires_at", columns.Instant(), nullable=False),
        sa.Column("ended_at", columns.Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["environment_id", "customer_id"],
            ["customers.environment_id", "customers.id"],
            name=op.f("fk_credit_holds_customers"),
        ),
        sa.PrimaryKeyConstraint(
            "environment_id", "customer_id", "credit_type", "key", name=op.f("pk_credit_holds")
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("credit_holds", schema=None) as batch_op:
        batch_op.create_index(
            "ix_credit_holds_open",
            ["environment_id", "customer_id", "credit_type"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("subscribed_at", columns.Instant(), nullable=True))

    with op.batch_alter_table("reservations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("credit_type", columns.Key(), nullable=True))

    for statement in ONLY_ADDED_TO[op.get_bind().dialect.name]:
        op.execute(statement)
