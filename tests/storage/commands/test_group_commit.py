"""Group commit: acts share transactions, and each is done as if it were alone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from models.access.cache import MemoryCache
from models.commands.group_commit import MOST_ACTS, GroupCommit
from models.commands.tables import IdempotencyKeyRow
from models.database.transactions import Database
from rules.commands.command import CommandResult
from rules.commands.customers import UpsertCustomer
from rules.commands.subscribe import Subscribe
from rules.errors import ErrorCode, Rejected
from rules.numbers import ONE
from tests.rules.builders.customer_builders import INSTANT
from tests.storage.books import Books, Commits, rename, report

NAMES = [f"customer-{number}" for number in range(20)]


async def test_acts_that_arrive_together_share_one_transaction(books: Books) -> None:
    await books.enter(*NAMES)
    commits = Commits.of(books.database)

    done = await asyncio.gather(*(books.do(name, report()) for name in NAMES * (MOST_ACTS // len(NAMES))))

    assert len(done) == MOST_ACTS
    assert commits.count == 1
    assert [len(await books.records(name)) for name in NAMES] == [MOST_ACTS // len(NAMES)] * len(NAMES)


async def test_more_acts_than_one_transaction_holds_take_two(books: Books) -> None:
    await books.enter("acme")
    commits = Commits.of(books.database)

    done = await asyncio.gather(*(books.do("acme", report()) for _ in range(MOST_ACTS + 1)))

    assert commits.count == 2
    assert [each.number for each in done] == list(range(3, MOST_ACTS + 4))


async def test_acts_that_arrive_during_a_transaction_share_the_next(books: Books, another: Database) -> None:
    await books.enter(*NAMES)
    commits = Commits.of(books.database)

    async with books.held(another, *NAMES):
        first = books.begin(NAMES[0], report())
        await books.under_way()
        others = [books.begin(name, report()) for name in NAMES * 10]
        await asyncio.sleep(0)
        assert commits.count == 0
    await asyncio.gather(first, *others)

    assert commits.count == 2


async def test_a_customers_acts_are_done_in_the_order_in_which_they_arrived(books: Books) -> None:
    await books.enter("acme")

    done = await asyncio.gather(*(books.do("acme", report(units)) for units in range(1, 101)))

    records = await books.records("acme")
    assert [row.quantity for row in records] == [units * ONE for units in range(1, 101)]
    assert [row.number for row in records] == [each.number for each in done]
    assert [_used(each) for each in done] == [sum(range(1, units + 1)) for units in range(1, 101)]


def _used(done: CommandResult) -> int:
    """The calls that were used, as an act has left them."""
    (tally,) = done.state.tallies.values()
    return tally.used // ONE


async def test_each_act_of_a_customer_has_an_instant_of_its_own(books: Books) -> None:
    await books.enter("acme", "initech")

    acme = await asyncio.gather(*(books.do("acme", report()) for _ in range(5)))
    initech = await books.do("initech", report())

    assert [done.now for done in acme] == [books.clock.now + number * INSTANT for number in range(5)]
    assert initech.now == books.clock.now


async def test_time_never_runs_backwards_for_a_customer(books: Books) -> None:
    await books.enter("acme")
    first = await books.do("acme", report())
    books.clock.now -= timedelta(days=1)

    second = await books.do("acme", report())

    assert second.now == first.now + INSTANT


async def test_an_act_that_changes_facts_is_its_customers_last_in_a_transaction(books: Books) -> None:
    await books.enter("acme", "initech")
    finished: list[str] = []
    committed: list[int] = []
    # Told before its callers are answered: the next may be committed before they come to count.
    books = replace(books, ledger=GroupCommit(books.database, MemoryCache(), books.clock, committed.append))

    async def do(name: str, customer: str, act: Any) -> CommandResult:  # noqa: ANN401 - any act
        done = await books.do(customer, act)
        finished.append(f"{name} {len(committed)}")
        return done

    before, changed, after, other = await asyncio.gather(
        do("before", "acme", report()),
        do("change", "acme", rename("acme", "Acme")),
        do("after", "acme", report()),
        do("other", "initech", report()),
    )

    assert sorted(finished) == ["after 2", "before 1", "change 1", "other 1"]
    assert [done.number for done in (before, changed, after, other)] == [3, 4, 5, 3]
    assert before.state.customer is not None
    assert before.state.customer.name is None
    assert after.state.customer is not None
    assert after.state.customer.name == "Acme"


async def test_a_customer_comes_to_be_subscribes_and_uses_in_one_breath(books: Books) -> None:
    made, subscribed, used = await asyncio.gather(
        books.do("acme", UpsertCustomer(key="acme", name="Acme")),
        books.do("acme", Subscribe(plan="basic")),
        books.do("acme", report(3)),
    )

    assert (made.number, subscribed.number, used.number) == (1, 2, 3)
    customer = await books.customer("acme")
    assert customer is not None
    assert (customer.name, customer.revision, customer.acted_at) == ("Acme", 3, used.now)
    assert [term.plan for held in customer.subscriptions for term in held.terms] == ["basic"]


async def test_a_caller_who_goes_away_stops_neither_the_act_nor_others(
    books: Books, another: Database
) -> None:
    await books.enter("acme", "initech")

    async with books.held(another, "acme", "initech"):
        first, waiting = books.begin("acme", report(1)), books.begin("acme", report(2))
        await books.under_way()
        next_one, other = books.begin("acme", report(4)), books.begin("initech", report(8))
        await asyncio.sleep(0)
        for caller in (first, next_one):
            caller.cancel()
        await asyncio.wait([first, next_one])
    await asyncio.gather(waiting, other)
    await books.ledger.close()

    assert first.cancelled()
    assert next_one.cancelled()
    assert [row.quantity // ONE for row in await books.records("acme")] == [1, 2, 4]
    assert [row.quantity // ONE for row in await books.records("initech")] == [8]


async def test_closing_the_books_finishes_what_was_accepted(books: Books) -> None:
    await books.enter("acme")
    callers = [books.begin("acme", report()) for _ in range(3)]
    await asyncio.sleep(0)

    await books.ledger.close()

    assert [caller.done() for caller in callers] == [True] * 3
    assert len(await books.records("acme")) == 3


async def test_a_key_said_twice_in_one_transaction_is_a_replay(books: Books) -> None:
    await books.enter("acme")
    commits = Commits.of(books.database)

    first, second, again = await asyncio.gather(
        *(books.do("acme", act) for act in (report(5, "k"), report(5, "k"), report(7)))
    )

    assert commits.count == 1
    assert [done.replayed for done in (first, second, again)] == [False, True, False]
    assert (second.number, second.outcome) == (first.number, {"recorded": 5 * ONE})
    assert [row.quantity // ONE for row in await books.records("acme")] == [5, 7]
    assert _used(second) == 5


async def test_a_key_said_twice_with_other_inputs_is_a_conflict(books: Books) -> None:
    await books.enter("acme", "initech")

    acts = [("acme", report(5, "k")), ("acme", report(6, "k")), ("initech", report(6, "k"))]
    first, second, elsewhere = await asyncio.gather(
        *(books.do(name, act) for name, act in acts), return_exceptions=True
    )
    third = await asyncio.gather(books.do("acme", report(6, "k")), return_exceptions=True)

    assert isinstance(first, CommandResult)
    assert isinstance(elsewhere, CommandResult)
    assert not elsewhere.replayed
    for refused in (second, *third):
        assert isinstance(refused, Rejected)
        assert [problem.code for problem in refused.problems] == [ErrorCode.IDEMPOTENCY_CONFLICT]
    assert len(await books.rows(IdempotencyKeyRow)) == 2


@pytest.mark.parametrize("together", [True, False])
async def test_a_refused_act_leaves_its_key_free(books: Books, together: bool) -> None:  # noqa: FBT001
    await books.enter("acme")
    acts = [report(-1, "k"), report(5), report(-1, "k"), report(-1, "k")]

    if together:
        answers = await asyncio.gather(*(books.do("acme", act) for act in acts), return_exceptions=True)
    else:
        answers = [(await asyncio.gather(books.do("acme", act), return_exceptions=True))[0] for act in acts]

    refused, _, taken, replayed = answers
    assert isinstance(refused, Rejected)
    assert isinstance(taken, CommandResult)
    assert isinstance(replayed, CommandResult)
    assert (taken.replayed, replayed.replayed) == (False, True)
    assert _used(replayed) == 4
