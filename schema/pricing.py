"""Pricing tables: plans side by side, in words for customers."""

from typing import Annotated, Self

import strawberry

from resolvers import pricing as resolvers
from rules.catalog.inheritance import ResolvedCatalog
from rules.currencies import is_currency
from rules.pricing import table as rules
from rules.pricing.calls_to_action import CallToAction
from rules.values import BillingPeriod
from schema.bad_input import bad_input
from schema.catalog.entitlements import Entitlement, HiddenPlace, Price, entitlement_of
from schema.catalog.features import Product
from schema.catalog.packages import Plan, place_of
from schema.enums import describe
from schema.fields import UNSET, Info, or_none, resolver_field

describe(
    CallToAction,
    "What a visitor can do about a plan of a pricing table.",
    {
        "SUBSCRIBE": "Subscribe to this plan without a trial.",
        "START_TRIAL": "Subscribe to this plan with a trial.",
        "CURRENT": "The customer is on this plan: nothing to do.",
        "UPGRADE": "Change to this plan; by default at once.",
        "DOWNGRADE": "Change to this plan; by default at the end of the period.",
        "CONTACT_SALES": "The plan is sold on request: contact sales.",
    },
)


@strawberry.type(description="A line of a pricing table.")
class PricingRow:
    place: strawberry.Private[HiddenPlace]
    fact: strawberry.Private[rules.PricingRow]
    text: str = strawberry.field(description="The text of the line.")
    struck_text: str | None = strawberry.field(
        description="The text of the inherited entitlement that this one overrides; null where the texts "
        "are equal or the inherited one is hidden."
    )
    is_improvement: bool = strawberry.field(
        description="Whether the value is better than the one of `struckText`: print `struckText` struck "
        "through if it is. False without `struckText`."
    )

    @resolver_field("The entitlement that the line shows.")
    def entitlement(self, info: Info) -> Entitlement:
        return entitlement_of(info, self.place, self.fact.resolved, self.fact.position)


@strawberry.type(description="A plan of a pricing table.")
class PricingColumn:
    flat: strawberry.Private[ResolvedCatalog]
    fact: strawberry.Private[rules.PricingColumn]
    heading: str = strawberry.field(
        description="The heading above the rows: 'Starter includes:', 'Everything in Starter, plus:', or "
        "'Everything in Starter except Forum, plus:' where the base plan shows what this plan "
        "does not include; 'Most of Starter, plus:' for more than three of those. Without ', "
        "plus:' where `rows` is empty."
    )
    call_to_action: CallToAction = strawberry.field(description="What a visitor can do about the plan.")
    is_current: bool = strawberry.field(
        description="Whether the customer is on this plan; false where no customer was named."
    )

    @classmethod
    def of(cls, flat: ResolvedCatalog, column: rules.PricingColumn) -> Self:
        return cls(
            flat=flat,
            fact=column,
            heading=column.heading,
            call_to_action=column.call_to_action,
            is_current=column.is_current,
        )

    @resolver_field("The plan of the column.")
    def plan(self, info: Info) -> Plan:
        return Plan.of(info, self.flat, self.fact.plan)

    @resolver_field(
        "The prices of the requested billing period and currency; all prices where none was requested."
    )
    def prices(self, info: Info) -> list[Price]:
        return [Price.of(info, self._place, price) for price in self.fact.prices]

    @resolver_field("The visible entitlements that the plan sets itself, in display order.")
    def rows(self) -> list[PricingRow]:
        return [self._row(row) for row in self.fact.rows]

    @resolver_field("The visible entitlements that the plan inherits, in display order.")
    def inherited_rows(self) -> list[PricingRow]:
        return [self._row(row) for row in self.fact.inherited_rows]

    def _row(self, row: rules.PricingRow) -> PricingRow:
        return PricingRow(
            place=self._place,
            fact=row,
            text=row.text,
            struck_text=row.struck_text,
            is_improvement=row.is_improvement,
        )

    @property
    def _place(self) -> HiddenPlace:
        plan = self.fact.plan
        return place_of(self.flat, plan, plan.versions[-1])


@strawberry.type(description="What one plan has of one feature or credit type.")
class ComparisonCell:
    flat: strawberry.Private[ResolvedCatalog]
    fact: strawberry.Private[rules.ComparisonCell]
    included: bool = strawberry.field(
        description="Whether the plan includes it, even where pricing tables hide it."
    )
    text: str = strawberry.field(
        description="The text of the cell; empty where the plan does not include it or hides it."
    )
    struck_text: str | None = strawberry.field(
        description="The text of the inherited entitlement that this one overrides; null where the texts "
        "are equal or hidden."
    )

    @classmethod
    def of(cls, flat: ResolvedCatalog, cell: rules.ComparisonCell) -> Self:
        return cls(flat=flat, fact=cell, included=cell.included, text=cell.text, struck_text=cell.struck_text)

    @resolver_field("The plan of the cell's column.")
    def plan(self, info: Info) -> Plan:
        return Plan.of(info, self.flat, self.fact.plan)


@strawberry.type(description="A feature or credit type compared across all plans.")
class ComparisonRow:
    key: str = strawberry.field(description="The key of the feature or credit type.")
    name: str = strawberry.field(description="The name of the feature or credit type.")
    cells: list[ComparisonCell] = strawberry.field(
        description="One cell for each column, in the order of the columns."
    )

    @classmethod
    def of(cls, flat: ResolvedCatalog, row: rules.ComparisonRow) -> Self:
        return cls(key=row.key, name=row.name, cells=[ComparisonCell.of(flat, cell) for cell in row.cells])


@strawberry.type(description="The plans of a product side by side: published, visible and not archived.")
class PricingTable:
    flat: strawberry.Private[ResolvedCatalog]
    fact: strawberry.Private[rules.PricingTable]
    currency: str | None = strawberry.field(
        description="The requested currency, else the only one that the prices have; null where they have "
        "several or there are none."
    )
    columns: list[PricingColumn] = strawberry.field(description="The plans in display order.")
    comparison: list[ComparisonRow] = strawberry.field(
        description="Every shown feature and credit type compared across the plans."
    )
    version: str = strawberry.field(
        description="A value that changes exactly when the table changes: a cache key and an ETag."
    )

    @classmethod
    def of(cls, seen: resolvers.PricingTableView) -> Self:
        flat, table = seen.flat, seen.table
        return cls(
            flat=flat,
            fact=table,
            currency=table.currency,
            columns=[PricingColumn.of(flat, column) for column in table.columns],
            comparison=[ComparisonRow.of(flat, row) for row in table.comparison],
            version=table.version,
        )

    @resolver_field("The product that is sold.")
    def product(self, info: Info) -> Product:
        return Product.of(info, self.flat, self.fact.product)


@strawberry.type(description="What can be asked about what is on sale.")
class PricingQueries:
    @resolver_field(
        "The pricing table of a product; null for an unknown product. Publishable keys may "
        "read it. With a secret key and `customer`, or with that customer's token, it also "
        "marks the current plan."
    )
    async def pricing_table(
        self,
        info: Info,
        product: Annotated[str, strawberry.argument(description="The key of the product.")],
        customer: Annotated[
            str | None, strawberry.argument(description="The key of the customer who views the table.")
        ] = UNSET,
        billing_period: Annotated[
            BillingPeriod | None, strawberry.argument(description="Only prices of this billing period.")
        ] = UNSET,
        currency: Annotated[
            str | None, strawberry.argument(description="Only prices in this currency: an ISO 4217 code.")
        ] = UNSET,
    ) -> PricingTable | None:
        """Raises GraphQLError with BAD_USER_INPUT for an unknown currency."""
        offering = rules.Offering(billing=or_none(billing_period), currency=_currency(or_none(currency)))
        seen = await resolvers.pricing_table(info.context, product, offering, or_none(customer))
        return None if seen is None else PricingTable.of(seen)


def _currency(code: str | None) -> str | None:
    if code is not None and not is_currency(code):
        message = f"There is no currency '{code}': give an ISO 4217 code such as 'USD'."
        raise bad_input(message)
    return code
