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

From = Annotated[datetime, strawberry.argument(name="from", description="The first instant.")]
To = Annotated[
    datetime, strawberry.argument(description="The first instant after the last; it may be to come.")
]
By = Annotated[rules.UsageBucket | None, strawberry.argument(description="How long a bucket is.")]


@strawberry.type(description="A bucket of a usage series; the first and the last may be cut off.")
class UsagePoint:
    """A bucket."""

    period: Period = strawberry.field(description="From when to when.")
    value: Quantity = strawberry.field(
        description="What was used in it: the sum, the maximum or how many distinct values; "
        "for LATEST the level at its end, carried forward."
    )
    is_reset: bool = strawberry.field(description="Whether usage began anew within it.")

    @classmethod
    def of(cls, point: rules.Point) -> Self:
        """Show a bucket."""
        bucket = point.bucket
        return cls(
            period=Period.of(Time(start=bucket.start, end=bucket.end)),
            value=Quantity(point.value),
            is_reset=bucket.is_reset,
        )


@strawberry.type(description="A customer's usage of a feature over time.")
class UsageSeries:
    """A series."""

    flat: strawberry.Private[ResolvedCatalog]
    fact: strawberry.Private[rules.Series]
    buckets: list[UsagePoint] = strawberry.field(
        description="In order, without a gap, from the first instant asked for to the last."
    )
    total: Quantity = strawberry.field(
        description="What was used in all of it, put together as in a bucket: not the sum of the buckets "
        "for MAX, UNIQUE and LATEST."
    )

    @classmethod
    def of(cls, flat: ResolvedCatalog, series: rules.Series) -> Self:
        """Show a series."""
        return cls(
            flat=flat,
            fact=series,
            buckets=[UsagePoint.of(point) for point in series.points],
            total=Quantity(series.total),
        )

    @resolver_field("What was used.")
    def feature(self, info: Info) -> Feature:
        """Give the feature."""
        return Feature.of(info, self.flat, self.fact.feature)
