"""Verifying: what is kept agrees with what was recorded, and one row that was tampered with is found."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from sqlalchemy import text

from models.database.transactions import Database
from resolvers import verification
from resolvers.environments import ensure_environment
from resolvers.verification import first_difference
from rules.commands.command import Command
from rules.commands.custom_entitlements import SetCustomEntitlement
from rules.commands.customers import UpsertCustomer
from rules.commands.report_usage import UsageMode
from rules.commands.subscribe import Subscribe
from rules.customers.facts import CustomEntitlementMode
from rules.errors import Rejected
from tests.rules.builders.customer_builders import DAY
from tests.rules.builders.metered_shop import observe, request
from tests.rules.models.till import consume, release, reserve, settle
from tests.storage.books import Books, Clock, metered_sold

Copies = Callable[[str], Awaitable[str]]

EVENTFUL = "eventful"
"""What the database of PostgreSQL is called from which others are copied."""


def eventful_life() -> list[Command]:
    """Acts of every kind on usage, one after the other."""
    held = [reserve(n, f"hold-{n}", feature="requests") for n in range(1, 6)]
    return [
        Subscribe(plan="basic", idempotency_key="s"),
        request("e-1", bytes=30, user="ada", level=7),
        request("e-2", bytes=50, user="bob", level=9),
        request("e-3", user="ada", level=4),
        consume(3, "c", feature="requests"),
        consume(2, feature="requests"),
        *held,
        settle(None, "hold-1"),
        settle(0, "hold-2"),
        settle(9, "hold-3"),
        release("hold-4"),
        replace(observe("traffic", 12), idempotency_key="r"),
        replace(observe("traffic", 5), mode=UsageMode.SET, idempotency_key="r-2"),
        replace(observe("largest", 60), idempotency_key="r-3"),
        observe("users", properties={"user": "cleo"}),
        observe("level", 2),
        SetCustomEntitlement(feature="requests", mode=CustomEntitlementMode.REVOKE),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Books that are closed: where they are, and the time at which they were closed."""

    url: str
    environment: int
    now: datetime


async def keep(url: str) -> Kept:
    """Fill a database with a shop that meters events, and a customer to whom everything has happened."""
    database = Database(url)
    books = await Books.new(database, metered_sold())
    for name in ("acme", "initech"):
        await books.do(name, UpsertCustomer(key=name))
        books.clock.now += timedelta(hours=1)
        for act in eventful_life():
            await books.do(name, act)
        # Late, and in another period than the last.
        books.clock.now += DAY
        await books.do(name, request("e-4", at=books.clock.now - DAY, bytes=70, user="dora", level=1))
        await books.do(name, request("e-5", bytes=8, user="ada"))
    await books.do("arrived", UpsertCustomer(key="arrived"))
    await books.ledger.close()
    await database.close()
    return Kept(url=url, environment=books.environment, now=books.clock.now)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def kept_in_sqlite(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Books in a file from which others are copied."""
    file = shutil.copy(migrated_file, tmp_path_factory.mktemp("eventful") / "allotment.db")
    return await keep(f"sqlite+aiosqlite:///{file}")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def kept_in_postgresql(postgresql_templates: Copies) -> Kept:
    """Books in a database from which others are copied."""
    return await keep(await postgresql_templates(EVENTFUL))


@pytest.fixture(params=["sqlite", "postgresql"])
def kept(request: pytest.FixtureRequest) -> Kept:
    """Books in a database of each kind, for this test alone."""
    kept: Kept = request.getfixturevalue(f"copy_in_{request.param}")
    return kept


@pytest.fixture
def copy_in_sqlite(kept_in_sqlite: Kept, tmp_path: Path) -> Kept:
    """Books in a copy of the file."""
    file = urlsplit(kept_in_sqlite.url).path.removeprefix("/")
    copy = shutil.copy(file, tmp_path / "allotment.db")
    return replace(kept_in_sqlite, url=f"sqlite+aiosqlite:///{copy}")


@pytest_asyncio.fixture
async def copy_in_postgresql(kept_in_postgresql: Kept, postgresql_copies: Copies) -> Kept:
    """Books in a copy of the database."""
    return replace(kept_in_postgresql, url=await postgresql_copies(EVENTFUL))


@pytest.fixture
def database_url(kept: Kept) -> str:
    """The address of the books."""
    return kept.url


@pytest_asyncio.fixture
async def books(database: Database, kept: Kept) -> AsyncIterator[Books]:
    """Books of a shop that meters events, and of a customer to whom everything has happened."""
    books = Books.of(database, kept.environment, Clock(kept.now))
    yield books
    await books.ledger.close()


async def differs(books: Books) -> str | None:
    """The first difference, in a line."""
    found = await first_difference(books.context.services)
    return None if found is None else f"{found[0]}: {found[1].customer}: {found[1].sentence}"


async def test_what_nobody_tampered_with_agrees(books: Books) -> None:
    assert await differs(books) is None


@pytest.mark.parametrize("at_a_time", [1, 2, 3])
async def test_customers_are_looked_at_a_few_at_a_time(
    books: Books, monkeypatch: pytest.MonkeyPatch, at_a_time: int
) -> None:
    monkeypatch.setattr(verification, "CUSTOMERS_AT_A_TIME", at_a_time)
    assert await differs(books) is None

    await tamper(books, "usage_windows", "used = used + 1")
    found = await differs(books)
    assert found is not None
    assert found.startswith("live: initech: The counter of ")


async def tamper(books: Books, table: str, change: str, rows: str = "1 = 1") -> None:
    """Change what is kept of the second customer behind everybody's back: at least one row."""
    theirs = "id = 2" if table == "customers" else "customer_id = 2"
    verb = f"DELETE FROM {table}" if change == GONE else f"UPDATE {table} SET {change}"  # noqa: S608
    async with books.database.write() as session:
        changed = await session.execute(text(f"{verb} WHERE {theirs} AND {rows}"))
        assert changed.rowcount >= 1  # type: ignore[attr-defined]


GONE = "gone"

IN_TALLIES = [
    ("used = used + 1", "feature_key = 'requests'", "The counter of 'requests' from "),
    ("used = 0", "feature_key = 'traffic'", "The counter of 'traffic' from "),
    ("used = used * 2", "feature_key = 'largest'", "The counter of 'largest' from "),
    ("used = used - 1000000", "feature_key = 'users'", "The counter of 'users' from "),
    ("used = 1", "feature_key = 'level'", "The counter of 'level' from "),
    ("last_at = last_at - 1", "feature_key = 'level'", "The counter of 'level' from "),
    ("starts_at = starts_at - 100000000000", "feature_key = 'traffic'", "The counter of 'traffic' from "),
    ("feature_key = 'x'", "feature_key = 'users'", "There is a counter of 'x', which is not metered."),
]

IN_RECORDS = [
    ("quantity = 7", "feature_key = 'traffic' AND quantity = 8000000", "The counter of 'traffic' from "),
    ("quantity = 99", "feature_key = 'level'", "The counter of 'level' from "),
    (GONE, "feature_key = 'requests' AND quantity = 9000000", "Reservation 'hold-3' is settled, and"),
    (GONE, "feature_key = 'requests' AND quantity = 3000000", "The key of 'consume' 'c' is of one record"),
    ("quantity = 1", "feature_key = 'requests' AND quantity = 3000000", "The key of 'consume' 'c' consumed"),
    ("quantity = 1", "feature_key = 'traffic' AND quantity = 12000000", "The key of 'reportUsage' 'r' "),
    (GONE, "feature_key = 'users' AND value = 'dora'", "The key of 'ingestEvents' 'e-4' matched"),
    ("value = NULL", "feature_key = 'users'", "The record of 'users' '3' counts a value, and lacks it"),
    ("quantity = 5", "feature_key = 'users'", "The record of 'users' '3' counts a value, and lacks it"),
    ("value = 'x'", "feature_key = 'traffic'", "The record of 'traffic' '3' has a value that is not counted"),
    ("quantity = -1", "feature_key = 'largest'", "The record of 'largest' '3' is below zero"),
    ("number = number + 1000", "feature_key = 'level'", "The record of 'level' '1003' is of an act that"),
    (
        "occurred_at = occurred_at + 900000000000",
        "feature_key = 'level'",
        "The record of 'level' '3' occurred",
    ),
    (
        "feature_key = 'x'",
        "feature_key = 'largest'",
        "The record of 'x' '3' is of a feature that is not metered",
    ),
]

IN_HOLDS = [
    ("quantity = 9", "key = 'hold-5'", "The key of 'reserve' 'hold-5' reserved what is not there"),
    ("quantity = 0", "key = 'hold-5'", "Reservation 'hold-5' is not above zero"),
    ("settled = 1", "key = 'hold-1'", "Reservation 'hold-1' is settled, and there is no record of it"),
    ("settled = NULL", "key = 'hold-1'", "Reservation 'hold-1' is settled by half"),
    ("released_at = settled_at", "key = 'hold-1'", "Reservation 'hold-1' is settled and released"),
    ("released_at = 9999999999999999", "key = 'hold-5'", "Reservation 'hold-5' ended after"),
    ("number = 1", "key = 'hold-5'", "Reservation 'hold-5' was made by no act that is known"),
    ("number = 999", "key = 'hold-5'", "Reservation 'hold-5' is of an act that"),
    ("key = 'x'", "key = 'hold-4'", "Reservation 'x' was made by no act that is known"),
    (GONE, "key = 'hold-4'", "The key of 'reserve' 'hold-4' reserved what is not there"),
]

IN_KEYS = [
    ("number = 999", "key = 'c'", "The key of 'consume' 'c' is of an act that"),
    ("number = 4", "key = 'c'", "The key of 'consume' 'c' shares its act with another key"),
    ("number = 1", "key = 'c'", "The key of 'consume' 'c' is of one record, of which there is not one"),
    ("outcome = '{\"consumed\": 5}'", "key = 'c'", "The key of 'consume' 'c' consumed another quantity"),
    ("outcome = '{\"recorded\": 5}'", "key = 'r'", "The key of 'reportUsage' 'r' recorded another quantity"),
    ("outcome = '{\"matched\": 9}'", "key = 'e-1'", "The key of 'ingestEvents' 'e-1' matched another number"),
    ("outcome = '{\"subscription\": 9}'", "key = 's'", "The key of 'subscribe' 's' names a subscription"),
    (GONE, "key = 'hold-5'", "Reservation 'hold-5' was made by no act that is known"),
]

IN_CUSTOMERS = [
    ("revision = 1, facts_revision = 1", "1 = 1", "Subscription '2' is of an act that"),
    ("acted_at = NULL", "1 = 1", "The customer has acted, and never at any instant"),
    ("facts_revision = 999", "1 = 1", "The customer changed in an act that"),
    ("acted_at = 0", "1 = 1", "The record of 'largest' '3' occurred after the customer's last act"),
]

TAMPERED = [
    (table, *tampered)
    for table, known in {
        "usage_windows": IN_TALLIES,
        "usage_records": IN_RECORDS,
        "reservations": IN_HOLDS,
        "idempotency_keys": IN_KEYS,
        "customers": IN_CUSTOMERS,
        "custom_entitlements": [("number = 999", "1 = 1", "Custom entitlement '999' is of an act that")],
    }.items()
    for tampered in known
]


@pytest.mark.parametrize(("table", "change", "rows", "sentence"), TAMPERED)
async def test_one_row_that_was_tampered_with_is_found(
    books: Books, table: str, change: str, rows: str, sentence: str
) -> None:
    await tamper(books, table, change, rows)

    found = await differs(books)
    assert found is not None
    assert found.startswith(f"live: initech: {sentence}")
    assert found.endswith(".")


async def test_an_environment_is_verified_by_itself(books: Books) -> None:
    await tamper(books, "usage_windows", "used = used + 1")
    services = books.context.services
    await ensure_environment(services, "other")

    assert await first_difference(services, "other") is None
    assert await first_difference(services, "live") is not None
    with pytest.raises(Rejected):
        await first_difference(services, "nowhere")


async def test_while_others_act_nothing_differs(books: Books, another: Database) -> None:
    other = Books.of(another, books.environment, books.clock)
    acting = asyncio.gather(
        *(other.do("acme", request(f"f-{n}", bytes=n, user=n % 5, level=n)) for n in range(300)),
        *(other.do("arrived", observe("traffic", n)) for n in range(300)),
    )
    rounds = 0
    while not acting.done():
        assert await differs(books) is None
        rounds += 1
    await acting

    assert rounds > 0
    assert await differs(books) is None
    await other.ledger.close()
