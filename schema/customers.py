"""Customers and their subscriptions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

import strawberry

from resolvers import access as access_resolvers
from resolvers.customers import SeenCustomer
from rules import customers as rules
from rules.access import Decision
from rules.customers import SubscriptionStatus
from rules.sources import billing_period, price_of, version_in_force
from rules.values import BillingPeriod
from schema.access import Access, Requested, Values, question_of
from schema.catalog import Product
from schema.entitlements import Price
from schema.nodes import UNSET, Info, Node, given, resolved, to_id
from schema.packages import PackageVersion, Plan, plan_of, version_of
from schema.scalars import JSON, Revision


@strawberry.type(description="A customer on a plan.")
class CustomerSubscription(Node):
    """A subscription."""

    seen: strawberry.Private[SeenCustomer]
    fact: strawberry.Private[rules.Subscription]
    status: SubscriptionStatus = strawberry.field(description="Where it stands; follows from the clock.")
    started_at: datetime = strawberry.field(description="When it begins, or began.")
    anchor: datetime = strawberry.field(description="The instant from which periods are counted.")
    timezone: str = strawberry.field(description="The zone in which its periods are counted.")

    @classmethod
    def of(cls, info: Info, seen: SeenCustomer, fact: rules.Subscription) -> Self:
        """Show a subscription as it stands at the instant at which the customer was seen."""
        return cls(
            id=to_id("CustomerSubscription", info.context.environment, seen.customer.key, fact.number),
            seen=seen,
            fact=fact,
            status=fact.status(seen.now),
            started_at=fact.started_at,
            anchor=fact.anchor,
            timezone=fact.timezone,
        )

    @resolved("Whose it is.")
    def customer(self, info: Info) -> Customer:
        """Give the customer."""
        return Customer.of(info, self.seen)

    @resolved("The product that it is about; a customer has one live subscription of each.")
    def product(self, info: Info) -> Product:
        """Give the product."""
        return Product.of(info, self.seen.flat, self.seen.flat.catalog.products[self.fact.product])

    @resolved("The plan.")
    def plan(self, info: Info) -> Plan:
        """Give the plan."""
        return plan_of(info, self.seen.flat, self.fact.plan)

    @resolved("The version of the plan that holds for it.")
    def version(self, info: Info) -> PackageVersion:
        """Give the version."""
        number = version_in_force(self.seen.flat.catalog, self.fact, self.seen.now)
        return version_of(info, self.seen.flat, self.fact.plan, number)

    @resolved("The price; null where the plan has none.")
    def price(self) -> Price | None:
        """Give the price."""
        price = price_of(self.seen.flat.catalog, self.fact, self.seen.now)
        return None if price is None else Price.of(self.seen.flat, price)

    @resolved("How often the price is due; null where there is none.")
    def billing_period(self) -> BillingPeriod | None:
        """Give the billing period."""
        return billing_period(self.seen.flat.catalog, self.fact, self.seen.now)


@strawberry.type(description="Whoever uses what is sold, by the caller's own key.")
class Customer(Node):
    """A customer."""

    seen: strawberry.Private[SeenCustomer]
    key: str = strawberry.field(description="The caller's own id.")
    name: str | None = strawberry.field(description="What people call them.")
    email: str | None = strawberry.field(description="Where they are written to.")
    timezone: str = strawberry.field(description="IANA name; calendar resets and display follow it.")
    archived: bool = strawberry.field(description="Whether they are gone; then everything is denied.")
    metadata: JSON = strawberry.field(description="Free-form, for whoever keeps the customer.")
    revision: Revision = strawberry.field(description="How far this customer and the catalog have come.")

    @classmethod
    def of(cls, info: Info, seen: SeenCustomer) -> Self:
        """Show a customer as they were seen."""
        customer = seen.customer
        return cls(
            id=to_id("Customer", info.context.environment, customer.key),
            seen=seen,
            key=customer.key,
            name=customer.name,
            email=customer.email,
            timezone=customer.timezone,
            archived=customer.archived,
            metadata=JSON(customer.metadata),
            revision=Revision(str(seen.revision)),
        )

    @resolved("Live subscriptions, oldest first; with `includeEnded` those that ended too.")
    def subscriptions(
        self,
        info: Info,
        include_ended: Annotated[  # noqa: ARG002 - none can end yet
            bool | None, strawberry.argument(description="Whether ended ones are listed too.")
        ] = False,
    ) -> list[CustomerSubscription]:
        """Give the subscriptions."""
        return [CustomerSubscription.of(info, self.seen, fact) for fact in self.seen.customer.by_age]

    @resolved(
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
    ) -> list[Access]:
        """Decide each feature."""
        decisions = await access_resolvers.accesses_of(info.context, self.key, given(features))
        return [Access.of(decision) for decision in decisions if _is_of(decision, given(product))]

    @resolved("May this customer use this feature?")
    async def access(
        self,
        info: Info,
        feature: Annotated[str, strawberry.argument(description="Key of the feature.")],
        requested: Requested = UNSET,
        values: Values = UNSET,
    ) -> Access:
        """Decide one feature."""
        question = question_of(self.key, feature, requested, values)
        return Access.of(await access_resolvers.access(info.context, question))


def _is_of(decision: Decision, product: str | None) -> bool:
    feature = decision.subject.feature
    return product is None or (feature is not None and feature.product == product)
