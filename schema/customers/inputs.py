"""The inputs of customers, custom entitlements and the clock. What is left out keeps; null clears."""

from datetime import datetime

import strawberry

from rules.commands.custom_entitlements import RemoveCustomEntitlement, SetCustomEntitlement
from rules.commands.customers import UpsertCustomer
from rules.customers.facts import CustomEntitlementMode
from schema.catalog.values import EntitlementValueInput
from schema.fields import UNSET, or_none, or_unset
from schema.scalars import JSON


@strawberry.input(description="A customer, created where the key is new and updated otherwise.")
class UpsertCustomerInput:
    key: str = strawberry.field(description="Your own id of the customer: 1 to 255 printable characters.")
    name: str | None = strawberry.field(default=UNSET, description="The name of the customer.")
    email: str | None = strawberry.field(default=UNSET, description="The e-mail address of the customer.")
    timezone: str | None = strawberry.field(
        default=UNSET,
        description="The IANA name of the customer's time zone; UTC for a new customer if left out.",
    )
    metadata: JSON | None = strawberry.field(
        default=UNSET, description="Free-form JSON for your own use: an object of at most 16 kB."
    )

    def fact(self) -> UpsertCustomer:
        return UpsertCustomer(
            key=self.key,
            name=or_unset(self.name),
            email=or_unset(self.email),
            timezone=or_unset(self.timezone),
            metadata=or_unset(self.metadata),
        )


@strawberry.input(description="The key of a customer.")
class CustomerKeyInput:
    customer: str = strawberry.field(description="The key of the customer.")


@strawberry.input(description="The instant to which the clock of a sandbox moves.")
class AdvanceClockInput:
    to: datetime = strawberry.field(
        description="The new time of the clock; not before its present time (OUT_OF_RANGE)."
    )


@strawberry.input(description="A custom entitlement of one customer for one feature.")
class SetCustomEntitlementInput:
    customer: str = strawberry.field(description="The key of the customer.")
    feature: str = strawberry.field(description="The key of the feature.")
    mode: CustomEntitlementMode = strawberry.field(
        default=CustomEntitlementMode.GRANT, description="How it combines with the entitlements of packages."
    )
    value: EntitlementValueInput | None = strawberry.field(
        default=UNSET, description="The value; none for a BOOLEAN feature and for REVOKE."
    )
    starts_at: datetime | None = strawberry.field(
        default=UNSET, description="The instant from which it holds; now if left out."
    )
    expires_at: datetime | None = strawberry.field(
        default=UNSET, description="The instant from which it no longer holds; never if left out."
    )
    note: str | None = strawberry.field(default=UNSET, description="A note for people.")

    def fact(self) -> SetCustomEntitlement:
        return SetCustomEntitlement(
            feature=self.feature,
            mode=self.mode,
            value=self.value.fact() if self.value else None,
            starts_at=or_none(self.starts_at),
            expires_at=or_none(self.expires_at),
            note=or_none(self.note),
        )


@strawberry.input(description="The customer and feature whose custom entitlements are removed.")
class RemoveCustomEntitlementInput:
    customer: str = strawberry.field(description="The key of the customer.")
    feature: str = strawberry.field(description="The key of the feature.")
    mode: CustomEntitlementMode | None = strawberry.field(
        default=UNSET, description="The mode to remove; all modes if left out."
    )

    def fact(self) -> RemoveCustomEntitlement:
        return RemoveCustomEntitlement(feature=self.feature, mode=or_none(self.mode))
