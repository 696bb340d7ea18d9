"""What the mutations of usage answer."""

from collections.abc import Sequence
from typing import Self

import strawberry

from resolvers.customers import CustomerView
from rules.access.decision import Decision
from rules.commands.command import CommandResult
from rules.errors import Rejected
from schema.access.types import Access
from schema.fields import Info
from schema.payloads import revision_written, revision_written_by_all
from schema.scalars import Quantity
from schema.usage.reservations import Reservation
from schema.user_errors import Payload, UserError


@strawberry.type(description="The result of reporting usage.")
class UsagePayload(Payload):
    """Usage's payload."""

    recorded: Quantity | None = strawberry.field(
        default=None,
        description="The quantity that was added to usage; for a replay, that of the first time.",
    )
    access: Access | None = strawberry.field(
        default=None, description="The access after the report; null where `userErrors` names problems."
    )
    replayed: bool = strawberry.field(
        default=False, description="True where the idempotency key was used before with the same input."
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


@strawberry.type(description="The result of ingesting a batch of events.")
class IngestPayload(Payload):
    """Events' payload; each event stands or falls alone."""

    accepted: int = strawberry.field(default=0, description="The number of events that were counted.")
    duplicates: int = strawberry.field(
        default=0, description="The number of events whose id was ingested before."
    )
    unmatched: int = strawberry.field(
        default=0, description="The number of events that no meter matches; they are not kept."
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


@strawberry.type(description="The result of `consume`.")
class ConsumePayload(Payload):
    """Consumption's payload."""

    consumed: bool = strawberry.field(
        default=False, description="Whether the usage was allowed and recorded."
    )
    access: Access | None = strawberry.field(
        default=None, description="The decision. Where it was consumed, usage and credits are those after it."
    )
    replayed: bool = strawberry.field(
        default=False, description="True where the idempotency key was used before with the same input."
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


@strawberry.type(description="The result of making, settling or releasing a reservation.")
class ReservationPayload(Payload):
    """A hold's payload."""

    reservation: Reservation | None = strawberry.field(
        default=None, description="The reservation in its present state; null where it was not allowed."
    )
    access: Access | None = strawberry.field(
        default=None,
        description="The decision, or the access after the act; null where `userErrors` names problems.",
    )
    replayed: bool = strawberry.field(default=False, description="True where the same write was done before.")

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
