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


IncludeArchived = Annotated[bool | None, strawberry.argument(description="True includes archived ones.")]


@strawberry.type(description="A product that you sell; it groups features and packages.")
class Product(Node):
    flat: strawberry.Private[ResolvedCatalog]
    key: str = strawberry.field(description="An immutable key, unique in the environment.")
    name: str = strawberry.field(description="The name shown to people.")
    description: str | None = strawberry.field(description="A description for people.")
    metadata: JSON = strawberry.field(
        description="Free-form JSON for your own use; Allotment does not read it."
    )

    @classmethod
    def of(cls, info: Info, flat: ResolvedCatalog, product: rules.Product) -> Self:
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
        features = [f for f in self.flat.catalog.features.values() if f.product == self.key]
        return features_page(info, self.flat, features, first, after)

    @resolver_field("The packages of the product, in display order.")
    def plans(
        self, info: Info, include_archived: IncludeArchived = False
    ) -> list[Annotated["Plan", strawberry.lazy("schema.catalog.packages")]]:
        from schema.catalog.packages import Plan  # noqa: PLC0415 - packages build on products

        plans = rules.plans_of(self.flat.catalog, self.key, include_archived=bool(include_archived))
        return [Plan.of(info, self.flat, plan) for plan in plans]

    @resolver_field("The packages of the product, in display order.")
    def addons(
        self, info: Info, include_archived: IncludeArchived = False
    ) -> list[Annotated["Addon", strawberry.lazy("schema.catalog.packages")]]:
        from schema.catalog.packages import Addon  # noqa: PLC0415 - packages build on products

        addons = rules.addons_of(self.flat.catalog, self.key, include_archived=bool(include_archived))
        return [Addon.of(info, self.flat, addon) for addon in addons]


@strawberry.type(description="A condition that an event must meet to count.")
class MeterFilter:
    property: str = strawberry.field(description="The name of the event's property.")
    operator: FilterOperator = strawberry.field(description="How the property is compared with the values.")
    values: list[str] = strawberry.field(description="The values to compare with.")

    @classmethod
    def of(cls, condition: rules.MeterFilter) -> Self:
        return cls(property=condition.property, operator=condition.operator, values=list(condition.values))


@strawberry.type(description="How events become usage of a feature.")
class Meter:
    event_name: str | None = strawberry.field(
        description="The name of the events that count; null where usage is only reported."
    )
    aggregation: Aggregation = strawberry.field(description="How events or reports become one quantity.")
    property: str | None = strawberry.field(
        description="The property of the event that is summed, maximised, counted once per value, or kept "
        "as the latest; null for COUNT."
    )
    filters: list[MeterFilter] = strawberry.field(
        description="The conditions that an event must meet; all of them."
    )

    @classmethod
    def of(cls, meter: rules.Meter | None) -> Self | None:
        if meter is None:
            return None
        return cls(
            event_name=meter.event_name,
            aggregation=meter.aggregation,
            property=meter.property,
            filters=[MeterFilter.of(condition) for condition in meter.filters],
        )


@strawberry.type(description="Something of a product that plans include, configure or limit.")
class Feature(Node):
    flat: strawberry.Private[ResolvedCatalog]
    fact: strawberry.Private[rules.Feature]
    key: str = strawberry.field(description="An immutable key, unique in the environment.")
    name: str = strawberry.field(description="The name shown to people.")
    description: str | None = strawberry.field(description="A description for people.")
    type: FeatureType = strawberry.field(description="How the feature is entitled; it never changes.")
    status: FeatureStatus = strawberry.field(description="Whether the feature can be used.")
    config_kind: ConfigKind | None = strawberry.field(
        description="The type of the value; null unless CONFIG."
    )
    choices: list[str] | None = strawberry.field(
        description="The choices that entitlements pick from; null unless CONFIG of kind CHOICE."
    )
    unit: Unit | None = strawberry.field(description="The words for what is counted.")
    meter: Meter | None = strawberry.field(
        description="How usage is counted; null unless METERED with a meter. A METERED feature without "
        "one sums what is reported."
    )
    default_value: EntitlementValue | None = strawberry.field(
        description="The value of an entitlement that names none."
    )
    metadata: JSON = strawberry.field(
        description="Free-form JSON for your own use; Allotment does not read it."
    )

    @classmethod
    def of(cls, info: Info, flat: ResolvedCatalog, feature: rules.Feature) -> Self:
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

    @resolver_field("The product that groups the feature; any package may use it.")
    def product(self, info: Info) -> Product | None:
        key = self.fact.product
        return None if key is None else Product.of(info, self.flat, self.flat.catalog.products[key])


def features_page(
    info: Info,
    flat: ResolvedCatalog,
    features: Sequence[rules.Feature],
    first: int | None,
    after: str | None,
) -> Connection[Feature]:
    """Return a page of features, by key."""
    listing = Listing(
        name=("features", info.context.environment), items=features, position=lambda feature: feature.key
    )
    return Connection[Feature].of(listing, lambda feature: Feature.of(info, flat, feature), first, after)


@strawberry.type(description="A kind of credits, such as tokens.")
class CreditType(Node):
    key: str = strawberry.field(description="An immutable key, unique among features and credit types.")
    name: str = strawberry.field(description="The name shown to people.")
    unit: Unit = strawberry.field(description="The words for one unit and for several.")
    metadata: JSON = strawberry.field(
        description="Free-form JSON for your own use; Allotment does not read it."
    )

    @classmethod
    def of(cls, info: Info, flat: ResolvedCatalog, credit_type: rules.CreditType) -> Self:
        return cls(
            id=catalog_id(info, flat, "CreditType", credit_type.key),
            key=credit_type.key,
            name=credit_type.name,
            unit=Unit(singular=credit_type.unit.singular, plural=credit_type.unit.plural),
            metadata=JSON(credit_type.metadata),
        )
