"""Pricing tables: plans side by side, in the words that customers read."""

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
    "What can be done about a plan on a pricing table.",
    {
        "SUBSCRIBE": "Subscribe to it.",
        "START_TRIAL": "Subscribe to it, with a trial first.",
        "CURRENT": "Nothing: the customer is on it.",
        "UPGRADE": "Change to it, at once unless told otherwise.",
        "DOWNGRADE": "Change to it, at the end of the period unless told otherwise.",
        "CONTACT_SALES": "Talk to whoever sells it.",
    },
)


@strawberry.type(description="A line of a pricing table.")
class PricingRow:
    """A row."""

    place: strawberry.Private[HiddenPlace]
    fact: strawberry.Private[rules.PricingRow]
    text: str = strawberry.field(description="What is printed.")
    struck_text: str | None = strawberry.field(
        description="The text of the inherited row that this one overrides; null where that is the same, or "
        "hidden."
    )
    is_improvement: bool = strawberry.field(
        description="Whether the value is better than the one that `struckText` is about: print that struck "
        "through where it is. False without `struckText`."
    )

    @resolver_field("The row of the plan that it tells of.")
    def entitlement(self, info: Info) -> Entitlement:
        """Give the row as the plan shows it."""
        return entitlement_of(info, self.place, self.fact.resolved, self.fact.position)


@strawberry.type(description="A plan on a pricing table.")
class PricingColumn:
    """A column."""

    flat: strawberry.Private[ResolvedCatalog]
    fact: strawberry.Private[rules.PricingColumn]
    heading: str = strawberry.field(
        description="'Starter includes:', 'Everything in Starter, plus:', or 'Everything in Starter except "
        "Forum, plus:' where the base plan shows what this plan does not include; 'Most of Starter, plus:' "
        "for more than three of those. Without ', plus:' where `rows` is empty."
    )
    call_to_action: CallToAction = strawberry.field(description="What can be done about the plan.")
    is_current: bool = strawberry.field(description="Whether the customer is on it.")

    @classmethod
    def of(cls, flat: ResolvedCatalog, column: rules.PricingColumn) -> Self:
        """Show a column."""
        return cls(
            flat=flat,
            fact=column,
            heading=column.heading,
            call_to_action=column.call_to_action,
            is_current=column.is_current,
        )

    @resolver_field("The plan.")
    def plan(self, info: Info) -> Plan:
        """Give the plan."""
        return Plan.of(info, self.flat, self.fact.plan)

    @resolver_field("Of the billing period and currency asked for; all where none was.")
    def prices(self, info: Info) -> list[Price]:
        """Give the prices."""
        return [Price.of(info, self._place, price) for price in self.fact.prices]

    @resolver_field("What this plan sets itself, visible rows only, in display order.")
    def rows(self) -> list[PricingRow]:
        """Give the own rows."""
        return [self._row(row) for row in self.fact.rows]

    @resolver_field("What this plan has from its base plans, visible rows only, in display order.")
    def inherited_rows(self) -> list[PricingRow]:
        """Give the inherited rows."""
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


@strawberry.type(description="What one plan says about one feature.")
class ComparisonCell:
    """A cell."""

    flat: strawberry.Private[ResolvedCatalog]
    fact: strawberry.Private[rules.ComparisonCell]
    included: bool = strawberry.field(
        description="Whether the plan includes it, also where it hides that from pricing tables."
    )
    text: str = strawberry.field(description="What is printed; empty where it is not included, or hidden.")
    struck_text: str | None = strawberry.field(
        description="What the inherited rows say instead; null where this is the same, or hidden."
    )

    @classmethod
    def of(cls, flat: ResolvedCatalog, cell: rules.ComparisonCell) -> Self:
        """Show a cell."""
        return cls(flat=flat, fact=cell, included=cell.included, text=cell.text, struck_text=cell.struck_text)

    @resolver_field("The plan.")
    def plan(self, info: Info) -> Plan:
        """Give the plan."""
        return Plan.of(info, self.flat, self.fact.plan)


@strawberry.type(description="A feature or credit type against all plans.")
class ComparisonRow:
    """A row of the comparison."""

    key: str = strawberry.field(description="Key of the feature or credit type.")
    name: str = strawberry.field(description="Its name.")
    cells: list[ComparisonCell] = strawberry.field(description="One for each column, in their order.")

    @classmethod
    def of(cls, flat: ResolvedCatalog, row: rules.ComparisonRow) -> Self:
        """Show a row."""
        return cls(key=row.key, name=row.name, cells=[ComparisonCell.of(flat, cell) for cell in row.cells])


@strawberry.type(description="The plans of a product side by side: published, visible, not archived.")
class PricingTable:
    """A pricing table."""

    flat: strawberry.Private[ResolvedCatalog]
    fact: strawberry.Private[rules.PricingTable]
    currency: str | None = strawberry.field(
        description="The currency asked for, else the only one that the prices have; null where there are "
        "several, or no prices."
    )
    columns: list[PricingColumn] = strawberry.field(description="The plans, in display order.")
    comparison: list[ComparisonRow] = strawberry.field(description="Features against plans.")
    version: str = strawberry.field(
        description="Changes exactly when what the table shows changes: a cache key and an ETag."
    )

    @classmethod
    def of(cls, seen: resolvers.PricingTableView) -> Self:
        """Show a table."""
        flat, table = seen.flat, seen.table
        return cls(
            flat=flat,
            fact=table,
            currency=table.currency,
            columns=[PricingColumn.of(flat, column) for column in table.columns],
            comparison=[ComparisonRow.of(flat, row) for row in table.comparison],
            version=table.version,
        )

    @resolver_field("What is sold.")
    def product(self, info: Info) -> Product:
        """Give the product."""
        return Product.of(info, self.flat, self.fact.product)


@strawberry.type(description="What can be asked about what is on sale.")
class PricingQueries:
    """Questions of whoever may buy."""

    @resolver_field(
        "Public with a publishable key. For a customer (a secret key, or that customer's token, which may "
        "leave it out) it also says which plan is current. Null for an unknown product."
    )
    async def pricing_table(
        self,
        info: Info,
        product: Annotated[str, strawberry.argument(description="Key of the product.")],
        customer: Annotated[
            str | None, strawberry.argument(description="Key of the customer who looks at it.")
        ] = UNSET,
        billing_period: Annotated[
            BillingPeriod | None, strawberry.argument(description="Only prices of this period.")
        ] = UNSET,
        currency: Annotated[
            str | None, strawberry.argument(description="Only prices in this currency: an ISO 4217 code.")
        ] = UNSET,
    ) -> PricingTable | None:
        """Give the table; GraphQLError for a currency that there is not."""
        offering = rules.Offering(billing=or_none(billing_period), currency=_currency(or_none(currency)))
        seen = await resolvers.pricing_table(info.context, product, offering, or_none(customer))
        return None if seen is None else PricingTable.of(seen)


def _currency(code: str | None) -> str | None:
    if code is not None and not is_currency(code):
        message = f"There is no currency '{code}': give an ISO 4217 code such as 'USD'."
        raise bad_input(message)
    return code
