"""Reservations: quantities that count against a limit until settled, released or expired."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MOST_OPEN = 1_000
"""The most open reservations of one customer and feature."""

LONGEST_SECONDS = 24 * 60 * 60


class ReservationStatus(StrEnum):
    """The status of a reservation; it follows from its facts and the clock."""

    HELD = "HELD"
    SETTLED = "SETTLED"
    RELEASED = "RELEASED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A quantity, in micros, reserved for a customer; ``number`` is the revision of its command.

    ``credit_type`` is the type of the credits held for its overage, if any.
    """

    key: str
    feature: str
    quantity: int
    created_at: datetime
    expires_at: datetime
    number: int
    settled_at: datetime | None = None
    settled: int | None = None
    released_at: datetime | None = None
    credit_type: str | None = None

    def status(self, now: datetime) -> ReservationStatus:
        """Return the status of the reservation at an instant."""
        if self.settled_at is not None and self.settled_at <= now:
            return ReservationStatus.SETTLED
        if self.released_at is not None and self.released_at <= now:
            return ReservationStatus.RELEASED
        return ReservationStatus.HELD if now < self.expires_at else ReservationStatus.EXPIRED

    def holds(self, now: datetime) -> bool:
        """Return whether it counts against a limit at an instant."""
        return self.created_at <= now and self.status(now) is ReservationStatus.HELD

    @property
    def ends_at(self) -> datetime:
        """When it stops counting, for whichever reason comes first."""
        ends = (self.expires_at, self.settled_at, self.released_at)
        return min(end for end in ends if end is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservedTotal:
    """How much is reserved, in micros, and until when all of it is."""

    quantity: int = 0
    until: datetime | None = None


NOTHING_RESERVED = ReservedTotal()


def total_reserved(holds: Iterable[Reservation], feature: str, now: datetime) -> ReservedTotal:
    """Return the total that counts against a limit at an instant."""
    open_holds = [hold for hold in holds if hold.feature == feature and hold.holds(now)]
    if not open_holds:
        return NOTHING_RESERVED
    return ReservedTotal(
        quantity=sum(hold.quantity for hold in open_holds),
        until=min(hold.ends_at for hold in open_holds),
    )


def with_reservation(holds: Mapping[str, Reservation], hold: Reservation) -> dict[str, Reservation]:
    """Add or replace a reservation by its key."""
    return {**holds, hold.key: hold}


def open_count(holds: Iterable[Reservation], feature: str, now: datetime) -> int:
    """Return the number of a feature's reservations that are open at an instant."""
    return sum(1 for hold in holds if hold.feature == feature and hold.holds(now))
