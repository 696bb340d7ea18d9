"""Access checks, as a client writes them."""

import strawberry

from rules.access import decision as rules
from schema.fields import or_none
from schema.scalars import Quantity


def question_of(
    customer: str, feature: str, requested: Quantity | None, values: list[str] | None
) -> rules.AccessCheck:
    """Put a question."""
    wanted = None if or_none(values) is None else tuple(values or ())
    return rules.AccessCheck(customer=customer, feature=feature, requested=or_none(requested), values=wanted)


@strawberry.input(description="One question of many.")
class AccessCheckInput:
    """A question, written."""

    customer: str = strawberry.field(description="Key of the customer.")
    feature: str = strawberry.field(description="Key of the feature.")
    requested: Quantity | None = strawberry.field(
        default=strawberry.UNSET, description="How much is wanted; METERED only."
    )
    values: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="Which values are wanted; CHOICE only."
    )

    def fact(self) -> rules.AccessCheck:
        """Read it."""
        return question_of(self.customer, self.feature, self.requested, self.values)
