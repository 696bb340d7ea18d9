"""The credit account of one customer and credit type: lots, totals, overdraft, and new entries.

An account holds only what commands and reads need: ended and fully spent grants are closed and left out, so
that its size does not grow with its history.
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
    """What a command needs of a credit type: the account, a grant of it, and what usage burned.

    ``window`` contains the starts of the days of the burn records needed.
    """

    credit_type: str
    grant: int | None = None
    window: Window | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The time and reason of entries."""

    at: datetime
    feature: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the ledger, in micros; ``grant`` is None if it concerns the overdraft."""

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

    ``amount`` is for each of ``quantity``, the highest of the period so far. ``burned`` is what was burned
    of the period's grants that have ended since.
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
        """Whether it mints only once."""
        return self.period.end is None

    @property
    def key(self) -> StreamKey:
        """The key of the minting period in its account."""
        return self.subscription, self.package, self.once


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditHold:
    """The credits held for the overage of a reservation, which was computed when it was made.

    ``cost`` is the cost of that overage; ``pieces`` are the credits held for it, in burn order.
    """

    key: str
    beyond: PricedUsage
    cost: int
    pieces: BurnSlices
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditAccount:
    """A customer's credits of one type, in micros, rolled forward to an instant.

    ``closed`` are lots that were closed, and ``entries`` the entries made, since the account was loaded:
    the caller stores them. ``burned`` has the records that are unpaid and those that commands need.
    ``remainders`` has, for each feature, its exact cost less what was charged for it. ``sums`` are the
    totals of all entries by kind, and ``seen`` is how many versions had been published.
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
        """All credits ever granted."""
        return self.sums.get(EntryKind.GRANTED, 0)

    @property
    def consumed(self) -> int:
        """All credits ever consumed, without refunds, including the overdraft."""
        return -self.sums.get(EntryKind.CONSUMED, 0)

    @property
    def expired(self) -> int:
        """All credits that ever expired."""
        return -self.sums.get(EntryKind.EXPIRED, 0)

    @property
    def voided(self) -> int:
        """All credits ever voided."""
        return -self.sums.get(EntryKind.VOIDED, 0)

    @property
    def balance(self) -> int:
        """The sum of all entries: available and reserved credits, less the overdraft."""
        return sum(self.sums.values())

    @property
    def available(self) -> int:
        """The credits that can be spent."""
        return sum(lot.left for lot in self.lots.values())

    @property
    def reserved(self) -> int:
        """The credits that are held."""
        return sum(lot.held for lot in self.lots.values())

    @property
    def in_force(self) -> list[Lot]:
        """The lots that have not ended and have credits left or held, in burn order."""
        there = (lot for lot in self.lots.values() if lot.entered and lot.ended is None)
        return in_burn_order(lot for lot in there if lot.left or lot.held)

    @property
    def next_expiry(self) -> datetime | None:
        """When the next lot in force expires; None if none does."""
        return earliest(lot.grant.expires_at for lot in self.in_force)

    def lot(self, number: int) -> Lot:
        """Return a loaded lot, closed or not."""
        return self.lots[number] if number in self.lots else self.closed[number]

    def remainder(self, feature: str) -> Fraction:
        """Return the exact cost of a feature's usage, less what was charged for it."""
        return self.remainders.get(feature, _NOTHING)


def with_lot(book: CreditAccount, lot: Lot) -> CreditAccount:
    """Add or replace a lot, among the open or the closed ones."""
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
    """Add or replace a minting period."""
    return replace(book, streams={**book.streams, stream.key: stream})


def without_minting_periods(book: CreditAccount, streams: Iterable[MintingPeriod]) -> CreditAccount:
    """Remove minting periods."""
    gone = {stream.key for stream in streams}
    return replace(book, streams={key: known for key, known in book.streams.items() if key not in gone})


def with_burned(book: CreditAccount, burned: BurnRecord) -> CreditAccount:
    """Add or replace the burn record of a day."""
    return replace(book, burned={**book.burned, burned.place: burned})


def with_remainder(book: CreditAccount, feature: str, remainder: Fraction) -> CreditAccount:
    """Set the remainder of a feature: its exact cost, less what was charged for it."""
    others = {known: kept for known, kept in book.remainders.items() if known != feature}
    return replace(book, remainders={**others, feature: remainder} if remainder else others)


def add_entry(
    book: CreditAccount, kind: EntryKind, amount: int, cause: Cause, grant: int | None
) -> CreditAccount:
    """Add an entry to the ledger; none for an amount of 0."""
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
