"""Tallies of windows that hold usage given back are counted anew: they were sums that could be below zero."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute(
        "DELETE FROM usage_windows WHERE EXISTS (SELECT 1 FROM usage_records AS given"
        " WHERE given.environment_id = usage_windows.environment_id"
        " AND given.customer_id = usage_windows.customer_id"
        " AND given.feature_key = usage_windows.feature_key"
        " AND given.quantity < 0)"
    )
