"""Documents that use every type of the schema, written from the schema itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from graphql import (
    DocumentNode,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLNamedType,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    visit,
)


def documents(schema: GraphQLSchema) -> Mapping[str, str]:
    """Write an operation for each field at the root, by name."""
    roots = {
        "query": schema.query_type,
        "mutation": schema.mutation_type,
        "subscription": schema.subscription_type,
    }
    return {
        f"{_capital(name)}{_capital(kind)}": _Operation(schema, kind, name, field).text()
        for kind, root in roots.items()
        if root is not None
        for name, field in root.fields.items()
    }


def used_types(schema: GraphQLSchema, document: DocumentNode) -> set[str]:
    """Give every type that a document selects, or sends with all that it may hold."""
    use = _Use(schema)
    visit(document, TypeInfoVisitor(use.info, use))
    return use.names


class _Operation:
    """One operation: a type that it meets for the first time is selected in full, and later by its leaves."""

    def __init__(self, schema: GraphQLSchema, kind: str, name: str, field: GraphQLField) -> None:
        self._schema = schema
        self._kind = kind
        self._name = name
        self._field = field
        self._variables: dict[str, str] = {}
        self._met: set[str] = set()

    def text(self) -> str:
        """Write the operation."""
        selected = self._selected(self._name, self._name, self._field)
        declared = ", ".join(f"${name}: {type_}" for name, type_ in self._variables.items())
        name = f"{_capital(self._name)}{_capital(self._kind)}"
        return f"{self._kind} {name}{_in_brackets(declared)} {{ {selected} }}"

    def _selected(self, place: str, name: str, field: GraphQLField) -> str:
        arguments = []
        for argument, definition in field.args.items():
            variable = f"{place}{_capital(argument)}"
            self._variables[variable] = str(definition.type)
            arguments.append(f"{argument}: ${variable}")
        return f"{name}{_in_brackets(', '.join(arguments))} {self._selection(get_named_type(field.type))}"

    def _selection(self, of: GraphQLNamedType) -> str:
        if is_leaf_type(of):
            return ""
        first = self._meet(of)
        return f"{{ __typename {self._fields(of, first=first)} {self._narrowed(of) if first else ''} }}"

    def _narrowed(self, of: GraphQLNamedType) -> str:
        """Select what stands behind an interface, or the interfaces before a type."""
        if is_abstract_type(of):
            others: Iterable[GraphQLNamedType] = self._schema.get_possible_types(of)
        else:
            others = (one for one in getattr(of, "interfaces", ()) if one.name not in self._met)
        return " ".join(f"... on {one.name} {{ {self._fields(one, narrowed=True)} }}" for one in others)

    def _meet(self, of: GraphQLNamedType) -> bool:
        first = of.name not in self._met
        self._met.add(of.name)
        return first

    def _fields(self, of: GraphQLNamedType, *, first: bool = True, narrowed: bool = False) -> str:
        """Select fields, those behind an interface under names of their own: their types may differ."""
        first = self._meet(of) if narrowed else first
        parts = []
        for name, field in getattr(of, "fields", {}).items():
            place = f"{_small(of.name)}{_capital(name)}"
            if first or (is_leaf_type(get_named_type(field.type)) and not field.args):
                parts.append(f"{f'{place}: ' if narrowed else ''}{self._selected(place, name, field)}")
        return " ".join(parts) or "__typename"


class _Use(Visitor):
    """Notes the types that are used."""

    def __init__(self, schema: GraphQLSchema) -> None:
        super().__init__()
        self._schema = schema
        self.info = TypeInfo(schema)
        self.names: set[str] = set()

    def enter_field(self, *_: object) -> None:
        """Note what a field gives, and on what it stands."""
        for type_ in (self.info.get_type(), self.info.get_parent_type()):
            if type_ is not None:
                self.names.add(get_named_type(type_).name)

    def enter_inline_fragment(self, *_: object) -> None:
        """Note what a fragment is about."""
        on = self.info.get_type()
        if on is not None:
            self.names.add(get_named_type(on).name)

    def enter_argument(self, *_: object) -> None:
        """Note what an argument takes."""
        self._note_input(self.info.get_input_type())

    def _note_input(self, type_: GraphQLInputType | None) -> None:
        if type_ is None:
            return
        named = get_named_type(type_)
        if named.name in self.names:
            return
        self.names.add(named.name)
        if isinstance(named, GraphQLInputObjectType):
            for field in named.fields.values():
                self._note_input(field.type)


def _in_brackets(text: str) -> str:
    return f"({text})" if text else ""


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _small(name: str) -> str:
    return name[:1].lower() + name[1:]
