"""Previews while publishes and usage go on, and of very many customers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from functools import partial

import pytest

from models.database.transactions import Database
from models.usage import store as usage
from models.usage.store import Owner
from resolvers import catalog, customers, previews
from resolvers.access import check as access
from resolvers.context import Context, Services
from rules.access.decision import AccessCheck, Decision
from rules.catalog.facts import Catalog, PublishScope
from rules.catalog_edits.packages import with_package
from rules.catalog_edits.publishing import publish
from rules.commands.custom_entitlements import SetCustomEntitlement
from rules.commands.customers import ArchiveCustomer, UpsertCustomer
from rules.commands.subscribe import Subscribe
from rules.customers.facts import CustomEntitlementMode
from rules.numbers import ONE
from rules.usage.counters import Tally
from rules.usage.metering import whole_window
from rules.values import ResetInterval, WrittenLimit
from tests.graph.access.test_statement_counts import statements
from tests.graph.client import Connect
from tests.graph.conftest import context_of
from tests.graph.shop import counted, limited
from tests.rules.builders.catalog_builders import catalog as catalog_of
from tests.rules.builders.catalog_builders import plan, row

CROWD = 3 * previews.PAGE - 7
"""Customers on several pages."""

LIMITS = (200, 100)
"""What is published in turn; what is drafted is less than what is used at times."""

PAGE_COSTS = 8
"""Statements: customers, what they own (4), tallies, what is counted anew, and holds."""

SOME, MUCH = 5 * ONE, 50 * ONE


def drafted(before: Catalog, units: int) -> Catalog:
    """The shop whose plan is to have another limit."""
    package = before.packages["basic"]
    content = replace(package.newest, rows=(row("calls", limited(units, ResetInterval.NEVER)),))
    return with_package(before, replace(package, draft=content))


def republished(before: Catalog, now: datetime, units: int) -> Catalog:
    """The shop whose plan has another limit, and is to have a limit of ten."""
    return drafted(publish(drafted(before, units), "basic", now=now).catalog, 10)


async def crowded(context: Context, size: int = CROWD) -> list[str]:
    """Put many customers on a plan with a limit of 100, which is to become ten."""
    limit = row("calls", limited(LIMITS[-1], ResetInterval.NEVER))
    sold = catalog_of(counted("calls", "call"), plan("basic", limit))
    await catalog.edit(
        context,
        lambda before, now: drafted(
            publish(replace(sold, revision=before.revision), "basic", now=now).catalog, 10
        ),
    )
    names = [f"customer-{number:04}" for number in range(size)]
    await asyncio.gather(*(customers.upsert_customer(context, UpsertCustomer(key=name)) for name in names))
    await asyncio.gather(
        *(customers.customer_command(context, name, Subscribe(plan="basic")) for name in names)
    )
    return names


async def use(context: Context, numbers: list[int], amount: int) -> None:
    """Let all customers have used so much, from one instant to the next."""
    tallies = [
        (Owner(environment=context.environment, customer=number), whole_window("calls"), Tally(used=amount))
        for number in numbers
    ]
    async with context.services.database.write() as session:
        await usage.keep(session, tallies)


async def numbers_of(context: Context, names: list[str]) -> list[int]:
    """The numbers of customers."""
    decisions = await access.accesses(
        context, [AccessCheck(customer=name, feature="calls") for name in names]
    )
    return [decision.subject.customer.number for decision in decisions if decision.subject.customer]


async def test_a_preview_tells_of_one_instant_whatever_goes_on(context: Context) -> None:
    numbers = await numbers_of(context, await crowded(context))
    done = asyncio.Event()
    written = overtaken = 0

    async def write() -> None:
        nonlocal written
        while not done.is_set():
            for units, amount in zip(LIMITS, (SOME, MUCH), strict=True):
                await catalog.edit(context, partial(republished, units=units))
                await use(context, numbers, amount)
                written += 1

    async def preview() -> None:
        nonlocal overtaken
        for _ in range(6):
            before = written
            told = await previews.preview_publish(context, "basic", PublishScope.ALL_CUSTOMERS)
            (change,) = told.changes
            assert told.impact.affected == CROWD
            assert told.impact.over_limit in {0, CROWD}
            limits = {limit_of(example.difference.before) for example in told.impact.examples}
            assert [f"{units} calls" for units in limits] == [change.before]
            overtaken += written > before
        done.set()

    await asyncio.gather(write(), preview())

    assert overtaken


def limit_of(decision: Decision) -> int | None:
    """The limit that an answer tells, in units."""
    assert decision.usage is not None
    assert decision.usage.limit is not None
    return decision.usage.limit // ONE


async def test_every_page_costs_the_same_number_of_statements(context: Context, database: Database) -> None:
    await crowded(context)
    costs = []
    for size in (CROWD, previews.PAGE):
        with pytest.MonkeyPatch.context() as patch, statements(database) as told:
            patch.setattr(previews, "PAGE", size)
            await previews.preview_publish(context, "basic", PublishScope.ALL_CUSTOMERS)
        costs.append(len(told))

    one_page, three_pages = costs
    assert three_pages - one_page == 2 * PAGE_COSTS


async def test_of_too_many_customers_a_sample_is_taken_and_marked(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = await crowded(context)
    numbers = await numbers_of(context, names)
    await use(context, numbers[: CROWD // 2], MUCH)
    monkeypatch.setattr(previews, "MOST_COUNTED", CROWD // 3)

    told = await previews.preview_publish(context, "basic", PublishScope.ALL_CUSTOMERS)

    assert not told.impact.exact
    assert told.impact.affected == CROWD
    assert told.impact.over_limit == told.impact.lose_access
    assert abs(told.impact.over_limit - CROWD // 2) < CROWD // 20
    again = await previews.preview_publish(context, "basic", PublishScope.ALL_CUSTOMERS)
    assert again.impact.over_limit == told.impact.over_limit


async def test_of_many_customers_all_are_counted_where_few_are_affected(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = await crowded(context)
    for name in names[10:]:
        override = SetCustomEntitlement(
            feature="calls", mode=CustomEntitlementMode.OVERRIDE, value=WrittenLimit(limit=ONE)
        )
        await customers.customer_command(context, name, override)
    monkeypatch.setattr(previews, "MOST_COUNTED", 50)

    told = await previews.preview_publish(context, "basic", PublishScope.ALL_CUSTOMERS)

    assert (told.impact.exact, told.impact.affected) == (True, 10)


async def test_archived_customers_and_those_of_other_environments_do_not_count(
    context: Context, connect: Connect, services: Services
) -> None:
    elsewhere = await context_of(services, await connect("elsewhere"))
    await crowded(context, 5)
    await crowded(elsewhere, 7)
    await customers.customer_command(context, "customer-0003", ArchiveCustomer())

    told = await previews.preview_publish(context, "basic", PublishScope.ALL_CUSTOMERS)

    assert told.impact.affected == 4
