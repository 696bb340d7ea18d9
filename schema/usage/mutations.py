"""Acts on usage."""

import asyncio
from functools import partial
from typing import Annotated

import strawberry

from models.commands.batch import CommandResult
from resolvers import usage as resolvers
from schema.fields import Info, resolver_field
from schema.usage import inputs, payloads
from schema.user_errors import INPUT, MANY, attempt, each, mutation, refuse_too_many


async def _reported(info: Info, input: inputs.ReportUsageInput) -> payloads.UsagePayload:
    done, decision = await resolvers.report_usage(info.context, input.customer, input.fact())
    return payloads.UsagePayload.of(done, decision)


async def _ingested(info: Info, event: inputs.UsageEventInput) -> CommandResult:
    return await resolvers.ingest(info.context, event.customer, event.fact())


@strawberry.type(description="What can be done with usage.")
class UsageMutations:
    """Acts on usage."""

    @mutation("Records what has already happened: never refused for a limit.")
    async def report_usage(
        self, info: Info, input: Annotated[inputs.ReportUsageInput, INPUT]
    ) -> payloads.UsagePayload:
        """Report usage."""
        return await _reported(info, input)

    @resolver_field("At most 1,000; each stands or falls alone, answers in the same order.")
    async def report_usage_batch(
        self, info: Info, reports: Annotated[list[inputs.ReportUsageInput], MANY]
    ) -> list[payloads.UsagePayload]:
        """Report usage many times."""
        return await each(info.context, payloads.UsagePayload, partial(_reported, info), reports)

    @resolver_field(
        "Raw events for meters; at most 1,000. An event with a known id is not counted again. "
        "One that is refused counts nowhere, and the others stand."
    )
    async def ingest_events(
        self, info: Info, events: Annotated[list[inputs.UsageEventInput], MANY]
    ) -> payloads.IngestPayload:
        """Ingest events."""
        refuse_too_many(events)
        doings = (attempt(partial(_ingested, info, event), [event]) for event in events)
        return payloads.IngestPayload.of(info, await asyncio.gather(*doings))

    @mutation(
        "Checks and records as one act: recorded if allowed, otherwise not at all. "
        "Safe under any concurrency."
    )
    async def consume(
        self, info: Info, input: Annotated[inputs.ConsumeInput, INPUT]
    ) -> payloads.ConsumePayload:
        """Consume."""
        done, decision = await resolvers.consume(info.context, input.customer, input.fact())
        return payloads.ConsumePayload.of(done, decision)

    @mutation("Holds a quantity if that is allowed, decided and recorded as one act.")
    async def reserve(
        self, info: Info, input: Annotated[inputs.ReserveInput, INPUT]
    ) -> payloads.ReservationPayload:
        """Reserve."""
        done, decision = await resolvers.consume(info.context, input.customer, input.fact())
        return payloads.ReservationPayload.of(info, done, decision, input.key)

    @mutation("Records what was used of a hold, and lets go of the rest.")
    async def settle_reservation(
        self, info: Info, input: Annotated[inputs.SettleReservationInput, INPUT]
    ) -> payloads.ReservationPayload:
        """Settle."""
        done, decision = await resolvers.end_hold(info.context, input.customer, input.fact())
        return payloads.ReservationPayload.of(info, done, decision, input.key)

    @mutation("Lets go of a hold without usage.")
    async def release_reservation(
        self, info: Info, input: Annotated[inputs.ReservationKeyInput, INPUT]
    ) -> payloads.ReservationPayload:
        """Release."""
        done, decision = await resolvers.end_hold(info.context, input.customer, input.fact())
        return payloads.ReservationPayload.of(info, done, decision, input.key)
