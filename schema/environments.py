"""Environments."""

from datetime import datetime
from enum import Enum
from typing import Self

import strawberry

from rules import environments as rules
from schema.fields import Info
from schema.nodes import Node, to_id


@strawberry.enum(description="Whether the clock of an environment can be advanced.")
class EnvironmentKind(Enum):
    LIVE = strawberry.enum_value("LIVE", description="The clock is real time.")
    SANDBOX = strawberry.enum_value(
        "SANDBOX", description="The clock can be advanced, to try the effects of time."
    )


@strawberry.type(
    description="A separate world of catalog, customers and keys; nothing crosses from one environment to "
    "another."
)
class Environment(Node):
    key: str = strawberry.field(description="The name of the environment, as the command line uses it.")
    name: str = strawberry.field(description="The name shown to people.")
    kind: EnvironmentKind = strawberry.field(
        description="Whether the clock of the environment can be advanced."
    )
    now: datetime = strawberry.field(
        description="The clock of the environment, by which everything is decided."
    )

    @classmethod
    def of(cls, info: Info, environment: rules.Environment) -> Self:
        return cls(
            id=to_id("Environment", environment.number),
            key=environment.key,
            name=environment.name,
            kind=EnvironmentKind.SANDBOX if environment.sandbox else EnvironmentKind.LIVE,
            now=environment.now(info.context.services.clock()),
        )
