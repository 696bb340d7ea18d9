"""Impacts: what customers would notice of something that is not done yet."""

from typing import Self

import strawberry

from rules.previews import impact as rules
from schema.access.types import Access


@strawberry.type(description="An answer as it is, and as it would be.")
class AccessDifference:
    """A difference."""

    customer_key: str = strawberry.field(description="Whom it is about.")
    feature_key: str = strawberry.field(description="What it is about.")
    before: Access = strawberry.field(description="The answer without it.")
    after: Access = strawberry.field(description="The answer with it.")

    @classmethod
    def of(cls, difference: rules.DecisionChange) -> Self:
        """Show a difference."""
        before, after = Access.of(difference.before), Access.of(difference.after)
        return cls(customer_key=after.customer_key, feature_key=after.feature_key, before=before, after=after)


@strawberry.type(description="What customers would notice.")
class CustomerImpact:
    """An impact."""

    exact: bool = strawberry.field(
        description="False where more than 10,000 customers are affected: the numbers are then estimated "
        "from a sample of 10,000."
    )
    customers_affected: int = strawberry.field(description="How many would have another answer.")
    gain_access: int = strawberry.field(description="How many of them could use something that they cannot.")
    lose_access: int = strawberry.field(
        description="How many of them could no longer use something that they can."
    )
    over_limit: int = strawberry.field(description="How many of them would be over a limit: used > limit.")
    examples: list[AccessDifference] = strawberry.field(
        description="Up to 20, those that lose most first; empty for whom may not read customers."
    )

    @classmethod
    def of(cls, impact: rules.Impact) -> Self:
        """Show an impact."""
        return cls(
            exact=impact.exact,
            customers_affected=impact.affected,
            gain_access=impact.gain_access,
            lose_access=impact.lose_access,
            over_limit=impact.over_limit,
            examples=[AccessDifference.of(example.difference) for example in impact.examples],
        )
