"""Usage, written."""

from datetime import datetime
from typing import cast

import strawberry

from rules.commands.consume import Consume
from rules.commands.ingest_event import IngestEvent
from rules.commands.report_usage import ReportUsage, UsageMode
from rules.commands.reserve import ReleaseReservation, Reserve, SettleReservation
from rules.usage.event_properties import Properties
from schema.fields import UNSET, or_none
from schema.scalars import JSON, Quantity


@strawberry.input(description="Usage that has already happened.")
class ReportUsageInput:
    """Usage, written."""

    customer: str = strawberry.field(description="Key of the customer.")
    feature: str = strawberry.field(description="Key of a METERED feature.")
    value: Quantity = strawberry.field(
        default=Quantity(1_000_000), description="How much; below zero gives back."
    )
    mode: UsageMode = strawberry.field(
        default=UsageMode.ADD, description="Whether the value is added, or the usage becomes it."
    )
    occurred_at: datetime | None = strawberry.field(
        default=UNSET, description="When; now when left out, at most 5 minutes ahead of the clock."
    )
    idempotency_key: str | None = strawberry.field(
        default=UNSET, description="The same key and input does nothing again, and tells the first outcome."
    )
    properties: JSON | None = strawberry.field(
        default=UNSET, description="What is to be kept with it; a UNIQUE meter counts one of them."
    )

    def fact(self) -> ReportUsage:
        """Read it."""
        return ReportUsage(
            feature=self.feature,
            quantity=self.value,
            mode=self.mode,
            occurred_at=or_none(self.occurred_at),
            idempotency_key=or_none(self.idempotency_key),
            properties=read_properties(self.properties),
        )


def read_properties(said: JSON | None) -> Properties | None:
    """Give what was said as it was said: the rules tell whether it is an object."""
    return cast("Properties | None", or_none(said))


@strawberry.input(description="Something that has happened, for meters to count.")
class UsageEventInput:
    """An event, written."""

    id: str = strawberry.field(description="The event's own id: one that is known is not counted again.")
    customer: str = strawberry.field(description="Key of the customer.")
    name: str = strawberry.field(description="The name that meters match on.")
    properties: JSON | None = strawberry.field(
        default=UNSET, description="An object; what meters filter on and read."
    )
    occurred_at: datetime | None = strawberry.field(
        default=UNSET, description="When; now when left out, at most 5 minutes ahead of the clock."
    )

    def fact(self) -> IngestEvent:
        """Read it."""
        return IngestEvent(
            id=self.id,
            name=self.name,
            properties=read_properties(self.properties),
            occurred_at=or_none(self.occurred_at),
        )


@strawberry.input(description="What is to be used up, if that is allowed.")
class ConsumeInput:
    """Consumption, written."""

    customer: str = strawberry.field(description="Key of the customer.")
    feature: str = strawberry.field(description="Key of a METERED feature counted by SUM or COUNT.")
    quantity: Quantity = strawberry.field(default=Quantity(1_000_000), description="How much; above 0.")
    idempotency_key: str | None = strawberry.field(
        default=UNSET, description="The same key and input does nothing again, and tells the first outcome."
    )
    properties: JSON | None = strawberry.field(default=UNSET, description="What is to be kept with it.")

    def fact(self) -> Consume:
        """Read it."""
        return Consume(
            feature=self.feature,
            quantity=self.quantity,
            idempotency_key=or_none(self.idempotency_key),
            properties=read_properties(self.properties),
        )


@strawberry.input(description="What is to be held, if that is allowed.")
class ReserveInput:
    """A hold, written."""

    customer: str = strawberry.field(description="Key of the customer.")
    feature: str = strawberry.field(description="Key of a METERED feature counted by SUM or COUNT.")
    quantity: Quantity = strawberry.field(description="How much; above 0.")
    key: str = strawberry.field(description="Names the hold; the same key and input is the same hold.")
    ttl_seconds: int = strawberry.field(default=3600, description="How long it lasts, 1 s to 24 h.")

    def fact(self) -> Reserve:
        """Read it."""
        return Reserve(
            feature=self.feature, quantity=self.quantity, key=self.key, ttl_seconds=self.ttl_seconds
        )


@strawberry.input(
    description="Left out settles the whole hold; less gives the rest back; more is recorded as usage."
)
class SettleReservationInput:
    """A settlement, written."""

    customer: str = strawberry.field(description="Key of the customer.")
    key: str = strawberry.field(description="Key of the reservation.")
    quantity: Quantity | None = strawberry.field(default=UNSET, description="How much was used.")

    def fact(self) -> SettleReservation:
        """Read it."""
        return SettleReservation(key=self.key, quantity=or_none(self.quantity))


@strawberry.input(description="Names a hold.")
class ReservationKeyInput:
    """A hold's name."""

    customer: str = strawberry.field(description="Key of the customer.")
    key: str = strawberry.field(description="Key of the reservation.")

    def fact(self) -> ReleaseReservation:
        """Read it."""
        return ReleaseReservation(key=self.key)
