"""Documents that ask for whatever the schema has, written from the schema itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLUnionType,
    get_named_type,
    is_required_argument,
    is_required_input_field,
)

from schema.graph import graph

SCHEMA = graph._schema

ROOTS: Mapping[str, GraphQLObjectType] = {
    word: root
    for word, root in (
        ("query", SCHEMA.query_type),
        ("mutation", SCHEMA.mutation_type),
        ("subscription", SCHEMA.subscription_type),
    )
    if root is not None
}

VALUES = {
    "Int": "1",
    "Boolean": "true",
    "Float": "1.0",
    "Decimal": '"1"',
    "DateTime": '"2030-01-01T00:00:00Z"',
    "JSON": "{}",
    "Revision": '"0.0"',
}
"""What is written for a scalar that names nothing."""

Choose = Callable[[str], str]
"""Gives what is written for a scalar that may name something: ID or String."""


def always(text: str) -> Choose:
    """Name the same everywhere."""
    return lambda _: text


def literal(known: object, choose: Choose, *, whole: bool) -> str:
    """Write a value of a type; ``whole`` writes the fields of inputs that may be left out too."""
    match known:
        case GraphQLNonNull():
            return literal(known.of_type, choose, whole=whole)
        case GraphQLList():
            return f"[{literal(known.of_type, choose, whole=whole)}]"
        case GraphQLEnumType():
            return str(next(iter(known.values)))
        case GraphQLInputObjectType():
            return _input(known, choose, whole=whole)
        case GraphQLScalarType():
            return VALUES.get(known.name) or json.dumps(choose(known.name))
    raise TypeError(known)


def _input(known: GraphQLInputObjectType, choose: Choose, *, whole: bool) -> str:
    fields = dict(known.fields)
    if known.is_one_of:
        fields = dict(list(fields.items())[:1])
    elif not whole:
        fields = {name: field for name, field in fields.items() if is_required_input_field(field)}
    written = (f"{name}: {literal(field.type, choose, whole=whole)}" for name, field in fields.items())
    return f"{{ {', '.join(written)} }}"


def called(name: str, field: GraphQLField, choose: Choose, *given: str, whole: bool = False) -> str:
    """Write a field with the arguments that it needs, and those that are named."""
    wanted = {
        argument: asked
        for argument, asked in field.args.items()
        if is_required_argument(asked) or argument in given
    }
    written = (f"{given}: {literal(asked.type, choose, whole=whole)}" for given, asked in wanted.items())
    return f"{name}({', '.join(written)})" if wanted else name


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is asked of an answer: everything to a depth, but for fields of some names."""

    choose: Choose
    depth: int
    without: frozenset[str] = frozenset()

    def of(self, known: GraphQLOutputType) -> str:
        """Write the selection of a type; nothing for a leaf."""
        return self._of(get_named_type(known), self.depth, ())

    def _of(self, known: GraphQLNamedType, depth: int, path: tuple[str, ...]) -> str:
        match known:
            case GraphQLObjectType():
                return f"{{ __typename {' '.join(self._fields(known, depth, path))} }}"
            case GraphQLInterfaceType() | GraphQLUnionType():
                kinds = (
                    f"... on {kind.name} {{ {' '.join(self._fields(kind, depth, path, alias=True))} }}"
                    for kind in SCHEMA.get_possible_types(known)
                )
                return f"{{ __typename {' '.join(kinds)} }}"
        return ""

    def _fields(
        self, known: GraphQLObjectType, depth: int, path: tuple[str, ...], *, alias: bool = False
    ) -> Iterator[str]:
        for name, field in known.fields.items():
            inner = get_named_type(field.type)
            leaf = isinstance(inner, GraphQLScalarType | GraphQLEnumType)
            if name in self.without or not (leaf or (depth > 0 and inner.name not in path)):
                continue
            selected = "" if leaf else self._of(inner, depth - 1, (*path, known.name))
            # Kinds of one interface have fields of one name and another type.
            yield f"{f'{known.name}_{name}: ' if alias else ''}{called(name, field, self.choose)} {selected}"


def naming(field: GraphQLField, kind: str) -> list[str]:
    """The arguments of a field in which something of a kind, ID or String, can be named."""
    return [name for name, argument in field.args.items() if kind in kinds_in(argument)]


def kinds_in(asked: GraphQLArgument | GraphQLInputField) -> set[str]:
    """The scalars that a value holds, at any depth."""
    known = get_named_type(asked.type)
    if isinstance(known, GraphQLInputObjectType):
        return set().union(*(kinds_in(field) for field in known.fields.values()))
    return {known.name}
