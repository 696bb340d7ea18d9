"""Credits, written."""

from datetime import datetime

import strawberry

from rules.commands.credits import ConsumeCredits, GrantCredits
from rules.credits.grants import USUAL_PRIORITY, CreditSource
from schema.fields import UNSET, or_none
from schema.scalars import Quantity


@strawberry.input(description="Credits that a customer is given.")
class GrantCreditsInput:
    """A grant, written."""

    customer: str = strawberry.field(description="Key of the customer.")
    credit_type: str = strawberry.field(description="Key of the credit type.")
    amount: Quantity = strawberry.field(description="How much; above 0.")
    source: CreditSource = strawberry.field(
        default=CreditSource.PAID, description="PAID or PROMOTIONAL; what recurs, subscriptions give."
    )
    priority: int = strawberry.field(default=USUAL_PRIORITY, description="0 burns first, 100 last.")
    effective_at: datetime | None = strawberry.field(
        default=UNSET, description="When it takes effect; now when left out, never in the past."
    )
    expires_at: datetime | None = strawberry.field(
        default=UNSET, description="When what is left of it expires; never when left out."
    )
    note: str | None = strawberry.field(default=UNSET, description="Why.")
    idempotency_key: str | None = strawberry.field(
        default=UNSET, description="The same key and input does nothing again, and tells the first outcome."
    )

    def fact(self) -> GrantCredits:
        """Read it."""
        return GrantCredits(
            credit_type=self.credit_type,
            amount=self.amount,
            source=self.source,
            priority=self.priority,
            effective_at=or_none(self.effective_at),
            expires_at=or_none(self.expires_at),
            note=or_none(self.note),
            idempotency_key=or_none(self.idempotency_key),
        )


@strawberry.input(description="A grant to be taken back.")
class VoidCreditGrantInput:
    """A voiding, written."""

    grant: strawberry.ID = strawberry.field(description="The grant.")
    note: str | None = strawberry.field(default=UNSET, description="Why.")


@strawberry.input(description="Credits to be spent directly, without usage of a feature.")
class ConsumeCreditsInput:
    """A consumption, written."""

    customer: str = strawberry.field(description="Key of the customer.")
    credit_type: str = strawberry.field(description="Key of the credit type; NOT_FOUND where it names none.")
    amount: Quantity = strawberry.field(description="How much; above 0.")
    allow_overdraft: bool = strawberry.field(
        default=False, description="Whether more may be spent than there is."
    )
    note: str | None = strawberry.field(default=UNSET, description="What for.")
    idempotency_key: str | None = strawberry.field(
        default=UNSET, description="The same key and input does nothing again, and tells the first outcome."
    )

    def fact(self) -> ConsumeCredits:
        """Read it."""
        return ConsumeCredits(
            credit_type=self.credit_type,
            amount=self.amount,
            allow_overdraft=self.allow_overdraft,
            note=or_none(self.note),
            idempotency_key=or_none(self.idempotency_key),
        )
