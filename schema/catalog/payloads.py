"""What the mutations of the catalog answer."""

from typing import Self

import strawberry

from resolvers.catalog import AfterPublish
from rules.catalog.inheritance import Origin, ResolvedCatalog
from schema.catalog.entitlements import Entitlement
from schema.catalog.features import CreditType, Feature, Product
from schema.catalog.packages import (
    Addon,
    Package,
    PackageVersion,
    Plan,
    show_addon,
    show_package,
    show_plan,
    show_version,
)
from schema.fields import Info
from schema.payloads import catalog_revision
from schema.user_errors import Payload


@strawberry.type(description="The result of creating or updating a product.")
class ProductPayload(Payload):
    """A product's payload."""

    product: Product | None = strawberry.field(
        default=None, description="The product; null where `userErrors` names problems."
    )

    @classmethod
    def of(cls, info: Info, flat: ResolvedCatalog, key: str) -> Self:
        """Show the product."""
        product = Product.of(info, flat, flat.catalog.products[key])
        return cls(revision=catalog_revision(flat), product=product)


@strawberry.type(description="The result of creating or updating a feature.")
class FeaturePayload(Payload):
    """A feature's payload."""

    feature: Feature | None = strawberry.field(
        default=None, description="The feature; null where `userErrors` names problems."
    )

    @classmethod
    def of(cls, info: Info, flat: ResolvedCatalog, key: str) -> Self:
        """Show the feature."""
        feature = Feature.of(info, flat, flat.catalog.features[key])
        return cls(revision=catalog_revision(flat), feature=feature)


@strawberry.type(description="The result of creating or updating a credit type.")
class CreditTypePayload(Payload):
    """A credit type's payload."""

    credit_type: CreditType | None = strawberry.field(
        default=None, description="The credit type; null where `userErrors` names problems."
    )

    @classmethod
    def of(cls, info: Info, flat: ResolvedCatalog, key: str) -> Self:
        """Show the credit type."""
        credit_type = CreditType.of(info, flat, flat.catalog.credit_types[key])
        return cls(revision=catalog_revision(flat), credit_type=credit_type)


@strawberry.type(description="The result of creating or updating an add-on.")
class AddonPayload(Payload):
    """An add-on's payload."""

    addon: Addon | None = strawberry.field(
        default=None, description="The add-on; null where `userErrors` names problems."
    )

    @classmethod
    def of(cls, info: Info, flat: ResolvedCatalog, key: str) -> Self:
        """Show the add-on."""
        return cls(revision=catalog_revision(flat), addon=show_addon(info, flat, key))


@strawberry.type(description="The result of creating or updating a plan.")
class PlanPayload(Payload):
    """A plan's payload."""

    plan: Plan | None = strawberry.field(
        default=None, description="The plan; null where `userErrors` names problems."
    )

    @classmethod
    def of(cls, info: Info, flat: ResolvedCatalog, key: str) -> Self:
        """Show the plan."""
        return cls(revision=catalog_revision(flat), plan=show_plan(info, flat, key))


@strawberry.type(description="The result of an edit of a package's draft.")
class PackagePayload(Payload):
    """A package's payload."""

    package: Package | None = strawberry.field(
        default=None, description="The package; null where `userErrors` names problems."
    )

    @classmethod
    def of(cls, info: Info, flat: ResolvedCatalog, key: str) -> Self:
        """Show the package."""
        return cls(revision=catalog_revision(flat), package=show_package(info, flat, key))


@strawberry.type(description="The result of setting or removing an entitlement.")
class EntitlementPayload(Payload):
    """A row's payload."""

    entitlement: Entitlement | None = strawberry.field(
        default=None,
        description="The entitlement as the draft shows it; null where it was removed, or where "
        "`userErrors` names problems.",
    )
    package: Package | None = strawberry.field(
        default=None,
        description="The package whose draft was edited; null where `userErrors` names problems.",
    )

    @classmethod
    def of(cls, info: Info, flat: ResolvedCatalog, package: str, key: str, price: str | None) -> Self:
        """Show the row in its package's draft."""
        shown = show_package(info, flat, package)
        rows = (
            row
            for row in shown.draft_entitlements(info)
            if row.key == key and row.seen.row.price == price and row.origin is not Origin.INHERITED
        )
        return cls(revision=catalog_revision(flat), entitlement=next(rows, None), package=shown)


@strawberry.type(description="The result of a publish.")
class PublishPayload(Payload):
    """A publish's payload."""

    package: Package | None = strawberry.field(
        default=None, description="The package; null where `userErrors` names problems."
    )
    version: PackageVersion | None = strawberry.field(
        default=None, description="The new version; null where `userErrors` names problems."
    )
    cascaded_to: list[Plan] = strawberry.field(
        default_factory=list,
        description="The plans that inherit from the package and were published with it.",
    )

    @classmethod
    def of(cls, info: Info, after: AfterPublish, key: str) -> Self:
        """Show the package and its new version."""
        flat = after.flat
        number = len(flat.catalog.packages[key].versions)
        return cls(
            revision=catalog_revision(flat),
            package=show_package(info, flat, key),
            version=show_version(info, flat, key, number),
            cascaded_to=[show_plan(info, flat, cascaded) for cascaded in after.cascaded],
        )
