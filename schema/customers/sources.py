"""The sources of an answer: the rows and custom entitlements that decided it."""

from typing import Self

import strawberry

from resolvers.customers import CustomerView
from rules.access.decision import ResolvedCheck
from rules.customers import effective as rules
from rules.customers.effective import SourceKind
from schema.catalog.entitlements import Entitlement, entitlement_of
from schema.catalog.packages import Package, place_of, show_package
from schema.catalog.values import EntitlementValue
from schema.customers.custom_entitlements import CustomEntitlement
from schema.customers.types import CustomerSubscription
from schema.fields import Info, resolver_field


@strawberry.type(description="One entitlement that says something about a feature for a customer.")
class EntitlementSource:
    subject: strawberry.Private[ResolvedCheck]
    fact: strawberry.Private[rules.Source]
    kind: SourceKind = strawberry.field(description="The kind of source.")
    quantity: int = strawberry.field(description="The quantity of the add-on; 1 for other sources.")
    value: EntitlementValue | None = strawberry.field(
        description="The value of the entitlement; null for a BOOLEAN feature and for a revocation."
    )
    winning: bool = strawberry.field(description="Whether it is among the entitlements that decided.")

    @classmethod
    def of(cls, info: Info, subject: ResolvedCheck, source: rules.Source) -> Self:  # noqa: ARG003
        return cls(
            subject=subject,
            fact=source,
            kind=source.kind,
            quantity=source.quantity,
            value=EntitlementValue.of(source.value),
            winning=source.winning,
        )

    @resolver_field("The subscription that includes the package; null for custom entitlements.")
    def subscription(self, info: Info) -> CustomerSubscription | None:
        customer, fact = self.subject.customer, self.fact.subscription
        if customer is None or fact is None:
            return None
        return CustomerSubscription.of(info, CustomerView.of(self.subject, customer), fact)

    @resolver_field("The plan or add-on; null for custom entitlements.")
    def package(self, info: Info) -> Package | None:
        row = self.fact.row
        return None if row is None else show_package(info, self.subject.flat, row.package)

    @resolver_field("The entitlement of the package; null for custom entitlements.")
    def entitlement(self, info: Info) -> Entitlement | None:
        """Return the row, in the version that is in force."""
        row, flat = self.fact.row, self.subject.flat
        if row is None:
            return None
        package = flat.catalog.packages[row.package]
        place = place_of(flat, package, package.versions[row.version - 1])
        position = flat.rows(row.package, row.version).index(row.resolved)
        return entitlement_of(info, place, row.resolved, position)

    @resolver_field("The custom entitlement; null for packages.")
    def custom_entitlement(self, info: Info) -> CustomEntitlement | None:
        customer, custom = self.subject.customer, self.fact.custom
        if customer is None or custom is None:
            return None
        return CustomEntitlement.of(info, self.subject.flat, customer, custom)
