"""What the length of a ledger costs: ``python -m tests.benchmarks.credit_entries``.

Asks for a balance, asks whether usage is covered by it, and spends a credit, of one customer with a
hundred past entries and of one with a million, on SQLite. Rounds of both take turns; medians and ratios
are printed. What was written to make the ledgers long is verified before and after.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import text

from models.database.transactions import Database
from models.migrations.migrate import migrate
from resolvers.access import check as access
from resolvers.credits.balances import balance
from resolvers.verification import first_difference
from rules.access.decision import AccessCheck
from rules.commands.credits import ConsumeCredits, GrantCredits
from rules.commands.customers import UpsertCustomer
from rules.numbers import ONE
from tests.benchmarks.in_turns import measured
from tests.storage.books import Books
from tests.storage.credits.test_credits import sells_credits

SHORT, LONG = 100, 1_000_000
GRANTED = 2 * LONG

# Each entry spends a credit of the customer's one grant, which is what an act would have written.
LENGTHEN = (
    """WITH RECURSIVE entry(number) AS
        (SELECT 2 UNION ALL SELECT number + 1 FROM entry WHERE number <= :length)
    INSERT INTO credit_entries (environment_id, customer_id, credit_type, number, kind, amount,
        balance_after, grant_number, occurred_at)
    SELECT b.environment_id, b.customer_id, b.credit_type, entry.number, 'CONSUMED', -1000000,
        b.granted - (entry.number - 1) * 1000000, 1, b.brought_up_to + entry.number
    FROM entry JOIN credit_balances b ON b.customer_id = :customer""",
    """UPDATE credit_grants SET remaining = remaining - :length * 1000000, burned = :length * 1000000
    WHERE customer_id = :customer""",
    """UPDATE credit_balances SET consumed = :length * 1000000, last_entry = last_entry + :length,
        brought_up_to = brought_up_to + :length + 1 WHERE customer_id = :customer""",
)


async def with_entries(books: Books, name: str, length: int) -> None:
    """Make a customer whose ledger has so many entries behind the first."""
    await books.do(name, UpsertCustomer(key=name))
    done = await books.do(name, GrantCredits(credit_type="ai", amount=GRANTED * ONE))
    assert done.state.customer is not None
    async with books.database.write() as session:
        for statement in LENGTHEN:
            await session.execute(text(statement), {"length": length, "customer": done.state.customer.number})


async def main() -> None:
    """Print a line for each question and act."""
    with TemporaryDirectory(dir=".") as folder:
        url = f"sqlite+aiosqlite:///{Path(folder)}/credits.db"
        await migrate(url)
        books = await Books.new(Database(url))
        await sells_credits(books)
        books.clock.now = datetime.now(UTC)
        await with_entries(books, "short", SHORT)
        await with_entries(books, "long", LONG)
        context = books.context
        print(f"{'':<24} {SHORT:>8,} entries {LONG:>10,} entries   ratio")
        await measured("the balance", lambda name: balance(context, name, "ai"))
        await measured(
            "a question",
            lambda name: access.access(context, AccessCheck(customer=name, feature="calls", requested=ONE)),
        )
        await measured(
            "a credit spent", lambda name: books.do(name, ConsumeCredits(credit_type="ai", amount=ONE))
        )
        difference = await first_difference(context.services)
        print("  verify:", "no difference" if difference is None else difference)


if __name__ == "__main__":
    asyncio.run(main())
