"""The compiler: an operation as closures that handle success only.

If anything goes wrong, graphql-core receives what the root fields resolved to and computes the answer itself.
So error handling and null propagation stay in one place, graphql-core.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    Undefined,
    VariableNode,
    Visitor,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    visit,
)
from graphql.execution.collect_fields import (
    FieldDetails,
    FragmentDetails,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues
from graphql.pyutils import Path

from resolvers.context import Context
from schema.fast_resolvers import Reading, definition_of
from server.execution.compiled.arguments import (
    NO_VARIABLES,
    CannotCompile,
    Variables,
    arguments_of,
    variables_of,
)


@dataclass(frozen=True, slots=True)
class CompiledRun:
    """A compiled operation with its context and variables."""

    plan: CompiledOperation
    context: Context
    variables: VariableValues


Resolve = Callable[..., Any]
Complete = Callable[[Any, CompiledRun], Any]
"""Turns a resolved value into its part of the answer; raises if it is not plain."""


_DESCRIPTION: Any = GraphQLResolveInfo
"""The info that resolvers receive; ours use nothing but its context."""


@dataclass(frozen=True, slots=True)
class ResolvedRoots:
    """What the root fields of an operation resolved to or raised, by their names in the answer."""

    values: dict[str, Any] = field(default_factory=dict)
    raised: dict[str, Exception] = field(default_factory=dict)

    def resolve(
        self, ask: Resolve, source: object, info: GraphQLResolveInfo[Context], **given: object
    ) -> object:
        """Resolve a field as it was resolved before: graphql-core calls this as its middleware."""
        if info.path.prev is None:
            if info.path.key in self.raised:
                raise self.raised[str(info.path.key)]
            if info.path.key in self.values:
                return self.values[str(info.path.key)]
        return ask(source, info, **given)


@dataclass(frozen=True, slots=True)
class _Root:
    """A root field."""

    name: str
    ask: Callable[[CompiledRun], Any]
    is_async: bool
    complete: Complete

    async def resolve(self, asked: CompiledRun, resolved: ResolvedRoots) -> None:
        try:
            value = self.ask(asked)
            resolved.values[self.name] = await value if self.is_async else value
        except Exception as error:  # noqa: BLE001 - graphql-core is told of it
            resolved.raised[self.name] = error


@dataclass(frozen=True, slots=True)
class CompiledOperation:
    """A compiled operation."""

    variables: Variables
    _roots: tuple[_Root, ...]

    async def run(self, asked: CompiledRun, resolved: ResolvedRoots) -> dict[str, Any] | None:
        """Return the data of the answer; None if graphql-core must continue from what is resolved."""
        answered: dict[str, Any] = {}
        try:
            for root in self._roots:
                await root.resolve(asked, resolved)
                answered[root.name] = root.complete(resolved.values[root.name], asked)
        except Exception:  # noqa: BLE001 - whatever it is, graphql-core comes upon it again
            return None
        return answered


def compile_operation(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> CompiledOperation | None:
    """Compile a valid operation; None if it uses something that the compiler does not support.

    That is directives, introspection, interfaces, fields below the root that wait for something, and
    subscriptions.
    """
    root = schema.get_root_type(operation.operation)
    if root is None or operation.operation is OperationType.SUBSCRIPTION:
        return None
    try:
        return _Compiler(schema, document, operation).plan(root)
    except CannotCompile:
        return None


class _Compiler:
    """Compiles one operation."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
    ) -> None:
        visit(document, _Directives())
        self._schema = schema
        self._operation = operation
        self._definitions = {
            one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
        }
        self._fragments = {name: FragmentDetails(one) for name, one in self._definitions.items()}

    def plan(self, root: GraphQLObjectType) -> CompiledOperation:
        collected = collect_fields(self._schema, self._fragments, NO_VARIABLES, root, self._operation)
        roots = [self._root(root, name, details) for name, details in collected.grouped_field_set.items()]
        # Those of a query that wait do so at the same time, and what is told of their errors depends on it.
        if (
            self._operation.operation is OperationType.QUERY
            and len(roots) > 1
            and any(one.is_async for one in roots)
        ):
            raise CannotCompile
        return CompiledOperation(variables_of(self._schema, self._operation), tuple(roots))

    def _root(self, root: GraphQLObjectType, name: str, details: list[FieldDetails]) -> _Root:
        known = self._field(root, details)
        if known is None:
            return _Root(name, lambda _: root.name, is_async=False, complete=lambda value, _: value)
        ask = self._asking(root, name, known, details)
        definition = definition_of(known)
        is_async = definition is not None and definition.is_async
        return _Root(name, lambda asked: ask(None, asked), is_async, self._completing(known.type, details))

    def _field(self, parent: GraphQLObjectType, details: list[FieldDetails]) -> GraphQLField | None:
        """Return the compiled field; None for __typename."""
        name = details[0].node.name.value
        if name == "__typename":
            return None
        if name.startswith("__"):
            raise CannotCompile
        known: GraphQLField = parent.fields[name]
        return known

    def _asking(
        self, parent: GraphQLObjectType, name: str, known: GraphQLField, details: list[FieldDetails]
    ) -> Callable[[Any, CompiledRun], Any]:
        """Compile the resolver of a field."""
        resolve = known.resolve
        if isinstance(resolve, Reading):
            read = resolve.read
            return lambda source, _: read(source)
        if resolve is None:
            raise CannotCompile
        arguments = arguments_of(known, details[0].node)
        describe = self._describing(parent, name, known, [detail.node for detail in details])
        return lambda source, asked: resolve(source, describe(asked), **arguments(asked.variables))

    def _describing(
        self, parent: GraphQLObjectType, name: str, known: GraphQLField, nodes: list[FieldNode]
    ) -> Callable[[CompiledRun], object]:
        """Compile the info of a resolver; none of ours uses its path in the answer."""
        before = (nodes[0].name.value, nodes, known.type, parent, Path(None, name, parent.name))
        of_all = (self._schema, self._definitions, None, self._operation)

        def describe(asked: CompiledRun) -> object:
            return _DESCRIPTION(
                *before, *of_all, asked.variables, asked.context, asyncio.iscoroutine, None, None
            )

        return describe

    def _completing(self, type_: GraphQLOutputType, details: list[FieldDetails]) -> Complete:
        if is_non_null_type(type_):
            return _required(self._completing(type_.of_type, details))
        if is_list_type(type_):
            return _each(self._completing(type_.of_type, details))
        if is_leaf_type(type_):
            return _leaf(type_)
        if is_object_type(type_):
            return self._object(type_, details)
        raise CannotCompile

    def _object(self, type_: GraphQLObjectType, details: list[FieldDetails]) -> Complete:
        selected = collect_subfields(
            self._schema, self._fragments, NO_VARIABLES, self._operation, type_, details
        )
        fields = [(name, self._below(type_, name, ones)) for name, ones in selected.grouped_field_set.items()]
        is_type_of: Callable[..., Any] | None = type_.is_type_of

        def complete(value: Any, asked: CompiledRun) -> Any:  # noqa: ANN401 - whatever the field shows
            if value is None:
                return None
            if isinstance(value, Exception) or (is_type_of is not None and not is_type_of(value, None)):
                raise CannotCompile
            return {name: field(value, asked) for name, field in fields}

        return complete

    def _below(self, parent: GraphQLObjectType, name: str, details: list[FieldDetails]) -> Complete:
        known = self._field(parent, details)
        if known is None:
            return lambda _source, _asked: parent.name
        definition = definition_of(known)
        if definition is None or definition.is_async:
            raise CannotCompile
        complete = self._completing(known.type, details)
        if isinstance(known.resolve, Reading):
            read = known.resolve.read
            return lambda source, asked: complete(read(source), asked)
        ask = self._asking(parent, name, known, details)
        return lambda source, asked: complete(ask(source, asked), asked)


class _Directives(Visitor):
    """Stops at directives that depend on variables."""

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        """Accept @skip and @include with a constant."""
        known = node.name.value in {"skip", "include"}
        if not known or any(isinstance(argument.value, VariableNode) for argument in node.arguments or ()):
            raise CannotCompile


def _required(complete: Complete) -> Complete:
    def required(value: Any, asked: CompiledRun) -> Any:  # noqa: ANN401 - whatever the field shows
        completed = complete(value, asked)
        if completed is None:
            raise CannotCompile
        return completed

    return required


def _each(complete: Complete) -> Complete:
    def each(value: Any, asked: CompiledRun) -> Any:  # noqa: ANN401 - whatever the field shows
        if value is None:
            return None
        if not isinstance(value, list | tuple):
            raise CannotCompile
        return [complete(item, asked) for item in value]

    return each


def _leaf(type_: GraphQLLeafType) -> Complete:
    coerce = (
        lru_cache(type_.coerce_output_value)
        if isinstance(type_, GraphQLEnumType)
        else type_.coerce_output_value
    )

    def leaf(value: Any, _asked: CompiledRun) -> Any:  # noqa: ANN401 - whatever the field shows
        if value is None:
            return None
        coerced = coerce(value)
        if coerced is None or coerced is Undefined or isinstance(value, Exception):
            raise CannotCompile
        return coerced

    return leaf
