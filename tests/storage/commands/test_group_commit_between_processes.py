"""Two processes on one database: the database's locks decide between them, and nothing is lost or twice."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

from models.commands.tables import IdempotencyKeyRow
from models.customers.tables import CustomerRow, SubscriptionRow
from models.usage.tables import UsageRecordRow, UsageWindowRow
from rules.commands.command import CommandResult
from rules.commands.customers import UpsertCustomer
from rules.commands.subscribe import Subscribe
from rules.errors import ErrorCode, Rejected
from rules.numbers import ONE
from tests.profiles import FULL
from tests.storage.books import Books, report

NAMES = ["acme", "initech", "globex"]

ACTS = 2_000 if FULL else 500


async def test_the_same_reports_through_both_count_once(books: Books, other_books: Books) -> None:
    await books.enter(*NAMES)
    dice = random.Random(1)
    reports = [(dice.choice(NAMES), dice.randrange(1, 9), f"key-{number}") for number in range(ACTS)]

    async def send(process: Books, seed: int) -> list[CommandResult]:
        """Send all reports in some order, in bursts."""
        mine = random.Random(seed).sample(reports, len(reports))
        done: list[CommandResult] = []
        for start in range(0, len(mine), 25):
            burst = mine[start : start + 25]
            done += await asyncio.gather(*(process.do(name, report(u, key)) for name, u, key in burst))
        return done

    here, there = await asyncio.gather(send(books, 2), send(other_books, 3))

    assert sum(done.replayed for done in (*here, *there)) == len(reports)
    records = await books.rows(UsageRecordRow)
    assert len(records) == len(await books.rows(IdempotencyKeyRow)) == len(reports)
    expected: Counter[str] = Counter()
    for name, units, _ in reports:
        expected[name] += units
    windows = {row.customer_id: row.used // ONE for row in await books.rows(UsageWindowRow)}
    for name in NAMES:
        customer = await books.customer(name)
        assert customer is not None
        assert windows[customer.number] == expected[name]
    await books.assert_windows_are_sums()


async def test_no_two_acts_of_a_customer_share_a_number_or_an_instant(
    books: Books, other_books: Books
) -> None:
    await books.enter("acme")

    callers = (process.do("acme", report()) for _ in range(ACTS // 2) for process in (books, other_books))
    done = await asyncio.gather(*callers)

    assert sorted(each.number or 0 for each in done) == list(range(3, ACTS + 3))
    in_order = sorted(done, key=lambda each: each.number or 0)
    instants = [each.now for each in in_order]
    assert instants == sorted(set(instants))
    assert [max(tally.used for tally in each.state.tallies.values()) // ONE for each in in_order] == list(
        range(1, ACTS + 1)
    )


async def test_what_is_given_back_through_both_never_goes_below_zero(
    books: Books, other_books: Books
) -> None:
    await books.enter("acme")
    await books.do("acme", report(20))

    callers = (process.do("acme", report(-1)) for _ in range(20) for process in (books, other_books))
    answers = await asyncio.gather(*callers, return_exceptions=True)

    assert Counter(type(answer) for answer in answers) == {CommandResult: 20, Rejected: 20}
    assert [row.used for row in await books.rows(UsageWindowRow)] == [0]


async def test_a_customer_who_arrives_through_both_comes_to_be_once(books: Books, other_books: Books) -> None:
    names = [f"customer-{number}" for number in range(20)]

    callers = [
        process.do(
            name, UpsertCustomer(key=name, name=f"{name} here" if process is books else f"{name} there")
        )
        for process, order in ((books, names), (other_books, names[::-1]))
        for name in order
    ]
    done = await asyncio.gather(*callers)

    assert sorted(each.number or 0 for each in done) == [1] * 20 + [2] * 20
    rows = await books.rows(CustomerRow)
    assert sorted(row.key for row in rows) == sorted(names)
    assert {row.revision for row in rows} == {2}


async def test_a_customer_who_subscribes_through_both_has_one_subscription(
    books: Books, other_books: Books
) -> None:
    await asyncio.gather(*(books.do(name, UpsertCustomer(key=name)) for name in NAMES))

    callers = (
        process.do(name, Subscribe(plan="basic")) for name in NAMES for process in (books, other_books)
    )
    answers = await asyncio.gather(*callers, return_exceptions=True)

    refused = [answer for answer in answers if isinstance(answer, Rejected)]
    assert [[problem.code for problem in each.problems] for each in refused] == [
        [ErrorCode.ALREADY_EXISTS]
    ] * 3
    assert len(await books.rows(SubscriptionRow)) == 3


async def test_one_key_with_two_inputs_through_both_is_a_conflict_for_one(
    books: Books, other_books: Books
) -> None:
    await books.enter("acme")

    answers = await asyncio.gather(
        books.do("acme", report(1, "k")), other_books.do("acme", report(2, "k")), return_exceptions=True
    )

    assert Counter(type(answer) for answer in answers) == {CommandResult: 1, Rejected: 1}
    assert len(await books.records("acme")) == 1


async def test_facts_that_one_changes_are_facts_for_the_other_at_once(
    books: Books, other_books: Books
) -> None:
    await books.enter("acme")
    await other_books.do("acme", report(1))

    await books.do("acme", UpsertCustomer(key="acme", name="Acme"))
    done = await other_books.do("acme", report(1))

    assert done.state.customer is not None
    assert done.state.customer.name == "Acme"
