"""Packages, plans and add-ons, and their versions."""

from datetime import datetime
from typing import Self

import strawberry

from resolvers import subscription_counts
from resolvers.paging import Listing
from rules.catalog import facts as rules
from rules.catalog.facts import PackageStatus, PricingType, VersionState
from rules.catalog.inheritance import ResolvedCatalog
from rules.catalog_code.version_diff import draft_changes, version_changes
from schema.catalog.changes import CatalogChange
from schema.catalog.entitlements import CreditRate, Entitlement, HiddenPlace, Price, entitlements_of
from schema.catalog.features import Product
from schema.connections import After, Connection, First
from schema.fields import UNSET, Info, resolver_field
from schema.nodes import Node, catalog_id
from schema.scalars import JSON


@strawberry.type(description="A published version of a package, or the draft of the next one.")
class PackageVersion(Node):
    place: strawberry.Private[HiddenPlace]
    number: int = strawberry.field(
        description="The number of the version, from 1; a draft has the number it would get."
    )
    state: VersionState = strawberry.field(
        description="Whether the version is a draft, published or superseded."
    )
    published_at: datetime | None = strawberry.field(
        description="The instant of the publish; null for a draft."
    )

    @classmethod
    def of(cls, info: Info, place: HiddenPlace) -> Self:
        versions = place.package.versions
        return cls(
            id=catalog_id(info, place.flat, "PackageVersion", place.package.key, place.number or 0),
            place=place,
            number=place.number or len(versions) + 1,
            state=_state(place),
            published_at=None if place.number is None else versions[place.number - 1].published_at,
        )

    @resolver_field("The package of the version.")
    def package(self, info: Info) -> "Package":
        return show_package(info, self.place.flat, self.place.package.key)

    @resolver_field("The number of live subscriptions that this version holds for.")
    async def subscription_count(self, info: Info) -> int:
        if self.place.number is None:
            return 0
        return await subscription_counts.on_version(info.context, self.place.package.key, self.place.number)

    @resolver_field("The version of the base plan against which it was published; null without a base plan.")
    def base_version(self, info: Info) -> "PackageVersion | None":
        """Return the version of the base plan; for a draft, the one that it inherits from now."""
        base, number = self.place.content.base, self.place.base_number
        return None if base is None or number is None else show_version(info, self.place.flat, base, number)

    @resolver_field("Own, overriding and inherited entitlements, in display order.")
    def entitlements(self, info: Info) -> list[Entitlement]:
        return entitlements_of(info, self.place, self.place.rows)

    @resolver_field("The prices of the package in this version.")
    def prices(self, info: Info) -> list[Price]:
        return [Price.of(info, self.place, price) for price in self.place.content.prices]

    @resolver_field("The credits that using features burns in this version, inherited rates included.")
    def credit_rates(self) -> list[CreditRate]:
        return CreditRate.at(self.place)

    @resolver_field("The differences from the version before it; for a draft, what publishing would change.")
    def changes(self) -> list[CatalogChange]:
        """Return the differences for its subscribers, those of inherited rows included."""
        place = self.place
        if place.number is None:
            changes = draft_changes(place.flat, place.package)
        else:
            changes = version_changes(place.flat, place.package, place.number)
        return [CatalogChange.of(change) for change in changes]


def _state(place: HiddenPlace) -> VersionState:
    if place.number is None:
        return VersionState.DRAFT
    newest = place.number == len(place.package.versions)
    return VersionState.PUBLISHED if newest else VersionState.SUPERSEDED


@strawberry.interface(description="What a customer can subscribe to: a plan, or an add-on on top of one.")
class Package(Node):
    flat: strawberry.Private[ResolvedCatalog]
    package: strawberry.Private[rules.Package]
    key: str = strawberry.field(description="An immutable key, unique among plans and add-ons.")
    name: str = strawberry.field(description="The name shown to people.")
    description: str | None = strawberry.field(description="A description for people.")
    status: PackageStatus = strawberry.field(description="Whether new subscriptions can use it.")
    metadata: JSON = strawberry.field(
        description="Free-form JSON for your own use; Allotment does not read it."
    )

    @resolver_field("The product that it belongs to.")
    def product(self, info: Info) -> Product:
        return Product.of(info, self.flat, self.flat.catalog.products[self.package.product])

    @resolver_field(
        "The entitlements in display order: of the published version, or of the draft where none "
        "is published yet."
    )
    def entitlements(self, info: Info) -> list[Entitlement]:
        place = self.shown_place()
        return entitlements_of(info, place, place.rows)

    @resolver_field("The prices of the published version, or of the draft where none is published yet.")
    def prices(self, info: Info) -> list[Price]:
        place = self.shown_place()
        return [Price.of(info, place, price) for price in place.content.prices]

    @resolver_field(
        "The credits that using features burns, inherited rates included: of the published "
        "version, or of the draft where none is published yet."
    )
    def credit_rates(self) -> list[CreditRate]:
        return CreditRate.at(self.shown_place())

    @resolver_field("The newest published version; null before the first publish.")
    def published_version(self, info: Info) -> PackageVersion | None:
        version = self.package.published
        return (
            None if version is None else PackageVersion.of(info, place_of(self.flat, self.package, version))
        )

    @resolver_field("The edits since the last publish, as a version; null where nothing was edited.")
    def draft(self, info: Info) -> PackageVersion | None:
        if self.package.draft is None:
            return None
        return PackageVersion.of(info, draft_place(self.flat, self.package))

    @resolver_field("All published versions, newest first.")
    def versions(self, info: Info, first: First = 20, after: After = UNSET) -> Connection[PackageVersion]:
        listing = Listing(
            name=("versions", info.context.environment, self.key),
            items=self.package.versions,
            position=lambda version: version.number,
            newest_first=True,
        )

        def show(version: rules.Version) -> PackageVersion:
            return PackageVersion.of(info, place_of(self.flat, self.package, version))

        return Connection[PackageVersion].of(listing, show, first, after)

    def draft_entitlements(self, info: Info) -> list[Entitlement]:
        """Return the rows of the draft, or of the published version where there is no draft."""
        place = self.shown_place() if self.package.draft is None else draft_place(self.flat, self.package)
        return entitlements_of(info, place, place.rows)

    def shown_place(self) -> HiddenPlace:
        """Return the version that readers see."""
        version = self.package.published
        if version is None:
            return draft_place(self.flat, self.package)
        return place_of(self.flat, self.package, version)


def place_of(flat: ResolvedCatalog, package: rules.Package, version: rules.Version) -> HiddenPlace:
    """Return the place of a published version."""
    return HiddenPlace(
        flat=flat,
        package=package,
        number=version.number,
        content=version.content,
        base_number=version.base_version,
    )


def draft_place(flat: ResolvedCatalog, package: rules.Package) -> HiddenPlace:
    """Return the place of a draft."""
    content = package.newest
    number = flat.base_number(content)
    return HiddenPlace(flat=flat, package=package, number=None, content=content, base_number=number)


def _shared_fields(info: Info, flat: ResolvedCatalog, kind: str, package: rules.Package) -> dict[str, object]:
    return {
        "id": catalog_id(info, flat, kind, package.key),
        "flat": info.context.visible(flat),
        "package": package,
        "key": package.key,
        "name": package.name,
        "description": package.description,
        "status": package.status,
        "metadata": JSON(package.metadata),
    }


@strawberry.type(description="A package of which a customer has at most one per product.")
class Plan(Package):
    plan: strawberry.Private[rules.Plan]
    pricing_type: PricingType = strawberry.field(
        description="Whether the plan is free, paid or sold on request."
    )
    visible: bool = strawberry.field(description="Whether pricing tables show the plan.")
    position: int = strawberry.field(description="The position among the product's plans.")
    default_trial_days: int | None = strawberry.field(
        description="The length of a customer's first trial in local days; null for no trial."
    )

    @classmethod
    def of(cls, info: Info, flat: ResolvedCatalog, plan: rules.Plan) -> Self:
        shared = _shared_fields(info, flat, "Plan", plan)
        return cls(
            plan=plan,
            pricing_type=plan.pricing_type,
            visible=plan.visible,
            position=plan.position,
            default_trial_days=plan.default_trial_days,
            **shared,  # type: ignore[arg-type]
        )

    @resolver_field("The plan whose entitlements it inherits; null for none.")
    def base_plan(self, info: Info) -> "Plan | None":
        base = self.shown_place().content.base
        return None if base is None else show_plan(info, self.flat, base)

    @resolver_field("The plans that inherit from it directly, in display order.")
    def derived_plans(self, info: Info) -> "list[Plan]":
        """Return the plans whose published version (else draft) inherits from this plan."""
        plans = rules.plans_of(self.flat.catalog, self.plan.product, include_archived=True)
        return [Plan.of(info, self.flat, plan) for plan in plans if plan.shown.base == self.key]

    @resolver_field(
        "The compatible add-ons as they were set. Null: every add-on of the product, later ones "
        "too. Empty: none."
    )
    def compatible_addons(self, info: Info) -> "list[Addon] | None":
        """Return the add-ons that the plan names, as far as the viewer may see them."""
        keys, known = self.plan.compatible_addons, self.flat.catalog.packages
        return None if keys is None else [show_addon(info, self.flat, key) for key in keys if key in known]

    @resolver_field("The add-ons that a subscriber may buy, in display order.")
    def available_addons(self, info: Info) -> "list[Addon]":
        addons = rules.available_addons(self.flat.catalog, self.plan)
        return [Addon.of(info, self.flat, addon) for addon in addons]


@strawberry.type(description="A package that is sold on top of a plan, in a quantity.")
class Addon(Package):
    max_quantity: int | None = strawberry.field(
        description="The largest quantity that one subscription may have; null for no maximum."
    )

    @classmethod
    def of(cls, info: Info, flat: ResolvedCatalog, addon: rules.Addon) -> Self:
        shared = _shared_fields(info, flat, "Addon", addon)
        return cls(max_quantity=addon.max_quantity, **shared)  # type: ignore[arg-type]


def show_plan(info: Info, flat: ResolvedCatalog, key: str) -> Plan:
    """Return the plan of a key that is known to name one."""
    package = flat.catalog.packages[key]
    if not isinstance(package, rules.Plan):
        message = f"not a plan: {key}"
        raise TypeError(message)
    return Plan.of(info, flat, package)


def show_addon(info: Info, flat: ResolvedCatalog, key: str) -> Addon:
    """Return the add-on of a key that is known to name one."""
    package = flat.catalog.packages[key]
    if not isinstance(package, rules.Addon):
        message = f"not an add-on: {key}"
        raise TypeError(message)
    return Addon.of(info, flat, package)


def show_version(info: Info, flat: ResolvedCatalog, key: str, number: int) -> PackageVersion:
    """Return a published version that is known to exist."""
    package = flat.catalog.packages[key]
    return PackageVersion.of(info, place_of(flat, package, package.versions[number - 1]))


def show_package(info: Info, flat: ResolvedCatalog, key: str) -> Package:
    """Return the package of a key that is known to exist."""
    if isinstance(flat.catalog.packages[key], rules.Plan):
        return show_plan(info, flat, key)
    return show_addon(info, flat, key)
