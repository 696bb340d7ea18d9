"""Reservations of usage."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from resolvers.customers import CustomerView
from rules.usage.reservations import Reservation as ReservationFact
from rules.usage.reservations import ReservationStatus
from schema.catalog.features import Feature
from schema.fields import Info, resolver_field
from schema.nodes import Node, to_id
from schema.scalars import Quantity

if TYPE_CHECKING:
    from schema.customers.types import Customer


def customer_id(info: Info, seen: CustomerView, kind: str, *parts: str | int) -> strawberry.ID:
    """Return the global id of a customer, or of an object of theirs, in the state of the view."""
    names = seen.customer.key, *parts
    return to_id(kind, info.context.environment, *names, standpoint=seen.standpoint)


@strawberry.type(
    description="A quantity that is reserved for a customer until it is settled, released or expires."
)
class Reservation(Node):
    seen: strawberry.Private[CustomerView]
    fact: strawberry.Private[ReservationFact]
    key: str = strawberry.field(description="Your own key of the reservation, unique for the customer.")
    status: ReservationStatus = strawberry.field(
        description="The state of the reservation, derived from its facts and the clock."
    )
    quantity: Quantity = strawberry.field(description="The reserved quantity, in units of the feature.")
    settled_quantity: Quantity | None = strawberry.field(
        description="The quantity that was used; null before it is settled."
    )
    created_at: datetime = strawberry.field(description="The instant at which it was made.")
    expires_at: datetime = strawberry.field(description="The instant at which it stops counting by itself.")

    @classmethod
    def of(cls, info: Info, seen: CustomerView, hold: ReservationFact) -> Self:
        status = hold.status(seen.now)
        settled = status is ReservationStatus.SETTLED
        return cls(
            id=customer_id(info, seen, "Reservation", hold.key),
            seen=seen,
            fact=hold,
            key=hold.key,
            status=status,
            quantity=Quantity(hold.quantity),
            settled_quantity=Quantity(hold.settled) if settled and hold.settled is not None else None,
            created_at=hold.created_at,
            expires_at=hold.expires_at,
        )

    @resolver_field("The customer that holds the reservation.")
    def customer(self, info: Info) -> Annotated["Customer", strawberry.lazy("schema.customers.types")]:
        from schema.customers.types import Customer  # noqa: PLC0415 - customers show reservations

        return Customer.of(info, self.seen)

    @resolver_field("The feature that is reserved.")
    def feature(self, info: Info) -> Feature:
        return Feature.of(info, self.seen.flat, self.seen.flat.catalog.features[self.fact.feature])
