"""A difference between catalogs, in words."""

from typing import Self

import strawberry

from rules.catalog_code import diff as rules
from rules.catalog_code.diff import ChangeKind


@strawberry.type(description="One difference between two states of the catalog.")
class CatalogChange:
    kind: ChangeKind = strawberry.field(description="Whether it was added, changed or removed.")
    path: str = strawberry.field(
        description="The place in a catalog document: 'plans.pro.entitlements.seats.limit'."
    )
    before: str | None = strawberry.field(
        description="The value before the change, in words; null where it was added."
    )
    after: str | None = strawberry.field(
        description="The value after the change, in words; null where it was removed."
    )
    summary: str = strawberry.field(description="The change in one sentence for people.")

    @classmethod
    def of(cls, change: rules.CatalogDifference) -> Self:
        return cls(
            kind=change.kind,
            path=change.path,
            before=change.before,
            after=change.after,
            summary=change.summary,
        )
