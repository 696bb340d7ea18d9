"""The acts of the graph: each answers with the thing, or with every problem of its input."""

from __future__ import annotations

from typing import Annotated

import strawberry

from resolvers import catalog as catalog_resolvers
from resolvers import customers as customer_resolvers
from resolvers import environments as environment_resolvers
from resolvers import usage as usage_resolvers
from resolvers.customers import SeenCustomer
from rules.errors import ErrorCode, reject
from rules.revisions import Revision as RevisionName
from schema import inputs, payloads
from schema.access import Access
from schema.customers import Customer, CustomerSubscription
from schema.environments import Environment
from schema.errors import mutation
from schema.nodes import UNSET, Info, given
from schema.scalars import Quantity, Revision

INPUT = strawberry.argument(description="What is to be done.")


@strawberry.type(description="What can be done.")
class Mutation:
    """The root of all acts."""

    @mutation("Adds a product.")
    async def create_product(
        self, info: Info, input: Annotated[inputs.CreateProductInput, INPUT]
    ) -> payloads.ProductPayload:
        """Add a product."""
        flat = await catalog_resolvers.create_product(info.context, input.fact())
        return payloads.ProductPayload.of(info, flat, input.key)

    @mutation("Adds a feature.")
    async def create_feature(
        self, info: Info, input: Annotated[inputs.CreateFeatureInput, INPUT]
    ) -> payloads.FeaturePayload:
        """Add a feature."""
        default = input.default_value.fact() if input.default_value else None
        flat = await catalog_resolvers.create_feature(info.context, input.fact(), default)
        return payloads.FeaturePayload.of(info, flat, input.key)

    @mutation("Adds a plan, with an empty draft.")
    async def create_plan(
        self, info: Info, input: Annotated[inputs.CreatePlanInput, INPUT]
    ) -> payloads.PlanPayload:
        """Add a plan."""
        last = given(input.position) is None
        flat = await catalog_resolvers.create_plan(
            info.context, input.fact(), given(input.base_plan), last=last
        )
        return payloads.PlanPayload.of(info, flat, input.key)

    @mutation("Puts a plan's draft on another base plan, or with null on none.")
    async def set_base_plan(
        self, info: Info, input: Annotated[inputs.SetBasePlanInput, INPUT]
    ) -> payloads.PlanPayload:
        """Set the base plan."""
        if input.base_plan is UNSET:
            raise reject(ErrorCode.REQUIRED, "Name a base plan, or say null to have none.", "basePlan")
        flat = await catalog_resolvers.set_base_plan(
            info.context, input.plan, input.base_plan, keep_inherited=input.keep_inherited
        )
        return payloads.PlanPayload.of(info, flat, input.plan)

    @mutation("Sets or replaces a row of a package's draft.")
    async def set_entitlement(
        self, info: Info, input: Annotated[inputs.SetEntitlementInput, INPUT]
    ) -> payloads.EntitlementPayload:
        """Set a row."""
        flat = await catalog_resolvers.set_entitlement(info.context, input.fact())
        return payloads.EntitlementPayload.of(info, flat, input.package, input.key, given(input.price))

    @mutation("Takes a row out of a package's draft; what the base plan says of the key holds again.")
    async def remove_entitlement(
        self, info: Info, input: Annotated[inputs.RemoveEntitlementInput, INPUT]
    ) -> payloads.PackagePayload:
        """Remove a row."""
        flat = await catalog_resolvers.remove_entitlement(
            info.context, input.package, input.key, given(input.price)
        )
        return payloads.PackagePayload.of(info, flat, input.package)

    @mutation("Sets or replaces a price in a package's draft.")
    async def set_price(
        self, info: Info, input: Annotated[inputs.SetPriceInput, INPUT]
    ) -> payloads.PackagePayload:
        """Set a price."""
        flat = await catalog_resolvers.set_price(info.context, input.package, input.fact())
        return payloads.PackagePayload.of(info, flat, input.package)

    @mutation("Takes a price out of a package's draft.")
    async def remove_price(
        self, info: Info, input: Annotated[inputs.RemovePriceInput, INPUT]
    ) -> payloads.PackagePayload:
        """Remove a price."""
        flat = await catalog_resolvers.remove_price(info.context, input.package, input.key)
        return payloads.PackagePayload.of(info, flat, input.package)

    @mutation("Puts a package's draft in force, and with it the plans that inherit from it.")
    async def publish_package(
        self, info: Info, input: Annotated[inputs.PublishPackageInput, INPUT]
    ) -> payloads.PublishPayload:
        """Publish."""
        after = await catalog_resolvers.publish_package(
            info.context, input.package, input.apply_to, given(input.expected_version)
        )
        return payloads.PublishPayload.of(info, after, input.package)

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
