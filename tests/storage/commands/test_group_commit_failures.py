"""Acts that are refused, rules with bugs and transactions that fail: who is harmed, and who is not."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from models.commands.tables import IdempotencyKeyRow
from models.customers.tables import CustomerRow
from models.database.transactions import Database
from models.usage.tables import UsageRecordRow
from rules.commands.command import Command, CommandResult
from rules.commands.customers import UpsertCustomer
from rules.errors import ErrorCode, Rejected, reject
from rules.numbers import ONE
from tests.storage.books import Books, Commits, Failing, FailingArrival, report

REFUSAL = reject(ErrorCode.INVALID, "No.")
BUG = ZeroDivisionError("a bug")


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("failure", [REFUSAL, BUG], ids=["refused", "bug"])
async def test_an_act_that_fails_harms_no_neighbour(books: Books, failure: Exception, at_once: bool) -> None:  # noqa: FBT001
    await books.enter("acme", "initech")
    commits = Commits.of(books.database)
    failing = Failing(failure=failure, at_once=at_once, idempotency_key="k")

    before, failed, after, other = await asyncio.gather(
        books.do("acme", report(1)),
        books.do("acme", failing),
        books.do("acme", report(2)),
        books.do("initech", report(4)),
        return_exceptions=True,
    )

    assert failed is failure
    assert commits.count == 1
    assert [isinstance(done, CommandResult) for done in (before, after, other)] == [True] * 3
    assert [row.quantity // ONE for row in await books.records("acme")] == [1, 2]
    assert [row.quantity // ONE for row in await books.records("initech")] == [4]
    assert await books.rows(IdempotencyKeyRow) == []
    await books.assert_windows_are_sums()


async def test_a_transaction_in_which_every_act_fails_changes_nothing(books: Books) -> None:
    await books.enter("acme")
    before = await books.customer("acme")

    await asyncio.gather(*(books.do("acme", Failing(failure=BUG)) for _ in range(3)), return_exceptions=True)

    assert await books.customer("acme") == before


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_customer_whose_arrival_fails_does_not_come_to_be(books: Books, at_once: bool) -> None:  # noqa: FBT001
    with pytest.raises(ZeroDivisionError):
        await books.do("acme", FailingArrival(failure=BUG, at_once=at_once))

    assert await books.rows(CustomerRow) == []


async def test_a_customer_is_there_for_acts_that_arrive_after_theirs_and_not_before(books: Books) -> None:
    early, _, late = await asyncio.gather(
        books.do("acme", report(1)),
        books.do("acme", UpsertCustomer(key="acme")),
        books.do("acme", report(2)),
        return_exceptions=True,
    )

    assert isinstance(early, Rejected)
    assert [problem.code for problem in early.problems] == [ErrorCode.NOT_FOUND]
    assert isinstance(late, CommandResult)
    assert [row.quantity // ONE for row in await books.records("acme")] == [2]


async def test_a_failed_arrival_brings_no_customer_to_be_for_others(books: Books) -> None:
    acts: list[Command] = [report(), FailingArrival(failure=BUG), report(), FailingArrival(failure=REFUSAL)]

    answers = await asyncio.gather(*(books.do("acme", act) for act in acts), return_exceptions=True)

    assert [type(answer) for answer in answers] == [Rejected, ZeroDivisionError, Rejected, Rejected]
    assert await books.rows(CustomerRow) == []
    assert (await books.do("acme", UpsertCustomer(key="acme"))).number == 1


@pytest.mark.parametrize("name", ["", "a\0", "a\n", "\ud800", "k" * 256])
async def test_a_customer_who_cannot_be_harms_no_neighbour(books: Books, name: str) -> None:
    await books.enter("acme")

    impossible, other = await asyncio.gather(
        books.do(name, report()), books.do("acme", report()), return_exceptions=True
    )

    assert isinstance(impossible, Rejected)
    assert [problem.code for problem in impossible.problems] == [ErrorCode.NOT_FOUND]
    assert isinstance(other, CommandResult)


DEBTS = """
    CREATE TABLE debts (creditor BIGINT REFERENCES customers(id) DEFERRABLE INITIALLY DEFERRED)
"""
TRAPS = {
    "sqlite": [
        """
        CREATE TRIGGER trap AFTER INSERT ON usage_records WHEN NEW.quantity = 13000000
        BEGIN INSERT INTO debts VALUES (-1); END
        """
    ],
    "postgresql": [
        """
        CREATE FUNCTION owe() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN INSERT INTO debts VALUES (-1); RETURN NEW; END $$
        """,
        """
        CREATE TRIGGER trap AFTER INSERT ON usage_records
        FOR EACH ROW WHEN (NEW.quantity = 13000000) EXECUTE FUNCTION owe()
        """,
    ],
}
"""A record of 13 leaves a debt to nobody, which is found out at the commit."""


async def run(database: Database, *statements: str) -> None:
    """Run statements."""
    async with database.write() as session:
        for statement in statements:
            await session.execute(text(statement))


async def test_a_commit_that_fails_fails_all_of_its_acts_and_none_of_the_next(
    books: Books, another: Database
) -> None:
    await books.enter("acme", "initech")
    before = await books.customer("acme")
    await run(another, DEBTS, *TRAPS[another.dialect])

    answers = await asyncio.gather(
        books.do("acme", report(1, "k")),
        books.do("acme", report(13)),
        books.do("initech", report(2)),
        return_exceptions=True,
    )
    following = await books.do("initech", report(4))

    assert [type(answer) for answer in answers] == [IntegrityError] * 3
    assert await books.customer("acme") == before
    assert _used(following) == 4
    assert not (await books.do("acme", report(1, "k"))).replayed
    assert [row.quantity // ONE for row in await books.rows(UsageRecordRow)] == [1, 4]


def _used(done: CommandResult) -> int:
    (tally,) = done.state.tallies.values()
    return tally.used // ONE


LOSING = [
    "CREATE SEQUENCE attempts",
    """
    CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF nextval('attempts') < {attempts} THEN RAISE EXCEPTION 'lost' USING ERRCODE = '{code}'; END IF;
      RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER trap BEFORE INSERT ON usage_records FOR EACH ROW EXECUTE FUNCTION lose()",
]
"""The database says that another process has won, until so many attempts were made."""


@pytest.mark.parametrize("code", ["40001", "40P01", "23505"])
async def test_a_transaction_that_loses_to_another_process_is_run_again(
    postgresql_url: str, code: str
) -> None:
    database = Database(postgresql_url)
    books = await Books.new(database)
    await books.enter("acme", "initech")
    await run(database, *(statement.format(attempts=5, code=code) for statement in LOSING))

    acme, initech = await asyncio.gather(books.do("acme", report(1)), books.do("initech", report(2)))

    assert (_used(acme), _used(initech)) == (1, 2)
    assert sorted(row.quantity // ONE for row in await books.rows(UsageRecordRow)) == [1, 2]
    await database.close()


async def test_a_transaction_that_fails_for_another_reason_is_not_run_again(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    books = await Books.new(database)
    await books.enter("acme")
    await run(database, *(statement.format(attempts=2, code="53100") for statement in LOSING))

    with pytest.raises(DBAPIError):
        await books.do("acme", report(1))

    assert _used(await books.do("acme", report(2))) == 2
    await database.close()
