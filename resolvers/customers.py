"""Customers: who they are, and what brings them to be and onto a plan."""

from __future__ import annotations

from collections.abc import Collection

from models import customers
from models.batch import Done
from resolvers.context import Context
from resolvers.reading import Look, look
from rules.customers import Customer
from rules.errors import refuse_any
from rules.lifecycle import Subscribe, UpsertCustomer
from rules.validity import is_external_key


async def found(seen: Look, keys: Collection[str]) -> dict[str, Customer]:
    """Give the customers who exist, by key."""
    # A key that no customer can have is not looked for: PostgreSQL would refuse some as text.
    possible = [key for key in keys if is_external_key(key)]
    return await customers.load(seen.session, seen.environment.number, possible)


async def customer(context: Context, key: str) -> Customer | None:
    """Give a customer by key, None where there is none."""
    async with look(context) as seen:
        return (await found(seen, {key})).get(key)


async def upsert_customer(context: Context, act: UpsertCustomer) -> Done:
    """Make or change a customer; raises Rejected with every problem."""
    # Before anything is written: an act that makes a customer needs a row to lock.
    refuse_any(act.problems())
    return await context.services.ledger.commit(context.environment, act.key, act)


async def subscribe(context: Context, customer_key: str, act: Subscribe) -> Done:
    """Put a customer on a plan; raises Rejected with every problem."""
    return await context.services.ledger.commit(context.environment, customer_key, act)
