"""Access probes: one statement that reads what checks of the present need and no cache can hold.

It reads the revisions of the catalog and the customers, their counters, and their open reservations, all at
one instant. What the revisions identify is cached (models/access/cache.py). While a statement is running,
new checks wait, and share the next one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Table,
    and_,
    bindparam,
    cast,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy import Text as SqlText
from sqlalchemy.types import TypeEngine

from models.coalescing import Coalescer
from models.customers.tables import CustomerRow
from models.database.column_types import Count, Instant, Key, from_micros, to_micros
from models.database.dialects import parameter_row, parameter_rows, row_parameters, table_of
from models.database.pinned_connection import CompiledStatement, PinnedConnection, Row
from models.tables import EnvironmentRow
from models.usage.tables import ReservationRow, UsageWindowRow
from rules.usage.counters import Tally
from rules.usage.metering import Window
from rules.usage.reservations import Reservation

_ENVIRONMENTS = table_of(EnvironmentRow).c
_CUSTOMERS = table_of(CustomerRow)
_WINDOWS = table_of(UsageWindowRow)
_HOLDS = table_of(ReservationRow)

_ASKED: Mapping[str, TypeEngine[Any]] = {
    "index": Count(),
    "environment": Count(),
    "customer": Key(),
    "feature": Key(),
}
_COUNTED = ("starts_at", "ends_at", "used", "last_at")
_HELD = (
    *("key", "feature_key", "quantity", "created_at", "expires_at"),
    *("number", "settled_at", "settled", "released_at", "credit_type"),
)

MOST_READ = 50_000
"""The most texts and instants whose parsed form is cached."""

_NONE = "[]"
"""An empty list in JSON, as SQLite returns it; PostgreSQL returns NULL."""


class ProbeKey(NamedTuple):
    """What a probe is about: a customer of an environment, and a feature."""

    environment: int
    customer: str
    feature: str


class AccessProbe(NamedTuple):
    """The result of a probe; ``customer`` is None if there is none with this key."""

    catalog_revision: int
    clock_at: datetime | None
    customer: int | None
    facts_revision: int
    revision: int
    acted_at: datetime | None
    tallies: Mapping[Window, Tally]
    holds: tuple[Reservation, ...]


class ProbeReader:
    """Reads probes on a pinned connection; simultaneous probes share a statement."""

    def __init__(self, held: PinnedConnection, clock: Callable[[], datetime]) -> None:
        self._held = held
        self._clock = clock
        dialect = held.dialect
        self._for_one = CompiledStatement(_probe_statement(dialect.name, parameter_row(**_ASKED)), dialect)
        self._for_many = CompiledStatement(
            _probe_statement(dialect.name, parameter_rows(dialect.name, **_ASKED)), dialect
        )
        self._reads: Coalescer[Sequence[ProbeKey], list[AccessProbe | None]] = Coalescer(
            self._read_together, name="probe"
        )

    async def at(self, places: Sequence[ProbeKey]) -> list[AccessProbe | None]:
        """Return probes, all of one instant that is no earlier than the call.

        A probe is None if its environment does not exist: a replica may not have it yet.
        """
        return await self._reads.ask_at_once(places)

    async def _read_together(self, asked: Sequence[Sequence[ProbeKey]]) -> list[list[AccessProbe | None]]:
        if len(asked) == 1:
            return [await self._read(asked[0])]
        read = iter(await self._read([place for places in asked for place in places]))
        return [list(islice(read, len(places))) for places in asked]

    async def _read(self, places: Sequence[ProbeKey]) -> list[AccessProbe | None]:
        now = to_micros(self._clock())
        if len(places) == 1:
            statement, (place,) = self._for_one, places
            parameters = statement.parameters(now=now, index=0, **place._asdict())
        else:
            statement, given = (
                self._for_many,
                row_parameters((index, *place) for index, place in enumerate(places)),
            )
            parameters = statement.parameters(now=now, **given)
        rows = await self._held.rows(statement.text, parameters)
        told = {row[0]: _glance(places[row[0]], row) for row in rows}
        return [told.get(index) for index in range(len(places))]


def _probe_statement(dialect: str, place: FromClause) -> Select[Any]:
    its = and_(_CUSTOMERS.c.environment_id == place.c.environment, _CUSTOMERS.c.key == place.c.customer)
    of_place = place.join(table_of(EnvironmentRow), _ENVIRONMENTS.id == place.c.environment)
    return select(
        place.c.index,
        _ENVIRONMENTS.catalog_revision,
        _plain(_ENVIRONMENTS.clock_at),
        _CUSTOMERS.c.id,
        _CUSTOMERS.c.facts_revision,
        _CUSTOMERS.c.revision,
        _plain(_CUSTOMERS.c.acted_at),
        _json_rows(dialect, _WINDOWS, _COUNTED, _of_customer(_WINDOWS, place.c.feature)),
        _json_rows(dialect, _HOLDS, _HELD, and_(_of_customer(_HOLDS, place.c.feature), _is_open())),
    ).select_from(of_place.outerjoin(_CUSTOMERS, its))


def _of_customer(table: Table, feature: ColumnElement[str]) -> ColumnElement[bool]:
    return and_(
        table.c.environment_id == _CUSTOMERS.c.environment_id,
        table.c.customer_id == _CUSTOMERS.c.id,
        table.c.feature_key == feature,
    )


def _is_open() -> ColumnElement[bool]:
    now = func.coalesce(_plain(_ENVIRONMENTS.clock_at), bindparam("now", type_=Count))
    return and_(
        _plain(_HOLDS.c.expires_at) > now,
        or_(_HOLDS.c.settled_at.is_(None), _plain(_HOLDS.c.settled_at) > now),
        or_(_HOLDS.c.released_at.is_(None), _plain(_HOLDS.c.released_at) > now),
    )


def _plain(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Select an instant as the number that is stored."""
    return type_coerce(column, Count)


def _json_rows(
    dialect: str, table: Table, columns: Sequence[str], whose: ColumnElement[bool]
) -> ColumnElement[str]:
    """Return rows of another table as one value: a list of lists, in JSON."""
    row, rows = _IN_JSON[dialect]
    cells = [_plain(table.c[name]) if _is_instant(table, name) else table.c[name] for name in columns]
    listed = getattr(func, rows)(getattr(func, row)(*cells))
    # As text on both: asyncpg needs a codec to read JSON, and sqlite3 has none.
    found = select(cast(listed, SqlText)).where(whose)
    return found.correlate_except(table).scalar_subquery()


_IN_JSON = {
    "sqlite": ("json_array", "json_group_array"),
    "postgresql": ("json_build_array", "json_agg"),
}


def _is_instant(table: Table, name: str) -> bool:
    return isinstance(table.c[name].type, Instant)


def _glance(place: ProbeKey, row: Row) -> AccessProbe:
    _, catalog_revision, clock_at, customer, facts_revision, revision, acted_at, counted, held = row
    return AccessProbe(
        catalog_revision=catalog_revision,
        clock_at=_instant_if(clock_at),
        customer=customer,
        facts_revision=facts_revision,
        revision=revision,
        acted_at=_instant_if(acted_at),
        tallies=_tallies(place.feature, counted),
        holds=_holds(held),
    )


@lru_cache(maxsize=MOST_READ)
def _instant(micros: int) -> datetime:
    return from_micros(micros)


def _instant_if(micros: int | None) -> datetime | None:
    return None if micros is None else _instant(micros)


@lru_cache(maxsize=MOST_READ)
def _tallies(feature: str, counted: str | None) -> Mapping[Window, Tally]:
    """Read counters; equal texts share one result."""
    if counted is None or counted == _NONE:
        return {}
    return {
        Window(feature=feature, starts_at=_instant(starts_at), ends_at=_instant(ends_at)): Tally(
            used=used, last_at=_instant_if(last_at)
        )
        for starts_at, ends_at, used, last_at in json.loads(counted)
    }


def _holds(held: str | None) -> tuple[Reservation, ...]:
    if held is None or held == _NONE:
        return ()
    return tuple(_hold(dict(zip(_HELD, row, strict=True))) for row in json.loads(held))


def _hold(told: Mapping[str, Any]) -> Reservation:
    return Reservation(
        key=told["key"],
        feature=told["feature_key"],
        quantity=told["quantity"],
        created_at=_instant(told["created_at"]),
        expires_at=_instant(told["expires_at"]),
        number=told["number"],
        settled_at=_instant_if(told["settled_at"]),
        settled=told["settled"],
        released_at=_instant_if(told["released_at"]),
        credit_type=told["credit_type"],
    )
