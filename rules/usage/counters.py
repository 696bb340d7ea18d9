"""Tallies: what the records of a window come to, kept so that no answer sums records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from rules.catalog.facts import Aggregation, Catalog
from rules.numbers import ONE
from rules.usage.metering import UsageRecord, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How much is used in a window, in micros, and what it takes to go on counting.

    ``used`` is never below 0: what is given back takes no more than the window holds when it is recorded.
    The rest of it took usage that a later cut has left outside, and takes nothing here.
    ``last_at`` is when the value that LATEST shows was observed. ``known`` holds, for UNIQUE, those
    values counted in the window that an act has asked about; all others were not looked up. ``gave_back``
    is set by a recount that met usage given back.
    """

    used: int = 0
    last_at: datetime | None = None
    known: frozenset[str] = frozenset()
    gave_back: bool = field(default=False, compare=False)

    def with_record(self, record: UsageRecord, aggregation: Aggregation) -> Tally:
        """Count one more record."""
        match aggregation:
            case Aggregation.SUM | Aggregation.COUNT:
                return replace(self, used=max(0, self.used + record.quantity))
            case Aggregation.MAX:
                return replace(self, used=max(self.used, record.quantity))
            case Aggregation.UNIQUE:
                return self._with_value(record.value)
            case Aggregation.LATEST:
                return self._with_observation(record)
            case _:
                assert_never(aggregation)

    def _with_value(self, value: str | None) -> Tally:
        if value is None or value in self.known:
            return self
        return replace(self, used=self.used + ONE, known=self.known | {value})

    def _with_observation(self, record: UsageRecord) -> Tally:
        # Of two at one instant the one that was recorded later counts.
        if self.last_at is not None and record.occurred_at < self.last_at:
            return self
        return replace(self, used=record.quantity, last_at=record.occurred_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What was given back of usage in a window, and what was used in it before the next was given back."""

    window: Window
    given_back: int
    used: int


NOTHING_USED = Tally()

Tallies = Mapping[Window, Tally]


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A window whose tally an act needs; ``value`` is the one that UNIQUE must know."""

    window: Window
    value: str | None = None


def aggregation_of(catalog: Catalog, feature: str) -> Aggregation:
    """Tell how a feature's records are put together; a feature without a meter sums them."""
    meter = catalog.features[feature].meter
    return Aggregation.SUM if meter is None else meter.aggregation


def count_record(tallies: Tallies, record: UsageRecord, aggregation: Aggregation) -> dict[Window, Tally]:
    """Count a record in every window of its feature that holds its instant."""
    return {
        window: tally.with_record(record, aggregation)
        if window.feature == record.feature and record.occurred_at in window
        else tally
        for window, tally in tallies.items()
    }
