"""Customers, subscriptions, usage and the clock, written. What is left out keeps; null clears."""

from __future__ import annotations

from datetime import datetime

import strawberry

from rules.lifecycle import Subscribe, UpsertCustomer
from rules.reporting import ReportUsage
from schema.nodes import UNSET, given, kept
from schema.scalars import JSON, Quantity


@strawberry.input(description="A customer by the caller's own key: made where missing, changed where known.")
class UpsertCustomerInput:
    """A customer, written."""

    key: str = strawberry.field(description="The caller's own id: 1 to 255 printable characters.")
    name: str | None = strawberry.field(default=UNSET, description="What people call them.")
    email: str | None = strawberry.field(default=UNSET, description="Where they are written to.")
    timezone: str | None = strawberry.field(
        default=UNSET, description="IANA name; UTC for a new customer where it is left out."
    )
    metadata: JSON | None = strawberry.field(default=UNSET, description="A JSON object of at most 16 kB.")

    def fact(self) -> UpsertCustomer:
        """Read it."""
        return UpsertCustomer(
            key=self.key,
            name=kept(self.name),
            email=kept(self.email),
            timezone=kept(self.timezone),
            metadata=kept(self.metadata),
        )


@strawberry.input(description="A customer and the plan that they are put on.")
class SubscribeInput:
    """A subscription, written."""

    customer: str = strawberry.field(description="Key of the customer.")
    plan: str = strawberry.field(description="Key of a published plan.")
    price: str | None = strawberry.field(
        default=UNSET,
        description="Left out: the plan's only price, or none; REQUIRED where there are several.",
    )
    start_at: datetime | None = strawberry.field(
        default=UNSET, description="Past or future; now when left out."
    )
    idempotency_key: str | None = strawberry.field(
        default=UNSET, description="The same key and input does nothing again, and tells the first outcome."
    )

    def fact(self) -> Subscribe:
        """Read it."""
        return Subscribe(
            plan=self.plan,
            price=given(self.price),
            start_at=given(self.start_at),
            idempotency_key=given(self.idempotency_key),
        )


@strawberry.input(description="Usage that has already happened.")
class ReportUsageInput:
    """Usage, written."""

    customer: str = strawberry.field(description="Key of the customer.")
    feature: str = strawberry.field(description="Key of a METERED feature.")
    value: Quantity = strawberry.field(
        default=Quantity(1_000_000), description="How much; below zero gives back."
    )
    occurred_at: datetime | None = strawberry.field(
        default=UNSET, description="When; now when left out, at most 5 minutes ahead of the clock."
    )
    idempotency_key: str | None = strawberry.field(
        default=UNSET, description="The same key and input does nothing again, and tells the first outcome."
    )

    def fact(self) -> ReportUsage:
        """Read it."""
        return ReportUsage(
            feature=self.feature,
            quantity=self.value,
            occurred_at=given(self.occurred_at),
            idempotency_key=given(self.idempotency_key),
        )


@strawberry.input(description="Where a sandbox's clock is to stand.")
class AdvanceClockInput:
    """An instant, written."""

    to: datetime = strawberry.field(description="Not before the clock's own time.")
