"""What each mutation answers."""

from collections.abc import Iterable, Sequence
from typing import Self

import strawberry

from models.commands.batch import Done
from resolvers.catalog import AfterPublish
from resolvers.customers import SeenCustomer
from rules.access.decision import Decision
from rules.catalog.inheritance import Flattened, Origin
from rules.errors import Rejected
from rules.revisions import Revision as RevisionName
from schema.access import Access
from schema.catalog import CreditType, Feature, Product
from schema.customers import CustomEntitlement, Customer, CustomerSubscription
from schema.entitlements import Entitlement
from schema.environments import Environment
from schema.errors import Payload, UserError
from schema.nodes import Info
from schema.packages import Addon, Package, PackageVersion, Plan, addon_of, package_of, plan_of, version_of
from schema.reservations import Reservation
from schema.scalars import Quantity, Revision


def revision_of(flat: Flattened) -> Revision:
    """Name the catalog's newest write."""
    return Revision(str(RevisionName(flat.catalog.revision)))


def named(done: Done) -> Revision | None:
    """Name what an act wrote; None where it wrote nothing."""
    return None if done.revision is None else Revision(str(done.revision))


def named_all(done: Iterable[Done]) -> Revision | None:
    """Name what many acts wrote: the last write of one customer, of several the catalog's that they saw."""
    written = [one for one in done if one.revision is not None]
    if not written:
        return None
    owners = {one.account.customer.number for one in written if one.account.customer is not None}
    last = max(written, key=lambda one: one.number or 0)
    return named(last) if len(owners) == 1 else revision_of(last.flat)


@strawberry.type(description="A product, made or changed.")
class ProductPayload(Payload):
    """A product's payload."""

    product: Product | None = strawberry.field(default=None, description="The product.")

    @classmethod
    def of(cls, info: Info, flat: Flattened, key: str) -> Self:
        """Show the product."""
        product = Product.of(info, flat, flat.catalog.products[key])
        return cls(revision=revision_of(flat), product=product)


@strawberry.type(description="A feature, made or changed.")
class FeaturePayload(Payload):
    """A feature's payload."""

    feature: Feature | None = strawberry.field(default=None, description="The feature.")

    @classmethod
    def of(cls, info: Info, flat: Flattened, key: str) -> Self:
        """Show the feature."""
        feature = Feature.of(info, flat, flat.catalog.features[key])
        return cls(revision=revision_of(flat), feature=feature)


@strawberry.type(description="A credit type, made or changed.")
class CreditTypePayload(Payload):
    """A credit type's payload."""

    credit_type: CreditType | None = strawberry.field(default=None, description="The credit type.")

    @classmethod
    def of(cls, info: Info, flat: Flattened, key: str) -> Self:
        """Show the credit type."""
        credit_type = CreditType.of(info, flat, flat.catalog.credit_types[key])
        return cls(revision=revision_of(flat), credit_type=credit_type)


@strawberry.type(description="An add-on, made or changed.")
class AddonPayload(Payload):
    """An add-on's payload."""

    addon: Addon | None = strawberry.field(default=None, description="The add-on.")

    @classmethod
    def of(cls, info: Info, flat: Flattened, key: str) -> Self:
        """Show the add-on."""
        return cls(revision=revision_of(flat), addon=addon_of(info, flat, key))


@strawberry.type(description="A plan, made or changed.")
class PlanPayload(Payload):
    """A plan's payload."""

    plan: Plan | None = strawberry.field(default=None, description="The plan.")

    @classmethod
    def of(cls, info: Info, flat: Flattened, key: str) -> Self:
        """Show the plan."""
        return cls(revision=revision_of(flat), plan=plan_of(info, flat, key))


@strawberry.type(description="A package whose draft was changed.")
class PackagePayload(Payload):
    """A package's payload."""

    package: Package | None = strawberry.field(default=None, description="The package.")

    @classmethod
    def of(cls, info: Info, flat: Flattened, key: str) -> Self:
        """Show the package."""
        return cls(revision=revision_of(flat), package=package_of(info, flat, key))


@strawberry.type(description="A row that was set, and its package.")
class EntitlementPayload(Payload):
    """A row's payload."""

    entitlement: Entitlement | None = strawberry.field(
        default=None, description="The row as the draft shows it."
    )
    package: Package | None = strawberry.field(default=None, description="The package whose draft it is in.")

    @classmethod
    def of(cls, info: Info, flat: Flattened, package: str, key: str, price: str | None) -> Self:
        """Show the row in its package's draft."""
        shown = package_of(info, flat, package)
        rows = (
            row
            for row in shown.draft_entitlements(info)
            if row.key == key and row.seen.row.price == price and row.origin is not Origin.INHERITED
        )
        return cls(revision=revision_of(flat), entitlement=next(rows, None), package=shown)


@strawberry.type(description="A package that was published.")
class PublishPayload(Payload):
    """A publish's payload."""

    package: Package | None = strawberry.field(default=None, description="The package.")
    version: PackageVersion | None = strawberry.field(default=None, description="Its new version.")
    cascaded_to: list[Plan] = strawberry.field(
        default_factory=list, description="The plans that inherit from it and were published with it."
    )

    @classmethod
    def of(cls, info: Info, after: AfterPublish, key: str) -> Self:
        """Show the package and its new version."""
        flat = after.flat
        number = len(flat.catalog.packages[key].versions)
        return cls(
            revision=revision_of(flat),
            package=package_of(info, flat, key),
            version=version_of(info, flat, key, number),
            cascaded_to=[plan_of(info, flat, cascaded) for cascaded in after.cascaded],
        )


@strawberry.type(description="A customer, made or changed.")
class CustomerPayload(Payload):
    """A customer's payload."""

    customer: Customer | None = strawberry.field(default=None, description="The customer.")

    @classmethod
    def of(cls, info: Info, done: Done) -> Self:
        """Show the customer as an act left them."""
        customer = Customer.of(info, SeenCustomer.after(done))
        return cls(revision=named(done), customer=customer)


@strawberry.type(description="A custom entitlement that was set.")
class CustomEntitlementPayload(Payload):
    """A custom entitlement's payload."""

    custom_entitlement: CustomEntitlement | None = strawberry.field(
        default=None, description="The custom entitlement."
    )

    @classmethod
    def of(cls, info: Info, done: Done) -> Self:
        """Show the custom entitlement that an act made."""
        seen, number = SeenCustomer.after(done), done.outcome["custom"]
        made = next(custom for custom in seen.customer.custom if custom.number == number)
        shown = CustomEntitlement.of(info, seen.flat, seen.customer, made)
        return cls(revision=named(done), custom_entitlement=shown)


@strawberry.type(description="A subscription, made or changed.")
class SubscriptionPayload(Payload):
    """A subscription's payload."""

    subscription: CustomerSubscription | None = strawberry.field(
        default=None, description="The subscription, as it is now."
    )
    replayed: bool = strawberry.field(
        default=False, description="True where the idempotency key had done this before."
    )

    @classmethod
    def of(cls, info: Info, done: Done) -> Self:
        """Show the subscription that an act, or its first time, made or changed."""
        seen, number = SeenCustomer.after(done), done.outcome["subscription"]
        made = next(fact for fact in seen.customer.subscriptions if fact.number == number)
        return cls(
            revision=named(done),
            subscription=CustomerSubscription.of(info, seen, made),
            replayed=done.replayed,
        )


@strawberry.type(description="Usage that was recorded.")
class UsagePayload(Payload):
    """Usage's payload."""

    recorded: Quantity | None = strawberry.field(
        default=None, description="What it added to usage; on a replay, what the first did."
    )
    access: Access | None = strawberry.field(default=None, description="The state after it.")
    replayed: bool = strawberry.field(
        default=False, description="True where the idempotency key had done this before."
    )

    @classmethod
    def of(cls, done: Done, decision: Decision) -> Self:
        """Show what was recorded, and the state after it."""
        return cls(
            revision=named(done),
            recorded=Quantity(done.outcome["recorded"]),
            access=Access.of(decision),
            replayed=done.replayed,
        )


@strawberry.type(description="What came of a batch of events.")
class IngestPayload(Payload):
    """Events' payload; each event stands or falls alone."""

    accepted: int = strawberry.field(default=0, description="Events that were counted.")
    duplicates: int = strawberry.field(default=0, description="Events whose id was known.")
    unmatched: int = strawberry.field(
        default=0, description="Events that no meter matches; they are not kept."
    )

    @classmethod
    def of(cls, info: Info, outcomes: Sequence[Done | Rejected]) -> Self:
        """Count what came of each event, and tell the problems of each under its index."""
        done = [outcome for outcome in outcomes if isinstance(outcome, Done)]
        return cls(
            revision=named_all(done),
            accepted=sum(one.number is not None and not one.replayed for one in done),
            duplicates=sum(one.replayed for one in done),
            unmatched=sum(one.number is None for one in done),
            user_errors=[
                UserError.of(info.context, problem.under(str(index)))
                for index, outcome in enumerate(outcomes)
                if isinstance(outcome, Rejected)
                for problem in outcome.problems
            ],
        )


@strawberry.type(description="What came of consuming.")
class ConsumePayload(Payload):
    """Consumption's payload."""

    consumed: bool = strawberry.field(default=False, description="Whether it was allowed and recorded.")
    access: Access | None = strawberry.field(
        default=None, description="The decision. Where consumed, the balances after it."
    )
    replayed: bool = strawberry.field(
        default=False, description="True where the idempotency key had done this before."
    )

    @classmethod
    def of(cls, done: Done, decision: Decision) -> Self:
        """Show the decision, and whether anything was recorded."""
        return cls(
            revision=named(done),
            consumed=done.outcome["consumed"] > 0,
            access=Access.of(decision),
            replayed=done.replayed,
        )


@strawberry.type(description="A hold that was made, settled or released.")
class ReservationPayload(Payload):
    """A hold's payload."""

    reservation: Reservation | None = strawberry.field(
        default=None, description="The hold as it is now; null where it was not allowed."
    )
    access: Access | None = strawberry.field(default=None, description="The decision, or the state after it.")
    replayed: bool = strawberry.field(default=False, description="True where this had been done before.")

    @classmethod
    def of(cls, info: Info, done: Done, decision: Decision, key: str) -> Self:
        """Show the hold, and the state after the act."""
        hold = done.account.holds.get(key)
        shown = None if hold is None else Reservation.of(info, SeenCustomer.after(done), hold)
        return cls(
            revision=named(done),
            reservation=shown,
            access=Access.of(decision),
            replayed=done.replayed,
        )


@strawberry.type(description="An environment whose clock was moved.")
class ClockPayload(Payload):
    """A clock's payload."""

    environment: Environment | None = strawberry.field(default=None, description="The environment.")
