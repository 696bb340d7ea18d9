"""Counters: the usage of a window, kept up to date so that reads never sum records."""

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
    """The counter of a window: the usage in micros, and what is needed to continue counting.

    ``used`` is never below 0: usage given back takes no more than the window has when it is recorded. The
    rest belongs to usage that a later cut placed outside the window, and takes nothing here. ``last_at`` is
    when LATEST was observed. ``known`` holds, for UNIQUE, those values counted in the window that a command
    needed; all others were not looked up. ``gave_back`` is set by a recount that met usage given back.
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
        # Of two observations at one instant the one recorded later counts.
        if self.last_at is not None and record.occurred_at < self.last_at:
            return self
        return replace(self, used=record.quantity, last_at=record.occurred_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Usage given back in a window, and the usage after it, until more is given back."""

    window: Window
    given_back: int
    used: int


NOTHING_USED = Tally()

Tallies = Mapping[Window, Tally]


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A window whose counter a command needs; ``value`` is the value that UNIQUE must look up."""

    window: Window
    value: str | None = None


def aggregation_of(catalog: Catalog, feature: str) -> Aggregation:
    """Return how a feature's records are aggregated; a feature without a meter sums them."""
    meter = catalog.features[feature].meter
    return Aggregation.SUM if meter is None else meter.aggregation


def count_record(tallies: Tallies, record: UsageRecord, aggregation: Aggregation) -> dict[Window, Tally]:
    """Count a record in every window of its feature that contains its instant."""
    return {
        window: tally.with_record(record, aggregation)
        if window.feature == record.feature and record.occurred_at in window
        else tally
        for window, tally in tallies.items()
    }
