"""Whether what is kept agrees with what was recorded: every check gives the first difference it finds.

The database looks for differences; what agrees never leaves it. A check sees some customers at a time,
all of them at one instant.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    FromClause,
    Subquery,
    Table,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncSession

from models import usage
from models.statements import table_of
from models.tables import (
    CustomEntitlementRow,
    CustomerRow,
    IdempotencyKeyRow,
    ReservationRow,
    SubscriptionRow,
    UsageRecordRow,
)
from models.usage import Owner, Uncounted
from rules.catalog import ADDED_UP, Aggregation
from rules.consuming import Consume
from rules.events import IngestEvent
from rules.holding import Reserve
from rules.metering import Window
from rules.numbers import ONE, to_text
from rules.reporting import AHEAD, ReportUsage
from rules.tallies import Tally

_CUSTOMERS = table_of(CustomerRow)
_RECORDS = table_of(UsageRecordRow)
_HOLDS = table_of(ReservationRow)
_KEYS = table_of(IdempotencyKeyRow)
_SUBSCRIPTIONS = table_of(SubscriptionRow)
_CUSTOM = table_of(CustomEntitlementRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some customers of an environment, their keys by number, and how its metered features are counted."""

    environment: int
    customers: Mapping[int, str]
    aggregations: Mapping[str, Aggregation]

    def counted_by(self, *aggregations: Aggregation) -> list[str]:
        """Give the features that are counted in one of these ways."""
        return [key for key, aggregation in self.aggregations.items() if aggregation in aggregations]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What does not agree about a customer, in a sentence."""

    customer: str
    sentence: str


Check = Callable[[AsyncSession, Part], Awaitable[Difference | None]]


async def next_customers(session: AsyncSession, environment: int, after: int, count: int) -> dict[int, str]:
    """Give the keys, by number, of the customers of an environment who come after one."""
    theirs = select(_CUSTOMERS.c.id, _CUSTOMERS.c.key).where(
        _CUSTOMERS.c.environment_id == environment, _CUSTOMERS.c.id > after
    )
    rows = await session.execute(theirs.order_by(_CUSTOMERS.c.id).limit(count))
    return {row.id: row.key for row in rows}


async def tallies(session: AsyncSession, part: Part) -> Difference | None:
    """Count every kept tally anew."""
    owners = [Owner(environment=part.environment, customer=number) for number in part.customers]
    kept = await usage.kept(session, owners)
    places = [(owner, window) for owner in owners for window in kept[owner]]
    for owner, window in places:
        if window.feature not in part.aggregations:
            return _about(part, owner, f"A tally is kept of '{window.feature}', which is not metered.")
    anew = await usage.count_anew(
        session,
        [
            Uncounted(owner=owner, window=window, aggregation=part.aggregations[window.feature])
            for owner, window in places
        ],
    )
    for owner, window in places:
        if not _is_same(kept[owner][window], anew[owner][window]):
            return _about(part, owner, _miscounted(window, kept[owner][window], anew[owner][window]))
    return None


def _is_same(kept: Tally, anew: Tally) -> bool:
    return (kept.used, kept.last_at) == (anew.used, anew.last_at)


def _miscounted(window: Window, kept: Tally, anew: Tally) -> str:
    span = f"from {window.starts_at.isoformat()} to {window.ends_at.isoformat()}"
    if kept.used == anew.used:
        return f"The tally of '{window.feature}' {span} was seen last at another instant than its records."
    said = f"says {to_text(kept.used)}, and its records come to {to_text(anew.used)}"
    return f"The tally of '{window.feature}' {span} {said}."


def _about(part: Part, owner: Owner, sentence: str) -> Difference:
    return Difference(customer=part.customers[owner.customer], sentence=sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Doubts:
    """What may be wrong with the rows of a table, each in words that go on after the row's name.

    The table is joined with its customers, and with what else its conditions look at.
    """

    noun: str
    table: Table
    names: Sequence[ColumnElement[object]]
    conditions: Mapping[str, ColumnElement[bool]]
    beside: Sequence[tuple[FromClause, ColumnElement[bool]]] = ()

    async def first(self, session: AsyncSession, part: Part) -> Difference | None:
        """Give the first row that something is wrong with."""
        said = case(*((wrong, literal(words)) for words, wrong in self.conditions.items()))
        place = self.table.c.id if self.table is _CUSTOMERS else self.table.c.customer_id
        asked = select(place, said, *self.names).select_from(self._joined())
        wrong = asked.where(
            self.table.c.environment_id == part.environment, place.in_(part.customers), said.is_not(None)
        )
        row = (await session.execute(wrong.order_by(place, *self.names).limit(1))).first()
        if row is None:
            return None
        number, words, *names = row
        called = " ".join([self.noun, *(f"'{name}'" for name in names)])
        return Difference(customer=part.customers[number], sentence=f"{called} {words}.")

    def _joined(self) -> FromClause:
        joined: FromClause = self.table
        if self.table is not _CUSTOMERS:
            joined = joined.join(_CUSTOMERS, self.table.c.customer_id == _CUSTOMERS.c.id)
        for other, same in self.beside:
            joined = joined.outerjoin(other, same)
        return joined


def _was_never(number: ColumnElement[int]) -> ColumnElement[bool]:
    return or_(number < 1, number > _CUSTOMERS.c.revision)


NEVER = "is of an act that the customer's revision does not count"


async def revisions(session: AsyncSession, part: Part) -> Difference | None:
    """Compare customers' revisions with what their acts have left."""
    c = _CUSTOMERS.c
    doubts = _Doubts(
        noun="The customer",
        table=_CUSTOMERS,
        names=(),
        conditions={
            "has acted, and never at any instant": and_(c.revision > 0, c.acted_at.is_(None)),
            "changed in an act that their revision does not count": c.facts_revision > c.revision,
        },
    )
    found = await doubts.first(session, part)
    for noun, table in (("Subscription", _SUBSCRIPTIONS), ("Custom entitlement", _CUSTOM)):
        made = _Doubts(
            noun=noun, table=table, names=(table.c.number,), conditions={NEVER: _was_never(table.c.number)}
        )
        found = found or await made.first(session, part)
    return found


async def records(session: AsyncSession, part: Part) -> Difference | None:
    """Look for records that no act can have left."""
    c = _RECORDS.c
    observed = part.counted_by(Aggregation.MAX, Aggregation.LATEST)
    unique = c.feature_key.in_(part.counted_by(Aggregation.UNIQUE))
    ahead = _micros(c.occurred_at) > _micros(_CUSTOMERS.c.acted_at) + AHEAD // timedelta.resolution
    doubts = _Doubts(
        noun="The record of",
        table=_RECORDS,
        names=(c.feature_key, c.number),
        conditions={
            "is of a feature that is not metered": c.feature_key.not_in(part.aggregations),
            NEVER: _was_never(c.number),
            "occurred after the customer's last act": ahead,
            "is below zero": and_(c.feature_key.in_(observed), c.quantity < 0),
            "counts a value, and lacks it": and_(unique, or_(c.value.is_(None), c.quantity != ONE)),
            "has a value that is not counted": and_(~unique, c.value.is_not(None)),
        },
    )
    return await doubts.first(session, part)


def _micros(instant: ColumnElement[object]) -> ColumnElement[int]:
    return type_coerce(instant, BigInteger)


async def holds(session: AsyncSession, part: Part) -> Difference | None:
    """Compare holds with the acts that made them and with the records of what was settled."""
    c, taken, record = _HOLDS.c, _KEYS.c, _RECORDS.c
    by_key = and_(taken.operation == Reserve.operation, taken.key == c.key, taken.number == c.number)
    made = exists().where(_same_customer(_KEYS, _HOLDS), by_key)
    same = and_(
        record.feature_key == c.feature_key, record.occurred_at == c.settled_at, record.quantity == c.settled
    )
    settled = exists().where(_same_customer(_RECORDS, _HOLDS), same)
    late = (c.created_at, c.settled_at, c.released_at)
    doubts = _Doubts(
        noun="Reservation",
        table=_HOLDS,
        names=(c.key,),
        conditions={
            NEVER: _was_never(c.number),
            "is not above zero": c.quantity <= 0,
            "ended after the customer's last act": or_(*(at > _CUSTOMERS.c.acted_at for at in late)),
            "is settled by half": c.settled_at.is_(None) != c.settled.is_(None),
            "is settled and released": and_(c.settled_at.is_not(None), c.released_at.is_not(None)),
            "was made by no act that is known": ~made,
            "is settled, and there is no record of it": and_(c.settled != 0, ~settled),
        },
    )
    return await doubts.first(session, part)


async def keys(session: AsyncSession, part: Part) -> Difference | None:
    """Compare idempotency keys with what their acts have left."""
    c, hold, owned = _KEYS.c, _HOLDS.c, _SUBSCRIPTIONS.c
    left, shared = _left_by_acts(part), _keys_of_acts(part)
    added_up = left.c.feature_key.in_(part.counted_by(*ADDED_UP))
    made = exists().where(
        _same_customer(_HOLDS, _KEYS),
        and_(hold.key == c.key, hold.number == c.number, hold.quantity == _told("reserved")),
    )
    named = exists().where(_same_customer(_SUBSCRIPTIONS, _KEYS), owned.number == _told("subscription"))
    left_count = func.coalesce(left.c.count, 0)
    consumes, reports = c.operation == Consume.operation, c.operation == ReportUsage.operation
    doubts = _Doubts(
        noun="The key of",
        table=_KEYS,
        names=(c.operation, c.key),
        conditions={
            NEVER: _was_never(c.number),
            "shares its act with another key": shared.c.count > 1,
            "is of one record, of which there is not one": and_(or_(consumes, reports), left_count != 1),
            "consumed another quantity than its record says": and_(
                consumes, left.c.quantity != _told("consumed")
            ),
            "recorded another quantity than its record says": and_(
                reports, added_up, left.c.quantity != _told("recorded")
            ),
            "matched another number of features than there are records": and_(
                c.operation == IngestEvent.operation, left_count != _told("matched")
            ),
            "reserved what is not there": and_(c.operation == Reserve.operation, ~made),
            "names a subscription that is not there": and_(_told("subscription").is_not(None), ~named),
        },
        beside=[(left, _same_act(left)), (shared, _same_act(shared))],
    )
    return await doubts.first(session, part)


def _left_by_acts(part: Part) -> Subquery:
    """What each act of these customers has recorded."""
    c = _RECORDS.c
    theirs = and_(c.environment_id == part.environment, c.customer_id.in_(part.customers))
    what = (func.count().label("count"), func.min(c.quantity).label("quantity"))
    named = func.min(c.feature_key).label("feature_key")
    grouped = select(c.customer_id, c.number, named, *what).where(theirs)
    return grouped.group_by(c.customer_id, c.number).subquery("left_by_acts")


def _keys_of_acts(part: Part) -> Subquery:
    """How many keys each act of these customers has taken."""
    c = _KEYS.c
    theirs = and_(c.environment_id == part.environment, c.customer_id.in_(part.customers))
    grouped = select(c.customer_id, c.number, func.count().label("count")).where(theirs)
    return grouped.group_by(c.customer_id, c.number).subquery("keys_of_acts")


def _same_act(other: Subquery) -> ColumnElement[bool]:
    return and_(other.c.customer_id == _KEYS.c.customer_id, other.c.number == _KEYS.c.number)


def _same_customer(one: Table, other: Table) -> ColumnElement[bool]:
    return and_(one.c.environment_id == other.c.environment_id, one.c.customer_id == other.c.customer_id)


def _told(name: str) -> ColumnElement[int]:
    """What an act answered, as its key remembers it."""
    return cast(type_coerce(_KEYS.c.outcome, JSON)[name].as_string(), BigInteger)


CHECKS: Sequence[Check] = (revisions, records, holds, keys, tallies)
"""What is checked of every customer, causes first; whoever keeps something else adds a check of it."""
