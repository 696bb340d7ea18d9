"""How a field is written: its context, its resolver, and what an argument that was left out becomes."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

from resolvers.context import Context
from rules.unset import UNSET as LEFT_OUT
from rules.unset import Unset

Info = strawberry.Info[Context, None]

Resolver = TypeVar("Resolver", bound=Callable[..., object])


def resolver_field(description: str) -> Callable[[Resolver], Resolver]:
    """Make a method a field that is worked out when it is asked for."""

    def decorate(resolver: Resolver) -> Resolver:
        # Strawberry's own decorator has no type that mypy could see through.
        return cast("Resolver", strawberry.field(resolver=resolver, description=description))

    return decorate


UNSET: Any = strawberry.UNSET
"""Stands where an argument or an input field was left out."""


def or_none(value: Any) -> Any:  # noqa: ANN401 - it passes on whatever was given
    """Return the value, or None where it was left out: for inputs in which the two are the same."""
    return None if value is UNSET else value


def or_unset(value: Any) -> Any:  # noqa: ANN401 - it passes on whatever was given
    """Return the value, or the rules' UNSET where it was left out."""
    return LEFT_OUT if value is UNSET else value


def tuple_or_unset(values: list[Any] | None) -> tuple[Any, ...] | Unset | None:
    """Return the values as a tuple, or the rules' UNSET where they were left out."""
    return tuple(values) if isinstance(values, list) else or_unset(values)
