"""The inputs of commands on credits."""

from datetime import datetime

import strawberry

from rules.commands.credits import ConsumeCredits, GrantCredits
from rules.credits.grants import USUAL_PRIORITY, CreditSource
from schema.fields import UNSET, or_none
from schema.scalars import Quantity


@strawberry.input(description="Credits to grant to a customer.")
class GrantCreditsInput:
    customer: str = strawberry.field(description="The key of the customer.")
    credit_type: str = strawberry.field(description="The key of the credit type.")
    amount: Quantity = strawberry.field(description="The amount of credits; above 0 (OUT_OF_RANGE).")
    source: CreditSource = strawberry.field(
        default=CreditSource.PAID,
        description="The origin of the credits: PAID or PROMOTIONAL; only subscriptions grant RECURRING "
        "ones.",
    )
    priority: int = strawberry.field(
        default=USUAL_PRIORITY, description="The burn priority: 0 burns first, 100 last."
    )
    effective_at: datetime | None = strawberry.field(
        default=UNSET,
        description="The instant from which the credits can be spent: now if left out, never in the past "
        "(OUT_OF_RANGE).",
    )
    expires_at: datetime | None = strawberry.field(
        default=UNSET, description="The instant at which the remainder expires; never if left out."
    )
    note: str | None = strawberry.field(default=UNSET, description="A note that is kept with the grant.")
    idempotency_key: str | None = strawberry.field(
        default=UNSET,
        description="A key of 1 to 255 characters that makes the write safe to repeat: the same key and "
        "input writes nothing again and returns the first outcome; with another input it is "
        "IDEMPOTENCY_CONFLICT.",
    )

    def fact(self) -> GrantCredits:
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


@strawberry.input(description="The grant of credits to void.")
class VoidCreditGrantInput:
    grant: strawberry.ID = strawberry.field(description="The global id of the grant.")
    note: str | None = strawberry.field(
        default=UNSET, description="A note that is kept with the ledger entry."
    )


@strawberry.input(description="Credits to spend directly, without usage of a feature.")
class ConsumeCreditsInput:
    customer: str = strawberry.field(description="The key of the customer.")
    credit_type: str = strawberry.field(
        description="The key of the credit type; NOT_FOUND where there is none."
    )
    amount: Quantity = strawberry.field(description="The amount of credits; above 0 (OUT_OF_RANGE).")
    allow_overdraft: bool = strawberry.field(
        default=False,
        description="True spends the amount even where fewer credits are available; the balance then has "
        "an overdraft.",
    )
    note: str | None = strawberry.field(
        default=UNSET, description="A note that is kept with the ledger entry."
    )
    idempotency_key: str | None = strawberry.field(
        default=UNSET,
        description="A key of 1 to 255 characters that makes the write safe to repeat: the same key and "
        "input writes nothing again and returns the first outcome; with another input it is "
        "IDEMPOTENCY_CONFLICT.",
    )

    def fact(self) -> ConsumeCredits:
        return ConsumeCredits(
            credit_type=self.credit_type,
            amount=self.amount,
            allow_overdraft=self.allow_overdraft,
            note=or_none(self.note),
            idempotency_key=or_none(self.idempotency_key),
        )
