"""The tables of the catalog: products, features, credit types, packages and their versions."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlmodel import Field, SQLModel

from models.database.column_types import Count, Document, Flag, Instant, Key
from models.tables import CLUSTERED, of_environment


class CatalogRow(SQLModel):
    """The columns of every catalog table."""

    environment_id: int = Field(primary_key=True, sa_type=Count)
    key: str = Field(primary_key=True, sa_type=Key)
    name: str = Field(sa_type=Key)
    # Not "metadata": SQLAlchemy reserves that name.
    extra: dict[str, Any] = Field(sa_type=Document)


class ProductRow(CatalogRow, table=True):
    """A product."""

    __tablename__: ClassVar[str] = "products"
    __table_args__ = (of_environment(), CLUSTERED)

    description: str | None = Field(default=None, sa_type=Key)


class FeatureRow(CatalogRow, table=True):
    """A feature; its shape (kind, choices, unit, meter, default) is always read with it."""

    __tablename__: ClassVar[str] = "features"
    __table_args__ = (of_environment(), CLUSTERED)

    description: str | None = Field(default=None, sa_type=Key)
    product_key: str | None = Field(default=None, sa_type=Key)
    type: str = Field(sa_type=Key)
    status: str = Field(sa_type=Key)
    shape: dict[str, Any] = Field(sa_type=Document)


class CreditTypeRow(CatalogRow, table=True):
    """A kind of credits."""

    __tablename__: ClassVar[str] = "credit_types"
    __table_args__ = (of_environment(), CLUSTERED)

    unit: dict[str, Any] = Field(sa_type=Document)


class PackageRow(CatalogRow, table=True):
    """A plan or an add-on, with its draft; ``terms`` has the fields that only plans or only add-ons have."""

    __tablename__: ClassVar[str] = "packages"
    __table_args__ = (
        ForeignKeyConstraint(["environment_id", "product_key"], ["products.environment_id", "products.key"]),
        CheckConstraint("kind IN ('PLAN', 'ADDON')", name="kind"),
        CLUSTERED,
    )

    kind: str = Field(sa_type=Key)
    product_key: str = Field(sa_type=Key)
    description: str | None = Field(default=None, sa_type=Key)
    archived: bool = Field(sa_type=Flag)
    terms: dict[str, Any] = Field(sa_type=Document)
    draft: dict[str, Any] | None = Field(default=None, sa_type=Document)


class PackageVersionRow(SQLModel, table=True):
    """A published version: written once, never changed."""

    __tablename__: ClassVar[str] = "package_versions"
    __table_args__ = (
        ForeignKeyConstraint(["environment_id", "package_key"], ["packages.environment_id", "packages.key"]),
        CheckConstraint("number > 0", name="number"),
        CLUSTERED,
    )

    environment_id: int = Field(primary_key=True, sa_type=Count)
    package_key: str = Field(primary_key=True, sa_type=Key)
    number: int = Field(primary_key=True, sa_type=Count)
    base_version: int | None = Field(default=None, sa_type=Count)
    scope: str = Field(sa_type=Key)
    cascaded: bool = Field(sa_type=Flag)
    published_at: datetime = Field(sa_type=Instant)
    content: dict[str, Any] = Field(sa_type=Document)
