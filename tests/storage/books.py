"""A ledger that is open, the customers in it, and what the tables say of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import Row, event, select
from sqlmodel import SQLModel

from models import environments
from models.access.cache import MemoryCache
from models.catalog import store as catalog
from models.commands.group_commit import GroupCommit
from models.customers import store as customers
from models.customers.subscriptions import CustomerFactsCache
from models.database.dialects import table_of
from models.database.transactions import Database
from models.usage.tables import UsageRecordRow, UsageWindowRow
from resolvers.access.check import accesses_of
from resolvers.context import Context, Services
from rules.auth.api_keys import ApiKeyKind, Scope
from rules.auth.permissions import Viewer
from rules.catalog.facts import Aggregation, Catalog
from rules.catalog.inheritance import ResolvedCatalog
from rules.commands.command import (
    Command,
    CommandContext,
    CommandResult,
    CustomerState,
    StateChange,
    UsageCommand,
)
from rules.commands.customers import UpsertCustomer
from rules.commands.report_usage import ReportUsage
from rules.commands.subscribe import Subscribe
from rules.customers.facts import Customer
from rules.numbers import ONE
from rules.usage.counters import Need
from rules.values import ResetInterval
from tests.rules.builders import metered_shop
from tests.rules.builders.catalog_builders import product
from tests.rules.builders.customer_builders import START, limited, published_plan, selling
from tests.rules.models.recount import recount

Rows = Sequence[Row[Any]]


def sold() -> Catalog:
    """What the customers use: calls a month."""
    return kept(selling(published_plan("basic", {"calls": limited(100, ResetInterval.MONTH)})))


def metered_sold() -> Catalog:
    """What customers use whose events are counted in every way there is, by the day."""
    return kept(selling(published_plan("basic", metered_shop.rows()), features=metered_shop.METERED))


def kept(shop: ResolvedCatalog) -> Catalog:
    """Give a catalog as it can be kept, with its product and a revision."""
    return replace(shop.catalog, revision=1, products={"app": product()})


@dataclass
class Clock:
    """A real time that stands until it is moved."""

    now: datetime = START

    def __call__(self) -> datetime:
        """Give the time."""
        return self.now


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """One process's ledger on a database, and one environment in it."""

    database: Database
    ledger: GroupCommit
    environment: int
    clock: Clock

    @classmethod
    async def new(cls, database: Database, shop: Catalog | None = None) -> Books:
        """Make an environment with a catalog, and open its books."""
        clock = Clock()
        async with database.write() as session:
            made = await environments.create(session, "live", sandbox=False, now=clock())
            await catalog.save(session, made.number, Catalog(), shop or sold())
        return cls.of(database, made.number, clock)

    @classmethod
    def of(cls, database: Database, environment: int, clock: Clock) -> Books:
        """Open the books of an environment that is there."""
        ledger = GroupCommit(database, MemoryCache(), clock)
        return cls(database=database, ledger=ledger, environment=environment, clock=clock)

    async def do(self, customer: str, act: Command) -> CommandResult:
        """Do an act."""
        return await self.ledger.commit(self.environment, customer, act)

    def begin(self, customer: str, act: Command) -> asyncio.Task[CommandResult]:
        """Let a caller of their own do an act."""
        return asyncio.create_task(self.do(customer, act))

    async def under_way(self) -> None:
        """Wait until a transaction has taken the acts that have arrived, and takes no more."""
        for _ in range(3):
            await asyncio.sleep(0)

    async def enter(self, *names: str) -> None:
        """Bring customers to be, each on the plan that they use calls of, an hour ago."""
        self.clock.now -= timedelta(hours=2)
        await asyncio.gather(*(self.do(name, UpsertCustomer(key=name)) for name in names))
        self.clock.now += timedelta(hours=1)
        await asyncio.gather(*(self.do(name, Subscribe(plan="basic")) for name in names))
        self.clock.now += timedelta(hours=1)

    @property
    def context(self) -> Context:
        """What a request in this process works with."""
        services = replace(Services.on(self.database, self.clock), commands=self.ledger)
        viewer = Viewer(environment=self.environment, kind=ApiKeyKind.SECRET, scopes=frozenset(Scope))
        return Context(services=services, viewer=viewer)

    async def used(self, name: str, features: Iterable[str], at: datetime | None = None) -> dict[str, int]:
        """Give what answers show as used of features, in units."""
        decisions = await accesses_of(self.context, name, features, at)
        return {
            decision.subject.question.feature: decision.usage.used // ONE
            for decision in decisions
            if decision.usage is not None
        }

    async def customer(self, name: str) -> Customer | None:
        """Give a customer as the tables have them."""
        async with self.database.read() as session:
            return (await customers.load(session, CustomerFactsCache(), self.environment, [name])).get(name)

    async def rows(self, model: type[SQLModel]) -> Rows:
        """Give a table's rows in the order of their keys."""
        table = table_of(model)
        async with self.database.read() as session:
            return (await session.execute(select(table).order_by(*table.primary_key))).all()

    async def records(self, name: str) -> Rows:
        """Give a customer's records in the order in which they were made."""
        known = await self.customer(name)
        assert known is not None
        theirs = [row for row in await self.rows(UsageRecordRow) if row.customer_id == known.number]
        return sorted(theirs, key=lambda row: row.number)

    async def assert_windows_are_sums(self) -> None:
        """Every tally that is kept is what the records in its window come to."""
        records = sorted(await self.rows(UsageRecordRow), key=lambda row: row.number)
        for window in await self.rows(UsageWindowRow):
            aggregation = metered_shop.AGGREGATIONS.get(window.feature_key, Aggregation.SUM)
            counted = [row for row in records if _is_in(row, window)]
            assert window.used == recount(counted, aggregation)
            if aggregation is Aggregation.LATEST:
                assert window.last_at == max((row.occurred_at for row in counted), default=None)

    @asynccontextmanager
    async def held(self, database: Database, *names: str) -> AsyncIterator[None]:
        """Let another process lock customers, so that a transaction on them waits."""
        async with database.write() as session:
            # SQLite is kept from others by the transaction itself, which begins as it connects.
            await session.connection()
            await customers.lock(session, [(self.environment, name) for name in names])
            yield


def _is_in(record: Row[Any], window: Row[Any]) -> bool:
    same = (record.environment_id, record.customer_id, record.feature_key) == (
        window.environment_id,
        window.customer_id,
        window.feature_key,
    )
    return same and window.starts_at <= record.occurred_at < window.ends_at


@dataclass
class Commits:
    """The transactions that were committed since this began to count."""

    count: int = 0

    @classmethod
    def of(cls, database: Database) -> Commits:
        """Begin to count."""
        commits = cls()

        def counted(_: object) -> None:
            commits.count += 1

        for engine in database.engines:
            event.listen(engine, "commit", counted)
        return commits


def report(units: int = 1, key: str | None = None, at: datetime | None = None) -> ReportUsage:
    """Report calls."""
    return ReportUsage(feature="calls", quantity=units * ONE, idempotency_key=key, occurred_at=at)


def rename(customer: str, name: str) -> UpsertCustomer:
    """Change a fact of a customer."""
    return UpsertCustomer(key=customer, name=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing(UsageCommand):
    """An act that fails, be it refused or by a bug, when it is applied or before."""

    operation: ClassVar[str] = "fail"

    failure: Exception = field(compare=False)
    at_once: bool = False
    idempotency_key: str | None = None

    def needs(self, scene: CommandContext, state: CustomerState) -> Iterable[Need]:  # noqa: ARG002
        """Fail before anything is counted."""
        if self.at_once:
            raise self.failure
        return ()

    def apply(self, scene: CommandContext, state: CustomerState) -> StateChange:  # noqa: ARG002
        """Fail."""
        raise self.failure


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingArrival(Failing):
    """An act that would have made its customer."""

    creates: ClassVar[bool] = True
