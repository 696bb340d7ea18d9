"""Burn records: what overage burned, at which rates and of which grants, the latest on top.

Usage and credits are two separate stacks, since credits are rounded on a running total and not for each
burn. Adjacent slices of the same grant or rate are merged, so that the stacks grow with grants and rates,
not with usage.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction

from rules.catalog.facts import CreditRate
from rules.usage.metering import Window

Place = tuple[str, datetime]
"""A feature, and the start of the day in which its usage burned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnSlice:
    """Credits of a grant, in micros; ``grant`` is None if they are overdraft."""

    grant: int | None
    credits: int


BurnSlices = tuple[BurnSlice, ...]


def total(pieces: Iterable[BurnSlice]) -> int:
    """Add up credits."""
    return sum(piece.credits for piece in pieces)


def push(pieces: BurnSlices, more: Iterable[BurnSlice]) -> BurnSlices:
    """Put slices on top; adjacent slices of one grant are merged."""
    piled = list(pieces)
    for piece in more:
        if piled and piled[-1].grant == piece.grant:
            piece = replace(piece, credits=piled.pop().credits + piece.credits)  # noqa: PLW2901
        piled.append(piece)
    return tuple(piled)


def pop(pieces: BurnSlices, wanted: int) -> tuple[BurnSlices, BurnSlices]:
    """Take credits from the top: return the rest, and what was taken, the last burned first."""
    stays, taken = list(pieces), []
    while wanted:
        top = stays.pop()
        taken.append(replace(top, credits=min(top.credits, wanted)))
        wanted -= taken[-1].credits
        if top.credits > taken[-1].credits:
            stays.append(replace(top, credits=top.credits - taken[-1].credits))
    return tuple(stays), tuple(taken)


def assign_grant(pieces: BurnSlices, amount: int, grant: int) -> BurnSlices:
    """Assign a grant to so many credits without one, the first burned first."""
    paid: list[BurnSlice] = []
    for piece in pieces:
        moved = min(amount, piece.credits) if piece.grant is None else 0
        amount -= moved
        split = (replace(piece, credits=piece.credits - moved), BurnSlice(grant=grant, credits=moved))
        paid += [part for part in reversed(split) if part.credits]
    return push((), paid)


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedUsage:
    """A quantity of usage, in micros, and its rate."""

    quantity: int
    rate: CreditRate

    @property
    def cost(self) -> Fraction:
        """The exact cost, in micros of a credit."""
        return exact_cost(self.quantity, self.rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnRecord:
    """What usage of a feature burned in a day; ``span`` goes from its start to the last burn.

    A day is recorded by when usage occurred, because periods may be cut again later. ``burned_at`` is the
    time of the last burn.
    """

    span: Window
    burned_at: datetime
    usage: tuple[PricedUsage, ...] = ()
    pieces: BurnSlices = field(default=())

    @property
    def feature(self) -> str:
        """The key of the feature that was used."""
        return self.span.feature

    @property
    def place(self) -> Place:
        """The key of the record in its account."""
        return self.span.feature, self.span.starts_at

    @property
    def quantity(self) -> int:
        """The usage that was charged in credits, in micros."""
        return sum(rated.quantity for rated in self.usage)

    @property
    def unpaid(self) -> int:
        """The credits that no grant has paid yet, in micros."""
        return total(piece for piece in self.pieces if piece.grant is None)

    def under(self, more: BurnRecord) -> BurnRecord:
        """Add a later burn of the same day on top."""
        return BurnRecord(
            span=replace(self.span, ends_at=max(self.span.ends_at, more.span.ends_at)),
            burned_at=more.burned_at,
            usage=_push_usage(self.usage, more.usage),
            pieces=push(self.pieces, more.pieces),
        )

    def without(self, quantity: int) -> tuple[BurnRecord, Fraction]:
        """Take usage from the top, without its credits, and return its exact cost."""
        stays, cost = list(self.usage), Fraction(0)
        while quantity:
            top = stays.pop()
            taken = replace(top, quantity=min(top.quantity, quantity))
            quantity, cost = quantity - taken.quantity, cost + taken.cost
            if top.quantity > taken.quantity:
                stays.append(replace(top, quantity=top.quantity - taken.quantity))
        return replace(self, usage=tuple(stays)), cost


def _push_usage(usage: tuple[PricedUsage, ...], more: Iterable[PricedUsage]) -> tuple[PricedUsage, ...]:
    """Put usage on top; adjacent usage at one rate is merged."""
    piled = list(usage)
    for rated in more:
        before = piled.pop().quantity if piled and piled[-1].rate == rated.rate else 0
        piled.append(replace(rated, quantity=before + rated.quantity))
    return tuple(piled)


def exact_cost(quantity: int, rate: CreditRate) -> Fraction:
    """The cost of usage at a rate, in micros of a credit, before rounding."""
    return Fraction(quantity * rate.credits, rate.per_units)


def rounded_charge(remainder: Fraction, cost: Fraction) -> int:
    """Return the charge that keeps the running total rounded half up; never below 0.

    ``remainder`` is the exact running total, less what was charged for it.
    """
    return max(0, _half_up(remainder + cost))


def rounded_refund(remainder: Fraction, cost: Fraction) -> int:
    """Return the refund for usage of this exact cost, on the same running total."""
    return max(0, -_half_up(remainder - cost))


def _half_up(total: Fraction) -> int:
    return (2 * total.numerator + total.denominator) // (2 * total.denominator)
