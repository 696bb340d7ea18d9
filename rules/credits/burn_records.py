"""What usage burned beyond a limit: at which rates, and of which grants, the last on top.

Usage and credits lie in two piles, since credits are rounded on a running total and not by the burn.
What lies next to its like is one piece, so that the piles grow with grants and rates, not with usage.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction

from rules.catalog.facts import CreditRate
from rules.usage.metering import Window

Place = tuple[str, datetime]
"""A feature, and when the day began in which its usage burned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnSlice:
    """Credits of a grant, in micros; of none where they were consumed beyond all grants."""

    grant: int | None
    credits: int


BurnSlices = tuple[BurnSlice, ...]


def total(pieces: Iterable[BurnSlice]) -> int:
    """Add up credits."""
    return sum(piece.credits for piece in pieces)


def push(pieces: BurnSlices, more: Iterable[BurnSlice]) -> BurnSlices:
    """Put pieces on top, those of one grant that come together as one."""
    piled = list(pieces)
    for piece in more:
        if piled and piled[-1].grant == piece.grant:
            piece = replace(piece, credits=piled.pop().credits + piece.credits)  # noqa: PLW2901
        piled.append(piece)
    return tuple(piled)


def pop(pieces: BurnSlices, wanted: int) -> tuple[BurnSlices, BurnSlices]:
    """Take credits from the top: give what stays, and what was taken, the last burned first."""
    stays, taken = list(pieces), []
    while wanted:
        top = stays.pop()
        taken.append(replace(top, credits=min(top.credits, wanted)))
        wanted -= taken[-1].credits
        if top.credits > taken[-1].credits:
            stays.append(replace(top, credits=top.credits - taken[-1].credits))
    return tuple(stays), tuple(taken)


def assign_grant(pieces: BurnSlices, amount: int, grant: int) -> BurnSlices:
    """Let a grant pay so many of the credits that no grant had paid for, the first burned first."""
    paid: list[BurnSlice] = []
    for piece in pieces:
        moved = min(amount, piece.credits) if piece.grant is None else 0
        amount -= moved
        split = (replace(piece, credits=piece.credits - moved), BurnSlice(grant=grant, credits=moved))
        paid += [part for part in reversed(split) if part.credits]
    return push((), paid)


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedUsage:
    """So much usage, in micros, at a rate."""

    quantity: int
    rate: CreditRate

    @property
    def cost(self) -> Fraction:
        """What it costs, in micros of a credit, exactly."""
        return exact_cost(self.quantity, self.rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnRecord:
    """What usage of a feature burned in a day, of which ``span`` ends with the last that did.

    Periods may be cut anew, and then it counts in the period in which it occurred. ``burned_at`` is
    when something was last put on top.
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
        """What there is one of in a book."""
        return self.span.feature, self.span.starts_at

    @property
    def quantity(self) -> int:
        """How much usage was paid in credits, in micros."""
        return sum(rated.quantity for rated in self.usage)

    @property
    def unpaid(self) -> int:
        """What of its credits no grant has paid yet, in micros."""
        return total(piece for piece in self.pieces if piece.grant is None)

    def under(self, more: BurnRecord) -> BurnRecord:
        """Put on top what usage of the same day burned later."""
        return BurnRecord(
            span=replace(self.span, ends_at=max(self.span.ends_at, more.span.ends_at)),
            burned_at=more.burned_at,
            usage=_rated(self.usage, more.usage),
            pieces=push(self.pieces, more.pieces),
        )

    def without(self, quantity: int) -> tuple[BurnRecord, Fraction]:
        """Take usage from the top, its pieces left aside, and tell what it had cost."""
        stays, cost = list(self.usage), Fraction(0)
        while quantity:
            top = stays.pop()
            taken = replace(top, quantity=min(top.quantity, quantity))
            quantity, cost = quantity - taken.quantity, cost + taken.cost
            if top.quantity > taken.quantity:
                stays.append(replace(top, quantity=top.quantity - taken.quantity))
        return replace(self, usage=tuple(stays)), cost


def _rated(usage: tuple[PricedUsage, ...], more: Iterable[PricedUsage]) -> tuple[PricedUsage, ...]:
    """Put usage on top, that of one rate that comes together as one."""
    piled = list(usage)
    for rated in more:
        before = piled.pop().quantity if piled and piled[-1].rate == rated.rate else 0
        piled.append(replace(rated, quantity=before + rated.quantity))
    return tuple(piled)


def exact_cost(quantity: int, rate: CreditRate) -> Fraction:
    """What usage costs at a rate, in micros of a credit, before rounding."""
    return Fraction(quantity * rate.credits, rate.per_units)


def rounded_charge(remainder: Fraction, cost: Fraction) -> int:
    """Tell what to charge so that the running total is rounded half up; never below nothing.

    ``remainder`` is what the running total was above what was charged for it.
    """
    return max(0, _half_up(remainder + cost))


def rounded_refund(remainder: Fraction, cost: Fraction) -> int:
    """Tell what to give back for what had cost so much, on the same running total."""
    return max(0, -_half_up(remainder - cost))


def _half_up(total: Fraction) -> int:
    return (2 * total.numerator + total.denominator) // (2 * total.denominator)
