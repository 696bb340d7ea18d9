"""Customers and their subscriptions, loaded by key and saved by what an act changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Row, Select, bindparam, delete, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.statements import insert, insert_missing, table_of
from models.tables import CustomerRow, SubscriptionRow
from rules.customers import Customer, Subscription

_CUSTOMERS = table_of(CustomerRow)
_SUBSCRIPTIONS = table_of(SubscriptionRow)

Address = tuple[int, str]
"""A customer's environment and key."""


async def load(session: AsyncSession, environment: int, keys: Collection[str]) -> dict[str, Customer]:
    """Load the customers of an environment that exist, by key."""
    here = _CUSTOMERS.c.environment_id == environment
    found = await _loaded(session, select(_CUSTOMERS).where(here, _CUSTOMERS.c.key.in_(set(keys))))
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


async def load_locked(session: AsyncSession, addresses: Collection[Address]) -> dict[Address, Customer]:
    """Load customers after their lock: a statement that waited for it may have read old rows."""
    place = tuple_(_CUSTOMERS.c.environment_id, _CUSTOMERS.c.key)
    return await _loaded(session, select(_CUSTOMERS).where(place.in_(list(addresses))))


async def _loaded(session: AsyncSession, customers: Select[Any]) -> dict[Address, Customer]:
    rows = (await session.execute(customers)).all()
    owned = await _subscriptions(session, {row.id for row in rows})
    return {(row.environment_id, row.key): _customer(row, owned.get(row.id, [])) for row in rows}


async def put_on(session: AsyncSession, environment: int) -> dict[tuple[str, int], int]:
    """Count the live subscriptions of an environment by the plan and version that they were put on."""
    subscriptions, customers = _SUBSCRIPTIONS.c, _CUSTOMERS.c
    plan = (subscriptions.plan_key, subscriptions.version)
    theirs = _SUBSCRIPTIONS.join(_CUSTOMERS, subscriptions.customer_id == customers.id)
    live = (subscriptions.environment_id == environment) & customers.archived.is_(False)
    counted = select(*plan, func.count()).select_from(theirs).where(live).group_by(*plan)
    rows = await session.execute(counted)
    return {(key, version): count for key, version, count in rows}


async def _subscriptions(session: AsyncSession, customers: set[int]) -> dict[int, list[Subscription]]:
    owned: dict[int, list[Subscription]] = {}
    if customers:
        theirs = select(_SUBSCRIPTIONS).where(_SUBSCRIPTIONS.c.customer_id.in_(customers))
        for row in await session.execute(theirs):
            owned.setdefault(row.customer_id, []).append(_subscription(row))
    return owned


async def save(session: AsyncSession, changed: Iterable[tuple[int, Customer, Customer]]) -> None:
    """Write what acts made of locked customers: (environment, before, after) each."""
    rows, subscriptions = [], []
    for environment, before, after in changed:
        rows.append(_customer_values(after))
        subscriptions += [
            _subscription_values(environment, after.number, subscription)
            for subscription in after.subscriptions
            if subscription not in before.subscriptions
        ]
    if rows:
        await session.execute(update(_CUSTOMERS).where(_CUSTOMERS.c.id == bindparam("number")), rows)
    await insert(session, SubscriptionRow, subscriptions)


def _customer_values(after: Customer) -> dict[str, Any]:
    return {
        "number": after.number,
        "name": after.name,
        "email": after.email,
        "timezone": after.timezone,
        "extra": after.metadata,
        "archived": after.archived,
        "revision": after.revision,
        "acted_at": after.acted_at,
    }


def _subscription_values(environment: int, customer: int, subscription: Subscription) -> dict[str, Any]:
    return {
        "environment_id": environment,
        "customer_id": customer,
        "number": subscription.number,
        "product_key": subscription.product,
        "plan_key": subscription.plan,
        "version": subscription.version,
        "price_key": subscription.price,
        "started_at": subscription.started_at,
        "anchor": subscription.anchor,
        "timezone": subscription.timezone,
    }


def _customer(row: Row[Any], subscriptions: Iterable[Subscription]) -> Customer:
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
        subscriptions=tuple(subscriptions),
    )


def _subscription(row: Row[Any]) -> Subscription:
    return Subscription(
        number=row.number,
        product=row.product_key,
        plan=row.plan_key,
        version=row.version,
        price=row.price_key,
        started_at=row.started_at,
        anchor=row.anchor,
        timezone=row.timezone,
    )
