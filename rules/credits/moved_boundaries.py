"""Stored period boundaries that later time zone rules have moved.

A stored boundary is matched to the nearest boundary under the rules in force: rules move clocks by hours,
and billing boundaries are a month apart.
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
"""The most that new rules move a boundary: zones have crossed the date line."""

_MONTHLY = Reset(every=ResetInterval.MONTH)


def found_again(term: Term, instant: datetime) -> datetime:
    """Return the monthly boundary of a term that an instant is, or was under other rules.

    Returns the instant itself if no boundary is near. Every yearly boundary is a monthly one too.
    """
    nearest = _nearest_boundary(term.anchor, term.timezone, instant)
    return nearest if abs(nearest - instant) <= FURTHEST else instant


@lru_cache(maxsize=10_000)
def _nearest_boundary(anchor: datetime, timezone: str, instant: datetime) -> datetime:
    month = period_at(_MONTHLY, anchor=anchor, timezone=timezone, at=instant)
    end = month.end or month.start
    return end if end - instant < instant - month.start else month.start


def written_end(subscription: Subscription, end: datetime, at: datetime) -> datetime:
    """Return the instant of the change that is scheduled for the end of the period at an instant.

    The end itself where no change is scheduled for it: one that comes after a reset ends a later period. A
    change keeps the instant that was written down, so that it and the end of its period stay one.
    """
    for term in subscription.terms:
        at_trial_end = term.starts_at == subscription.trial_ends_at
        if not term.scheduled or at_trial_end or abs(term.starts_at - end) > FURTHEST:
            continue
        if subscription.last_reset(term.starts_at - datetime.resolution) <= at:
            return term.starts_at
    return end


def with_moved_changes(subscription: Subscription, now: datetime) -> Subscription:
    """Return the subscription with scheduled changes moved to the end of the period by current rules.

    Past changes stay, and so do changes that would be moved into the past. The end of a trial and a
    cancellation keep the instant that was given.
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
    """Return the account with cadence periods and their grants ending by the rules in force.

    A period that ends with a stored instant, such as a trial's end or a scheduled change, keeps it. So does
    a period whose end would be moved into the past.
    """
    if book.at is None or not book.streams:
        return book
    known = {subscription.number: subscription for subscription in customer.subscriptions}
    for stream in book.streams.values():
        end = _moved_end(known[stream.subscription], stream, book.at)
        if end is not None:
            book = _end_at(book, stream, end)
    return book


def _moved_end(subscription: Subscription, stream: MintingPeriod, at: datetime) -> datetime | None:
    """Return the new end of a period under the rules in force; None if it is unchanged."""
    end = stream.period.end
    if end is None:
        return None
    # Its boundaries are those of the term that gave the period: a later one may have another anchor.
    moved = written_end(subscription, found_again(subscription.term(stream.period.start), end), at)
    if moved == end or moved <= at or end in (subscription.trial_ends_at, *subscription.instants()):
        return None
    return moved


def _end_at(book: CreditAccount, stream: MintingPeriod, end: datetime) -> CreditAccount:
    mine = stream.subscription, stream.package, stream.period.end
    for lot in book.lots.values():
        grant = lot.grant
        if (grant.subscription, grant.package, grant.expires_at) == mine and lot.ended is None:
            book = with_lot(book, replace(lot, grant=replace(grant, expires_at=end)))
    return with_minting_period(book, replace(stream, period=Period(start=stream.period.start, end=end)))
