"""Credit grants: their immutable facts, and what is left of them.

A grant is immutable. To correct one, void it and grant again.
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
    """The source of credits, in the order in which they burn."""

    PROMOTIONAL = "PROMOTIONAL"
    RECURRING = "RECURRING"
    PAID = "PAID"


_SOURCES = {source: place for place, source in enumerate(CreditSource)}


class GrantStatus(StrEnum):
    """The status of a grant."""

    SCHEDULED = "SCHEDULED"
    ACTIVE = "ACTIVE"
    DEPLETED = "DEPLETED"
    EXPIRED = "EXPIRED"
    VOIDED = "VOIDED"


class EntryKind(StrEnum):
    """The kind of a ledger entry."""

    GRANTED = "GRANTED"
    CONSUMED = "CONSUMED"
    EXPIRED = "EXPIRED"
    VOIDED = "VOIDED"
    ROLLED_OVER = "ROLLED_OVER"
    SETTLED = "SETTLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A grant of credits, in micros; ``number`` orders those of one customer and credit type by age.

    ``made_at`` is when it was created. A minted grant names its subscription and package; ``carried`` says
    that it was rolled over from the period before.
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
        """The sort key of the burn order: priority, expiry, source, effective time, age."""
        expiry = self.expires_at or _NEVER
        return self.priority, expiry, _SOURCES[self.source], self.effective_at, self.number


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """The state of a grant: the amounts left to spend, held and burned, in micros.

    It enters the ledger when it takes effect; until then nothing is left to spend. ``ended`` is how it
    ended, at its expiry or before. Held credits outlive that.
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
        """Whether the lot can no longer change, except by refunds.

        A recurring lot stays open to its end: a change of plan needs what was burned of it.
        """
        if not self.entered or self.held:
            return self.ended is not None and not self.held
        spent = not self.left and self.grant.source is not CreditSource.RECURRING
        return spent or self.ended is not None

    def ending(self, now: datetime) -> EntryKind | None:
        """Return how it had ended at an instant, recorded or not; None if it had not."""
        expires = self.grant.expires_at
        return EntryKind.EXPIRED if self.ended is None and expires and expires <= now else self.ended

    def status(self, now: datetime) -> GrantStatus:
        """Return the status of the grant at an instant."""
        ending = self.ending(now)
        if ending is not None:
            return GrantStatus(ending.value)
        if now < self.grant.effective_at:
            return GrantStatus.SCHEDULED
        return GrantStatus.ACTIVE if self.left or self.held else GrantStatus.DEPLETED


def in_burn_order(lots: Iterable[Lot]) -> list[Lot]:
    """Sort lots into burn order, the next to burn first."""
    return sorted(lots, key=lambda lot: lot.grant.burn_order)
