"""Impacts: what customers would notice of an edit before it is made."""

from typing import Self

import strawberry

from rules.previews import impact as rules
from schema.access.types import Access


@strawberry.type(description="The access to one feature before and after a change.")
class AccessDifference:
    customer_key: str = strawberry.field(description="The key of the customer whose access differs.")
    feature_key: str = strawberry.field(description="The key of the feature whose access differs.")
    before: Access = strawberry.field(description="The access without the change.")
    after: Access = strawberry.field(description="The access with the change.")

    @classmethod
    def of(cls, difference: rules.DecisionChange) -> Self:
        before, after = Access.of(difference.before), Access.of(difference.after)
        return cls(customer_key=after.customer_key, feature_key=after.feature_key, before=before, after=after)


@strawberry.type(description="What customers would notice of an edit.")
class CustomerImpact:
    exact: bool = strawberry.field(
        description="False where more than 10,000 customers are affected: the numbers are then estimated "
        "from a sample of 10,000."
    )
    customers_affected: int = strawberry.field(
        description="The number of customers with at least one different answer."
    )
    gain_access: int = strawberry.field(description="The number of them that gain access to some feature.")
    lose_access: int = strawberry.field(description="The number of them that lose access to some feature.")
    over_limit: int = strawberry.field(
        description="The number of them that would be over a limit: used > limit."
    )
    examples: list[AccessDifference] = strawberry.field(
        description="Up to 20 differences, the largest losses first; empty for keys without CUSTOMERS_READ."
    )

    @classmethod
    def of(cls, impact: rules.Impact) -> Self:
        return cls(
            exact=impact.exact,
            customers_affected=impact.affected,
            gain_access=impact.gain_access,
            lose_access=impact.lose_access,
            over_limit=impact.over_limit,
            examples=[AccessDifference.of(example.difference) for example in impact.examples],
        )
