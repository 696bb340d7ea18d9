"""Windows without a stored counter: refused commands count them once for each revision, as checks do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest_asyncio
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from models.database.dialects import table_of
from models.database.transactions import Database
from models.usage.tables import UsageWindowRow
from resolvers.access.check import access
from resolvers.context import Context, Services
from rules.access.decision import AccessCheck
from rules.commands.consume import Consume
from rules.commands.ingest_event import IngestEvent
from rules.commands.subscriptions import CancelSubscription
from rules.numbers import ONE
from rules.values import ResetInterval
from tests.graph.access.test_statement_counts import GLANCE, OWNED, RECORDS, WRITTEN, acted, statements
from tests.rules.builders.customer_builders import DAY, limited, published_plan, selling
from tests.rules.builders.metered_shop import METERED, request, rows
from tests.storage.books import Books, kept, report
from tests.storage.commands.test_group_commit_failures import DEBTS, TRAPS, run

LIMIT = 100
PLAN = {"calls": limited(LIMIT, ResetInterval.MONTH), **rows(ResetInterval.MONTH)}


@pytest_asyncio.fixture
async def books(database: Database) -> AsyncIterator[Books]:
    """Books in which no call is left, the only user is Ada, and a coming end has cut every window anew."""
    books = await Books.new(database, kept(selling(published_plan("basic", PLAN), features=METERED)))
    await books.enter("acme")
    await books.do("acme", report(LIMIT))
    await books.do("acme", seen("ada"))
    await cut_anew(books)
    yield books
    await books.ledger.close()


async def cut_anew(books: Books, days: int = 5) -> None:
    """Let the subscription end before its period does: no window that ends then has a stored counter."""
    await books.do("acme", CancelSubscription(at=books.clock.now + days * DAY))


async def consumed(books: Books, units: int = 1) -> int:
    """Consume calls; returns how many were."""
    done = await books.do("acme", Consume(feature="calls", quantity=units * ONE))
    return done.outcome["consumed"] // ONE


def seen(name: str) -> IngestEvent:
    """An event of a user, one for each name."""
    return request(name, user=name)


async def users(books: Books) -> int:
    """Return how many users were seen."""
    return (await books.used("acme", ["users"]))["users"]


async def forget_counters(books: Books) -> None:
    """Lose every stored counter; the customer's revision stays."""
    async with books.database.write() as session:
        await session.execute(delete(table_of(UsageWindowRow)))


async def test_refused_commands_count_a_window_once_and_store_nothing(
    books: Books, database: Database
) -> None:
    before = await books.rows(UsageWindowRow)
    told: list[int] = []
    for _ in range(3):
        with statements(database) as refused:
            assert await consumed(books) == 0
        told.append(len(refused))

    assert told == [acted(database) + OWNED + RECORDS, acted(database), acted(database)]
    assert await books.rows(UsageWindowRow) == before


async def test_checks_and_commands_share_a_count(books: Books, database: Database) -> None:
    services = Services.on(database, books.clock)
    context = Context(services=services, viewer=books.context.viewer)
    process = replace(books, ledger=services.commands)
    call = AccessCheck(customer="acme", feature="calls")
    assert not (await access(context, call)).allowed
    with statements(database) as refused:
        assert await consumed(process) == 0

    await cut_anew(process, days=6)
    assert await consumed(process) == 0
    with statements(database) as checked:
        assert not (await access(context, call)).allowed
    await services.commands.close()

    assert (len(refused), len(checked)) == (acted(database), GLANCE)


async def test_a_command_that_takes_effect_continues_a_count_and_stores_it(
    books: Books, database: Database
) -> None:
    assert await consumed(books) == 0
    with statements(database) as told:
        await books.do("acme", report(-1))

    assert len(told) == acted(database) + WRITTEN
    await books.assert_windows_are_sums()
    assert [await consumed(books) for _ in range(2)] == [1, 0]


async def test_a_count_of_before_another_process_wrote_is_not_used(books: Books, another: Database) -> None:
    other = Books.of(another, books.environment, books.clock)
    assert (await consumed(books), await consumed(other)) == (0, 0)
    await other.do("acme", report(-2))
    await forget_counters(books)

    assert [await consumed(books) for _ in range(2)] == [1, 1]
    await forget_counters(books)
    assert [await consumed(process) for process in (other, books)] == [0, 0]
    await books.assert_windows_are_sums()
    await other.ledger.close()


async def test_a_transaction_that_fails_leaves_no_count_of_what_it_did(books: Books) -> None:
    await books.do("acme", report(-20))
    await forget_counters(books)
    await run(books.database, DEBTS, *TRAPS[books.database.dialect])
    failing = (report(7), report(13), seen("bob"), Consume(feature="calls", quantity=ONE))

    answers = await asyncio.gather(*(books.do("acme", act) for act in failing), return_exceptions=True)
    assert [type(answer) for answer in answers] == [IntegrityError] * len(failing)

    assert [await consumed(books, units) for units in (21, 20, 1)] == [0, 20, 0]
    await books.do("acme", seen("bob"))
    assert await users(books) == 2
    await books.assert_windows_are_sums()


async def test_values_that_a_command_looked_up_are_not_known_to_the_next(books: Books) -> None:
    for name, expected in (("bob", 2), ("ada", 2), ("eve", 3), ("bob", 3)):
        await forget_counters(books)
        assert (await books.do("acme", seen("ada"))).replayed
        await books.do("acme", request(f"{name}, {expected}", user=name))
        assert await users(books) == expected
    await books.assert_windows_are_sums()
