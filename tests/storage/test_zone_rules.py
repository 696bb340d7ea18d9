"""Two processes with different rules of time zones on one database, and new rules that come to it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from models.access.cache import MemoryCache
from models.commands.group_commit import GroupCommit
from models.customers import rulebook as time_zones
from models.customers import store as customers
from models.customers.rulebook import OlderRules, Rulebook
from models.database.transactions import Database
from models.zone_tables import TimeZoneRulesRow
from resolvers.context import Services
from resolvers.time_zones import is_behind, take_up_rules
from resolvers.verification import first_difference
from rules.commands.change_plan import ChangePlan, ChangeTiming
from rules.commands.customers import UpsertCustomer
from rules.commands.subscribe import Subscribe
from rules.customers.facts import Term
from rules.time_zones import ZoneRules
from tests.rules.builders.zone_files import known_zones, written, zone_file
from tests.rules.credits.test_moved_boundaries_at_random import zone
from tests.rules.models.wallets import MONTHLY, credits_, giving, selling_credits
from tests.storage.books import Books, report

HERE, ELSEWHERE = "Africa/Casablanca", "Europe/Berlin"
OLD = {HERE: "as it was", ELSEWHERE: "as ever", "UTC": "as ever"}
NEW = {**OLD, HERE: "as it will be"}


def rules(release: str, digests: Mapping[str, str], source: str = "tzdata") -> ZoneRules:
    """Rules of a release."""
    return ZoneRules(release=release, source=source, digests=lambda: digests)


def ruled(books: Books, known: ZoneRules) -> Books:
    """The same books, open in a process with rules of its own."""
    rulebook = Rulebook(known, books.clock)
    return replace(books, ledger=GroupCommit(books.database, MemoryCache(), books.clock, rulebook=rulebook))


async def entered(books: Books) -> None:
    """Bring two customers to be, one of them where rules change."""
    await books.enter("acme", "initech")
    for name, timezone in (("acme", HERE), ("initech", ELSEWHERE)):
        await books.do(name, UpsertCustomer(key=name, timezone=timezone))


async def test_once_a_process_has_acted_by_newer_rules_one_with_older_ones_may_not(
    books: Books, other_books: Books
) -> None:
    older, newer = ruled(books, rules("2025b", OLD)), ruled(other_books, rules("2026f", NEW))
    await entered(older)
    await older.do("acme", report(1))

    await newer.do("initech", report(1))

    with pytest.raises(OlderRules, match="the rules of Africa/Casablanca are of 2025b here"):
        await older.do("acme", report(1))
    await older.do("initech", report(1))
    await newer.do("acme", report(1))
    assert [row.release for row in await books.rows(TimeZoneRulesRow)] == ["2025b", "2026f"]
    assert len(await books.records("acme")) == 2


async def test_where_rules_agree_about_a_customer_both_go_on(books: Books, other_books: Books) -> None:
    older, newer = ruled(books, rules("2025b", OLD)), ruled(other_books, rules("2026f", OLD, "/usr"))
    await entered(older)

    for process in (newer, older, newer, older):
        await process.do("acme", report(1))

    assert len(await books.records("acme")) == 4


async def test_of_two_with_other_rules_of_one_release_the_first_goes_on(
    books: Books, other_books: Books
) -> None:
    first, second = ruled(books, rules("2026f", OLD, "/usr")), ruled(other_books, rules("2026f", NEW))
    await entered(first)

    with pytest.raises(OlderRules):
        await second.do("acme", report(1))
    await second.do("initech", report(1))
    await first.do("acme", report(1))


async def test_nobody_comes_into_a_zone_in_which_rules_are_older(books: Books, other_books: Books) -> None:
    older, newer = ruled(books, rules("2025b", OLD)), ruled(other_books, rules("2026f", NEW))
    await entered(older)
    await newer.do("initech", report(1))

    with pytest.raises(OlderRules):
        await older.do("initech", UpsertCustomer(key="initech", timezone=HERE))
    with pytest.raises(OlderRules):
        await older.do("globex", UpsertCustomer(key="globex", timezone=HERE))

    initech = await books.customer("initech")
    assert initech is not None
    assert initech.timezone == ELSEWHERE
    assert await books.customer("globex") is None


async def test_anyone_who_waited_for_a_customer_while_newer_rules_came_does_not_act(
    books: Books, another: Database
) -> None:
    older = ruled(books, rules("2025b", OLD))
    await entered(older)

    async with another.write() as session:
        # SQLite is kept from others by the transaction itself, which begins as it connects.
        await session.connection()
        await customers.lock(session, {(books.environment, "acme")})
        waiting = older.begin("acme", report(1))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        await Rulebook(rules("2026f", NEW), books.clock).take_up(session)

    with pytest.raises(OlderRules):
        await waiting
    assert await books.records("acme") == []


async def test_a_process_is_behind_only_where_somebody_is_concerned(books: Books) -> None:
    def services(known: ZoneRules) -> Services:
        return Services.on(books.database, books.clock, zones=known)

    older, newer = services(rules("2025b", OLD)), services(rules("2026f", NEW))
    await books.enter("initech")
    await take_up_rules(older)
    await take_up_rules(newer)

    assert [await is_behind(known) for known in (older, newer)] == [False, False]
    await books.do("acme", UpsertCustomer(key="acme", timezone=HERE))
    assert [await is_behind(known) for known in (older, newer)] == [True, False]
    assert await is_behind(services(rules("2026f", NEW))) is False
    assert await is_behind(services(rules("2026e", NEW))) is False


START = datetime(2026, 5, 31, 23, tzinfo=UTC)
MOVED = -60


@pytest.fixture
def zones(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A zone by two rules, of which the newer move clocks back by an hour in November."""
    changed = datetime(2026, 11, 1, tzinfo=UTC)
    files = {zone(shift): zone_file(60, [(changed, 60 + shift)]) for shift in (0, MOVED)}
    with known_zones(written(tmp_path_factory.mktemp("zones"), files)):
        yield


async def with_new_rules(database: Database) -> None:
    """Let what customers have be in the zone by the newer rules."""
    async with database.write() as session:
        for table in ("customers", "subscription_terms"):
            statement = f"UPDATE {table} SET timezone = :new WHERE timezone = :old"  # noqa: S608 - one of two
            await session.execute(text(statement), {"new": zone(MOVED), "old": zone(0)})


async def with_a_change_ahead(database: Database, *, price: str = "monthly", leaves: bool = False) -> Books:
    """Two customers with a change ahead, one of them in the zone, which it may leave before that."""
    shop = selling_credits(giving("small", credits_(100, MONTHLY)), giving("large", credits_(500), 1))
    books = await Books.new(database, replace(shop, revision=1))
    for name, timezone in (("acme", zone(0)), ("initech", "UTC")):
        books.clock.now = START - timedelta(days=1)
        await books.do(name, UpsertCustomer(key=name, timezone=timezone))
        books.clock.now = START
        await books.do(name, Subscribe(plan="small", price="monthly"))
        books.clock.now = datetime(2026, 11, 15, tzinfo=UTC)
        if leaves:
            await books.do(name, UpsertCustomer(key=name, timezone="UTC"))
        await books.do(name, ChangePlan(plan="large", price=price, timing=ChangeTiming.PERIOD_END))
    return books


async def change_ahead(books: Books) -> Term:
    """The change that is ahead of acme."""
    acme = await books.customer("acme")
    assert acme is not None
    change = acme.subscriptions[0].scheduled_change(books.clock.now)
    assert change is not None
    return change


NEWER = rules("2026f", {zone(MOVED): "new"})
UNMOVED, MOVED_TO = datetime(2026, 11, 30, 23, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.usefixtures("zones")
async def test_what_is_scheduled_for_the_end_of_a_period_moves_with_it(database: Database) -> None:
    books = await with_a_change_ahead(database)
    before = {name: await books.customer(name) for name in ("acme", "initech")}
    await with_new_rules(database)
    services = Services.on(database, books.clock, zones=NEWER)

    await take_up_rules(services)
    await take_up_rules(services)

    acme, initech = [await books.customer(name) for name in ("acme", "initech")]
    change = await change_ahead(books)
    assert change.starts_at == MOVED_TO
    assert change.anchor == START
    assert acme is not None
    assert before["acme"] is not None
    assert acme.revision == before["acme"].revision + 1
    assert initech == before["initech"]
    assert await first_difference(services) is None
    await books.ledger.close()
    await services.commands.close()


@pytest.mark.usefixtures("zones")
@pytest.mark.parametrize("by_command", [False, True])
async def test_a_start_moves_what_was_not_moved_when_the_rules_were_entered(
    database: Database, *, by_command: bool
) -> None:
    books = await with_a_change_ahead(database)
    await with_new_rules(database)
    services = Services.on(database, books.clock, zones=NEWER)
    if by_command:
        await services.commands.commit(books.environment, "initech", UpsertCustomer(key="initech", name="x"))
    else:
        async with database.write() as session:
            assert await Rulebook(NEWER, books.clock).take_up(session)
    assert [row.release for row in await books.rows(TimeZoneRulesRow)] == ["2026f"]
    assert (await change_ahead(books)).starts_at == UNMOVED

    await take_up_rules(services)

    assert (await change_ahead(books)).starts_at == MOVED_TO
    assert await first_difference(services) is None
    await books.ledger.close()
    await services.commands.close()


@pytest.mark.usefixtures("zones")
async def test_a_change_follows_the_zone_of_the_period_that_it_ends(database: Database) -> None:
    books = await with_a_change_ahead(database, price="yearly", leaves=True)
    assert (await change_ahead(books)).timezone == "UTC"
    await with_new_rules(database)
    services = Services.on(database, books.clock, zones=NEWER)

    await take_up_rules(services)

    assert (await change_ahead(books)).starts_at == MOVED_TO
    assert await first_difference(services) is None
    await books.ledger.close()
    await services.commands.close()


@pytest.mark.usefixtures("zones")
@pytest.mark.parametrize("release", ["2026e", "2026f"])
async def test_a_process_moves_nothing_by_rules_that_are_not_in_force(
    database: Database, release: str
) -> None:
    books = await with_a_change_ahead(database)
    await with_new_rules(database)
    async with database.write() as session:
        await Rulebook(NEWER, books.clock).take_up(session)
    services = Services.on(database, books.clock, zones=rules(release, {zone(MOVED): "other"}, "/usr"))

    await take_up_rules(services)

    assert (await change_ahead(books)).starts_at == UNMOVED
    await books.ledger.close()
    await services.commands.close()


async def test_rules_are_entered_once_and_only_where_they_are_the_newest(database: Database) -> None:
    books = await Books.new(database)

    async def take_up(known: ZoneRules) -> time_zones.Newer | None:
        async with database.write() as session:
            return await Rulebook(known, books.clock).take_up(session)

    assert await take_up(rules("2026e", OLD)) == time_zones.Newer(before=None, zones=frozenset(OLD))
    assert await take_up(rules("2026e", OLD)) is None
    assert await take_up(rules("2026f", NEW)) == time_zones.Newer(before="2026e", zones=frozenset({HERE}))
    assert await take_up(rules("2026e", OLD)) is None
    assert [row.zones for row in await books.rows(TimeZoneRulesRow)] == [OLD, NEW]
    await books.ledger.close()
