"""What usage says besides its quantity."""

import sqlalchemy as sa
from alembic import op

from models.database import column_types as columns

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("usage_records", schema=None) as batch_op:
        batch_op.add_column(sa.Column("value", columns.Key(), nullable=True))
        batch_op.add_column(sa.Column("properties", columns.Document(), nullable=True))
        batch_op.create_index(
            "ix_usage_records_value",
            ["environment_id", "customer_id", "feature_key", "value", "occurred_at"],
            unique=False,
            sqlite_where=sa.text("value IS NOT NULL"),
            postgresql_where=sa.text("value IS NOT NULL"),
        )

    with op.batch_alter_table("usage_windows", schema=None) as batch_op:
        batch_op.add_column(sa.Column("last_at", columns.Instant(), nullable=True))
