"""The inputs of a draft's rows, prices and rates. What is left out keeps; null clears."""

import strawberry

from rules.catalog import facts as rules
from rules.catalog.facts import PublishScope, Widget
from rules.catalog_edits.credit_rates import RateEdit
from rules.catalog_edits.drafts import RowEdit
from rules.unset import UNSET as LEFT_OUT
from rules.values import BillingPeriod
from schema.catalog.values import EntitlementValueInput, MoneyInput
from schema.fields import UNSET, or_none, or_unset
from schema.scalars import Quantity


@strawberry.input(
    description="An entitlement of a package's draft. On an inherited key it overrides the inherited one."
)
class SetEntitlementInput:
    package: str = strawberry.field(description="The key of the plan or add-on.")
    key: str = strawberry.field(description="The key of the feature or credit type.")
    value: EntitlementValueInput | None = strawberry.field(
        default=UNSET,
        description="The value. Left out: what the package's entitlement has; on an inherited key, what "
        "the inherited one has; on a new key, the feature's default value (REQUIRED where "
        "there is none), or included for a BOOLEAN feature.",
    )
    revoked: bool = strawberry.field(
        default=False,
        description="True revokes the inherited entitlement; plans with a base plan only, and without a "
        "value.",
    )
    price: str | None = strawberry.field(
        default=UNSET,
        description="The key of a price of the same plan: the entitlement holds only for subscriptions on "
        "it.",
    )
    display_text: str | None = strawberry.field(
        default=UNSET,
        description="A custom text for pricing tables. Left out keeps the present text, null returns to "
        "the generated one.",
    )
    hidden_from: list[Widget] | None = strawberry.field(
        default=UNSET,
        description="The places that do not show it. Left out keeps the present ones, null or [] shows it "
        "everywhere.",
    )

    def fact(self) -> RowEdit:
        hidden = LEFT_OUT if self.hidden_from is UNSET else tuple(dict.fromkeys(self.hidden_from or ()))
        return RowEdit(
            package=self.package,
            key=self.key,
            value=self.value.fact() if self.value else or_unset(self.value),
            revoked=self.revoked,
            price=or_none(self.price),
            display_text=or_unset(self.display_text),
            hidden_from=hidden,
        )


@strawberry.input(description="An entitlement of a package's draft.")
class RemoveEntitlementInput:
    package: str = strawberry.field(description="The key of the plan or add-on.")
    key: str = strawberry.field(description="The key of the feature or credit type.")
    price: str | None = strawberry.field(
        default=UNSET,
        description="The key of the price whose entitlement is meant; the one for all subscriptions if left "
        "out.",
    )


@strawberry.input(
    description="The new order of entitlements: the named keys first, the rest in their present order."
)
class ReorderEntitlementsInput:
    package: str = strawberry.field(description="The key of the plan or add-on.")
    keys: list[str] = strawberry.field(description="The keys of entitlements that the draft shows.")


@strawberry.input(description="A price of a package's draft.")
class SetPriceInput:
    package: str = strawberry.field(description="The key of the plan or add-on.")
    key: str = strawberry.field(description="A key that is unique in the package.")
    billing_period: BillingPeriod = strawberry.field(description="How often the price is charged.")
    amount: MoneyInput = strawberry.field(description="The amount of the price.")
    per_unit_of: str | None = strawberry.field(
        default=UNSET,
        description="The key of the metered feature that is charged per unit, such as seats; none for a "
        "flat price.",
    )

    def fact(self) -> rules.Price:
        return rules.Price(
            key=self.key,
            billing_period=self.billing_period,
            amount=self.amount.fact(),
            per_unit_of=or_none(self.per_unit_of),
        )


@strawberry.input(description="A price of a package's draft.")
class RemovePriceInput:
    package: str = strawberry.field(description="The key of the plan or add-on.")
    key: str = strawberry.field(description="The key of the price.")


@strawberry.input(description="The credits that using a feature burns for subscribers of a package.")
class SetCreditRateInput:
    package: str = strawberry.field(description="The key of the plan or add-on.")
    feature: str = strawberry.field(
        description="The key of a METERED feature that is counted by SUM or COUNT."
    )
    credit_type: str = strawberry.field(description="The key of the credit type that is burned.")
    credits: Quantity | None = strawberry.field(
        default=UNSET,
        description="The credits that `perUnits` units burn. An explicit null returns to the inherited "
        "rate or none; left out is REQUIRED.",
    )
    per_units: Quantity = strawberry.field(
        default=Quantity(1_000_000), description="The number of units that `credits` is for."
    )

    def fact(self) -> RateEdit:
        return RateEdit(
            package=self.package,
            feature=self.feature,
            credit_type=self.credit_type,
            credits=or_unset(self.credits),
            per_units=self.per_units,
        )


@strawberry.input(description="The package to publish.")
class PublishPackageInput:
    package: str = strawberry.field(description="The key of the plan or add-on.")
    apply_to: PublishScope = strawberry.field(
        default=PublishScope.ALL_CUSTOMERS, description="The subscriptions that the new version holds for."
    )
    expected_version: int | None = strawberry.field(
        default=UNSET,
        description="The number of the newest published version as you know it; another one is "
        "VERSION_CONFLICT.",
    )
