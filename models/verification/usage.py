"""Verify counters and other stored state against the records; every check returns its first difference.

The database searches for differences; equal rows never leave it. A check reads some customers at a time,
all of them at one instant.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Subquery,
    Table,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from models.commands.tables import IdempotencyKeyRow
from models.customers.tables import CustomEntitlementRow, CustomerRow, SubscriptionRow
from models.database.dialects import table_of
from models.usage import counting
from models.usage import store as usage
from models.usage.counting import Uncounted
from models.usage.store import Owner
from models.usage.tables import ReservationRow, UsageRecordRow
from rules.catalog.facts import ADDED_UP, Aggregation
from rules.commands.consume import Consume
from rules.commands.ingest_event import IngestEvent
from rules.commands.report_usage import AHEAD, ReportUsage
from rules.commands.reserve import Reserve
from rules.numbers import ONE, to_text
from rules.usage.counters import Tally
from rules.usage.metering import Window

_CUSTOMERS = table_of(CustomerRow)
_RECORDS = table_of(UsageRecordRow)
_HOLDS = table_of(ReservationRow)
_KEYS = table_of(IdempotencyKeyRow)
_SUBSCRIPTIONS = table_of(SubscriptionRow)
_CUSTOM = table_of(CustomEntitlementRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerBatch:
    """Some customers of an environment, their keys by number, and the aggregations of metered features."""

    environment: int
    customers: Mapping[int, str]
    aggregations: Mapping[str, Aggregation]

    def counted_by(self, *aggregations: Aggregation) -> list[str]:
        """Return the features with one of these aggregations."""
        return [key for key, aggregation in self.aggregations.items() if aggregation in aggregations]

    def owns(self, table: FromClause) -> ColumnElement[bool]:
        """Return the condition that rows of a table belong to these customers."""
        number = table.c.id if table is _CUSTOMERS else table.c.customer_id
        return and_(table.c.environment_id == self.environment, number.in_(self.customers))


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A difference in a customer's data, as a sentence."""

    customer: str
    sentence: str


Check = Callable[[AsyncSession, CustomerBatch], Awaitable[Difference | None]]


async def next_customers(session: AsyncSession, environment: int, after: int, count: int) -> dict[int, str]:
    """Return the keys, by number, of the customers of an environment with numbers above ``after``."""
    theirs = select(_CUSTOMERS.c.id, _CUSTOMERS.c.key).where(
        _CUSTOMERS.c.environment_id == environment, _CUSTOMERS.c.id > after
    )
    rows = await session.execute(theirs.order_by(_CUSTOMERS.c.id).limit(count))
    return {row.id: row.key for row in rows}


async def verify_counters(session: AsyncSession, part: CustomerBatch) -> Difference | None:
    """Count every stored counter again."""
    owners = [Owner(environment=part.environment, customer=number) for number in part.customers]
    kept = await usage.load_counters(session, owners)
    places = [(owner, window) for owner in owners for window in kept[owner]]
    for owner, window in places:
        if window.feature not in part.aggregations:
            return _about(part, owner, f"There is a counter of '{window.feature}', which is not metered.")
    anew = await counting.count_anew(
        session,
        [
            Uncounted(owner=owner, window=window, aggregation=part.aggregations[window.feature])
            for owner, window in places
        ],
    )
    for owner, window in places:
        if not _is_same(kept[owner][window], anew[owner][window]):
            return _about(part, owner, _describe_miscount(window, kept[owner][window], anew[owner][window]))
    return None


def _is_same(kept: Tally, anew: Tally) -> bool:
    return (kept.used, kept.last_at) == (anew.used, anew.last_at)


def _describe_miscount(window: Window, kept: Tally, anew: Tally) -> str:
    span = f"from {window.starts_at.isoformat()} to {window.ends_at.isoformat()}"
    if kept.used == anew.used:
        return f"The counter of '{window.feature}' {span} was seen last at another instant than its records."
    said = f"says {to_text(kept.used)}, and its records come to {to_text(anew.used)}"
    return f"The counter of '{window.feature}' {span} {said}."


def _about(part: CustomerBatch, owner: Owner, sentence: str) -> Difference:
    return Difference(customer=part.customers[owner.customer], sentence=sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Doubts:
    """Possible faults in the rows of a table, each worded to follow the row's name.

    Conditions refer to a row and to its customer.
    """

    noun: str
    table: FromClause
    names: Sequence[ColumnElement[object]]
    conditions: Mapping[str, ColumnElement[bool]]

    async def first(self, session: AsyncSession, part: CustomerBatch) -> Difference | None:
        """Return the first faulty row; None if there is none."""
        said = case(*((wrong, literal(words)) for words, wrong in self.conditions.items()))
        place, source = _CUSTOMERS.c.id, self.table
        if source is not _CUSTOMERS:
            source = source.join(_CUSTOMERS, self.table.c.customer_id == place)
        asked = select(place, said, *self.names).select_from(source)
        wrong = asked.where(part.owns(self.table), said.is_not(None))
        row = (await session.execute(wrong.order_by(place, *self.names).limit(1))).first()
        if row is None:
            return None
        number, words, *names = row
        called = " ".join([self.noun, *(f"'{name}'" for name in names)])
        return Difference(customer=part.customers[number], sentence=f"{called} {words}.")


def _was_never(number: ColumnElement[int]) -> ColumnElement[bool]:
    return or_(number < 1, number > _CUSTOMERS.c.revision)


NEVER = "is of an act that the customer's revision does not count"


async def verify_revisions(session: AsyncSession, part: CustomerBatch) -> Difference | None:
    """Compare customers' revisions with the traces of their commands."""
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


async def verify_records(session: AsyncSession, part: CustomerBatch) -> Difference | None:
    """Find records that no command can have made."""
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


async def verify_reservations(session: AsyncSession, part: CustomerBatch) -> Difference | None:
    """Compare reservations with the commands that made them and with the records of settlements."""
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


async def verify_idempotency_keys(session: AsyncSession, part: CustomerBatch) -> Difference | None:
    """Compare idempotency keys with the traces of their commands."""
    acts = _acts(part)
    c, hold, owned = acts.c, _HOLDS.c, _SUBSCRIPTIONS.c
    made = exists().where(
        _same_customer(_HOLDS, acts),
        and_(hold.key == c.key, hold.number == c.number, hold.quantity == c.told),
    )
    named = exists().where(_same_customer(_SUBSCRIPTIONS, acts), owned.number == c.subscription)
    consumes, reports = c.operation == Consume.operation, c.operation == ReportUsage.operation
    added_up = c.feature_key.in_(part.counted_by(*ADDED_UP))
    doubts = _Doubts(
        noun="The key of",
        table=acts,
        names=(c.operation, c.key),
        conditions={
            NEVER: _was_never(c.number),
            "shares its act with another key": c.takers > 1,
            "is of one record, of which there is not one": and_(or_(consumes, reports), c.recorded != 1),
            "consumed another quantity than its record says": and_(consumes, c.quantity != c.told),
            "recorded another quantity than its record says": and_(reports, added_up, c.quantity != c.told),
            "matched another number of features than there are records": and_(
                c.operation == IngestEvent.operation, c.recorded != c.told
            ),
            "reserved what is not there": and_(c.operation == Reserve.operation, ~made),
            "names a subscription that is not there": and_(c.subscription.is_not(None), ~named),
        },
    )
    return await doubts.first(session, part)


def _acts(part: CustomerBatch) -> Subquery:
    """Select the traces of each command that used a key; grouped, so that nothing is joined."""
    left = union_all(_record_traces(part), _key_traces(part)).subquery("left")
    c = left.c
    of_key = [func.min(c[name]).label(name) for name in ("operation", "key", "told", "subscription")]
    of_records = [func.min(c[name]).label(name) for name in ("quantity", "feature_key")]
    place = (c.environment_id, c.customer_id, c.number)
    counts = (func.count(c.quantity).label("recorded"), func.count(c.key).label("takers"))
    grouped = select(*place, *counts, *of_records, *of_key).group_by(*place)
    return grouped.having(func.count(c.key) > 0).subquery("acts")


def _record_traces(part: CustomerBatch) -> Select[Any]:
    c = _RECORDS.c
    unknown = [null().label(name) for name in ("operation", "key")]
    untold = [cast(null(), BigInteger).label(name) for name in ("told", "subscription")]
    place = (c.environment_id, c.customer_id, c.number)
    return select(*place, c.quantity, c.feature_key, *unknown, *untold).where(part.owns(_RECORDS))


def _key_traces(part: CustomerBatch) -> Select[Any]:
    c = _KEYS.c
    unknown = (cast(null(), BigInteger).label("quantity"), null().label("feature_key"))
    told = func.coalesce(*(_outcome_number(name) for name in ("consumed", "recorded", "matched", "reserved")))
    outcome = (told.label("told"), _outcome_number("subscription").label("subscription"))
    place = (c.environment_id, c.customer_id, c.number)
    return select(*place, *unknown, c.operation, c.key, *outcome).where(part.owns(_KEYS))


def _same_customer(one: Table, other: FromClause) -> ColumnElement[bool]:
    return and_(one.c.environment_id == other.c.environment_id, one.c.customer_id == other.c.customer_id)


def _outcome_number(name: str) -> ColumnElement[int]:
    """Select a number of a command's outcome, as its key stores it."""
    return cast(type_coerce(_KEYS.c.outcome, JSON)[name].as_string(), BigInteger)


CHECKS: Sequence[Check] = (
    verify_revisions,
    verify_records,
    verify_reservations,
    verify_idempotency_keys,
    verify_counters,
)
"""The checks of every customer, causes first; new stored state needs a check here."""
