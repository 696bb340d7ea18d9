"""Usage over time, for charts."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from rules.catalog.inheritance import ResolvedCatalog
from rules.periods import Period as Time
from rules.usage import series as rules
from schema.arguments import Period
from schema.catalog.features import Feature
from schema.fields import Info, resolver_field
from schema.scalars import Quantity

From = Annotated[datetime, strawberry.argument(name="from", description="The first instant of the span.")]
To = Annotated[
    datetime, strawberry.argument(description="The first instant after the span; it may lie in the future.")
]
By = Annotated[rules.UsageBucket | None, strawberry.argument(description="The length of a bucket.")]


@strawberry.type(description="A bucket of a usage series; the span may cut off the first and the last.")
class UsagePoint:
    period: Period = strawberry.field(description="The span of the bucket.")
    value: Quantity = strawberry.field(
        description="The usage in the bucket: the sum, the maximum or the number of different values; for "
        "LATEST the level at its end, carried forward."
    )
    is_reset: bool = strawberry.field(description="Whether usage started again from zero within the bucket.")

    @classmethod
    def of(cls, point: rules.Point) -> Self:
        bucket = point.bucket
        return cls(
            period=Period.of(Time(start=bucket.start, end=bucket.end)),
            value=Quantity(point.value),
            is_reset=bucket.is_reset,
        )


@strawberry.type(description="A customer's usage of a feature over time.")
class UsageSeries:
    flat: strawberry.Private[ResolvedCatalog]
    fact: strawberry.Private[rules.Series]
    buckets: list[UsagePoint] = strawberry.field(
        description="The buckets in order and without gaps, over the requested span."
    )
    total: Quantity = strawberry.field(
        description="The usage over the whole span, aggregated as in a bucket: not the sum of the buckets "
        "for MAX, UNIQUE and LATEST."
    )

    @classmethod
    def of(cls, flat: ResolvedCatalog, series: rules.Series) -> Self:
        return cls(
            flat=flat,
            fact=series,
            buckets=[UsagePoint.of(point) for point in series.points],
            total=Quantity(series.total),
        )

    @resolver_field("The feature that was used.")
    def feature(self, info: Info) -> Feature:
        return Feature.of(info, self.flat, self.fact.feature)
