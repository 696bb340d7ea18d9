"""The customer's own page: what they have, have used and have left, as they may see it themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resolvers import access, customers, usage
from resolvers import credits as credit_resolvers
from resolvers.context import Context
from resolvers.credits import SeenBook, SeenEntry
from resolvers.customers import SeenCustomer
from rules.access import Decision
from rules.portal import Part, as_levels, parts, recent, shows_credits
from rules.series import Series

ENTRIES_SHOWN = 8
MOST_SERIES = 20
"""Features whose usage over time is told; of the others only what is used now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCredits:
    """Credits of one type, and the last lines of their ledger, the newest first."""

    book: SeenBook
    entries: Sequence[SeenEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenPortal:
    """All that the page of a customer shows; ``series`` is by the keys of features."""

    customer: SeenCustomer
    parts: Sequence[Part]
    credits: Sequence[SeenCredits]
    series: Mapping[str, Series]


async def portal(context: Context, key: str) -> SeenPortal | None:
    """Give what a customer's own page shows, None where there is no such customer.

    It is read in several looks: what is written in between may be on one half of it only.
    """
    seen = await customers.customer(context, key)
    if seen is None:
        return None
    decisions = await access.accesses_of(context, key)
    laid_out = parts(seen.flat, seen.customer, decisions, seen.now)
    return SeenPortal(
        customer=seen,
        parts=laid_out,
        credits=await _credits(context, seen),
        series=await _series(context, seen, [decision for part in laid_out for decision in part.limits]),
    )


async def _credits(context: Context, seen: SeenCustomer) -> list[SeenCredits]:
    key = seen.customer.key
    # The ledger is brought up first, so that a balance is never ahead of its lines.
    await credit_resolvers.brought_up_to_date(context, key)
    return [
        SeenCredits(book=book, entries=await _entries(context, key, book.book.credit_type))
        for book in await credit_resolvers.balances(context, key)
        if shows_credits(book.seen.flat, book.seen.customer, book.book.credit_type, book.seen.now)
    ]


async def _entries(context: Context, key: str, credit_type: str) -> Sequence[SeenEntry]:
    return (await credit_resolvers.ledger(context, key, credit_type, ENTRIES_SHOWN, None)).items


async def _series(context: Context, seen: SeenCustomer, limits: Sequence[Decision]) -> dict[str, Series]:
    found: dict[str, Series] = {}
    for decision in limits[:MOST_SERIES]:
        feature = decision.subject.question.feature
        span = recent(feature, seen.now, seen.customer.timezone)
        series = await usage.series(context, seen, span)
        if series is not None and decision.usage is not None:
            found[feature] = as_levels(series, decision.usage)
    return found
