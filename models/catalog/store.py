"""Load whole catalogs from their tables, and save what an edit changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from models.catalog.tables import CreditTypeRow, FeatureRow, PackageRow, PackageVersionRow, ProductRow
from models.database.dialects import insert, table_of, upsert
from models.database.row_codec import Fact, RowCodec
from models.tables import EnvironmentRow
from rules.catalog.facts import Addon, Catalog, CreditType, Feature, Package, Plan, Product, Version
from rules.catalog.inheritance import ResolvedCatalog
from rules.environments import Environment

_PRODUCTS = RowCodec(Product, ProductRow)
_FEATURES = RowCodec(Feature, FeatureRow, "shape")
_CREDIT_TYPES = RowCodec(CreditType, CreditTypeRow)
_PLANS = RowCodec(Plan, PackageRow, "terms", "versions")
_ADDONS = RowCodec(Addon, PackageRow, "terms", "versions")
_VERSIONS = RowCodec(Version, PackageVersionRow)


async def load(session: AsyncSession, environment: int, revision: int) -> Catalog:
    """Load an environment's whole catalog as facts."""
    products = [_PRODUCTS.read(row) for row in await _rows(session, ProductRow, environment)]
    features = [_FEATURES.read(row) for row in await _rows(session, FeatureRow, environment)]
    credit_types = [_CREDIT_TYPES.read(row) for row in await _rows(session, CreditTypeRow, environment)]
    return Catalog(
        revision=revision,
        products={product.key: product for product in products},
        features={feature.key: feature for feature in features},
        credit_types={credit_type.key: credit_type for credit_type in credit_types},
        packages=await _packages(session, environment),
    )


async def _packages(session: AsyncSession, environment: int) -> dict[str, Package]:
    versions: dict[str, list[Version]] = {}
    for row in await _rows(session, PackageVersionRow, environment):
        versions.setdefault(row["package_key"], []).append(_VERSIONS.read(row))
    packages: dict[str, Package] = {}
    for row in await _rows(session, PackageRow, environment):
        shape: RowCodec[Plan] | RowCodec[Addon] = _PLANS if row["kind"] == "PLAN" else _ADDONS
        packages[row["key"]] = shape.read(row, versions=tuple(versions.get(row["key"], ())))
    return packages


async def _rows(session: AsyncSession, model: type[SQLModel], environment: int) -> Sequence[RowMapping]:
    table = table_of(model)
    found = select(table).where(table.c.environment_id == environment).order_by(*table.primary_key)
    return (await session.execute(found)).mappings().all()


async def save(session: AsyncSession, environment: int, before: Catalog, after: Catalog) -> None:
    """Write what an edit changed, and the catalog's new revision."""
    await upsert(session, ProductRow, _changed_rows(_PRODUCTS, environment, before.products, after.products))
    await upsert(session, FeatureRow, _changed_rows(_FEATURES, environment, before.features, after.features))
    credit_types = _changed_rows(_CREDIT_TYPES, environment, before.credit_types, after.credit_types)
    await upsert(session, CreditTypeRow, credit_types)
    changed = _changed_things(before.packages, after.packages)
    await upsert(session, PackageRow, [_package_row(environment, package) for package in changed])
    await insert(session, PackageVersionRow, _new_versions(environment, before, changed))
    environments = table_of(EnvironmentRow)
    renewed = update(environments).where(environments.c.id == environment)
    await session.execute(renewed.values(catalog_revision=after.revision))


def _changed_things(before: Mapping[str, Fact], after: Mapping[str, Fact]) -> list[Fact]:
    # An edit shares all unchanged parts, so identity shows what it changed.
    return [thing for key, thing in after.items() if before.get(key) is not thing]


def _changed_rows(
    shape: RowCodec[Fact], environment: int, before: Mapping[str, Fact], after: Mapping[str, Fact]
) -> list[dict[str, Any]]:
    return [shape.write(environment, thing) for thing in _changed_things(before, after)]


def _package_row(environment: int, package: Package) -> dict[str, Any]:
    if isinstance(package, Plan):
        return {"kind": "PLAN", **_PLANS.write(environment, package)}
    if isinstance(package, Addon):
        return {"kind": "ADDON", **_ADDONS.write(environment, package)}
    message = f"a package is a plan or an add-on: {package.key}"
    raise TypeError(message)


def _new_versions(environment: int, before: Catalog, changed: Iterable[Package]) -> list[dict[str, Any]]:
    rows = []
    for package in changed:
        known = before.packages.get(package.key)
        for version in package.versions[len(known.versions) if known else 0 :]:
            row = _VERSIONS.write(environment, version)
            # Instants are dumped as text for documents; this one has its own column.
            rows.append({**row, "package_key": package.key, "published_at": version.published_at})
    return rows


class Catalogs:
    """The newest catalog of each environment, resolved, cached until another revision is needed.

    The revision must come from the transaction of all other reads, so that no process decides by a catalog
    that another has replaced.
    """

    def __init__(self) -> None:
        self._newest: dict[int, ResolvedCatalog] = {}

    async def at(self, session: AsyncSession, environment: Environment) -> ResolvedCatalog:
        """Return the catalog of an environment as the session sees it."""
        known = self._newest.get(environment.number)
        if known is not None and known.catalog.revision == environment.catalog_revision:
            return known
        loaded = ResolvedCatalog(await load(session, environment.number, environment.catalog_revision))
        self.keep(environment.number, loaded)
        return loaded

    def newest(self, environment: int) -> ResolvedCatalog | None:
        """Return the newest known catalog of an environment; None if none is known."""
        return self._newest.get(environment)

    def keep(self, environment: int, flat: ResolvedCatalog) -> None:
        """Cache a committed catalog, unless a newer one is known."""
        known = self._newest.get(environment)
        if known is None or known.catalog.revision < flat.catalog.revision:
            self._newest[environment] = flat
