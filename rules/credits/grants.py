"""Grants of credits: what never changes of one, and what is left of it.

A grant is immutable. It is put right by voiding it and granting again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

HIGHEST_PRIORITY = 100
USUAL_PRIORITY = 50
_NEVER = datetime.max.replace(tzinfo=UTC)


class CreditSource(StrEnum):
    """Where credits come from, in the order in which they burn."""

    PROMOTIONAL = "PROMOTIONAL"
    RECURRING = "RECURRING"
    PAID = "PAID"


_SOURCES = {source: place for place, source in enumerate(CreditSource)}


class GrantStatus(StrEnum):
    """Where a grant stands."""

    SCHEDULED = "SCHEDULED"
    ACTIVE = "ACTIVE"
    DEPLETED = "DEPLETED"
    EXPIRED = "EXPIRED"
    VOIDED = "VOIDED"


class EntryKind(StrEnum):
    """What an entry of the ledger tells."""

    GRANTED = "GRANTED"
    CONSUMED = "CONSUMED"
    EXPIRED = "EXPIRED"
    VOIDED = "VOIDED"
    ROLLED_OVER = "ROLLED_OVER"
    SETTLED = "SETTLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Credits given, in micros; ``number`` orders those of one customer and credit type by age.

    ``made_at`` is when it was put down. What a subscription mints names the subscription and the
    package; ``carried`` tells that it was carried over from the period before.
    """

    number: int
    amount: int
    source: CreditSource
    made_at: datetime
    effective_at: datetime
    priority: int = USUAL_PRIORITY
    expires_at: datetime | None = None
    note: str | None = None
    subscription: int | None = None
    package: str | None = None
    carried: bool = False

    @property
    def burn_order(self) -> tuple[int, datetime, int, datetime, int]:
        """What burns first sorts first: priority, expiry, source, effective time, age."""
        expiry = self.expires_at or _NEVER
        return self.priority, expiry, _SOURCES[self.source], self.effective_at, self.number


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """A grant and what became of it: what is left to spend, what is held and what was burned, in micros.

    It is entered when it takes effect; until then nothing of it is left to spend. ``ended`` says how
    it was ended before its time or at it. What is held outlives that.
    """

    grant: Grant
    entered: bool = False
    left: int = 0
    held: int = 0
    burned: int = 0
    ended: EntryKind | None = None
    ended_at: datetime | None = None

    @property
    def number(self) -> int:
        """The number of the grant."""
        return self.grant.number

    @property
    def is_closed(self) -> bool:
        """Whether nothing can become of it any more but that credits return to it.

        What recurs stays open to its end: a change of plan asks what was burned of it.
        """
        if not self.entered or self.held:
            return self.ended is not None and not self.held
        spent = not self.left and self.grant.source is not CreditSource.RECURRING
        return spent or self.ended is not None

    def ending(self, now: datetime) -> EntryKind | None:
        """Tell how it had ended at an instant, be it that nobody looked; None where it had not."""
        expires = self.grant.expires_at
        return EntryKind.EXPIRED if self.ended is None and expires and expires <= now else self.ended

    def status(self, now: datetime) -> GrantStatus:
        """Tell where the grant stands at an instant."""
        ending = self.ending(now)
        if ending is not None:
            return GrantStatus(ending.value)
        if now < self.grant.effective_at:
            return GrantStatus.SCHEDULED
        return GrantStatus.ACTIVE if self.left or self.held else GrantStatus.DEPLETED


def in_burn_order(lots: Iterable[Lot]) -> list[Lot]:
    """Put what burns first in front."""
    return sorted(lots, key=lambda lot: lot.grant.burn_order)
