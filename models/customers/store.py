"""Load customers by key, and save what commands changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.customers.subscription_counts import OnPlan, customers_on
from models.customers.subscriptions import CustomerFacts, CustomerFactsCache, save_owned
from models.customers.tables import CustomerRow
from models.database.column_types import Count, Key
from models.database.dialects import (
    begins,
    dialect_of,
    insert_missing,
    parameter_rows,
    row_parameters,
    table_of,
    write_rows,
)
from models.zone_tables import newest_release
from rules.customers.facts import Customer

_CUSTOMERS = table_of(CustomerRow)

Address = tuple[int, str]
"""A customer's environment and key."""


async def load(
    session: AsyncSession, facts_cache: CustomerFactsCache, environment: int, keys: Collection[str]
) -> dict[str, Customer]:
    """Load the customers of an environment that exist, by key."""
    addresses = {(environment, key) for key in keys}
    rows = (await session.execute(_load_statement(dialect_of(session)), row_parameters(addresses))).all()
    return {customer.key: customer for customer in await _customers(session, facts_cache, rows)}


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerQuery:
    """The customers of an environment to read; ``on`` restricts them to subscribers of a plan."""

    environment: int
    search: str | None
    on: OnPlan | None
    include_archived: bool


async def page(
    session: AsyncSession,
    facts_cache: CustomerFactsCache,
    query: CustomerQuery,
    behind: str | None,
    size: int,
) -> list[Customer]:
    """Return customers sorted by key, those after ``behind``."""
    wanted = select(_CUSTOMERS).where(_condition(query))
    if behind is not None:
        wanted = wanted.where(_CUSTOMERS.c.key > behind)
    rows = (await session.execute(wanted.order_by(_CUSTOMERS.c.key).limit(size))).all()
    return await _customers(session, facts_cache, rows)


async def load_by_number(
    session: AsyncSession, facts_cache: CustomerFactsCache, numbers: Collection[int]
) -> list[Customer]:
    """Return customers by their numbers, unordered, without archived ones."""
    wanted = select(_CUSTOMERS).where(_CUSTOMERS.c.id.in_(numbers), _CUSTOMERS.c.archived.is_(False))
    return await _customers(session, facts_cache, (await session.execute(wanted)).all())


async def count(session: AsyncSession, query: CustomerQuery) -> int:
    """Count the customers."""
    counted = select(func.count()).select_from(_CUSTOMERS).where(_condition(query))
    return int((await session.execute(counted)).scalar_one())


def _condition(query: CustomerQuery) -> ColumnElement[bool]:
    wanted = [_CUSTOMERS.c.environment_id == query.environment]
    if not query.include_archived:
        wanted.append(_CUSTOMERS.c.archived.is_(False))
    if query.search:
        folded = (_CUSTOMERS.c.folded_key, _CUSTOMERS.c.folded_name, _CUSTOMERS.c.folded_email)
        wanted.append(or_(*(begins(column, query.search.casefold()) for column in folded)))
    if query.on is not None:
        wanted.append(_CUSTOMERS.c.id.in_(customers_on(query.environment, query.on)))
    return and_(*wanted)


async def newest_revision(session: AsyncSession, addresses: Collection[Address]) -> int:
    """Return the highest revision of these customers; 0 if none exists."""
    newest = select(func.max(_CUSTOMERS.c.revision)).where(_is_asked(dialect_of(session)))
    return (await session.execute(newest, row_parameters(addresses))).scalar_one() or 0


async def revisions(session: AsyncSession, addresses: Collection[Address]) -> dict[Address, int]:
    """Return the revision of each of these customers that exists."""
    columns = _CUSTOMERS.c
    theirs = select(columns.environment_id, columns.key, columns.revision).where(
        _is_asked(dialect_of(session))
    )
    rows = await session.execute(theirs, row_parameters(addresses))
    return {(row.environment_id, row.key): row.revision for row in rows}


async def ensure(session: AsyncSession, addresses: Iterable[Address]) -> None:
    """Create rows for customers that do not exist yet, so that they can be locked."""
    rows = [
        {
            "environment_id": environment,
            "key": key,
            "folded_key": key.casefold(),
            "timezone": "UTC",
            "extra": {},
            "archived": False,
            "revision": 0,
            "facts_revision": 0,
        }
        # Sorted, so that transactions cannot deadlock.
        for environment, key in sorted(addresses)
    ]
    await insert_missing(session, CustomerRow, rows)


async def forget(session: AsyncSession, numbers: Collection[int]) -> None:
    """Delete rows that were made only to be locked, if no command created the customers."""
    if numbers:
        await session.execute(delete(_CUSTOMERS).where(_CUSTOMERS.c.id.in_(numbers)))


async def lock(session: AsyncSession, addresses: Collection[Address]) -> None:
    """Lock these customers until the transaction ends, in the same order everywhere."""
    # On SQLite the transaction already has the lock of the whole database.
    if (dialect := dialect_of(session)) != "sqlite":
        await session.execute(_lock_statement(dialect), row_parameters(addresses))


@cache
def _lock_statement(dialect: str) -> Select[Any]:
    theirs = select(_CUSTOMERS.c.id).where(_is_asked(dialect)).order_by(_CUSTOMERS.c.id)
    return theirs.with_for_update(of=_CUSTOMERS)


@cache
def _load_statement(dialect: str) -> Select[Any]:
    return select(_CUSTOMERS).where(_is_asked(dialect))


@cache
def _loading_locked(dialect: str) -> Select[Any]:
    return _load_statement(dialect).add_columns(newest_release().label("rules"))


def _is_asked(dialect: str) -> ColumnElement[bool]:
    them = parameter_rows(dialect, environment=Count(), key=Key()).c
    return and_(_CUSTOMERS.c.environment_id == them.environment, _CUSTOMERS.c.key == them.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """Customers as read under their locks, and the time zone rules of the database.

    ``rules`` is the release, None if it is not known, or if nobody is locked.
    """

    customers: Mapping[Address, Customer]
    rules: str | None


async def load_locked(
    session: AsyncSession, facts_cache: CustomerFactsCache, addresses: Collection[Address]
) -> Locked:
    """Load customers after locking them: a statement that waited for the lock may have read old rows."""
    rows = (await session.execute(_loading_locked(dialect_of(session)), row_parameters(addresses))).all()
    known = await _customers(session, facts_cache, rows)
    found = {(row.environment_id, row.key): customer for row, customer in zip(rows, known, strict=True)}
    return Locked(customers=found, rules=rows[0].rules if rows else None)


async def _customers(
    session: AsyncSession, facts_cache: CustomerFactsCache, rows: Sequence[Row[Any]]
) -> list[Customer]:
    owned = await facts_cache.of(session, [(row.environment_id, row.id, row.facts_revision) for row in rows])
    return [facts_cache.keep(_customer(row, owned[row.id]), row.facts_revision) for row in rows]


async def save(session: AsyncSession, changed: Sequence[tuple[int, Customer, Customer]]) -> None:
    """Write changes to locked customers: (environment, before, after) each."""
    told = [known for known in changed if _says_the_same(*known[1:])]
    if told:
        await write_rows(session, _SAVING, [_progress(after) for _, _, after in told])
    facts = [known for known in changed if not _says_the_same(*known[1:])]
    if facts:
        await write_rows(session, _SAVING, [_customer_values(after) for _, _, after in facts])
        await save_owned(session, facts)


_SAVING = update(_CUSTOMERS).where(_CUSTOMERS.c.id == bindparam("number"))


def _says_the_same(before: Customer, after: Customer) -> bool:
    """Return whether only the revision changed, as after commands on usage."""
    return (
        after.subscriptions is before.subscriptions
        and after.custom is before.custom
        and after.metadata is before.metadata
        and (after.name, after.email, after.timezone, after.archived)
        == (before.name, before.email, before.timezone, before.archived)
    )


def _progress(after: Customer) -> dict[str, Any]:
    return {"number": after.number, "revision": after.revision, "acted_at": after.acted_at}


def _fold(text: str | None) -> str | None:
    return None if text is None else text.casefold()


def _customer_values(after: Customer) -> dict[str, Any]:
    return {
        **_progress(after),
        # A command that changes facts is the last of its customer in a transaction.
        "facts_revision": after.revision,
        "name": after.name,
        "email": after.email,
        "folded_name": _fold(after.name),
        "folded_email": _fold(after.email),
        "timezone": after.timezone,
        "extra": after.metadata,
        "archived": after.archived,
    }


def _customer(row: Row[Any], owned: CustomerFacts) -> Customer:
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
