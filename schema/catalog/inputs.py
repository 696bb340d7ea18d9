"""The inputs of products, features and credit types. What is left out keeps; null clears."""

import strawberry

from rules.catalog import facts as rules
from rules.catalog.facts import Aggregation, FeatureStatus, FilterOperator
from rules.catalog_edits.updates import CreditTypeUpdate, FeatureUpdate, ProductUpdate
from rules.values import ConfigKind, FeatureType
from schema.catalog.values import EntitlementValueInput, UnitInput
from schema.fields import UNSET, or_none, or_unset, tuple_or_unset
from schema.scalars import JSON


@strawberry.input(description="A condition that an event must meet to count.")
class MeterFilterInput:
    property: str = strawberry.field(description="The name of the event's property.")
    operator: FilterOperator = strawberry.field(description="How the property is compared with the values.")
    values: list[str] = strawberry.field(
        default_factory=list,
        description="The values to compare with: one; any number for IN and NOT_IN; none for EXISTS and "
        "NOT_EXISTS.",
    )

    def fact(self) -> rules.MeterFilter:
        return rules.MeterFilter(property=self.property, operator=self.operator, values=tuple(self.values))


@strawberry.input(description="How events become usage of a feature.")
class MeterInput:
    event_name: str | None = strawberry.field(default=UNSET, description="The name of the events that count.")
    aggregation: Aggregation = strawberry.field(
        default=Aggregation.SUM, description="How events or reports become one quantity."
    )
    property: str | None = strawberry.field(
        default=UNSET, description="The property that is read from each event; REQUIRED unless COUNT."
    )
    filters: list[MeterFilterInput] | None = strawberry.field(
        default=UNSET, description="The conditions that an event must meet; all of them."
    )

    def fact(self) -> rules.Meter:
        return rules.Meter(
            event_name=or_none(self.event_name),
            aggregation=self.aggregation,
            property=or_none(self.property),
            filters=tuple(condition.fact() for condition in or_none(self.filters) or ()),
        )


@strawberry.input(description="The properties of a new product.")
class CreateProductInput:
    key: str = strawberry.field(
        description="An immutable key of letters, digits, dots, underscores and hyphens."
    )
    name: str = strawberry.field(description="The name shown to people.")
    description: str | None = strawberry.field(default=UNSET, description="A description for people.")
    metadata: JSON | None = strawberry.field(
        default=UNSET, description="Free-form JSON for your own use: an object of at most 16 kB."
    )

    def fact(self) -> rules.Product:
        return rules.Product(
            key=self.key,
            name=self.name,
            description=or_none(self.description),
            metadata=or_none(self.metadata) or {},
        )


@strawberry.input(description="Changes of a product. What is left out stays.")
class UpdateProductInput:
    key: str = strawberry.field(description="The key of the product.")
    name: str | None = strawberry.field(default=UNSET, description="The name shown to people.")
    description: str | None = strawberry.field(default=UNSET, description="A description for people.")
    metadata: JSON | None = strawberry.field(
        default=UNSET, description="Free-form JSON for your own use: an object of at most 16 kB."
    )

    def fact(self) -> ProductUpdate:
        return ProductUpdate(
            key=self.key,
            name=or_unset(self.name),
            description=or_unset(self.description),
            metadata=or_unset(self.metadata),
        )


@strawberry.input(description="The properties of a new feature.")
class CreateFeatureInput:
    key: str = strawberry.field(description="An immutable key, unique among features and credit types.")
    name: str = strawberry.field(description="The name shown to people.")
    type: FeatureType = strawberry.field(description="How the feature is entitled; it never changes.")
    description: str | None = strawberry.field(default=UNSET, description="A description for people.")
    product: str | None = strawberry.field(
        default=UNSET, description="The product that groups the feature; any package may use it."
    )
    config_kind: ConfigKind | None = strawberry.field(
        default=UNSET, description="The type of the value; CONFIG only, and REQUIRED there."
    )
    choices: list[str] | None = strawberry.field(
        default=UNSET,
        description="The choices that entitlements pick from; kind CHOICE only, and REQUIRED there.",
    )
    unit: UnitInput | None = strawberry.field(default=UNSET, description="The words for what is counted.")
    meter: MeterInput | None = strawberry.field(
        default=UNSET,
        description="How usage is counted; METERED only. Left out, the feature sums what is reported.",
    )
    default_value: EntitlementValueInput | None = strawberry.field(
        default=UNSET, description="The value of an entitlement that names none."
    )
    metadata: JSON | None = strawberry.field(
        default=UNSET, description="Free-form JSON for your own use: an object of at most 16 kB."
    )

    def fact(self) -> rules.Feature:
        """Return the feature without its default value, which is validated with the feature."""
        return rules.Feature(
            key=self.key,
            name=self.name,
            type=self.type,
            description=or_none(self.description),
            product=or_none(self.product),
            config_kind=or_none(self.config_kind),
            choices=tuple(or_none(self.choices) or ()),
            unit=self.unit.fact() if self.unit else None,
            meter=self.meter.fact() if self.meter else None,
            metadata=or_none(self.metadata) or {},
        )


@strawberry.input(
    description="Changes of a feature. What is left out stays. The type and the meter's aggregation never "
    "change."
)
class UpdateFeatureInput:
    key: str = strawberry.field(description="The key of the feature.")
    name: str | None = strawberry.field(default=UNSET, description="The name shown to people.")
    description: str | None = strawberry.field(default=UNSET, description="A description for people.")
    unit: UnitInput | None = strawberry.field(default=UNSET, description="The words for what is counted.")
    choices: list[str] | None = strawberry.field(
        default=UNSET,
        description="The choices that entitlements pick from; a choice that is in use cannot be removed "
        "(IN_USE).",
    )
    meter: MeterInput | None = strawberry.field(
        default=UNSET, description="How usage is counted from now on; the aggregation stays."
    )
    status: FeatureStatus | None = strawberry.field(
        default=UNSET, description="Whether the feature can be used."
    )
    default_value: EntitlementValueInput | None = strawberry.field(
        default=UNSET, description="The value of an entitlement that names none."
    )
    metadata: JSON | None = strawberry.field(
        default=UNSET, description="Free-form JSON for your own use: an object of at most 16 kB."
    )

    def fact(self) -> FeatureUpdate:
        return FeatureUpdate(
            key=self.key,
            name=or_unset(self.name),
            description=or_unset(self.description),
            unit=self.unit.fact() if self.unit else or_unset(self.unit),
            choices=tuple_or_unset(self.choices),
            meter=self.meter.fact() if self.meter else or_unset(self.meter),
            status=or_unset(self.status),
            default=self.default_value.fact() if self.default_value else or_unset(self.default_value),
            metadata=or_unset(self.metadata),
        )


@strawberry.input(description="The properties of a new credit type.")
class CreateCreditTypeInput:
    key: str = strawberry.field(description="An immutable key, unique among features and credit types.")
    name: str = strawberry.field(description="The name shown to people.")
    unit: UnitInput = strawberry.field(description="The words for one unit and for several.")
    metadata: JSON | None = strawberry.field(
        default=UNSET, description="Free-form JSON for your own use: an object of at most 16 kB."
    )

    def fact(self) -> rules.CreditType:
        return rules.CreditType(
            key=self.key, name=self.name, unit=self.unit.fact(), metadata=or_none(self.metadata) or {}
        )


@strawberry.input(description="Changes of a credit type. What is left out stays.")
class UpdateCreditTypeInput:
    key: str = strawberry.field(description="The key of the credit type.")
    name: str | None = strawberry.field(default=UNSET, description="The name shown to people.")
    unit: UnitInput | None = strawberry.field(
        default=UNSET, description="The words for one unit and for several."
    )
    metadata: JSON | None = strawberry.field(
        default=UNSET, description="Free-form JSON for your own use: an object of at most 16 kB."
    )

    def fact(self) -> CreditTypeUpdate:
        return CreditTypeUpdate(
            key=self.key,
            name=or_unset(self.name),
            unit=self.unit.fact() if self.unit else or_unset(self.unit),
            metadata=or_unset(self.metadata),
        )
