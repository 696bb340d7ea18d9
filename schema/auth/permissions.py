"""Permission checks: wraps the resolvers of the finished schema by the table of permissions.

The tables are in rules/auth/permissions.py. A wrapped resolver runs only for permitted viewers, so that
nothing hidden is read.
"""

from collections.abc import Callable
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    get_named_type,
)
from graphql.execution import default_field_resolver

from resolvers.context import Context
from resolvers.paging import Page
from rules.auth.permissions import (
    HIDDEN_FROM_SOME,
    MUTATIONS,
    QUERIES,
    SUBSCRIPTIONS,
    Permission,
    Viewer,
    refusal,
    substitute,
)
from schema.connections import Connection

Resolve = Callable[..., Any]
Asked = GraphQLResolveInfo[Context]


def forbidden(reason: str) -> GraphQLError:
    """Return the error for a viewer without permission; the caller raises it."""
    return GraphQLError(reason, extensions={"code": "FORBIDDEN"})


def guard(schema: GraphQLSchema) -> None:
    """Require a permission for every root field, and for every field that not all viewers may see.

    Raises KeyError where the table and the schema differ in a root field or a type.
    """
    for root, table in (
        (schema.query_type, QUERIES),
        (schema.mutation_type, MUTATIONS),
        (schema.subscription_type, SUBSCRIPTIONS),
    ):
        for name, field in (root.fields if root is not None else {}).items():
            _admit(field, table[name])
    for place in {place: None for table, _ in HIDDEN_FROM_SOME for place in table}:
        kind, _, name = place.partition(".")
        known = schema.type_map[kind]
        if isinstance(known, GraphQLObjectType):
            _replace(known.fields[name], place)


def _admit(field: GraphQLField, permission: Permission) -> None:
    if field.subscribe is not None:
        field.subscribe = _admitting(field.subscribe, permission)
    else:
        field.resolve = _admitting(field.resolve or default_field_resolver, permission)


def _admitting(ask: Resolve, permission: Permission) -> Resolve:
    def asked(source: object, info: Asked, **arguments: object) -> object:
        refused = refusal(_viewer(info), permission, arguments)
        if refused is not None:
            raise forbidden(refused)
        return ask(source, info, **arguments)

    return asked


def _replace(field: GraphQLField, place: str) -> None:
    ask = field.resolve or default_field_resolver

    def shown(source: object, info: Asked, **arguments: object) -> object:
        hidden = substitute(_viewer(info), place)
        if hidden is None:
            return ask(source, info, **arguments)
        return _no_page() if _is_connection(field) else hidden[0]

    field.resolve = shown


def _is_connection(field: GraphQLField) -> bool:
    return get_named_type(field.type).name.endswith("Connection")


def _no_page() -> Connection[object]:
    return Connection.showing(
        Page(items=(), cursors=(), has_previous=False, has_next=False, total=0), lambda item: item
    )


def _viewer(info: Asked) -> Viewer:
    return info.context.viewer
