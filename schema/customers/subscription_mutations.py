"""Acts on subscriptions."""

from functools import partial
from typing import Annotated

import strawberry

from resolvers import customers as resolvers
from rules.commands.subscriptions import ConvertTrial, ResumeSubscription
from schema.customers import payloads
from schema.customers import subscription_inputs as inputs
from schema.fields import Info, or_none, resolver_field
from schema.user_errors import INPUT, MANY, each, mutation


async def _subscribed(info: Info, input: inputs.SubscribeInput) -> payloads.SubscriptionPayload:
    done = await resolvers.customer_command(info.context, input.customer, input.fact())
    return payloads.SubscriptionPayload.of(info, done)


@strawberry.type(description="What can be done to subscriptions.")
class SubscriptionMutations:
    """Acts on subscriptions."""

    @mutation("Puts a customer on a plan.")
    async def subscribe(
        self, info: Info, input: Annotated[inputs.SubscribeInput, INPUT]
    ) -> payloads.SubscriptionPayload:
        """Subscribe."""
        return await _subscribed(info, input)

    @resolver_field("At most 1,000; each stands or falls alone, answers in the same order.")
    async def subscribe_batch(
        self, info: Info, subscriptions: Annotated[list[inputs.SubscribeInput], MANY]
    ) -> list[payloads.SubscriptionPayload]:
        """Subscribe many customers."""
        return await each(
            info.context, payloads.SubscriptionPayload, partial(_subscribed, info), subscriptions
        )

    @mutation("Moves a customer's subscription to another plan or price.")
    async def change_plan(
        self, info: Info, input: Annotated[inputs.ChangePlanInput, INPUT]
    ) -> payloads.SubscriptionPayload:
        """Change the plan."""
        done = await resolvers.customer_command(info.context, input.customer, input.fact())
        return payloads.SubscriptionPayload.of(info, done)

    @mutation("Ends a subscription, at the end of its period unless it is said otherwise.")
    async def cancel_subscription(
        self, info: Info, input: Annotated[inputs.CancelSubscriptionInput, INPUT]
    ) -> payloads.SubscriptionPayload:
        """Cancel."""
        done = await resolvers.customer_command(info.context, input.customer, input.fact())
        return payloads.SubscriptionPayload.of(info, done)

    @mutation("Takes back a scheduled cancellation or change.")
    async def resume_subscription(
        self, info: Info, input: Annotated[inputs.SubscriptionRefInput, INPUT]
    ) -> payloads.SubscriptionPayload:
        """Resume."""
        done = await resolvers.customer_command(
            info.context, input.customer, ResumeSubscription(product=or_none(input.product))
        )
        return payloads.SubscriptionPayload.of(info, done)

    @mutation("Ends a trial now and starts the paid period.")
    async def convert_trial(
        self, info: Info, input: Annotated[inputs.SubscriptionRefInput, INPUT]
    ) -> payloads.SubscriptionPayload:
        """Convert a trial."""
        done = await resolvers.customer_command(
            info.context, input.customer, ConvertTrial(product=or_none(input.product))
        )
        return payloads.SubscriptionPayload.of(info, done)

    @mutation("Sets how many of an add-on a subscription has.")
    async def set_subscription_addon(
        self, info: Info, input: Annotated[inputs.SetSubscriptionAddonInput, INPUT]
    ) -> payloads.SubscriptionPayload:
        """Set an add-on."""
        done = await resolvers.customer_command(info.context, input.customer, input.fact())
        return payloads.SubscriptionPayload.of(info, done)

    @mutation("Moves a subscription to a version of its plan, the newest unless one is named.")
    async def migrate_subscription(
        self, info: Info, input: Annotated[inputs.MigrateSubscriptionInput, INPUT]
    ) -> payloads.SubscriptionPayload:
        """Migrate."""
        done = await resolvers.customer_command(info.context, input.customer, input.fact())
        return payloads.SubscriptionPayload.of(info, done)
