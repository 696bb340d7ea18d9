"""Pages of grants and of the ledger, and the credits of a past instant."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, cast, func, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from models.credits.rows import entry_of, hold_of, lot_of
from models.credits.store import CreditAccountKey, of_shelf
from models.credits.tables import CreditBalanceRow, CreditEntryRow, CreditGrantRow, CreditHoldRow
from models.database.column_types import Count, Instant, Key
from models.database.dialects import table_of
from models.usage.store import Owner
from rules.credits.accounts import Entry
from rules.credits.grants import EntryKind, Lot
from rules.credits.history import Sums

_BALANCES = table_of(CreditBalanceRow)
_GRANTS = table_of(CreditGrantRow)
_ENTRIES = table_of(CreditEntryRow)
_HOLDS = table_of(CreditHoldRow)

Made = tuple[datetime, str, int]
"""The sort key of a grant among all of a customer: its creation time, credit type and number."""


async def types(session: AsyncSession, owner: Owner) -> list[str]:
    """Return the credit types of which a customer has an account."""
    c = _BALANCES.c
    mine = and_(c.environment_id == owner.environment, c.customer_id == owner.customer)
    return list((await session.execute(select(c.credit_type).where(mine))).scalars())


async def grants(
    session: AsyncSession, owner: Owner, credit_type: str | None, before: Made | None, size: int
) -> Sequence[tuple[str, Lot]]:
    """Return grants with their credit type, the newest first, those older than ``before``."""
    c = _GRANTS.c
    wanted = [c.environment_id == owner.environment, c.customer_id == owner.customer]
    if credit_type is not None:
        wanted.append(c.credit_type == credit_type)
    if before is not None:
        made_at, of, number = before
        place = literal(made_at, Instant), literal(of, Key), literal(number, Count)
        wanted.append(tuple_(c.made_at, c.credit_type, c.number) < tuple_(*place))
    ordered = select(_GRANTS).where(*wanted).order_by(c.made_at.desc(), c.credit_type.desc(), c.number.desc())
    return [(row.credit_type, lot_of(row)) for row in await session.execute(ordered.limit(size))]


async def count_grants(session: AsyncSession, owner: Owner, credit_type: str | None) -> int:
    """Count grants."""
    c = _GRANTS.c
    mine = and_(c.environment_id == owner.environment, c.customer_id == owner.customer)
    if credit_type is not None:
        mine = and_(mine, c.credit_type == credit_type)
    return int((await session.execute(select(func.count()).where(mine))).scalar_one())


async def lots(session: AsyncSession, shelf: CreditAccountKey, numbers: Collection[int]) -> dict[int, Lot]:
    """Return grants by their number."""
    if not numbers:
        return {}
    c = _GRANTS.c
    rows = await session.execute(select(_GRANTS).where(of_shelf(_GRANTS, shelf), c.number.in_(numbers)))
    return {row.number: lot_of(row) for row in rows}


async def entries(
    session: AsyncSession, shelf: CreditAccountKey, before: int | None, size: int, first: int = 1
) -> Sequence[Entry]:
    """Return ledger entries, the newest first, those below ``before`` and from ``first`` on."""
    c = _ENTRIES.c
    wanted = [of_shelf(_ENTRIES, shelf), c.number >= first]
    if before is not None:
        wanted.append(c.number < before)
    rows = await session.execute(select(_ENTRIES).where(*wanted).order_by(c.number.desc()).limit(size))
    return [entry_of(row) for row in rows]


async def sums_until(session: AsyncSession, shelf: CreditAccountKey, at: datetime) -> Sums:
    """Return the totals of entries up to an instant, by kind and grant."""
    c = _ENTRIES.c
    total = cast(func.sum(c.amount), Count)
    known = select(c.kind, c.grant_number, total).where(of_shelf(_ENTRIES, shelf), c.occurred_at <= at)
    rows = await session.execute(known.group_by(c.kind, c.grant_number))
    return {(EntryKind(kind), grant): int(amount) for kind, grant, amount in rows}


async def holds_at(session: AsyncSession, shelf: CreditAccountKey, at: datetime) -> Mapping[int, int]:
    """Return what was held at an instant, by grant."""
    c = _HOLDS.c
    then = and_(c.created_at <= at, c.expires_at > at, or_(c.ended_at.is_(None), c.ended_at > at))
    rows = await session.execute(select(_HOLDS).where(of_shelf(_HOLDS, shelf), then))
    held: dict[int, int] = {}
    for piece in (piece for row in rows for piece in hold_of(row).pieces):
        if piece.grant is not None:
            held[piece.grant] = held.get(piece.grant, 0) + piece.credits
    return held
