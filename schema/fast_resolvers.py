"""Faster resolvers for fields that need nothing special.

At every call, Strawberry looks up the names of a field's arguments, whether it takes the info, and which
extensions it has. All of that is known once the schema is finished.
"""

from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass
from operator import attrgetter
from typing import Any

import strawberry
from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import StrawberryArgument, convert_argument
from strawberry.types.base import (
    StrawberryList,
    StrawberryMaybe,
    StrawberryObjectDefinition,
    StrawberryOptional,
)
from strawberry.types.field import StrawberryField

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """A resolver that needs only the object that it reads from."""

    read: Callable[[Any], Any]

    def __call__(self, source: object, _info: object) -> Any:  # noqa: ANN401 - whatever the field shows
        """Return the value of the field."""
        return self.read(source)


def definition_of(field: GraphQLField) -> StrawberryField | None:
    """Return Strawberry's definition of a field; None for the fields of introspection."""
    known = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return known if isinstance(known, StrawberryField) else None


def streamline(schema: strawberry.Schema) -> None:
    """Replace the resolver of every field that needs nothing special."""
    for kind in schema._schema.type_map.values():  # noqa: SLF001 - it has no public name
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field in kind.fields.values():
                known = definition_of(field)
                if known is not None and field.subscribe is None and not known.extensions:
                    field.resolve = _resolver(schema, field, known) or field.resolve


def _resolver(schema: strawberry.Schema, field: GraphQLField, known: StrawberryField) -> Any:  # noqa: ANN401 - a resolver
    if known.is_basic_field:
        return Reading(attrgetter(known.python_name))
    resolver = known.base_resolver
    if resolver is None or resolver.root_parameter is not None or resolver.parent_parameter is not None:
        return None
    ask, wants_info = resolver.wrapped_func, resolver.info_parameter is not None
    if resolver.self_parameter is None or isinstance(ask, staticmethod | classmethod):
        return None
    if not wants_info and not known.arguments:
        return Reading(ask)
    arguments = list(conversions(schema, field, known))

    def resolve(source: object, info: Any, **given: Any) -> Any:  # noqa: ANN401 - as graphql-core has it
        taken = {to: convert(given[name]) for name, to, convert in arguments if name in given}
        if wants_info:
            taken["info"] = strawberry.Info(_raw_info=info, _field=known)
        return ask(source, **taken)

    return resolve


def conversions(
    schema: strawberry.Schema, field: GraphQLField, known: StrawberryField
) -> Iterator[tuple[str, str, Convert]]:
    """Yield for each argument its name in the graph, its name in Python, and its conversion."""
    for argument in known.arguments:
        name = schema.config.name_converter.from_argument(argument)
        yield name, argument.python_name, _converting(schema, field.args[name], argument, name)


def _converting(
    schema: strawberry.Schema, taken: GraphQLArgument, argument: StrawberryArgument, name: str
) -> Convert:
    known = _making(schema, taken.type, argument.type)
    registry = schema.schema_converter.scalar_registry

    def convert(value: object) -> object:
        return convert_argument(value, argument.type, registry, schema.config, path=(name,))

    return known or convert


def _making(schema: strawberry.Schema, type_: GraphQLInputType, known: object) -> Convert | None:
    """Return the conversion of an input type's values; None where Strawberry must convert them."""
    if isinstance(known, StrawberryMaybe):
        return None
    plain = get_nullable_type(type_)
    inner = known.of_type if isinstance(known, StrawberryOptional) else known
    if is_leaf_type(plain):
        return _as_it_is
    if isinstance(plain, GraphQLInputObjectType):
        return _input(schema, plain)
    if is_list_type(plain) and isinstance(inner, StrawberryList):
        make = _making(schema, plain.of_type, inner.of_type)
        return None if make is None else _each(make)
    return None


def _input(schema: strawberry.Schema, type_: GraphQLInputObjectType) -> Convert | None:
    definition = type_.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if not isinstance(definition, StrawberryObjectDefinition) or definition.from_input is not None:
        return None
    left_out: dict[str, None] = {}
    made: dict[str, tuple[str, Convert]] = {}
    for field in definition.fields:
        name = schema.config.name_converter.from_field(field)
        make = _making(schema, type_.fields[name].type, field.resolve_type(type_definition=definition))
        if make is None:
            return None
        made[name] = field.python_name, make
        if field.default_value is MISSING and field.default_factory is MISSING:
            left_out[field.python_name] = None
    origin = definition.origin

    def convert(value: Any) -> Any:  # noqa: ANN401 - as graphql-core has it
        if value is None or value is strawberry.UNSET:
            return value
        taken: dict[str, Any] = dict(left_out)
        for name, one in value.items():
            to, make = made[name]
            taken[to] = make(one)
        return origin(**taken)

    return convert


def _each(make: Convert) -> Convert:
    def each(values: Any) -> Any:  # noqa: ANN401 - as graphql-core has it
        if values is None or values is strawberry.UNSET:
            return values
        # Always a new list: calls that leave it out share the same default.
        return [make(value) for value in values]

    return each


def _as_it_is(value: object) -> object:
    return value
