"""What is done to subscriptions, written."""

from datetime import datetime

import strawberry

from rules.commands.change_plan import ChangePlan, ChangeTiming, UsageOnChange
from rules.commands.subscribe import AddonQuantity, Subscribe
from rules.commands.subscriptions import CancelSubscription, MigrateSubscription, SetSubscriptionAddon
from rules.customers.facts import TrialEnd
from schema.fields import UNSET, or_none


@strawberry.input(description="An add-on and how many of it.")
class AddonQuantityInput:
    """An add-on, written."""

    addon: str = strawberry.field(description="Key of the add-on.")
    quantity: int = strawberry.field(default=1, description="How many; at least 1.")


@strawberry.input(description="A customer and the plan that they are put on.")
class SubscribeInput:
    """A subscription, written."""

    customer: str = strawberry.field(description="Key of the customer.")
    plan: str = strawberry.field(description="Key of a published plan.")
    price: str | None = strawberry.field(
        default=UNSET,
        description="Left out: the plan's only price, or none; REQUIRED where there are several.",
    )
    addons: list[AddonQuantityInput] | None = strawberry.field(
        default=UNSET, description="Add-ons that it begins with."
    )
    start_at: datetime | None = strawberry.field(
        default=UNSET, description="Past or future; now when left out."
    )
    trial_days: int | None = strawberry.field(
        default=UNSET, description="0 is none; left out, the plan's default, given once per product."
    )
    after_trial: TrialEnd = strawberry.field(default=TrialEnd.CONVERT, description="What the trial becomes.")
    idempotency_key: str | None = strawberry.field(
        default=UNSET, description="The same key and input does nothing again, and tells the first outcome."
    )

    def fact(self) -> Subscribe:
        """Read it."""
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


@strawberry.input(description="Another plan for a customer.")
class ChangePlanInput:
    """A change of plan, written."""

    customer: str = strawberry.field(description="Key of the customer.")
    plan: str = strawberry.field(
        description="Names the product too, and with it the subscription that changes."
    )
    price: str | None = strawberry.field(
        default=UNSET,
        description="Left out: the plan's only price, or none; REQUIRED where there are several.",
    )
    timing: ChangeTiming = strawberry.field(default=ChangeTiming.AUTO, description="When it takes effect.")
    usage: UsageOnChange = strawberry.field(default=UsageOnChange.RESET, description="What it does to usage.")
    idempotency_key: str | None = strawberry.field(
        default=UNSET, description="The same key and input does nothing again, and tells the first outcome."
    )

    def fact(self) -> ChangePlan:
        """Read it."""
        return ChangePlan(
            plan=self.plan,
            price=or_none(self.price),
            timing=self.timing,
            usage=self.usage,
            idempotency_key=or_none(self.idempotency_key),
        )


@strawberry.input(description="A subscription to end.")
class CancelSubscriptionInput:
    """A cancellation, written."""

    customer: str = strawberry.field(description="Key of the customer.")
    product: str | None = strawberry.field(
        default=UNSET, description="Needed only where the customer has subscriptions of several products."
    )
    timing: ChangeTiming = strawberry.field(
        default=ChangeTiming.PERIOD_END, description="When; AUTO is the end of the period."
    )
    at: datetime | None = strawberry.field(
        default=UNSET, description="Names an instant instead, not before now."
    )

    def fact(self) -> CancelSubscription:
        """Read it."""
        return CancelSubscription(product=or_none(self.product), timing=self.timing, at=or_none(self.at))


@strawberry.input(description="Names a customer's subscription.")
class SubscriptionRefInput:
    """A subscription's name."""

    customer: str = strawberry.field(description="Key of the customer.")
    product: str | None = strawberry.field(
        default=UNSET, description="Needed only where the customer has subscriptions of several products."
    )


@strawberry.input(description="How many of an add-on a subscription has. 0 takes the add-on away.")
class SetSubscriptionAddonInput:
    """An add-on's quantity, written."""

    customer: str = strawberry.field(description="Key of the customer.")
    addon: str = strawberry.field(description="Key of the add-on.")
    quantity: int = strawberry.field(description="How many from now on; 0 takes it away.")

    def fact(self) -> SetSubscriptionAddon:
        """Read it."""
        return SetSubscriptionAddon(addon=self.addon, quantity=self.quantity)


@strawberry.input(description="Another version for a grandfathered subscription.")
class MigrateSubscriptionInput:
    """A migration, written."""

    customer: str = strawberry.field(description="Key of the customer.")
    product: str | None = strawberry.field(
        default=UNSET, description="Needed only where the customer has subscriptions of several products."
    )
    version: int | None = strawberry.field(default=UNSET, description="The newest when left out.")

    def fact(self) -> MigrateSubscription:
        """Read it."""
        return MigrateSubscription(product=or_none(self.product), version=or_none(self.version))
