"""What is kept comes back the same, and in the same order, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
import pytest_asyncio
from sqlalchemy import Column, MetaData, Table, func, select
from sqlalchemy.exc import StatementError

from models.database.column_types import Count, Document, Flag, Instant, Key, Micros, from_micros, to_micros
from models.database.transactions import Database

SAMPLES = Table(
    "samples",
    MetaData(),
    Column("id", Count, primary_key=True),
    Column("key", Key),
    Column("quantity", Micros),
    Column("at", Instant),
    Column("flag", Flag),
    Column("document", Document),
    sqlite_strict=True,
)

LARGEST = 2**63 - 1


@pytest_asyncio.fixture
async def samples(database: Database) -> Database:
    """A database with a column of every type."""
    async with database.write() as session:
        await (await session.connection()).run_sync(SAMPLES.create)
    return database


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("quantity", 2**53 + 1),
        ("quantity", LARGEST),
        ("quantity", -LARGEST - 1),
        ("at", datetime(2026, 10, 25, 0, 59, 59, 999_999, tzinfo=UTC)),
        ("at", datetime.min.replace(tzinfo=UTC)),
        ("at", datetime.max.replace(tzinfo=UTC)),
        ("flag", True),
        ("flag", False),
        ("document", {"seats": 2**80 + 1, "rate": 0.1, "of": [1, "ä", None, True, {}]}),
        ("document", []),
        ("document", "words"),
        ("document", False),
    ],
)
async def test_a_value_comes_back_as_it_was_kept(samples: Database, column: str, value: object) -> None:
    kept = await _kept(samples, column, value)

    assert kept == value
    assert type(kept) is type(value)


async def test_an_instant_comes_back_in_utc(samples: Database) -> None:
    berlin = timezone(timedelta(hours=2))

    kept = await _kept(samples, "at", datetime(2026, 7, 1, 2, tzinfo=berlin))

    assert isinstance(kept, datetime)
    assert kept.isoformat() == "2026-07-01T00:00:00+00:00"


async def test_an_instant_without_a_zone_is_refused(samples: Database) -> None:
    with pytest.raises(StatementError, match="must have a zone"):
        await _kept(samples, "at", datetime(2026, 7, 1))  # noqa: DTZ001 - the mistake in question


async def test_a_document_that_is_not_json_is_refused(samples: Database) -> None:
    with pytest.raises(StatementError, match=r"not JSON compliant|invalid input syntax for type json"):
        await _kept(samples, "document", {"rate": float("nan")})


@pytest.mark.parametrize("column", ["key", "quantity", "at", "flag", "document"])
async def test_nothing_is_kept_as_null(samples: Database, column: str) -> None:
    assert await _kept(samples, column, None) is None

    async with samples.read() as session:
        found = await session.scalars(select(SAMPLES.c.id).where(SAMPLES.c[column].is_(None)))
        assert found.all() == [1]


async def test_a_quantity_beyond_64_bits_is_refused(samples: Database) -> None:
    with pytest.raises((StatementError, OverflowError)):
        await _kept(samples, "quantity", LARGEST + 1)


async def test_keys_are_in_the_order_of_their_code_points(samples: Database) -> None:
    keys = [
        "zebra",
        "Zebra",
        "_under",
        "api-calls",
        "api calls",
        "apicalls",
        "äpfel",
        "10",
        "9",
        "\U0001f600",
    ]
    async with samples.write() as session:
        await session.execute(SAMPLES.insert(), [{"key": key} for key in keys])

    async with samples.read() as session:
        ordered = await session.scalars(select(SAMPLES.c.key).order_by(SAMPLES.c.key))
        after_m = await session.scalars(select(SAMPLES.c.key).where(SAMPLES.c.key > "m"))
        assert ordered.all() == sorted(keys)
        assert set(after_m) == {key for key in keys if key > "m"}


async def test_on_postgresql_keys_do_not_follow_the_language_of_the_server(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    async with database.write() as session:
        await (await session.connection()).run_sync(SAMPLES.create)
        await session.execute(SAMPLES.insert().values(key="seats"))

        assert await session.scalar(select(func.pg_collation_for(SAMPLES.c.key))) == '"C"'
    await database.close()


async def test_flags_can_be_asked_for(samples: Database) -> None:
    async with samples.write() as session:
        await session.execute(SAMPLES.insert(), [{"flag": True}, {"flag": False}])

    async with samples.read() as session:
        assert (await session.scalars(select(SAMPLES.c.id).where(SAMPLES.c.flag))).all() == [1]
        assert (await session.scalars(select(SAMPLES.c.id).where(~SAMPLES.c.flag))).all() == [2]


@pytest.mark.parametrize("micros", [0, -1, 1_782_864_000_000_001, -62_135_596_800_000_000])
def test_an_instant_and_its_microseconds_are_the_same_thing(micros: int) -> None:
    assert to_micros(from_micros(micros)) == micros


async def _kept(database: Database, column: str, value: object) -> object:
    async with database.write() as session:
        await session.execute(SAMPLES.insert().values({column: value}))
    async with database.read() as session:
        return await session.scalar(select(SAMPLES.c[column]))
