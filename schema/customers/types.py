"""Customers and their subscriptions."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from resolvers import usage as usage_resolvers
from resolvers.access import check as access_resolvers
from resolvers.customers import CustomerView
from resolvers.usage import HoldQuery
from rules.access.decision import Decision
from rules.catalog.inheritance import ResolvedCatalog
from rules.customers import facts as rules
from rules.customers.facts import CustomEntitlementMode, SubscriptionStatus, TrialEnd
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
from schema.catalog.features import Feature, Product
from schema.catalog.packages import Addon, PackageVersion, Plan, place_of, show_addon, show_plan, show_version
from schema.catalog.values import EntitlementValue
from schema.connections import After, Connection, First
from schema.credits.customer_credits import CustomerCredits
from schema.fields import UNSET, Info, or_none, resolver_field
from schema.nodes import Node, catalog_id
from schema.scalars import JSON, Revision
from schema.usage.reservations import Reservation, customer_id
from schema.usage.series import By, From, To, UsageSeries


@strawberry.type(description="A customer on a plan.")
class CustomerSubscription(Node):
    """A subscription."""

    seen: strawberry.Private[CustomerView]
    fact: strawberry.Private[rules.Subscription]
    status: SubscriptionStatus = strawberry.field(description="Where it stands; follows from the clock.")
    started_at: datetime = strawberry.field(description="When it begins, or began.")
    trial_ends_at: datetime | None = strawberry.field(description="When its trial ends, or ended.")
    after_trial: TrialEnd | None = strawberry.field(description="What the trial becomes.")
    ends_at: datetime | None = strawberry.field(description="When a cancellation takes, or took, effect.")
    anchor: datetime = strawberry.field(description="The instant from which periods are counted.")
    timezone: str = strawberry.field(description="The zone in which its periods are counted.")

    @classmethod
    def of(cls, info: Info, seen: CustomerView, fact: rules.Subscription) -> Self:
        """Show a subscription as it stands at the instant at which the customer was seen."""
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

    @resolver_field("Whose it is.")
    def customer(self, info: Info) -> "Customer":
        """Give the customer."""
        return Customer.of(info, self.seen)

    @resolver_field("The product that it is about; a customer has one live subscription of each.")
    def product(self, info: Info) -> Product:
        """Give the product."""
        return Product.of(info, self.seen.flat, self.seen.flat.catalog.products[self.fact.product])

    @resolver_field("The plan.")
    def plan(self, info: Info) -> Plan:
        """Give the plan."""
        return show_plan(info, self.seen.flat, self.fact.term(self.seen.now).plan)

    @resolver_field("The version of the plan that holds for it.")
    def version(self, info: Info) -> PackageVersion:
        """Give the version."""
        number = version_in_force(self.seen.flat.catalog, self.fact, self.seen.now)
        return show_version(info, self.seen.flat, self.fact.term(self.seen.now).plan, number)

    @resolver_field("The price; null where the plan has none.")
    def price(self, info: Info) -> Price | None:
        """Give the price, as the version that tells it has it."""
        flat, now = self.seen.flat, self.seen.now
        price = price_of(flat.catalog, self.fact, now)
        version = price_version(flat.catalog, self.fact, now)
        if price is None or version is None:
            return None
        package = flat.catalog.packages[self.fact.term(now).plan]
        return Price.of(info, place_of(flat, package, version), price)

    @resolver_field("How often the price is due; null where there is none.")
    def billing_period(self) -> BillingPeriod | None:
        """Give the billing period."""
        return billing_period(self.seen.flat.catalog, self.fact, self.seen.now)

    @resolver_field("The add-ons that it has now.")
    def addons(self, info: Info) -> "list[SubscriptionAddon]":
        """Give the add-ons in force; of what has not begun those that it will begin with."""
        catalog, now = self.seen.flat.catalog, max(self.seen.now, self.fact.started_at)
        held = addons_in_force(catalog, self.fact, now)
        return [SubscriptionAddon.of(info, self.seen, known) for known in held]

    @resolver_field("The trial while one runs, else the billing period; null while not in force.")
    def current_period(self) -> Period | None:
        """Give the period."""
        period = current_period(self.seen.flat.catalog, self.fact, self.seen.now)
        return None if period is None else Period.of(period)

    @resolver_field("What is to come: a change of plan, or a cancellation.")
    def scheduled_change(self, info: Info) -> "ScheduledChange | None":
        """Give what is scheduled."""
        return ScheduledChange.of(info, self.seen, self.fact)


@strawberry.type(description="An add-on of a subscription.")
class SubscriptionAddon:
    """An add-on that is held."""

    seen: strawberry.Private[CustomerView]
    fact: strawberry.Private[rules.HeldAddon]
    quantity: int = strawberry.field(description="How many of it.")

    @classmethod
    def of(cls, info: Info, seen: CustomerView, held: rules.HeldAddon) -> Self:  # noqa: ARG003
        """Show an add-on."""
        return cls(seen=seen, fact=held, quantity=held.quantity)

    @resolver_field("The add-on.")
    def addon(self, info: Info) -> Addon:
        """Give the add-on."""
        return show_addon(info, self.seen.flat, self.fact.addon)

    @resolver_field("The version of the add-on that holds for it.")
    def version(self, info: Info) -> PackageVersion:
        """Give the version."""
        package = self.seen.flat.catalog.packages[self.fact.addon]
        number = version_at(package, self.fact.version, self.seen.now)
        return show_version(info, self.seen.flat, self.fact.addon, number)


@strawberry.type(description="What is to come of a subscription.")
class ScheduledChange:
    """A scheduled change."""

    at: datetime = strawberry.field(description="When it takes effect.")
    plan: Plan | None = strawberry.field(description="The plan that it changes to; null for a cancellation.")
    summary: str = strawberry.field(description="What happens, in words.")

    @classmethod
    def of(cls, info: Info, seen: CustomerView, fact: rules.Subscription) -> Self | None:
        """Show what is scheduled, if anything is."""
        if fact.canceled_at is not None and fact.canceled_at > seen.now:
            return cls(at=fact.canceled_at, plan=None, summary="The subscription ends.")
        change = fact.scheduled_change(seen.now)
        if change is None:
            return None
        plan = show_plan(info, seen.flat, change.plan)
        return cls(at=change.starts_at, plan=plan, summary=f"The plan changes to {plan.name}.")


@strawberry.type(description="A grant, override or revocation made for one customer alone.")
class CustomEntitlement(Node):
    """A custom entitlement."""

    flat: strawberry.Private[ResolvedCatalog]
    fact: strawberry.Private[rules.CustomEntitlement]
    mode: CustomEntitlementMode = strawberry.field(description="What it does to what packages say.")
    value: EntitlementValue | None = strawberry.field(description="What it says; null for a boolean.")
    note: str | None = strawberry.field(description="Why it was made.")
    starts_at: datetime = strawberry.field(description="When it begins to speak.")
    expires_at: datetime | None = strawberry.field(description="When it stops; null never.")

    @classmethod
    def of(
        cls, info: Info, flat: ResolvedCatalog, customer: rules.Customer, fact: rules.CustomEntitlement
    ) -> Self:
        """Show a custom entitlement."""
        return cls(
            # What it says is the same at every instant.
            id=catalog_id(info, flat, "CustomEntitlement", customer.key, fact.number),
            flat=flat,
            fact=fact,
            mode=fact.mode,
            value=EntitlementValue.of(fact.value),
            note=fact.note,
            starts_at=fact.starts_at,
            expires_at=fact.ends_at,
        )

    @resolver_field("The feature that it is about.")
    def feature(self, info: Info) -> Feature:
        """Give the feature."""
        return Feature.of(info, self.flat, self.flat.catalog.features[self.fact.feature])


@strawberry.type(description="Whoever uses what is sold, by the caller's own key.")
class Customer(CustomerCredits, Node):
    """A customer."""

    seen: strawberry.Private[CustomerView]
    key: str = strawberry.field(description="The caller's own id.")
    name: str | None = strawberry.field(description="What people call them.")
    email: str | None = strawberry.field(description="Where they are written to.")
    timezone: str = strawberry.field(description="IANA name; calendar resets and display follow it.")
    archived: bool = strawberry.field(description="Whether they are gone; then everything is denied.")
    metadata: JSON = strawberry.field(description="Free-form, for whoever keeps the customer.")
    revision: Revision = strawberry.field(description="How far this customer and the catalog have come.")

    @classmethod
    def of(cls, info: Info, seen: CustomerView) -> Self:
        """Show a customer as they were seen."""
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

    @resolver_field("Live subscriptions, oldest first; with `includeEnded` those that ended too.")
    def subscriptions(
        self,
        info: Info,
        include_ended: Annotated[
            bool | None, strawberry.argument(description="Whether ended ones are listed too.")
        ] = False,
    ) -> list[CustomerSubscription]:
        """Give the subscriptions."""
        customer, now = self.seen.customer, self.seen.now
        facts = customer.by_age if include_ended else customer.live(now)
        return [CustomerSubscription.of(info, self.seen, fact) for fact in facts]

    @resolver_field("Grants, overrides and revocations made for this customer alone, oldest first.")
    def custom_entitlements(
        self,
        info: Info,
        include_expired: Annotated[
            bool | None, strawberry.argument(description="Whether those that ended are listed too.")
        ] = False,
    ) -> list[CustomEntitlement]:
        """Give the custom entitlements, those to come too."""
        customer, now = self.seen.customer, self.seen.now
        known = sorted(customer.custom, key=lambda custom: custom.number)
        return [
            CustomEntitlement.of(info, self.seen.flat, customer, custom)
            for custom in known
            if include_expired or custom.ends_at is None or now < custom.ends_at
        ]

    @resolver_field(
        "One for each feature that any source speaks about; for named features one each, in the order "
        "asked, unknown ones too."
    )
    async def accesses(
        self,
        info: Info,
        features: Annotated[
            list[str] | None, strawberry.argument(description="Keys of the features asked about.")
        ] = UNSET,
        product: Annotated[
            str | None, strawberry.argument(description="Only features that this product groups.")
        ] = UNSET,
        at: At = UNSET,
    ) -> list[Access]:
        """Decide each feature."""
        keys, instant, supposed = or_none(features), or_none(at), self.seen.supposed
        if supposed is None:
            instant = instant or self.seen.standpoint.at
            decisions = await access_resolvers.accesses_of(info.context, self.key, keys, instant)
        else:
            asked = None if keys is None else [question_of(self.key, key, None, None) for key in keys]
            decisions = await access_resolvers.supposed_accesses(info.context, supposed, asked, instant)
        return [Access.of(decision) for decision in decisions if _is_of(decision, or_none(product))]

    @resolver_field("May this customer use this feature?")
    async def access(
        self,
        info: Info,
        feature: Annotated[str, strawberry.argument(description="Key of the feature.")],
        requested: Requested = UNSET,
        values: Values = UNSET,
        at: At = UNSET,
    ) -> Access:
        """Decide one feature."""
        question = question_of(self.key, feature, requested, values)
        instant, supposed = or_none(at), self.seen.supposed
        if supposed is None:
            instant = instant or self.seen.standpoint.at
            return Access.of(await access_resolvers.access(info.context, question, instant))
        (decision,) = await access_resolvers.supposed_accesses(info.context, supposed, [question], instant)
        return Access.of(decision)

    @resolver_field("Usage over time, at most 2,000 buckets; null unless the key names a METERED feature.")
    async def usage(
        self,
        info: Info,
        feature: Annotated[str, strawberry.argument(description="Key of the feature.")],
        from_: From,
        to: To,
        by: By = UsageBucket.DAY,
    ) -> UsageSeries | None:
        """Give a series."""
        span = Span(feature=feature, start=from_, end=to, by=by or UsageBucket.DAY)
        with bad_input_errors():
            series = await usage_resolvers.usage_series(info.context, self.seen, span)
        return None if series is None else UsageSeries.of(self.seen.flat, series)

    @resolver_field("What is held, and for what; the newest first.")
    async def reservations(
        self,
        info: Info,
        first: First = 20,
        after: After = UNSET,
        status: Annotated[
            ReservationStatus | None, strawberry.argument(description="Only those in this status.")
        ] = ReservationStatus.HELD,
    ) -> Connection[Reservation]:
        """Give a page of holds."""
        asked = HoldQuery(about=self.seen, status=status, first=first, after=or_none(after))
        with bad_input_errors():
            page = await usage_resolvers.reservations(info.context, asked)
        return Connection[Reservation].showing(page, lambda hold: Reservation.of(info, self.seen, hold))


def _is_of(decision: Decision, product: str | None) -> bool:
    feature = decision.subject.feature
    return product is None or (feature is not None and feature.product == product)
