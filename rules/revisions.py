"""Revisions name writes, which a later read can require; a sight is what a reader has seen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, order=True)
class Revision:
    """The state of the catalog and of one customer; ``customer`` is 0 for the catalog alone."""

    catalog: int
    customer: int = 0

    def __str__(self) -> str:
        return f"{self.catalog}.{self.customer}"

    def reaches(self, other: Revision) -> bool:
        """Return whether a reader of this revision has seen another write."""
        return self.catalog >= other.catalog and self.customer >= other.customer

    def joined(self, other: Revision) -> Revision:
        """Return the lowest revision that reaches both."""
        return Revision(max(self.catalog, other.catalog), max(self.customer, other.customer))


NO_WRITE = Revision(0)


@dataclass(frozen=True, slots=True)
class Sight:
    """A revision, and the instant at which it was seen, if it matters: time changes answers too.

    Without an instant it was seen when it was written.
    """

    revision: Revision
    at: datetime | None = None

    def __str__(self) -> str:
        return (
            str(self.revision) if self.at is None else f"{self.revision}@{(self.at - _EPOCH) // _MICROSECOND}"
        )


_WRITTEN = re.compile(r"(0|[1-9][0-9]{0,18})\.(0|[1-9][0-9]{0,18})(?:@([1-9][0-9]{0,18}))?")


def read_sight(text: str) -> Sight | None:
    """Parse a sight; None if the text is none."""
    parts = _WRITTEN.fullmatch(text)
    if parts is None:
        return None
    try:
        at = None if parts[3] is None else _EPOCH + int(parts[3]) * _MICROSECOND
    except OverflowError:
        return None
    return Sight(Revision(int(parts[1]), int(parts[2])), at)


def read_revision(text: str) -> Revision | None:
    """Parse the name of a write, or of a sight of it; None if the text is none."""
    sight = read_sight(text)
    return None if sight is None else sight.revision
