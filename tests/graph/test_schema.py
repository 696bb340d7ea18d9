"""What the graph promises: the committed SDL is the server's, and it says what everything is for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    build_schema,
    get_introspection_query,
    get_named_type,
    introspection_from_schema,
    is_introspection_type,
    is_specified_scalar_type,
)

from schema.graph import graph
from schema.scalars import SCALARS
from tests.graph.client import Client
from tests.project.repository import ROOT

SDL = (ROOT / "schema" / "schema.graphql").read_text(encoding="utf-8")

OURS = [
    known
    for known in graph._schema.type_map.values()
    if not is_introspection_type(known) and not is_specified_scalar_type(known)
]
"""The types that GraphQL does not bring itself."""


def by_name(introspection: Any) -> Any:  # noqa: ANN401 - JSON
    """An introspection in which order means nothing."""
    if isinstance(introspection, dict):
        return {name: by_name(value) for name, value in introspection.items()}
    if isinstance(introspection, list):
        return sorted((by_name(item) for item in introspection), key=lambda item: str(item["name"]))
    return introspection


def test_the_committed_sdl_is_the_schemas() -> None:
    assert graph.as_str().strip() == SDL.strip()


async def test_a_client_is_told_what_the_committed_sdl_says(client: Client) -> None:
    question = get_introspection_query(input_value_deprecation=True)

    told = (await client.ask(question))["__schema"]

    said = introspection_from_schema(build_schema(SDL), specified_by_url=False, one_of=False)["__schema"]
    assert by_name(told["types"]) == by_name(said["types"])
    for root in ("queryType", "mutationType", "subscriptionType"):
        assert told[root] == said[root]


async def test_a_client_is_told_which_inputs_take_exactly_one_field(client: Client) -> None:
    told = (await client.ask("{ __schema { types { name isOneOf } } }"))["__schema"]["types"]

    assert {known["name"] for known in told if known["isOneOf"]} == set(
        re.findall(r"input (\w+) @oneOf", SDL)
    )


def described(known: GraphQLNamedType) -> Iterator[tuple[str, str | None]]:
    """Everything in a type that has a name, and what it says of itself."""
    yield known.name, known.description
    if isinstance(known, GraphQLEnumType):
        yield from ((f"{known.name}.{name}", value.description) for name, value in known.values.items())
    if isinstance(known, GraphQLInputObjectType):
        yield from ((f"{known.name}.{name}", given.description) for name, given in known.fields.items())
    if isinstance(known, GraphQLObjectType | GraphQLInterfaceType):
        for name, field in known.fields.items():
            yield f"{known.name}.{name}", field.description
            for argument, asked in field.args.items():
                yield f"{known.name}.{name}({argument}:)", asked.description


def test_everything_says_what_it_is_for() -> None:
    silent = [name for known in OURS for name, said in described(known) if not (said or "").strip()]

    assert silent == []


@pytest.mark.parametrize("definition", SCALARS.values(), ids=lambda definition: definition.name)
def test_a_scalar_is_read_and_written_by_us(definition: Any) -> None:  # noqa: ANN401 - Strawberry's
    assert graph._schema.type_map[definition.name] is definition.implementation


def test_there_are_no_other_scalars() -> None:
    scalars = {known.name for known in OURS if isinstance(known, GraphQLScalarType)}

    assert scalars == {definition.name for definition in SCALARS.values()}


def test_a_quantity_is_never_a_float() -> None:
    floats = [
        f"{known.name}.{name}"
        for known in OURS
        if isinstance(known, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType)
        for name, field in known.fields.items()
        if "Float" in str(field.type)
    ]

    assert floats == ["UsageBalance.percentUsed"]


def test_every_payload_tells_problems_and_names_its_write() -> None:
    mutations = graph._schema.mutation_type
    assert mutations is not None

    for name, field in mutations.fields.items():
        payload = graph._schema.type_map[str(get_named_type(field.type))]
        assert isinstance(payload, GraphQLObjectType)
        assert [implemented.name for implemented in payload.interfaces] == ["Payload"], name
        assert str(payload.fields["userErrors"].type) == "[UserError!]!"


def test_what_a_refused_act_would_have_shown_may_be_missing() -> None:
    payloads = [
        known
        for known in OURS
        if isinstance(known, GraphQLObjectType) and "Payload" in {i.name for i in known.interfaces}
    ]

    never_missing = [
        f"{known.name}.{name}: {field.type}"
        for known in payloads
        for name, field in known.fields.items()
        if str(field.type).endswith("!") and not re.fullmatch(r"\[\w+!\]!|Boolean!|Int!", str(field.type))
    ]

    assert never_missing == []
