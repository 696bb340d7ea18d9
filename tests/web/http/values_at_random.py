"""Values at random, right ones and strange ones, and how they are written into documents."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

from graphql import GraphQLEnumType, GraphQLInputType, get_named_type

KEYS = [
    "nimbus",
    "acme",
    "pro",
    "starter",
    "free",
    "app",
    "orders",
    "seats",
    "sso",
    "api-calls",
    "ai",
    "nobody",
]

TEXTS = [
    "",
    " ",
    "\0",
    "\ud800",
    "😀" * 3,
    "a" * 300,
    "'\"\\",
    "2026-01-31T12:00:00Z",
    "null",
    "../x",
    "%s",
    "1",
]

NUMBERS = [0, 1, -1, 2, 100, 101, 2**31 - 1, 2**31, -(2**31), 2**63, 10**13, 10**40, 0.1, -0.0, 1e308]

STRANGE: list[Any] = [
    None,
    True,
    [],
    {},
    [[]],
    [None],
    {"": None},
    {"a": {"b": [1, "x", None]}},
    *NUMBERS,
    *TEXTS,
]


SCALARS: dict[str, Callable[[Random], Any]] = {
    "String": lambda random: random.choice([*KEYS, *KEYS, *TEXTS]),
    "ID": lambda random: random.choice([*KEYS, *TEXTS, "WyJQbGFuIiwxLCJwcm8iXQ"]),
    "Int": lambda random: random.choice([1, 2, 3, 10, *NUMBERS]),
    "Boolean": lambda random: random.random() < 0.5,
    "Decimal": lambda random: random.choice(["1", "0.5", 3, "-2", "9e3", "1000000", *NUMBERS]),
    "DateTime": lambda random: random.choice(["2026-01-31T12:00:00Z", "2027-03-01T00:00:00+02:00", *TEXTS]),
    "JSON": lambda random: random.choice(STRANGE),
    "Revision": lambda random: random.choice(["0.0", "1.5", *TEXTS]),
}

FITTING: dict[str, Callable[[Random], Any]] = {
    "String": lambda random: random.choice(KEYS),
    "ID": lambda random: random.choice([*KEYS, 7, "7"]),
    "Int": lambda random: random.choice([1, 2, 3, 10, 100]),
    "Boolean": lambda random: random.random() < 0.5,
    "Decimal": lambda random: random.choice(["1", "0.5", 3, "-2", "1000000"]),
    "DateTime": lambda random: random.choice(["2026-01-31T12:00:00Z", "2027-03-01T00:00:00+02:00"]),
    "JSON": lambda random: random.choice([None, {"a": {"b": [1, "x", None]}}, ["x", 0.5], True, "x", 3]),
    "Revision": lambda random: random.choice(["0.0", "1.5"]),
}
"""Values of each scalar that are right, whatever a field makes of them."""


def literal(value: Any, type_: GraphQLInputType) -> str:  # noqa: ANN401 - JSON
    """Write a value into a document."""
    named = get_named_type(type_)
    match value:
        case dict():
            fields = getattr(named, "fields", {})
            inner = (
                f"{key or 'x'}: {literal(one, fields[key].type if key in fields else type_)}"
                for key, one in value.items()
            )
            return "{" + ", ".join(inner) + "}"
        case list():
            return "[" + ", ".join(literal(one, type_) for one in value) + "]"
        case str() if isinstance(named, GraphQLEnumType):
            return value or "X"
        case _:
            return json.dumps(value)


PYTHON = re.compile(r"\b(None|True|False|Undefined|nan|inf|instance|object at)\b|\{'|<|\bb'")
"""What no message about such values says: they are written in JSON, or as in the document."""
