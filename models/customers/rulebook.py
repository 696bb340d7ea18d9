"""The time zone rules of a database, and whether a process may act by its own rules."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.customers.store import Address
from models.customers.tables import CustomEntitlementRow, CustomerRow, SubscriptionTermRow
from models.database.column_types import Instant
from models.database.dialects import insert_missing, table_of
from models.tables import EnvironmentRow
from models.zone_tables import TimeZoneRulesRow, newest_release
from rules.commands.follow_time_zones import zones_of
from rules.customers.facts import Customer
from rules.time_zones import PACKAGE, ZoneRules

_RULES = table_of(TimeZoneRulesRow)
_CUSTOMERS = table_of(CustomerRow)
_TERMS = table_of(SubscriptionTermRow)
_ENVIRONMENTS = table_of(EnvironmentRow)

_ALIKE: frozenset[str] = frozenset()


class OlderRules(Exception):  # noqa: N818 - what a process has
    """The database uses newer rules of a time zone by which a customer's periods are counted.

    Commands of this process could exceed limits that other processes have counted by the newer rules.
    """

    def __init__(self, own: str, newest: str, zones: Collection[str]) -> None:
        names = ", ".join(sorted(zones))
        super().__init__(f"the rules of {names} are of {own} here, and the database is served with {newest}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Newer:
    """Newer rules than the database used: ``before`` is None if that is not known.

    ``zones`` are the zones that differ.
    """

    before: str | None
    zones: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """The zones in which a process may not act, in one transaction."""

    own: str
    newest: str
    zones: frozenset[str]

    def refuse(self, customer: Customer | None) -> None:
        """Raise OlderRules if anything of a customer is counted in one of them."""
        concerned = _ALIKE if customer is None else self.concerned(customer)
        if concerned:
            raise OlderRules(self.own, self.newest, concerned)

    def concerned(self, customer: Customer) -> frozenset[str]:
        """Return those of them by which anything of a customer is counted."""
        return zones_of(customer) & self.zones


class Rulebook:
    """The rules of a process, compared with those of the database.

    The database stores which rules it last used. A process with newer rules stores its own; one with older
    rules, or with other rules of the same release, may act in the zones that are equal in both.
    """

    def __init__(self, own: ZoneRules, clock: Callable[[], datetime]) -> None:
        self.own = own
        self._clock = clock
        self._differing: dict[str, frozenset[str]] = {}

    async def has_newest(self, session: AsyncSession) -> bool:
        """Return whether the rules of this process are newer than those of the database."""
        return self._is_newer_than(await self._newest(session))

    def _is_newer_than(self, release: str | None) -> bool:
        return release is None or release < self.own.release

    async def take_up(self, session: AsyncSession) -> Newer | None:
        """Store the rules of this process if they are the newest, in a transaction; otherwise return None."""
        before = await self._newest(session)
        if not self._is_newer_than(before):
            return None
        zones = {} if before is None else await self._zones(session, before)
        await self._enter(session)
        return Newer(before=before, zones=self.own.differing(zones))

    async def are_in_force(self, session: AsyncSession) -> bool:
        """Return whether the database was last served with the release of this process."""
        return await self._newest(session) == self.own.release

    async def differing(self, session: AsyncSession, newest: str | None) -> frozenset[str]:
        """Return the zones in which the rules of the database differ.

        A process with the newest rules stores them if that is still to be done; then no zone differs.
        """
        if newest is None or self._is_newer_than(newest):
            await self._enter(session)
            return _ALIKE
        if newest not in self._differing:
            self._differing[newest] = await self._compare(session, newest)
        return self._differing[newest]

    async def ruling(self, session: AsyncSession, newest: str | None) -> Ruling | None:
        """Return the zones in which this process may not act; None if it may act in all."""
        differing = await self.differing(session, newest)
        if newest is None or not differing:
            return None
        return Ruling(own=self.own.release, newest=newest, zones=differing)

    async def behind(self, session: AsyncSession) -> tuple[str, frozenset[str]]:
        """Return the newest release, and the zones in use in which it differs from this process."""
        newest = await self._newest(session)
        if newest is None or self._is_newer_than(newest):
            return self.own.release, _ALIKE
        return newest, await _in_use(session, await self.differing(session, newest))

    async def _enter(self, session: AsyncSession) -> None:
        own = {
            "release": self.own.release,
            "source": self.own.source,
            "zones": dict(self.own.digests()),
            "served_at": self._clock(),
        }
        await insert_missing(session, TimeZoneRulesRow, [own])

    async def _compare(self, session: AsyncSession, release: str) -> frozenset[str]:
        of_release = _RULES.c.release == release
        source = (await session.execute(select(_RULES.c.source).where(of_release))).scalar_one()
        if release == self.own.release and source == self.own.source == PACKAGE:
            return _ALIKE
        return self.own.differing(await self._zones(session, release))

    async def _zones(self, session: AsyncSession, release: str) -> Mapping[str, str]:
        found = await session.execute(select(_RULES.c.zones).where(_RULES.c.release == release))
        zones: Mapping[str, str] = found.scalar_one()
        return zones

    async def _newest(self, session: AsyncSession) -> str | None:
        newest: str | None = (await session.execute(select(newest_release()))).scalar_one()
        return newest


async def _in_use(session: AsyncSession, zones: Collection[str]) -> frozenset[str]:
    """Return those of the zones that any customer uses."""
    if not zones:
        return _ALIKE
    tables = (_CUSTOMERS, _TERMS, table_of(CustomEntitlementRow))
    found = [select(table.c.timezone).where(table.c.timezone.in_(zones)).distinct() for table in tables]
    return frozenset([zone for asked in found for zone in (await session.execute(asked)).scalars()])


async def load_with_schedule(session: AsyncSession, now: datetime) -> list[tuple[Address, datetime]]:
    """Return the customers who have a change ahead, each with the time of the environment.

    They are not chosen by zone: the instant of a change follows the zone of the term before it.
    """
    clock = func.coalesce(_ENVIRONMENTS.c.clock_at, literal(now, Instant))
    coming = select(_CUSTOMERS.c.environment_id, _CUSTOMERS.c.key, clock).where(
        _TERMS.c.scheduled.is_(True),
        _TERMS.c.starts_at > clock,
        _TERMS.c.customer_id == _CUSTOMERS.c.id,
        _ENVIRONMENTS.c.id == _CUSTOMERS.c.environment_id,
    )
    return [((environment, key), at) for environment, key, at in await session.execute(coming.distinct())]
