"""Minting: the credits that a subscription grants as its periods begin and end.

A publish applies to what begins after its instant, so that the time of the first read never matters.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from rules.catalog.facts import Catalog
from rules.catalog.inheritance import ResolvedCatalog
from rules.credits.accounts import (
    Cause,
    CreditAccount,
    MintingPeriod,
    add_entry,
    with_lot,
    with_minting_period,
    without_minting_periods,
)
from rules.credits.burn_down import add_grant, end_lots, post_grant
from rules.credits.grants import CreditSource, EntryKind, Grant, Lot, in_burn_order
from rules.credits.moved_boundaries import FURTHEST, written_end
from rules.customers.facts import Subscription
from rules.customers.terms import addons_in_force, current_period, settled_addons, version_at, version_of
from rules.errors import unreachable
from rules.numbers import LARGEST
from rules.periods import Period, period_at
from rules.values import CreditCadence, Credits, Reset, ResetInterval

_INTERVALS = {
    CreditCadence.MONTHLY: ResetInterval.MONTH,
    CreditCadence.YEARLY: ResetInterval.YEAR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRow:
    """A package's credit entitlement, in the quantity that the subscription has of the package."""

    package: str
    credits: Credits
    quantity: int = 1

    @property
    def once(self) -> bool:
        """Whether it mints only once."""
        return self.credits.cadence is CreditCadence.ONE_TIME


def credit_rows(
    flat: ResolvedCatalog, subscription: Subscription, credit_type: str, at: datetime, seen: datetime
) -> dict[str, CreditRow]:
    """Return the rows by package, the plan's first, as published up to ``seen``."""
    catalog, term = flat.catalog, subscription.term(at)
    number = version_of(catalog, replace(term, starts_at=min(term.starts_at, seen)), seen)
    said = [(term.plan, flat.held(term.plan, number, term.price), 1)]
    for held in addons_in_force(catalog, subscription, at):
        number = version_at(catalog.packages[held.addon], held.version, seen)
        said.append((held.addon, flat.held(held.addon, number, None), held.quantity))
    return {
        package: CreditRow(package=package, credits=value, quantity=quantity)
        for package, rows, quantity in said
        if credit_type in rows and isinstance(value := rows[credit_type].row.value, Credits)
    }


def cadence_period(catalog: Catalog, subscription: Subscription, row: CreditRow, at: datetime) -> Period:
    """Return the cadence period at an instant of a subscription in force; ONE_TIME has no end."""
    if row.once:
        return Period(start=at, end=None)
    every = _INTERVALS.get(row.credits.cadence)
    if every is not None:
        term = subscription.term(at)
        return period_at(Reset(every=every), anchor=term.anchor, timezone=term.timezone, at=at)
    period = current_period(catalog, subscription, at)
    if period is None:
        unreachable("a subscription in force has a period")
    return period


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodBoundary:
    """One subscription at one instant, at which its periods may begin or end.

    ``follows`` says that a period ended at this very instant, and that the next one follows it.
    """

    flat: ResolvedCatalog
    subscription: Subscription
    credit_type: str
    at: datetime
    follows: bool = False

    def turned(self, book: CreditAccount) -> CreditAccount:
        """Return the account after what begins and ends at the instant, except publishes."""
        scheduled = any(term.scheduled and term.starts_at == self.at for term in self.subscription.terms)
        knowing = replace(self, follows=scheduled or bool(self._over(book)))
        return knowing._turn(book)  # noqa: SLF001 - of the same class

    def _turn(self, book: CreditAccount) -> CreditAccount:
        subscription, at = self.subscription, self.at
        if not subscription.in_force(at):
            return without_minting_periods(self._end(book, self._lots(book)), self._streams(book))
        if at < subscription.opens_at:
            return book
        if at in (subscription.opens_at, subscription.last_reset(at)):
            return self._renew(book)
        begins = self._rows_to_renew(book)
        book = self._move(self._end_periods(book, begins))
        for row in begins:
            book = self._mint(book, row)
        return self._increase(book)

    def published(self, book: CreditAccount) -> CreditAccount:
        """Return the account after the publishes of the instant.

        A credit type that is new to the subscription is minted at once; everything else waits for the next
        period.
        """
        if not self.subscription.in_force(self.at) or self.at < self.subscription.opens_at:
            return book
        is_new = not self._streams(book)
        for row in self._rows(seen=self.at).values():
            if is_new:
                book = self._mint(book, row)
            elif self._stream_of(book, row) is None:
                book = with_minting_period(book, self._idle_period(row))
        return book

    def _renew(self, book: CreditAccount) -> CreditAccount:
        """End the cadence period and mint a full one; one-time credits are not minted again."""
        book = self._end(book, self._lots(book))
        book = without_minting_periods(book, [stream for stream in self._streams(book) if not stream.once])
        for row in self._rows().values():
            book = self._mint(book, row)
        return book

    def _rows_to_renew(self, book: CreditAccount) -> list[CreditRow]:
        """Return the rows whose next period begins, except those of a plan that was left."""
        term, moved = self.subscription.term(self.at), self._plan_left() is not None
        over = {stream.package for stream in self._over(book)}
        rows = (row for row in self._rows().values() if row.package in over)
        return [row for row in rows if not (moved and row.package == term.plan)]

    def _over(self, book: CreditAccount) -> list[MintingPeriod]:
        return [stream for stream in self._streams(book) if stream.period.end == self.at]

    def _end_periods(self, book: CreditAccount, begins: Iterable[CreditRow]) -> CreditAccount:
        """End the periods that are over; rolled-over credits burn before newly minted ones."""
        over = {stream.package: stream for stream in self._over(book)}
        for row in begins:
            if not row.once:
                book = self._roll_over(book, over[row.package], self._period(row).end)
        book = self._end(book, [lot for stream in over.values() for lot in self._lots_of(book, stream)])
        return without_minting_periods(book, over.values())

    def _move(self, book: CreditAccount) -> CreditAccount:
        """After a change of plan or price, continue the old period with the new plan."""
        left, term = self._plan_left(), self.subscription.term(self.at)
        if left is None:
            return book
        book = self._end(book, [lot for lot in self._lots(book) if lot.grant.package == left])
        old = self._stream(book, left)
        burned = 0
        if old is not None:
            burned = old.burned
            # Kept even if the new plan mints nothing; otherwise a return to the old plan would mint it all
            # again.
            kept = replace(old, package=term.plan, amount=0, rollover_limit=0)
            book = with_minting_period(without_minting_periods(book, [old]), kept)
        row = self._rows().get(term.plan)
        return book if row is None else self._mint(book, row, burned=burned)

    def _plan_left(self) -> str | None:
        """Return the plan that was left at this instant, for another plan or another of its prices."""
        for before, term in pairwise(self.subscription.terms):
            if term.starts_at == self.at and (before.plan, before.price) != (term.plan, term.price):
                return before.plan
        return None

    def _roll_over(self, book: CreditAccount, stream: MintingPeriod, until: datetime | None) -> CreditAccount:
        """Roll over what is left, up to the limit, as one grant; credits roll over only once."""
        lots = in_burn_order(lot for lot in self._lots_of(book, stream) if not lot.grant.carried)
        amount = min(stream.rollover_limit, sum(lot.left for lot in lots))
        if not amount:
            return book
        grant = replace(self._grant(book, stream.package, amount, until), carried=True)
        book = with_lot(add_grant(book, grant), Lot(grant=grant, entered=True, left=amount))
        rest = amount
        for lot in lots:
            moved = min(rest, lot.left)
            rest -= moved
            book = with_lot(book, replace(lot, left=lot.left - moved))
            book = add_entry(book, EntryKind.ROLLED_OVER, -moved, self._cause, lot.number)
        return add_entry(book, EntryKind.ROLLED_OVER, amount, self._cause, grant.number)

    def _increase(self, book: CreditAccount) -> CreditAccount:
        """Mint for new add-ons, and for quantities above the period's highest; lower ones take nothing."""
        for row in self._rows().values():
            stream = self._stream_of(book, row)
            if stream is not None:
                book = self._more(book, stream, row.quantity)
            elif self._is_attached(row.package):
                book = self._mint(book, row)
        return book

    def _more(self, book: CreditAccount, stream: MintingPeriod, quantity: int) -> CreditAccount:
        more = quantity - stream.quantity
        if more <= 0:
            return book
        book = with_minting_period(book, replace(stream, quantity=quantity))
        return self._grant_credits(book, stream.package, stream.amount * more, stream.period)

    def _mint(self, book: CreditAccount, row: CreditRow, *, burned: int = 0) -> CreditAccount:
        """Mint for the period at the instant, less what earlier plans burned in it."""
        once = self._stream(book, row.package, once=True) if row.once else None
        if once is not None:
            return self._more(book, once, row.quantity)
        stream = replace(self._idle_period(row), amount=row.credits.amount, burned=burned)
        book = with_minting_period(book, stream)
        return self._grant_credits(book, row.package, stream.amount * row.quantity - burned, stream.period)

    def _idle_period(self, row: CreditRow) -> MintingPeriod:
        """Return a minting period that mints nothing."""
        return MintingPeriod(
            subscription=self.subscription.number,
            package=row.package,
            period=self._period(row),
            amount=0,
            quantity=row.quantity,
            rollover_limit=row.credits.rollover_limit,
        )

    def _grant_credits(self, book: CreditAccount, package: str, amount: int, period: Period) -> CreditAccount:
        # An amount too large to count is cut to the largest that can be counted.
        amount = min(amount, LARGEST - book.granted)
        if amount <= 0:
            return book
        grant = self._grant(book, package, amount, period.end)
        return post_grant(add_grant(book, grant), grant.number, self._cause)

    def _grant(self, book: CreditAccount, package: str, amount: int, expires_at: datetime | None) -> Grant:
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
        """Return the period at the instant, or the next one if a period ended shortly before its time.

        That happens if its end was stored under earlier time zone rules.
        """
        period = self._period_at(row, self.at)
        if self.follows and period.end is not None and period.end - self.at <= FURTHEST:
            period = replace(self._period_at(row, period.end), start=self.at)
        if period.end is None:
            return period
        return replace(period, end=written_end(self.subscription, period.end, self.at))

    def _period_at(self, row: CreditRow, at: datetime) -> Period:
        return cadence_period(self.flat.catalog, self.subscription, row, at)

    def _rows(self, seen: datetime | None = None) -> dict[str, CreditRow]:
        """Return the rows as published before the instant, or up to ``seen``."""
        until = self.at - datetime.resolution if seen is None else seen
        return credit_rows(self.flat, self.subscription, self.credit_type, self.at, until)

    def _is_attached(self, addon: str) -> bool:
        """Return whether an add-on was added at this very instant."""
        return not any(
            held.addon == addon
            and held.starts_at < self.at
            and (held.ends_at is None or self.at <= held.ends_at)
            for held in settled_addons(self.flat.catalog, self.subscription, self.at)
        )

    def _streams(self, book: CreditAccount) -> list[MintingPeriod]:
        return [stream for stream in book.streams.values() if stream.subscription == self.subscription.number]

    def _stream(self, book: CreditAccount, package: str, *, once: bool = False) -> MintingPeriod | None:
        return book.streams.get((self.subscription.number, package, once))

    def _stream_of(self, book: CreditAccount, row: CreditRow) -> MintingPeriod | None:
        """Return the minting period of a row; a row that became ONE_TIME may have a recurring one."""
        once = self._stream(book, row.package, once=True) if row.once else None
        return once or self._stream(book, row.package)

    def _lots(self, book: CreditAccount) -> list[Lot]:
        """Return the recurring lots of the subscription that have not ended."""
        return [
            lot
            for lot in book.lots.values()
            if lot.grant.subscription == self.subscription.number
            and lot.grant.source is CreditSource.RECURRING
            and lot.ended is None
        ]

    def _lots_of(self, book: CreditAccount, stream: MintingPeriod) -> list[Lot]:
        """Return a package's lots that end with the minting period."""
        own = (lot for lot in self._lots(book) if lot.grant.package == stream.package)
        return [lot for lot in own if lot.grant.expires_at == stream.period.end]

    def _end(self, book: CreditAccount, lots: Iterable[Lot]) -> CreditAccount:
        return end_lots(book, lots, self._cause)
