"""Credits as they are kept: on both databases, by many at once, and for ever."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from models.catalog import store as catalog
from models.credits.store import load
from models.credits.tables import CreditEntryRow, CreditGrantRow
from models.usage.store import Owner
from rules.commands.credits import ConsumeCredits, GrantCredits, VoidCreditGrant
from rules.commands.subscribe import Subscribe
from rules.credits.accounts import CreditAccount, CreditNeed
from rules.credits.grants import CreditSource, GrantStatus
from rules.errors import Rejected
from rules.numbers import ONE
from tests.rules.builders.catalog_builders import product
from tests.rules.builders.customer_builders import DAY
from tests.rules.models.wallets import AI, credits_, giving, selling_credits
from tests.storage.books import Books, sold

NAMES = [f"customer-{number}" for number in range(20)]


def granting(units: int, key: str | None = None, **how: object) -> GrantCredits:
    """Grant whole credits."""
    return GrantCredits(credit_type="ai", amount=units * ONE, idempotency_key=key, **how)  # type: ignore[arg-type]


def spending(units: int, key: str | None = None, *, overdraft: bool = False) -> ConsumeCredits:
    """Spend whole credits."""
    return ConsumeCredits(
        credit_type="ai", amount=units * ONE, idempotency_key=key, allow_overdraft=overdraft
    )


async def sells_credits(books: Books) -> None:
    """Let there be credits, and a plan that gives a hundred a month."""
    shop = selling_credits(giving("small", credits_(100, rollover=30)))
    before = sold()
    after = replace(
        before,
        revision=2,
        credit_types={"ai": AI},
        products={**before.products, "desk": product("desk")},
        packages={**before.packages, "small": replace(shop.packages["small"], product="desk")},
    )
    async with books.database.write() as session:
        await catalog.save(session, books.environment, before, after)


@pytest_asyncio.fixture
async def credits_sold(books: Books) -> Books:
    """Books of an environment that sells credits, with a customer."""
    await sells_credits(books)
    await books.enter("acme")
    return books


async def kept(books: Books, name: str = "acme") -> CreditAccount:
    """A customer's book as the tables have it."""
    known = await books.customer(name)
    assert known is not None
    shelf = Owner(environment=books.environment, customer=known.number), "ai"
    async with books.database.read() as session:
        return (await load(session, {shelf: {CreditNeed(credit_type="ai")}}))[shelf]


async def test_what_is_granted_and_spent_is_kept(credits_sold: Books) -> None:
    await credits_sold.do("acme", granting(100))
    done = await credits_sold.do("acme", spending(30))

    assert done.outcome["consumed"] == 30 * ONE
    book = await kept(credits_sold)
    assert (book.available, book.granted, book.consumed) == (70 * ONE, 100 * ONE, 30 * ONE)
    entries = await credits_sold.rows(CreditEntryRow)
    assert [(row.kind, row.amount, row.balance_after) for row in entries] == [
        ("GRANTED", 100 * ONE, 100 * ONE),
        ("CONSUMED", -30 * ONE, 70 * ONE),
    ]


async def test_a_no_writes_nothing_and_takes_no_key(credits_sold: Books) -> None:
    assert (await credits_sold.do("acme", spending(1, "job"))).number is None
    await credits_sold.do("acme", granting(1))
    assert (await credits_sold.do("acme", spending(1, "job"))).replayed is False
    again = await credits_sold.do("acme", spending(1, "job"))

    assert (again.replayed, again.outcome["consumed"]) == (True, ONE)
    assert len(await credits_sold.rows(CreditEntryRow)) == 2


async def test_two_hundred_who_spend_at_once_never_spend_more_than_there_is(
    credits_sold: Books, other_books: Books
) -> None:
    await credits_sold.do("acme", granting(100))
    both = (credits_sold, other_books)

    done = await asyncio.gather(*(both[n % 2].do("acme", spending(1)) for n in range(200)))

    assert sum(each.number is not None for each in done) == 100
    book = await kept(credits_sold)
    assert (book.available, book.consumed, book.overdraft) == (0, 100 * ONE, 0)
    entries = await credits_sold.rows(CreditEntryRow)
    assert [row.number for row in entries] == list(range(1, 102))
    assert sum(row.amount for row in entries) == 0


async def test_spenders_of_many_customers_do_not_meet(credits_sold: Books) -> None:
    await credits_sold.enter(*NAMES)
    await asyncio.gather(*(credits_sold.do(name, granting(5)) for name in NAMES))
    await asyncio.gather(*(credits_sold.do(name, spending(2)) for name in NAMES * 3))

    assert [(await kept(credits_sold, name)).available for name in NAMES] == [ONE] * len(NAMES)


async def test_what_time_has_made_is_written_once_however_many_spend(
    credits_sold: Books, other_books: Books
) -> None:
    await credits_sold.do("acme", Subscribe(plan="small", price="monthly"))
    credits_sold.clock.now += 40 * DAY
    both = (credits_sold, other_books)
    await asyncio.gather(*(both[n % 2].do("acme", spending(1)) for n in range(20)))

    entries = [(row.kind, row.amount // ONE) for row in await credits_sold.rows(CreditEntryRow)]
    assert entries == [
        ("GRANTED", 100),
        ("ROLLED_OVER", -30),
        ("ROLLED_OVER", 30),
        ("EXPIRED", -70),
        ("GRANTED", 100),
        *[("CONSUMED", -1)] * 20,
    ]
    book = await kept(credits_sold)
    assert (book.available, [lot.number for lot in book.in_force]) == (110 * ONE, [2, 3])
    assert [row.number for row in await credits_sold.rows(CreditGrantRow)] == [1, 2, 3]


async def test_a_subscription_that_began_in_the_past_is_remembered_to_have_been_made_later(
    credits_sold: Books,
) -> None:
    begun = credits_sold.clock.now - 45 * DAY
    await credits_sold.do("acme", Subscribe(plan="small", price="monthly", start_at=begun))
    credits_sold.clock.now += DAY
    await credits_sold.do("acme", spending(1))

    assert (await kept(credits_sold)).granted == 100 * ONE


async def test_a_grant_that_is_voided_stays_with_its_note(credits_sold: Books) -> None:
    done = await credits_sold.do("acme", granting(5, note="gift", source=CreditSource.PROMOTIONAL))
    await credits_sold.do(
        "acme", VoidCreditGrant(credit_type="ai", number=done.outcome["grant"], note="oops")
    )
    again = await credits_sold.do("acme", VoidCreditGrant(credit_type="ai", number=1))

    assert again.replayed
    (row,) = await credits_sold.rows(CreditGrantRow)
    assert (row.note, row.ended, row.closed, row.remaining) == ("gift", "VOIDED", True, 0)
    assert [row.note for row in await credits_sold.rows(CreditEntryRow)] == ["gift", "oops"]


async def test_a_spent_grant_is_found_when_it_is_named(credits_sold: Books) -> None:
    await credits_sold.do("acme", granting(5))
    await credits_sold.do("acme", spending(5))
    assert (await kept(credits_sold)).lots == {}

    done = await credits_sold.do("acme", VoidCreditGrant(credit_type="ai", number=1))
    assert done.state.books["ai"].lot(1).status(done.now) is GrantStatus.VOIDED
    with pytest.raises(Rejected):
        await credits_sold.do("acme", VoidCreditGrant(credit_type="ai", number=2))


CHANGES = {
    "sqlite": (
        "UPDATE credit_entries SET amount = 0",
        "DELETE FROM credit_entries",
        "INSERT OR REPLACE INTO credit_entries SELECT * FROM credit_entries",
    ),
    "postgresql": (
        "UPDATE credit_entries SET amount = 0",
        "DELETE FROM credit_entries",
        "TRUNCATE credit_entries",
    ),
}


@pytest.mark.parametrize("change", range(3))
async def test_the_ledger_refuses_to_be_changed(credits_sold: Books, change: int) -> None:
    database = credits_sold.database
    await credits_sold.do("acme", granting(5))
    before = await credits_sold.rows(CreditEntryRow)

    with pytest.raises(DBAPIError, match="only added to"):
        async with database.write() as session:
            await session.execute(text(CHANGES[database.dialect][change]))
    assert await credits_sold.rows(CreditEntryRow) == before
