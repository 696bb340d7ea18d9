"""Environments, and who is asking."""

from datetime import datetime
from enum import Enum
from typing import Self

import strawberry

from rules import environments as rules
from schema.fields import Info
from schema.nodes import Node, to_id


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
