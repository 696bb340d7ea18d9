"""The table of the time zone rules that a database has used."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ScalarSelect, func, select
from sqlmodel import Field, SQLModel

from models.database.column_types import Document, Instant, Key
from models.database.dialects import table_of
from models.tables import CLUSTERED


class TimeZoneRulesRow(SQLModel, table=True):
    """A release of the rules that the database has used, and the digest of every zone."""

    __tablename__: ClassVar[str] = "time_zone_rules"
    __table_args__ = (CLUSTERED,)

    release: str = Field(primary_key=True, sa_type=Key)
    source: str = Field(sa_type=Key)
    zones: dict[str, str] = Field(sa_type=Document)
    served_at: datetime = Field(sa_type=Instant)


def newest_release() -> ScalarSelect[Any]:
    """Select the newest release that the database has used, as part of another statement."""
    return select(func.max(table_of(TimeZoneRulesRow).c.release)).scalar_subquery()
