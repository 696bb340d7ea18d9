"""Reservations: open ones, those that commands name, and pages of all."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from models.database.column_types import Count, Instant, Key
from models.database.dialects import dialect_of, in_rows, parameter_rows, row_parameters, table_of, upsert
from models.usage.store import Owner
from models.usage.tables import ReservationRow
from rules.usage.metering import LATEST
from rules.usage.reservations import Reservation, ReservationStatus

_TABLE = table_of(ReservationRow)
_C = _TABLE.c

Holds = dict[str, Reservation]


async def load(
    session: AsyncSession,
    owners: Collection[Owner],
    now: datetime,
    named: Collection[tuple[Owner, str]] = (),
    made_by: datetime | None = None,
) -> dict[Owner, Holds]:
    """Return the reservations of these customers that have not ended at an instant, and the named ones.

    ``made_by`` leaves out those made later: a customer's last command may be later than the clock.
    """
    found: dict[Owner, Holds] = {owner: {} for owner in owners}
    if not owners:
        return found
    dialect, theirs = (
        dialect_of(session),
        row_parameters((owner.environment, owner.customer) for owner in owners),
    )
    instants = {"now": now, "made_by": made_by or LATEST}
    rows = [*await session.execute(_open_statement(dialect), theirs | instants)]
    if named:
        keys = row_parameters((owner.environment, owner.customer, key) for owner, key in named)
        rows += [*await session.execute(_named_statement(dialect), keys)]
    for row in rows:
        found[Owner(environment=row.environment_id, customer=row.customer_id)][row.key] = _hold(row)
    return found


@cache
def _open_statement(dialect: str) -> Select[Any]:
    them = parameter_rows(dialect, environment=Count(), customer=Count()).c
    theirs = and_(_C.environment_id == them.environment, _C.customer_id == them.customer)
    now = bindparam("now", type_=Instant)
    return select(_TABLE).where(theirs, _open(now), _C.created_at <= bindparam("made_by", type_=Instant))


@cache
def _named_statement(dialect: str) -> Select[Any]:
    them = parameter_rows(dialect, environment=Count(), customer=Count(), key=Key()).c
    theirs = and_(_C.environment_id == them.environment, _C.customer_id == them.customer)
    return select(_TABLE).where(theirs, _C.key == them.key)


def _open(now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """Return the condition that a reservation has not ended at an instant, which may be a past one."""
    return and_(
        _C.expires_at > now,
        or_(_C.settled_at.is_(None), _C.settled_at > now),
        or_(_C.released_at.is_(None), _C.released_at > now),
    )


async def first_after(
    session: AsyncSession, places: Collection[tuple[Owner, str]], now: datetime
) -> dict[tuple[Owner, str], datetime]:
    """Return, by customer and feature, when a reservation was next made after an instant."""
    if not places:
        return {}
    group = (_C.environment_id, _C.customer_id, _C.feature_key)
    wanted = [(owner.environment, owner.customer, feature) for owner, feature in places]
    theirs = in_rows(dialect_of(session), group, wanted)
    asked = select(*group, func.min(_C.created_at)).where(theirs, _C.created_at > now)
    return {
        (Owner(environment=environment, customer=customer), feature): first
        for environment, customer, feature, first in await session.execute(asked.group_by(*group))
    }


async def find(session: AsyncSession, owner: Owner, key: str) -> Reservation | None:
    """Return the reservation of a customer by its key, in any status; None if there is none."""
    mine = and_(_C.environment_id == owner.environment, _C.customer_id == owner.customer)
    row = (await session.execute(select(_TABLE).where(mine, _C.key == key))).one_or_none()
    return None if row is None else _hold(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationFilter:
    """The reservations of a customer in a status at an instant; None is any status.

    ``now`` is the present, or with ``other`` another instant: then later changes do not count.
    """

    owner: Owner
    status: ReservationStatus | None
    now: datetime
    other: bool = False


async def page(
    session: AsyncSession, shelf: ReservationFilter, before: str | int | None, size: int
) -> Sequence[Reservation]:
    """Return reservations, the newest first, those older than ``before``."""
    wanted = [_theirs(shelf)]
    if before is not None:
        wanted.append(_C.number < before)
    rows = await session.execute(select(_TABLE).where(*wanted).order_by(_C.number.desc()).limit(size))
    return [_hold(row) for row in rows]


async def count(session: AsyncSession, shelf: ReservationFilter) -> int:
    """Count the reservations."""
    counted = await session.execute(select(func.count()).where(_theirs(shelf)))
    return int(counted.scalar_one())


def _theirs(shelf: ReservationFilter) -> ColumnElement[bool]:
    owner, status, now = shelf.owner, shelf.status, shelf.now
    mine = and_(_C.environment_id == owner.environment, _C.customer_id == owner.customer)
    if shelf.other:
        return and_(mine, _C.created_at <= now, _at_another(status, now))
    unsettled = and_(_C.settled_at.is_(None), _C.released_at.is_(None))
    match status:
        case None:
            return mine
        case ReservationStatus.HELD:
            return and_(mine, unsettled, _C.expires_at > now)
        case ReservationStatus.EXPIRED:
            return and_(mine, unsettled, _C.expires_at <= now)
        case ReservationStatus.SETTLED:
            return and_(mine, _C.settled_at.is_not(None))
        case ReservationStatus.RELEASED:
            return and_(mine, _C.released_at.is_not(None))


def _at_another(status: ReservationStatus | None, now: datetime) -> ColumnElement[bool]:
    settled, released = _C.settled_at <= now, _C.released_at <= now
    unsettled = and_(
        or_(_C.settled_at.is_(None), _C.settled_at > now),
        or_(_C.released_at.is_(None), _C.released_at > now),
    )
    match status:
        case None:
            return true()
        case ReservationStatus.HELD:
            return and_(unsettled, _C.expires_at > now)
        case ReservationStatus.EXPIRED:
            return and_(unsettled, _C.expires_at <= now)
        case ReservationStatus.SETTLED:
            return settled
        case ReservationStatus.RELEASED:
            return released


async def save(session: AsyncSession, changed: Iterable[tuple[Owner, Reservation]]) -> None:
    """Write reservations that commands have made or changed."""
    rows = [
        {
            "environment_id": owner.environment,
            "customer_id": owner.customer,
            "key": hold.key,
            "feature_key": hold.feature,
            "quantity": hold.quantity,
            "created_at": hold.created_at,
            "expires_at": hold.expires_at,
            "number": hold.number,
            "settled_at": hold.settled_at,
            "settled": hold.settled,
            "released_at": hold.released_at,
            "credit_type": hold.credit_type,
        }
        for owner, hold in changed
    ]
    await upsert(session, ReservationRow, rows)


def _hold(row: Any) -> Reservation:  # noqa: ANN401 - a row of the table
    return Reservation(
        key=row.key,
        feature=row.feature_key,
        quantity=row.quantity,
        created_at=row.created_at,
        expires_at=row.expires_at,
        number=row.number,
        settled_at=row.settled_at,
        settled=row.settled,
        released_at=row.released_at,
        credit_type=row.credit_type,
    )
