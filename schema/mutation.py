"""The acts of the graph: each answers with the thing, or with every problem of its input."""

from __future__ import annotations

import strawberry

from schema.catalog_code import CatalogCodeMutations
from schema.catalog_mutations import CatalogMutations
from schema.customer_mutations import CustomerMutations
from schema.draft_mutations import DraftMutations


@strawberry.type(description="What can be done.")
class Mutation(CatalogMutations, DraftMutations, CatalogCodeMutations, CustomerMutations):
    """The root of all acts."""
