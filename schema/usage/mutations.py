"""Mutations of usage."""

import asyncio
from functools import partial
from typing import Annotated

import strawberry

from resolvers import usage as resolvers
from rules.commands.command import CommandResult
from schema.fields import Info, resolver_field
from schema.usage import inputs, payloads
from schema.user_errors import INPUT, MANY, attempt, each, mutation, refuse_too_many


async def _report(info: Info, input: inputs.ReportUsageInput) -> payloads.UsagePayload:
    done, decision = await resolvers.report_usage(info.context, input.customer, input.fact())
    return payloads.UsagePayload.of(done, decision)


async def _ingest(info: Info, event: inputs.UsageEventInput) -> CommandResult:
    return await resolvers.ingest(info.context, event.customer, event.fact())


@strawberry.type(description="What can be done with usage.")
class UsageMutations:
    @mutation("Records usage that has already happened; no limit refuses it.")
    async def report_usage(
        self, info: Info, input: Annotated[inputs.ReportUsageInput, INPUT]
    ) -> payloads.UsagePayload:
        return await _report(info, input)

    @resolver_field(
        "Does the same for at most 1,000 inputs: each succeeds or fails alone, with its answer in "
        "the same position."
    )
    async def report_usage_batch(
        self, info: Info, reports: Annotated[list[inputs.ReportUsageInput], MANY]
    ) -> list[payloads.UsagePayload]:
        return await each(info.context, payloads.UsagePayload, partial(_report, info), reports)

    @resolver_field(
        "Ingests events for meters, at most 1,000. An event whose id was ingested before is "
        "not counted again. An event that is refused counts nowhere; the others of the batch "
        "stand."
    )
    async def ingest_events(
        self, info: Info, events: Annotated[list[inputs.UsageEventInput], MANY]
    ) -> payloads.IngestPayload:
        refuse_too_many(events)
        doings = (attempt(partial(_ingest, info, event), [event]) for event in events)
        return payloads.IngestPayload.of(info, await asyncio.gather(*doings))

    @mutation(
        "Checks and records usage in one act: recorded if it is allowed, otherwise nothing "
        "happens. Never passes a hard limit under any concurrency."
    )
    async def consume(
        self, info: Info, input: Annotated[inputs.ConsumeInput, INPUT]
    ) -> payloads.ConsumePayload:
        done, decision = await resolvers.consume(info.context, input.customer, input.fact())
        return payloads.ConsumePayload.of(done, decision)

    @mutation("Reserves a quantity if it is allowed; decides and records in one act.")
    async def reserve(
        self, info: Info, input: Annotated[inputs.ReserveInput, INPUT]
    ) -> payloads.ReservationPayload:
        done, decision = await resolvers.consume(info.context, input.customer, input.fact())
        return payloads.ReservationPayload.of(info, done, decision, input.key)

    @mutation("Records the usage of a reservation and releases the rest.")
    async def settle_reservation(
        self, info: Info, input: Annotated[inputs.SettleReservationInput, INPUT]
    ) -> payloads.ReservationPayload:
        done, decision = await resolvers.end_hold(info.context, input.customer, input.fact())
        return payloads.ReservationPayload.of(info, done, decision, input.key)

    @mutation("Releases a reservation without usage.")
    async def release_reservation(
        self, info: Info, input: Annotated[inputs.ReservationKeyInput, INPUT]
    ) -> payloads.ReservationPayload:
        done, decision = await resolvers.end_hold(info.context, input.customer, input.fact())
        return payloads.ReservationPayload.of(info, done, decision, input.key)
