"""What group commit brings: ``python -m tests.benchmarks.group_commit``.

Reports with an idempotency key each, answered after the commit. On SQLite with ``synchronous=FULL``:
the ledger with many callers, against a loop over ``sqlite3`` that writes the same rows in transactions
of the same size and decides nothing, and against the same ledger with one caller, who has a transaction
for each report. On PostgreSQL: one hot customer against ten thousand.

Rounds of the variants take turns; medians and ratios are printed. Every round checks that what was
reported is what is recorded and counted.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from sqlalchemy import func, select

from models.database.dialects import table_of
from models.database.transactions import Database
from models.migrations.migrate import migrate
from models.usage.tables import UsageRecordRow, UsageWindowRow
from rules.commands.customers import UpsertCustomer
from rules.commands.report_usage import ReportUsage
from rules.commands.subscribe import Subscribe
from rules.numbers import ONE
from tests.benchmarks.calling import machine, postgresql
from tests.storage.books import Books

ROUNDS = 5
CALLERS = 64
REPORTS = 12_800
LONE_REPORTS = 1_000
MANY_CUSTOMERS = 10_000

Round = Callable[[], Awaitable[float]]

keys = count()


def report() -> ReportUsage:
    """A report that has never been made."""
    return ReportUsage(feature="calls", quantity=ONE, idempotency_key=f"key-{next(keys)}")


async def opened(url: str, customers: int) -> Books:
    """Books with customers on a plan, on the real clock."""
    await migrate(url)
    books = await Books.new(Database(url))
    books.clock.now = datetime.now(UTC)
    for start in range(0, customers, 500):
        names = [f"customer-{n}" for n in range(start, min(customers, start + 500))]
        await asyncio.gather(*(books.do(name, UpsertCustomer(key=name)) for name in names))
        await asyncio.gather(*(books.do(name, Subscribe(plan="basic")) for name in names))
    return books


async def reported(books: Books, customers: Sequence[str], callers: int, reports: int) -> float:
    """Let callers report, each one after the other; gives reports a second."""
    before, begun = await recorded(books), perf_counter()

    async def calls(caller: int) -> None:
        for n in range(caller, reports, callers):
            await books.do(customers[n % len(customers)], report())

    await asyncio.gather(*map(calls, range(callers)))
    rate = reports / (perf_counter() - begun)
    after = await recorded(books)
    if after - before != reports:
        message = f"{after - before} of {reports} reports are recorded"
        raise AssertionError(message)
    return rate


async def recorded(books: Books) -> int:
    """Give the units that are recorded, which are those that are counted."""
    records, windows = table_of(UsageRecordRow).c.quantity, table_of(UsageWindowRow).c.used
    async with books.database.read() as session:
        said = int((await session.execute(select(func.coalesce(func.sum(records), 0)))).scalar_one())
        counted = int((await session.execute(select(func.coalesce(func.sum(windows), 0)))).scalar_one())
    if said != counted:
        message = f"{said} are recorded, {counted} are counted"
        raise AssertionError(message)
    return said // ONE


FOUND = "SELECT id FROM customers WHERE environment_id = 1 AND key = ?"
TAKEN = """INSERT INTO idempotency_keys
    (environment_id, customer_id, operation, key, input_digest, number, outcome)
    VALUES (1, ?, 'reportUsage', ?, ?, ?, '{"recorded": 1000000}') ON CONFLICT DO NOTHING"""
RECORDED = """INSERT INTO usage_records
    (environment_id, customer_id, feature_key, occurred_at, number, quantity)
    VALUES (1, ?, 'calls', ?, ?, 1000000)"""
COUNTED = """INSERT INTO usage_windows
    (environment_id, customer_id, feature_key, starts_at, ends_at, used)
    VALUES (1, ?, 'calls', 0, 9000000000000000, 1000000)
    ON CONFLICT DO UPDATE SET used = used + excluded.used RETURNING used"""
MOVED_ON = "UPDATE customers SET revision = revision + 1, acted_at = ? WHERE id = ?"
DIGEST = "0" * 64


def raw(path: Path, customers: int, batch: int, reports: int) -> float:
    """Write what reports write in transactions of a size, deciding nothing; gives reports a second."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
    do, begun = connection.execute, perf_counter()
    for start in range(0, reports, batch):
        do("BEGIN IMMEDIATE")
        for n in range(start, min(reports, start + batch)):
            number = 1_000 + next(keys)
            ((customer,),) = do(FOUND, (f"customer-{n % customers}",)).fetchall()
            do(TAKEN, (customer, f"key-{number}", DIGEST, number))
            do(RECORDED, (customer, number, number))
            do(COUNTED, (customer,)).fetchall()
            do(MOVED_ON, (number, customer))
        do("COMMIT")
    rate = reports / (perf_counter() - begun)
    connection.close()
    return rate


async def interleaved(variants: Mapping[str, Round]) -> dict[str, float]:
    """Run the variants in turns; gives the median of each."""
    rates: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(ROUNDS):
        for name, measured in variants.items():
            rates[name].append(await measured())
    for name, found in rates.items():
        print(f"  {name:<42} {median(found):>9,.0f} reports/s   ({min(found):,.0f} to {max(found):,.0f})")
    return {name: median(found) for name, found in rates.items()}


async def on_sqlite(folder: Path) -> None:
    """Goal 6: group commit against a raw loop, and against a transaction for each report."""
    names = [f"customer-{n}" for n in range(CALLERS)]
    books = await opened(f"sqlite+aiosqlite:///{folder}/ledger.db", CALLERS)
    await opened(f"sqlite+aiosqlite:///{folder}/raw.db", CALLERS)

    async def loop() -> float:
        return await asyncio.to_thread(raw, folder / "raw.db", CALLERS, CALLERS, REPORTS)

    rates = await interleaved(
        {
            f"raw sqlite3 loop, {CALLERS} a transaction": loop,
            f"ledger, {CALLERS} callers": lambda: reported(books, names, CALLERS, REPORTS),
            "ledger, one caller": lambda: reported(books, names, 1, LONE_REPORTS),
        }
    )
    fastest, grouped, alone = rates.values()
    print(f"  group commit / raw loop {grouped / fastest:.2f}, / a transaction each {grouped / alone:.1f}")


async def on_postgresql(url: str) -> None:
    """Goal 8: one hot customer against ten thousand."""
    books = await opened(url, MANY_CUSTOMERS)
    names = [f"customer-{n}" for n in range(MANY_CUSTOMERS)]
    rates = await interleaved(
        {
            "one hot customer": lambda: reported(books, names[:1], CALLERS, REPORTS),
            f"{MANY_CUSTOMERS:,} customers": lambda: reported(books, names, CALLERS, REPORTS),
        }
    )
    hot, many = rates.values()
    print(f"  one hot customer / many {hot / many:.2f}")


def main() -> None:
    """Print what was measured, and on what."""
    print(machine())
    with TemporaryDirectory(dir=".") as folder:
        print("SQLite, synchronous=FULL")
        asyncio.run(on_sqlite(Path(folder)))
    print("PostgreSQL")
    with postgresql() as url:
        asyncio.run(on_postgresql(url))


if __name__ == "__main__":
    main()
