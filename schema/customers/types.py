"""Customers and their subscriptions."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from resolvers import usage as usage_resolvers
from resolvers.access import check as access_resolvers
from resolvers.customers import CustomerView
from resolvers.usage import HoldQuery
from rules.access.decision import Decision
from rules.customers import facts as rules
from rules.customers.facts import SubscriptionStatus, TrialEnd
from rules.customers.terms import (
    addons_in_force,
    billing_period,
    current_period,
    price_of,
    price_version,
    version_at,
    version_in_force,
)
from rules.usage.reservations import ReservationStatus
from rules.usage.series import Span, UsageBucket
from rules.values import BillingPeriod
from schema.access.inputs import question_of
from schema.access.types import Access
from schema.arguments import At, Period, Requested, Values
from schema.bad_input import bad_input_errors
from schema.catalog.entitlements import Price
from schema.catalog.features import Product
from schema.catalog.packages import Addon, PackageVersion, Plan, place_of, show_addon, show_plan, show_version
from schema.connections import After, Connection, First
from schema.credits.customer_credits import CustomerCredits
from schema.customers.custom_entitlements import CustomEntitlement
from schema.fields import UNSET, Info, or_none, resolver_field
from schema.nodes import Node
from schema.scalars import JSON, Revision
from schema.usage.reservations import Reservation, customer_id
from schema.usage.series import By, From, To, UsageSeries


@strawberry.type(description="A customer's subscription to a plan of a product.")
class CustomerSubscription(Node):
    seen: strawberry.Private[CustomerView]
    fact: strawberry.Private[rules.Subscription]
    status: SubscriptionStatus = strawberry.field(
        description="The state of the subscription, derived from its facts and the clock."
    )
    started_at: datetime = strawberry.field(
        description="The instant from which the subscription is in force."
    )
    trial_ends_at: datetime | None = strawberry.field(
        description="The instant at which the trial ends; null without a trial."
    )
    after_trial: TrialEnd | None = strawberry.field(
        description="Whether the subscription converts or expires when the trial ends."
    )
    ends_at: datetime | None = strawberry.field(
        description="The instant at which a cancellation takes effect; null without one."
    )
    anchor: datetime = strawberry.field(description="The instant from which periods are counted.")
    timezone: str = strawberry.field(
        description="The IANA name of the time zone in which its periods are counted, fixed with the anchor."
    )

    @classmethod
    def of(cls, info: Info, seen: CustomerView, fact: rules.Subscription) -> Self:
        return cls(
            id=customer_id(info, seen, "CustomerSubscription", fact.number),
            seen=seen,
            fact=fact,
            status=fact.status(seen.now),
            started_at=fact.started_at,
            trial_ends_at=fact.trial_end,
            after_trial=fact.after_trial,
            ends_at=fact.canceled_at,
            anchor=fact.term(seen.now).anchor,
            timezone=fact.term(seen.now).timezone,
        )

    @resolver_field("The customer that is subscribed.")
    def customer(self, info: Info) -> "Customer":
        return Customer.of(info, self.seen)

    @resolver_field("The product of the plan; a customer has at most one live subscription per product.")
    def product(self, info: Info) -> Product:
        return Product.of(info, self.seen.flat, self.seen.flat.catalog.products[self.fact.product])

    @resolver_field("The plan that the customer is subscribed to.")
    def plan(self, info: Info) -> Plan:
        return show_plan(info, self.seen.flat, self.fact.term(self.seen.now).plan)

    @resolver_field("The version of the plan that holds for the subscription.")
    def version(self, info: Info) -> PackageVersion:
        number = version_in_force(self.seen.flat.catalog, self.fact, self.seen.now)
        return show_version(info, self.seen.flat, self.fact.term(self.seen.now).plan, number)

    @resolver_field("The price of the subscription; null where the plan has none.")
    def price(self, info: Info) -> Price | None:
        """Return the price as the version that defines it shows it."""
        flat, now = self.seen.flat, self.seen.now
        price = price_of(flat.catalog, self.fact, now)
        version = price_version(flat.catalog, self.fact, now)
        if price is None or version is None:
            return None
        package = flat.catalog.packages[self.fact.term(now).plan]
        return Price.of(info, place_of(flat, package, version), price)

    @resolver_field("How often the price is charged; null without a price.")
    def billing_period(self) -> BillingPeriod | None:
        return billing_period(self.seen.flat.catalog, self.fact, self.seen.now)

    @resolver_field("The add-ons that the subscription has now.")
    def addons(self, info: Info) -> "list[SubscriptionAddon]":
        """Return the add-ons in force, or those it will begin with where it has not begun."""
        catalog, now = self.seen.flat.catalog, max(self.seen.now, self.fact.started_at)
        held = addons_in_force(catalog, self.fact, now)
        return [SubscriptionAddon.of(info, self.seen, known) for known in held]

    @resolver_field(
        "The trial while one runs, else the billing period; null while the subscription is not in force."
    )
    def current_period(self) -> Period | None:
        period = current_period(self.seen.flat.catalog, self.fact, self.seen.now)
        return None if period is None else Period.of(period)

    @resolver_field("The scheduled change of plan or cancellation; null where none is scheduled.")
    def scheduled_change(self, info: Info) -> "ScheduledChange | None":
        return ScheduledChange.of(info, self.seen, self.fact)


@strawberry.type(description="An add-on of a subscription with its quantity.")
class SubscriptionAddon:
    seen: strawberry.Private[CustomerView]
    fact: strawberry.Private[rules.HeldAddon]
    quantity: int = strawberry.field(description="The quantity of the add-on.")

    @classmethod
    def of(cls, info: Info, seen: CustomerView, held: rules.HeldAddon) -> Self:  # noqa: ARG003
        return cls(seen=seen, fact=held, quantity=held.quantity)

    @resolver_field("The add-on that the subscription has.")
    def addon(self, info: Info) -> Addon:
        return show_addon(info, self.seen.flat, self.fact.addon)

    @resolver_field("The version of the add-on that holds for the subscription.")
    def version(self, info: Info) -> PackageVersion:
        package = self.seen.flat.catalog.packages[self.fact.addon]
        number = version_at(package, self.fact.version, self.seen.now)
        return show_version(info, self.seen.flat, self.fact.addon, number)


@strawberry.type(description="A scheduled change of plan or cancellation of a subscription.")
class ScheduledChange:
    at: datetime = strawberry.field(description="The instant at which the change takes effect.")
    plan: Plan | None = strawberry.field(description="The plan that it changes to; null for a cancellation.")
    summary: str = strawberry.field(description="The change in one sentence.")

    @classmethod
    def of(cls, info: Info, seen: CustomerView, fact: rules.Subscription) -> Self | None:
        if fact.canceled_at is not None and fact.canceled_at > seen.now:
            return cls(at=fact.canceled_at, plan=None, summary="The subscription ends.")
        change = fact.scheduled_change(seen.now)
        if change is None:
            return None
        plan = show_plan(info, seen.flat, change.plan)
        return cls(at=change.starts_at, plan=plan, summary=f"The plan changes to {plan.name}.")


@strawberry.type(description="A customer of yours, identified by your own key.")
class Customer(CustomerCredits, Node):
    seen: strawberry.Private[CustomerView]
    key: str = strawberry.field(description="Your own id of the customer.")
    name: str | None = strawberry.field(description="The name of the customer.")
    email: str | None = strawberry.field(
        description="The e-mail address of the customer; null where none is set."
    )
    timezone: str = strawberry.field(
        description="The IANA name of the customer's time zone, for calendar resets and display."
    )
    archived: bool = strawberry.field(
        description="Whether the customer is archived; every access is then denied."
    )
    metadata: JSON = strawberry.field(
        description="Free-form JSON for your own use; Allotment does not read it."
    )
    revision: Revision = strawberry.field(
        description="The revision of this customer and the catalog: pass it as `atLeast`."
    )

    @classmethod
    def of(cls, info: Info, seen: CustomerView) -> Self:
        customer = seen.customer
        return cls(
            id=customer_id(info, seen, "Customer"),
            seen=seen,
            key=customer.key,
            name=customer.name,
            email=customer.email,
            timezone=customer.timezone,
            archived=customer.archived,
            metadata=JSON(customer.metadata),
            revision=Revision(str(seen.revision)),
        )

    @resolver_field("The live subscriptions, oldest first; with `includeEnded` also those that have ended.")
    def subscriptions(
        self,
        info: Info,
        include_ended: Annotated[
            bool | None, strawberry.argument(description="True includes subscriptions that have ended.")
        ] = False,
    ) -> list[CustomerSubscription]:
        customer, now = self.seen.customer, self.seen.now
        facts = customer.by_age if include_ended else customer.live(now)
        return [CustomerSubscription.of(info, self.seen, fact) for fact in facts]

    @resolver_field("The custom entitlements of this customer, oldest first.")
    def custom_entitlements(
        self,
        info: Info,
        include_expired: Annotated[
            bool | None, strawberry.argument(description="True includes custom entitlements that have ended.")
        ] = False,
    ) -> list[CustomEntitlement]:
        customer, now = self.seen.customer, self.seen.now
        known = sorted(customer.custom, key=lambda custom: custom.number)
        return [
            CustomEntitlement.of(info, self.seen.flat, customer, custom)
            for custom in known
            if include_expired or custom.ends_at is None or now < custom.ends_at
        ]

    @resolver_field(
        "The access to every feature that any entitlement mentions; with `features`, one "
        "answer per key in that order, unknown keys included."
    )
    async def accesses(
        self,
        info: Info,
        features: Annotated[
            list[str] | None,
            strawberry.argument(
                description="The keys of the features to check; every mentioned feature if left out."
            ),
        ] = UNSET,
        product: Annotated[
            str | None, strawberry.argument(description="The key of a product: only features that it groups.")
        ] = UNSET,
        at: At = UNSET,
    ) -> list[Access]:
        keys, instant, supposed = or_none(features), or_none(at), self.seen.supposed
        if supposed is None:
            instant = instant or self.seen.standpoint.at
            decisions = await access_resolvers.accesses_of(info.context, self.key, keys, instant)
        else:
            asked = None if keys is None else [question_of(self.key, key, None, None) for key in keys]
            decisions = await access_resolvers.supposed_accesses(info.context, supposed, asked, instant)
        return [Access.of(decision) for decision in decisions if _is_of(decision, or_none(product))]

    @resolver_field("The access of this customer to one feature.")
    async def access(
        self,
        info: Info,
        feature: Annotated[str, strawberry.argument(description="The key of the feature.")],
        requested: Requested = UNSET,
        values: Values = UNSET,
        at: At = UNSET,
    ) -> Access:
        question = question_of(self.key, feature, requested, values)
        instant, supposed = or_none(at), self.seen.supposed
        if supposed is None:
            instant = instant or self.seen.standpoint.at
            return Access.of(await access_resolvers.access(info.context, question, instant))
        (decision,) = await access_resolvers.supposed_accesses(info.context, supposed, [question], instant)
        return Access.of(decision)

    @resolver_field("Usage over time in at most 2,000 buckets; null unless the key names a METERED feature.")
    async def usage(
        self,
        info: Info,
        feature: Annotated[str, strawberry.argument(description="The key of the feature.")],
        from_: From,
        to: To,
        by: By = UsageBucket.DAY,
    ) -> UsageSeries | None:
        span = Span(feature=feature, start=from_, end=to, by=by or UsageBucket.DAY)
        with bad_input_errors():
            series = await usage_resolvers.usage_series(info.context, self.seen, span)
        return None if series is None else UsageSeries.of(self.seen.flat, series)

    @resolver_field("The reservations of this customer, newest first.")
    async def reservations(
        self,
        info: Info,
        first: First = 20,
        after: After = UNSET,
        status: Annotated[
            ReservationStatus | None, strawberry.argument(description="Only reservations in this state.")
        ] = ReservationStatus.HELD,
    ) -> Connection[Reservation]:
        asked = HoldQuery(about=self.seen, status=status, first=first, after=or_none(after))
        with bad_input_errors():
            page = await usage_resolvers.reservations(info.context, asked)
        return Connection[Reservation].showing(page, lambda hold: Reservation.of(info, self.seen, hold))


def _is_of(decision: Decision, product: str | None) -> bool:
    feature = decision.subject.feature
    return product is None or (feature is not None and feature.product == product)
