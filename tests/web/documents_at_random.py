"""Documents at random: most fit the schema, with arguments that are often strange, and some fit nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
)

from schema.graph import graph

DEEPEST = 7
WIDEST = 5

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


class Writer:
    """Writes one document, and the variables that go with it."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._variables: dict[str, tuple[str, Any]] = {}
        self._fragments: list[str] = []

    def request(self) -> dict[str, Any]:
        """Write what is sent."""
        kind = self._random.choice(["query", "query", "mutation"])
        root = graph.core.query_type if kind == "query" else graph.core.mutation_type
        assert root is not None
        selected = self._selection(root, 1)
        declared = ", ".join(f"${name}: {type_}" for name, (type_, _) in self._variables.items())
        head = f"{kind} Q ({declared})" if declared else f"{kind} Q"
        text = self._spoiled(" ".join([head, selected, *self._fragments]))
        variables = {name: value for name, (_, value) in self._variables.items()}
        return {"query": text, "variables": variables, **self._extras()}

    def _extras(self) -> dict[str, Any]:
        if not self._now_and_then():
            return {}
        name = self._random.choice(["operationName", "extensions", "documentId", "variables", "id"])
        return {name: self._random.choice([*STRANGE, "Q", {"persistedQuery": {"sha256Hash": "0"}}])}

    def _spoiled(self, text: str) -> str:
        if not self._now_and_then():
            return text
        place = self._random.randrange(len(text) + 1)
        end = place + self._random.choice([0, 0, 1, 5])
        return (
            text[:place]
            + self._random.choice(["{", "}", "(", '"', "$", "@", "...", "\ud800", "#", ""])
            + text[end:]
        )

    def _now_and_then(self) -> bool:
        return self._random.random() < 0.1

    def _selection(self, parent: GraphQLNamedType, depth: int) -> str:
        fields = list(getattr(parent, "fields", {}).items())
        picked = self._random.sample(fields, min(len(fields), self._random.randint(1, WIDEST)))
        parts = [self._field(name, field, depth) for name, field in picked]
        if is_abstract_type(parent):
            parts.extend(self._narrowed(parent, depth))
        return "{ " + " ".join(["__typename", *filter(None, parts)]) + " }"

    def _narrowed(self, parent: Any, depth: int) -> Sequence[str]:  # noqa: ANN401 - what has possible types
        possible: GraphQLObjectType = self._random.choice(graph.core.get_possible_types(parent))
        selected = self._selection(possible, depth + 1) if depth < DEEPEST else "{ __typename }"
        if self._now_and_then():
            name = f"F{len(self._fragments)}"
            self._fragments.append(f"fragment {name} on {possible.name} {selected}")
            return [f"...{name}"]
        return [f"... on {possible.name} {selected}"]

    def _field(self, name: str, field: GraphQLField, depth: int) -> str:
        of = get_named_type(field.type)
        if not is_leaf_type(of) and depth >= DEEPEST:
            return ""
        given = [self._argument(*one) for one in field.args.items() if self._is_given(one[1])]
        alias = f"a{self._random.randint(0, 3)}: " if self._now_and_then() else ""
        directive = " @include(if: true)" if self._now_and_then() else ""
        arguments = f"({', '.join(given)})" if given else ""
        selected = "" if is_leaf_type(of) else self._selection(of, depth + 1)
        return f"{alias}{name}{arguments}{directive} {selected}"

    def _is_given(self, argument: GraphQLArgument) -> bool:
        return is_required_argument(argument) or self._random.random() < 0.5

    def _argument(self, name: str, argument: GraphQLArgument) -> str:
        value = self._value(argument.type, 0)
        if self._random.random() < 0.5:
            variable = f"v{len(self._variables)}"
            self._variables[variable] = (str(argument.type), value)
            return f"{name}: ${variable}"
        return f"{name}: {literal(value, argument.type)}"

    def _value(self, type_: GraphQLInputType, depth: int) -> Any:  # noqa: ANN401 - JSON
        if self._random.random() < 0.05:
            return self._random.choice(STRANGE)
        if is_non_null_type(type_):
            type_ = type_.of_type
        elif self._now_and_then():
            return None
        if is_list_type(type_):
            return [self._value(type_.of_type, depth + 1) for _ in range(self._random.randint(0, 3))]
        if isinstance(type_, GraphQLInputObjectType):
            return self._input(type_, depth)
        if isinstance(type_, GraphQLEnumType):
            return self._random.choice(list(type_.values))
        return SCALARS[str(type_)](self._random)

    def _input(self, type_: GraphQLInputObjectType, depth: int) -> dict[str, Any]:
        fields = list(type_.fields.items())
        if type_.is_one_of and not self._now_and_then():
            fields = [self._random.choice(fields)]
        return {
            name: self._value(field.type, depth + 1)
            for name, field in fields
            if self._is_filled(field, depth)
        }

    def _is_filled(self, field: GraphQLInputField, depth: int) -> bool:
        return is_required_input_field(field) or self._random.random() < (0.6 if depth < 3 else 0.2)


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
