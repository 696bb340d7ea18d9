"""The complexity of a document: depth, root fields, aliases, directives and cost, in one pass.

Every fragment is measured once, after those that it spreads, and counts wherever it is spread. So a document
whose fragments expand to 2ⁿ fields takes no longer than reading it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NamedTypeNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_leaf_type,
    is_list_type,
)

from server.execution.costs import (
    ACT,
    ANOTHER_INSTANT,
    FIELD,
    LIST,
    LISTS,
    WEIGHTS,
    Cost,
    Length,
    OtherInstants,
    at_other_instants,
    page_cost,
)

_PAGE_DIGITS_MAX = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """The measures of a selection, with everything that it spreads."""

    depth: int = 0
    fields: int = 0
    """The fields at its top."""
    aliases: int = 0
    """Fields with an alias, and those that repeat a field of their selection set."""
    directives: int = 0
    cost: Cost = field(default_factory=Cost)
    away: Cost = field(default_factory=Cost)
    """What it costs in addition below a field of another instant."""


NOTHING = Measures()


def measure(schema: GraphQLSchema, document: DocumentNode) -> list[tuple[OperationDefinitionNode, Measures]]:
    """Measure each operation of a document, valid or not."""
    return _Pass(schema, document).measures()


class _Pass:
    """One pass over a document."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        definitions = document.definitions
        self._operations = [one for one in definitions if isinstance(one, OperationDefinitionNode)]
        fragments = (one for one in definitions if isinstance(one, FragmentDefinitionNode))
        self._fragments = {fragment.name.value: fragment for fragment in fragments}
        self._measured: dict[str, Measures] = {}

    def measures(self) -> list[tuple[OperationDefinitionNode, Measures]]:
        """Measure the fragments, then the operations."""
        for name in _inmost_first(self._fragments):
            fragment = self._fragments[name]
            on = self._type(fragment.type_condition)
            self._measured[name] = self._selected(on, fragment.selection_set)
        return [(operation, self._operation(operation)) for operation in self._operations]

    def _operation(self, operation: OperationDefinitionNode) -> Measures:
        return self._selected(self._schema.get_root_type(operation.operation), operation.selection_set)

    def _selected(self, parent: GraphQLNamedType | None, selection_set: SelectionSetNode) -> Measures:
        parts = [self._selection(parent, selection) for selection in selection_set.selections]
        return Measures(
            depth=max((part.depth for part in parts), default=0),
            fields=sum(part.fields for part in parts),
            aliases=sum(part.aliases for part in parts) + _repeated(selection_set.selections),
            directives=sum(part.directives for part in parts)
            + sum(len(selection.directives or ()) for selection in selection_set.selections),
            cost=Cost.total(part.cost for part in parts),
            away=Cost.total(part.away for part in parts),
        )

    def _selection(self, parent: GraphQLNamedType | None, selection: SelectionNode) -> Measures:
        match selection:
            case FieldNode():
                return self._field(parent, selection)
            case InlineFragmentNode(type_condition=None):
                return self._selected(parent, selection.selection_set)
            case InlineFragmentNode(type_condition=condition):
                return self._selected(self._type(condition), selection.selection_set)
            case FragmentSpreadNode(name=name):
                # One that is not there, or spreads itself, is left to validation.
                return self._measured.get(name.value, NOTHING)
        return NOTHING

    def _field(self, parent: GraphQLNamedType | None, node: FieldNode) -> Measures:
        known = self._definition(parent, node.name.value)
        inner = NOTHING
        if node.selection_set is not None:
            inner = self._selected(get_named_type(known.type) if known else None, node.selection_set)
        item = Cost.total([Cost(self._weight(parent, node)), inner.cost])
        length = self._length(parent, known, node) if known else 1
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        away = inner.away.times(length)
        if known and "at" in known.args:
            away = Cost.total([Cost(ANOTHER_INSTANT), away])
        return Measures(
            depth=1 + inner.depth,
            fields=1,
            aliases=inner.aliases + (node.alias is not None),
            directives=inner.directives,
            cost=Cost.total([item.times(length), *_journeys(parent, node, given, inner, away)]),
            away=Cost() if "at" in given else away,
        )

    def _definition(self, parent: GraphQLNamedType | None, name: str) -> GraphQLField | None:
        return self._schema.get_field(parent, name) if is_composite_type(parent) else None

    def _weight(self, parent: GraphQLNamedType | None, node: FieldNode) -> int:
        usual = ACT if parent is not None and parent is self._schema.mutation_type else FIELD
        return WEIGHTS.get(_place(parent, node), usual)

    def _length(self, parent: GraphQLNamedType | None, known: GraphQLField, node: FieldNode) -> int | Length:
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        if "first" in known.args:
            default = known.args["first"].default_value
            return _length_of(given.get("first"), otherwise=default if isinstance(default, int) else LIST)
        usual = LISTS.get(_place(parent, node), LIST) if _is_list(known, parent) else 1
        many = (self._schema.mutation_type, self._schema.subscription_type)
        if _is_list(known, parent) or parent in many:
            lists = (
                name
                for name, argument in known.args.items()
                if is_list_type(get_nullable_type(argument.type))
            )
            return next((_length_of(given[name], otherwise=usual) for name in lists if name in given), usual)
        return usual

    def _type(self, condition: NamedTypeNode | None) -> GraphQLNamedType | None:
        return None if condition is None else self._schema.get_type(condition.name.value)


_NODES = {"Query.node": "id", "Query.nodes": "ids"}
"""Fields whose ids may name a state at another instant, with the argument that holds them."""


def _journeys(
    parent: GraphQLNamedType | None,
    node: FieldNode,
    given: Mapping[str, ValueNode],
    inner: Measures,
    away: Cost,
) -> Iterator[Cost]:
    """Return the cost of the instants that a field and what is below it asks for."""
    if "at" in given:
        yield away
    ids = given.get(_NODES.get(_place(parent, node), ""))
    if ids is not None:
        yield Cost.total([Cost(ANOTHER_INSTANT), inner.away]).times(_other_instants(ids))


def _other_instants(ids: ValueNode) -> int | OtherInstants:
    match ids:
        case VariableNode():
            return OtherInstants(ids.name.value)
        case ListValueNode(values=values):
            # Where variables stand among them, each may be one.
            written = [one.value for one in values if isinstance(one, StringValueNode)]
            return at_other_instants(written) + sum(isinstance(one, VariableNode) for one in values)
        case StringValueNode(value=value):
            return at_other_instants([value])
        case _:
            return 0


def _place(parent: GraphQLNamedType | None, node: FieldNode) -> str:
    return node.name.value if parent is None else f"{parent.name}.{node.name.value}"


def _is_list(known: GraphQLField, parent: GraphQLNamedType | None) -> bool:
    """Return whether a field returns a list; pages are counted where they are requested."""
    on_a_page = "pageInfo" in getattr(parent, "fields", ())
    of_things = is_list_type(get_nullable_type(known.type)) and not is_leaf_type(get_named_type(known.type))
    return of_things and not on_a_page


def _length_of(value: ValueNode | None, *, otherwise: int) -> int | Length:
    match value:
        case VariableNode():
            return Length(value.name.value, otherwise)
        case ListValueNode():
            return len(value.values)
        case IntValueNode():
            return page_cost(int(value.value[:_PAGE_DIGITS_MAX]))
        case _:
            return otherwise


def _repeated(selections: Iterable[SelectionNode]) -> int:
    """Count repeated fields of a selection set: merging them takes quadratic time."""
    names = [one.name.value for one in selections if isinstance(one, FieldNode) and one.alias is None]
    return len(names) - len(set(names))


def _inmost_first(fragments: Mapping[str, FragmentDefinitionNode]) -> Iterator[str]:
    """Return every fragment after those that it spreads, leaving out cycles."""
    begun: set[str] = set()
    for root in fragments:
        path = [(root, iter((root,)))]
        while path:
            name, spreads = path[-1]
            inner = next((one for one in spreads if one in fragments and one not in begun), None)
            if inner is not None:
                begun.add(inner)
                path.append((inner, _spreads(fragments[inner].selection_set)))
                continue
            path.pop()
            if path:
                yield name


def _spreads(selection_set: SelectionSetNode) -> Iterator[str]:
    """Return the fragments that a selection set spreads."""
    waiting = [selection_set]
    while waiting:
        for selection in waiting.pop().selections:
            match selection:
                case FragmentSpreadNode():
                    yield selection.name.value
                case (
                    FieldNode(selection_set=SelectionSetNode() as inner)
                    | InlineFragmentNode(selection_set=inner)
                ):
                    waiting.append(inner)
