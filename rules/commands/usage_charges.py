"""Charge usage in credits: overage burns credits when it is recorded, reserved and settled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from rules.access import resolution_cache
from rules.access.decision import AccessCheck, Decision, ResolvedCheck, decide
from rules.catalog.validation import out_of_range
from rules.commands.command import CommandContext, CustomerState
from rules.credits.accounts import Cause, CreditAccount, CreditNeed
from rules.credits.burn_down import burn_for_usage, refund_usage
from rules.credits.burn_records import PricedUsage
from rules.credits.holds import burn_held, free_held, hold_for_usage
from rules.credits.overage import is_paid_in_money, overage_quantity
from rules.credits.roll_forward import roll_forward
from rules.customers.facts import Customer
from rules.errors import Rejected
from rules.numbers import LARGEST
from rules.usage.metering import UsageRecord
from rules.usage.reservations import Reservation, total_reserved
from rules.values import Metered


def resolve_in(scene: CommandContext, state: CustomerState, question: AccessCheck) -> ResolvedCheck:
    """Resolve the check of a command, with the account that pays for it."""
    subject = scene.subject(state.customer, question)
    if subject.rate is None or state.customer is None:
        return subject
    return replace(subject, book=_book(scene, state, state.customer, subject.rate.credit_type))


def decide_in(scene: CommandContext, state: CustomerState, question: AccessCheck) -> Decision:
    """Decide the check of a command."""
    subject = resolve_in(scene, state, question)
    return decide(subject, state.tallies, total_reserved(state.holds.values(), question.feature, scene.now))


def usage_credit_needs(
    scene: CommandContext,
    state: CustomerState,
    feature: str,
    at: datetime | None = None,
    *,
    gives_back: bool = False,
) -> Iterator[CreditNeed]:
    """Yield the accounts that usage of a feature may change; a refund may concern any credit type."""
    if state.customer is None or feature not in scene.flat.catalog.features:
        return
    rate, known = scene.rate(state.customer, feature), scene.flat.catalog.credit_types
    types = list(known) if gives_back else [key for key in known if rate and rate.credit_type == key]
    if types:
        window = scene.window(state.customer, feature, at)
        window = window.with_day_before() if gives_back else window.day_until(at or scene.now)
        yield from (CreditNeed(credit_type=key, window=window) for key in types)


def burns(scene: CommandContext, state: CustomerState, feature: str) -> bool:
    """Return whether using a feature burns credits now."""
    return state.customer is not None and scene.rate(state.customer, feature) is not None


def charge_usage(
    scene: CommandContext, state: CustomerState, record: UsageRecord, *path: str
) -> CustomerState:
    """Burn credits for the overage of a record that is not counted yet, or refund them.

    The limit is that of the instant at which it occurred, and the rate is that of now. Raises Rejected if
    the credits would be too many to count.
    """
    if state.customer is None or not record.quantity:
        return state
    if record.quantity < 0:
        return _give_back(scene, state, state.customer, record)
    rate = scene.rate(state.customer, record.feature)
    if rate is None:
        return state
    window = scene.window(state.customer, record.feature, record.occurred_at)
    quantity = _beyond(scene, state, state.customer, record)
    book = _book(scene, state, state.customer, rate.credit_type)
    cause = Cause(at=scene.now, feature=record.feature)
    span = window.day_until(record.occurred_at)
    after = burn_for_usage(book, PricedUsage(quantity=quantity, rate=rate), span, cause)
    if max(after.consumed, after.overdraft) > LARGEST:
        raise Rejected([out_of_range("The usage would cost more credits than can be counted.", *path)])
    return with_books(state, [after])


def _beyond(scene: CommandContext, state: CustomerState, customer: Customer, record: UsageRecord) -> int:
    """Return what of a record is beyond the limit, after all usage of its period so far."""
    question = AccessCheck(customer=customer.key, feature=record.feature)
    then = resolution_cache.cached_check(scene.flat, customer, question, record.occurred_at)
    value = then.entitlement.value if isinstance(then.entitlement.value, Metered) else None
    if is_paid_in_money(value):
        return 0
    window = scene.window(customer, record.feature, record.occurred_at)
    used = state.tallies[window].used
    if scene.now in window:
        # Reservations count in the current period, whichever it is.
        used += total_reserved(state.holds.values(), record.feature, scene.now).quantity
    return overage_quantity(0 if value is None else value.limit, used, record.quantity)


def _give_back(
    scene: CommandContext, state: CustomerState, customer: Customer, record: UsageRecord
) -> CustomerState:
    window = scene.window(customer, record.feature, record.occurred_at)
    books = {credit_type: _book(scene, state, customer, credit_type) for credit_type in state.books}
    cause = Cause(at=scene.now, feature=record.feature)
    return with_books(state, refund_usage(books, -record.quantity, window, cause).values())


def hold_credits(
    scene: CommandContext, state: CustomerState, hold: Reservation, decision: Decision
) -> CustomerState:
    """Hold credits for the overage of a reservation, as the decision computed it."""
    payment, book = decision.payment, decision.subject.book
    if payment is None or book is None or not payment.beyond.quantity:
        return replace(state, holds={**state.holds, hold.key: hold})
    paying = replace(hold, credit_type=book.credit_type)
    after = hold_for_usage(book, hold.key, payment.beyond, scene.now, hold.expires_at)
    return with_books(replace(state, holds={**state.holds, hold.key: paying}), [after])


def hold_credit_needs(scene: CommandContext, state: CustomerState, hold: Reservation) -> Iterable[CreditNeed]:
    """Yield the accounts that ending a reservation may change: its own, and that of the current rate."""
    if hold.credit_type is not None and state.customer is not None:
        today = scene.window(state.customer, hold.feature).day_until(scene.now)
        yield CreditNeed(credit_type=hold.credit_type, window=today)
    yield from usage_credit_needs(scene, state, hold.feature)


def settle_hold(
    scene: CommandContext, state: CustomerState, hold: Reservation, quantity: int
) -> CustomerState:
    """Burn credits for the used part of a reservation and free the rest: limit first, credits last.

    An expired reservation holds nothing any more.
    """
    customer = state.customer
    if customer is None or hold.credit_type is None:
        return state
    book = _book(scene, state, customer, hold.credit_type)
    if hold.key not in book.holds:
        return with_books(state, [book])
    of_limit = hold.quantity - book.holds[hold.key].beyond.quantity
    used = max(0, min(quantity, hold.quantity) - of_limit)
    span = scene.window(customer, hold.feature).day_until(scene.now)
    cause = Cause(at=scene.now, feature=hold.feature)
    return with_books(state, [burn_held(book, hold.key, used, span, cause)])


def release_hold(scene: CommandContext, state: CustomerState, hold: Reservation) -> CustomerState:
    """Free the credits that are held for a reservation."""
    if state.customer is None or hold.credit_type is None:
        return state
    book = _book(scene, state, state.customer, hold.credit_type)
    if hold.key in book.holds:
        book = free_held(book, hold.key, Cause(at=scene.now, feature=hold.feature))
    return with_books(state, [book])


def _book(scene: CommandContext, state: CustomerState, customer: Customer, credit_type: str) -> CreditAccount:
    return roll_forward(state.books[credit_type], customer, scene.flat, scene.now)


def cost_between(before: CustomerState, after: CustomerState) -> dict[str, int]:
    """Return what a command cost, by credit type; empty if it had no accounts."""
    costs = [book.consumed - before.books[key].consumed for key, book in after.books.items()]
    return {"cost": sum(costs)} if any(costs) else {}


def with_books(state: CustomerState, books: Iterable[CreditAccount]) -> CustomerState:
    """Replace the accounts of these credit types."""
    return replace(state, books={**state.books, **{book.credit_type: book for book in books}})
