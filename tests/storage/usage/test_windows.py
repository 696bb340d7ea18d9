"""Kept sums: they are what a recount gives, whatever was reported, in whatever order."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete

from models.database.dialects import table_of
from models.usage import counting
from models.usage.counting import Uncounted
from models.usage.store import Owner
from models.usage.tables import UsageRecordRow, UsageWindowRow
from rules.catalog.facts import Aggregation
from rules.commands.command import CommandResult
from rules.commands.customers import UpsertCustomer
from rules.commands.subscribe import Subscribe
from rules.errors import Rejected
from rules.numbers import ONE
from rules.usage.metering import EARLIEST, LATEST, Window
from tests.profiles import FULL
from tests.rules.builders.customer_builders import INSTANT, START
from tests.storage.books import Books, report

FEBRUARY = START.replace(month=2, day=28) - timedelta(hours=1)
"""The end of the first period of customers who subscribed an hour before the start."""

SEEDS = range(50 if FULL else 5)


async def kept(books: Books) -> list[tuple[datetime, datetime, int]]:
    """The windows that are kept, and their sums in units."""
    return [(row.starts_at, row.ends_at, row.used // ONE) for row in await books.rows(UsageWindowRow)]


async def test_the_sum_of_a_period_is_kept(books: Books) -> None:
    await books.enter("acme")
    await asyncio.gather(*(books.do("acme", report(units)) for units in (1, 2, 3)))

    assert [window[1:] for window in await kept(books)] == [(FEBRUARY, 6)]


async def test_the_sum_of_an_ended_period_is_dropped_and_its_records_are_not(books: Books) -> None:
    await books.enter("acme")
    await books.do("acme", report(5))
    books.clock.now = FEBRUARY
    await books.do("acme", report(7))

    assert [used for _, _, used in await kept(books)] == [7]
    assert [row.quantity // ONE for row in await books.records("acme")] == [5, 7]


async def test_the_sum_of_an_ended_period_is_dropped_by_any_act(books: Books) -> None:
    await books.enter("acme")
    await books.do("acme", report(5))
    books.clock.now = FEBRUARY

    await books.do("acme", UpsertCustomer(key="acme", name="Acme"))

    assert await kept(books) == []


async def test_the_sum_of_a_coming_period_is_kept_until_it_comes(books: Books) -> None:
    await books.enter("acme")
    books.clock.now = FEBRUARY - timedelta(minutes=1)
    await books.do("acme", report(5, at=FEBRUARY))

    assert [(starts_at, used) for starts_at, _, used in await kept(books)][1:] == [(FEBRUARY, 5)]
    books.clock.now = FEBRUARY
    await books.do("acme", report(1))
    assert [(starts_at, used) for starts_at, _, used in await kept(books)] == [(FEBRUARY, 6)]


async def test_a_sum_that_was_lost_is_counted_anew(books: Books) -> None:
    await books.enter("acme")
    await asyncio.gather(*(books.do("acme", report(units)) for units in (1, 2, 3)))
    before = await kept(books)
    async with books.database.write() as session:
        await session.execute(delete(table_of(UsageWindowRow)))

    await books.do("acme", report(4))

    assert await kept(books) == [(*before[0][:2], 10)]


async def test_what_was_used_without_a_plan_is_counted_for_one_that_began_before(books: Books) -> None:
    await books.do("acme", UpsertCustomer(key="acme"))
    await asyncio.gather(*(books.do("acme", report(units)) for units in (1, 2, 3)))
    everything = await kept(books)
    await books.do("acme", Subscribe(plan="basic", start_at=START - timedelta(days=1)))
    done = await books.do("acme", report(4))

    assert everything == [(EARLIEST, LATEST, 6)]
    assert sorted(tally.used // ONE for tally in done.state.tallies.values()) == [10, 10]
    await books.assert_windows_are_sums()


async def test_late_usage_and_usage_of_now_share_a_transaction(books: Books) -> None:
    await books.enter("acme")
    await books.do("acme", report(5))
    books.clock.now = FEBRUARY
    late = START + timedelta(hours=1)

    acts = [report(1), report(10, at=late), report(2), report(-15, at=late), report(-1, at=late)]
    *recorded, refused = await asyncio.gather(
        *(books.do("acme", act) for act in acts), return_exceptions=True
    )

    assert [type(done) for done in recorded] == [CommandResult] * 4
    assert isinstance(refused, Rejected)
    assert [row.quantity // ONE for row in await books.records("acme")] == [5, 1, 10, 2, -15]
    assert [used for _, _, used in await kept(books)] == [3]


async def test_records_of_one_instant_are_all_kept(books: Books) -> None:
    await books.enter("acme")

    await asyncio.gather(*(books.do("acme", report(units, at=START)) for units in (1, 2, 3)))

    assert [row.occurred_at for row in await books.records("acme")] == [START] * 3
    assert [used for _, _, used in await kept(books)] == [6]


async def test_a_sum_too_large_to_be_kept_is_counted_anew_and_harms_no_neighbour(books: Books) -> None:
    much = 9_000_000_000_000
    await books.do("acme", UpsertCustomer(key="acme"))
    await books.do("acme", report(much))
    await books.do("acme", Subscribe(plan="basic"))
    await books.enter("initech")

    acme, initech = await asyncio.gather(books.do("acme", report(much)), books.do("initech", report()))

    everything = Window(feature="calls", starts_at=EARLIEST, ends_at=LATEST)
    assert acme.state.tallies[everything].used == 2 * much * ONE
    assert sorted(used for _, _, used in await kept(books)) == [1, much]
    assert await counted_anew(books, acme, everything) == 2 * much * ONE
    assert initech.number == 3


async def counted_anew(books: Books, done: CommandResult, window: Window) -> int:
    """The sum of a window of a customer's records."""
    assert done.state.customer is not None
    owner = Owner(environment=books.environment, customer=done.state.customer.number)
    async with books.database.read() as session:
        place = Uncounted(owner=owner, window=window, aggregation=Aggregation.SUM)
        return (await counting.count_anew(session, [place]))[owner][window].used


@pytest.mark.parametrize("seed", SEEDS)
async def test_any_reports_in_any_transactions_give_what_a_naive_recount_gives(
    books: Books, seed: int
) -> None:
    dice = random.Random(seed)
    names = ["acme", "initech", "globex"]
    await books.enter(*names)
    periods = [START - timedelta(hours=1), FEBRUARY, START.replace(month=3) - timedelta(hours=1)]
    naive = {name: [0, 0, 0] for name in names}

    for index, opened in enumerate(periods):
        books.clock.now = max(books.clock.now, opened)
        for _ in range(10):
            books.clock.now += timedelta(minutes=dice.randrange(60))
            acts = [_any_report(dice, periods, books.clock.now) for _ in range(dice.randrange(1, 12))]
            callers = [(dice.choice(names), *act) for act in acts]
            done = await asyncio.gather(
                *(books.do(name, report(units, at=at)) for name, units, at in callers), return_exceptions=True
            )
            for (name, units, at), outcome in zip(callers, done, strict=True):
                period = index if at is None else sum(at >= start for start in periods) - 1
                counted = naive[name][period] + units
                assert isinstance(outcome, Rejected) == (counted < 0)
                naive[name][period] = counted if counted >= 0 else naive[name][period]
            await books.assert_windows_are_sums()

    records = await books.rows(UsageRecordRow)
    assert sum(row.quantity for row in records) // ONE == sum(map(sum, naive.values()))
    for name in names:
        last = await books.do(name, report(0))
        used = {window.starts_at: tally.used // ONE for window, tally in last.state.tallies.items()}
        assert used[periods[-1]] == naive[name][-1]


def _any_report(dice: random.Random, periods: list[datetime], now: datetime) -> tuple[int, datetime | None]:
    """Some units, some of them given back, of now or of any instant since the first period began."""
    units = dice.randrange(-5, 10)
    if dice.random() < 0.5:
        return units, None
    span = (now - periods[0]) // INSTANT
    return units, periods[0] + dice.randrange(span) * INSTANT
