"""Products, features and credit types, written. What is left out keeps; null clears."""

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
    """A filter, written."""

    property: str = strawberry.field(description="The event's property.")
    operator: FilterOperator = strawberry.field(description="How it is compared.")
    values: list[str] = strawberry.field(
        default_factory=list,
        description="What it is compared with: one value, several for IN and NOT_IN, none for EXISTS.",
    )

    def fact(self) -> rules.MeterFilter:
        """Read it."""
        return rules.MeterFilter(property=self.property, operator=self.operator, values=tuple(self.values))


@strawberry.input(description="How raw events become usage.")
class MeterInput:
    """A meter, written."""

    event_name: str | None = strawberry.field(default=UNSET, description="The events that count.")
    aggregation: Aggregation = strawberry.field(
        default=Aggregation.SUM, description="How they become one quantity."
    )
    property: str | None = strawberry.field(default=UNSET, description="What is read of each event.")
    filters: list[MeterFilterInput] | None = strawberry.field(
        default=UNSET, description="All of them must be met."
    )

    def fact(self) -> rules.Meter:
        """Read it."""
        return rules.Meter(
            event_name=or_none(self.event_name),
            aggregation=self.aggregation,
            property=or_none(self.property),
            filters=tuple(condition.fact() for condition in or_none(self.filters) or ()),
        )


@strawberry.input(description="A new product.")
class CreateProductInput:
    """A product, written."""

    key: str = strawberry.field(description="Immutable; letters, digits, dots, underscores, hyphens.")
    name: str = strawberry.field(description="What people call it.")
    description: str | None = strawberry.field(default=UNSET, description="What it is.")
    metadata: JSON | None = strawberry.field(default=UNSET, description="A JSON object of at most 16 kB.")

    def fact(self) -> rules.Product:
        """Read it."""
        return rules.Product(
            key=self.key,
            name=self.name,
            description=or_none(self.description),
            metadata=or_none(self.metadata) or {},
        )


@strawberry.input(description="Changes of a product.")
class UpdateProductInput:
    """What is said of a product."""

    key: str = strawberry.field(description="Which product.")
    name: str | None = strawberry.field(default=UNSET, description="What people call it.")
    description: str | None = strawberry.field(default=UNSET, description="What it is.")
    metadata: JSON | None = strawberry.field(default=UNSET, description="A JSON object of at most 16 kB.")

    def fact(self) -> ProductUpdate:
        """Read it."""
        return ProductUpdate(
            key=self.key,
            name=or_unset(self.name),
            description=or_unset(self.description),
            metadata=or_unset(self.metadata),
        )


@strawberry.input(description="A new feature.")
class CreateFeatureInput:
    """A feature, written."""

    key: str = strawberry.field(description="Immutable, unique among features and credit types.")
    name: str = strawberry.field(description="What people call it.")
    type: FeatureType = strawberry.field(description="How it is entitled; never changes.")
    description: str | None = strawberry.field(default=UNSET, description="What it is.")
    product: str | None = strawberry.field(default=UNSET, description="The product that groups it.")
    config_kind: ConfigKind | None = strawberry.field(
        default=UNSET, description="What the setting is; CONFIG only, and needed there."
    )
    choices: list[str] | None = strawberry.field(
        default=UNSET, description="What an entitlement may pick from; CHOICE only, and needed there."
    )
    unit: UnitInput | None = strawberry.field(default=UNSET, description="The words for what is counted.")
    meter: MeterInput | None = strawberry.field(
        default=UNSET, description="METERED only; left out, what is reported is summed."
    )
    default_value: EntitlementValueInput | None = strawberry.field(
        default=UNSET, description="Used where a plan sets the feature and leaves the value out."
    )
    metadata: JSON | None = strawberry.field(default=UNSET, description="A JSON object of at most 16 kB.")

    def fact(self) -> rules.Feature:
        """Read it, but for the default value, which is proven with the feature."""
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


@strawberry.input(description="Changes of a feature. Its type and its meter's aggregation never change.")
class UpdateFeatureInput:
    """What is said of a feature."""

    key: str = strawberry.field(description="Which feature.")
    name: str | None = strawberry.field(default=UNSET, description="What people call it.")
    description: str | None = strawberry.field(default=UNSET, description="What it is.")
    unit: UnitInput | None = strawberry.field(default=UNSET, description="The words for what is counted.")
    choices: list[str] | None = strawberry.field(
        default=UNSET, description="What an entitlement may pick from; one that is picked cannot go."
    )
    meter: MeterInput | None = strawberry.field(
        default=UNSET, description="Counts from then on; the aggregation stays."
    )
    status: FeatureStatus | None = strawberry.field(
        default=UNSET, description="Whether it can be used at all."
    )
    default_value: EntitlementValueInput | None = strawberry.field(
        default=UNSET, description="Used where a plan sets the feature and leaves the value out."
    )
    metadata: JSON | None = strawberry.field(default=UNSET, description="A JSON object of at most 16 kB.")

    def fact(self) -> FeatureUpdate:
        """Read it."""
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


@strawberry.input(description="A new kind of credits.")
class CreateCreditTypeInput:
    """A credit type, written."""

    key: str = strawberry.field(description="Immutable, unique among features and credit types.")
    name: str = strawberry.field(description="What people call it.")
    unit: UnitInput = strawberry.field(description="The words for one and for many.")
    metadata: JSON | None = strawberry.field(default=UNSET, description="A JSON object of at most 16 kB.")

    def fact(self) -> rules.CreditType:
        """Read it."""
        return rules.CreditType(
            key=self.key, name=self.name, unit=self.unit.fact(), metadata=or_none(self.metadata) or {}
        )


@strawberry.input(description="Changes of a credit type.")
class UpdateCreditTypeInput:
    """What is said of a credit type."""

    key: str = strawberry.field(description="Which credit type.")
    name: str | None = strawberry.field(default=UNSET, description="What people call it.")
    unit: UnitInput | None = strawberry.field(default=UNSET, description="The words for one and for many.")
    metadata: JSON | None = strawberry.field(default=UNSET, description="A JSON object of at most 16 kB.")

    def fact(self) -> CreditTypeUpdate:
        """Read it."""
        return CreditTypeUpdate(
            key=self.key,
            name=or_unset(self.name),
            unit=self.unit.fact() if self.unit else or_unset(self.unit),
            metadata=or_unset(self.metadata),
        )
