"""What is wrong with a value in a document or a variable, in the words of GraphQL and JSON.

graphql-core decides whether a value is valid. Its messages name no path in a document, and write values as
Python does; these name the path and write JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from graphql import (
    ArgumentNode,
    EnumValueNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLLeafType,
    GraphQLSchema,
    ListValueNode,
    Node,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    Undefined,
    ValidationRule,
    ValueNode,
    ValuesOfCorrectTypeRule,
    VariableDefinitionNode,
    VariableNode,
    is_input_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
    is_specified_scalar_type,
    print_ast,
    type_from_ast,
)
from graphql.pyutils import or_list, suggestion_list
from graphql.utilities.replace_variables import replace_variables

from schema.json_text import MOST_CHARACTERS, json_text

MOST_SUGGESTIONS = 5

_TOO_MANY = "Too many errors processing variables, error limit reached. Execution aborted."
_NOT_NULL = "not to be null."


@dataclass(frozen=True, slots=True)
class Wrong:
    """One fault of a value: its path, a message, and the node that holds the value in a document."""

    place: str
    message: str
    node: Node | None

    def at(self, root: str) -> str:
        """Return the path of the fault inside of the value, as a part of a sentence."""
        return "" if self.place == root else f" at {self.place}"


class Given(Protocol):
    """A value as it was given, before any check."""

    @property
    def node(self) -> Node | None:
        """Its node in the document; None for a value from JSON."""

    @property
    def field(self) -> Node | None:
        """The node of its field, name included."""

    @property
    def is_known(self) -> bool:
        """Whether it can be checked: a variable in a document cannot."""

    @property
    def is_null(self) -> bool:
        """Whether it is null."""

    @property
    def items(self) -> Iterable[Given] | None:
        """Its items, where it is a list."""

    @property
    def fields(self) -> Mapping[str, Given] | None:
        """Its fields, where it is an object."""

    def refusal(self, type_: GraphQLLeafType) -> str | None:
        """Return why it is no value of a scalar or enum; None where it is one."""

    def __str__(self) -> str:
        """Return it as its caller writes it."""


@dataclass(frozen=True, slots=True)
class _Json:
    """A value of a variable."""

    value: Any
    node: None = None
    field: None = None
    is_known: bool = True

    @property
    def is_null(self) -> bool:
        return self.value is None

    @property
    def items(self) -> Iterable[Given] | None:
        return map(_Json, self.value) if isinstance(self.value, list) else None

    @property
    def fields(self) -> Mapping[str, Given] | None:
        if not isinstance(self.value, dict):
            return None
        return {name: _Json(one) for name, one in self.value.items()}

    def refusal(self, type_: GraphQLLeafType) -> str | None:
        if isinstance(type_, GraphQLEnumType) and isinstance(self.value, str):
            return _unknown_value(type_, self.value)
        try:
            taken = type_.coerce_input_value(self.value)
        except GraphQLError as error:
            by_graphql = isinstance(type_, GraphQLEnumType) or is_specified_scalar_type(type_)
            # The part after the colon is the value, as Python writes it.
            return f"{error.message.partition(': ')[0]}: {self}" if by_graphql else error.message
        except Exception:  # noqa: BLE001 - graphql-core takes it for a refusal as well
            return _unfit(type_, self)
        return _unfit(type_, self) if taken is Undefined else None

    def __str__(self) -> str:
        return json_text(self.value)


@dataclass(frozen=True, slots=True)
class _Literal:
    """A value in a document."""

    node: ValueNode
    field: ObjectFieldNode | None = None

    @property
    def is_known(self) -> bool:
        return not isinstance(self.node, VariableNode)

    @property
    def is_null(self) -> bool:
        return isinstance(self.node, NullValueNode)

    @property
    def items(self) -> Iterable[Given] | None:
        return map(_Literal, self.node.values) if isinstance(self.node, ListValueNode) else None

    @property
    def fields(self) -> Mapping[str, Given] | None:
        if not isinstance(self.node, ObjectValueNode):
            return None
        return {field.name.value: _Literal(field.value, field) for field in self.node.fields}

    def refusal(self, type_: GraphQLLeafType) -> str | None:
        if isinstance(type_, GraphQLEnumType) and isinstance(self.node, EnumValueNode):
            return _unknown_value(type_, self.node.value)
        read = type_.coerce_input_literal
        if read is None:
            return None
        try:
            taken = read(replace_variables(self.node))
        except GraphQLError as error:
            return error.message
        except Exception:  # noqa: BLE001 - graphql-core takes it for a refusal as well
            return _unfit(type_, self)
        return _unfit(type_, self) if taken is Undefined else None

    def __str__(self) -> str:
        text = print_ast(self.node, 0)
        return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}..."


def wrongs(given: Given, type_: GraphQLInputType, place: str) -> Iterator[Wrong]:
    """Yield everything that makes a value invalid for its type."""
    if not given.is_known:
        return
    if is_non_null_type(type_):
        if given.is_null:
            message = f"Expected value of non-null type '{type_}' {_NOT_NULL}"
            yield Wrong(place, message, given.node)
            return
        type_ = type_.of_type
    if given.is_null:
        return
    if is_list_type(type_):
        # GraphQL takes a value that is not a list as its only item.
        items = given.items
        places = (
            [(place, given)] if items is None else ((f"{place}[{n}]", one) for n, one in enumerate(items))
        )
        for inside, item in places:
            yield from wrongs(item, type_.of_type, inside)
    elif isinstance(type_, GraphQLInputObjectType):
        yield from _of_object(given, type_, place)
    elif is_leaf_type(type_):
        refusal = given.refusal(type_)
        if refusal is not None:
            yield Wrong(place, refusal, given.node)


def _of_object(given: Given, type_: GraphQLInputObjectType, place: str) -> Iterator[Wrong]:
    fields = given.fields
    if fields is None:
        message = f"Expected value of type '{type_}' to be an object, found: {given}."
        yield Wrong(place, message, given.node)
        return
    for name, field in type_.fields.items():
        if name in fields:
            yield from wrongs(fields[name], field.type, f"{place}.{name}")
        elif is_required_input_field(field):
            message = f"Expected value of type '{type_}' to include required field '{name}', found: {given}."
            yield Wrong(place, message, given.node)
    for name, one in fields.items():
        if name not in type_.fields:
            yield Wrong(place, _unknown_field(type_, name, given), one.field)
    if type_.is_one_of:
        known = {name: one for name, one in fields.items() if name in type_.fields}
        yield from _of_one_of(given, type_, place, known)


def _of_one_of(
    given: Given, type_: GraphQLInputObjectType, place: str, known: Mapping[str, Given]
) -> Iterator[Wrong]:
    message = (
        f"Within OneOf Input Object type '{type_}', exactly one field must be specified, and the value for "
        "that field must be non-null."
    )
    if len(known) != 1:
        yield Wrong(place, message, given.node)
    elif any(one.is_null for one in known.values()):
        (name,) = known
        yield Wrong(f"{place}.{name}", message, known[name].node)


def _unknown_field(type_: GraphQLInputObjectType, name: str, given: Given) -> str:
    suggestion = _suggestion(name, type_.fields)
    return (
        f"Expected value of type '{type_}' not to include unknown field '{name}'"
        f"{f'.{suggestion} Found' if suggestion else ', found'}: {given}."
    )


def _unknown_value(type_: GraphQLEnumType, name: str) -> str | None:
    if name in type_.values:
        return None
    suggestion = _suggestion(name, type_.values, "the enum value ")
    return f"Value {json_text(name)} does not exist in '{type_}' enum.{suggestion}"


def _unfit(type_: GraphQLLeafType, given: Given) -> str:
    return f"Expected value of type '{type_}', found: {given}."


def _suggestion(name: str, names: Iterable[str], what: str = "") -> str:
    similar = suggestion_list(name, list(names))[:MOST_SUGGESTIONS]
    return f" Did you mean {what}{or_list([json_text(one) for one in similar])}?" if similar else ""


class ValuesRule(ValidationRule):
    """Checks literals as graphql-core's ValuesOfCorrectTypeRule does, and names the path of a fault."""

    def enter_argument(self, node: ArgumentNode, *_: object) -> None:
        """Check the value of an argument of a field or directive."""
        argument, name = self.context.get_argument(), node.name.value
        if argument is not None:
            self._check(node.value, argument.type, name, f"Argument '{name}' has invalid value")

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: object) -> None:
        """Check the default of a variable."""
        type_, name = type_from_ast(self.context.schema, node.type), f"${node.variable.name.value}"
        if node.default_value is not None and is_input_type(type_):
            self._check(node.default_value, type_, name, f"Variable '{name}' has invalid default value")

    def _check(self, node: ValueNode, type_: GraphQLInputType, root: str, what: str) -> None:
        for wrong in wrongs(_Literal(node), type_, root):
            self.report_error(GraphQLError(f"{what}{wrong.at(root)}: {wrong.message}", wrong.node))


def replace_values_rule(rules: Iterable[type[Any]]) -> tuple[type[Any], ...]:
    """Return the rules with ValuesRule in the place of graphql-core's own."""
    return tuple(ValuesRule if rule is ValuesOfCorrectTypeRule else rule for rule in rules)


def variable_errors(
    schema: GraphQLSchema, operation: OperationDefinitionNode, given: Mapping[str, object], most: int
) -> list[GraphQLError]:
    """Return what is wrong with the variables of an operation that graphql-core refused."""
    found = _variable_errors(schema, operation, given)
    errors = list(islice(found, most))
    if next(found, None) is not None:
        errors.append(GraphQLError(_TOO_MANY))
    return errors


def _variable_errors(
    schema: GraphQLSchema, operation: OperationDefinitionNode, given: Mapping[str, object]
) -> Iterator[GraphQLError]:
    for node in operation.variable_definitions or ():
        name, type_ = node.variable.name.value, type_from_ast(schema, node.type)
        if not is_input_type(type_):
            continue
        if name in given:
            for wrong in wrongs(_Json(given[name]), type_, f"${name}"):
                where = wrong.at(f"${name}")
                yield GraphQLError(f"Variable '${name}' has invalid value{where}: {wrong.message}", node)
        elif is_non_null_type(type_) and node.default_value is None:
            message = f"Expected a value of non-null type '{type_}' to be provided."
            yield GraphQLError(f"Variable '${name}' has invalid value: {message}", node)


_PLACE = re.compile(r"^Argument '(\w+)' has invalid value at (?=[.[])")


def in_graphql_words(message: str) -> str:
    """Return the message about an argument with an invalid variable in the form of all others."""
    if message.endswith("not to be None."):
        message = f"{message.removesuffix('not to be None.')}{_NOT_NULL}"
    return _PLACE.sub(r"Argument '\1' has invalid value at \1", message)
