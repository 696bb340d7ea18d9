"""Environments, and who is asking."""

from datetime import datetime
from enum import Enum
from typing import Self

import strawberry

from resolvers import customers
from resolvers import environments as resolvers
from rules import environments as rules
from rules.auth.api_keys import ApiKeyKind, Scope
from schema.customers import Customer
from schema.nodes import Info, Node, resolved, to_id


@strawberry.enum(description="Whether an environment's clock can be moved.")
class EnvironmentKind(Enum):
    """A kind of environment."""

    LIVE = strawberry.enum_value("LIVE", description="Its clock is real time.")
    SANDBOX = strawberry.enum_value(
        "SANDBOX", description="Its clock can be advanced, to try what time does."
    )


@strawberry.type(description="A world of its own: nothing reaches from one environment into another.")
class Environment(Node):
    """An environment."""

    key: str = strawberry.field(description="Its name on the command line.")
    name: str = strawberry.field(description="What people call it.")
    kind: EnvironmentKind = strawberry.field(description="Whether its clock can be moved.")
    now: datetime = strawberry.field(description="The clock that every decision uses.")

    @classmethod
    def of(cls, info: Info, environment: rules.Environment) -> Self:
        """Show an environment."""
        return cls(
            id=to_id("Environment", environment.number),
            key=environment.key,
            name=environment.name,
            kind=EnvironmentKind.SANDBOX if environment.sandbox else EnvironmentKind.LIVE,
            now=environment.now(info.context.services.clock()),
        )


@strawberry.type(description="Who is asking.")
class Viewer:
    """A viewer."""

    kind: ApiKeyKind = strawberry.field(description="Whom the key is for.")
    scopes: list[Scope] = strawberry.field(description="What the key may do.")

    @classmethod
    def of(cls, info: Info) -> Self:
        """Show who is asking."""
        viewer = info.context.viewer
        scopes = viewer.scopes if viewer.is_back_end else ()
        return cls(kind=viewer.kind, scopes=[scope for scope in Scope if scope in scopes])

    @resolved("Whose token it is; null for a key.")
    async def customer(self, info: Info) -> Customer | None:
        """Give the customer."""
        key = info.context.viewer.customer
        seen = None if key is None else await customers.customer(info.context, key)
        return None if seen is None else Customer.of(info, seen)

    @resolved("Where everything that is asked happens.")
    async def environment(self, info: Info) -> Environment:
        """Give the environment."""
        return Environment.of(info, await resolvers.environment(info.context))
