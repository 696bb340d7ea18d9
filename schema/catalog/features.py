"""Products and features."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from resolvers.paging import Listing
from rules.catalog import facts as rules
from rules.catalog.facts import Aggregation, FeatureStatus, FilterOperator
from rules.catalog.inheritance import ResolvedCatalog
from rules.values import ConfigKind, FeatureType
from schema.catalog.values import EntitlementValue, Unit
from schema.connections import After, Connection, First
from schema.fields import UNSET, Info, resolver_field
from schema.nodes import Node, catalog_id
from schema.scalars import JSON

if TYPE_CHECKING:
    from schema.catalog.packages import Addon, Plan


IncludeArchived = Annotated[
    bool | None, strawberry.argument(description="Whether archived ones are listed too.")
]


@strawberry.type(description="What is sold; it groups features and packages.")
class Product(Node):
    """A product."""

    flat: strawberry.Private[ResolvedCatalog]
    key: str = strawberry.field(description="Immutable, unique in the environment.")
    name: str = strawberry.field(description="What people call it.")
    description: str | None = strawberry.field(description="What it is.")
    metadata: JSON = strawberry.field(description="Free-form, for whoever keeps the catalog.")

    @classmethod
    def of(cls, info: Info, flat: ResolvedCatalog, product: rules.Product) -> Self:
        """Show a product."""
        return cls(
            id=catalog_id(info, flat, "Product", product.key),
            flat=info.context.visible(flat),
            key=product.key,
            name=product.name,
            description=product.description,
            metadata=JSON(product.metadata),
        )

    @resolver_field("The features that the product groups.")
    def features(
        self, info: Info, first: First = 20, after: After = UNSET
    ) -> Connection[Annotated["Feature", strawberry.lazy("schema.catalog.features")]]:
        """Give a page of features, by key."""
        features = [f for f in self.flat.catalog.features.values() if f.product == self.key]
        return features_page(info, self.flat, features, first, after)

    @resolver_field("In display order.")
    def plans(
        self, info: Info, include_archived: IncludeArchived = False
    ) -> list[Annotated["Plan", strawberry.lazy("schema.catalog.packages")]]:
        """Give the plans by position, equals by key."""
        from schema.catalog.packages import Plan  # noqa: PLC0415 - packages build on products

        plans = rules.plans_of(self.flat.catalog, self.key, include_archived=bool(include_archived))
        return [Plan.of(info, self.flat, plan) for plan in plans]

    @resolver_field("In display order.")
    def addons(
        self, info: Info, include_archived: IncludeArchived = False
    ) -> list[Annotated["Addon", strawberry.lazy("schema.catalog.packages")]]:
        """Give the add-ons by key."""
        from schema.catalog.packages import Addon  # noqa: PLC0415 - packages build on products

        addons = rules.addons_of(self.flat.catalog, self.key, include_archived=bool(include_archived))
        return [Addon.of(info, self.flat, addon) for addon in addons]


@strawberry.type(description="A condition that an event must meet to count.")
class MeterFilter:
    """A meter's filter."""

    property: str = strawberry.field(description="The event's property.")
    operator: FilterOperator = strawberry.field(description="How it is compared.")
    values: list[str] = strawberry.field(description="What it is compared with.")

    @classmethod
    def of(cls, condition: rules.MeterFilter) -> Self:
        """Show a filter."""
        return cls(property=condition.property, operator=condition.operator, values=list(condition.values))


@strawberry.type(description="How raw events become usage.")
class Meter:
    """A meter."""

    event_name: str | None = strawberry.field(description="The events that count; null for reports only.")
    aggregation: Aggregation = strawberry.field(description="How they become one quantity.")
    property: str | None = strawberry.field(
        description="The event property that is summed, maximised, counted distinct or kept. Not for COUNT."
    )
    filters: list[MeterFilter] = strawberry.field(description="All of them must be met.")

    @classmethod
    def of(cls, meter: rules.Meter | None) -> Self | None:
        """Show a meter, if there is one."""
        if meter is None:
            return None
        return cls(
            event_name=meter.event_name,
            aggregation=meter.aggregation,
            property=meter.property,
            filters=[MeterFilter.of(condition) for condition in meter.filters],
        )


@strawberry.type(description="Something that a customer may use or not, or up to a limit.")
class Feature(Node):
    """A feature."""

    flat: strawberry.Private[ResolvedCatalog]
    fact: strawberry.Private[rules.Feature]
    key: str = strawberry.field(description="Immutable, unique in the environment.")
    name: str = strawberry.field(description="What people call it.")
    description: str | None = strawberry.field(description="What it is.")
    type: FeatureType = strawberry.field(description="How it is entitled; never changes.")
    status: FeatureStatus = strawberry.field(description="Whether it can be used at all.")
    config_kind: ConfigKind | None = strawberry.field(description="CONFIG only.")
    choices: list[str] | None = strawberry.field(
        description="CONFIG of kind CHOICE only: the values an entitlement may pick from."
    )
    unit: Unit | None = strawberry.field(description="The words for what is counted.")
    meter: Meter | None = strawberry.field(
        description="METERED only. A feature made without one counts what is reported to it (SUM)."
    )
    default_value: EntitlementValue | None = strawberry.field(
        description="Used where a plan sets the feature and leaves the value out."
    )
    metadata: JSON = strawberry.field(description="Free-form, for whoever keeps the catalog.")

    @classmethod
    def of(cls, info: Info, flat: ResolvedCatalog, feature: rules.Feature) -> Self:
        """Show a feature."""
        return cls(
            id=catalog_id(info, flat, "Feature", feature.key),
            flat=flat,
            fact=feature,
            key=feature.key,
            name=feature.name,
            description=feature.description,
            type=feature.type,
            status=feature.status,
            config_kind=feature.config_kind,
            choices=list(feature.choices) if feature.config_kind is ConfigKind.CHOICE else None,
            unit=Unit.of(feature.unit),
            meter=Meter.of(feature.meter),
            default_value=EntitlementValue.of(feature.default),
            metadata=JSON(feature.metadata),
        )

    @resolver_field("The product that groups it; any package may use it.")
    def product(self, info: Info) -> Product | None:
        """Give the product."""
        key = self.fact.product
        return None if key is None else Product.of(info, self.flat, self.flat.catalog.products[key])


def features_page(
    info: Info,
    flat: ResolvedCatalog,
    features: Sequence[rules.Feature],
    first: int | None,
    after: str | None,
) -> Connection[Feature]:
    """Give a page of features, by key."""
    listing = Listing(
        name=("features", info.context.environment), items=features, position=lambda feature: feature.key
    )
    return Connection[Feature].of(listing, lambda feature: Feature.of(info, flat, feature), first, after)


@strawberry.type(description="A kind of credits.")
class CreditType(Node):
    """A credit type."""

    key: str = strawberry.field(description="Immutable, unique among features and credit types.")
    name: str = strawberry.field(description="What people call it.")
    unit: Unit = strawberry.field(description="The words for one and for many.")
    metadata: JSON = strawberry.field(description="Free-form, for whoever keeps the catalog.")

    @classmethod
    def of(cls, info: Info, flat: ResolvedCatalog, credit_type: rules.CreditType) -> Self:
        """Show a credit type."""
        return cls(
            id=catalog_id(info, flat, "CreditType", credit_type.key),
            key=credit_type.key,
            name=credit_type.name,
            unit=Unit(singular=credit_type.unit.singular, plural=credit_type.unit.plural),
            metadata=JSON(credit_type.metadata),
        )
