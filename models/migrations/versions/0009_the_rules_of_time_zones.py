"""The rules of time zones that a database was served with."""

import sqlalchemy as sa
from alembic import op

from models.database import column_types as columns

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "time_zone_rules",
        sa.Column("release", columns.Key(), nullable=False),
        sa.Column("source", columns.Key(), nullable=False),
        sa.Column("zones", columns.Document(), nullable=False),
        sa.Column("served_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("release", name=op.f("pk_time_zone_rules")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
