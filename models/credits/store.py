"""Load the credit accounts that are needed, and write them back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from models.credits.rows import (
    balance_values,
    book_of,
    burn_of,
    burn_values,
    entry_values,
    hold_of,
    hold_values,
    lot_of,
    lot_values,
)
from models.credits.tables import (
    CreditBalanceRow,
    CreditBurnRow,
    CreditEntryRow,
    CreditGrantRow,
    CreditHoldRow,
)
from models.database.dialects import dialect_of, in_rows, insert, table_of, upsert
from models.usage.store import Owner
from rules.credits.accounts import CreditAccount, CreditHold, CreditNeed
from rules.credits.burn_records import BurnRecord
from rules.credits.grants import Lot
from rules.customers.facts import earliest

_BALANCES = table_of(CreditBalanceRow)
_GRANTS = table_of(CreditGrantRow)
_HOLDS = table_of(CreditHoldRow)
_BURNS = table_of(CreditBurnRow)

CreditAccountKey = tuple[Owner, str]
"""The customer and the credit type of an account."""


async def load(
    session: AsyncSession, needs: Mapping[CreditAccountKey, Collection[CreditNeed]], *, to_read: bool = False
) -> dict[CreditAccountKey, CreditAccount]:
    """Load accounts, with the grants and usage that are needed; an account without a row is empty.

    With ``to_read`` burn records are left out, which reads do not need.
    """
    books = {shelf: CreditAccount(credit_type=shelf[1]) for shelf in needs}
    if not needs:
        return books
    for row in await _rows(session, CreditBalanceRow, _of_shelves(dialect_of(session), _BALANCES, needs)):
        books[_shelf(row)] = book_of(row)
    kept = {shelf: needs[shelf] for shelf, book in books.items() if book.at is not None}
    burns = await _burns(session, {} if to_read else kept)
    named = {(*_place(shelf), need.grant) for shelf in kept for need in kept[shelf] if need.grant is not None}
    named |= {
        (*_place(shelf), number) for shelf, burned in burns.items() for number in _burned_grants(burned)
    }
    lots, holds = await _lots(session, kept, named), await _open_holds(session, kept)
    return {
        shelf: replace(
            book,
            lots={lot.number: lot for lot in lots[shelf] if not lot.is_closed},
            closed={lot.number: lot for lot in lots[shelf] if lot.is_closed},
            holds={hold.key: hold for hold in holds[shelf]},
            burned={burned.place: burned for burned in burns[shelf]},
        )
        for shelf, book in books.items()
    }


def _burned_grants(burned: Iterable[BurnRecord]) -> set[int]:
    """Return the grants of burn records, to which credits may be refunded."""
    return {piece.grant for known in burned for piece in known.pieces if piece.grant is not None}


async def _burns(
    session: AsyncSession, needs: Mapping[CreditAccountKey, Collection[CreditNeed]]
) -> defaultdict[CreditAccountKey, list[BurnRecord]]:
    c = _BURNS.c
    found: defaultdict[CreditAccountKey, list[BurnRecord]] = defaultdict(list)
    dialect = dialect_of(session)
    wanted = [and_(_of_shelves(dialect, _BURNS, needs), c.unpaid > 0)] if needs else []
    for shelf, asked in needs.items():
        wanted += [
            and_(
                of_shelf(_BURNS, shelf),
                c.feature_key == window.feature,
                c.starts_at >= window.starts_at,
                c.starts_at < window.ends_at,
            )
            for window in {need.window for need in asked if need.window is not None}
        ]
    for row in await _rows(session, CreditBurnRow, or_(*wanted)) if wanted else ():
        found[_shelf(row)].append(burn_of(row))
    return found


async def _lots(
    session: AsyncSession, shelves: Collection[CreditAccountKey], named: Collection[tuple[object, ...]]
) -> defaultdict[CreditAccountKey, list[Lot]]:
    found: defaultdict[CreditAccountKey, list[Lot]] = defaultdict(list)
    if shelves:
        c, dialect = _GRANTS.c, dialect_of(session)
        place = c.environment_id, c.customer_id, c.credit_type, c.number
        theirs = and_(_of_shelves(dialect, _GRANTS, shelves), c.closed.is_(False))
        wanted = or_(theirs, in_rows(dialect, place, named)) if named else theirs
        for row in await _rows(session, CreditGrantRow, wanted):
            found[_shelf(row)].append(lot_of(row))
    return found


async def _open_holds(
    session: AsyncSession, shelves: Collection[CreditAccountKey]
) -> defaultdict[CreditAccountKey, list[CreditHold]]:
    found: defaultdict[CreditAccountKey, list[CreditHold]] = defaultdict(list)
    if shelves:
        wanted = and_(_of_shelves(dialect_of(session), _HOLDS, shelves), _HOLDS.c.ended_at.is_(None))
        for row in await _rows(session, CreditHoldRow, wanted):
            found[_shelf(row)].append(hold_of(row))
    return found


async def _rows(
    session: AsyncSession, model: type[SQLModel], where: ColumnElement[bool]
) -> Sequence[Row[Any]]:
    return (await session.execute(select(table_of(model)).where(where))).all()


def of_shelf(table: Table, shelf: CreditAccountKey) -> ColumnElement[bool]:
    """Return the condition that rows belong to this account."""
    place = table.c.environment_id, table.c.customer_id, table.c.credit_type
    return and_(*(column == value for column, value in zip(place, _place(shelf), strict=True)))


def _of_shelves(dialect: str, table: Table, shelves: Iterable[CreditAccountKey]) -> ColumnElement[bool]:
    """Return the condition that rows belong to one of these accounts."""
    place = table.c.environment_id, table.c.customer_id, table.c.credit_type
    return in_rows(dialect, place, map(_place, shelves))


def _place(shelf: CreditAccountKey) -> tuple[int, int, str]:
    owner, credit_type = shelf
    return owner.environment, owner.customer, credit_type


def _shelf(row: Row[Any]) -> CreditAccountKey:
    return Owner(environment=row.environment_id, customer=row.customer_id), row.credit_type


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """An account as loaded, and after commands."""

    shelf: CreditAccountKey
    before: CreditAccount
    after: CreditAccount


async def save(session: AsyncSession, changed: Collection[Changed]) -> None:
    """Write changed accounts, and add their entries to the ledger."""
    await upsert(session, CreditBalanceRow, [_balance(known) for known in changed])
    await upsert(session, CreditGrantRow, [row for known in changed for row in _changed_lots(known)])
    await upsert(session, CreditHoldRow, [row for known in changed for row in _changed_holds(known)])
    await upsert(session, CreditBurnRow, [row for known in changed for row in _changed_burns(known)])
    await insert(session, CreditEntryRow, [row for known in changed for row in _entries(known)])


def _key_columns(shelf: CreditAccountKey) -> dict[str, object]:
    environment, customer, credit_type = _place(shelf)
    return {"environment_id": environment, "customer_id": customer, "credit_type": credit_type}


def _balance(known: Changed) -> dict[str, Any]:
    return {**_key_columns(known.shelf), **balance_values(known.after)}


def _changed_lots(known: Changed) -> Iterable[dict[str, Any]]:
    before = {**known.before.lots, **known.before.closed}
    for number, lot in {**known.after.lots, **known.after.closed}.items():
        if before.get(number) != lot:
            yield {**_key_columns(known.shelf), **lot_values(lot)}


def _changed_holds(known: Changed) -> Iterable[dict[str, Any]]:
    made = (hold for key, hold in known.after.holds.items() if key not in known.before.holds)
    gone = (hold for key, hold in known.before.holds.items() if key not in known.after.holds)
    for hold in made:
        yield {**_key_columns(known.shelf), **hold_values(hold), "ended_at": None}
    for hold in gone:
        ended_at = earliest((hold.expires_at, known.after.at))
        yield {**_key_columns(known.shelf), **hold_values(hold), "ended_at": ended_at}


def _changed_burns(known: Changed) -> Iterable[dict[str, Any]]:
    for place, burned in known.after.burned.items():
        if known.before.burned.get(place) != burned:
            yield {**_key_columns(known.shelf), **burn_values(burned)}


def _entries(known: Changed) -> Iterable[dict[str, Any]]:
    for entry in known.after.entries:
        yield {**_key_columns(known.shelf), **entry_values(entry)}
