"""A schema that gives back what it was given, and shows what the scalars made of it inside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import strawberry
from graphql import GraphQLError, GraphQLScalarType
from strawberry.schema.config import StrawberryConfig

from schema.scalars import JSON, SCALARS, Quantity, Revision

Kept = TypeVar("Kept")

ONE = Quantity(1_000_000)

_received: list[object] = []


def _keep(value: Kept) -> Kept:
    _received[:] = [value]
    return value


@strawberry.input(name="Order")
class _Order:
    value: Quantity = ONE


@strawberry.type(name="Query")
class _Query:
    @strawberry.field
    def quantity(self, value: Quantity = ONE) -> Quantity:
        return _keep(value)

    @strawberry.field
    def order(self, input: _Order) -> Quantity:  # noqa: A002 - the argument's name in the graph
        return _keep(input.value)

    @strawberry.field
    def quantities(self, values: list[Quantity]) -> list[Quantity]:
        return _keep(values)

    @strawberry.field
    def instant(self, value: datetime) -> datetime:
        return _keep(value)

    @strawberry.field
    def json(self, value: JSON | None) -> JSON | None:
        return _keep(value)

    @strawberry.field
    def revision(self, value: Revision) -> Revision:
        return _keep(value)

    @strawberry.field
    def zoneless(self) -> datetime:
        return datetime(2026, 1, 1)  # noqa: DTZ001 - our own mistake, made on purpose


schema = strawberry.Schema(_Query, config=StrawberryConfig(scalar_map=SCALARS))

_TYPES = {"quantity": "Decimal!", "instant": "DateTime!", "json": "JSON", "revision": "Revision!"}


@dataclass(frozen=True)
class Answer:
    """What went out, what was given inside, and why it was refused."""

    shown: object
    kept: object
    refusal: str | None


def ask(document: str, **variables: object) -> Answer:
    """Ask a question of one field; what is refused is refused by a GraphQL error and no other."""
    _received.clear()
    result = schema.execute_sync(document, variable_values=variables)
    errors = result.errors or []
    assert all(isinstance(error.original_error, GraphQLError | None) for error in errors)
    return Answer(
        shown=next(iter((result.data or {}).values()), None),
        kept=_received[0] if _received else None,
        refusal=errors[0].message if errors else None,
    )


def ask_with_variable(field: str, value: object) -> Answer:
    """Give the value as a variable."""
    return ask(f"query Ask($value: {_TYPES[field]}) {{ {field}(value: $value) }}", value=value)


def ask_with_literal(field: str, literal: str) -> Answer:
    """Write the value in the document."""
    return ask(f"{{ {field}(value: {literal}) }}")


def assert_refused(answer: Answer, why: str) -> None:
    """Nothing reached the resolver, nothing was shown, and the refusal says why."""
    assert answer.kept is None
    assert answer.shown is None
    assert answer.refusal is not None
    assert why in answer.refusal


def scalar_of(kind: object) -> GraphQLScalarType:
    """The scalar that carries a Python type."""
    scalar = SCALARS[kind].implementation
    assert scalar is not None
    return scalar
