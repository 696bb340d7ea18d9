"""When usage that burned credits occurred, and when it burned them."""

import sqlalchemy as sa
from alembic import op

from models.database import column_types as columns

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    with op.batch_alter_table("credit_burns", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ends_at", columns.Instant(), nullable=True))
        batch_op.add_column(sa.Column("burned_at", columns.Instant(), nullable=True))
