"""The table of environments, and what all tables share.

The tables of a noun are in its folder. The catalog is keyed by its own immutable keys. A package's content
(rows, order, prices, rates) is one document: it is always read whole, and a published one never changes.
The key of a customer's row begins with (environment_id, customer_id), and no uniqueness spans two
customers, so that PostgreSQL can be partitioned by customer.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy import ForeignKeyConstraint
from sqlmodel import Field, SQLModel

from models.database.column_types import Count, Flag, Instant, Key

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Every constraint has a name, so that a later migration can remove it on SQLite too."""

SQLModel.model_config["defer_build"] = True
"""Only SQLAlchemy reads and writes rows, so pydantic's validators are never needed."""

STRICT = {"sqlite_strict": True}
CLUSTERED = {"sqlite_strict": True, "sqlite_with_rowid": False}


def of_environment() -> ForeignKeyConstraint:
    """Return the reference of a row to its environment."""
    return ForeignKeyConstraint(["environment_id"], ["environments.id"])


def of_customer() -> ForeignKeyConstraint:
    """Return the reference of a row to its customer."""
    return ForeignKeyConstraint(
        ["environment_id", "customer_id"], ["customers.environment_id", "customers.id"]
    )


class EnvironmentRow(SQLModel, table=True):
    """A separate world; ``clock_at`` is the time of a sandbox's clock once it was advanced."""

    __tablename__: ClassVar[str] = "environments"
    __table_args__ = (STRICT,)

    id: int | None = Field(default=None, primary_key=True, sa_type=Count)
    key: str = Field(sa_type=Key, unique=True)
    name: str = Field(sa_type=Key)
    sandbox: bool = Field(sa_type=Flag)
    clock_at: datetime | None = Field(default=None, sa_type=Instant)
    catalog_revision: int = Field(default=0, sa_type=Count)
    created_at: datetime = Field(sa_type=Instant)


class CustomerOwned(SQLModel):
    """Tables whose key begins with the customer."""

    environment_id: int = Field(primary_key=True, sa_type=Count)
    customer_id: int = Field(primary_key=True, sa_type=Count)
