"""What the mutations of usage answer."""

from collections.abc import Sequence
from typing import Self

import strawberry

from models.commands.batch import CommandResult
from resolvers.customers import CustomerView
from rules.access.decision import Decision
from rules.errors import Rejected
from schema.access.types import Access
from schema.fields import Info
from schema.payloads import revision_written, revision_written_by_all
from schema.scalars import Quantity
from schema.usage.reservations import Reservation
from schema.user_errors import Payload, UserError


@strawberry.type(description="Usage that was recorded.")
class UsagePayload(Payload):
    """Usage's payload."""

    recorded: Quantity | None = strawberry.field(
        default=None, description="What it added to usage; on a replay, what the first did."
    )
    access: Access | None = strawberry.field(default=None, description="The state after it.")
    replayed: bool = strawberry.field(
        default=False, description="True where the idempotency key had done this before."
    )

    @classmethod
    def of(cls, done: CommandResult, decision: Decision) -> Self:
        """Show what was recorded, and the state after it."""
        return cls(
            revision=revision_written(done),
            recorded=Quantity(done.outcome["recorded"]),
            access=Access.of(decision),
            replayed=done.replayed,
        )


@strawberry.type(description="What came of a batch of events.")
class IngestPayload(Payload):
    """Events' payload; each event stands or falls alone."""

    accepted: int = strawberry.field(default=0, description="Events that were counted.")
    duplicates: int = strawberry.field(default=0, description="Events whose id was known.")
    unmatched: int = strawberry.field(
        default=0, description="Events that no meter matches; they are not kept."
    )

    @classmethod
    def of(cls, info: Info, outcomes: Sequence[CommandResult | Rejected]) -> Self:
        """Count what came of each event, and tell the problems of each under its index."""
        done = [outcome for outcome in outcomes if isinstance(outcome, CommandResult)]
        return cls(
            revision=revision_written_by_all(done),
            accepted=sum(one.number is not None and not one.replayed for one in done),
            duplicates=sum(one.replayed for one in done),
            unmatched=sum(one.number is None for one in done),
            user_errors=[
                UserError.of(info.context, problem.under(str(index)))
                for index, outcome in enumerate(outcomes)
                if isinstance(outcome, Rejected)
                for problem in outcome.problems
            ],
        )


@strawberry.type(description="What came of consuming.")
class ConsumePayload(Payload):
    """Consumption's payload."""

    consumed: bool = strawberry.field(default=False, description="Whether it was allowed and recorded.")
    access: Access | None = strawberry.field(
        default=None, description="The decision. Where consumed, the balances after it."
    )
    replayed: bool = strawberry.field(
        default=False, description="True where the idempotency key had done this before."
    )

    @classmethod
    def of(cls, done: CommandResult, decision: Decision) -> Self:
        """Show the decision, and whether anything was recorded."""
        return cls(
            revision=revision_written(done),
            consumed=done.outcome["consumed"] > 0,
            access=Access.of(decision),
            replayed=done.replayed,
        )


@strawberry.type(description="A hold that was made, settled or released.")
class ReservationPayload(Payload):
    """A hold's payload."""

    reservation: Reservation | None = strawberry.field(
        default=None, description="The hold as it is now; null where it was not allowed."
    )
    access: Access | None = strawberry.field(default=None, description="The decision, or the state after it.")
    replayed: bool = strawberry.field(default=False, description="True where this had been done before.")

    @classmethod
    def of(cls, info: Info, done: CommandResult, decision: Decision, key: str) -> Self:
        """Show the hold, and the state after the act."""
        hold = done.state.holds.get(key)
        shown = None if hold is None else Reservation.of(info, CustomerView.after(done), hold)
        return cls(
            revision=revision_written(done),
            reservation=shown,
            access=Access.of(decision),
            replayed=done.replayed,
        )
