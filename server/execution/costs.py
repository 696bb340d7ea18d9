"""What a document costs: roughly the fields that its answer can have, dear ones counted more than once.

A cost is a formula, made once for a document. What a list is long is known from the document, or from a
variable; then the formula asks for it, and is evaluated for each request.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from resolvers.paging import LARGEST_PAGE
from schema.nodes import from_id

LIST = 10
"""Items that a list is taken to have, where nothing says how many."""

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
"""Items of lists of which more is known; those of introspection as this schema has them."""

FIELD = 1
"""What a field costs."""

ACT = 10
"""What a field of a mutation costs, and in a batch each of its inputs."""

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
"""What fields cost that take more work than others."""


ANOTHER_INSTANT = 500
"""What it costs to be told of another instant: far ahead, the way there is gone period by period."""


@dataclass(frozen=True, slots=True)
class Length:
    """How long a list is that a variable decides: a page by its ``first``, a batch by its inputs."""

    variable: str
    otherwise: int

    def of(self, variables: Mapping[str, object]) -> int:
        """Give the length for coerced variables; null is as good as left out."""
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
    """How many of the global ids that a variable holds name a state at another instant."""

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
    """Give how many items a page can have; one that is refused for its size costs as the largest."""
    return min(max(first, 0), LARGEST_PAGE)


@dataclass(frozen=True, slots=True, eq=False)
class Cost:
    """So much, and so many times what is in each list whose length a variable decides."""

    fixed: int = 0
    lists: Mapping[tuple[Length | OtherInstants, Cost], int] = field(default_factory=dict)

    @classmethod
    def total(cls, costs: Iterable[Cost]) -> Cost:
        """Add costs up."""
        fixed, lists = 0, Counter[tuple[Length | OtherInstants, Cost]]()
        for cost in costs:
            fixed += cost.fixed
            for part, times in cost.lists.items():
                lists[part] += times
        return cls(fixed, lists)

    def times(self, length: int | Length | OtherInstants) -> Cost:
        """Give what a list costs of which each item costs this."""
        if not isinstance(length, int):
            return Cost(0, {(length, self): 1})
        return Cost(self.fixed * length, {part: times * length for part, times in self.lists.items()})

    def of(self, variables: Mapping[str, object]) -> int:
        """Give the cost for coerced variables."""
        return self.fixed + sum(
            times * length.of(variables) * item.of(variables) for (length, item), times in self.lists.items()
        )
