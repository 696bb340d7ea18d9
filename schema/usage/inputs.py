"""The inputs of commands on usage."""

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
    customer: str = strawberry.field(description="The key of the customer.")
    feature: str = strawberry.field(description="The key of a METERED feature.")
    value: Quantity = strawberry.field(
        default=Quantity(1_000_000),
        description="The quantity in units of the feature; below 0 gives usage back.",
    )
    mode: UsageMode = strawberry.field(
        default=UsageMode.ADD, description="Whether the value is added to the usage or replaces it."
    )
    occurred_at: datetime | None = strawberry.field(
        default=UNSET,
        description="The instant of the usage: now if left out, at most 5 minutes ahead of the clock "
        "(OUT_OF_RANGE).",
    )
    idempotency_key: str | None = strawberry.field(
        default=UNSET,
        description="A key of 1 to 255 characters that makes the write safe to repeat: the same key and "
        "input writes nothing again and returns the first outcome; with another input it is "
        "IDEMPOTENCY_CONFLICT.",
    )
    properties: JSON | None = strawberry.field(
        default=UNSET,
        description="A JSON object that is kept with the record; a UNIQUE meter reads its property here.",
    )

    def fact(self) -> ReportUsage:
        return ReportUsage(
            feature=self.feature,
            quantity=self.value,
            mode=self.mode,
            occurred_at=or_none(self.occurred_at),
            idempotency_key=or_none(self.idempotency_key),
            properties=read_properties(self.properties),
        )


def read_properties(said: JSON | None) -> Properties | None:
    """Return the properties as given: the rules check whether they are an object."""
    return cast("Properties | None", or_none(said))


@strawberry.input(description="An event for meters to count.")
class UsageEventInput:
    id: str = strawberry.field(
        description="The id of the event, unique per customer: an id that was ingested before is not counted "
        "again."
    )
    customer: str = strawberry.field(description="The key of the customer.")
    name: str = strawberry.field(description="The name that meters match.")
    properties: JSON | None = strawberry.field(
        default=UNSET, description="A JSON object; meters filter on its properties and read them."
    )
    occurred_at: datetime | None = strawberry.field(
        default=UNSET,
        description="The instant of the usage: now if left out, at most 5 minutes ahead of the clock "
        "(OUT_OF_RANGE).",
    )

    def fact(self) -> IngestEvent:
        return IngestEvent(
            id=self.id,
            name=self.name,
            properties=read_properties(self.properties),
            occurred_at=or_none(self.occurred_at),
        )


@strawberry.input(description="Usage to record if it is allowed.")
class ConsumeInput:
    customer: str = strawberry.field(description="The key of the customer.")
    feature: str = strawberry.field(
        description="The key of a METERED feature that is counted by SUM or COUNT."
    )
    quantity: Quantity = strawberry.field(
        default=Quantity(1_000_000),
        description="The quantity in units of the feature; above 0 (OUT_OF_RANGE).",
    )
    idempotency_key: str | None = strawberry.field(
        default=UNSET,
        description="A key of 1 to 255 characters that makes the write safe to repeat: the same key and "
        "input writes nothing again and returns the first outcome; with another input it is "
        "IDEMPOTENCY_CONFLICT.",
    )
    properties: JSON | None = strawberry.field(
        default=UNSET, description="A JSON object that is kept with the usage record."
    )

    def fact(self) -> Consume:
        return Consume(
            feature=self.feature,
            quantity=self.quantity,
            idempotency_key=or_none(self.idempotency_key),
            properties=read_properties(self.properties),
        )


@strawberry.input(description="A quantity to reserve if it is allowed.")
class ReserveInput:
    customer: str = strawberry.field(description="The key of the customer.")
    feature: str = strawberry.field(
        description="The key of a METERED feature that is counted by SUM or COUNT."
    )
    quantity: Quantity = strawberry.field(
        description="The quantity in units of the feature; above 0 (OUT_OF_RANGE)."
    )
    key: str = strawberry.field(
        description="Your own key of the reservation: the same key and input is the same reservation."
    )
    ttl_seconds: int = strawberry.field(
        default=3600, description="How long it counts, in seconds: 1 to 86,400."
    )

    def fact(self) -> Reserve:
        return Reserve(
            feature=self.feature, quantity=self.quantity, key=self.key, ttl_seconds=self.ttl_seconds
        )


@strawberry.input(description="The reservation to settle and the quantity that was used.")
class SettleReservationInput:
    customer: str = strawberry.field(description="The key of the customer.")
    key: str = strawberry.field(description="The key of the reservation.")
    quantity: Quantity | None = strawberry.field(
        default=UNSET,
        description="The quantity that was used: the whole reservation if left out. Less returns the rest; "
        "more is recorded as usage.",
    )

    def fact(self) -> SettleReservation:
        return SettleReservation(key=self.key, quantity=or_none(self.quantity))


@strawberry.input(description="The key of a reservation.")
class ReservationKeyInput:
    customer: str = strawberry.field(description="The key of the customer.")
    key: str = strawberry.field(description="The key of the reservation.")

    def fact(self) -> ReleaseReservation:
        return ReleaseReservation(key=self.key)
