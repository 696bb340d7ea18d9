"""The script that Alembic runs, on the connection and in the transaction of models/migrations/migrate.py."""

from alembic import context
from sqlmodel import SQLModel

import models.auth.tables
import models.catalog.tables
import models.commands.tables
import models.credits.tables
import models.customers.tables
import models.usage.tables
import models.zone_tables  # noqa: F401 - each puts its tables into the metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    user_module_prefix="columns.",
    # SQLite changes a table by rebuilding it; the first migration has none to change.
    render_as_batch=context.get_head_revision() is not None,
)
context.run_migrations()
