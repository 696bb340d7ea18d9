"""Pricing tables: what is on sale, as anybody sees it or as one customer does."""

from __future__ import annotations

from dataclasses import dataclass

from resolvers.context import Context
from resolvers.customers import found
from resolvers.reading import look
from rules.calls_to_action import Visitor
from rules.inheritance import Flattened
from rules.pricing import Offering, PricingTable
from rules.pricing import pricing_table as laid_out


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenTable:
    """A pricing table with the catalog that it was made from."""

    flat: Flattened
    table: PricingTable


async def pricing_table(
    context: Context, product: str, offering: Offering, customer: str | None = None
) -> SeenTable | None:
    """Give the pricing table of a product, None where there is none.

    For a customer it tells which plan is current; who does not exist yet sees what anybody sees.
    """
    async with look(context) as seen:
        known = seen.flat.catalog.products.get(product)
        if known is None:
            return None
        visitor = Visitor(now=seen.now)
        if customer is not None and (one := (await found(seen, {customer})).get(customer)) is not None:
            visitor = Visitor(now=one.asked_at(seen.now), customer=one)
        return SeenTable(flat=seen.flat, table=laid_out(seen.flat, known, offering, visitor))
