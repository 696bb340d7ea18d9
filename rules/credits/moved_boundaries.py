"""Boundaries of periods that were written down, and that new rules of a time zone have moved since.

What was written down under old rules is found again by what is nearest to it under those in force: rules
move clocks by hours, and boundaries of billing are a month apart.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache

from rules.credits.accounts import CreditAccount, MintingPeriod, with_lot, with_minting_period
from rules.customers.facts import Customer, Subscription, Term
from rules.periods import Period, period_at
from rules.values import Reset, ResetInterval

FURTHEST = timedelta(days=1)
"""How far new rules move a boundary at most: zones have gone to the other side of the date line."""

_MONTHLY = Reset(every=ResetInterval.MONTH)


def found_again(term: Term, instant: datetime) -> datetime:
    """Return the boundary of a term's months that an instant is, or was under other rules.

    The instant itself where no boundary is near. Every boundary of a year is one of a month too.
    """
    nearest = _nearest_boundary(term.anchor, term.timezone, instant)
    return nearest if abs(nearest - instant) <= FURTHEST else instant


@lru_cache(maxsize=10_000)
def _nearest_boundary(anchor: datetime, timezone: str, instant: datetime) -> datetime:
    month = period_at(_MONTHLY, anchor=anchor, timezone=timezone, at=instant)
    end = month.end or month.start
    return end if end - instant < instant - month.start else month.start


def written_end(subscription: Subscription, end: datetime) -> datetime:
    """Return the instant of the change that is scheduled for the end of a period; that end without one.

    A change stands where it was put down, so that whichever rules say when the period ends, both are one.
    """
    for term in subscription.terms:
        at_trial_end = term.starts_at == subscription.trial_ends_at
        if term.scheduled and not at_trial_end and abs(term.starts_at - end) <= FURTHEST:
            return term.starts_at
    return end


def with_moved_changes(subscription: Subscription, now: datetime) -> Subscription:
    """Return the subscription whose scheduled change comes where its period ends by the rules in force.

    One that has come stays, and so does one that would have come already. A trial ends, and a subscription
    is canceled, at the instant that was said.
    """
    terms = tuple(_moved_change(subscription, term, now) for term in subscription.terms)
    return subscription if terms == subscription.terms else replace(subscription, terms=terms)


def _moved_change(subscription: Subscription, term: Term, now: datetime) -> Term:
    starts_at = term.starts_at
    if not term.scheduled or starts_at <= now or starts_at == subscription.trial_ends_at:
        return term
    moved = found_again(subscription.term(starts_at - datetime.resolution), starts_at)
    if moved <= now:
        return term
    return replace(term, starts_at=moved, anchor=moved if term.anchor == starts_at else term.anchor)


def with_moved_ends(book: CreditAccount, customer: Customer) -> CreditAccount:
    """Return the book whose cadence periods end where the rules in force say, with what expires with them.

    A period that ends with something that is written down, such as a trial or a scheduled change, ends
    then. One whose end would have been over already ends as it was to.
    """
    if book.at is None or not book.streams:
        return book
    known = {subscription.number: subscription for subscription in customer.subscriptions}
    for stream in book.streams.values():
        end = _moved_end(known[stream.subscription], stream, book.at)
        if end is not None:
            book = _ending_at(book, stream, end)
    return book


def _moved_end(subscription: Subscription, stream: MintingPeriod, at: datetime) -> datetime | None:
    """Return where a stream's period ends under the rules in force; None where that is as it was."""
    end = stream.period.end
    if end is None:
        return None
    moved = written_end(subscription, found_again(subscription.term(at), end))
    if moved == end or moved <= at or end in (subscription.trial_ends_at, *subscription.instants()):
        return None
    return moved


def _ending_at(book: CreditAccount, stream: MintingPeriod, end: datetime) -> CreditAccount:
    mine = stream.subscription, stream.package, stream.period.end
    for lot in book.lots.values():
        grant = lot.grant
        if (grant.subscription, grant.package, grant.expires_at) == mine and lot.ended is None:
            book = with_lot(book, replace(lot, grant=replace(grant, expires_at=end)))
    return with_minting_period(book, replace(stream, period=Period(start=stream.period.start, end=end)))
