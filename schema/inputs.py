"""What mutations are given. What is left out keeps; null clears."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from rules import catalog as rules
from rules.catalog import Aggregation, FilterOperator, PricingType, PublishScope, Widget
from rules.drafts import KEEP, RowEdit
from rules.lifecycle import Subscribe, UpsertCustomer
from rules.reporting import ReportUsage
from rules.values import BillingPeriod, ConfigKind, FeatureType
from schema.nodes import UNSET, given
from schema.scalars import JSON, Quantity
from schema.values import EntitlementValueInput, MoneyInput, UnitInput


def kept(value: Any) -> Any:  # noqa: ANN401
    """Give what was said, KEEP where it was left out."""
    return KEEP if value is UNSET else value


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
            event_name=given(self.event_name),
            aggregation=self.aggregation,
            property=given(self.property),
            filters=tuple(condition.fact() for condition in given(self.filters) or ()),
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
            description=given(self.description),
            metadata=given(self.metadata) or {},
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
            description=given(self.description),
            product=given(self.product),
            config_kind=given(self.config_kind),
            choices=tuple(given(self.choices) or ()),
            unit=self.unit.fact() if self.unit else None,
            meter=self.meter.fact() if self.meter else None,
            metadata=given(self.metadata) or {},
        )


@strawberry.input(description="A new plan, with an empty draft.")
class CreatePlanInput:
    """A plan, written."""

    key: str = strawberry.field(description="Immutable, unique among plans and add-ons.")
    name: str = strawberry.field(description="What people call it.")
    product: str = strawberry.field(description="The product that it belongs to.")
    description: str | None = strawberry.field(default=UNSET, description="What it is.")
    base_plan: str | None = strawberry.field(default=UNSET, description="The plan that it inherits from.")
    pricing_type: PricingType = strawberry.field(default=PricingType.FREE, description="How it is bought.")
    visible: bool = strawberry.field(default=True, description="Shown on pricing tables.")
    position: int | None = strawberry.field(
        default=UNSET, description="Its place among the product's plans; left out, the last."
    )
    metadata: JSON | None = strawberry.field(default=UNSET, description="A JSON object of at most 16 kB.")

    def fact(self) -> rules.Plan:
        """Read it; where it goes without a position is up to whoever adds it."""
        return rules.Plan(
            key=self.key,
            name=self.name,
            product=self.product,
            description=given(self.description),
            pricing_type=self.pricing_type,
            visible=self.visible,
            position=given(self.position) or 0,
            metadata=given(self.metadata) or {},
        )


@strawberry.input(description="Null takes the base plan away.")
class SetBasePlanInput:
    """Another base plan, written."""

    plan: str = strawberry.field(description="The plan that is to inherit.")
    base_plan: str | None = strawberry.field(
        default=UNSET, description="The plan to inherit from; only an explicit null removes."
    )
    keep_inherited: bool = strawberry.field(
        default=False, description="Copies what is inherited now into the plan's own rows."
    )


@strawberry.input(
    description="Sets or replaces this package's own row. On an inherited key the row is an override."
)
class SetEntitlementInput:
    """A row, written."""

    package: str = strawberry.field(description="Key of the plan.")
    key: str = strawberry.field(description="Feature key.")
    value: EntitlementValueInput | None = strawberry.field(
        default=UNSET,
        description="Left out: what this package's row has; on an inherited key what the inherited row has; "
        "on another new row the feature's default value, or granted for a boolean feature.",
    )
    revoked: bool = strawberry.field(
        default=False, description="Child plans only: takes the inherited row away. Goes without a value."
    )
    price: str | None = strawberry.field(
        default=UNSET,
        description="A price of the same plan: the row holds for subscriptions on it only.",
    )
    display_text: str | None = strawberry.field(
        default=UNSET, description="Left out keeps the text, null returns to the default."
    )
    hidden_from: list[Widget] | None = strawberry.field(
        default=UNSET, description="Left out keeps, null or [] shows everywhere."
    )

    def fact(self) -> RowEdit:
        """Read it."""
        hidden = KEEP if self.hidden_from is UNSET else tuple(dict.fromkeys(self.hidden_from or ()))
        return RowEdit(
            package=self.package,
            key=self.key,
            value=self.value.fact() if self.value else None,
            revoked=self.revoked,
            price=given(self.price),
            display_text=kept(self.display_text),
            hidden_from=hidden,
        )


@strawberry.input(description="One of a package's own rows.")
class RemoveEntitlementInput:
    """A row to take away, written."""

    package: str = strawberry.field(description="Key of the plan.")
    key: str = strawberry.field(description="Feature key.")
    price: str | None = strawberry.field(default=UNSET, description="Of the row that holds for this price.")


@strawberry.input(description="A price of a package.")
class SetPriceInput:
    """A price, written."""

    package: str = strawberry.field(description="Key of the plan.")
    key: str = strawberry.field(description="Unique in its package.")
    billing_period: BillingPeriod = strawberry.field(description="How often it is due.")
    amount: MoneyInput = strawberry.field(description="How much.")
    per_unit_of: str | None = strawberry.field(
        default=UNSET, description="The metered feature that is charged per unit, such as seats."
    )

    def fact(self) -> rules.Price:
        """Read it."""
        return rules.Price(
            key=self.key,
            billing_period=self.billing_period,
            amount=self.amount.fact(),
            per_unit_of=given(self.per_unit_of),
        )


@strawberry.input(description="A price to take away.")
class RemovePriceInput:
    """A price to take away, written."""

    package: str = strawberry.field(description="Key of the plan.")
    key: str = strawberry.field(description="Key of the price.")


@strawberry.input(description="A draft to put in force.")
class PublishPackageInput:
    """A publish, written."""

    package: str = strawberry.field(description="Key of the plan.")
    apply_to: PublishScope = strawberry.field(
        default=PublishScope.ALL_CUSTOMERS, description="Whom the new version holds for."
    )
    expected_version: int | None = strawberry.field(
        default=UNSET,
        description="Refused with VERSION_CONFLICT unless it is the number of the newest published version.",
    )


@strawberry.input(description="A customer by the caller's own key: made where missing, changed where known.")
class UpsertCustomerInput:
    """A customer, written."""

    key: str = strawberry.field(description="The caller's own id: 1 to 255 printable characters.")
    name: str | None = strawberry.field(default=UNSET, description="What people call them.")
    email: str | None = strawberry.field(default=UNSET, description="Where they are written to.")
    timezone: str | None = strawberry.field(
        default=UNSET, description="IANA name; UTC for a new customer where it is left out."
    )
    metadata: JSON | None = strawberry.field(default=UNSET, description="A JSON object of at most 16 kB.")

    def fact(self) -> UpsertCustomer:
        """Read it."""
        return UpsertCustomer(
            key=self.key,
            name=kept(self.name),
            email=kept(self.email),
            timezone=kept(self.timezone),
            metadata=kept(self.metadata),
        )


@strawberry.input(description="A customer and the plan that they are put on.")
class SubscribeInput:
    """A subscription, written."""

    customer: str = strawberry.field(description="Key of the customer.")
    plan: str = strawberry.field(description="Key of a published plan.")
    price: str | None = strawberry.field(
        default=UNSET,
        description="Left out: the plan's only price, or none; REQUIRED where there are several.",
    )
    start_at: datetime | None = strawberry.field(
        default=UNSET, description="Past or future; now when left out."
    )
    idempotency_key: str | None = strawberry.field(
        default=UNSET, description="The same key and input does nothing again, and tells the first outcome."
    )

    def fact(self) -> Subscribe:
        """Read it."""
        return Subscribe(
            plan=self.plan,
            price=given(self.price),
            start_at=given(self.start_at),
            idempotency_key=given(self.idempotency_key),
        )


@strawberry.input(description="Usage that has already happened.")
class ReportUsageInput:
    """Usage, written."""

    customer: str = strawberry.field(description="Key of the customer.")
    feature: str = strawberry.field(description="Key of a METERED feature.")
    value: Quantity = strawberry.field(
        default=Quantity(1_000_000), description="How much; below zero gives back."
    )
    occurred_at: datetime | None = strawberry.field(
        default=UNSET, description="When; now when left out, at most 5 minutes ahead of the clock."
    )
    idempotency_key: str | None = strawberry.field(
        default=UNSET, description="The same key and input does nothing again, and tells the first outcome."
    )

    def fact(self) -> ReportUsage:
        """Read it."""
        return ReportUsage(
            feature=self.feature,
            quantity=self.value,
            occurred_at=given(self.occurred_at),
            idempotency_key=given(self.idempotency_key),
        )


@strawberry.input(description="Where a sandbox's clock is to stand.")
class AdvanceClockInput:
    """An instant, written."""

    to: datetime = strawberry.field(description="Not before the clock's own time.")
