"""Usage: over which window it counts, and what one report does to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from rules.catalog import Aggregation, Catalog, Feature
from rules.customers import Subscription
from rules.periods import Period, period_at, settle
from rules.sources import billing_period
from rules.values import Metered, Reset, ResetInterval

EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The span [starts_at, ends_at) whose records make up the usage of a feature."""

    feature: str
    starts_at: datetime
    ends_at: datetime

    def __contains__(self, instant: datetime) -> bool:
        return self.starts_at <= instant < self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Metering:
    """How a customer's usage of a feature counts at an instant: the period shown, the window summed."""

    reset: Reset
    period: Period
    window: Window


def is_gauge(feature: Feature, reset: Reset) -> bool:
    """Tell whether usage is a level that no period resets, such as seats."""
    latest = feature.meter is not None and feature.meter.aggregation is Aggregation.LATEST
    return latest or reset.every is ResetInterval.NEVER


def metering(
    catalog: Catalog, feature: Feature, value: Metered, subscription: Subscription, at: datetime
) -> Metering:
    """Tell over which period and window usage counts at an instant.

    Usage counts from the later of the period's start and the subscription's own start. A gauge
    counts over all of the customer's usage.
    """
    settled = settle(value.reset, billing_period(catalog, subscription, at))
    period = period_at(settled, anchor=subscription.anchor, timezone=subscription.timezone, at=at)
    if is_gauge(feature, value.reset):
        window = Window(feature=feature.key, starts_at=EARLIEST, ends_at=LATEST)
        return Metering(reset=value.reset, period=period, window=window)
    start = max(period.start, subscription.started_at)
    window = Window(feature=feature.key, starts_at=start, ends_at=period.end or LATEST)
    return Metering(reset=value.reset, period=replace(period, start=start), window=window)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRecord:
    """A quantity in micros as it is kept."""

    feature: str
    occurred_at: datetime
    quantity: int
