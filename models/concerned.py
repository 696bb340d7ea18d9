"""Who has something of some packages, or something of their own about some features: counted and paged."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from typing import Any

from sqlalchemy import CompoundSelect, FromClause, Select, bindparam, func, select, union
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from models.columns import Count, Key
from models.statements import asked, asked_rows, dialect_of, table_of
from models.tables import CustomEntitlementRow, CustomerRow, SubscriptionAddonRow, SubscriptionTermRow

_CUSTOMERS = table_of(CustomerRow).c
_KEEPERS: tuple[tuple[type[SQLModel], str, str], ...] = (
    (SubscriptionTermRow, "plan_key", "package"),
    (SubscriptionAddonRow, "addon_key", "package"),
    (CustomEntitlementRow, "feature_key", "feature"),
)
"""What may concern a customer: where it is kept, under which name, and what the name names."""

_SHUFFLE, _SHUFFLED, _SPREAD = 2_654_435_761, 2**32, 2**30
"""Multiplied by the first of these, numbers come into an order that has nothing to do with their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Concerned:
    """The customers of an environment who have, or had, one of these packages or features."""

    environment: int
    packages: Collection[str]
    features: Collection[str]

    @property
    def asked(self) -> dict[str, Any]:
        """The parameters of a statement about them."""
        rows = zip_longest(sorted(self.packages), sorted(self.features))
        return {"environment": self.environment, **asked(rows)}


async def count(session: AsyncSession, whom: Concerned) -> int:
    """Count them, archived ones left out."""
    return int((await session.execute(_counting(dialect_of(session)), whom.asked)).scalar_one())


async def sample(session: AsyncSession, whom: Concerned, size: int) -> list[int]:
    """Give the numbers of some of them, any of them as likely; the same ones each time."""
    some = whom.asked | {"size": size}
    return [number for (number,) in await session.execute(_sampling(dialect_of(session)), some)]


async def behind(session: AsyncSession, whom: Concerned, number: int, size: int) -> list[int]:
    """Give their numbers in order from behind a number; archived ones are among them."""
    page = whom.asked | {"behind": number, "size": size}
    return [number for (number,) in await session.execute(_paging(dialect_of(session)), page)]


@cache
def _counting(dialect: str) -> Select[Any]:
    return select(func.count()).where(_CUSTOMERS.id.in_(_all(dialect)), _CUSTOMERS.archived.is_(False))


@cache
def _sampling(dialect: str) -> Select[Any]:
    shuffled = _CUSTOMERS.id % _SPREAD * _SHUFFLE % _SHUFFLED
    them = select(_CUSTOMERS.id).where(_CUSTOMERS.id.in_(_all(dialect)), _CUSTOMERS.archived.is_(False))
    return them.order_by(shuffled, _CUSTOMERS.id).limit(bindparam("size", type_=Count()))


def _all(dialect: str) -> CompoundSelect[Any]:
    names = asked_rows(dialect, package=Key(), feature=Key())
    return union(*(_having(names, *keeper) for keeper in _KEEPERS))


@cache
def _paging(dialect: str) -> Select[Any]:
    """Each keeper is read in the order of its customers, as far as the page goes and no further."""
    names = asked_rows(dialect, package=Key(), feature=Key())
    size = bindparam("size", type_=Count())
    pages: list[Select[Any]] = []
    for model, name, kind in _KEEPERS:
        customer = table_of(model).c.customer_id
        theirs = _having(names, model, name, kind).where(customer > bindparam("behind", type_=Count()))
        pages.append(select(theirs.distinct().order_by(customer).limit(size).subquery()))
    page = union(*pages).subquery()
    return select(page.c.customer_id).order_by(page.c.customer_id).limit(size)


def _having(names: FromClause, model: type[SQLModel], name: str, kind: str) -> Select[Any]:
    c = table_of(model).c
    # As an expression, lest SQLite look names up and then sort all that it found, for every page.
    named = (c[name] + "").in_(select(names.c[kind]))
    ours = c.environment_id == bindparam("environment", type_=Count())
    return select(c.customer_id).where(ours, named)
