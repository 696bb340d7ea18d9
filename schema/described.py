"""How an enum of the rules becomes one of the graph."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import strawberry


def describe(enum: type[Enum], description: str, values: Mapping[str, str], name: str | None = None) -> None:
    """Make a rule's enum one of the graph. KeyError for a value without a description."""
    strawberry.enum(enum, name=name, description=description)
    definition: Any = enum.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = values[value.name]
