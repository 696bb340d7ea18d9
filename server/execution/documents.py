"""Prepared documents: parsed, measured, validated and compiled once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from cachetools import LRUCache
from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)

from server.config.limits import Limits
from server.errors import Formatted, Refused, RequestCode, refuse, with_code
from server.execution.compiled.compiler import CompiledOperation, compile_operation
from server.execution.complexity import Measures, measure
from server.execution.costs import Cost
from server.execution.fallbacks import Fallbacks
from server.execution.parameters import GraphQLRequest
from server.execution.trusted_documents import Trusted, sha256
from server.input_errors import replace_values_rule

MOST_KEPT = 50_000
"""The size of the cache, in tokens and hundreds of characters; the least recently used go first."""

LONGEST_KEPT = 64_000
"""Characters of the longest document that is cached; longer ones mostly hold values and come once."""

MOST_REGISTERED = 8_000_000
"""Characters of all documents that clients registered."""

MOST_ERRORS = 20
"""The most errors of a validation."""


RULES = replace_values_rule(specified_rules)
"""The validation rules."""

_EMPTY = DocumentNode(definitions=())
"""A placeholder if the text is not a document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of a document."""

    name: str | None
    kind: OperationType
    cost: Cost
    plan: CompiledOperation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A document with its operations, or its errors."""

    document: DocumentNode = _EMPTY
    operations: Mapping[str | None, Operation] = field(default_factory=dict)
    errors: tuple[Formatted, ...] = ()
    size: int
    """Its share of the cache."""

    def operation(self, name: str | None) -> Operation:
        """Return the operation of a name, or the only one; raises Refused."""
        if self.errors:
            raise Refused(self.errors)
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name in self.operations:
            return self.operations[name]
        if name is None:
            message = "The document has several operations: name one in 'operationName'."
        else:
            message = f"The document has no operation '{name}'."
        raise refuse(RequestCode.OPERATION_RESOLUTION_FAILURE, message)


class Documents:
    """The documents that a process has prepared, and those that requests can name."""

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: Limits,
        trusted: Trusted,
        fallbacks: Fallbacks | None = None,
        *,
        compiles: bool = True,
    ) -> None:
        self._schema = schema
        self._compiles = compiles
        self._fallbacks = fallbacks or Fallbacks()
        self._limits = limits
        self._trusted = trusted
        self._kept: LRUCache[str, Prepared] = LRUCache(MOST_KEPT, getsizeof=lambda prepared: prepared.size)
        self._registered: LRUCache[str, str] = LRUCache(MOST_REGISTERED, getsizeof=len)

    def prepared(self, asked: GraphQLRequest) -> Prepared:
        """Return the requested document, prepared; raises Refused if it is unknown or not allowed."""
        text = self._text(asked)
        prepared = self._kept.get(text)
        if prepared is None:
            prepared = prepare(self._schema, text, self._limits, self._fallbacks, compiles=self._compiles)
            if len(text) <= LONGEST_KEPT:
                self._kept[text] = prepared
        if asked.registers and not prepared.errors and len(text) <= LONGEST_KEPT:
            self._registered[sha256(text)] = text
        return prepared

    def _text(self, asked: GraphQLRequest) -> str:
        if asked.document is None:
            return self._found(asked.document_id or "")
        if asked.registers and asked.document_id != sha256(asked.document):
            message = "'sha256Hash' is not the SHA-256 of the document that was sent with it."
            raise refuse(RequestCode.BAD_USER_INPUT, message)
        if not self._trusted.allows(asked.document):
            message = "Only documents that the operator of this server trusts are executed."
            raise refuse(RequestCode.FORBIDDEN, message)
        return asked.document

    def _found(self, identifier: str) -> str:
        text = self._trusted.by_identifier.get(identifier) or self._registered.get(identifier)
        if text is None:
            # The message too is one that clients know.
            raise refuse(RequestCode.PERSISTED_QUERY_NOT_FOUND, "PersistedQueryNotFound")
        return text


def prepare(
    schema: GraphQLSchema,
    text: str,
    limits: Limits,
    fallbacks: Fallbacks | None = None,
    *,
    compiles: bool = True,
) -> Prepared:
    """Parse, measure, validate and compile a document.

    The time is linear to its length until it is known to be small enough. Without ``compiles``, graphql-core
    executes every operation.
    """
    size = 1 + len(text) // 100
    try:
        document = parse(
            text,
            max_lexical_tokens=limits.tokens,
            max_comments=limits.tokens,
            allow_empty_selection_sets=False,
        )
    except GraphQLSyntaxError as error:
        return Prepared(errors=(with_code(error, _syntax_code(error)),), size=size)
    preparing = _Preparing(schema, limits, fallbacks or Fallbacks(), text, document, compiles)
    errors, operations = preparing.prepare()
    return Prepared(
        document=document,
        operations={operation.name: operation for operation in operations},
        errors=tuple(errors),
        size=size + document.token_count,
    )


@dataclass(frozen=True, slots=True)
class _Preparing:
    """A document while it is being prepared. A step that fails has a fallback, so callers never see it."""

    schema: GraphQLSchema
    limits: Limits
    fallbacks: Fallbacks
    text: str
    document: DocumentNode
    compiles: bool

    def prepare(self) -> tuple[list[Formatted], list[Operation]]:
        """Return the errors of the document, and its operations."""
        try:
            measured = measure(self.schema, self.document)
        except Exception:  # noqa: BLE001 - whatever it is, the caller is answered
            self.fallbacks.report("measure", self.text)
            # Nothing is executed of which nobody knows how much it is.
            return self._invalid() or [_unmeasured()], []
        errors = list(_too_much([measures for _, measures in measured], self.limits)) or self._invalid()
        return errors, [self._operation(node, measures, errors) for node, measures in measured]

    def _operation(
        self, node: OperationDefinitionNode, measures: Measures, errors: list[Formatted]
    ) -> Operation:
        return Operation(
            name=node.name.value if node.name else None,
            kind=node.operation,
            cost=measures.cost,
            plan=self._plan(node) if self.compiles and not errors else None,
        )

    def _plan(self, node: OperationDefinitionNode) -> CompiledOperation | None:
        try:
            return compile_operation(self.schema, self.document, node)
        except Exception:  # noqa: BLE001 - graphql-core executes it without a plan
            self.fallbacks.report("compile", self.text)
            return None

    def _invalid(self) -> list[Formatted]:
        try:
            return list(_invalid(self.schema, self.document, RULES))
        except Exception:  # noqa: BLE001 - graphql-core's own rules say what is wrong, in other words
            self.fallbacks.report("validate", self.text)
            return list(_invalid(self.schema, self.document, specified_rules))


def _unmeasured() -> Formatted:
    message = "The size of the document could not be determined: write it in a simpler way."
    return with_code(GraphQLError(message), RequestCode.QUERY_TOO_COMPLEX)


def _syntax_code(error: GraphQLSyntaxError) -> RequestCode:
    # The parser gives up where a document has too many tokens or comments, or is nested too deeply.
    given_up = error.message.rstrip().endswith("Parsing aborted.")
    return RequestCode.QUERY_TOO_COMPLEX if given_up else RequestCode.GRAPHQL_PARSE_FAILED


def _too_much(operations: list[Measures], limits: Limits) -> Iterator[Formatted]:
    """Return an error for each limit that a document exceeds; its operations count together."""
    measured = (
        ("levels of fields", max((one.depth for one in operations), default=0), limits.depth),
        ("fields at its root", sum(one.fields for one in operations), limits.root_fields),
        ("aliases or repeated fields", sum(one.aliases for one in operations), limits.aliases),
        ("directives", sum(one.directives for one in operations), limits.directives),
    )
    for what, has, most in measured:
        if has > most:
            message = f"A document has at most {most} {what}, with its fragments; this one has {has}."
            yield with_code(GraphQLError(message), RequestCode.QUERY_TOO_COMPLEX)


def _invalid(
    schema: GraphQLSchema, document: DocumentNode, rules: Collection[type[ASTValidationRule]]
) -> Iterator[Formatted]:
    for error in validate(schema, document, rules, max_errors=MOST_ERRORS):
        # Validation has a budget of its own for fields and fragments that would have to be compared.
        given_up = error.message == "Validation aborted."
        code = RequestCode.QUERY_TOO_COMPLEX if given_up else RequestCode.GRAPHQL_VALIDATION_FAILED
        yield with_code(error, code)
