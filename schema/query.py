"""The questions of the graph."""

from __future__ import annotations

from typing import Annotated

import strawberry
from graphql import GraphQLError

from resolvers import access as access_resolvers
from resolvers import catalog as catalog_resolvers
from resolvers import customers as customer_resolvers
from rules.catalog import Plan as PlanFact
from schema.access import Access, AccessCheckInput, Requested, Values, question_of
from schema.catalog import Feature, Product
from schema.customers import Customer
from schema.environments import Viewer
from schema.nodes import UNSET, Info, resolved
from schema.packages import Plan

MOST_CHECKS = 10_000

Key = Annotated[str, strawberry.argument(description="The key.")]


@strawberry.type(description="What can be asked.")
class Query:
    """The root of all questions."""

    @resolved("Who is asking, and in which environment.")
    def viewer(self, info: Info) -> Viewer:
        """Give the viewer."""
        return Viewer.of(info)

    @resolved("A product by key.")
    async def product(self, info: Info, key: Key) -> Product | None:
        """Give the product."""
        flat = await catalog_resolvers.read(info.context)
        product = flat.catalog.products.get(key)
        return None if product is None else Product.of(info, flat, product)

    @resolved("A feature by key.")
    async def feature(self, info: Info, key: Key) -> Feature | None:
        """Give the feature."""
        flat = await catalog_resolvers.read(info.context)
        feature = flat.catalog.features.get(key)
        return None if feature is None else Feature.of(info, flat, feature)

    @resolved("A plan by key.")
    async def plan(self, info: Info, key: Key) -> Plan | None:
        """Give the plan."""
        flat = await catalog_resolvers.read(info.context)
        plan = flat.catalog.packages.get(key)
        return Plan.of(info, flat, plan) if isinstance(plan, PlanFact) else None

    @resolved("A customer by key.")
    async def customer(self, info: Info, key: Key) -> Customer | None:
        """Give the customer."""
        seen = await customer_resolvers.customer(info.context, key)
        return None if seen is None else Customer.of(info, seen)

    @resolved("May this customer use this feature? Never fails for an unknown key: it says no and why.")
    async def access(
        self,
        info: Info,
        customer: Annotated[str, strawberry.argument(description="Key of the customer.")],
        feature: Annotated[str, strawberry.argument(description="Key of the feature.")],
        requested: Requested = UNSET,
        values: Values = UNSET,
    ) -> Access:
        """Decide one question."""
        question = question_of(customer, feature, requested, values)
        return Access.of(await access_resolvers.access(info.context, question))

    @resolved("Many questions, one answer each in the same order, at one instant; at most 10,000.")
    async def accesses(
        self,
        info: Info,
        checks: Annotated[
            list[AccessCheckInput], strawberry.argument(description="What is asked, at most 10,000.")
        ],
    ) -> list[Access]:
        """Decide many questions; GraphQLError with BAD_USER_INPUT for too many."""
        if len(checks) > MOST_CHECKS:
            message = f"At most {MOST_CHECKS} checks can be asked at once, not {len(checks)}."
            raise GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})
        questions = [check.fact() for check in checks]
        return [Access.of(decision) for decision in await access_resolvers.accesses(info.context, questions)]
