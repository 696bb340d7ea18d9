"""Burn down credits, repay the overdraft, refund credits, and end grants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from rules.catalog.facts import CreditRate
from rules.credits.accounts import (
    Cause,
    CreditAccount,
    add_entry,
    with_burned,
    with_lot,
    with_minting_period,
    with_remainder,
)
from rules.credits.burn_records import (
    BurnRecord,
    BurnSlice,
    BurnSlices,
    PricedUsage,
    assign_grant,
    pop,
    rounded_charge,
    rounded_refund,
    total,
)
from rules.credits.grants import EntryKind, Grant, Lot, in_burn_order
from rules.usage.metering import Window


def add_grant(book: CreditAccount, grant: Grant) -> CreditAccount:
    """Add a grant, which enters the ledger when it takes effect."""
    return with_lot(replace(book, last_grant=grant.number), Lot(grant=grant))


def post_grant(book: CreditAccount, number: int, cause: Cause) -> CreditAccount:
    """Enter a grant in the ledger, which first repays the overdraft."""
    lot = book.lot(number)
    filled = with_lot(book, replace(lot, entered=True, left=lot.grant.amount))
    return repay_overdraft(
        add_entry(filled, EntryKind.GRANTED, lot.grant.amount, cause, number), number, cause
    )


def repay_overdraft(book: CreditAccount, number: int, cause: Cause) -> CreditAccount:
    """Repay the overdraft with what is left of a lot."""
    lot = book.lot(number)
    amount = min(book.overdraft, lot.left)
    moved = with_lot(book, replace(lot, left=lot.left - amount, burned=lot.burned + amount))
    paid = _pay_burned(replace(moved, overdraft=book.overdraft - amount), amount, number)
    out = add_entry(paid, EntryKind.SETTLED, -amount, cause, number)
    return add_entry(out, EntryKind.SETTLED, amount, cause, None)


def _pay_burned(book: CreditAccount, amount: int, grant: int) -> CreditAccount:
    """Assign a grant to credits that usage burned without a grant, the oldest day first.

    Overdraft beyond that was consumed directly, and is never refunded.
    """
    for _, burned in sorted(book.burned.items(), key=lambda known: (known[0][1], known[0][0])):
        paid = min(amount, burned.unpaid)
        if paid:
            pieces = assign_grant(burned.pieces, paid, grant)
            book, amount = with_burned(book, replace(burned, pieces=pieces)), amount - paid
    return book


def spend(book: CreditAccount, amount: int, cause: Cause) -> tuple[CreditAccount, BurnSlices]:
    """Spend credits in burn order, and the rest as overdraft, with an entry for each grant."""
    pieces: list[BurnSlice] = []
    for lot in book.in_force:
        taken = min(lot.left, amount)
        if taken:
            amount -= taken
            pieces.append(BurnSlice(grant=lot.number, credits=taken))
            book = with_lot(book, replace(lot, left=lot.left - taken, burned=lot.burned + taken))
            book = add_entry(book, EntryKind.CONSUMED, -taken, cause, lot.number)
    if amount:
        pieces.append(BurnSlice(grant=None, credits=amount))
        book = replace(book, overdraft=book.overdraft + amount)
        book = add_entry(book, EntryKind.CONSUMED, -amount, cause, None)
    return book, tuple(pieces)


def cost_of(book: CreditAccount, quantity: int, rate: CreditRate) -> int:
    """Return what overage would be charged now, in micros of a credit."""
    if not quantity:
        return 0
    return rounded_charge(book.remainder(rate.feature), PricedUsage(quantity=quantity, rate=rate).cost)


def burn_for_usage(book: CreditAccount, beyond: PricedUsage, span: Window, cause: Cause) -> CreditAccount:
    """Burn credits for overage, which occurred at the end of a span of its day."""
    feature = beyond.rate.feature
    cost = cost_of(book, beyond.quantity, beyond.rate)
    spending, pieces = spend(book, cost, cause)
    kept = with_remainder(spending, feature, book.remainder(feature) + beyond.cost - cost)
    return append_burn(kept, BurnRecord(span=span, burned_at=cause.at, usage=(beyond,), pieces=pieces))


def append_burn(book: CreditAccount, more: BurnRecord) -> CreditAccount:
    """Add what usage burned to the burn record of its day."""
    if not more.quantity:
        return book
    before = book.burned.get(more.place)
    return with_burned(book, more if before is None else before.under(more))


def refund_usage(
    books: Mapping[str, CreditAccount], quantity: int, window: Window, cause: Cause
) -> dict[str, CreditAccount]:
    """Take back usage of a window, overage first, and refund the credits that it burned.

    What was burned last is refunded first, across credit types. Returns the changed accounts.
    """
    changed: dict[str, CreditAccount] = {}
    there = (
        (burned.burned_at, burned.span.starts_at, key, burned.place)
        for key, book in books.items()
        for burned in book.burned.values()
        if burned.span.feature == window.feature and burned.span.overlaps(window)
    )
    for _, _, key, place in sorted(there, reverse=True):
        # An earlier refund may have paid the overdraft of this account: read it again.
        book = changed.get(key, books[key])
        taken = min(quantity, book.burned[place].quantity)
        if taken:
            changed[key], quantity = _take_back(book, book.burned[place], taken, cause), quantity - taken
    return changed


def _take_back(book: CreditAccount, burned: BurnRecord, quantity: int, cause: Cause) -> CreditAccount:
    rest, cost = burned.without(quantity)
    before, piled_up = book.remainder(burned.feature), total(burned.pieces)
    # When all usage is taken back, all credits are, whatever the rounding.
    back = min(piled_up, rounded_refund(before, cost)) if rest.quantity else piled_up
    pieces, taken = pop(burned.pieces, back)
    book = with_remainder(book, burned.feature, before - cost + back)
    return refund(with_burned(book, replace(rest, pieces=pieces)), taken, cause)


def refund(book: CreditAccount, pieces: BurnSlices, cause: Cause) -> CreditAccount:
    """Refund consumed credits: first to the overdraft, then to their grants in this order."""
    owed = min(book.overdraft, total(pieces))
    book = add_entry(replace(book, overdraft=book.overdraft - owed), EntryKind.CONSUMED, owed, cause, None)
    owed -= total(piece for piece in pieces if piece.grant is None)
    for piece in pieces:
        if piece.grant is None:
            continue
        # The refunded grant now pays what other usage had taken as overdraft.
        paid = min(owed, piece.credits)
        book, owed = _pay_burned(book, paid, piece.grant), owed - paid
        book = _return_to(book, piece.grant, piece.credits - paid, cause)
    return book


def _return_to(book: CreditAccount, grant: int, amount: int, cause: Cause) -> CreditAccount:
    """Refund credits to their grant; if it has ended, they end with it."""
    if not amount:
        return book
    lot = book.lot(grant)
    book = add_entry(book, EntryKind.CONSUMED, amount, cause, grant)
    return release(book, replace(lot, burned=lot.burned - amount), amount, cause)


def release(book: CreditAccount, lot: Lot, amount: int, cause: Cause) -> CreditAccount:
    """Free held or refunded credits of a lot; if it has ended, they end with it."""
    ending = lot.ending(cause.at)
    if ending is None:
        return with_lot(book, replace(lot, left=lot.left + amount))
    return add_entry(with_lot(book, replace(lot, ended=ending)), ending, -amount, cause, lot.number)


def end_lots(book: CreditAccount, lots: Iterable[Lot], cause: Cause) -> CreditAccount:
    """End lots: expire those whose time is over, void all others. Held credits stay held."""
    for lot in in_burn_order(lots):
        kind = lot.ending(cause.at) or EntryKind.VOIDED
        over = replace(lot, left=0, ended=kind, ended_at=cause.at)
        book = add_entry(with_lot(book, over), kind, -lot.left, cause, lot.number)
        book = _record_burned(book, lot)
    return book


def _record_burned(book: CreditAccount, lot: Lot) -> CreditAccount:
    """Add what was burned of a lot to the minting period that minted it."""
    grant = lot.grant
    if grant.subscription is None or grant.package is None:
        return book
    stream = book.streams.get((grant.subscription, grant.package, False))
    return (
        book
        if stream is None
        else with_minting_period(book, replace(stream, burned=stream.burned + lot.burned))
    )
