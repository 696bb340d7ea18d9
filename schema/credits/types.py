"""Credits: balances, grants and the ledger."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from resolvers.credits.balances import CreditAccountView, GrantView, LedgerEntryView
from resolvers.paging import Page
from rules.credits.grants import CreditSource, EntryKind, GrantStatus
from rules.standpoints import PRESENT
from schema.catalog.features import CreditType, Feature
from schema.catalog.packages import Package, show_package
from schema.connections import Edge, PageInfo
from schema.fields import Info, resolver_field
from schema.nodes import GlobalId, Node, is_number, read_instant, to_id, written_instant
from schema.scalars import Quantity

if TYPE_CHECKING:
    from schema.customers.types import Customer


@strawberry.type(description="A customer's balance of one credit type, in credits.")
class CreditBalance:
    seen: strawberry.Private[CreditAccountView]
    granted: Quantity = strawberry.field(description="All credits that were ever granted.")
    consumed: Quantity = strawberry.field(
        description="All credits that were ever consumed, overdraft included."
    )
    expired: Quantity = strawberry.field(description="All credits that ever expired.")
    voided: Quantity = strawberry.field(description="All credits that were ever voided.")
    reserved: Quantity = strawberry.field(description="The credits that reservations hold.")
    available: Quantity = strawberry.field(description="The credits that can be spent now; never below 0.")
    overdraft: Quantity = strawberry.field(
        description="The credits that were consumed beyond all grants; the next grant settles them first."
    )
    next_expiry: datetime | None = strawberry.field(
        description="The next instant at which some of the credits expire; null where none will."
    )

    @classmethod
    def of(cls, seen: CreditAccountView) -> Self:
        book = seen.book
        return cls(
            seen=seen,
            granted=Quantity(book.granted),
            consumed=Quantity(book.consumed),
            expired=Quantity(book.expired),
            voided=Quantity(book.voided),
            reserved=Quantity(book.reserved),
            available=Quantity(book.available),
            overdraft=Quantity(book.overdraft),
            next_expiry=book.next_expiry,
        )

    @resolver_field("The credit type of the balance.")
    def credit_type(self, info: Info) -> CreditType:
        flat = self.seen.seen.flat
        return CreditType.of(info, flat, flat.catalog.credit_types[self.seen.book.credit_type])

    @resolver_field("The grants that can be spent, in burn order.")
    def grants(self, info: Info) -> "list[CreditGrant]":
        book = self.seen.book
        return [
            CreditGrant.of(info, GrantView(seen=self.seen.seen, credit_type=book.credit_type, lot=lot))
            for lot in book.in_force
        ]


@strawberry.type(
    description="Credits granted to a customer. A grant is immutable: to correct it, void it and grant again."
)
class CreditGrant(Node):
    seen: strawberry.Private[GrantView]
    note: str | None = strawberry.field(description="A note for people; null without one.")
    source: CreditSource = strawberry.field(description="The origin of the credits.")
    status: GrantStatus = strawberry.field(
        description="The state of the grant, derived from its facts and the clock."
    )
    amount: Quantity = strawberry.field(description="The granted amount, in credits.")
    remaining: Quantity = strawberry.field(description="The credits of the grant that can still be spent.")
    priority: int = strawberry.field(description="The burn priority: 0 burns first, 100 last.")
    effective_at: datetime = strawberry.field(description="The instant from which the credits can be spent.")
    expires_at: datetime | None = strawberry.field(
        description="The instant at which the remainder expires; null for never."
    )
    voided_at: datetime | None = strawberry.field(
        description="The instant at which the grant was voided; null for a grant that was not."
    )

    @classmethod
    def of(cls, info: Info, seen: GrantView) -> Self:
        lot, grant = seen.lot, seen.lot.grant
        status = lot.status(seen.seen.now)
        return cls(
            id=_grant_id(info, seen),
            seen=seen,
            note=grant.note,
            source=grant.source,
            status=status,
            amount=Quantity(grant.amount),
            remaining=Quantity(lot.left if lot.entered or lot.ended else grant.amount),
            priority=grant.priority,
            effective_at=grant.effective_at,
            expires_at=grant.expires_at,
            voided_at=lot.ended_at if status is GrantStatus.VOIDED else None,
        )

    @resolver_field("The customer that holds the grant.")
    def customer(self, info: Info) -> Annotated["Customer", strawberry.lazy("schema.customers.types")]:
        from schema.customers.types import Customer  # noqa: PLC0415 - customers show credits

        return Customer.of(info, self.seen.seen)

    @resolver_field("The package that minted the grant; null where it was granted by hand.")
    def package(self, info: Info) -> Package | None:
        key = self.seen.lot.grant.package
        return None if key is None else show_package(info, self.seen.seen.flat, key)

    @resolver_field("The credit type of the grant.")
    def credit_type(self, info: Info) -> CreditType:
        flat = self.seen.seen.flat
        return CreditType.of(info, flat, flat.catalog.credit_types[self.seen.credit_type])


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedGrant:
    """What a grant's global id says; ``made_at`` is set for a grant of another instant only."""

    customer: str
    credit_type: str
    number: int
    made_at: datetime | None = None

    @classmethod
    def of(cls, named: GlobalId) -> Self | None:
        """Return what the id says; None where it cannot be a grant's."""
        match named.names:
            case [customer, credit_type, number, *made] if is_number(number) and len(made) <= 1:
                made_at = read_instant(made[0]) if made else None
            case _:
                return None
        known = named.kind == "CreditGrant" and (made_at is None) == (named.standpoint.at is None)
        it = cls(customer=customer, credit_type=credit_type, number=int(number), made_at=made_at)
        return it if known and named.standpoint.supposed is None else None


def _grant_id(info: Info, seen: GrantView) -> strawberry.ID:
    grant, standpoint = seen.lot.grant, seen.seen.standpoint
    names = [seen.seen.customer.key, seen.credit_type, str(grant.number)]
    if standpoint != PRESENT:
        # A future grant keeps its number only while no other grant comes before it.
        names.append(written_instant(grant.made_at))
    return to_id("CreditGrant", info.context.environment, *names, standpoint=standpoint)


@strawberry.type(description="An entry of the credit ledger, which is append-only.")
class CreditEntry(Node):
    seen: strawberry.Private[LedgerEntryView]
    kind: EntryKind = strawberry.field(description="What the entry records.")
    amount: Quantity = strawberry.field(description="The signed change of the balance, in credits.")
    balance_after: Quantity = strawberry.field(
        description="The sum of all amounts so far: available + reserved - overdraft."
    )
    occurred_at: datetime = strawberry.field(description="The instant of the entry.")
    note: str | None = strawberry.field(
        description="The note of the act that made the entry; null without one."
    )

    @classmethod
    def of(cls, info: Info, seen: LedgerEntryView) -> Self:
        entry, key = seen.entry, seen.seen.customer.key
        return cls(
            id=to_id("CreditEntry", info.context.environment, key, seen.credit_type, str(entry.number)),
            seen=seen,
            kind=entry.kind,
            amount=Quantity(entry.amount),
            balance_after=Quantity(entry.balance_after),
            occurred_at=entry.cause.at,
            note=entry.cause.note,
        )

    @resolver_field("The grant that the entry concerns; null where it concerns the overdraft.")
    def grant(self, info: Info) -> CreditGrant | None:
        seen = self.seen
        if seen.lot is None:
            return None
        return CreditGrant.of(info, GrantView(seen=seen.seen, credit_type=seen.credit_type, lot=seen.lot))

    @resolver_field("The feature whose usage burned or returned the credits; null for other entries.")
    def feature(self, info: Info) -> Feature | None:
        key, flat = self.seen.entry.cause.feature, self.seen.seen.flat
        return None if key is None else Feature.of(info, flat, flat.catalog.features[key])


@strawberry.type(description="A page of the credit ledger.")
class CreditEntryConnection:
    """A page of entries; it has no total count, because a ledger only grows."""

    edges: list[Edge[CreditEntry]] = strawberry.field(description="The items of the page with their cursors.")
    nodes: list[CreditEntry] = strawberry.field(description="The items of the page without cursors.")
    page_info: PageInfo = strawberry.field(description="The position of the page in the list.")

    @classmethod
    def showing(cls, info: Info, page: Page[LedgerEntryView]) -> Self:
        nodes = [CreditEntry.of(info, item) for item in page.items]
        edges = [Edge(node=node, cursor=at) for node, at in zip(nodes, page.cursors, strict=True)]
        return cls(edges=edges, nodes=nodes, page_info=PageInfo.of(page))
