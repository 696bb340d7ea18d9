"""Custom entitlements."""

from datetime import datetime
from typing import Self

import strawberry

from rules.catalog.inheritance import ResolvedCatalog
from rules.customers import facts as rules
from rules.customers.facts import CustomEntitlementMode
from schema.catalog.features import Feature
from schema.catalog.values import EntitlementValue
from schema.fields import Info, resolver_field
from schema.nodes import Node, catalog_id


@strawberry.type(description="A grant, override or revocation of a feature for one customer.")
class CustomEntitlement(Node):
    flat: strawberry.Private[ResolvedCatalog]
    fact: strawberry.Private[rules.CustomEntitlement]
    mode: CustomEntitlementMode = strawberry.field(
        description="How it combines with the entitlements of packages."
    )
    value: EntitlementValue | None = strawberry.field(
        description="The value of the entitlement; null for a BOOLEAN feature and for a revocation."
    )
    note: str | None = strawberry.field(description="A note for people; null without one.")
    starts_at: datetime = strawberry.field(description="The instant from which it holds.")
    expires_at: datetime | None = strawberry.field(
        description="The instant from which it no longer holds; null for never."
    )

    @classmethod
    def of(
        cls, info: Info, flat: ResolvedCatalog, customer: rules.Customer, fact: rules.CustomEntitlement
    ) -> Self:
        return cls(
            # It is the same at every instant.
            id=catalog_id(info, flat, "CustomEntitlement", customer.key, fact.number),
            flat=flat,
            fact=fact,
            mode=fact.mode,
            value=EntitlementValue.of(fact.value),
            note=fact.note,
            starts_at=fact.starts_at,
            expires_at=fact.ends_at,
        )

    @resolver_field("The feature that it concerns.")
    def feature(self, info: Info) -> Feature:
        return Feature.of(info, self.flat, self.flat.catalog.features[self.fact.feature])
