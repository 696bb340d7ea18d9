"""Verify balances and grants of credits against the ledger, entry by entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Subquery, and_, case, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.credits.tables import CreditBalanceRow, CreditEntryRow, CreditGrantRow
from models.database.dialects import table_of
from models.verification.usage import Check, CustomerBatch, Difference
from rules.credits.grants import EntryKind
from rules.numbers import to_text

_BALANCES = table_of(CreditBalanceRow)
_GRANTS = table_of(CreditGrantRow)
_ENTRIES = table_of(CreditEntryRow)


async def running_balances(session: AsyncSession, part: CustomerBatch) -> Difference | None:
    """Add up the ledger, and compare with the balance stored in every entry."""
    c = _ENTRIES.c
    book = (c.customer_id, c.credit_type)
    running = func.sum(c.amount).over(partition_by=book, order_by=c.number)
    place = func.row_number().over(partition_by=book, order_by=c.number)
    added = select(
        *book, c.number, c.balance_after, _whole(running).label("sum"), place.label("place")
    ).where(_theirs(_ENTRIES, part))
    known = added.subquery("known")
    wrong = select(known).where(or_(known.c.sum != known.c.balance_after, known.c.number != known.c.place))
    row = (await session.execute(wrong.order_by(known.c.customer_id, known.c.number).limit(1))).first()
    if row is None:
        return None
    said = f"says {to_text(row.balance_after)}, and the entries up to it come to {to_text(row.sum)}"
    return _about(part, row, f"Entry {row.number} of '{row.credit_type}' {said}.")


async def verify_balances(session: AsyncSession, part: CustomerBatch) -> Difference | None:
    """Compare every balance with the sum of its entries."""
    c, entries = _BALANCES.c, _sums(part)
    sums = {
        "granted": entries.c.granted,
        "consumed": -entries.c.consumed,
        "expired": -entries.c.expired,
        "voided": -entries.c.voided,
        "overdraft": -entries.c.owed,
    }
    anew = {name: func.coalesce(total, 0) for name, total in sums.items()}
    same = and_(entries.c.customer_id == c.customer_id, entries.c.credit_type == c.credit_type)
    differs = or_(*(c[name] != total for name, total in anew.items()))
    asked = select(
        c.customer_id,
        c.credit_type,
        *(c[name] for name in anew),
        *(total.label(f"{name}_anew") for name, total in anew.items()),
    ).select_from(_BALANCES.outerjoin(entries, same))
    wrong = asked.where(_theirs(_BALANCES, part), differs).order_by(c.customer_id, c.credit_type)
    row = (await session.execute(wrong.limit(1))).mappings().first()
    return None if row is None else _describe_imbalance(part, row, list(sums))


def _describe_imbalance(part: CustomerBatch, row: Mapping[Any, Any], names: Sequence[str]) -> Difference:
    name = next(name for name in names if row[name] != row[f"{name}_anew"])
    said = f"says {to_text(row[name])}, and its entries come to {to_text(row[f'{name}_anew'])}"
    sentence = f"The balance of '{row['credit_type']}', {name}, {said}."
    return Difference(customer=part.customers[row["customer_id"]], sentence=sentence)


def _sums(part: CustomerBatch) -> Subquery:
    """Select the sums of each account's entries, by kind."""
    c = _ENTRIES.c
    kinds = {
        "granted": c.kind == EntryKind.GRANTED,
        "consumed": c.kind == EntryKind.CONSUMED,
        "expired": c.kind == EntryKind.EXPIRED,
        "voided": c.kind == EntryKind.VOIDED,
        "owed": c.grant_number.is_(None),
    }
    totals = (_whole(func.sum(case((which, c.amount), else_=0))).label(name) for name, which in kinds.items())
    grouped = select(c.customer_id, c.credit_type, *totals).where(_theirs(_ENTRIES, part))
    return grouped.group_by(c.customer_id, c.credit_type).subquery("summed")


async def verify_grants(session: AsyncSession, part: CustomerBatch) -> Difference | None:
    """Compare what is left and held of every grant with the sum of its entries."""
    c, e = _GRANTS.c, _ENTRIES.c
    total = _whole(func.sum(e.amount)).label("sum")
    mine = (e.customer_id, e.credit_type, e.grant_number)
    sums = select(*mine, total).where(_theirs(_ENTRIES, part)).group_by(*mine).subquery("sums")
    same = and_(
        sums.c.customer_id == c.customer_id,
        sums.c.credit_type == c.credit_type,
        sums.c.grant_number == c.number,
    )
    anew = func.coalesce(sums.c.sum, 0)
    asked = select(
        c.customer_id, c.credit_type, c.number, (c.remaining + c.held).label("left"), anew.label("anew")
    )
    joined = asked.select_from(_GRANTS.outerjoin(sums, same))
    wrong = joined.where(_theirs(_GRANTS, part), c.remaining + c.held != anew)
    row = (await session.execute(wrong.order_by(c.customer_id, c.number).limit(1))).first()
    if row is None:
        return None
    said = f"has {to_text(row.left)} left, and its entries come to {to_text(row.anew)}"
    return _about(part, row, f"Grant {row.number} of '{row.credit_type}' {said}.")


def _whole(total: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(total, BigInteger)


def _theirs(table: Any, part: CustomerBatch) -> ColumnElement[bool]:  # noqa: ANN401 - a table of credits
    here = table.c.environment_id == part.environment
    return and_(here, table.c.customer_id.in_(part.customers))


def _about(part: CustomerBatch, row: Any, sentence: str) -> Difference:  # noqa: ANN401 - a row
    return Difference(customer=part.customers[row.customer_id], sentence=sentence)


CREDIT_CHECKS: Sequence[Check] = (running_balances, verify_balances, verify_grants)
"""The checks of every customer's credits, causes first."""
