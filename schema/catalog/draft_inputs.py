"""Rows, prices and rates of a draft, written. What is left out keeps; null clears."""

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
    description="Sets or replaces this package's own row. On an inherited key the row is an override."
)
class SetEntitlementInput:
    """A row, written."""

    package: str = strawberry.field(description="Key of the plan or add-on.")
    key: str = strawberry.field(description="Feature key, or credit type key.")
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


@strawberry.input(description="One of a package's own rows.")
class RemoveEntitlementInput:
    """A row to take away, written."""

    package: str = strawberry.field(description="Key of the plan or add-on.")
    key: str = strawberry.field(description="Feature key, or credit type key.")
    price: str | None = strawberry.field(default=UNSET, description="Of the row that holds for this price.")


@strawberry.input(description="The keys named come first, in this order; the rest keep theirs.")
class ReorderEntitlementsInput:
    """An order, written."""

    package: str = strawberry.field(description="Key of the plan or add-on.")
    keys: list[str] = strawberry.field(description="Keys of rows that the draft shows.")


@strawberry.input(description="A price of a package.")
class SetPriceInput:
    """A price, written."""

    package: str = strawberry.field(description="Key of the plan or add-on.")
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
            per_unit_of=or_none(self.per_unit_of),
        )


@strawberry.input(description="A price to take away.")
class RemovePriceInput:
    """A price to take away, written."""

    package: str = strawberry.field(description="Key of the plan or add-on.")
    key: str = strawberry.field(description="Key of the price.")


@strawberry.input(description="What using a feature burns, for who is on this package.")
class SetCreditRateInput:
    """A credit rate, written."""

    package: str = strawberry.field(description="Key of the plan or add-on.")
    feature: str = strawberry.field(description="Key of a METERED feature counted by SUM or COUNT.")
    credit_type: str = strawberry.field(description="Key of the credit type that is burned.")
    credits: Quantity | None = strawberry.field(
        default=UNSET, description="Only an explicit null returns to the inherited rate, or to none."
    )
    per_units: Quantity = strawberry.field(default=Quantity(1_000_000), description="By how much usage.")

    def fact(self) -> RateEdit:
        """Read it."""
        return RateEdit(
            package=self.package,
            feature=self.feature,
            credit_type=self.credit_type,
            credits=or_unset(self.credits),
            per_units=self.per_units,
        )


@strawberry.input(description="A draft to put in force.")
class PublishPackageInput:
    """A publish, written."""

    package: str = strawberry.field(description="Key of the plan or add-on.")
    apply_to: PublishScope = strawberry.field(
        default=PublishScope.ALL_CUSTOMERS, description="Whom the new version holds for."
    )
    expected_version: int | None = strawberry.field(
        default=UNSET,
        description="Refused with VERSION_CONFLICT unless it is the number of the newest published version.",
    )
