"""Arguments and values that fields of several nouns share."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from rules import periods
from schema.scalars import Quantity

Requested = Annotated[Quantity | None, strawberry.argument(description="How much is wanted; METERED only.")]
At = Annotated[
    datetime | None,
    strawberry.argument(description="Another instant, past or future, supposing that nothing new happens."),
]
Values = Annotated[list[str] | None, strawberry.argument(description="Which values are wanted; CHOICE only.")]


@strawberry.type(description="Half open: `start` is in it, `end` is not.")
class Period:
    """A span of time."""

    start: datetime = strawberry.field(description="The first instant.")
    end: datetime | None = strawberry.field(description="The first instant after it; null never comes.")

    @classmethod
    def of(cls, period: periods.Period) -> Self:
        """Show a period."""
        return cls(start=period.start, end=period.end)
