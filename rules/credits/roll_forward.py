"""Roll a credit account forward: apply what time alone changes, up to an instant.

Everything happens at its own instant and in order, so that the result is the same early or late, in one
step or in many.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from rules.catalog.inheritance import ResolvedCatalog
from rules.credits.accounts import Cause, CreditAccount
from rules.credits.burn_down import end_lots, post_grant
from rules.credits.holds import free_held
from rules.credits.minting import PeriodBoundary
from rules.credits.moved_boundaries import with_moved_ends
from rules.customers.facts import Customer, Subscription
from rules.customers.terms import publishes_after


def roll_forward(
    book: CreditAccount, customer: Customer, flat: ResolvedCatalog, now: datetime
) -> CreditAccount:
    """Return the account after all changes up to and including an instant.

    Subscriptions mint, roll over, expire and void credits, grants take effect and expire, and reservations
    expire. An account that is already further stays as it is.
    """
    seen = _published_by_now(customer, flat)
    is_news = seen != book.seen
    if book.at is not None:
        if now < book.at or (now == book.at and not is_news):
            return book
        if is_news:
            # While a clock stands still, a publish may have followed at this very instant.
            book = _publish(book, customer, flat, book.at)
    book = with_moved_ends(book, customer)
    while (at := next_instant(book, customer, flat)) is not None and at <= now:
        book = _publish(_turn(replace(book, at=at), customer, flat, at), customer, flat, at)
    if is_news:
        # A publish while another process rolled the account forward is applied late, but it is applied.
        book = _publish(book, customer, flat, now)
    return replace(book, at=now, seen=seen)


def _published_by_now(customer: Customer, flat: ResolvedCatalog) -> int:
    """Count the versions of all packages a customer is or was on; a publish changes the count."""
    packages = flat.catalog.packages
    return sum(
        len(packages[key].versions)
        for subscription in customer.subscriptions
        for key in (*(t.plan for t in subscription.terms), *(held.addon for held in subscription.addons))
    )


def next_instant(book: CreditAccount, customer: Customer, flat: ResolvedCatalog) -> datetime | None:
    """Return the next instant at which time alone changes an account; None if none does."""
    later = (at for at in _instants(book, customer, flat) if book.at is None or book.at < at)
    return min(later, default=None)


def _instants(book: CreditAccount, customer: Customer, flat: ResolvedCatalog) -> Iterator[datetime]:
    for lot in book.lots.values():
        if not lot.entered:
            yield lot.grant.effective_at
        if lot.grant.expires_at is not None:
            yield lot.grant.expires_at
    for hold in book.holds.values():
        yield hold.expires_at
    for stream in book.streams.values():
        if stream.period.end is not None:
            yield stream.period.end
    for subscription in customer.subscriptions:
        if not _is_past(subscription, book.at):
            yield from subscription.instants()
            yield from publishes_after(flat.catalog, subscription, subscription.opens_at)


def _is_past(subscription: Subscription, at: datetime | None) -> bool:
    return at is not None and subscription.ends_at is not None and subscription.ends_at <= at


def _turn(book: CreditAccount, customer: Customer, flat: ResolvedCatalog, at: datetime) -> CreditAccount:
    """Apply what ends and begins at an instant: reservations, then grants by their source."""
    cause = Cause(at=at)
    for key in [key for key, hold in book.holds.items() if hold.expires_at <= at]:
        book = free_held(book, key, cause)
    for subscription in customer.by_age:
        turn = PeriodBoundary(flat=flat, subscription=subscription, credit_type=book.credit_type, at=at)
        book = turn.turned(book)
    over = [lot for lot in book.lots.values() if lot.ended is None and lot.ending(at) is not None]
    book = end_lots(book, over, cause)
    for number in sorted(book.lots):
        lot = book.lots.get(number)
        if lot is not None and not lot.entered and lot.ended is None and lot.grant.effective_at <= at:
            book = post_grant(book, number, Cause(at=at, note=lot.grant.note))
    return book


def _publish(book: CreditAccount, customer: Customer, flat: ResolvedCatalog, at: datetime) -> CreditAccount:
    for subscription in customer.by_age:
        turn = PeriodBoundary(flat=flat, subscription=subscription, credit_type=book.credit_type, at=at)
        book = turn.published(book)
    return book
