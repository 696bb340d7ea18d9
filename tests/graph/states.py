"""What a cache keeps that normalises answers: one state for each global id, whatever was asked."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    execute,
    get_named_type,
    parse,
    validate,
)

from resolvers.context import Context
from tests.graph.whole_schema import SCHEMA

ARGUMENTS = {
    "Customer.access": '(feature: "calls", requested: "3")',
    "Customer.creditBalance": '(creditType: "ai")',
    "Customer.creditLedger": '(creditType: "ai")',
    "Customer.customEntitlements": "(includeExpired: true)",
    "Customer.reservations": "(status: null)",
    "Customer.subscriptions": "(includeEnded: true)",
    "Customer.usage": '(feature: "calls", from: "2026-03-01T00:00:00Z", to: "2026-03-03T00:00:00Z")',
}
"""What is said where something has to be, and where that shows more."""

REPEATED = ("edges",)
"""Fields that show once more what another shows."""

_NODE = SCHEMA.type_map["Node"]
assert isinstance(_NODE, GraphQLInterfaceType)
KINDS = SCHEMA.get_implementations(_NODE).objects
"""Every type that has global ids."""

REFERENCE = "{ __typename ... on Node { id } }"


def selection(known: GraphQLNamedType, nodes: int, path: tuple[str, ...] = ()) -> str:
    """Ask all of a type, through ``nodes`` things with ids, and of those behind them the id alone."""
    if isinstance(known, GraphQLScalarType | GraphQLEnumType):
        return ""
    if _is_node(known):
        if nodes == 0:
            return REFERENCE
        nodes, path = nodes - 1, ()
    if isinstance(known, GraphQLInterfaceType):
        kinds = SCHEMA.get_implementations(known).objects
        return f"{{ __typename {' '.join(_on(kind, nodes, path) for kind in kinds)} }}"
    assert isinstance(known, GraphQLObjectType)
    return f"{{ __typename {' '.join(_fields(known, nodes, path))} }}"


def _is_node(known: GraphQLNamedType) -> bool:
    own = isinstance(known, GraphQLObjectType | GraphQLInterfaceType) and _NODE in known.interfaces
    return own or known is _NODE


def _on(kind: GraphQLObjectType, nodes: int, path: tuple[str, ...]) -> str:
    return f"... on {kind.name} {{ {' '.join(_fields(kind, nodes, path, alias=True))} }}"


def _fields(
    known: GraphQLObjectType, nodes: int, path: tuple[str, ...], *, alias: bool = False
) -> Iterator[str]:
    for name, shown in known.fields.items():
        inner = get_named_type(shown.type)
        if name in REPEATED or inner.name in path:
            continue
        asked = f"{name}{ARGUMENTS.get(f'{known.name}.{name}', '')}"
        # Kinds of one interface have fields of one name and another type.
        prefix = f"{known.name}_{name}: " if alias else ""
        yield f"{prefix}{asked} {selection(inner, nodes, (*path, known.name))}"


NODES = f"""query ($ids: [ID!]!) {{
  nodes(ids: $ids) {{ __typename {" ".join(_on(kind, 0, ()) for kind in KINDS)} }}
}}"""
"""Asks for nodes, all that each of them is."""


@cache
def prepared(document: str) -> DocumentNode:
    """Parse a document, once."""
    parsed = parse(document)
    assert validate(SCHEMA, parsed) == []
    return parsed


@dataclass(frozen=True)
class Asking:
    """A back end that asks without a limit on how much."""

    context: Context

    async def __call__(self, document: str, **variables: object) -> ExecutionResult:
        """Give an answer as it would be sent."""
        context = Context(services=self.context.services, viewer=self.context.viewer)
        answer = execute(SCHEMA, prepared(document), context_value=context, variable_values=variables)
        result = answer if isinstance(answer, ExecutionResult) else await answer
        return ExecutionResult(json.loads(json.dumps(result.data)), result.errors)

    async def answered(self, document: str, **variables: object) -> Any:  # noqa: ANN401 - JSON
        """Give the data of an answer without errors."""
        answer = await self(document, **variables)
        assert not answer.errors, answer.errors
        return answer.data


def marks(id_: str) -> str:
    """What an id says about where the state is told from; nothing for the present."""
    kind = str(json.loads(base64.urlsafe_b64decode(id_ + "=" * (-len(id_) % 4)))[0])
    return kind.removeprefix(kind.split("?", maxsplit=1)[0].split("@", maxsplit=1)[0])


@dataclass
class Store:
    """The states that were told, by id."""

    states: dict[str, dict[str, object]] = field(default_factory=dict)

    def take(self, answer: Any) -> object:  # noqa: ANN401 - JSON
        """Keep what an answer tells, and give it with ids in place of what has them; one id, one state."""
        if isinstance(answer, list):
            return [self.take(item) for item in answer]
        if not isinstance(answer, dict):
            return answer
        prefix = f"{answer.get('__typename')}_"
        told = {name.removeprefix(prefix): self.take(value) for name, value in answer.items()}
        if "id" not in told:
            return told
        id_ = str(told["id"])
        kept = self.states.setdefault(id_, {})
        for name, value in told.items():
            assert kept.setdefault(name, value) == value, (told["__typename"], marks(id_), name)
        return {"the one with the id": id_}

    async def follow(self, ask: Asking) -> None:
        """Ask for all that was heard of by its id: it is there, and as it was told, unless it is supposed."""
        asked: set[str] = set()
        while waiting := sorted(self.states.keys() - asked)[:100]:
            asked.update(waiting)
            found = (await ask.answered(NODES, ids=waiting))["nodes"]
            for id_, node in zip(waiting, found, strict=True):
                assert (node is None) == marks(id_).startswith("?"), (self.states[id_], marks(id_))
                if node is not None:
                    assert self.take(node) == {"the one with the id": id_}
