"""The graph: its roots, its scalars, and every type behind an interface."""

import strawberry
from graphql import GraphQLError, GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from schema import enums as enums  # noqa: PLC0414 - registers the enums of the rules
from schema.auth.permissions import guard
from schema.catalog.entitlements import (
    BooleanEntitlement,
    ConfigEntitlement,
    CreditEntitlement,
    MeteredEntitlement,
    RevokedEntitlement,
)
from schema.catalog.packages import Addon, Plan
from schema.customers import enums as customer_enums  # noqa: F401 - registers the enums of the rules
from schema.fast_resolvers import streamline
from schema.mutation import Mutation
from schema.one_of import settle_one_of
from schema.query import Query
from schema.scalars import SCALARS
from schema.subscription import Subscription


class Graph(strawberry.Schema):
    """The schema; the view that answers the request formats errors and logs internal ones."""

    @property
    def core(self) -> GraphQLSchema:
        """The schema as graphql-core's own type."""
        return self._schema

    def process_errors(self, errors: list[GraphQLError], execution_context: object = None) -> None:
        """Do nothing: the view handles errors, because it knows the request."""


graph = Graph(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[
        Plan,
        Addon,
        BooleanEntitlement,
        ConfigEntitlement,
        MeteredEntitlement,
        CreditEntitlement,
        RevokedEntitlement,
    ],
    config=StrawberryConfig(scalar_map=SCALARS),
)

settle_one_of(graph.core)
streamline(graph)
guard(graph.core)
