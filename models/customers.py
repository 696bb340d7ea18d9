"""Customers, loaded by key and saved by what an act changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.columns import Count, Key
from models.statements import asked, asked_rows, dialect_of, insert_missing, table_of
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
    found = await load_locked(session, belongings, {(environment, key) for key in keys})
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
    await session.execute(_locking(dialect_of(session)), asked(addresses))


@cache
def _locking(dialect: str) -> Select[Any]:
    theirs = select(_CUSTOMERS.c.id).where(_is_asked(dialect)).order_by(_CUSTOMERS.c.id)
    return theirs.with_for_update(of=_CUSTOMERS)


@cache
def _loading(dialect: str) -> Select[Any]:
    return select(_CUSTOMERS).where(_is_asked(dialect))


def _is_asked(dialect: str) -> ColumnElement[bool]:
    them = asked_rows(dialect, environment=Count(), key=Key()).c
    return and_(_CUSTOMERS.c.environment_id == them.environment, _CUSTOMERS.c.key == them.key)


async def load_locked(
    session: AsyncSession, belongings: Belongings, addresses: Collection[Address]
) -> dict[Address, Customer]:
    """Load customers after their lock: a statement that waited for it may have read old rows."""
    rows = (await session.execute(_loading(dialect_of(session)), asked(addresses))).all()
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
