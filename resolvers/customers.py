"""Customers: load and list them, and run commands on them and their subscriptions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from models.customers import store as customers
from models.customers.store import CustomerQuery
from models.customers.subscription_counts import OnPlan
from models.database.transactions import FAILURES
from resolvers.context import Context
from resolvers.paging import BadPage, Cursors, Page, PageRequest
from resolvers.snapshot import Snapshot, open_snapshot
from rules.access.decision import ResolvedCheck
from rules.catalog.inheritance import ResolvedCatalog
from rules.catalog.validation import is_external_key, is_storable
from rules.commands.command import Command, CommandResult
from rules.commands.customers import UpsertCustomer
from rules.customers.facts import Customer
from rules.customers.terms import published_span, versions_assigned
from rules.errors import refuse_any, unreachable
from rules.revisions import Revision
from rules.standpoints import PRESENT, Standpoint


async def load_customers(seen: Snapshot, keys: Collection[str]) -> dict[str, Customer]:
    """Return the customers who exist, by key."""
    # Skip keys that no customer can have: PostgreSQL refuses some of them as text.
    possible = [key for key in keys if is_external_key(key)]
    return await customers.load(seen.session, seen.memory.facts_cache, seen.environment.number, possible)


MOST_MET = 100
"""Customers loaded between two probes: loading more at once would make other requests wait."""


async def warm_cache(context: Context, keys: Collection[str]) -> bool:
    """Load customers, and what they have, into the cache; return False where none was loaded."""
    known = context.services.memory.facts_cache
    strangers = [key for key in keys if is_external_key(key) and not known.has_met(key)]
    if not 0 < len(strangers) <= MOST_MET:
        return False
    database = (context.replica or context.services).database
    try:
        met = await database.look_at_once(
            lambda session: customers.load(session, known, context.environment, strangers)
        )
    except FAILURES:
        # The slow path handles the failure.
        return False
    return bool(met)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerView:
    """A customer with the catalog, the instant at which they were read, and the standpoint."""

    flat: ResolvedCatalog
    customer: Customer
    now: datetime
    standpoint: Standpoint = PRESENT

    @property
    def revision(self) -> Revision:
        """The revision that was read."""
        return Revision(self.flat.catalog.revision, self.customer.revision)

    @property
    def supposed(self) -> CustomerView | None:
        """This customer where an edit that is not made led to this state; None for an actual customer."""
        return None if self.standpoint.supposed is None else self

    def moved(self, at: datetime | None) -> CustomerView:
        """Return the view at another instant; None keeps this one."""
        return self if at is None else replace(self, now=at, standpoint=replace(self.standpoint, at=at))

    @classmethod
    def of(cls, subject: ResolvedCheck, customer: Customer) -> CustomerView:
        """Return the view of the customer of a check, as the check sees them."""
        return cls(flat=subject.flat, customer=customer, now=subject.now, standpoint=subject.standpoint)

    @classmethod
    def after(cls, done: CommandResult) -> CustomerView:
        """Return the view of the customer as a command left them."""
        if done.state.customer is None:
            unreachable("an act that is done has a customer")
        return cls(flat=done.flat, customer=done.state.customer, now=done.now)


async def customer(context: Context, key: str, at: datetime | None = None) -> CustomerView | None:
    """Return a customer by key, now or as of another instant; None where there is none."""
    async with open_snapshot(context) as seen:
        known = (await load_customers(seen, {key})).get(key)
        return None if known is None else view_at(seen, known, at)


def view_at(seen: Snapshot, customer: Customer, at: datetime | None) -> CustomerView:
    """Return the view of a customer now or at an instant; the clock's own instant is the present."""
    now = at if at is not None and at != seen.now else customer.asked_at(seen.now)
    return CustomerView(flat=seen.flat, customer=customer, now=now, standpoint=standpoint_at(at))


def standpoint_at(at: datetime | None) -> Standpoint:
    """Return the standpoint of an instant, None for the present."""
    return PRESENT if at is None else Standpoint(at=at)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFilter:
    """Which customers to list, and which page of them."""

    first: int | None
    after: str | None
    search: str | None = None
    plan: str | None = None
    version: int | None = None
    include_archived: bool = False


async def customers_like(context: Context, asked: CustomerFilter) -> Page[CustomerView]:
    """Return a page of the customers who match, by key; raises BadPage."""
    if asked.version is not None and asked.plan is None:
        message = "A version is one of a plan, which is missing."
        raise BadPage(message)
    cursors = Cursors(name=("customers", context.environment), kind=str)
    wanted = PageRequest.of(cursors, asked.first, asked.after)
    behind = None if wanted.after is None else str(wanted.after)
    if behind is not None and not is_external_key(behind):
        message = "The cursor is not one of this list."
        raise BadPage(message)

    async def count() -> int:
        async with open_snapshot(context) as seen:
            query = _query(seen, asked)
            return 0 if query is None else await customers.count(seen.session, query)

    async with open_snapshot(context) as seen:
        query = _query(seen, asked)
        known = [] if query is None else await _page(seen, query, behind, wanted.limit)
    page = wanted.cut(known, lambda one: one.key, count)
    return page.showing(
        [CustomerView(flat=seen.flat, customer=one, now=one.asked_at(seen.now)) for one in page.items]
    )


async def _page(seen: Snapshot, query: CustomerQuery, behind: str | None, size: int) -> list[Customer]:
    return await customers.page(seen.session, seen.memory.facts_cache, query, behind, size)


def _query(seen: Snapshot, asked: CustomerFilter) -> CustomerQuery | None:
    """Return the query of a filter; None where no customer can match."""
    on = None
    if asked.plan is not None:
        on = _on_plan(seen, asked.plan, asked.version)
        if on is None:
            return None
    if asked.search is not None and not is_storable(asked.search):
        return None
    return CustomerQuery(
        environment=seen.environment.number,
        search=asked.search,
        on=on,
        include_archived=asked.include_archived,
    )


def _on_plan(seen: Snapshot, plan: str, version: int | None) -> OnPlan | None:
    package = seen.flat.catalog.packages.get(plan)
    if package is None:
        return None
    if version is None:
        return OnPlan(plan=plan, now=seen.now)
    versions = versions_assigned(package, version, seen.now)
    return OnPlan(
        plan=plan,
        now=seen.now,
        versions=versions,
        since=[published_span(package, number) for number in versions],
    )


async def upsert_customer(context: Context, deed: UpsertCustomer) -> CommandResult:
    """Create or update a customer; raises Rejected with every problem."""
    # Before anything is written: a command that creates a customer needs a row to lock.
    refuse_any(deed.problems())
    return await customer_command(context, deed.key, deed)


async def customer_command(context: Context, customer_key: str, deed: Command) -> CommandResult:
    """Run a command on a customer; raises Rejected with every problem."""
    return await context.services.commands.commit(context.environment, customer_key, deed)
