"""Credits that are held: for the part of a reservation that is beyond the limit.

The split is made when it is reserved, and stands: the limit comes first, credits last, and what comes
back leaves in the opposite order. A hold outlives the end of its grants.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from rules.credits.accounts import Book, Cause, CreditHold, entered, with_lot, with_remainder
from rules.credits.burn_down import cost_of, let_go, piled, settled_by, spent
from rules.credits.burn_records import Burned, Piece, Pieces, Rated, charged, popped, pushed, total
from rules.credits.grants import EntryKind, in_burn_order
from rules.usage.metering import Window


def held_for(book: Book, key: str, beyond: Rated, now: datetime, expires_at: datetime) -> Book:
    """Hold credits in burn order for usage beyond a limit; where they do not suffice, what there is."""
    feature = beyond.rate.feature
    cost = cost_of(book, beyond.quantity, beyond.rate)
    holding, pieces = _taken(book, cost)
    hold = CreditHold(key=key, beyond=beyond, cost=cost, pieces=pieces, created_at=now, expires_at=expires_at)
    kept = with_remainder(holding, feature, book.remainder(feature) + beyond.cost - cost)
    return replace(kept, holds={**book.holds, key: hold})


def _taken(book: Book, amount: int) -> tuple[Book, Pieces]:
    pieces: list[Piece] = []
    for lot in book.in_force:
        taken = min(lot.left, amount)
        if taken:
            amount -= taken
            pieces.append(Piece(grant=lot.number, credits=taken))
            book = with_lot(book, replace(lot, left=lot.left - taken, held=lot.held + taken))
    return book, tuple(pieces)


def settled_hold(book: Book, key: str, quantity: int, span: Window, cause: Cause) -> Book:
    """Burn what a hold was used for, and free the rest.

    ``quantity`` is how much of what is beyond the limit was used, at most what it was made for, at the
    end of ``span``.
    """
    hold = book.holds[key]
    rate = hold.beyond.rate
    used = Rated(quantity=quantity, rate=rate)
    before = book.remainder(rate.feature) - hold.beyond.cost + hold.cost
    cost = min(hold.cost, charged(before, used.cost))
    kept, leaving = popped(hold.pieces, max(0, total(hold.pieces) - cost))
    book = without_hold(with_remainder(book, rate.feature, before + used.cost - cost), key)
    book = _consumed(book, kept, cause)
    book = _freed(book, leaving, cause)
    # A soft limit lets a reservation pass that credits did not suffice for.
    book, more = spent(book, cost - total(kept), cause)
    return piled(book, Burned(span=span, burned_at=cause.at, usage=(used,), pieces=pushed(kept, more)))


def _consumed(book: Book, pieces: Iterable[Piece], cause: Cause) -> Book:
    for piece in pieces:
        lot = book.lot(_grant_of(piece))
        burned = replace(lot, held=lot.held - piece.credits, burned=lot.burned + piece.credits)
        book = with_lot(book, burned)
        book = entered(book, EntryKind.CONSUMED, -piece.credits, cause, lot.number)
    return book


def released_hold(book: Book, key: str, cause: Cause) -> Book:
    """Free all that a hold holds."""
    hold = book.holds[key]
    feature = hold.beyond.rate.feature
    remainder = book.remainder(feature) - hold.beyond.cost + hold.cost
    _, leaving = popped(hold.pieces, total(hold.pieces))
    return _freed(without_hold(with_remainder(book, feature, remainder), key), leaving, cause)


def without_hold(book: Book, key: str) -> Book:
    """Take a hold out of the book."""
    return replace(book, holds={known: hold for known, hold in book.holds.items() if known != key})


def _freed(book: Book, pieces: Pieces, cause: Cause) -> Book:
    """Let go of held credits; they settle what is owed before they can be spent."""
    for piece in pieces:
        lot = book.lot(_grant_of(piece))
        book = let_go(book, replace(lot, held=lot.held - piece.credits), piece.credits, cause)
    freed = {_grant_of(piece) for piece in pieces}
    for lot in in_burn_order(book.lot(number) for number in freed):
        book = settled_by(book, lot.number, cause)
    return book


def _grant_of(piece: Piece) -> int:
    if piece.grant is None:
        message = "what is held is held of a grant"
        raise AssertionError(message)
    return piece.grant
