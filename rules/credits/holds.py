"""Credit holds: credits for the overage of a reservation.

The split is made when the reservation is made, and never changes: settling uses the limit first and credits
last; what is unused frees credits first. A hold outlives the end of its grants.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from rules.credits.accounts import Cause, CreditAccount, CreditHold, add_entry, with_lot, with_remainder
from rules.credits.burn_down import append_burn, cost_of, release, repay_overdraft, spend
from rules.credits.burn_records import (
    BurnRecord,
    BurnSlice,
    BurnSlices,
    PricedUsage,
    pop,
    push,
    rounded_charge,
    total,
)
from rules.credits.grants import EntryKind, in_burn_order
from rules.errors import unreachable
from rules.usage.metering import Window


def hold_for_usage(
    book: CreditAccount, key: str, beyond: PricedUsage, now: datetime, expires_at: datetime
) -> CreditAccount:
    """Hold credits in burn order for overage; if they do not suffice, as many as there are."""
    feature = beyond.rate.feature
    cost = cost_of(book, beyond.quantity, beyond.rate)
    holding, pieces = _take(book, cost)
    hold = CreditHold(key=key, beyond=beyond, cost=cost, pieces=pieces, created_at=now, expires_at=expires_at)
    kept = with_remainder(holding, feature, book.remainder(feature) + beyond.cost - cost)
    return replace(kept, holds={**book.holds, key: hold})


def _take(book: CreditAccount, amount: int) -> tuple[CreditAccount, BurnSlices]:
    pieces: list[BurnSlice] = []
    for lot in book.in_force:
        taken = min(lot.left, amount)
        if taken:
            amount -= taken
            pieces.append(BurnSlice(grant=lot.number, credits=taken))
            book = with_lot(book, replace(lot, left=lot.left - taken, held=lot.held + taken))
    return book, tuple(pieces)


def burn_held(book: CreditAccount, key: str, quantity: int, span: Window, cause: Cause) -> CreditAccount:
    """Burn credits for the used part of a hold, and free the rest.

    ``quantity`` is the used overage, at most that of the hold, at the end of ``span``.
    """
    hold = book.holds[key]
    rate = hold.beyond.rate
    used = PricedUsage(quantity=quantity, rate=rate)
    before = book.remainder(rate.feature) - hold.beyond.cost + hold.cost
    cost = min(hold.cost, rounded_charge(before, used.cost))
    kept, leaving = pop(hold.pieces, max(0, total(hold.pieces) - cost))
    book = without_hold(with_remainder(book, rate.feature, before + used.cost - cost), key)
    book = _consume(book, kept, cause)
    book = _free(book, leaving, cause)
    # A soft limit allows a reservation that the credits do not cover.
    book, more = spend(book, cost - total(kept), cause)
    return append_burn(
        book, BurnRecord(span=span, burned_at=cause.at, usage=(used,), pieces=push(kept, more))
    )


def _consume(book: CreditAccount, pieces: Iterable[BurnSlice], cause: Cause) -> CreditAccount:
    for piece in pieces:
        lot = book.lot(_grant_of(piece))
        burned = replace(lot, held=lot.held - piece.credits, burned=lot.burned + piece.credits)
        book = with_lot(book, burned)
        book = add_entry(book, EntryKind.CONSUMED, -piece.credits, cause, lot.number)
    return book


def free_held(book: CreditAccount, key: str, cause: Cause) -> CreditAccount:
    """Free all credits of a hold."""
    hold = book.holds[key]
    feature = hold.beyond.rate.feature
    remainder = book.remainder(feature) - hold.beyond.cost + hold.cost
    _, leaving = pop(hold.pieces, total(hold.pieces))
    return _free(without_hold(with_remainder(book, feature, remainder), key), leaving, cause)


def without_hold(book: CreditAccount, key: str) -> CreditAccount:
    """Remove a hold."""
    return replace(book, holds={known: hold for known, hold in book.holds.items() if known != key})


def _free(book: CreditAccount, pieces: BurnSlices, cause: Cause) -> CreditAccount:
    """Free held credits, which first repay the overdraft."""
    for piece in pieces:
        lot = book.lot(_grant_of(piece))
        book = release(book, replace(lot, held=lot.held - piece.credits), piece.credits, cause)
    freed = {_grant_of(piece) for piece in pieces}
    for lot in in_burn_order(book.lot(number) for number in freed):
        book = repay_overdraft(book, lot.number, cause)
    return book


def _grant_of(piece: BurnSlice) -> int:
    if piece.grant is None:
        unreachable("what is held is held of a grant")
    return piece.grant
