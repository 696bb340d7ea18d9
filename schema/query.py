"""The queries of the graph."""

from typing import Annotated, cast

import strawberry
from graphql import GraphQLError

from resolvers import customers as customer_resolvers
from resolvers.access import check as access_resolvers
from resolvers.customers import CustomerFilter
from resolvers.paging import LARGEST_PAGE
from schema.access.inputs import AccessCheckInput, question_of
from schema.access.types import Access
from schema.arguments import At, Requested, Values
from schema.auth.keys import KeyQueries
from schema.bad_input import bad_input, bad_input_errors
from schema.catalog.queries import CatalogQueries, Key
from schema.catalog_code import CatalogCodeQueries
from schema.connections import After, Connection, First
from schema.customers.types import Customer
from schema.fields import UNSET, Info, or_none, resolver_field
from schema.node_queries import node_of
from schema.nodes import Node
from schema.previews.queries import PreviewQueries
from schema.pricing import PricingQueries
from schema.read_your_writes import AtLeast, wait_for_revision
from schema.viewer import Viewer

MOST_CHECKS = 10_000


@strawberry.type(description="The operations that read.")
class Query(CatalogQueries, CatalogCodeQueries, PricingQueries, PreviewQueries, KeyQueries):
    @resolver_field("The caller: its key or token, and its environment.")
    def viewer(self, info: Info) -> Viewer:
        return Viewer.of(info)

    @resolver_field("The object with this global id in this environment; null where there is none.")
    async def node(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The global id of the object.")],
    ) -> Node | None:
        return await node_of(info, id)

    @resolver_field("The objects with these global ids, in the same order; null where there is none.")
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="The global ids, at most 100.")],
    ) -> list[Node | None]:
        """Raises GraphQLError with BAD_USER_INPUT for too many ids."""
        if len(ids) > LARGEST_PAGE:
            message = f"At most {LARGEST_PAGE} nodes can be asked for at once, not {len(ids)}."
            raise bad_input(message)
        return [await _node_or_error(info, one) for one in ids]

    @resolver_field("The customer with this key; null for an unknown key.")
    async def customer(self, info: Info, key: Key, at_least: AtLeast = UNSET) -> Customer | None:
        await wait_for_revision(info, at_least, [key])
        seen = await customer_resolvers.customer(info.context, key)
        return None if seen is None else Customer.of(info, seen)

    @resolver_field("Customers in the order of their keys.")
    async def customers(
        self,
        info: Info,
        first: First = 20,
        after: After = UNSET,
        search: Annotated[
            str | None,
            strawberry.argument(
                description="The beginning of a key, name or e-mail address, in upper or lower case."
            ),
        ] = UNSET,
        plan: Annotated[
            str | None,
            strawberry.argument(description="The key of a plan: only customers who are on it now."),
        ] = UNSET,
        version: Annotated[
            int | None,
            strawberry.argument(
                description="The number of a version: only customers on this version of `plan`."
            ),
        ] = UNSET,
        include_archived: Annotated[
            bool | None, strawberry.argument(description="True includes archived ones.")
        ] = False,
    ) -> Connection[Customer]:
        """Raises GraphQLError with BAD_USER_INPUT for an invalid page."""
        asked = CustomerFilter(
            first=first,
            after=or_none(after),
            search=or_none(search),
            plan=or_none(plan),
            version=or_none(version),
            include_archived=bool(include_archived),
        )
        with bad_input_errors():
            page = await customer_resolvers.customers_like(info.context, asked)
        return Connection[Customer].showing(page, lambda seen: Customer.of(info, seen))

    @resolver_field(
        "Whether a customer may use a feature. Unknown keys are denied with a reason, never an error."
    )
    async def access(
        self,
        info: Info,
        customer: Annotated[str, strawberry.argument(description="The key of the customer.")],
        feature: Annotated[str, strawberry.argument(description="The key of the feature.")],
        requested: Requested = UNSET,
        values: Values = UNSET,
        at: At = UNSET,
        at_least: AtLeast = UNSET,
    ) -> Access:
        await wait_for_revision(info, at_least, [customer])
        question = question_of(customer, feature, requested, values)
        return Access.of(await access_resolvers.access(info.context, question, or_none(at)))

    @resolver_field("At most 10,000 checks at one instant, answered in the same order.")
    async def accesses(
        self,
        info: Info,
        checks: Annotated[
            list[AccessCheckInput], strawberry.argument(description="The checks to answer, at most 10,000.")
        ],
        at: At = UNSET,
        at_least: AtLeast = UNSET,
    ) -> list[Access]:
        """Raises GraphQLError with BAD_USER_INPUT for too many checks."""
        if len(checks) > MOST_CHECKS:
            message = f"At most {MOST_CHECKS} checks can be asked at once, not {len(checks)}."
            raise bad_input(message)
        await wait_for_revision(info, at_least, {check.customer for check in checks})
        questions = [check.fact() for check in checks]
        decisions = await access_resolvers.accesses(info.context, questions, or_none(at))
        return [Access.of(decision) for decision in decisions]


async def _node_or_error(info: Info, text: str) -> Node | None:
    try:
        return await node_of(info, text)
    except GraphQLError as error:
        # Returned rather than raised, it replaces this node alone.
        return cast("Node", error)
