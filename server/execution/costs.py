"""The cost of a document: roughly the number of fields of its answer, expensive ones counted more.

A cost is a formula, made once per document. The length of a list comes from the document, or from a variable;
then each request evaluates the formula.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from resolvers.paging import LARGEST_PAGE
from schema.nodes import from_id

LIST = 10
"""The assumed length of a list."""

LISTS = {
    "Customer.accesses": 20,
    "Access.sources": 4,
    "CustomerImpact.examples": 20,
    "PlanChangePreview.differences": 20,
    "__Schema.types": 250,
    "__Schema.directives": 5,
    "__Type.fields": 8,
    "__Type.enumValues": 5,
    "__Type.inputFields": 5,
    "__Type.interfaces": 2,
    "__Type.possibleTypes": 2,
    "__Field.args": 2,
    "__Directive.args": 2,
}
"""The assumed lengths of known lists, such as those of introspection."""

FIELD = 1
"""The cost of a field."""

ACT = 10
"""The cost of a field of a mutation, and of each input of a batch."""

WEIGHTS = {
    "Query.access": 5,
    "Access.sources": 5,
    "Access.explanation": 20,
    "Customer.access": 5,
    "Customer.creditBalance": 20,
    "Customer.creditBalances": 20,
    "Customer.usage": 1_000,
    "Query.pricingTable": 500,
    "Query.exportCatalog": 1_000,
    "Query.previewPlanChange": 100,
    "Query.previewPublish": 1_000,
    "Mutation.applyCatalog": 1_000,
    "Mutation.publishPackage": 1_000,
}
"""The cost of fields that take more work than others."""


ANOTHER_INSTANT = 500
"""The cost of another instant: the server computes every period up to it."""


@dataclass(frozen=True, slots=True)
class Length:
    """The length of a list that a variable decides: a page by its ``first``, a batch by its inputs."""

    variable: str
    otherwise: int

    def of(self, variables: Mapping[str, object]) -> int:
        """Return the length for coerced variables; null counts as left out."""
        match variables.get(self.variable):
            case None:
                return self.otherwise
            case int(first):
                return page_cost(first)
            case list(items):
                return len(items)
            case _:
                return 1


@dataclass(frozen=True, slots=True)
class OtherInstants:
    """The number of global ids in a variable that name a state at another instant."""

    variable: str

    def of(self, variables: Mapping[str, object]) -> int:
        """Count them for coerced variables."""
        match variables.get(self.variable):
            case str(id_):
                return at_other_instants([id_])
            case list(ids):
                return at_other_instants(ids)
            case _:
                return 0


def at_other_instants(ids: Iterable[object]) -> int:
    """Count the global ids that name a state at another instant."""
    named = (from_id(id_) for id_ in ids if isinstance(id_, str))
    return sum(one is not None and one.standpoint.at is not None for one in named)


def page_cost(first: int) -> int:
    """Return how many items a page can have; a refused size counts as the largest."""
    return min(max(first, 0), LARGEST_PAGE)


@dataclass(frozen=True, slots=True, eq=False)
class Cost:
    """A fixed cost, plus costs multiplied by the lengths of lists that variables decide."""

    fixed: int = 0
    lists: Mapping[tuple[Length | OtherInstants, Cost], int] = field(default_factory=dict)

    @classmethod
    def total(cls, costs: Iterable[Cost]) -> Cost:
        """Add costs."""
        fixed, lists = 0, Counter[tuple[Length | OtherInstants, Cost]]()
        for cost in costs:
            fixed += cost.fixed
            for part, times in cost.lists.items():
                lists[part] += times
        return cls(fixed, lists)

    def times(self, length: int | Length | OtherInstants) -> Cost:
        """Return the cost of a list whose items cost this."""
        if not isinstance(length, int):
            return Cost(0, {(length, self): 1})
        return Cost(self.fixed * length, {part: times * length for part, times in self.lists.items()})

    def of(self, variables: Mapping[str, object]) -> int:
        """Return the cost for coerced variables."""
        return self.fixed + sum(
            times * length.of(variables) * item.of(variables) for (length, item), times in self.lists.items()
        )
