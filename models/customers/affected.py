"""Customers with some packages, or with custom entitlements for some features: counted and paged."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import zip_longest
from typing import Any

from sqlalchemy import (
    ColumnCollection,
    ColumnElement,
    CompoundSelect,
    FromClause,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
    tuple_,
    union,
)
from sqlalchemy.ext.asyncio import AsyncSession

from models.customers.tables import (
    CustomEntitlementRow,
    CustomerRow,
    SubscriptionAddonRow,
    SubscriptionTermRow,
)
from models.database.column_types import Count, Instant, Key
from models.database.dialects import dialect_of, parameter_rows, row_parameters, table_of

Columns = ColumnCollection[str, Any]

_CUSTOMERS = table_of(CustomerRow).c
_SHUFFLE, _SHUFFLED, _SPREAD = 2_654_435_761, 2**32, 2**30
"""A multiplication by the first of these puts numbers into an order unrelated to their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AffectedCustomers:
    """The customers of an environment who have, or had, one of these versions or features.

    Version 0 stands for an assignment of the newest version. Of ``packages`` any version counts that was
    assigned from the instant ``since`` on.
    """

    environment: int
    since: datetime
    packages: Collection[str]
    versions: Collection[tuple[str, int]]
    features: Collection[str]

    @property
    def asked(self) -> dict[str, Any]:
        """The parameters of a statement about them."""
        columns = zip_longest(
            sorted(self.packages), sorted(self.versions), sorted(self.features), fillvalue=None
        )
        rows = ((package, *(moved or (None, None)), feature) for package, moved, feature in columns)
        return {"environment": self.environment, "since": self.since, **row_parameters(rows)}


async def count_affected(session: AsyncSession, whom: AffectedCustomers) -> int:
    """Count them, except archived ones."""
    return int((await session.execute(_count_statement(dialect_of(session)), whom.asked)).scalar_one())


async def sample(session: AsyncSession, whom: AffectedCustomers, size: int) -> list[int]:
    """Return the numbers of a random sample of them, the same for every call."""
    some = whom.asked | {"size": size}
    return [number for (number,) in await session.execute(_sample_statement(dialect_of(session)), some)]


async def affected_after(session: AsyncSession, whom: AffectedCustomers, number: int, size: int) -> list[int]:
    """Return their numbers after ``number``, in order, including archived ones."""
    page = whom.asked | {"behind": number, "size": size}
    return [number for (number,) in await session.execute(_page_statement(dialect_of(session)), page)]


@cache
def _count_statement(dialect: str) -> Select[Any]:
    return select(func.count()).where(_CUSTOMERS.id.in_(_all(dialect)), _CUSTOMERS.archived.is_(False))


@cache
def _sample_statement(dialect: str) -> Select[Any]:
    shuffled = _CUSTOMERS.id % _SPREAD * _SHUFFLE % _SHUFFLED
    them = select(_CUSTOMERS.id).where(_CUSTOMERS.id.in_(_all(dialect)), _CUSTOMERS.archived.is_(False))
    return them.order_by(shuffled, _CUSTOMERS.id).limit(bindparam("size", type_=Count()))


def _all(dialect: str) -> CompoundSelect[Any]:
    return union(*_keepers(dialect))


@cache
def _page_statement(dialect: str) -> Select[Any]:
    """Read each table in the order of its customers, only as far as the page needs."""
    size, number = bindparam("size", type_=Count()), bindparam("behind", type_=Count())
    pages = []
    for theirs in _keepers(dialect):
        (customer,) = theirs.selected_columns
        first = theirs.where(customer > number).distinct().order_by(customer).limit(size)
        pages.append(select(first.subquery()))
    page = union(*pages).subquery()
    return select(page.c.customer_id).order_by(page.c.customer_id).limit(size)


def _keepers(dialect: str) -> list[Select[Any]]:
    """Select the affected customers of each table."""
    names = parameter_rows(dialect, package=Key(), moved=Key(), version=Count(), feature=Key())
    terms, addons, custom = (
        table_of(m).c for m in (SubscriptionTermRow, SubscriptionAddonRow, CustomEntitlementRow)
    )
    alone = _name(custom.feature_key).in_(select(names.c.feature))
    return [
        _ours(terms, _is_on(terms, terms.plan_key, names)),
        _ours(addons, _is_on(addons, addons.addon_key, names)),
        _ours(custom, alone),
    ]


def _ours(columns: Columns, concerned: ColumnElement[bool]) -> Select[Any]:
    return select(columns.customer_id).where(
        columns.environment_id == bindparam("environment", type_=Count()), concerned
    )


def _is_on(columns: Columns, name: ColumnElement[str], names: FromClause) -> ColumnElement[bool]:
    version = tuple_(_name(name), func.coalesce(columns.version, 0))
    moved = version.in_(select(names.c.moved, names.c.version))
    begins = columns.starts_at >= bindparam("since", type_=Instant)
    return or_(moved, and_(begins, _name(name).in_(select(names.c.package))))


def _name(column: ColumnElement[str]) -> ColumnElement[str]:
    """Return a name as an expression; otherwise SQLite looks names up and sorts all of them for a page."""
    return column + ""
