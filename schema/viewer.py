"""The viewer: the key or token that makes the request."""

from typing import Self

import strawberry

from resolvers import customers
from resolvers import environments as resolvers
from rules.auth.api_keys import ApiKeyKind, Scope
from schema.customers.types import Customer
from schema.environments import Environment
from schema.fields import Info, resolver_field


@strawberry.type(description="The caller of an operation.")
class Viewer:
    kind: ApiKeyKind = strawberry.field(description="The kind of key or token of the caller.")
    scopes: list[Scope] = strawberry.field(
        description="What the key may do; empty for publishable keys and tokens."
    )

    @classmethod
    def of(cls, info: Info) -> Self:
        viewer = info.context.viewer
        scopes = viewer.scopes if viewer.is_back_end else ()
        return cls(kind=viewer.kind, scopes=[scope for scope in Scope if scope in scopes])

    @resolver_field("The customer of the token; null for a key.")
    async def customer(self, info: Info) -> Customer | None:
        key = info.context.viewer.customer
        seen = None if key is None else await customers.customer(info.context, key)
        return None if seen is None else Customer.of(info, seen)

    @resolver_field("The environment in which everything happens.")
    async def environment(self, info: Info) -> Environment:
        return Environment.of(info, await resolvers.environment(info.context))
