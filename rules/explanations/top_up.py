"""More credits: how many a request lacks, and what an answer would rest on if there were more."""

from __future__ import annotations

from dataclasses import replace

from rules.access.decision import Decision, ResolvedCheck
from rules.credits.accounts import Cause
from rules.credits.burn_down import add_grant, cost_of, post_grant
from rules.credits.grants import CreditSource, Grant
from rules.credits.overage import OverageCost
from rules.credits.roll_forward import roll_forward
from rules.numbers import ONE


def affordable(paid: OverageCost | None) -> int:
    """Tell how much usage beyond a limit the credits that there are pay for, in micros."""
    return 0 if paid is None else paid.available * paid.beyond.rate.per_units // paid.beyond.rate.credits


def missing_credits(decision: Decision) -> int:
    """Tell how many more credits a request would take, or, where nothing is requested, one more unit."""
    paid, book = decision.payment, decision.subject.book
    if paid is None or book is None:
        return 0
    cost = paid.cost or cost_of(book, ONE, paid.beyond.rate)
    # A grant settles what is owed before it pays for anything.
    return max(0, cost - paid.available) + book.overdraft


def top_up(subject: ResolvedCheck, amount: int) -> ResolvedCheck:
    """Return what a question would be about with so many more credits."""
    book = subject.book
    if book is None:
        return subject
    number, now = book.last_grant + 1, subject.now
    grant = Grant(number=number, amount=amount, source=CreditSource.PAID, made_at=now, effective_at=now)
    return replace(subject, book=post_grant(add_grant(book, grant), number, Cause(at=now)))


def with_credits_of(subject: ResolvedCheck, then: ResolvedCheck) -> ResolvedCheck:
    """Return what a question will be about with the credits that there will be.

    Credits of another type than those that were looked at are not known, and pay for nothing.
    """
    if then.rate is None or then.customer is None:
        return then
    book = subject.book
    if book is None or book.credit_type != then.rate.credit_type:
        return replace(then, rate=None)
    return replace(then, book=roll_forward(book, then.customer, then.flat, then.now))
