"""What usage burned is found in the tables again by whoever takes usage back."""

from __future__ import annotations

from datetime import timedelta

import pytest
import pytest_asyncio
from sqlalchemy import text

from models.credits.tables import CreditBalanceRow, CreditBurnRow
from models.database.transactions import Database
from resolvers.verification import first_difference
from rules.commands.change_plan import ChangePlan, ChangeTiming, UsageOnChange
from rules.commands.command import Command
from rules.commands.consume import Consume
from rules.commands.credits import GrantCredits
from rules.commands.customers import UpsertCustomer
from rules.commands.report_usage import ReportUsage
from rules.commands.reserve import Reserve, SettleReservation
from rules.commands.subscribe import Subscribe
from rules.numbers import ONE
from tests.storage.books import Books
from tests.storage.credits.test_grouped import studio


def uses(units: int) -> Consume:
    """Use calls up."""
    return Consume(feature="calls", quantity=units * ONE)


def gives_back(units: int) -> ReportUsage:
    """Take calls back."""
    return ReportUsage(feature="calls", quantity=-units * ONE)


def moves_to(plan: str) -> ChangePlan:
    """Change the plan now, and go on counting."""
    return ChangePlan(plan=plan, timing=ChangeTiming.NOW, usage=UsageOnChange.CARRY)


@pytest_asyncio.fixture
async def lives(database: Database) -> Books:
    """Books in which "acme" has 5 calls a month, and a hundred credits of each type, since 10 days."""
    books = await Books.new(database, studio())
    await does(books, UpsertCustomer(key="acme"), Subscribe(plan="studio"))
    for credit_type in ("ai", "tokens"):
        await does(books, GrantCredits(credit_type=credit_type, amount=100 * ONE))
    books.clock.now += timedelta(days=10, hours=3, minutes=20)
    return books


async def does(books: Books, *acts: Command) -> None:
    """Let acts happen, each in a transaction of its own."""
    for act in acts:
        assert (await books.do("acme", act)).number is not None


async def consumed(books: Books) -> dict[str, int]:
    """What was consumed of each credit type, after the whole ledger was verified."""
    assert await first_difference(books.context.services) is None
    return {row.credit_type: row.consumed // ONE for row in await books.rows(CreditBalanceRow)}


@pytest.mark.parametrize("plan", ["atelier", "booth"])
async def test_what_still_counts_after_a_change_of_plan_comes_back(lives: Books, plan: str) -> None:
    await does(lives, uses(15), moves_to(plan))
    assert await consumed(lives) == {"ai": 10, "tokens": 0}

    await does(lives, gives_back(10))
    assert await consumed(lives) == {"ai": 0, "tokens": 0}
    await does(lives, uses(10))
    assert await consumed(lives) == {"ai": 0, "tokens": 10}


async def test_what_a_hold_burned_over_days_comes_back_with_the_rest(lives: Books) -> None:
    hold = Reserve(feature="calls", quantity=10 * ONE, key="hold", ttl_seconds=24 * 3600)
    await does(lives, uses(8), hold)
    lives.clock.now += timedelta(hours=23)
    await does(lives, SettleReservation(key="hold", quantity=10 * ONE), uses(1), moves_to("atelier"))
    assert await consumed(lives) == {"ai": 14, "tokens": 0}

    await does(lives, uses(4), gives_back(6))
    assert await consumed(lives) == {"ai": 12, "tokens": 0}
    await does(lives, gives_back(12))
    assert await consumed(lives) == {"ai": 0, "tokens": 0}


async def test_what_a_day_burned_lies_in_one_place(lives: Books) -> None:
    await does(lives, uses(15), uses(1))
    lives.clock.now += timedelta(hours=20)
    await does(lives, uses(1))
    lives.clock.now += timedelta(hours=2)
    await does(lives, uses(1))

    piles = await lives.rows(CreditBurnRow)
    assert sorted(row.usage[0]["quantity"] // ONE for row in piles) == [1, 12]


async def test_what_was_burned_before_days_were_kept_comes_back_in_its_period(lives: Books) -> None:
    await does(lives, uses(15))
    age = "UPDATE credit_burns SET starts_at = starts_at - :days, ends_at = NULL, burned_at = NULL"
    async with lives.database.write() as session:
        await session.execute(text(age), {"days": timedelta(days=10) // timedelta(microseconds=1)})

    await does(lives, uses(2))
    assert await consumed(lives) == {"ai": 12, "tokens": 0}
    await does(lives, gives_back(5))
    assert await consumed(lives) == {"ai": 7, "tokens": 0}
    await does(lives, gives_back(9))
    assert await consumed(lives) == {"ai": 0, "tokens": 0}
