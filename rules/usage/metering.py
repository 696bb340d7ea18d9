"""Metering: the window in which usage counts, and its records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from rules.catalog.facts import ADDED_UP, Aggregation, Catalog, Feature
from rules.customers.effective import PeriodAnchor
from rules.customers.facts import earliest
from rules.customers.terms import billing_period, current_period
from rules.periods import Period, period_at, settle
from rules.values import FeatureType, Metered, Reset, ResetAnchor, ResetInterval

EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The span [starts_at, ends_at) whose records make up the usage of a feature."""

    feature: str
    starts_at: datetime
    ends_at: datetime

    def __contains__(self, instant: datetime) -> bool:
        return self.starts_at <= instant < self.ends_at

    def until(self, instant: datetime) -> Window:
        """The part of the window up to and including an instant."""
        return replace(self, ends_at=min(self.ends_at, instant + timedelta.resolution))

    def overlaps(self, other: Window) -> bool:
        """Whether the windows share an instant."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at

    def day_until(self, instant: datetime) -> Window:
        """The part of the window from the start of an instant's day up to and including the instant.

        A day is 24 hours, counted from the start of the window.
        """
        start = self.starts_at + (instant - self.starts_at) // A_DAY * A_DAY
        return replace(self, starts_at=start).until(instant)

    def with_day_before(self) -> Window:
        """The window extended by a day before it: days that start there may reach into this one."""
        return replace(self, starts_at=max(self.starts_at, EARLIEST + A_DAY) - A_DAY)

    def after(self, instant: datetime) -> Window:
        """The part of the window after an instant."""
        return replace(self, starts_at=max(self.starts_at, instant + timedelta.resolution))


@dataclass(frozen=True, slots=True, kw_only=True)
class Metering:
    """How a customer's usage of a feature counts at an instant: the displayed period, the summed window.

    The period follows the reset alone. The window ends no later, and earlier if a known change resets this
    usage: a conversion, a change of plan that resets, or an end. ``resets_at`` is when usage resets, as far
    as is known; None if never.
    """

    reset: Reset
    period: Period
    window: Window
    resets_at: datetime | None = None

    def until(self, instant: datetime) -> Metering:
        """Count only what had occurred up to and including an instant."""
        return replace(self, window=self.window.until(instant))


def is_gauge(feature: Feature, reset: Reset) -> bool:
    """Return whether usage is a level that no period resets, such as seats."""
    latest = feature.meter is not None and feature.meter.aggregation is Aggregation.LATEST
    return latest or reset.every is ResetInterval.NEVER


def is_added_up(feature: Feature) -> bool:
    """Return whether usage is a sum, to which each report or event adds."""
    meter = feature.meter
    return feature.type is FeatureType.METERED and (meter is None or meter.aggregation in ADDED_UP)


def metering(
    catalog: Catalog, feature: Feature, value: Metered, counting: PeriodAnchor, at: datetime
) -> Metering:
    """Return the period and the window in which usage of an instant counts.

    The window starts at the period's start or the last reset of the subscription that anchors it, whichever
    is later, and ends at the period's end or that subscription's next reset, whichever is earlier. A gauge
    counts all of the customer's usage.
    """
    period = _period(catalog, value.reset, counting, at)
    if is_gauge(feature, value.reset):
        window = whole_window(feature.key)
        return Metering(reset=value.reset, period=period, window=window, resets_at=period.end)
    subscription, start, resets_at = counting.subscription, period.start, period.end
    if subscription is not None:
        start = max(start, subscription.last_reset(at))
        resets_at = earliest((resets_at, subscription.next_reset(at)))
    return Metering(
        reset=value.reset,
        period=replace(period, start=start),
        window=Window(feature=feature.key, starts_at=start, ends_at=resets_at or LATEST),
        resets_at=resets_at,
    )


def whole_window(feature: str) -> Window:
    """Return the window of all usage of a feature."""
    return Window(feature=feature, starts_at=EARLIEST, ends_at=LATEST)


def _period(catalog: Catalog, reset: Reset, counting: PeriodAnchor, at: datetime) -> Period:
    subscription = counting.subscription
    if reset.every is ResetInterval.BILLING_PERIOD and reset.anchor is ResetAnchor.SUBSCRIPTION_START:
        current = None if subscription is None else current_period(catalog, subscription, at)
        if current is not None:
            return current
    billing = None if subscription is None else billing_period(catalog, subscription, at)
    settled = settle(reset, billing)
    return period_at(settled, anchor=counting.anchor, timezone=counting.timezone, at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRecord:
    """A quantity in micros as it is stored, with its properties.

    ``value`` is what UNIQUE counts once.
    """

    feature: str
    occurred_at: datetime
    quantity: int
    value: str | None = None
    properties: Mapping[str, object] | None = None
