"""How a field is written: its context, its resolver, and what an argument that was left out becomes."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

from resolvers.context import Context
from rules.unset import KEEP, Keep

Info = strawberry.Info[Context, None]

Resolver = TypeVar("Resolver", bound=Callable[..., object])


def resolved(description: str) -> Callable[[Resolver], Resolver]:
    """Make a method a field that is worked out when it is asked for."""

    def decorate(resolver: Resolver) -> Resolver:
        # Strawberry's own decorator has no type that mypy could see through.
        return cast("Resolver", strawberry.field(resolver=resolver, description=description))

    return decorate


UNSET: Any = strawberry.UNSET
"""Stands where an argument or an input field was left out."""


def given(value: Any) -> Any:  # noqa: ANN401 - it passes on whatever was given
    """Give what was said, None where it was left out: for inputs in which the two are the same."""
    return None if value is UNSET else value


def kept(value: Any) -> Any:  # noqa: ANN401 - it passes on whatever was given
    """Give what was said, KEEP where it was left out."""
    return KEEP if value is UNSET else value


def kept_tuple(values: list[Any] | None) -> tuple[Any, ...] | Keep | None:
    """Give the values that were said, KEEP where they were left out."""
    return tuple(values) if isinstance(values, list) else kept(values)
