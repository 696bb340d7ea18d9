"""The book of one customer and credit type: lots, totals and what is owed, and the entries it makes.

A book holds what acts and answers need and no more: what has ended or was spent is closed and left
out, so that its size does not grow with its past.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction

from rules.credits.burn_records import BurnRecord, BurnSlices, Place, PricedUsage
from rules.credits.grants import EntryKind, Lot, in_burn_order
from rules.customers.facts import earliest
from rules.periods import Period
from rules.usage.metering import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNeed:
    """What an act needs of a credit type: the book, and in it a grant, and what usage burned.

    The window is the one in which the days began that are needed.
    """

    credit_type: str
    grant: int | None = None
    window: Window | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why and when entries are made."""

    at: datetime
    feature: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the ledger, in micros; of no grant where it is about the overdraft."""

    number: int
    kind: EntryKind
    amount: int
    balance_after: int
    grant: int | None
    cause: Cause


_NOTHING = Fraction(0)

StreamKey = tuple[int, str, bool]
"""A subscription, a package, and whether it mints once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MintingPeriod:
    """What a package of a subscription mints in a cadence period, which has no end for ONE_TIME.

    ``amount`` is for each of ``quantity``, the highest of the period so far. ``burned`` is what was
    burned of what it minted in the period and has ended since.
    """

    subscription: int
    package: str
    period: Period
    amount: int
    quantity: int = 1
    rollover_limit: int = 0
    burned: int = 0

    @property
    def once(self) -> bool:
        """Whether it mints once and never again."""
        return self.period.end is None

    @property
    def key(self) -> StreamKey:
        """What there is one stream of."""
        return self.subscription, self.package, self.once


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditHold:
    """What a reservation holds for the part of it beyond the limit, which was decided when it was made.

    ``cost`` is what that part was to cost; ``pieces`` are what is held of it, in burn order.
    """

    key: str
    beyond: PricedUsage
    cost: int
    pieces: BurnSlices
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditAccount:
    """What a customer has of a credit type, in micros, brought up to an instant.

    ``closed`` are lots that were closed, and ``entries`` what was entered, since the book was opened:
    who keeps it writes them down. Among ``burned`` are those that are owed and those that acts name.
    ``remainders`` tell, for each feature, what its usage cost above what was charged for it,
    ``sums`` what all entries of a kind come to, and ``seen`` how many versions had been published.
    """

    credit_type: str
    at: datetime | None = None
    seen: int = 0
    lots: Mapping[int, Lot] = field(default_factory=dict)
    closed: Mapping[int, Lot] = field(default_factory=dict)
    streams: Mapping[StreamKey, MintingPeriod] = field(default_factory=dict)
    holds: Mapping[str, CreditHold] = field(default_factory=dict)
    burned: Mapping[Place, BurnRecord] = field(default_factory=dict)
    remainders: Mapping[str, Fraction] = field(default_factory=dict)
    sums: Mapping[EntryKind, int] = field(default_factory=dict)
    overdraft: int = 0
    last_grant: int = 0
    last_entry: int = 0
    entries: tuple[Entry, ...] = ()

    @property
    def granted(self) -> int:
        """All that was ever granted."""
        return self.sums.get(EntryKind.GRANTED, 0)

    @property
    def consumed(self) -> int:
        """All that was ever consumed, what was given back left out, what is owed included."""
        return -self.sums.get(EntryKind.CONSUMED, 0)

    @property
    def expired(self) -> int:
        """All that ever expired."""
        return -self.sums.get(EntryKind.EXPIRED, 0)

    @property
    def voided(self) -> int:
        """All that was ever voided."""
        return -self.sums.get(EntryKind.VOIDED, 0)

    @property
    def balance(self) -> int:
        """The sum of all entries: what is available and reserved, less what is owed."""
        return sum(self.sums.values())

    @property
    def available(self) -> int:
        """What can be spent."""
        return sum(lot.left for lot in self.lots.values())

    @property
    def reserved(self) -> int:
        """What is held."""
        return sum(lot.held for lot in self.lots.values())

    @property
    def in_force(self) -> list[Lot]:
        """The lots of which something is left or held and that have not ended, in burn order."""
        there = (lot for lot in self.lots.values() if lot.entered and lot.ended is None)
        return in_burn_order(lot for lot in there if lot.left or lot.held)

    @property
    def next_expiry(self) -> datetime | None:
        """When something of what is in force expires next."""
        return earliest(lot.grant.expires_at for lot in self.in_force)

    def lot(self, number: int) -> Lot:
        """Return a lot, closed or not, that is open or was named."""
        return self.lots[number] if number in self.lots else self.closed[number]

    def remainder(self, feature: str) -> Fraction:
        """Return what a feature's usage cost above what was charged for it."""
        return self.remainders.get(feature, _NOTHING)


def with_lot(book: CreditAccount, lot: Lot) -> CreditAccount:
    """Put a lot where it belongs, in place of what it was."""
    lots, closed = {**book.lots}, book.closed
    if lot.is_closed:
        lots.pop(lot.number, None)
        closed = {**closed, lot.number: lot}
    else:
        lots[lot.number] = lot
        if lot.number in closed:
            closed = {number: known for number, known in closed.items() if number != lot.number}
    return replace(book, lots=lots, closed=closed)


def with_minting_period(book: CreditAccount, stream: MintingPeriod) -> CreditAccount:
    """Put a stream in place of what it was."""
    return replace(book, streams={**book.streams, stream.key: stream})


def without_minting_periods(book: CreditAccount, streams: Iterable[MintingPeriod]) -> CreditAccount:
    """Take streams out of the book."""
    gone = {stream.key for stream in streams}
    return replace(book, streams={key: known for key, known in book.streams.items() if key not in gone})


def with_burned(book: CreditAccount, burned: BurnRecord) -> CreditAccount:
    """Put what usage of a day burned in place of what it was."""
    return replace(book, burned={**book.burned, burned.place: burned})


def with_remainder(book: CreditAccount, feature: str, remainder: Fraction) -> CreditAccount:
    """Keep what a feature's usage cost above what was charged for it."""
    others = {known: kept for known, kept in book.remainders.items() if known != feature}
    return replace(book, remainders={**others, feature: remainder} if remainder else others)


def add_entry(
    book: CreditAccount, kind: EntryKind, amount: int, cause: Cause, grant: int | None
) -> CreditAccount:
    """Enter what was done; nothing where it was nothing."""
    if not amount:
        return book
    entry = Entry(
        number=book.last_entry + 1,
        kind=kind,
        amount=amount,
        balance_after=book.balance + amount,
        grant=grant,
        cause=cause,
    )
    sums = {**book.sums, kind: book.sums.get(kind, 0) + amount}
    return replace(book, entries=(*book.entries, entry), last_entry=entry.number, sums=sums)
