"""Keys in use, tokens and search."""

import sqlalchemy as sa
from alembic import op

from models.database import column_types as columns

revision = "0004"
down_revision = "0003"

BATCH = 1_000

CUSTOMERS = sa.table(
    "customers",
    *(sa.column(name) for name in ("id", "key", "name", "email")),
    *(sa.column(f"folded_{name}") for name in ("key", "name", "email")),
)


def upgrade() -> None:
    op.create_table(
        "token_secrets",
        sa.Column("id", columns.Count(), nullable=False),
        sa.Column("secret", columns.Key(), nullable=False),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token_secrets")),
        sqlite_strict=True,
    )
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.add_column(sa.Column("last_used_at", columns.Instant(), nullable=True))

    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("folded_key", columns.Key(), nullable=True))
        batch_op.add_column(sa.Column("folded_name", columns.Key(), nullable=True))
        batch_op.add_column(sa.Column("folded_email", columns.Key(), nullable=True))
        batch_op.create_index("ix_customers_folded_email", ["environment_id", "folded_email"], unique=False)
        batch_op.create_index("ix_customers_folded_key", ["environment_id", "folded_key"], unique=False)
        batch_op.create_index("ix_customers_folded_name", ["environment_id", "folded_name"], unique=False)

    with op.batch_alter_table("subscription_terms", schema=None) as batch_op:
        batch_op.create_index("ix_subscription_terms_plan", ["environment_id", "plan_key"], unique=False)

    fold_customers()


def fold_customers() -> None:
    connection, last = op.get_bind(), 0
    known = sa.select(*(CUSTOMERS.c[name] for name in ("id", "key", "name", "email")))
    folded = sa.update(CUSTOMERS).where(CUSTOMERS.c.id == sa.bindparam("number"))
    while rows := connection.execute(known.where(CUSTOMERS.c.id > last).order_by("id").limit(BATCH)).all():
        connection.execute(
            folded,
            [
                {
                    "number": row.id,
                    "folded_key": row.key.casefold(),
                    "folded_name": None if row.name is None else row.name.casefold(),
                    "folded_email": None if row.email is None else row.email.casefold(),
                }
                for row in rows
            ],
        )
        last = rows[-1].id
