"""The questions of the graph."""

from __future__ import annotations

from typing import Annotated

import strawberry
from graphql import GraphQLError

from resolvers import access as access_resolvers
from resolvers import customers as customer_resolvers
from resolvers.paging import LARGEST_PAGE
from schema.access import Access, AccessCheckInput, At, Requested, Values, question_of
from schema.catalog_code import CatalogCodeQueries
from schema.catalog_queries import CatalogQueries, Key
from schema.customers import Customer
from schema.environments import Viewer
from schema.node_queries import node_of
from schema.nodes import UNSET, Info, Node, given, resolved
from schema.pricing import PricingQueries

MOST_CHECKS = 10_000


@strawberry.type(description="What can be asked.")
class Query(CatalogQueries, CatalogCodeQueries, PricingQueries):
    """The root of all questions."""

    @resolved("Who is asking, and in which environment.")
    def viewer(self, info: Info) -> Viewer:
        """Give the viewer."""
        return Viewer.of(info)

    @resolved("Whatever has this global id in this environment; null where nothing has.")
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The global id.")]
    ) -> Node | None:
        """Find one node."""
        return await node_of(info, id)

    @resolved("Whatever has these global ids, in their order; null where nothing has.")
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Global ids, at most 100.")],
    ) -> list[Node | None]:
        """Find many nodes; GraphQLError with BAD_USER_INPUT for too many."""
        if len(ids) > LARGEST_PAGE:
            message = f"At most {LARGEST_PAGE} nodes can be asked for at once, not {len(ids)}."
            raise GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})
        return [await node_of(info, one) for one in ids]

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
        at: At = UNSET,
    ) -> Access:
        """Decide one question."""
        question = question_of(customer, feature, requested, values)
        return Access.of(await access_resolvers.access(info.context, question, given(at)))

    @resolved("Many questions, one answer each in the same order, at one instant; at most 10,000.")
    async def accesses(
        self,
        info: Info,
        checks: Annotated[
            list[AccessCheckInput], strawberry.argument(description="What is asked, at most 10,000.")
        ],
        at: At = UNSET,
    ) -> list[Access]:
        """Decide many questions; GraphQLError with BAD_USER_INPUT for too many."""
        if len(checks) > MOST_CHECKS:
            message = f"At most {MOST_CHECKS} checks can be asked at once, not {len(checks)}."
            raise GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})
        questions = [check.fact() for check in checks]
        decisions = await access_resolvers.accesses(info.context, questions, given(at))
        return [Access.of(decision) for decision in decisions]
