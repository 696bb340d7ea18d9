"""Variables and arguments are read as graphql-core reads them, wherever a document has a variable."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from random import Random
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLField,
    ListValueNode,
    Node,
    ObjectFieldNode,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    ValuesOfCorrectTypeRule,
    VariableNode,
    Visitor,
    parse,
    validate,
    visit,
)
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values
from hypothesis import event, given, settings
from hypothesis import strategies as st
from strawberry.types.arguments import convert_arguments

from schema.fast_resolvers import conversions, definition_of
from schema.graph import graph
from server.config.limits import Limits
from server.execution.compiled.arguments import CannotCompile, arguments_of, variables_of
from server.execution.documents import prepare
from server.input_errors import ValuesRule, variable_errors
from tests.profiles import FULL
from tests.web.http.documents_at_random import Writer

ROOMY = Limits(tokens=10**6, depth=100, aliases=10**6, root_fields=100, directives=10**6)

seeds = st.integers(0, 2**64)


def written(seed: int, strangeness: float = 0.02) -> Mapping[str, Any]:
    return Writer(Random(seed), strangeness=strangeness, spoils=False, deepest=3).request()


class Fields(Visitor):
    """Finds the fields of a document that have arguments."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self._info = info
        self.found: list[tuple[GraphQLField, FieldNode]] = []

    def enter_field(self, node: FieldNode, *_: object) -> None:
        field = self._info.get_field_def()
        if field is not None and field.args:
            self.found.append((field, node))


def fields_of(document: DocumentNode) -> list[tuple[GraphQLField, FieldNode]]:
    info = TypeInfo(graph.core)
    fields = Fields(info)
    visit(document, TypeInfoVisitor(info, fields))
    return fields.found


def outcome(read: Any, *given: Any) -> tuple[str, Any]:  # noqa: ANN401 - whatever reads
    """What is read, with its types, since 1 equals True; or the message of the refusal."""
    try:
        value = read(*given)
    except GraphQLError as error:
        return error.message, None
    return in_full(value), value


def in_full(value: object) -> str:
    """Write a value in which the order of fields means nothing."""
    match value:
        case dict():
            return f"{{{', '.join(sorted(f'{name}: {in_full(one)}' for name, one in value.items()))}}}"
        case list():
            return f"[{', '.join(map(in_full, value))}]"
        case _:
            return repr(value)


def read_alike(document: DocumentNode, node: OperationDefinitionNode, sent: Mapping[str, Any]) -> bool:
    """Read variables and arguments in both ways; tells whether there was something to read."""
    expected = get_variable_values(graph.core, node.variable_definitions or (), dict(sent), 20)
    if isinstance(expected, list):
        errors = variable_errors(graph.core, node, sent, 20)
        assert len(errors) == len(expected)
        assert all("$" in error.message for error in errors[:20])
        return False
    variables_alike(node, sent, expected)
    for field, one in fields_of(document):
        if used_in(one) <= expected.sources.keys():
            arguments_alike(field, one, expected)
    return True


def variables_alike(node: OperationDefinitionNode, sent: Mapping[str, Any], expected: VariableValues) -> None:
    try:
        read = variables_of(graph.core, node)
    except CannotCompile:  # of an input whose default is a list
        return
    taken = read(sent)
    assert in_full(taken.coerced) == in_full(expected.coerced)
    assert {name: one.value for name, one in taken.sources.items()} == {
        name: one.value for name, one in expected.sources.items()
    }


def used_in(node: FieldNode) -> set[str]:
    return {one.name.value for argument in node.arguments or () for one, _ in variables_in(argument, None)}


def variables_in(node: Node, parent: Node | None) -> Iterator[tuple[VariableNode, Node | None]]:
    if isinstance(node, VariableNode):
        yield node, parent
        return
    for key in node.keys:
        inner = getattr(node, key, None)
        for child in inner if isinstance(inner, Iterable) and not isinstance(inner, str) else [inner]:
            if isinstance(child, Node):
                yield from variables_in(child, node)


def arguments_alike(field: GraphQLField, node: FieldNode, values: VariableValues) -> None:
    read, expected = arguments_of(field, node), outcome(get_argument_values, field, node, values)
    assert outcome(read, values) == expected
    known = definition_of(field)
    if known is None or expected[1] is None:
        return
    # What reaches the resolver, too: left out and null are not the same there.
    made = convert_arguments(
        expected[1], known.arguments, graph.schema_converter.scalar_registry, graph.config
    )
    taken = read(values)
    ours = {to: make(taken[name]) for name, to, make in conversions(graph, field, known) if name in taken}
    assert in_full(ours) == in_full(made)


@settings(max_examples=2_000 if FULL else 100)
@given(seed=seeds)
def test_what_reaches_resolvers_is_what_graphql_core_and_strawberry_make_of_it(seed: int) -> None:
    request = written(seed)
    prepared = prepare(graph.core, request["query"], ROOMY)

    refused = [
        validate(graph.core, prepared.document, [rule]) for rule in (ValuesRule, ValuesOfCorrectTypeRule)
    ]
    assert len(refused[0]) == len(refused[1])
    event(f"valid: {not prepared.errors}")
    for node in prepared.document.definitions:
        if isinstance(node, OperationDefinitionNode) and not prepared.errors:
            event(f"read: {read_alike(prepared.document, node, request['variables'])}")


def places_of(document: DocumentNode) -> Iterator[str]:
    """Tell where the variables of a document stand."""
    for definition in document.definitions:
        yield from (type(parent).__name__ for _, parent in variables_in(definition, None))
        if not isinstance(definition, OperationDefinitionNode):
            yield from (f"{type(definition).__name__}: {name}" for name in ["variable"] if used(definition))


def used(node: Node) -> bool:
    return next(variables_in(node, None), None) is not None


def test_documents_at_random_have_variables_wherever_the_grammar_allows_one() -> None:
    requests = [written(seed, strangeness=0) for seed in range(2_000)]
    places = {place for one in requests for place in places_of(parse(one["query"]))}

    kinds = (ArgumentNode, ObjectFieldNode, ListValueNode)
    assert {kind.__name__ for kind in kinds} <= places
    assert "FragmentDefinitionNode: variable" in places
    texts = [one["query"] for one in requests]
    for sign in (
        "(if: $v",
        *("config: $v", "metered: $v", "credit: $v"),
        *("number: $v", "text: $v", "choices: $v", "object: $v"),
        " = null",
        "operator: $v",
    ):
        assert any(sign in text for text in texts), sign
    assert any(len(parse(text).definitions) > 2 for text in texts)
