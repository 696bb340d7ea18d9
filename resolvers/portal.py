"""The customer's own page: what they have, have used and have left, as far as they may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resolvers import usage
from resolvers.access import check as access
from resolvers.context import Context
from resolvers.credits import balances as credit_resolvers
from resolvers.credits.balances import CreditAccountView, LedgerEntryView
from resolvers.customers import CustomerView
from rules.access.decision import Decision
from rules.portal.overview import (
    ProductSection,
    as_levels,
    product_sections,
    recent,
    shows_credits,
    without_future,
)
from rules.usage.series import Series

ENTRIES_SHOWN = 8
MOST_SERIES = 20
"""Features with usage over time on the page; the others show current usage only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalCreditsView:
    """Credits of one type, and the last entries of their ledger, the newest first."""

    book: CreditAccountView
    entries: Sequence[LedgerEntryView]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerPortalView:
    """Everything that a customer's page shows; ``series`` is by feature key.

    ``credit_types`` are shown only once the customer has held any of them.
    """

    customer: CustomerView
    parts: Sequence[ProductSection]
    credit_types: Sequence[str]
    credits: Sequence[PortalCreditsView]
    series: Mapping[str, Series]


async def portal(context: Context, key: str) -> CustomerPortalView | None:
    """Return what a customer's page shows; None where there is no such customer.

    It makes several reads: a write in between may show in a part of the page only.
    """
    # Entries caused by time are written first, so that the page's revision includes that write.
    seen = await credit_resolvers.roll_forward_now(context, key)
    if seen is None:
        return None
    credit_types = _credit_types(seen)
    decisions = await access.accesses_of(context, key)
    laid_out = product_sections(seen.flat, seen.customer, decisions, seen.now)
    return CustomerPortalView(
        customer=seen,
        parts=laid_out,
        credit_types=credit_types,
        credits=await _credits(context, key, credit_types),
        series=await _series(context, seen, [decision for part in laid_out for decision in part.limits]),
    )


def _credit_types(seen: CustomerView) -> list[str]:
    known = sorted(seen.flat.catalog.credit_types)
    return [key for key in known if shows_credits(seen.flat, seen.customer, key, seen.now)]


async def _credits(context: Context, key: str, credit_types: Sequence[str]) -> list[PortalCreditsView]:
    return [
        PortalCreditsView(book=book, entries=await _entries(context, key, book.book.credit_type))
        for book in await credit_resolvers.balances(context, key)
        if book.book.credit_type in credit_types
    ]


async def _entries(context: Context, key: str, credit_type: str) -> Sequence[LedgerEntryView]:
    return (await credit_resolvers.ledger(context, key, credit_type, ENTRIES_SHOWN, None)).items


async def _series(context: Context, seen: CustomerView, limits: Sequence[Decision]) -> dict[str, Series]:
    found: dict[str, Series] = {}
    for decision in limits[:MOST_SERIES]:
        feature = decision.subject.question.feature
        span = recent(feature, seen.now, seen.customer.timezone)
        series = await usage.usage_series(context, seen, span)
        if series is not None and decision.usage is not None:
            found[feature] = without_future(as_levels(series, decision.usage), seen.now)
    return found
