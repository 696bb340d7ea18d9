"""Customers whom a process is asked about for the first time."""

from __future__ import annotations

import asyncio

from models.database import Database
from resolvers import access
from resolvers.context import Context
from rules.access import Decision, Question
from rules.custom_acts import SetCustomEntitlement
from rules.numbers import ONE
from tests.graph.test_statement_counts import CUSTOMERS, GLANCE, OWNED, statements
from tests.storage.books import Books, report


async def told(context: Context, name: str, feature: str = "calls") -> Decision:
    """Ask."""
    return await access.access(context, Question(customer=name, feature=feature))


async def used_by_two(books: Books) -> Context:
    """Let two customers use something; gives a process that has been asked about the first."""
    await books.enter("acme", "globex")
    await asyncio.gather(books.do("acme", report(1)), books.do("globex", report(2)))
    context = books.context
    await told(context, "acme")
    return context


async def test_who_is_met_is_read_alone_and_then_known(books: Books, database: Database) -> None:
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


async def test_who_was_met_may_have_changed_since(books: Books) -> None:
    context = await used_by_two(books)
    before = await told(context, "globex", "sso")
    await books.do("globex", SetCustomEntitlement(feature="sso"))
    after = await told(context, "globex", "sso")

    assert (before.allowed, after.allowed) == (False, True)
