"""${message}."""

import sqlalchemy as sa
from alembic import op

from models.database import column_types as columns

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${"\n".join(line for line in upgrades.splitlines() if "# ###" not in line).strip()}
