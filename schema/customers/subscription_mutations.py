"""Mutations of subscriptions."""

from functools import partial
from typing import Annotated

import strawberry

from resolvers import customers as resolvers
from rules.commands.subscriptions import ConvertTrial, ResumeSubscription
from schema.customers import payloads
from schema.customers import subscription_inputs as inputs
from schema.fields import Info, or_none, resolver_field
from schema.user_errors import INPUT, MANY, each, mutation


async def _subscribe(info: Info, input: inputs.SubscribeInput) -> payloads.SubscriptionPayload:
    done = await resolvers.customer_command(info.context, input.customer, input.fact())
    return payloads.SubscriptionPayload.of(info, done)


@strawberry.type(description="What can be done to subscriptions.")
class SubscriptionMutations:
    @mutation("Subscribes a customer to a plan.")
    async def subscribe(
        self, info: Info, input: Annotated[inputs.SubscribeInput, INPUT]
    ) -> payloads.SubscriptionPayload:
        return await _subscribe(info, input)

    @resolver_field(
        "Does the same for at most 1,000 inputs: each succeeds or fails alone, with its answer in "
        "the same position."
    )
    async def subscribe_batch(
        self, info: Info, subscriptions: Annotated[list[inputs.SubscribeInput], MANY]
    ) -> list[payloads.SubscriptionPayload]:
        return await each(
            info.context, payloads.SubscriptionPayload, partial(_subscribe, info), subscriptions
        )

    @mutation("Changes the plan or price of a subscription.")
    async def change_plan(
        self, info: Info, input: Annotated[inputs.ChangePlanInput, INPUT]
    ) -> payloads.SubscriptionPayload:
        done = await resolvers.customer_command(info.context, input.customer, input.fact())
        return payloads.SubscriptionPayload.of(info, done)

    @mutation("Cancels a subscription, by default at the end of its period.")
    async def cancel_subscription(
        self, info: Info, input: Annotated[inputs.CancelSubscriptionInput, INPUT]
    ) -> payloads.SubscriptionPayload:
        done = await resolvers.customer_command(info.context, input.customer, input.fact())
        return payloads.SubscriptionPayload.of(info, done)

    @mutation("Removes the scheduled cancellation or change of a subscription.")
    async def resume_subscription(
        self, info: Info, input: Annotated[inputs.SubscriptionRefInput, INPUT]
    ) -> payloads.SubscriptionPayload:
        done = await resolvers.customer_command(
            info.context, input.customer, ResumeSubscription(product=or_none(input.product))
        )
        return payloads.SubscriptionPayload.of(info, done)

    @mutation("Ends a trial now and starts the paid period.")
    async def convert_trial(
        self, info: Info, input: Annotated[inputs.SubscriptionRefInput, INPUT]
    ) -> payloads.SubscriptionPayload:
        done = await resolvers.customer_command(
            info.context, input.customer, ConvertTrial(product=or_none(input.product))
        )
        return payloads.SubscriptionPayload.of(info, done)

    @mutation("Sets the quantity of an add-on of a subscription; 0 removes it.")
    async def set_subscription_addon(
        self, info: Info, input: Annotated[inputs.SetSubscriptionAddonInput, INPUT]
    ) -> payloads.SubscriptionPayload:
        done = await resolvers.customer_command(info.context, input.customer, input.fact())
        return payloads.SubscriptionPayload.of(info, done)

    @mutation("Moves a subscription to another version of its plan, by default the newest.")
    async def migrate_subscription(
        self, info: Info, input: Annotated[inputs.MigrateSubscriptionInput, INPUT]
    ) -> payloads.SubscriptionPayload:
        done = await resolvers.customer_command(info.context, input.customer, input.fact())
        return payloads.SubscriptionPayload.of(info, done)
