"""A change of the catalog, in words."""

from typing import Self

import strawberry

from rules.catalog_code import diff as rules
from rules.catalog_code.diff import ChangeKind


@strawberry.type(description="Something in the catalog that is another than before.")
class CatalogChange:
    """A change."""

    kind: ChangeKind = strawberry.field(description="What happened to the place.")
    path: str = strawberry.field(
        description="The place, as a catalog document names it: 'plans.pro.entitlements.seats.limit'."
    )
    before: str | None = strawberry.field(description="What stood there, in words; null where it is new.")
    after: str | None = strawberry.field(description="What stands there, in words; null where it is gone.")
    summary: str = strawberry.field(description="The change in a sentence for people.")

    @classmethod
    def of(cls, change: rules.CatalogDifference) -> Self:
        """Show a change."""
        return cls(
            kind=change.kind,
            path=change.path,
            before=change.before,
            after=change.after,
            summary=change.summary,
        )
