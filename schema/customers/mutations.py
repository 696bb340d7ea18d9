"""Mutations of customers, and of a sandbox's clock."""

from functools import partial
from typing import Annotated

import strawberry

from resolvers import customers as resolvers
from resolvers import environments as environment_resolvers
from rules.commands.customers import ArchiveCustomer
from rules.revisions import Revision as RevisionName
from schema.customers import inputs, payloads
from schema.environments import Environment
from schema.fields import Info, resolver_field
from schema.scalars import Revision
from schema.user_errors import INPUT, MANY, each, mutation


async def _upsert(info: Info, input: inputs.UpsertCustomerInput) -> payloads.CustomerPayload:
    return payloads.CustomerPayload.of(info, await resolvers.upsert_customer(info.context, input.fact()))


@strawberry.type(description="What can be done for customers.")
class CustomerMutations:
    @mutation("Creates or updates a customer; restores an archived one.")
    async def upsert_customer(
        self, info: Info, input: Annotated[inputs.UpsertCustomerInput, INPUT]
    ) -> payloads.CustomerPayload:
        return await _upsert(info, input)

    @resolver_field(
        "Does the same for at most 1,000 inputs: each succeeds or fails alone, with its answer in "
        "the same position."
    )
    async def upsert_customers(
        self, info: Info, customers: Annotated[list[inputs.UpsertCustomerInput], MANY]
    ) -> list[payloads.CustomerPayload]:
        return await each(info.context, payloads.CustomerPayload, partial(_upsert, info), customers)

    @mutation("Archives a customer: ends every subscription now and denies every access.")
    async def archive_customer(
        self, info: Info, input: Annotated[inputs.CustomerKeyInput, INPUT]
    ) -> payloads.CustomerPayload:
        done = await resolvers.customer_command(info.context, input.customer, ArchiveCustomer())
        return payloads.CustomerPayload.of(info, done)

    @mutation(
        "Grants, overrides or revokes a feature for one customer; replaces the custom entitlement "
        "of the same mode."
    )
    async def set_custom_entitlement(
        self, info: Info, input: Annotated[inputs.SetCustomEntitlementInput, INPUT]
    ) -> payloads.CustomEntitlementPayload:
        done = await resolvers.customer_command(info.context, input.customer, input.fact())
        return payloads.CustomEntitlementPayload.of(info, done)

    @mutation("Removes the custom entitlements of a customer for one feature.")
    async def remove_custom_entitlement(
        self, info: Info, input: Annotated[inputs.RemoveCustomEntitlementInput, INPUT]
    ) -> payloads.CustomerPayload:
        done = await resolvers.customer_command(info.context, input.customer, input.fact())
        return payloads.CustomerPayload.of(info, done)

    @mutation("Moves the clock of a sandbox forward; between advances it stands still.")
    async def advance_clock(
        self, info: Info, input: Annotated[inputs.AdvanceClockInput, INPUT]
    ) -> payloads.ClockPayload:
        moved = await environment_resolvers.advance_clock(info.context, input.to)
        return payloads.ClockPayload(
            revision=Revision(str(RevisionName(moved.catalog_revision))),
            environment=Environment.of(info, moved),
        )
