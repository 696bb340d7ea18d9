"""Documents at random: most fit the schema, with arguments that are often strange, and some fit nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
)

from schema.graph import graph
from tests.web.http.values_at_random import FITTING, SCALARS, STRANGE, literal

DEEPEST = 7
WIDEST = 5


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable, as every operation that uses it declares it, and what is sent for it."""

    type: str
    default: str | None
    value: Any

    @property
    def declared(self) -> str:
        """What follows its name."""
        return self.type if self.default is None else f"{self.type} = {self.default}"


LEFT_OUT = object()
"""The value of a variable for which nothing is sent."""


def has_one_of(given: GraphQLArgument | GraphQLInputField) -> bool:
    """Tell whether there is a @oneOf input in the type of an argument or a field."""
    named = get_named_type(given.type)
    return isinstance(named, GraphQLInputObjectType) and (
        named.is_one_of or any(map(has_one_of, named.fields.values()))
    )


BOOLEAN = GraphQLNonNull(GraphQLBoolean)


class Writer:
    """Writes one document, and the variables that go with it."""

    def __init__(
        self, random: Random, *, strangeness: float = 0.05, spoils: bool = True, deepest: int = DEEPEST
    ) -> None:
        self._random = random
        self._deepest = deepest
        self._strangeness = strangeness
        self._spoils = spoils
        self._scalars = SCALARS if spoils else FITTING
        self._variables: dict[str, Variable] = {}
        self._fragments: dict[str, str] = {}
        self._fields = count()

    def request(self) -> dict[str, Any]:
        """Write what is sent."""
        names = [f"Q{number}" for number in range(self._random.choice([1, 1, 1, 2, 3]))]
        selections = {name: self._operation() for name in names}
        operations = [
            f"{kind} {name}{self._head(selected)} {selected}" for name, (kind, selected) in selections.items()
        ]
        definitions = [*operations, *self._fragments.values()]
        if self._now_and_then():
            self._random.shuffle(definitions)
        named = {"operationName": self._random.choice(names)} if len(names) > 1 else {}
        variables = {name: one.value for name, one in self._variables.items() if one.value is not LEFT_OUT}
        return {
            "query": self._spoiled(" ".join(definitions)),
            "variables": variables,
            **named,
            **self._extras(),
        }

    def _operation(self) -> tuple[str, str]:
        kind = self._random.choice(["query", "query", "mutation"])
        root = graph.core.query_type if kind == "query" else graph.core.mutation_type
        assert root is not None
        return kind, self._selection(root, 1)

    def _head(self, selected: str) -> str:
        """Declare the variables that a selection uses, with the fragments that it spreads."""
        texts, spread = [selected], set[str]()
        while names := set(re.findall(r"\.\.\.(F\d+)", " ".join(texts))) - spread:
            spread |= names
            texts += [self._fragments[name] for name in names]
        used = dict.fromkeys(re.findall(r"\$(v\d+)", " ".join(texts)))
        declared = ", ".join(f"${name}: {self._variables[name].declared}" for name in used)
        return f" ({declared})" if declared else ""

    def _extras(self) -> dict[str, Any]:
        if not self._spoils or not self._now_and_then():
            return {}
        name = self._random.choice(["operationName", "extensions", "documentId", "variables", "id"])
        return {name: self._random.choice([*STRANGE, "Q", {"persistedQuery": {"sha256Hash": "0"}}])}

    def _spoiled(self, text: str) -> str:
        if not self._spoils or not self._now_and_then():
            return text
        place = self._random.randrange(len(text) + 1)
        end = place + self._random.choice([0, 0, 1, 5])
        return (
            text[:place]
            + self._random.choice(["{", "}", "(", '"', "$", "@", "...", "\ud800", "#", ""])
            + text[end:]
        )

    def _now_and_then(self) -> bool:
        return self._random.random() < 0.1

    def _selection(self, parent: GraphQLNamedType, depth: int) -> str:
        fields = list(getattr(parent, "fields", {}).items())
        if depth == 1 and self._random.random() < 0.4:
            # Few fields have them, and they are easily got wrong.
            fields = [one for one in fields if any(map(has_one_of, one[1].args.values()))] or fields
        widest = self._random.choice([1, WIDEST]) if depth == 1 else WIDEST
        picked = self._random.sample(fields, min(len(fields), self._random.randint(1, widest)))
        parts = [self._field(name, field, depth) for name, field in picked]
        if is_abstract_type(parent):
            parts.extend(self._narrowed(parent, depth))
        selected = "{ " + " ".join(["__typename", *filter(None, parts)]) + " }"
        return f"{{ {self._spread(parent, selected)} }}" if self._now_and_then() else selected

    def _narrowed(self, parent: Any, depth: int) -> Sequence[str]:  # noqa: ANN401 - what has possible types
        possible: GraphQLObjectType = self._random.choice(graph.core.get_possible_types(parent))
        selected = self._selection(possible, depth + 1) if depth < self._deepest else "{ __typename }"
        if self._now_and_then():
            return [self._spread(possible, selected)]
        return [f"... on {possible.name}{self._directive()} {selected}"]

    def _spread(self, on: GraphQLNamedType, selected: str) -> str:
        name = f"F{len(self._fragments)}"
        self._fragments[name] = f"fragment {name} on {on.name} {selected}"
        return f"...{name}{self._directive()}"

    def _directive(self) -> str:
        if self._random.random() > 0.03:
            return ""
        return f" @{self._random.choice(['include', 'skip'])}(if: {self._written(BOOLEAN, 0)})"

    def _field(self, name: str, field: GraphQLField, depth: int) -> str:
        of = get_named_type(field.type)
        if not is_leaf_type(of) and depth >= self._deepest:
            return ""
        given = [self._argument(*one) for one in field.args.items() if self._is_given(one[1])]
        # Fields with arguments have names of their own, lest two of them be in each other's way.
        alias = f"a{next(self._fields)}: " if given or self._now_and_then() else ""
        arguments = f"({', '.join(given)})" if given else ""
        selected = "" if is_leaf_type(of) else self._selection(of, depth + 1)
        return f"{alias}{name}{arguments}{self._directive()} {selected}"

    def _argument(self, name: str, argument: GraphQLArgument) -> str:
        return f"{name}: {self._written(argument.type, 0)}"

    def _written(self, type_: GraphQLInputType, depth: int, *, alone: bool = False) -> str:
        """Write a value into a document, or a variable for it; ``alone`` in a field of a @oneOf input."""
        if self._random.random() < (0.2 if depth and not alone else 0.5):
            return self._variable(type_, alone=alone)
        return self._literal(type_, depth)

    def _literal(self, type_: GraphQLInputType, depth: int) -> str:
        if self._random.random() < self._strangeness:
            return literal(self._random.choice(STRANGE), type_)
        if is_non_null_type(type_):
            type_ = type_.of_type
        elif self._now_and_then():
            return "null"
        if is_list_type(type_):
            return self._list(type_.of_type, depth)
        if isinstance(type_, GraphQLInputObjectType):
            fields = self._filled(type_, depth)
            alone = type_.is_one_of
            inner = (
                f"{name}: {self._written(one.type, depth + 1, alone=alone)}" for name, one in fields.items()
            )
            return "{" + ", ".join(inner) + "}"
        if str(type_) == "JSON" and self._random.random() < 0.5:
            return f'{{a: {self._variable(GraphQLString)}, b: ["x", {self._variable(BOOLEAN)}]}}'
        return literal(self._leaf(type_), type_)

    def _list(self, of: GraphQLInputType, depth: int) -> str:
        if self._now_and_then():
            # A list takes a value that is none as its only item.
            return self._literal(of, depth + 1)
        items = (self._written(of, depth + 1) for _ in range(self._random.randint(0, 3)))
        return f"[{', '.join(items)}]"

    def _variable(self, type_: GraphQLInputType, *, alone: bool = False) -> str:
        """Use a variable, mostly a new one: of this type, stricter, or looser with a default."""
        strict = str(GraphQLNonNull(get_nullable_type(type_)))
        fitting = {strict} if alone else {strict, str(type_)}
        known = [name for name, one in self._variables.items() if one.declared in fitting]
        if known and self._random.random() < 0.3:
            return f"${self._random.choice(known)}"
        name = f"v{len(self._variables)}"
        self._variables[name] = self._new_variable(type_, alone=alone)
        return f"${name}"

    def _new_variable(self, type_: GraphQLInputType, *, alone: bool) -> Variable:
        inner: Any = get_nullable_type(type_)
        of: Any = GraphQLList(GraphQLNonNull(inner.of_type)) if self._has_loose_items(inner) else inner
        value = LEFT_OUT if self._random.random() < 0.15 else self._value(of, 0)
        chance = self._random.random()
        if chance < 0.2:
            # It may stand where null may not; and yet null can be sent for it.
            return Variable(
                str(of),
                literal(self._value(GraphQLNonNull(of) if is_non_null_type(type_) else of, 0), of),
                value,
            )
        is_strict = chance > 0.25 and (alone or is_non_null_type(type_) or chance < 0.4)
        return Variable(f"{of}!" if is_strict else str(of), None, value)

    def _has_loose_items(self, type_: GraphQLInputType) -> bool:
        return is_list_type(type_) and not is_non_null_type(type_.of_type) and self._now_and_then()

    def _value(self, type_: GraphQLInputType, depth: int) -> Any:  # noqa: ANN401 - JSON
        if self._random.random() < self._strangeness:
            return self._random.choice(STRANGE)
        if is_non_null_type(type_):
            type_ = type_.of_type
        elif self._now_and_then():
            return None
        if is_list_type(type_):
            if self._now_and_then():
                return self._value(type_.of_type, depth + 1)
            return [self._value(type_.of_type, depth + 1) for _ in range(self._random.randint(0, 3))]
        if isinstance(type_, GraphQLInputObjectType):
            filled = self._filled(type_, depth)
            return {name: self._value(field.type, depth + 1) for name, field in filled.items()}
        return self._leaf(type_)

    def _leaf(self, type_: GraphQLInputType) -> Any:  # noqa: ANN401 - JSON
        if isinstance(type_, GraphQLEnumType):
            return self._random.choice(list(type_.values))
        return self._scalars[str(type_)](self._random)

    def _filled(self, type_: GraphQLInputObjectType, depth: int) -> dict[str, GraphQLInputField]:
        fields = list(type_.fields.items())
        if type_.is_one_of and self._random.random() > self._strangeness:
            return dict([self._random.choice(fields)])
        return {name: field for name, field in fields if self._is_filled(field, depth)}

    def _is_filled(self, field: GraphQLInputField, depth: int) -> bool:
        return is_required_input_field(field) or self._random.random() < (0.6 if depth < 3 else 0.2)

    def _is_given(self, argument: GraphQLArgument) -> bool:
        return is_required_argument(argument) or self._random.random() < 0.5
