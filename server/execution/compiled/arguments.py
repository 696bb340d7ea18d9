"""Variables and arguments of a compiled operation, read by closures that stop at the first odd value.

graphql-core then reads them again, and names what is wrong, if anything is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLSchema,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    Undefined,
    ValueNode,
    VariableNode,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, get_argument_values
from graphql.utilities import coerce_input_literal
from graphql.utilities.coerce_input_value import coerce_default_value

Take = Callable[[Any], Any]
Variables = Callable[[Mapping[str, Any]], VariableValues]
Arguments = Callable[[VariableValues], dict[str, Any]]

NO_VARIABLES = VariableValues({}, {})

_PLAIN = (str, int, float, bool, Decimal, datetime, Enum, type(None))
"""Types whose values an answer cannot change for the next."""


class CannotCompile(Exception):  # noqa: N818 - what a document or a value is
    """Something that only graphql-core can handle."""


def variables_of(schema: GraphQLSchema, operation: OperationDefinitionNode) -> Variables:
    """Compile the reader of an operation's variables; it raises CannotCompile for any that is not right."""
    signatures = []
    for node in operation.variable_definitions or ():
        signature = get_variable_signature(schema, node)
        if isinstance(signature, GraphQLError):
            raise CannotCompile
        signatures.append((signature, _taking(signature.type, ())))

    def read(given: Mapping[str, Any]) -> VariableValues:
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for signature, take in signatures:
            name = signature.name
            if name in given:
                sources[name] = VariableValueSource(signature, given[name])
                coerced[name] = take(given[name])
            else:
                sources[name] = VariableValueSource(signature)
                _leave_out(signature, coerced)
        return VariableValues(sources, coerced)

    return read


def _leave_out(signature: GraphQLVariableSignature, coerced: dict[str, Any]) -> None:
    if signature.default is not None:
        coerced[signature.name] = coerce_default_value(signature)
    elif is_non_null_type(signature.type):
        raise CannotCompile


def _taking(type_: GraphQLInputType, inside: tuple[str, ...]) -> Take:
    """Compile the reader of a value; any exception means that the value is not plain."""
    if is_non_null_type(type_):
        return _required(_taking(type_.of_type, inside))
    if is_list_type(type_):
        return _each(_taking(type_.of_type, inside))
    if is_leaf_type(type_):
        return _leaf(type_.coerce_input_value)
    if isinstance(type_, GraphQLInputObjectType) and type_.name not in inside:
        taking = _one_of if type_.is_one_of else _fields
        return taking(type_, (*inside, type_.name))
    raise CannotCompile


def _required(take: Take) -> Take:
    def required(value: Any) -> Any:  # noqa: ANN401 - JSON
        if value is None:
            raise CannotCompile
        return take(value)

    return required


def _leaf(coerce: Take) -> Take:
    def leaf(value: Any) -> Any:  # noqa: ANN401 - JSON
        return None if value is None else coerce(value)

    return leaf


def _each(take: Take) -> Take:
    def each(value: Any) -> Any:  # noqa: ANN401 - JSON
        if value is None:
            return None
        # A list takes a value that is none as its only item.
        return [take(item) for item in value] if isinstance(value, list) else [take(value)]

    return each


def _fields(type_: GraphQLInputObjectType, inside: tuple[str, ...]) -> Take:
    known = {name: (one.out_name or name, _taking(one.type, inside)) for name, one in type_.fields.items()}
    others = {name: coerce_default_value(one) for name, one in type_.fields.items()}
    required = {name for name, one in type_.fields.items() if is_non_null_type(one.type)}
    needed = {name for name in required if others[name] is Undefined}
    defaults = {known[name][0]: value for name, value in others.items() if value is not Undefined}
    if not all(isinstance(value, _PLAIN) for value in defaults.values()):
        raise CannotCompile

    def fields(value: Any) -> Any:  # noqa: ANN401 - JSON
        if value is None:
            return None
        if not isinstance(value, dict) or not needed <= value.keys():
            raise CannotCompile
        taken = dict(defaults)
        for name, one in value.items():
            to, take = known[name]
            taken[to] = take(one)
        return type_.out_type(taken)

    return fields


def _one_of(type_: GraphQLInputObjectType, inside: tuple[str, ...]) -> Take:
    known = {
        name: (one.out_name or name, _required(_taking(one.type, inside)))
        for name, one in type_.fields.items()
    }

    def one_of(value: Any) -> Any:  # noqa: ANN401 - JSON
        if value is None:
            return None
        if not isinstance(value, dict):
            raise CannotCompile
        ((name, one),) = value.items()
        to, take = known[name]
        return type_.out_type({to: take(one)})

    return one_of


def arguments_of(field: GraphQLField, node: FieldNode) -> Arguments:
    """Compile the reader of a field's arguments; it raises GraphQLError as graphql-core does."""
    nodes = {argument.name.value: argument.value for argument in node.arguments or ()}
    constants: dict[str, Any] = {}
    variables: list[tuple[str, str, bool]] = []
    for name, argument in field.args.items():
        to, given = argument.out_name or name, nodes.get(name)
        if isinstance(given, VariableNode):
            variables.append((given.name.value, to, is_non_null_type(argument.type)))
            given = None
        if given is not None and _holds_variable(given):
            return lambda values: get_argument_values(field, node, values)
        constant = _constant(argument, given)
        if isinstance(constant, _PLAIN):
            constants[to] = constant
        elif given is not None or constant is not Undefined:
            # A list or an object, of which each answer has to have its own, or something that is wrong.
            return lambda values: get_argument_values(field, node, values)

    def read(values: VariableValues) -> dict[str, Any]:
        taken, coerced = dict(constants), values.coerced
        for variable, to, required in variables:
            if variable in coerced:
                taken[to] = coerced[variable]
            if required and taken.get(to) is None:
                return get_argument_values(field, node, values)
        return taken

    return read


def _holds_variable(node: ValueNode) -> bool:
    """Return whether a literal holds a variable, at any depth."""
    match node:
        case ListValueNode():
            return any(map(_holds_variable, node.values))
        case ObjectValueNode():
            return any(_holds_variable(field.value) for field in node.fields)
        case _:
            return isinstance(node, VariableNode)


def _constant(argument: GraphQLArgument, node: ValueNode | None) -> Any:  # noqa: ANN401 - of the argument's type
    if node is None:
        return coerce_default_value(argument)
    return coerce_input_literal(node, argument.type, NO_VARIABLES)
