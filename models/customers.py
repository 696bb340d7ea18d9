"""Customers, loaded by key and saved by what an act changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Row, Select, bindparam, delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.statements import insert_missing, table_of
from models.subscriptions import Belongings, Owned, save_owned
from models.tables import CustomerRow
from rules.customers import Customer

_CUSTOMERS = table_of(CustomerRow)

Address = tuple[int, str]
"""A customer's environment and key."""


async def load(
    session: AsyncSession, belongings: Belongings, environment: int, keys: Collection[str]
) -> dict[str, Customer]:
    """Load the customers of an environment that exist, by key."""
    here = _CUSTOMERS.c.environment_id == environment
    theirs = select(_CUSTOMERS).where(here, _CUSTOMERS.c.key.in_(set(keys)))
    found = await _loaded(session, belongings, theirs)
    return {key: customer for (_, key), customer in found.items()}


async def ensure(session: AsyncSession, addresses: Iterable[Address]) -> None:
    """Make the customers that do not exist yet, so that they can be locked."""
    rows = [
        {
            "environment_id": environment,
            "key": key,
            "timezone": "UTC",
            "extra": {},
            "archived": False,
            "revision": 0,
        }
        # Sorted, so that two transactions wait for each other in one direction only.
        for environment, key in sorted(addresses)
    ]
    await insert_missing(session, CustomerRow, rows)


async def forget(session: AsyncSession, numbers: Collection[int]) -> None:
    """Take back customers that were made to be locked, and that no act has brought to life."""
    if numbers:
        await session.execute(delete(_CUSTOMERS).where(_CUSTOMERS.c.id.in_(numbers)))


async def lock(session: AsyncSession, addresses: Collection[Address]) -> None:
    """Keep others from acting on these customers until the transaction ends, in one order for all."""
    place = tuple_(_CUSTOMERS.c.environment_id, _CUSTOMERS.c.key)
    theirs = select(_CUSTOMERS.c.id).where(place.in_(list(addresses)))
    await session.execute(theirs.order_by(_CUSTOMERS.c.id).with_for_update())


async def load_locked(
    session: AsyncSession, belongings: Belongings, addresses: Collection[Address]
) -> dict[Address, Customer]:
    """Load customers after their lock: a statement that waited for it may have read old rows."""
    place = tuple_(_CUSTOMERS.c.environment_id, _CUSTOMERS.c.key)
    return await _loaded(session, belongings, select(_CUSTOMERS).where(place.in_(list(addresses))))


async def _loaded(
    session: AsyncSession, belongings: Belongings, customers: Select[Any]
) -> dict[Address, Customer]:
    rows = (await session.execute(customers)).all()
    owned = await belongings.of(session, [(row.id, row.facts_revision) for row in rows])
    return {(row.environment_id, row.key): _customer(row, owned[row.id]) for row in rows}


async def save(session: AsyncSession, changed: Sequence[tuple[int, Customer, Customer]]) -> None:
    """Write what acts made of locked customers: (environment, before, after) each."""
    same = update(_CUSTOMERS).where(_CUSTOMERS.c.id == bindparam("number"))
    told = [known for known in changed if _says_the_same(*known[1:])]
    if told:
        await session.execute(same, [_progress(after) for _, _, after in told])
    facts = [known for known in changed if not _says_the_same(*known[1:])]
    if facts:
        await session.execute(same, [_customer_values(after) for _, _, after in facts])
        await save_owned(session, facts)


def _says_the_same(before: Customer, after: Customer) -> bool:
    """Tell whether acts, as those on usage do, left everything as they found it but for the revision."""
    return (
        after.subscriptions is before.subscriptions
        and after.custom is before.custom
        and after.metadata is before.metadata
        and (after.name, after.email, after.timezone, after.archived)
        == (before.name, before.email, before.timezone, before.archived)
    )


def _progress(after: Customer) -> dict[str, Any]:
    return {"number": after.number, "revision": after.revision, "acted_at": after.acted_at}


def _customer_values(after: Customer) -> dict[str, Any]:
    return {
        **_progress(after),
        # An act on facts is the last of its customer in a transaction.
        "facts_revision": after.revision,
        "name": after.name,
        "email": after.email,
        "timezone": after.timezone,
        "extra": after.metadata,
        "archived": after.archived,
    }


def _customer(row: Row[Any], owned: Owned) -> Customer:
    return Customer(
        number=row.id,
        key=row.key,
        name=row.name,
        email=row.email,
        timezone=row.timezone,
        metadata=row.extra,
        archived=row.archived,
        revision=row.revision,
        acted_at=row.acted_at,
        subscriptions=owned.subscriptions,
        custom=owned.custom,
    )
