"""A shop that meters events in every way there is, and a customer of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from rules.catalog.facts import Aggregation, Feature, FilterOperator, Meter, MeterFilter
from rules.commands.ingest_event import IngestEvent
from rules.commands.report_usage import ReportUsage
from rules.numbers import ONE
from rules.usage.event_properties import Properties
from rules.values import Metered, ResetInterval
from tests.rules.builders.catalog_builders import metered
from tests.rules.builders.customer_builders import limited
from tests.rules.models.till import Till, till

REQUEST = "request"
"""The event that requests, traffic, the largest answer and the users are counted from."""


def _metered(key: str, aggregation: Aggregation, reads: str | None, *filters: MeterFilter) -> Feature:
    meter = Meter(event_name=REQUEST, aggregation=aggregation, property=reads, filters=filters)
    return replace(metered(key), meter=meter)


def having(name: str) -> MeterFilter:
    """The filter that lets pass what has a property."""
    return MeterFilter(property=name, operator=FilterOperator.EXISTS)


METERED = (
    _metered("requests", Aggregation.COUNT, None),
    _metered("traffic", Aggregation.SUM, "bytes", having("bytes")),
    _metered("largest", Aggregation.MAX, "bytes", having("bytes")),
    _metered("users", Aggregation.UNIQUE, "user", having("user")),
    _metered("level", Aggregation.LATEST, "level", having("level")),
)

AGGREGATIONS = {known.key: known.meter.aggregation for known in METERED if known.meter is not None}


def rows(every: ResetInterval = ResetInterval.DAY) -> dict[str, Metered]:
    """A hundred of each, every day unless a test says otherwise."""
    return {known.key: limited(100, every) for known in METERED}


def metered_till(every: ResetInterval = ResetInterval.DAY, *features: Feature) -> Till:
    """The till of a customer of the shop, some of whose features are other than usual."""
    sold = {known.key: known for known in (*METERED, *features)}
    return till(rows(every), *sold.values())


def request(identity: str = "e-1", at: datetime | None = None, **properties: object) -> IngestEvent:
    """An event of a request."""
    return IngestEvent(id=identity, name=REQUEST, properties=properties, occurred_at=at)


def observe(
    feature: str, quantity: int = 1, at: datetime | None = None, properties: Properties | None = None
) -> ReportUsage:
    """Report units of a feature, or what was seen of it."""
    return ReportUsage(feature=feature, quantity=quantity * ONE, occurred_at=at, properties=properties)


def used(shop: Till, *features: str) -> list[int]:
    """What is used of features, in units; of all of them unless some are named."""
    return [shop.usage(key).used // ONE for key in features or AGGREGATIONS]
