"""Nodes: what has a global id, and how the id names it."""

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

from resolvers.context import Context
from rules.keep import KEEP, Keep

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


@strawberry.interface(description="Something with a global id.")
class Node:
    """What ``node`` can find."""

    id: strawberry.ID = strawberry.field(description="Opaque; names this and nothing else, for ever.")


def to_id(kind: str, *parts: str | int) -> strawberry.ID:
    """Make a global id; the first part is the environment's number."""
    text = json.dumps([kind, *parts], separators=(",", ":"), ensure_ascii=False)
    return strawberry.ID(base64.urlsafe_b64encode(text.encode()).decode().rstrip("="))


def from_id(text: str) -> tuple[str, ...] | None:
    """Read a global id as the kind and its parts; None where the text is none."""
    try:
        padded = text + "=" * (-len(text) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        return None
    known = isinstance(parts, list) and all(isinstance(part, str | int) for part in parts)
    return tuple(str(part) for part in parts) if known and parts else None
