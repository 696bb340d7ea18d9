"""Packages and their versions."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import strawberry

from rules import catalog as rules
from rules.catalog import PackageStatus, PricingType
from rules.inheritance import Flattened, Rows
from schema.catalog import Product
from schema.entitlements import Entitlement, Place, Price, entitlements_of
from schema.nodes import Info, Node, resolved, to_id
from schema.scalars import JSON


@strawberry.type(description="A published state of a package, or the draft that may become the next.")
class PackageVersion(Node):
    """A version or draft."""

    place: strawberry.Private[Place]
    number: int = strawberry.field(description="Counts from 1; a draft has the number that it would get.")
    published_at: datetime | None = strawberry.field(description="Null for a draft.")

    @classmethod
    def of(cls, info: Info, place: Place, published_at: datetime | None) -> Self:
        """Show a version, or with no number the draft."""
        number = place.number or len(place.package.versions) + 1
        return cls(
            id=to_id("PackageVersion", info.context.environment, place.package.key, place.number or 0),
            place=place,
            number=number,
            published_at=published_at,
        )

    @resolved("Own, overriding and inherited rows, in display order.")
    def entitlements(self, info: Info) -> list[Entitlement]:
        """Give the rows."""
        return entitlements_of(info, self.place, _rows(self.place))

    @resolved("What the package costs in this version.")
    def prices(self) -> list[Price]:
        """Give the prices."""
        return [Price.of(self.place.flat, price) for price in self.place.content.prices]


def _rows(place: Place) -> Rows:
    if place.number is None:
        return place.flat.draft_rows(place.package)
    return place.flat.rows(place.package.key, place.number)


@strawberry.interface(description="What a customer can subscribe to: a plan, or an add-on on top of one.")
class Package(Node):
    """A package."""

    flat: strawberry.Private[Flattened]
    package: strawberry.Private[rules.Package]
    key: str = strawberry.field(description="Immutable, unique among plans and add-ons.")
    name: str = strawberry.field(description="What people call it.")
    description: str | None = strawberry.field(description="What it is.")
    status: PackageStatus = strawberry.field(description="Whether it can be subscribed to.")
    metadata: JSON = strawberry.field(description="Free-form, for whoever keeps the catalog.")

    @resolved("The product that it belongs to.")
    def product(self, info: Info) -> Product:
        """Give the product."""
        return Product.of(info, self.flat, self.flat.catalog.products[self.package.product])

    @resolved("Of the published version; of the draft where none is published yet. In display order.")
    def entitlements(self, info: Info) -> list[Entitlement]:
        """Give the rows that readers see."""
        place = self._shown()
        return entitlements_of(info, place, _rows(place))

    @resolved("Of the published version; of the draft where none is published yet.")
    def prices(self) -> list[Price]:
        """Give the prices that readers see."""
        return [Price.of(self.flat, price) for price in self._shown().content.prices]

    @resolved("The newest published version.")
    def published_version(self, info: Info) -> PackageVersion | None:
        """Give the version."""
        version = self.package.published
        return (
            None
            if version is None
            else PackageVersion.of(info, self._published(version), version.published_at)
        )

    @resolved("What edits have gathered and no publish has put in force yet.")
    def draft(self, info: Info) -> PackageVersion | None:
        """Give the draft."""
        return None if self.package.draft is None else PackageVersion.of(info, self._draft(), None)

    def draft_entitlements(self, info: Info) -> list[Entitlement]:
        """Give the rows of the draft, which are those of the published version where there is no draft."""
        place = self._draft()
        return entitlements_of(info, place, _rows(place))

    def _shown(self) -> Place:
        version = self.package.published
        return self._draft() if version is None else self._published(version)

    def _published(self, version: rules.Version) -> Place:
        return Place(flat=self.flat, package=self.package, number=version.number, content=version.content)

    def _draft(self) -> Place:
        return Place(flat=self.flat, package=self.package, number=None, content=self.package.newest)


@strawberry.type(description="A package that a customer has at most one of per product.")
class Plan(Package):
    """A plan."""

    pricing_type: PricingType = strawberry.field(description="How it is bought.")
    visible: bool = strawberry.field(description="Shown on pricing tables.")
    position: int = strawberry.field(description="Its place among the product's plans.")

    @classmethod
    def of(cls, info: Info, flat: Flattened, plan: rules.Plan) -> Self:
        """Show a plan."""
        return cls(
            id=to_id("Plan", info.context.environment, plan.key),
            flat=flat,
            package=plan,
            key=plan.key,
            name=plan.name,
            description=plan.description,
            status=plan.status,
            metadata=JSON(plan.metadata),
            pricing_type=plan.pricing_type,
            visible=plan.visible,
            position=plan.position,
        )

    @resolved("The plan that it inherits from.")
    def base_plan(self, info: Info) -> Plan | None:
        """Give the base plan of what readers see."""
        base = self._shown().content.base
        return None if base is None else plan_of(info, self.flat, base)

    @resolved("The plans that inherit from it directly, in display order.")
    def derived_plans(self, info: Info) -> list[Plan]:
        """Give the plans whose published version, or draft where none is published, stands on this one."""
        plans = rules.plans_of(self.flat.catalog, self.package.product, include_archived=True)
        return [Plan.of(info, self.flat, plan) for plan in plans if plan.shown.base == self.key]


def plan_of(info: Info, flat: Flattened, key: str) -> Plan:
    """Show the plan of a key that is known to name one."""
    package = flat.catalog.packages[key]
    if not isinstance(package, rules.Plan):
        message = f"not a plan: {key}"
        raise TypeError(message)
    return Plan.of(info, flat, package)


def version_of(info: Info, flat: Flattened, key: str, number: int) -> PackageVersion:
    """Show a published version that is known to exist."""
    package = flat.catalog.packages[key]
    version = package.versions[number - 1]
    place = Place(flat=flat, package=package, number=number, content=version.content)
    return PackageVersion.of(info, place, version.published_at)


def package_of(info: Info, flat: Flattened, key: str) -> Package:
    """Show the package of a key that is known to exist."""
    return plan_of(info, flat, key)
