"""Acts on customers, and on a sandbox's clock."""

from __future__ import annotations

from typing import Annotated

import strawberry

from resolvers import customers as customer_resolvers
from resolvers import environments as environment_resolvers
from resolvers import usage as usage_resolvers
from resolvers.customers import SeenCustomer
from rules.revisions import Revision as RevisionName
from schema import customer_inputs as inputs
from schema import payloads
from schema.access import Access
from schema.customers import Customer, CustomerSubscription
from schema.environments import Environment
from schema.errors import INPUT, mutation
from schema.nodes import Info
from schema.scalars import Quantity, Revision


@strawberry.type(description="What can be done for customers.")
class CustomerMutations:
    """Acts on customers."""

    @mutation("Makes a customer, changes one, or brings an archived one back.")
    async def upsert_customer(
        self, info: Info, input: Annotated[inputs.UpsertCustomerInput, INPUT]
    ) -> payloads.CustomerPayload:
        """Upsert a customer."""
        done = await customer_resolvers.upsert_customer(info.context, input.fact())
        seen = SeenCustomer.after(done)
        return payloads.CustomerPayload(
            revision=Revision(str(seen.revision)), customer=Customer.of(info, seen)
        )

    @mutation("Puts a customer on a plan.")
    async def subscribe(
        self, info: Info, input: Annotated[inputs.SubscribeInput, INPUT]
    ) -> payloads.SubscriptionPayload:
        """Subscribe."""
        done = await customer_resolvers.subscribe(info.context, input.customer, input.fact())
        seen = SeenCustomer.after(done)
        number = done.outcome["subscription"]
        made = next(fact for fact in seen.customer.subscriptions if fact.number == number)
        return payloads.SubscriptionPayload(
            revision=Revision(str(done.revision)),
            subscription=CustomerSubscription.of(info, seen, made),
            replayed=done.replayed,
        )

    @mutation("Records what has already happened: never refused for a limit.")
    async def report_usage(
        self, info: Info, input: Annotated[inputs.ReportUsageInput, INPUT]
    ) -> payloads.UsagePayload:
        """Report usage."""
        done, decision = await usage_resolvers.report_usage(info.context, input.customer, input.fact())
        return payloads.UsagePayload(
            revision=Revision(str(done.revision)),
            recorded=Quantity(done.outcome["recorded"]),
            access=Access.of(decision),
            replayed=done.replayed,
        )

    @mutation("Moves a sandbox's clock forward; it stands still between advances.")
    async def advance_clock(
        self, info: Info, input: Annotated[inputs.AdvanceClockInput, INPUT]
    ) -> payloads.ClockPayload:
        """Advance the clock."""
        moved = await environment_resolvers.advance_clock(info.context, input.to)
        return payloads.ClockPayload(
            revision=Revision(str(RevisionName(moved.catalog_revision))),
            environment=Environment.of(info, moved),
        )
