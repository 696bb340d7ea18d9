"""The acts of the graph: each answers with the thing, or with every problem of its input."""

import strawberry

from schema.catalog_code import CatalogCodeMutations
from schema.catalog_mutations import CatalogMutations
from schema.credit_mutations import CreditMutations
from schema.customer_mutations import CustomerMutations
from schema.draft_mutations import DraftMutations
from schema.keys import KeyMutations
from schema.subscription_mutations import SubscriptionMutations
from schema.usage_mutations import UsageMutations


@strawberry.type(description="What can be done.")
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
    """The root of all acts."""
