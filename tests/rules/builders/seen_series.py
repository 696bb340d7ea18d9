"""A series of usage as someone with all records before them puts it together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from rules.catalog.facts import ADDED_UP
from rules.numbers import ONE
from rules.usage.counters import Flow, aggregation_of
from rules.usage.metering import UsageRecord, Window
from rules.usage.series import Series, Span, UsageBucket, buckets, series, windows_of
from tests.rules.builders.lives import Life
from tests.rules.models.recount import tally_of


def seen(life: Life, span: Span) -> Series:
    """Give the series of a span in somebody's life."""
    assert life.customer is not None
    found = buckets(life.flat, life.customer, span)
    aggregation = aggregation_of(life.shop, span.feature)
    windows = windows_of(life.flat, span, found)
    tallies = {window: tally_of(life.records, window, aggregation) for window in windows}
    flows = flows_of(life.records, windows) if aggregation in ADDED_UP else ()
    return series(life.flat, span, found, tallies, flows)


def flows_of(records: Iterable[UsageRecord], windows: Sequence[Window]) -> Iterator[Flow]:
    """Each record by itself, in the order in which they were recorded."""
    for record in records:
        for window in windows:
            if record.feature == window.feature and record.occurred_at in window:
                units = record.quantity
                yield Flow(window=window, given_back=max(0, -units), used=max(0, units))


def shown(
    life: Life, start: datetime, end: datetime, by: UsageBucket, feature: str = "calls"
) -> list[tuple[datetime, int, bool]]:
    """Where each bucket begins, its units, and whether usage began anew in it."""
    points = seen(life, Span(feature=feature, start=start, end=end, by=by)).points
    return [(point.bucket.start, point.value // ONE, point.bucket.is_reset) for point in points]


def used_at(life: Life, feature: str, *seen_then: tuple[datetime, int]) -> Sequence[UsageRecord]:
    """Add what was used at these instants, in units, to what is known of somebody."""
    life.records += [UsageRecord(feature=feature, occurred_at=at, quantity=n * ONE) for at, n in seen_then]
    return life.records
