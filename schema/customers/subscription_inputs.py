"""The inputs of commands on subscriptions."""

from datetime import datetime

import strawberry

from rules.commands.change_plan import ChangePlan, ChangeTiming, UsageOnChange
from rules.commands.subscribe import AddonQuantity, Subscribe
from rules.commands.subscriptions import CancelSubscription, MigrateSubscription, SetSubscriptionAddon
from rules.customers.facts import TrialEnd
from schema.fields import UNSET, or_none


@strawberry.input(description="An add-on and its quantity.")
class AddonQuantityInput:
    addon: str = strawberry.field(description="The key of the add-on.")
    quantity: int = strawberry.field(default=1, description="The quantity of the add-on; at least 1.")


@strawberry.input(description="A customer and the plan to subscribe them to.")
class SubscribeInput:
    customer: str = strawberry.field(description="The key of the customer.")
    plan: str = strawberry.field(description="The key of a published plan.")
    price: str | None = strawberry.field(
        default=UNSET,
        description="The key of a price of the plan. Left out: the plan's only price, or none; REQUIRED "
        "where the plan has several.",
    )
    addons: list[AddonQuantityInput] | None = strawberry.field(
        default=UNSET, description="The add-ons that the subscription starts with."
    )
    start_at: datetime | None = strawberry.field(
        default=UNSET, description="The instant from which it is in force, past or future; now if left out."
    )
    trial_days: int | None = strawberry.field(
        default=UNSET,
        description="The length of the trial in days of the customer's time zone; 0 for none. Left out: "
        "the plan's default, given once per customer and product.",
    )
    after_trial: TrialEnd = strawberry.field(
        default=TrialEnd.CONVERT,
        description="Whether the subscription converts or expires when the trial ends.",
    )
    idempotency_key: str | None = strawberry.field(
        default=UNSET,
        description="A key of 1 to 255 characters that makes the write safe to repeat: the same key and "
        "input writes nothing again and returns the first outcome; with another input it is "
        "IDEMPOTENCY_CONFLICT.",
    )

    def fact(self) -> Subscribe:
        addons = or_none(self.addons) or []
        return Subscribe(
            plan=self.plan,
            price=or_none(self.price),
            addons=tuple(AddonQuantity(wanted.addon, wanted.quantity) for wanted in addons),
            start_at=or_none(self.start_at),
            trial_days=or_none(self.trial_days),
            after_trial=self.after_trial,
            idempotency_key=or_none(self.idempotency_key),
        )


@strawberry.input(description="The plan and price to which a subscription changes.")
class ChangePlanInput:
    customer: str = strawberry.field(description="The key of the customer.")
    plan: str = strawberry.field(description="The key of the new plan; its product selects the subscription.")
    price: str | None = strawberry.field(
        default=UNSET,
        description="The key of a price of the plan. Left out: the plan's only price, or none; REQUIRED "
        "where the plan has several.",
    )
    timing: ChangeTiming = strawberry.field(
        default=ChangeTiming.AUTO, description="When the change takes effect."
    )
    usage: UsageOnChange = strawberry.field(
        default=UsageOnChange.RESET, description="Whether usage starts again or goes on."
    )
    idempotency_key: str | None = strawberry.field(
        default=UNSET,
        description="A key of 1 to 255 characters that makes the write safe to repeat: the same key and "
        "input writes nothing again and returns the first outcome; with another input it is "
        "IDEMPOTENCY_CONFLICT.",
    )

    def fact(self) -> ChangePlan:
        return ChangePlan(
            plan=self.plan,
            price=or_none(self.price),
            timing=self.timing,
            usage=self.usage,
            idempotency_key=or_none(self.idempotency_key),
        )


@strawberry.input(description="A subscription to cancel, and when.")
class CancelSubscriptionInput:
    customer: str = strawberry.field(description="The key of the customer.")
    product: str | None = strawberry.field(
        default=UNSET,
        description="The key of the product; required where the customer has live subscriptions of "
        "several products.",
    )
    timing: ChangeTiming = strawberry.field(
        default=ChangeTiming.PERIOD_END, description="When it ends; AUTO means the end of the period."
    )
    at: datetime | None = strawberry.field(
        default=UNSET,
        description="The instant at which it ends, in place of `timing`; not before now (OUT_OF_RANGE).",
    )

    def fact(self) -> CancelSubscription:
        return CancelSubscription(product=or_none(self.product), timing=self.timing, at=or_none(self.at))


@strawberry.input(description="A subscription, named by its customer and product.")
class SubscriptionRefInput:
    customer: str = strawberry.field(description="The key of the customer.")
    product: str | None = strawberry.field(
        default=UNSET,
        description="The key of the product; required where the customer has live subscriptions of "
        "several products.",
    )


@strawberry.input(description="An add-on of a subscription and its new quantity; 0 removes it.")
class SetSubscriptionAddonInput:
    customer: str = strawberry.field(description="The key of the customer.")
    addon: str = strawberry.field(description="The key of the add-on.")
    quantity: int = strawberry.field(description="The quantity from now on; 0 removes the add-on.")

    def fact(self) -> SetSubscriptionAddon:
        return SetSubscriptionAddon(addon=self.addon, quantity=self.quantity)


@strawberry.input(description="A subscription and the version of its plan to move it to.")
class MigrateSubscriptionInput:
    customer: str = strawberry.field(description="The key of the customer.")
    product: str | None = strawberry.field(
        default=UNSET,
        description="The key of the product; required where the customer has live subscriptions of "
        "several products.",
    )
    version: int | None = strawberry.field(
        default=UNSET, description="The number of the version; the newest if left out."
    )

    def fact(self) -> MigrateSubscription:
        return MigrateSubscription(product=or_none(self.product), version=or_none(self.version))
