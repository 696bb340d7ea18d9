"""The mutations of the graph: each returns the object, or every problem of its input."""

import strawberry

from schema.auth.keys import KeyMutations
from schema.catalog.draft_mutations import DraftMutations
from schema.catalog.mutations import CatalogMutations
from schema.catalog_code import CatalogCodeMutations
from schema.credits.mutations import CreditMutations
from schema.customers.mutations import CustomerMutations
from schema.customers.subscription_mutations import SubscriptionMutations
from schema.usage.mutations import UsageMutations


@strawberry.type(description="The operations that write.")
class Mutation(
    CatalogMutations,
    DraftMutations,
    CatalogCodeMutations,
    CustomerMutations,
    SubscriptionMutations,
    UsageMutations,
    CreditMutations,
    KeyMutations,
):
    """The root of all mutations."""
