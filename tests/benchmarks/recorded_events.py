"""What the number of recorded events costs: ``python -m tests.benchmarks.recorded_events [short] [long]``.

Asks whether a customer may use more, and lets them use it, of one customer with ten thousand recorded
events and of one with ten million in the same period, on SQLite. Rounds of both take turns; medians and
ratios are printed. The records are written straight into the table, with the tally that acts would have
kept of them; one count of them anew shows what a sum over the records costs in its place.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from sqlalchemy import text

from models.database.transactions import Database
from models.migrations.migrate import migrate
from models.usage import counting
from models.usage.counting import Uncounted
from models.usage.store import Owner
from resolvers.access import check as access
from rules.access.decision import AccessCheck
from rules.catalog.facts import Aggregation
from rules.commands.consume import Consume
from rules.commands.customers import UpsertCustomer
from rules.commands.report_usage import ReportUsage
from rules.commands.subscribe import Subscribe
from rules.numbers import ONE
from tests.benchmarks.in_turns import measured
from tests.rules.builders.customer_builders import limited, published_plan, selling
from tests.storage.books import Books, kept

SHORT, LONG = 10_000, 10_000_000

RECORD = (
    """WITH RECURSIVE event(number) AS
        (SELECT 1 UNION ALL SELECT number + 1 FROM event WHERE number < :events)
    INSERT INTO usage_records (environment_id, customer_id, feature_key, occurred_at, number, quantity)
    SELECT c.environment_id, c.id, 'calls', c.acted_at + event.number, c.revision + event.number, 1000000
    FROM event JOIN customers c ON c.id = :customer""",
    "UPDATE usage_windows SET used = used + :events * 1000000 WHERE customer_id = :customer",
    """UPDATE customers SET revision = revision + :events, acted_at = acted_at + :events
    WHERE id = :customer""",
)


async def with_events(books: Books, name: str, events: int) -> None:
    """Make a customer of whom so many events are recorded."""
    await books.do(name, UpsertCustomer(key=name))
    await books.do(name, Subscribe(plan="basic"))
    done = await books.do(name, ReportUsage(feature="calls", quantity=0))
    assert done.state.customer is not None
    given = {"events": events, "customer": done.state.customer.number}
    async with books.database.write() as session:
        for statement in RECORD:
            await session.execute(text(statement), given)
    decision = await access.access(books.context, AccessCheck(customer=name, feature="calls"))
    assert decision.usage is not None
    assert decision.usage.used == events * ONE


async def counted_anew(books: Books, name: str) -> None:
    """Print what it takes to count the records of a customer anew, which must come to what is kept."""
    decision = await access.access(books.context, AccessCheck(customer=name, feature="calls"))
    assert decision.usage is not None
    assert decision.subject.customer is not None
    owner, window = Owner(books.environment, decision.subject.customer.number), decision.subject.window
    assert window is not None
    begun = perf_counter()
    async with books.database.read() as session:
        place = Uncounted(owner=owner, window=window, aggregation=Aggregation.SUM)
        tally = (await counting.count_anew(session, [place]))[owner][window]
    print(f"  to sum what {name!r} used takes {(perf_counter() - begun) * 1e3:,.1f} ms")
    assert tally.used == decision.usage.used


async def main(short: int, long: int) -> None:
    """Print a line for the question and one for the act."""
    with TemporaryDirectory(dir=".") as folder:
        url = f"sqlite+aiosqlite:///{Path(folder)}/events.db"
        await migrate(url)
        shop = selling(published_plan("basic", {"calls": limited(10**9)}))
        books = await Books.new(Database(url), kept(shop))
        books.clock.now = datetime.now(UTC)
        await with_events(books, "short", short)
        await with_events(books, "long", long)
        print(f"{'':<24} {short:>8,} events {long:>11,} events   ratio")
        context = books.context
        await measured(
            "a question",
            lambda name: access.access(context, AccessCheck(customer=name, feature="calls", requested=ONE)),
        )
        await measured("a unit consumed", lambda name: books.do(name, Consume(feature="calls")))
        for name in ("short", "long"):
            await counted_anew(books, name)


if __name__ == "__main__":
    asked = [int(argument) for argument in sys.argv[1:]]
    asyncio.run(main(*(asked or (SHORT, LONG))))
