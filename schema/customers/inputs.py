"""Customers, their own entitlements, and the clock, written. What is left out keeps; null clears."""

from datetime import datetime

import strawberry

from rules.commands.custom_entitlements import RemoveCustomEntitlement, SetCustomEntitlement
from rules.commands.customers import UpsertCustomer
from rules.customers.facts import CustomEntitlementMode
from schema.catalog.values import EntitlementValueInput
from schema.fields import UNSET, or_none, or_unset
from schema.scalars import JSON


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
            name=or_unset(self.name),
            email=or_unset(self.email),
            timezone=or_unset(self.timezone),
            metadata=or_unset(self.metadata),
        )


@strawberry.input(description="Names a customer.")
class CustomerKeyInput:
    """A customer's key."""

    customer: str = strawberry.field(description="Key of the customer.")


@strawberry.input(description="Where a sandbox's clock is to stand.")
class AdvanceClockInput:
    """An instant, written."""

    to: datetime = strawberry.field(description="Not before the clock's own time.")


@strawberry.input(description="What is decided for one customer alone about one feature.")
class SetCustomEntitlementInput:
    """A custom entitlement, written."""

    customer: str = strawberry.field(description="Key of the customer.")
    feature: str = strawberry.field(description="Key of the feature.")
    mode: CustomEntitlementMode = strawberry.field(
        default=CustomEntitlementMode.GRANT, description="What it does to what packages say."
    )
    value: EntitlementValueInput | None = strawberry.field(
        default=UNSET, description="What it says; none for a boolean feature, none to revoke."
    )
    starts_at: datetime | None = strawberry.field(default=UNSET, description="Now when left out.")
    expires_at: datetime | None = strawberry.field(default=UNSET, description="Never when left out.")
    note: str | None = strawberry.field(default=UNSET, description="Why it was made.")

    def fact(self) -> SetCustomEntitlement:
        """Read it."""
        return SetCustomEntitlement(
            feature=self.feature,
            mode=self.mode,
            value=self.value.fact() if self.value else None,
            starts_at=or_none(self.starts_at),
            expires_at=or_none(self.expires_at),
            note=or_none(self.note),
        )


@strawberry.input(description="What is taken back of a customer's own.")
class RemoveCustomEntitlementInput:
    """A custom entitlement to take back, written."""

    customer: str = strawberry.field(description="Key of the customer.")
    feature: str = strawberry.field(description="Key of the feature.")
    mode: CustomEntitlementMode | None = strawberry.field(
        default=UNSET, description="Of which mode; of all when left out."
    )

    def fact(self) -> RemoveCustomEntitlement:
        """Read it."""
        return RemoveCustomEntitlement(feature=self.feature, mode=or_none(self.mode))
