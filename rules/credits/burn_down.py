"""Burning credits, settling what is owed, giving credits back, and ending grants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from rules.catalog.facts import CreditRate
from rules.credits.accounts import Book, Cause, entered, with_burned, with_lot, with_remainder, with_stream
from rules.credits.burn_records import Burned, Piece, Pieces, Rated, charged, popped, regranted, repaid, total
from rules.credits.grants import EntryKind, Grant, Lot, in_burn_order
from rules.usage.metering import Window


def planned(book: Book, grant: Grant) -> Book:
    """Put down a grant, to be entered when it takes effect."""
    return with_lot(replace(book, last_grant=grant.number), Lot(grant=grant))


def took_effect(book: Book, number: int, cause: Cause) -> Book:
    """Enter a grant, which settles what is owed first."""
    lot = book.lot(number)
    filled = with_lot(book, replace(lot, entered=True, left=lot.grant.amount))
    return settled_by(entered(filled, EntryKind.GRANTED, lot.grant.amount, cause, number), number, cause)


def settled_by(book: Book, number: int, cause: Cause) -> Book:
    """Let what is left of a lot settle what was consumed beyond all grants."""
    lot = book.lot(number)
    amount = min(book.overdraft, lot.left)
    moved = with_lot(book, replace(lot, left=lot.left - amount, burned=lot.burned + amount))
    paid = _paid_by(replace(moved, overdraft=book.overdraft - amount), amount, number)
    out = entered(paid, EntryKind.SETTLED, -amount, cause, number)
    return entered(out, EntryKind.SETTLED, amount, cause, None)


def _paid_by(book: Book, amount: int, grant: int) -> Book:
    """Put a grant under credits that usage burned and no grant had paid for, the oldest day first.

    What is owed beyond that was consumed directly, and never comes back.
    """
    for _, burned in sorted(book.burned.items(), key=lambda known: (known[0][1], known[0][0])):
        paid = min(amount, burned.unpaid)
        if paid:
            pieces = regranted(burned.pieces, paid, grant)
            book, amount = with_burned(book, replace(burned, pieces=pieces)), amount - paid
    return book


def spent(book: Book, amount: int, cause: Cause) -> tuple[Book, Pieces]:
    """Spend credits in burn order, and what no grant covers beyond all grants; an entry for each."""
    pieces: list[Piece] = []
    for lot in book.in_force:
        taken = min(lot.left, amount)
        if taken:
            amount -= taken
            pieces.append(Piece(grant=lot.number, credits=taken))
            book = with_lot(book, replace(lot, left=lot.left - taken, burned=lot.burned + taken))
            book = entered(book, EntryKind.CONSUMED, -taken, cause, lot.number)
    if amount:
        pieces.append(Piece(grant=None, credits=amount))
        book = replace(book, overdraft=book.overdraft + amount)
        book = entered(book, EntryKind.CONSUMED, -amount, cause, None)
    return book, tuple(pieces)


def cost_of(book: Book, quantity: int, rate: CreditRate) -> int:
    """Tell what usage beyond a limit would be charged now, in micros of a credit."""
    if not quantity:
        return 0
    return charged(book.remainder(rate.feature), Rated(quantity=quantity, rate=rate).cost)


def burned_for(book: Book, beyond: Rated, span: Window, cause: Cause) -> Book:
    """Burn credits for usage beyond a limit, which occurred at the end of a span of its day."""
    feature = beyond.rate.feature
    cost = cost_of(book, beyond.quantity, beyond.rate)
    spending, pieces = spent(book, cost, cause)
    kept = with_remainder(spending, feature, book.remainder(feature) + beyond.cost - cost)
    return piled(kept, Burned(span=span, burned_at=cause.at, usage=(beyond,), pieces=pieces))


def piled(book: Book, more: Burned) -> Book:
    """Remember what usage burned, on top of what its day burned before."""
    if not more.quantity:
        return book
    before = book.burned.get(more.place)
    return with_burned(book, more if before is None else before.under(more))


def given_back(books: Mapping[str, Book], quantity: int, window: Window, cause: Cause) -> dict[str, Book]:
    """Take usage of a window back: first what of it was beyond the limit, with the credits of that.

    Whatever their types, what was burned last comes back first. Gives the books that this changes.
    """
    changed: dict[str, Book] = {}
    there = (
        (burned.burned_at, burned.span.starts_at, key, burned.place)
        for key, book in books.items()
        for burned in book.burned.values()
        if burned.span.feature == window.feature and burned.span.overlaps(window)
    )
    for _, _, key, place in sorted(there, reverse=True):
        # What came back before may have paid what this owed.
        book = changed.get(key, books[key])
        taken = min(quantity, book.burned[place].quantity)
        if taken:
            changed[key], quantity = _taken_back(book, book.burned[place], taken, cause), quantity - taken
    return changed


def _taken_back(book: Book, burned: Burned, quantity: int, cause: Cause) -> Book:
    rest, cost = burned.without(quantity)
    before, piled_up = book.remainder(burned.feature), total(burned.pieces)
    # Who takes all of it back gets all of it back, however it was rounded.
    back = min(piled_up, repaid(before, cost)) if rest.quantity else piled_up
    pieces, taken = popped(burned.pieces, back)
    book = with_remainder(book, burned.feature, before - cost + back)
    return returned(with_burned(book, replace(rest, pieces=pieces)), taken, cause)


def returned(book: Book, pieces: Pieces, cause: Cause) -> Book:
    """Give credits back that were consumed: to what is owed, then to their grants in this order."""
    owed = min(book.overdraft, total(pieces))
    book = entered(replace(book, overdraft=book.overdraft - owed), EntryKind.CONSUMED, owed, cause, None)
    owed -= total(piece for piece in pieces if piece.grant is None)
    for piece in pieces:
        if piece.grant is None:
            continue
        # What others owed is now paid by the grant whose credits came back.
        paid = min(owed, piece.credits)
        book, owed = _paid_by(book, paid, piece.grant), owed - paid
        book = _returned_to(book, piece.grant, piece.credits - paid, cause)
    return book


def _returned_to(book: Book, grant: int, amount: int, cause: Cause) -> Book:
    """Give credits back to their grant; where it has ended, they end with it."""
    if not amount:
        return book
    lot = book.lot(grant)
    book = entered(book, EntryKind.CONSUMED, amount, cause, grant)
    return let_go(book, replace(lot, burned=lot.burned - amount), amount, cause)


def let_go(book: Book, lot: Lot, amount: int, cause: Cause) -> Book:
    """Make credits of a lot free again, or let them end where it has ended."""
    ending = lot.ending(cause.at)
    if ending is None:
        return with_lot(book, replace(lot, left=lot.left + amount))
    return entered(with_lot(book, replace(lot, ended=ending)), ending, -amount, cause, lot.number)


def ended(book: Book, lots: Iterable[Lot], cause: Cause) -> Book:
    """End lots: those whose time is over expire, all others are voided. What is held stays held."""
    for lot in in_burn_order(lots):
        kind = lot.ending(cause.at) or EntryKind.VOIDED
        over = replace(lot, left=0, ended=kind, ended_at=cause.at)
        book = entered(with_lot(book, over), kind, -lot.left, cause, lot.number)
        book = _remembering(book, lot)
    return book


def _remembering(book: Book, lot: Lot) -> Book:
    """Let the stream that minted a lot remember what was burned of it."""
    grant = lot.grant
    if grant.subscription is None or grant.package is None:
        return book
    stream = book.streams.get((grant.subscription, grant.package, False))
    return book if stream is None else with_stream(book, replace(stream, burned=stream.burned + lot.burned))
