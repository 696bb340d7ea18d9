"""The input of an access check."""

import strawberry

from rules.access import decision as rules
from schema.fields import or_none
from schema.scalars import Quantity


def question_of(
    customer: str, feature: str, requested: Quantity | None, values: list[str] | None
) -> rules.AccessCheck:
    """Return the access check of these arguments."""
    wanted = None if or_none(values) is None else tuple(values or ())
    return rules.AccessCheck(customer=customer, feature=feature, requested=or_none(requested), values=wanted)


@strawberry.input(description="One check of a batch: a customer, a feature and what is requested.")
class AccessCheckInput:
    customer: str = strawberry.field(description="The key of the customer.")
    feature: str = strawberry.field(description="The key of the feature.")
    requested: Quantity | None = strawberry.field(
        default=strawberry.UNSET,
        description="The quantity to check, in units of the feature. METERED only; TYPE_MISMATCH otherwise.",
    )
    values: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="The choices to check. CHOICE only; TYPE_MISMATCH otherwise."
    )

    def fact(self) -> rules.AccessCheck:
        return question_of(self.customer, self.feature, self.requested, self.values)
