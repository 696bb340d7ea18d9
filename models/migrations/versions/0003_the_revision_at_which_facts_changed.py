"""The revision at which facts changed."""

import sqlalchemy as sa
from alembic import op

from models.database import column_types as columns

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("facts_revision", columns.Count(), server_default="0", nullable=False))
