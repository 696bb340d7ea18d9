"""What the mutations of customers, their subscriptions and a sandbox's clock answer."""

from typing import Self

import strawberry

from resolvers.customers import CustomerView
from rules.commands.command import CommandResult
from schema.customers.custom_entitlements import CustomEntitlement
from schema.customers.types import Customer, CustomerSubscription
from schema.environments import Environment
from schema.fields import Info
from schema.payloads import revision_written
from schema.user_errors import Payload


@strawberry.type(description="The result of a write to a customer.")
class CustomerPayload(Payload):
    """A customer's payload."""

    customer: Customer | None = strawberry.field(
        default=None, description="The customer; null where `userErrors` names problems."
    )

    @classmethod
    def of(cls, info: Info, done: CommandResult) -> Self:
        """Show the customer as an act left them."""
        customer = Customer.of(info, CustomerView.after(done))
        return cls(revision=revision_written(done), customer=customer)


@strawberry.type(description="The result of setting or removing a custom entitlement.")
class CustomEntitlementPayload(Payload):
    """A custom entitlement's payload."""

    custom_entitlement: CustomEntitlement | None = strawberry.field(
        default=None, description="The custom entitlement; null where `userErrors` names problems."
    )

    @classmethod
    def of(cls, info: Info, done: CommandResult) -> Self:
        """Show the custom entitlement that an act made."""
        seen, number = CustomerView.after(done), done.outcome["custom"]
        made = next(custom for custom in seen.customer.custom if custom.number == number)
        shown = CustomEntitlement.of(info, seen.flat, seen.customer, made)
        return cls(revision=revision_written(done), custom_entitlement=shown)


@strawberry.type(description="The result of a write to a subscription.")
class SubscriptionPayload(Payload):
    """A subscription's payload."""

    subscription: CustomerSubscription | None = strawberry.field(
        default=None,
        description="The subscription in its present state; null where `userErrors` names problems.",
    )
    replayed: bool = strawberry.field(
        default=False, description="True where the idempotency key was used before with the same input."
    )

    @classmethod
    def of(cls, info: Info, done: CommandResult) -> Self:
        """Show the subscription that an act, or its first time, made or changed."""
        seen, number = CustomerView.after(done), done.outcome["subscription"]
        made = next(fact for fact in seen.customer.subscriptions if fact.number == number)
        return cls(
            revision=revision_written(done),
            subscription=CustomerSubscription.of(info, seen, made),
            replayed=done.replayed,
        )


@strawberry.type(description="The result of moving the clock of an environment.")
class ClockPayload(Payload):
    """A clock's payload."""

    environment: Environment | None = strawberry.field(
        default=None,
        description="The environment, with its new time; null where `userErrors` names problems.",
    )
