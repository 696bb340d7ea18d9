"""Pricing tables: what is on sale, for everybody or for one customer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from resolvers.context import Context
from resolvers.customers import load_customers
from resolvers.snapshot import Snapshot, open_snapshot
from rules.catalog.facts import Product
from rules.catalog.inheritance import ResolvedCatalog
from rules.pricing.calls_to_action import Visitor
from rules.pricing.table import Offering, PricingTable, narrow, plans_on_sale
from rules.pricing.table import pricing_table as laid_out


@dataclass(frozen=True, slots=True, kw_only=True)
class PricingTableView:
    """A pricing table with the catalog and the offering that it was made from."""

    flat: ResolvedCatalog
    offering: Offering
    table: PricingTable


async def pricing_table(
    context: Context, product: str, offering: Offering, customer: str | None = None
) -> PricingTableView | None:
    """Return the pricing table of a product; None where there is none.

    For a customer, who for a token is its own, it marks the current plan; a customer who does not exist yet
    sees the table for everybody.
    """
    async with open_snapshot(context) as seen:
        visitor = await _visitor(seen, customer or context.viewer.customer)
    known = seen.flat.catalog.products.get(product)
    return None if known is None else await _laid_out(context, seen.flat, known, offering, visitor)


async def storefront(context: Context, product: str, asked: Offering) -> PricingTableView | None:
    """Return a product's pricing table in one billing period and currency; None where there is none."""
    async with open_snapshot(context) as seen:
        visitor = await _visitor(seen, context.viewer.customer)
    known = seen.flat.catalog.products.get(product)
    if known is None:
        return None
    offering = narrow(asked, plans_on_sale(seen.flat.catalog, known))
    return await _laid_out(context, seen.flat, known, offering, visitor)


async def _laid_out(
    context: Context, flat: ResolvedCatalog, product: Product, offering: Offering, visitor: Visitor
) -> PricingTableView:
    # In a thread: a large catalog takes a tenth of a second.
    async with context.services.drawing:
        table = await asyncio.to_thread(laid_out, flat, product, offering, visitor)
    return PricingTableView(flat=flat, offering=offering, table=table)


async def _visitor(seen: Snapshot, key: str | None) -> Visitor:
    customer = None if key is None else (await load_customers(seen, {key})).get(key)
    if customer is None:
        return Visitor(now=seen.now)
    return Visitor(now=customer.asked_at(seen.now), customer=customer)
