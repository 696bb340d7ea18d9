"""The door of every field that has one: the table of permissions, laid over the finished schema.

The tables are in rules/auth/permissions.py. What a field's resolver does is done only for whom the table
lets through; what is not to be seen is not even read.
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
    """The error of whoever may not; to be raised."""
    return GraphQLError(reason, extensions={"code": "FORBIDDEN"})


def guard(schema: GraphQLSchema) -> None:
    """Put every root field behind its permission, and every field that not all may see behind its own.

    KeyError for a root field, or a place, that the other side does not know.
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
