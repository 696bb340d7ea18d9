"""Minting: what a subscription gives of a credit type as its periods begin and end.

A publish counts for what begins after its instant, so that nothing hangs on who looked first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from rules.burning import ended, planned, took_effect
from rules.credit_books import Book, Cause, Stream, entered, with_lot, with_stream, without_streams
from rules.credit_rows import CreditRow, cadence_period, credit_rows
from rules.customers import Subscription, Term
from rules.grants import CreditSource, EntryKind, Grant, Lot, in_burn_order
from rules.inheritance import Flattened
from rules.numbers import LARGEST
from rules.periods import Period
from rules.terms import settled_addons


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One subscription at one instant, at which something of it may begin or end."""

    flat: Flattened
    subscription: Subscription
    credit_type: str
    at: datetime

    def turned(self, book: Book) -> Book:
        """Give the book after what begins and ends at the instant, publishes left aside."""
        subscription, at = self.subscription, self.at
        if not subscription.in_force(at):
            return without_streams(self._ended(book, self._lots(book)), self._streams(book))
        if at < subscription.opens_at:
            return book
        if at in (subscription.opens_at, subscription.last_reset(at)):
            return self._renewed(book)
        return self._increased(self._begun(self._moved(book)))

    def published(self, book: Book) -> Book:
        """Give the book after what was published at the instant.

        A credit type that is new to the subscription is minted at once; all else waits for the next
        period.
        """
        if not self.subscription.in_force(self.at) or self.at < self.subscription.opens_at:
            return book
        is_new = not self._streams(book)
        for row in self._rows(seen=self.at).values():
            if is_new:
                book = self._minted(book, row)
            elif self._stream_of(book, row) is None:
                book = with_stream(book, self._waiting(row))
        return book

    def _renewed(self, book: Book) -> Book:
        """End the cadence period and mint a full one; what is minted once is not minted again."""
        book = self._ended(book, self._lots(book))
        book = without_streams(book, [stream for stream in self._streams(book) if not stream.once])
        for row in self._rows().values():
            book = self._minted(book, row)
        return book

    def _moved(self, book: Book) -> Book:
        """Where the plan or its price was changed, let the new one go on in the period of the old one."""
        before, term = self._term_before(), self.subscription.term(self.at)
        if before is None or (before.plan, before.price) == (term.plan, term.price):
            return book
        book = self._ended(book, [lot for lot in self._lots(book) if lot.grant.package == before.plan])
        old = self._stream(book, before.plan)
        book = without_streams(book, [] if old is None else [old])
        burned = 0
        if old is not None and old.period.end != self.at:
            burned = old.burned
            # Kept where the new plan gives none too, lest who comes back is given all of it again.
            book = with_stream(book, replace(old, package=term.plan, amount=0, rollover_limit=0))
        row = self._rows().get(term.plan)
        return book if row is None else self._minted(book, row, burned=burned)

    def _term_before(self) -> Term | None:
        """Give the term before the one that begins at this instant, if one does."""
        terms = self.subscription.terms
        begins = (before for before, term in pairwise(terms) if term.starts_at == self.at)
        return next(begins, None)

    def _begun(self, book: Book) -> Book:
        """End the periods that are over and begin the next: what is carried into them burns first."""
        over = {stream.package: stream for stream in self._streams(book) if stream.period.end == self.at}
        rows = [row for row in self._rows().values() if row.package in over]
        for row in rows:
            if not row.once:
                book = self._carried(book, over[row.package], self._period(row).end)
        book = self._ended(book, [lot for stream in over.values() for lot in self._lots_of(book, stream)])
        book = without_streams(book, over.values())
        for row in rows:
            book = self._minted(book, row)
        return book

    def _carried(self, book: Book, stream: Stream, until: datetime | None) -> Book:
        """Carry what is left, up to the limit, in one grant; what was carried once is not carried again."""
        lots = in_burn_order(lot for lot in self._lots_of(book, stream) if not lot.grant.carried)
        amount = min(stream.rollover_limit, sum(lot.left for lot in lots))
        if not amount:
            return book
        grant = replace(self._grant(book, stream.package, amount, until), carried=True)
        book = with_lot(planned(book, grant), Lot(grant=grant, entered=True, left=amount))
        rest = amount
        for lot in lots:
            moved = min(rest, lot.left)
            rest -= moved
            book = with_lot(book, replace(lot, left=lot.left - moved))
            book = entered(book, EntryKind.ROLLED_OVER, -moved, self._cause, lot.number)
        return entered(book, EntryKind.ROLLED_OVER, amount, self._cause, grant.number)

    def _increased(self, book: Book) -> Book:
        """Mint for add-ons that came, and for more of them than the period has seen; less takes nothing."""
        for row in self._rows().values():
            stream = self._stream_of(book, row)
            if stream is not None:
                book = self._more(book, stream, row.quantity)
            elif self._is_attached(row.package):
                book = self._minted(book, row)
        return book

    def _more(self, book: Book, stream: Stream, quantity: int) -> Book:
        more = quantity - stream.quantity
        if more <= 0:
            return book
        book = with_stream(book, replace(stream, quantity=quantity))
        return self._granted(book, stream.package, stream.amount * more, stream.period)

    def _minted(self, book: Book, row: CreditRow, *, burned: int = 0) -> Book:
        """Mint for the period that holds the instant, less what the plans before had burned in it."""
        once = self._stream(book, row.package, once=True) if row.once else None
        if once is not None:
            return self._more(book, once, row.quantity)
        stream = replace(self._waiting(row), amount=row.credits.amount, burned=burned)
        book = with_stream(book, stream)
        return self._granted(book, row.package, stream.amount * row.quantity - burned, stream.period)

    def _waiting(self, row: CreditRow) -> Stream:
        """Give a stream that mints nothing in this period."""
        return Stream(
            subscription=self.subscription.number,
            package=row.package,
            period=self._period(row),
            amount=0,
            quantity=row.quantity,
            rollover_limit=row.credits.rollover_limit,
        )

    def _granted(self, book: Book, package: str, amount: int, period: Period) -> Book:
        # What is too large to count is minted as far as it can be counted.
        amount = min(amount, LARGEST - book.granted)
        if amount <= 0:
            return book
        grant = self._grant(book, package, amount, period.end)
        return took_effect(planned(book, grant), grant.number, self._cause)

    def _grant(self, book: Book, package: str, amount: int, expires_at: datetime | None) -> Grant:
        return Grant(
            number=book.last_grant + 1,
            amount=amount,
            source=CreditSource.PROMOTIONAL if expires_at is None else CreditSource.RECURRING,
            made_at=self.at,
            effective_at=self.at,
            expires_at=expires_at,
            subscription=self.subscription.number,
            package=package,
        )

    @property
    def _cause(self) -> Cause:
        return Cause(at=self.at)

    def _period(self, row: CreditRow) -> Period:
        return cadence_period(self.flat.catalog, self.subscription, row, self.at)

    def _rows(self, seen: datetime | None = None) -> dict[str, CreditRow]:
        """Give what the packages say by what was published before the instant, or up to another."""
        until = self.at - datetime.resolution if seen is None else seen
        return credit_rows(self.flat, self.subscription, self.credit_type, self.at, until)

    def _is_attached(self, addon: str) -> bool:
        """Tell whether an add-on came at this very instant."""
        return not any(
            held.addon == addon
            and held.starts_at < self.at
            and (held.ends_at is None or self.at <= held.ends_at)
            for held in settled_addons(self.flat.catalog, self.subscription, self.at)
        )

    def _streams(self, book: Book) -> list[Stream]:
        return [stream for stream in book.streams.values() if stream.subscription == self.subscription.number]

    def _stream(self, book: Book, package: str, *, once: bool = False) -> Stream | None:
        return book.streams.get((self.subscription.number, package, once))

    def _stream_of(self, book: Book, row: CreditRow) -> Stream | None:
        """Give the stream that a row goes on; what came to be minted once may have a period to end first."""
        once = self._stream(book, row.package, once=True) if row.once else None
        return once or self._stream(book, row.package)

    def _lots(self, book: Book) -> list[Lot]:
        """Give what it minted that has not ended and recurs."""
        return [
            lot
            for lot in book.lots.values()
            if lot.grant.subscription == self.subscription.number
            and lot.grant.source is CreditSource.RECURRING
            and lot.ended is None
        ]

    def _lots_of(self, book: Book, stream: Stream) -> list[Lot]:
        """Give what a package minted that ends with the stream's period."""
        own = (lot for lot in self._lots(book) if lot.grant.package == stream.package)
        return [lot for lot in own if lot.grant.expires_at == stream.period.end]

    def _ended(self, book: Book, lots: Iterable[Lot]) -> Book:
        return ended(book, lots, self._cause)
