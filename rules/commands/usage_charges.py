"""Usage that burns credits: what is beyond a limit is paid when it is recorded, held and settled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from rules.access import resolution_cache
from rules.access.decision import Decision, Question, Subject, decide
from rules.catalog.validation import out_of_range
from rules.commands.command import Account, Scene
from rules.credits.accounts import Book, Cause, CreditNeed
from rules.credits.burn_down import burned_for, given_back
from rules.credits.burn_records import Rated
from rules.credits.holds import held_for, released_hold, settled_hold
from rules.credits.overage import beyond, is_paid_in_money
from rules.credits.roll_forward import brought_up
from rules.customers.facts import Customer
from rules.errors import Rejected
from rules.numbers import LARGEST
from rules.usage.metering import UsageRecord
from rules.usage.reservations import Hold, held
from rules.values import Metered


def subject_in(scene: Scene, account: Account, question: Question) -> Subject:
    """Find what a question that an act asks is about, with the credits that pay for it."""
    subject = scene.subject(account.customer, question)
    if subject.rate is None or account.customer is None:
        return subject
    return replace(subject, book=_book(scene, account, account.customer, subject.rate.credit_type))


def decided(scene: Scene, account: Account, question: Question) -> Decision:
    """Decide a question that an act asks."""
    subject = subject_in(scene, account, question)
    return decide(subject, account.tallies, held(account.holds.values(), question.feature, scene.now))


def usage_credit_needs(
    scene: Scene, account: Account, feature: str, at: datetime | None = None, *, gives_back: bool = False
) -> Iterator[CreditNeed]:
    """Tell which books usage of a feature may change; who gives back may have burned credits of any type."""
    if account.customer is None or feature not in scene.flat.catalog.features:
        return
    rate, known = scene.rate(account.customer, feature), scene.flat.catalog.credit_types
    types = list(known) if gives_back else [key for key in known if rate and rate.credit_type == key]
    if types:
        window = scene.window(account.customer, feature, at)
        window = window.with_day_before() if gives_back else window.day_until(at or scene.now)
        yield from (CreditNeed(credit_type=key, window=window) for key in types)


def burns(scene: Scene, account: Account, feature: str) -> bool:
    """Tell whether using a feature burns credits now."""
    return account.customer is not None and scene.rate(account.customer, feature) is not None


def paid(scene: Scene, account: Account, record: UsageRecord, *path: str) -> Account:
    """Burn credits for what of a record, which is not counted yet, is beyond the limit, or give them back.

    The limit is that of the instant at which it occurred, and the rate that of now. Raises Rejected
    where the credits would be too many to count.
    """
    if account.customer is None or not record.quantity:
        return account
    if record.quantity < 0:
        return _given_back(scene, account, account.customer, record)
    rate = scene.rate(account.customer, record.feature)
    if rate is None:
        return account
    window = scene.window(account.customer, record.feature, record.occurred_at)
    quantity = _beyond(scene, account, account.customer, record)
    book = _book(scene, account, account.customer, rate.credit_type)
    cause = Cause(at=scene.now, feature=record.feature)
    span = window.day_until(record.occurred_at)
    after = burned_for(book, Rated(quantity=quantity, rate=rate), span, cause)
    if max(after.consumed, after.overdraft) > LARGEST:
        raise Rejected([out_of_range("The usage would cost more credits than can be counted.", *path)])
    return with_books(account, [after])


def _beyond(scene: Scene, account: Account, customer: Customer, record: UsageRecord) -> int:
    """Tell what of a record is beyond the limit, after all usage of its period so far."""
    question = Question(customer=customer.key, feature=record.feature)
    then = resolution_cache.subject(scene.flat, customer, question, record.occurred_at)
    value = then.entitled.value if isinstance(then.entitled.value, Metered) else None
    if is_paid_in_money(value):
        return 0
    window = scene.window(customer, record.feature, record.occurred_at)
    used = account.tallies[window].used
    if scene.now in window:
        # What is held counts in whatever period is current.
        used += held(account.holds.values(), record.feature, scene.now).quantity
    return beyond(0 if value is None else value.limit, used, record.quantity)


def _given_back(scene: Scene, account: Account, customer: Customer, record: UsageRecord) -> Account:
    window = scene.window(customer, record.feature, record.occurred_at)
    books = {credit_type: _book(scene, account, customer, credit_type) for credit_type in account.books}
    cause = Cause(at=scene.now, feature=record.feature)
    return with_books(account, given_back(books, -record.quantity, window, cause).values())


def reserved(scene: Scene, account: Account, hold: Hold, decision: Decision) -> Account:
    """Hold the credits of what of a reservation is beyond the limit, as it was decided."""
    payment, book = decision.payment, decision.subject.book
    if payment is None or book is None or not payment.beyond.quantity:
        return replace(account, holds={**account.holds, hold.key: hold})
    paying = replace(hold, credit_type=book.credit_type)
    after = held_for(book, hold.key, payment.beyond, scene.now, hold.expires_at)
    return with_books(replace(account, holds={**account.holds, hold.key: paying}), [after])


def hold_credit_needs(scene: Scene, account: Account, hold: Hold) -> Iterable[CreditNeed]:
    """Tell which books ending a hold may change: that which it holds of, and that of the rate of now."""
    if hold.credit_type is not None and account.customer is not None:
        today = scene.window(account.customer, hold.feature).day_until(scene.now)
        yield CreditNeed(credit_type=hold.credit_type, window=today)
    yield from usage_credit_needs(scene, account, hold.feature)


def settled(scene: Scene, account: Account, hold: Hold, quantity: int) -> Account:
    """Burn what a hold was used for and free the rest: limit first, credits last.

    A hold that has expired holds nothing any more.
    """
    customer = account.customer
    if customer is None or hold.credit_type is None:
        return account
    book = _book(scene, account, customer, hold.credit_type)
    if hold.key not in book.holds:
        return with_books(account, [book])
    of_limit = hold.quantity - book.holds[hold.key].beyond.quantity
    used = max(0, min(quantity, hold.quantity) - of_limit)
    span = scene.window(customer, hold.feature).day_until(scene.now)
    cause = Cause(at=scene.now, feature=hold.feature)
    return with_books(account, [settled_hold(book, hold.key, used, span, cause)])


def released(scene: Scene, account: Account, hold: Hold) -> Account:
    """Free the credits that a hold holds."""
    if account.customer is None or hold.credit_type is None:
        return account
    book = _book(scene, account, account.customer, hold.credit_type)
    if hold.key in book.holds:
        book = released_hold(book, hold.key, Cause(at=scene.now, feature=hold.feature))
    return with_books(account, [book])


def _book(scene: Scene, account: Account, customer: Customer, credit_type: str) -> Book:
    return brought_up(account.books[credit_type], customer, scene.flat, scene.now)


def cost_between(before: Account, after: Account) -> dict[str, int]:
    """Tell, for an outcome, what an act cost in credits; nothing where it had no books."""
    costs = [book.consumed - before.books[key].consumed for key, book in after.books.items()]
    return {"cost": sum(costs)} if any(costs) else {}


def with_books(account: Account, books: Iterable[Book]) -> Account:
    """Put books in place of those of their credit types."""
    return replace(account, books={**account.books, **{book.credit_type: book for book in books}})
