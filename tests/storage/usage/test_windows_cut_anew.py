"""Kept tallies where windows are cut anew and usage is given back: what a recount in order gives."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
import pytest_asyncio
from sqlalchemy import delete, text

from models.database.column_types import to_micros
from models.database.dialects import table_of
from models.database.transactions import Database
from models.migrations.migrate import migrate
from models.usage import counting
from models.usage import store as usage
from models.usage.counting import Uncounted
from models.usage.store import Owner
from models.usage.tables import UsageWindowRow
from resolvers.verification import first_difference
from rules.catalog.facts import Aggregation
from rules.commands.change_plan import ChangePlan, ChangeTiming, UsageOnChange
from rules.commands.command import Command
from rules.commands.consume import Consume
from rules.commands.customers import UpsertCustomer
from rules.commands.report_usage import ReportUsage, UsageMode
from rules.commands.subscribe import Subscribe
from rules.commands.subscriptions import CancelSubscription
from rules.errors import Rejected
from rules.numbers import LARGEST, ONE
from rules.usage.metering import LATEST, Window, whole_window
from rules.values import ResetInterval
from tests.profiles import FULL
from tests.rules.builders.customer_builders import DAY, START, limited, published_plan, selling
from tests.storage.books import Books, kept, report
from tests.storage.migrations.test_migrations import _migrate_to

SEEDS = range(30 if FULL else 4)


@pytest_asyncio.fixture
async def acme(database: Database) -> Books:
    """Books in which there are plans by the month and by the day, and "acme" has none."""
    plans = (
        published_plan(every, {"calls": limited(100, ResetInterval(every.upper()))})
        for every in ("day", "month")
    )
    books = await Books.new(database, kept(selling(*plans)))
    await books.do("acme", UpsertCustomer(key="acme"))
    return books


def set_to(units: int) -> ReportUsage:
    """Let usage be so many calls."""
    return ReportUsage(feature="calls", quantity=units * ONE, mode=UsageMode.SET)


async def used(books: Books) -> int | None:
    """What is used of calls now; None where nothing is included."""
    return (await books.used("acme", ["calls"])).get("calls")


async def forget(books: Books) -> None:
    """Let everything be counted anew."""
    async with books.database.write() as session:
        await session.execute(delete(table_of(UsageWindowRow)))


async def consumed(books: Books, units: int) -> int:
    """How much of it is used up."""
    done = await books.do("acme", Consume(feature="calls", quantity=units * ONE))
    return done.outcome["consumed"] // ONE


async def test_what_a_plan_that_began_in_the_past_finds_given_back_lets_nobody_past_it(acme: Books) -> None:
    await acme.do("acme", report(80))
    acme.clock.now += 23 * DAY
    await acme.do("acme", set_to(10))
    await acme.do("acme", Subscribe(plan="month", start_at=START + 19 * DAY))

    assert (await used(acme), await consumed(acme, 170), await consumed(acme, 100)) == (0, 0, 100)
    await acme.assert_windows_are_sums()
    await forget(acme)
    assert (await used(acme), await consumed(acme, 1)) == (100, 0)
    assert await first_difference(acme.context.services) is None


async def test_windows_that_a_change_of_facts_has_ended_are_not_kept(acme: Books) -> None:
    await acme.do("acme", Subscribe(plan="month"))
    await acme.do("acme", report(5))
    acme.clock.now += DAY
    await acme.do("acme", CancelSubscription(timing=ChangeTiming.NOW))
    await acme.do("acme", report(3))
    assert [(row.used // ONE, row.ends_at) for row in await acme.rows(UsageWindowRow)][-1] == (3, LATEST)

    await acme.do("acme", Subscribe(plan="month"))
    await acme.do("acme", report(1))
    assert [row.used // ONE for row in await acme.rows(UsageWindowRow) if row.ends_at == LATEST] == []
    assert await used(acme) == 1
    assert await first_difference(acme.context.services) is None


def at_random(dice: random.Random, now: datetime) -> Command:
    """Something that uses, gives back, sets or cuts anew."""
    ago = dice.choice([None, None, now - dice.randint(1, 40) * timedelta(hours=6)])
    plan = dice.choice(["day", "month"])
    match dice.randint(0, 9):
        case 0:
            return Subscribe(plan=plan, start_at=ago)
        case 1:
            return CancelSubscription(timing=ChangeTiming.NOW)
        case 2:
            return ChangePlan(plan=plan, timing=ChangeTiming.NOW, usage=dice.choice(list(UsageOnChange)))
        case 3:
            return set_to(dice.randint(0, 9))
        case _:
            return report(dice.randint(-9, 9), at=ago)


@pytest.mark.parametrize("seed", SEEDS)
async def test_kept_tallies_and_recounts_in_the_database_agree_at_random(acme: Books, seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(30):
        acme.clock.now += dice.choice([timedelta(0), timedelta(hours=5), DAY])
        with suppress(Rejected):
            await acme.do("acme", at_random(dice, acme.clock.now))
    before = await used(acme)
    assert before is None or before >= 0
    await acme.assert_windows_are_sums()
    assert await first_difference(acme.context.services) is None

    await forget(acme)
    assert await used(acme) == before


async def test_sums_larger_than_any_number_of_a_database_are_counted_anew(acme: Books) -> None:
    # Past sums are not looked at by what only adds.
    late = START - 100 * DAY
    for act in (report(1), report(-1), Subscribe(plan="month")):
        await acme.do("acme", act)
    for _ in range(3):
        await acme.do("acme", ReportUsage(feature="calls", quantity=LARGEST, occurred_at=late))

    known = await acme.customer("acme")
    assert known is not None
    owner = Owner(environment=acme.environment, customer=known.number)
    window = whole_window("calls")
    async with acme.database.read() as session:
        place = Uncounted(owner=owner, window=window, aggregation=Aggregation.SUM)
        tally = (await counting.count_anew(session, [place]))[owner][window]
        flows = await counting.flow(session, [(owner, window)])
    assert tally.used == 3 * LARGEST
    assert [(one.given_back, one.used) for one in flows] == [(0, ONE), (ONE, 3 * LARGEST)]


async def test_tallies_that_were_below_zero_are_counted_anew_after_an_upgrade(empty_url: str) -> None:
    database = Database(empty_url)
    month = Window(feature="calls", starts_at=START, ends_at=START + 30 * DAY)
    async with database.write() as session:
        await (await session.connection()).run_sync(_migrate_to, "0006")
        await session.execute(text(ENVIRONMENT), {"no": False})
        await session.execute(text(FEATURE))
        span = {"starts_at": to_micros(month.starts_at), "ends_at": to_micros(month.ends_at)}
        for customer, units in ((1, -70), (2, 5)):
            given = {"customer": customer, "key": f"c-{customer}", "used": units, "no": False, **span}
            for statement in (CUSTOMER, RECORD, WINDOW):
                names = {name: value for name, value in given.items() if f":{name}" in statement}
                await session.execute(text(statement), names)
    await migrate(empty_url)

    async with database.read() as session:
        kept_now = await usage.load_counters(session, [Owner(1, 1), Owner(1, 2)])
    await database.close()
    assert kept_now[Owner(1, 1)] == {}
    assert [tally.used for tally in kept_now[Owner(1, 2)].values()] == [5]


ENVIRONMENT = (
    "INSERT INTO environments (id, key, name, sandbox, catalog_revision, created_at)"
    " VALUES (1, 'live', 'live', :no, 0, 0)"
)
FEATURE = (
    "INSERT INTO features (environment_id, key, name, extra, type, status, shape)"
    " VALUES (1, 'calls', 'Calls', '{}', 'METERED', 'ACTIVE', '{}')"
)
CUSTOMER = (
    "INSERT INTO customers (id, environment_id, key, folded_key, timezone, extra, archived, revision,"
    " facts_revision) VALUES (:customer, 1, :key, :key, 'UTC', '{}', :no, 1, 1)"
)
RECORD = (
    "INSERT INTO usage_records (environment_id, customer_id, feature_key, occurred_at, number, quantity)"
    " VALUES (1, :customer, 'calls', :starts_at, 1, :used)"
)
WINDOW = (
    "INSERT INTO usage_windows (environment_id, customer_id, feature_key, starts_at, ends_at, used)"
    " VALUES (1, :customer, 'calls', :starts_at, :ends_at, :used)"
)
