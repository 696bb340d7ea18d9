"""Pricing tables in few words."""

from __future__ import annotations

from dataclasses import replace

from rules.catalog.facts import Catalog, Plan, Row, Widget
from rules.catalog.inheritance import ResolvedCatalog
from rules.customers.facts import Customer
from rules.pricing.calls_to_action import Visitor
from rules.pricing.table import Offering, PricingColumn, PricingTable, pricing_table
from rules.values import BillingPeriod, Metered, Reset, ResetInterval, Unit
from tests.rules.builders.catalog_builders import (
    NOW,
    REVOKED,
    catalog,
    config,
    credit_type,
    feature,
    limit,
    metered,
    number,
    plan,
    published,
    row,
)
from tests.rules.builders.small_shop import price

MONTHLY, YEARLY, ONE_TIME = BillingPeriod.MONTHLY, BillingPeriod.YEARLY, BillingPeriod.ONE_TIME

CALL = Unit(singular="call", plural="calls")
SEAT = Unit(singular="seat", plural="seats")

FEATURES = (
    replace(metered("seats"), name="Seats", unit=SEAT),
    replace(metered("calls"), name="Calls", unit=CALL),
    replace(feature("sso"), name="SSO"),
    replace(feature("forum"), name="Forum"),
    config("projects"),
    credit_type("ai"),
)


def seats(units: int | None, linked: str | None = None) -> Row:
    """So many seats, counted for ever."""
    return row("seats", replace(limit(units), reset=Reset(every=ResetInterval.NEVER)), linked)


def calls(units: int) -> Row:
    """So many calls in a billing period."""
    return row("calls", limit(units))


def monthly(units: int) -> Metered:
    """A limit that starts again every month."""
    return replace(limit(units), reset=Reset(every=ResetInterval.MONTH))


def hidden(shown: Row, *widgets: Widget) -> Row:
    """The row where it is not shown, on pricing tables if nothing else is said."""
    return replace(shown, hidden_from=widgets or (Widget.PRICING_TABLE,))


def selling(*plans: Plan) -> Catalog:
    """A catalog in which these plans are published, in this order."""
    placed = [replace(one, name=one.key.title(), position=place) for place, one in enumerate(plans)]
    return published(catalog(*FEATURES, *placed), *(one.key for one in placed))


def table(
    shop: Catalog,
    billing: BillingPeriod | None = None,
    currency: str | None = None,
    *,
    customer: Customer | None = None,
    product: str = "app",
) -> PricingTable:
    """What a pricing table shows, to anybody if nothing else is said."""
    visitor = Visitor(now=NOW, customer=customer)
    offering = Offering(billing=billing, currency=currency)
    return pricing_table(ResolvedCatalog(shop), shop.products[product], offering, visitor)


def column(
    shop: Catalog, key: str, billing: BillingPeriod | None = None, currency: str | None = None
) -> PricingColumn:
    """One plan of the table."""
    (found,) = (each for each in table(shop, billing, currency).columns if each.plan.key == key)
    return found


def own(shown: PricingColumn) -> list[str]:
    """What a plan sets itself, in words; what it replaces stands before it, struck through."""
    return [f"~{line.struck_text}~ {line.text}" if line.struck_text else line.text for line in shown.rows]


def inherited(shown: PricingColumn) -> list[str]:
    """What a plan inherits, in words."""
    return [line.text for line in shown.inherited_rows]


def compared(shown: PricingTable) -> dict[str, list[str]]:
    """The comparison by name: what each plan says, struck texts left out."""
    return {row.name: [cell.text if cell.included else "-" for cell in row.cells] for row in shown.comparison}


FREE = plan("free", seats(3), row("projects", number(2)), row("forum"))
STARTER = plan("starter", seats(10), calls(1_000), row("forum"), prices=[price("monthly", 19)])
PRO = plan("pro", seats(50), row("sso"), row("forum", REVOKED), base="starter", prices=[price("monthly", 49)])
SHOP = selling(FREE, STARTER, PRO)
