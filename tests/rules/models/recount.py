"""Usage counted anew from its records, as someone with paper would do it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from rules.catalog.facts import Aggregation
from rules.numbers import ONE
from rules.usage.counters import Tally
from rules.usage.metering import UsageRecord, Window


class Counted(Protocol):
    """What of a record is counted, be it a fact or a row."""

    @property
    def occurred_at(self) -> datetime:
        """When it occurred."""

    @property
    def quantity(self) -> int:
        """How much, in micros."""

    @property
    def value(self) -> str | None:
        """What UNIQUE counts."""


def recount(records: Iterable[Counted], aggregation: Aggregation) -> int:
    """Put records together that were recorded in this order."""
    in_order = list(records)
    quantities = [record.quantity for record in in_order]
    if aggregation is Aggregation.MAX:
        return max(quantities, default=0)
    if aggregation is Aggregation.UNIQUE:
        return len({record.value for record in in_order}) * ONE
    if aggregation is Aggregation.LATEST:
        by_instant = sorted(in_order, key=lambda record: record.occurred_at)
        return by_instant[-1].quantity if by_instant else 0
    used = 0
    for quantity in quantities:
        used = max(0, used + quantity)
    return used


def tally_of(records: Iterable[UsageRecord], window: Window, aggregation: Aggregation) -> Tally:
    """Give the tally of a window as a transaction that looked everything up would find it."""
    theirs = [r for r in records if r.feature == window.feature and r.occurred_at in window]
    latest = aggregation is Aggregation.LATEST
    return Tally(
        used=recount(theirs, aggregation),
        last_at=max((r.occurred_at for r in theirs), default=None) if latest else None,
        known=frozenset(r.value for r in theirs if r.value is not None),
    )
