"""Events and reports of all aggregations, kept: tallies are what a recount of the records gives."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

import pytest
import pytest_asyncio
from sqlalchemy import delete

from models.commands.tables import IdempotencyKeyRow
from models.database.dialects import table_of
from models.database.transactions import Database
from models.usage.tables import UsageRecordRow, UsageWindowRow
from rules.commands.command import Command, CommandResult
from rules.commands.customers import UpsertCustomer
from rules.commands.ingest_event import IngestEvent
from rules.commands.report_usage import ReportUsage
from rules.errors import Rejected
from rules.numbers import ONE
from rules.usage.metering import EARLIEST
from tests.profiles import FULL
from tests.rules.builders.customer_builders import DAY, INSTANT, START
from tests.rules.builders.metered_shop import AGGREGATIONS, observe, request
from tests.rules.models.naive_meter import NaiveMeter
from tests.storage.books import Books, metered_sold

SEEDS = range(40 if FULL else 4)

NAMES = ["acme", "initech", "globex"]

OPENED = START - timedelta(hours=1)
"""When customers subscribed: an hour before the start, by which their days are counted."""


@pytest_asyncio.fixture
async def books(database: Database) -> AsyncIterator[Books]:
    """Books of a shop that meters events."""
    books = await Books.new(database, metered_sold())
    yield books
    await books.ledger.close()


async def used(books: Books, name: str = "acme", at: datetime | None = None) -> list[int]:
    """What answers show as used of every feature, in units."""
    return list((await books.used(name, AGGREGATIONS, at)).values())


async def forget_tallies(books: Books) -> None:
    """Lose every tally that is kept."""
    async with books.database.write() as session:
        await session.execute(delete(table_of(UsageWindowRow)))


async def test_one_event_is_a_record_of_every_feature_that_it_counts_in(books: Books) -> None:
    await books.enter("acme")

    done = await books.do("acme", request(bytes=30, user="ada", level=7))

    rows = await books.records("acme")
    assert {row.number for row in rows} == {done.number}
    assert {row.feature_key: (row.quantity // ONE, row.value) for row in rows} == {
        "requests": (1, None),
        "traffic": (30, None),
        "largest": (30, None),
        "users": (1, "ada"),
        "level": (7, None),
    }
    assert all(row.properties == {"bytes": 30, "user": "ada", "level": 7} for row in rows)
    assert [row.key for row in await books.rows(IdempotencyKeyRow)] == ["e-1"]
    await books.assert_windows_are_sums()


async def test_the_values_known_are_looked_up_in_each_window_that_counts(books: Books) -> None:
    await books.enter("acme")
    # What was used before a plan was in force counts together, until the plan ends that window.
    await books.do("acme", observe("users", at=OPENED - DAY, properties={"user": "ada"}))
    await books.do("acme", request("e-1", user="bob"))
    books.clock.now += DAY
    users = [("ada", None), ("cleo", None), ("ada", None), ("ada", START), ("bob", START)]

    acts = (request(f"f-{n}", user=user, at=at) for n, (user, at) in enumerate(users))
    await asyncio.gather(*(books.do("acme", act) for act in acts))

    windows = [row for row in await books.rows(UsageWindowRow) if row.feature_key == "users"]
    assert [(row.starts_at, row.used // ONE) for row in windows] == [(OPENED + DAY, 2)]
    assert await books.used("acme", ["users"], OPENED + DAY - INSTANT) == {"users": 2}
    await books.assert_windows_are_sums()
    assert (await books.used("acme", ["users"]), await books.used("acme", ["users"], START + DAY / 2)) == (
        {"users": 2},
        {"users": 2},
    )


async def test_of_two_levels_at_one_instant_the_one_recorded_later_counts(books: Books) -> None:
    await books.enter("acme")
    levels = [(8, START - INSTANT), (5, START), (9, START), (2, START), (7, START - timedelta(minutes=1))]

    await asyncio.gather(*(books.do("acme", observe("level", level, at=at)) for level, at in levels))

    await books.assert_windows_are_sums()
    assert await books.used("acme", ["level"]) == {"level": 2}
    await forget_tallies(books)
    assert await books.used("acme", ["level"]) == {"level": 2}
    assert await books.used("acme", ["level"], START - INSTANT) == {"level": 8}


async def test_tallies_that_were_lost_are_counted_anew(books: Books) -> None:
    await books.enter("acme")
    told = [(30, "ada", 7), (50, "bob", 9), (10, "ada", 4)]
    for index, (size, user, level) in enumerate(told):
        await books.do("acme", request(f"e-{index}", bytes=size, user=user, level=level))
    await forget_tallies(books)

    await books.do("acme", request("e-9", bytes=5, user="ada", level=1))

    await books.assert_windows_are_sums()
    tallies = {row.feature_key: row.used // ONE for row in await books.rows(UsageWindowRow)}
    assert tallies == {"requests": 4, "traffic": 95, "largest": 50, "users": 2, "level": 1}


async def test_what_was_used_without_a_plan_counts_together(books: Books) -> None:
    await books.do("acme", UpsertCustomer(key="acme"))
    for index, user in enumerate(("ada", "bob", "ada")):
        await books.do("acme", request(f"e-{index}", bytes=index, user=user, level=index))
        books.clock.now += 40 * DAY

    await books.assert_windows_are_sums()
    kept = {row.feature_key: (row.starts_at, row.used // ONE) for row in await books.rows(UsageWindowRow)}
    assert kept == {key: (EARLIEST, units) for key, units in zip(AGGREGATIONS, (3, 3, 2, 2, 2), strict=True)}


async def test_an_event_that_is_refused_leaves_its_id_free_and_its_neighbours_alone(books: Books) -> None:
    await books.enter("acme")
    acts = [request("e-1", bytes=1), request("e-2", bytes="x"), request("e-3", bytes=3)]

    first, refused, third = await asyncio.gather(
        *(books.do("acme", act) for act in acts), return_exceptions=True
    )
    again = await books.do("acme", request("e-2", bytes=2))

    assert isinstance(refused, Rejected)
    assert [isinstance(done, CommandResult) and done.replayed for done in (first, third, again)] == [
        False
    ] * 3
    assert (await used(books))[:2] == [3, 6]


async def test_an_event_that_comes_twice_counts_once_whatever_it_says_then(
    books: Books, another: Database
) -> None:
    await books.enter("acme", "initech")
    other = Books.of(another, books.environment, books.clock)
    same = [request("e-1", bytes=size) for size in (1, 2, 3)]

    answers = await asyncio.gather(*(process.do("acme", act) for act in same for process in (books, other)))
    elsewhere = await books.do("initech", request("e-1", bytes=7))

    assert sum(not done.replayed for done in answers) == 1
    assert len({done.number for done in answers}) == 1
    assert not elsewhere.replayed
    assert len(await books.records("acme")) == 3
    await other.ledger.close()


@pytest.mark.parametrize("seed", SEEDS)
async def test_events_and_reports_through_two_processes_give_what_a_naive_recount_gives(
    books: Books, another: Database, seed: int
) -> None:
    dice = random.Random(seed)
    other = Books.of(another, books.environment, books.clock)
    await books.enter(*NAMES)
    naive = {name: NaiveMeter(daily=True, begins=OPENED) for name in NAMES}

    for _ in range(12):
        books.clock.now += dice.choice([timedelta(seconds=1), timedelta(hours=5), timedelta(hours=20)])
        acts = [(dice.choice(NAMES), any_act(dice, books.clock.now)) for _ in range(dice.randrange(1, 25))]
        done = await asyncio.gather(
            *(dice.choice((books, other)).do(name, act) for name, act in acts), return_exceptions=True
        )
        told = [(name, act, each) for (name, act), each in zip(acts, done, strict=True)]
        assert_as_naive(naive, told)
        await books.assert_windows_are_sums()
        if dice.random() < 0.2:
            await forget_tallies(books)

    for name in NAMES:
        assert await other.used(name, AGGREGATIONS) == naive[name].all_used(books.clock.now)
        past = OPENED + dice.random() * (books.clock.now - OPENED)
        told_then = {key: naive[name].used(key, past, seen_by=past) for key in AGGREGATIONS}
        assert await other.used(name, AGGREGATIONS, past) == told_then
    records = await books.rows(UsageRecordRow)
    assert len(records) == sum(len(mind.seen) for mind in naive.values())
    await other.ledger.close()


def assert_as_naive(
    naive: dict[str, NaiveMeter], told: Sequence[tuple[str, Command, CommandResult | BaseException]]
) -> None:
    """Each act came to what it comes to in the order in which the ledger did them."""
    done = [
        (each.number or 0, name, act, each) for name, act, each in told if isinstance(each, CommandResult)
    ]
    for _, name, act, each in sorted(done, key=lambda one: (one[0], one[3].replayed)):
        ((word, amount),) = each.outcome.items()
        told_then = f"{word} {amount if word == 'matched' else amount // ONE}"
        assert naive[name].does(act, each.now) == ("again" if each.replayed else told_then)
    refused = [(act, each) for _, act, each in told if not isinstance(each, CommandResult)]
    for act, refusal in refused:
        assert isinstance(refusal, Rejected)
        assert isinstance(act, IngestEvent)
        assert (act.properties or {}).get("bytes") == "many"


def any_act(dice: random.Random, now: datetime) -> IngestEvent | ReportUsage:
    """An event or a report, of now, late, or a little ahead; nothing in it can be refused but "many"."""
    late = dice.choice([None, None, timedelta(minutes=-5), timedelta(0), timedelta(hours=9), 2 * DAY])
    at = None if late is None else max(OPENED, now - late)
    user = dice.choice(["ada", "bob", "cleo", 7])
    if dice.random() < 0.4:
        return observe(dice.choice(list(AGGREGATIONS)), dice.randrange(12), at, {"user": user})
    said = {"bytes": dice.choice([*range(9), "many"]), "user": user, "level": dice.randrange(9)}
    picked = {name: value for name, value in said.items() if dice.random() < 0.6}
    return request(f"e-{dice.randrange(200)}", at, **picked)
