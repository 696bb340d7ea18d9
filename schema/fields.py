"""Helpers for fields: their resolvers, and arguments that were left out."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

from resolvers.context import Context
from rules.unset import UNSET as LEFT_OUT
from rules.unset import Unset

Info = strawberry.Info[Context, None]

Resolver = TypeVar("Resolver", bound=Callable[..., object])


def resolver_field(description: str) -> Callable[[Resolver], Resolver]:
    """Make a method the resolver of a field."""

    def decorate(resolver: Resolver) -> Resolver:
        # mypy cannot follow the type of Strawberry's own decorator.
        return cast("Resolver", strawberry.field(resolver=resolver, description=description))

    return decorate


UNSET: Any = strawberry.UNSET
"""The value of an argument or an input field that was left out."""


def or_none(value: Any) -> Any:  # noqa: ANN401 - it passes on whatever was given
    """Return the value, or None where it was left out: for inputs in which the two are the same."""
    return None if value is UNSET else value


def or_unset(value: Any) -> Any:  # noqa: ANN401 - it passes on whatever was given
    """Return the value, or the rules' UNSET where it was left out."""
    return LEFT_OUT if value is UNSET else value


def tuple_or_unset(values: list[Any] | None) -> tuple[Any, ...] | Unset | None:
    """Return the values as a tuple, or the rules' UNSET where they were left out."""
    return tuple(values) if isinstance(values, list) else or_unset(values)
