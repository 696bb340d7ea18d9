"""Arguments and types that fields of several nouns share."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from rules import periods
from schema.scalars import Quantity

Requested = Annotated[
    Quantity | None,
    strawberry.argument(
        description="The quantity to check, in units of the feature. METERED only; TYPE_MISMATCH otherwise."
    ),
]
At = Annotated[
    datetime | None,
    strawberry.argument(
        description="An instant of evaluation, past or future; a future one assumes that nothing more is "
        "written. Now if left out."
    ),
]
Values = Annotated[
    list[str] | None,
    strawberry.argument(description="The choices to check. CHOICE only; TYPE_MISMATCH otherwise."),
]


@strawberry.type(description="A half-open span of time: `start` is in it, `end` is not.")
class Period:
    start: datetime = strawberry.field(description="The first instant of the period.")
    end: datetime | None = strawberry.field(
        description="The first instant after the period; null where it never ends."
    )

    @classmethod
    def of(cls, period: periods.Period) -> Self:
        return cls(start=period.start, end=period.end)
