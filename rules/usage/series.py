"""Usage over time: buckets without gaps, the usage of each, and where usage resets."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice

from rules.catalog.facts import ADDED_UP, Aggregation, Feature
from rules.catalog.inheritance import ResolvedCatalog
from rules.customers.effective import EffectiveEntitlement, effective_entitlement
from rules.customers.facts import Customer
from rules.customers.terms import publishes_after
from rules.periods import Period, periods_between
from rules.usage.counters import Flow, Tallies, aggregation_of
from rules.usage.metering import EARLIEST, Metering, Window
from rules.usage.windows import current_metering, idle_window
from rules.values import Reset, ResetAnchor, ResetInterval

MOST_BUCKETS = 2_000


class UsageBucket(StrEnum):
    """The length of buckets."""

    HOUR = "HOUR"
    DAY = "DAY"
    MONTH = "MONTH"
    PERIOD = "PERIOD"


_CALENDAR: Mapping[UsageBucket, Reset] = {
    by: Reset(every=ResetInterval(by), anchor=ResetAnchor.CALENDAR)
    for by in (UsageBucket.HOUR, UsageBucket.DAY, UsageBucket.MONTH)
}


class BadSpan(ValueError):  # noqa: N818 - it names what is wrong
    """A span that ends before it begins, or has too many buckets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The requested usage: from ``start`` on and before ``end``, in buckets."""

    feature: str
    start: datetime
    end: datetime
    by: UsageBucket = UsageBucket.DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A part of a span; ``is_reset`` says that usage resets in it, at its start or later.

    ``goes_on`` says that usage at its start counts from the same instant as usage just before it, and
    ``is_cut`` that usage at its end counts from another instant than usage at its start.
    """

    start: datetime
    end: datetime
    is_reset: bool
    goes_on: bool = False
    is_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A bucket and its usage, in micros."""

    bucket: Bucket
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The usage of a feature over a span, in micros."""

    feature: Feature
    points: tuple[Point, ...]
    total: int


class _Life:
    """The window in which a customer's usage of a feature counts, at any instant from one on.

    What the customer has changes at few instants, so it is combined once between two of them.
    """

    def __init__(self, flat: ResolvedCatalog, customer: Customer, feature: Feature, since: datetime) -> None:
        self._flat, self._customer, self._feature = flat, customer, feature
        changes = {instant for instant in customer.instants() if instant > since}
        for subscription in customer.subscriptions:
            changes.update(publishes_after(flat.catalog, subscription, since))
        self._changes = sorted(changes)
        self._has: dict[int, EffectiveEntitlement] = {}
        self._idle: dict[int, list[Window]] = {}

    def stretches(self, start: datetime, end: datetime) -> Iterator[tuple[Window, datetime, datetime]]:
        """Cut a span wherever usage starts counting from another instant: (window, from, to) each."""
        while start < end:
            window, until = self._window(start), start
            while until < end and (found := self._window(until)).starts_at == window.starts_at:
                until = min(found.ends_at, self._next_change(until) or end, end)
            yield window, start, until
            start = until

    def begins_anew(self, start: datetime, end: datetime) -> bool:
        """Return whether usage resets in a span; where metering merely ends, nothing resets."""
        return any(
            window.starts_at == at and self._is_metered(window, at)
            for window, at, _ in self.stretches(start, end)
        )

    def is_cut(self, start: datetime, end: datetime) -> bool:
        """Return whether usage starts counting from another instant inside a span."""
        return len(list(islice(self.stretches(start, end), 2))) > 1

    def goes_on(self, at: datetime) -> bool:
        """Return whether usage at an instant counts from the same start as usage just before it."""
        return self._window(at).starts_at == self._window(at - datetime.resolution).starts_at

    def _window(self, at: datetime) -> Window:
        counted = self._metering(at)
        return self._idle_window(at) if counted is None else counted.window

    def _metering(self, at: datetime) -> Metering | None:
        between = bisect_right(self._changes, at)
        has = self._has.get(between)
        if has is None:
            has = self._has[between] = effective_entitlement(self._flat, self._customer, self._feature, at)
        return current_metering(self._flat, self._feature, has, at)

    def _idle_window(self, at: datetime) -> Window:
        # A stretch has at most two: the next window may reach back to the later part of it.
        known = self._idle.setdefault(bisect_right(self._changes, at), [])
        for window in known:
            if at in window:
                return window
        known.append(idle_window(self._flat, self._customer, self._feature, at))
        return known[-1]

    def _is_metered(self, window: Window, at: datetime) -> bool:
        """Return whether something meters a window; one that also contains an interruption ends metered."""
        return any(self._metering(then) is not None for then in (at, window.ends_at - datetime.resolution))

    def _next_change(self, at: datetime) -> datetime | None:
        later = bisect_right(self._changes, at)
        return self._changes[later] if later < len(self._changes) else None


def buckets(flat: ResolvedCatalog, customer: Customer, span: Span) -> list[Bucket]:
    """Cut a span into buckets, the first and the last of which may be shorter; raises BadSpan.

    Days and months are those of the customer's time zone, hours are absolute, and a PERIOD lasts while
    usage counts from one instant.
    """
    if span.start > span.end:
        message = "'from' lies after 'to'."
        raise BadSpan(message)
    life = _Life(flat, customer, flat.catalog.features[span.feature], span.start)
    edges = list(islice(_edges(life, customer, span), MOST_BUCKETS + 1))
    if len(edges) > MOST_BUCKETS:
        message = f"A series has at most {MOST_BUCKETS} buckets: ask for a shorter span, or longer buckets."
        raise BadSpan(message)
    return [
        Bucket(
            start=start,
            end=end,
            is_reset=life.begins_anew(start, end),
            goes_on=start > span.start and span.by is not UsageBucket.PERIOD and life.goes_on(start),
            is_cut=life.is_cut(start, end),
        )
        for start, end in edges
    ]


def _edges(life: _Life, customer: Customer, span: Span) -> Iterator[tuple[datetime, datetime]]:
    if span.by is UsageBucket.PERIOD:
        for _, start, end in life.stretches(span.start, span.end):
            yield start, end
        return
    for period in _calendar_periods(span, customer.timezone):
        yield max(period.start, span.start), min(period.end or span.end, span.end)


def _calendar_periods(span: Span, timezone: str) -> Iterator[Period]:
    return periods_between(
        _CALENDAR[span.by], anchor=span.start, timezone=timezone, start=span.start, end=span.end
    )


def windows_of(flat: ResolvedCatalog, span: Span, found: Sequence[Bucket]) -> list[Window]:
    """Return the windows whose counters a series needs: its buckets, then the whole span if needed."""
    edges = [(bucket.start, bucket.end) for bucket in found]
    if aggregation_of(flat.catalog, span.feature) in _TOLD_BY_BUCKETS:
        return [_bucket_window(flat, span, start, end) for start, end in edges]
    return [_bucket_window(flat, span, start, end) for start, end in (*edges, (span.start, span.end))]


_TOLD_BY_BUCKETS = (*ADDED_UP, Aggregation.MAX)
"""The aggregations whose total over a span follows from its buckets."""


def _bucket_window(flat: ResolvedCatalog, span: Span, start: datetime, end: datetime) -> Window:
    """Return the window whose counter a bucket shows; a level is carried forward from earlier."""
    level = aggregation_of(flat.catalog, span.feature) is Aggregation.LATEST
    return Window(feature=span.feature, starts_at=EARLIEST if level else start, ends_at=end)


def series(
    flat: ResolvedCatalog, span: Span, found: Sequence[Bucket], tallies: Tallies, flows: Iterable[Flow] = ()
) -> Series:
    """Make a series from the counters of its windows.

    If usage was given back, ``flows`` has that and other usage in the order in which they were recorded.
    """
    windows = windows_of(flat, span, found)
    counted = [tallies[window].used for window in windows]
    values = _net(found, windows, flows) or counted[: len(found)]
    points = (Point(bucket=bucket, value=value) for bucket, value in zip(found, values, strict=True))
    match aggregation_of(flat.catalog, span.feature):
        case Aggregation.SUM | Aggregation.COUNT:
            total = sum(values)
        case Aggregation.MAX:
            total = max(values, default=0)
        case _:
            total = counted[-1]
    return Series(feature=flat.catalog.features[span.feature], points=tuple(points), total=total)


def _net(found: Sequence[Bucket], windows: Sequence[Window], flows: Iterable[Flow]) -> list[int]:
    """Subtract usage given back from what its period had by then, the last used first.

    The rest was used before the span, or before a cut, and takes nothing.
    """
    places = {window: place for place, window in enumerate(windows)}
    values: list[int] = []
    for flow in flows:
        values, place = values or [0] * len(found), places[flow.window]
        left = flow.given_back
        for there in _last_first(found, place) if left else ():
            taken = min(left, values[there])
            values[there], left = values[there] - taken, left - taken
        values[place] += flow.used
    return values


def _last_first(found: Sequence[Bucket], place: int) -> Iterator[int]:
    """Yield the buckets that share a period with a bucket, from the last to the first."""
    last = place
    while last + 1 < len(found) and found[last + 1].goes_on:
        last += 1
        if found[last].is_cut:
            break
    while True:
        yield last
        if not found[last].goes_on or (last < place and found[last].is_cut):
            return
        last -= 1
