"""Top-ups: how many credits a request lacks, and the check with more credits."""

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
    """Return how much overage the available credits pay for, in micros."""
    return 0 if paid is None else paid.available * paid.beyond.rate.per_units // paid.beyond.rate.credits


def missing_credits(decision: Decision) -> int:
    """Return how many more credits a request needs; without a request, how many one more unit needs."""
    paid, book = decision.payment, decision.subject.book
    if paid is None or book is None:
        return 0
    cost = paid.cost or cost_of(book, ONE, paid.beyond.rate)
    # A grant repays the overdraft before it pays for anything.
    return max(0, cost - paid.available) + book.overdraft


def top_up(subject: ResolvedCheck, amount: int) -> ResolvedCheck:
    """Return the check with so many more credits."""
    book = subject.book
    if book is None:
        return subject
    number, now = book.last_grant + 1, subject.now
    grant = Grant(number=number, amount=amount, source=CreditSource.PAID, made_at=now, effective_at=now)
    return replace(subject, book=post_grant(add_grant(book, grant), number, Cause(at=now)))


def with_credits_of(subject: ResolvedCheck, then: ResolvedCheck) -> ResolvedCheck:
    """Return a later check with the credits expected then.

    Credits of a type other than the loaded one are unknown, and pay for nothing.
    """
    if then.rate is None or then.customer is None:
        return then
    book = subject.book
    if book is None or book.credit_type != then.rate.credit_type:
        return replace(then, rate=None)
    return replace(then, book=roll_forward(book, then.customer, then.flat, then.now))
