"""Customers whom a process is asked about for the first time."""

from __future__ import annotations

import asyncio

import pytest

from models.database.transactions import Database
from resolvers.access import check as access
from resolvers.context import Context
from resolvers.customers import MOST_MET
from rules.access.decision import AccessCheck, Decision
from rules.commands.custom_entitlements import SetCustomEntitlement
from rules.numbers import ONE
from tests.graph.access.test_statement_counts import (
    CUSTOMERS,
    ENVIRONMENT,
    GLANCE,
    HOLDS,
    OWNED,
    SUMS,
    statements,
)
from tests.storage.books import Books, report


async def told(context: Context, name: str, feature: str = "calls") -> Decision:
    """Ask."""
    return await access.access(context, AccessCheck(customer=name, feature=feature))


async def used_by_two(books: Books) -> Context:
    """Let two customers use something; gives a process that has been asked about the first."""
    await books.enter("acme", "globex")
    await asyncio.gather(books.do("acme", report(1)), books.do("globex", report(2)))
    context = books.context
    await told(context, "acme")
    return context


async def test_anyone_who_is_met_is_read_alone_and_then_known(books: Books, database: Database) -> None:
    context = await used_by_two(books)
    with statements(database) as met:
        first = await told(context, "globex")
    with statements(database) as known:
        second = await told(context, "globex")

    assert len(met) == GLANCE + CUSTOMERS + OWNED + GLANCE
    assert len(known) == GLANCE
    assert first == second
    assert first.usage is not None
    assert first.usage.used == 2 * ONE


async def test_nobody_is_met_in_vain(books: Books, database: Database) -> None:
    context = await used_by_two(books)
    with statements(database) as unheard_of:
        nobody = await told(context, "initech")

    assert len(unheard_of) == GLANCE
    assert nobody.subject.customer is None


async def test_anyone_who_was_met_may_have_changed_since(books: Books) -> None:
    context = await used_by_two(books)
    before = await told(context, "globex", "sso")
    await books.do("globex", SetCustomEntitlement(feature="sso"))
    after = await told(context, "globex", "sso")

    assert (before.allowed, after.allowed) == (False, True)


@pytest.mark.parametrize("strangers", [MOST_MET, MOST_MET + 1])
async def test_a_crowd_of_strangers_is_read_with_all_that_it_is_asked_about(
    books: Books, database: Database, strangers: int
) -> None:
    context = await used_by_two(books)
    names = [f"customer-{number}" for number in range(strangers)]
    await books.enter(*names)
    await asyncio.gather(*(books.do(name, report(1)) for name in names))
    with statements(database) as met:
        decisions = await access.accesses(
            context, [AccessCheck(customer=name, feature="calls") for name in names]
        )

    at_second_glance = GLANCE + CUSTOMERS + OWNED + GLANCE
    all_at_once = GLANCE + ENVIRONMENT + CUSTOMERS + OWNED + SUMS + HOLDS
    assert len(met) == (at_second_glance if strangers <= MOST_MET else all_at_once)
    assert [decision.subject.question.customer for decision in decisions] == names
    assert all(decision.usage is not None and decision.usage.used == ONE for decision in decisions)
