"""Customers: who they are, and what brings them to be and onto a plan."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from models import customers
from models.batch import Done
from resolvers.context import Context
from resolvers.reading import Look, look
from rules.acts import Act
from rules.customers import Customer
from rules.errors import refuse_any
from rules.inheritance import Flattened
from rules.lifecycle import UpsertCustomer
from rules.revisions import Revision
from rules.validity import is_external_key


async def found(seen: Look, keys: Collection[str]) -> dict[str, Customer]:
    """Give the customers who exist, by key."""
    # A key that no customer can have is not looked for: PostgreSQL would refuse some as text.
    possible = [key for key in keys if is_external_key(key)]
    return await customers.load(seen.session, seen.memory.belongings, seen.environment.number, possible)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCustomer:
    """A customer with the catalog and the instant at which they were seen."""

    flat: Flattened
    customer: Customer
    now: datetime

    @property
    def revision(self) -> Revision:
        """How much was seen."""
        return Revision(self.flat.catalog.revision, self.customer.revision)

    @classmethod
    def after(cls, done: Done) -> SeenCustomer:
        """The customer as an act has left them."""
        if done.account.customer is None:
            message = "an act that is done has a customer"
            raise AssertionError(message)
        return cls(flat=done.flat, customer=done.account.customer, now=done.now)


async def customer(context: Context, key: str) -> SeenCustomer | None:
    """Give a customer by key, None where there is none."""
    async with look(context) as seen:
        known = (await found(seen, {key})).get(key)
        if known is None:
            return None
        return SeenCustomer(flat=seen.flat, customer=known, now=known.asked_at(seen.now))


async def upsert(context: Context, deed: UpsertCustomer) -> Done:
    """Make or change a customer; raises Rejected with every problem."""
    # Before anything is written: an act that makes a customer needs a row to lock.
    refuse_any(deed.problems())
    return await act(context, deed.key, deed)


async def act(context: Context, customer_key: str, deed: Act) -> Done:
    """Do something to a customer; raises Rejected with every problem."""
    return await context.services.ledger.commit(context.environment, customer_key, deed)
