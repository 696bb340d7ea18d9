"""No tallies of what is not metered: acts that were refused have left empty ones."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute(
        "DELETE FROM usage_windows WHERE NOT EXISTS (SELECT 1 FROM features"
        " WHERE features.environment_id = usage_windows.environment_id"
        " AND features.key = usage_windows.feature_key AND features.type = 'METERED')"
    )
