"""Input types with @oneOf, as graphql-core knows them.

Strawberry prints the directive, but checks it in code of its own, which raises where graphql-core expects a
value, names no position, and cannot read documents with fragments. graphql-core does all of that.
"""

from graphql import GraphQLInputObjectType, GraphQLSchema
from strawberry.schema.schema_converter import GraphQLCoreConverter


def settle_one_of(schema: GraphQLSchema) -> None:
    """Let graphql-core check every input type with @oneOf."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            known = kind.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
            if known is not None and known.is_one_of:
                kind.is_one_of = True
                kind.out_type = GraphQLInputObjectType.out_type  # type: ignore[method-assign]
