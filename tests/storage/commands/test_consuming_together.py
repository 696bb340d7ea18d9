"""Many who consume at once, in two processes: together they never get past a hard limit."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from models import environments
from models.commands.tables import IdempotencyKeyRow
from models.usage.tables import ReservationRow, UsageRecordRow, UsageWindowRow
from resolvers.usage import state_after
from rules.access.decision import AccessCheck
from rules.commands.command import Command, CommandResult
from rules.commands.consume import Consume
from rules.commands.reserve import Reserve
from rules.errors import ErrorCode, Rejected
from rules.numbers import ONE
from rules.usage.reservations import MOST_OPEN
from tests.profiles import FULL
from tests.rules.models.till import consume, release, reserve, settle
from tests.storage.books import Books, report

LIMIT = 100
CALLERS = 500

Answer = CommandResult | BaseException


async def together(sent: Iterable[tuple[Books, Command]]) -> list[Answer]:
    """Let callers of their own do acts on one customer at once; gives the answers in order."""
    callers = (process.do("acme", act) for process, act in sent)
    return list(await asyncio.gather(*callers, return_exceptions=True))


def done(answers: Sequence[Answer]) -> list[CommandResult]:
    """Give the answers, none of which is a failure."""
    assert [answer for answer in answers if isinstance(answer, BaseException)] == []
    return [answer for answer in answers if isinstance(answer, CommandResult)]


async def level(books: Books) -> tuple[int, int]:
    """What is used and reserved by the facts that are kept, which the counters and an answer agree with."""
    known = await books.do("acme", report(0))
    usage = state_after(known, AccessCheck(customer="acme", feature="calls")).usage
    assert usage is not None
    used = sum(row.quantity for row in await books.rows(UsageRecordRow))
    reserved = sum(
        row.quantity
        for row in await books.rows(ReservationRow)
        if row.settled is None and row.released_at is None and known.now < row.expires_at
    )
    assert (usage.used, usage.reserved) == (used, reserved)
    assert [row.used for row in await books.rows(UsageWindowRow)] == [used]
    await books.assert_windows_are_sums()
    return used // ONE, reserved // ONE


async def test_of_five_hundred_who_consume_a_hundred_do(books: Books, other_books: Books) -> None:
    await books.enter("acme")

    answers = done(await together(((books, other_books)[n % 2], consume()) for n in range(CALLERS)))

    assert Counter(answer.outcome["consumed"] // ONE for answer in answers) == {1: LIMIT, 0: CALLERS - LIMIT}
    assert len(await books.rows(UsageRecordRow)) == LIMIT
    left = [a.decision.usage.remaining for a in answers if a.number and a.decision and a.decision.usage]
    assert sorted(remaining // ONE for remaining in left if remaining is not None) == list(range(LIMIT))
    assert await level(books) == (LIMIT, 0)


async def test_the_same_consumers_through_both_count_once(books: Books, other_books: Books) -> None:
    await books.enter("acme")
    acts: list[Command] = [consume(1, f"key-{number}") for number in range(CALLERS // 2)]

    answers = done(await together((process, act) for act in acts for process in (books, other_books)))

    taken = await books.rows(IdempotencyKeyRow)
    assert len(taken) == len(await books.rows(UsageRecordRow)) == LIMIT
    assert sum(answer.replayed for answer in answers) == LIMIT
    assert sum(answer.number is None for answer in answers) == CALLERS - 2 * LIMIT
    again = done(await together((other_books, acts[int(row.key[4:])]) for row in taken))
    assert {(answer.replayed, answer.outcome["consumed"]) for answer in again} == {(True, ONE)}
    assert await level(books) == (LIMIT, 0)


async def test_consumers_and_holders_together_never_get_past_the_limit(
    books: Books, other_books: Books
) -> None:
    await books.enter("acme")
    dice = random.Random(5)
    acts: list[Command] = [act for n in range(60) for act in (consume(2), reserve(3, f"hold-{n}"))]

    answers = done(await together((dice.choice((books, other_books)), act) for act in acts * 2))

    used, reserved = await level(books)
    assert LIMIT - 1 <= used + reserved <= LIMIT
    first = [answer for answer in answers if answer.number is not None and not answer.replayed]
    told = Counter(next(iter(answer.outcome.items())) for answer in first)
    assert used == 2 * told["consumed", 2 * ONE]
    assert reserved == 3 * told["reserved", 3 * ONE]
    for answer in answers:
        if answer.decision is not None and answer.decision.usage is not None:
            usage = answer.decision.usage
            assert usage.used + usage.reserved <= LIMIT * ONE


async def test_holds_are_settled_and_released_while_others_consume(books: Books, other_books: Books) -> None:
    await books.enter("acme")
    dice = random.Random(4)
    rounds = 10 if FULL else 4
    acts: list[Command] = []
    for n in range(rounds * 25):
        key = f"hold-{n}"
        endings: list[Command] = [settle(1, key), settle(None, key), release(key)]
        acts += [reserve(2, key), dice.choice(endings)]
        acts += [consume(1, f"key-{n}")] * 2
    for start in range(0, len(acts), 50):
        burst = acts[start : start + 50]
        answers = await together((dice.choice((books, other_books)), act) for act in burst * 2)
        assert {type(answer) for answer in answers} <= {CommandResult, Rejected}
        refused = {p.code for answer in answers if isinstance(answer, Rejected) for p in answer.problems}
        assert refused <= {ErrorCode.NOT_FOUND}, "one that ends a hold may come before who makes it"
        used, reserved = await level(books)
        assert used + reserved <= LIMIT
    settled = sum(row.settled or 0 for row in await books.rows(ReservationRow))
    taken = [row.operation for row in await books.rows(IdempotencyKeyRow)]
    assert used == settled // ONE + taken.count(Consume.operation)
    assert taken.count(Reserve.operation) == len(await books.rows(ReservationRow))


async def test_a_hold_that_is_settled_by_both_counts_once(books: Books, other_books: Books) -> None:
    await books.enter("acme")
    await books.do("acme", reserve(5))

    answers = done(await together(((books, other_books)[n % 2], settle()) for n in range(20)))

    assert sum(not answer.replayed for answer in answers) == 1
    assert await level(books) == (5, 0)


async def test_a_hold_is_settled_or_released_and_never_both(books: Books, other_books: Books) -> None:
    await books.enter("acme")
    keys = [f"hold-{n}" for n in range(20)]
    done(await together((books, reserve(5, key)) for key in keys))

    answers = await together(
        pair for key in keys for pair in ((books, settle(5, key)), (other_books, release(key)))
    )

    refused = [answer.problems[0].code for answer in answers if isinstance(answer, Rejected)]
    assert refused == [ErrorCode.NOT_ALLOWED] * 20
    ended = [(row.settled is None, row.released_at is None) for row in await books.rows(ReservationRow)]
    assert all(settled is not released for settled, released in ended)
    assert await level(books) == (5 * sum(not settled for settled, _ in ended), 0)


async def test_a_hold_and_its_settling_may_arrive_together(books: Books) -> None:
    await books.enter("acme")

    acts: list[Command] = [reserve(3), settle(2), consume(1), reserve(3), settle(2)]
    answers = done(await together((books, act) for act in acts))

    assert [answer.replayed for answer in answers] == [False, False, False, True, True]
    used = [max(tally.used for tally in answer.state.tallies.values()) for answer in answers[1:3]]
    assert used == [2 * ONE, 3 * ONE]
    assert await level(books) == (3, 0)


async def test_the_thousand_and_first_open_hold_is_not_allowed(books: Books, other_books: Books) -> None:
    await books.enter("acme")
    tiny = [replace(reserve(key=f"hold-{n}"), quantity=1) for n in range(MOST_OPEN + 20)]

    answers = await together(((books, other_books)[n % 2], act) for n, act in enumerate(tiny))

    refused = [answer for answer in answers if isinstance(answer, Rejected)]
    assert [(p.code, p.path) for each in refused for p in each.problems] == [
        (ErrorCode.NOT_ALLOWED, ("key",))
    ] * 20
    first = next(act for act, answer in zip(tiny, answers, strict=True) if isinstance(answer, CommandResult))
    one_more = next(act for act, answer in zip(tiny, answers, strict=True) if isinstance(answer, Rejected))
    assert (await other_books.do("acme", first)).replayed
    await books.do("acme", release(first.key))
    assert (await other_books.do("acme", one_more)).number is not None
    assert len(await books.rows(ReservationRow)) == MOST_OPEN + 1


async def test_on_a_clock_that_stands_still_nothing_is_used_twice(books: Books, other_books: Books) -> None:
    await books.enter("acme")
    async with books.database.write() as session:
        await environments.set_clock(session, books.environment, books.clock.now)

    acts: list[Command] = [act for n in range(100) for act in (consume(1), reserve(1, f"hold-{n}", 60))]
    answers = done(await together(((books, other_books)[n % 3 == 0], act) for n, act in enumerate(acts)))

    instants = [answer.now for answer in answers if answer.number is not None]
    assert len(set(instants)) == LIMIT
    used, reserved = await level(books)
    assert used + reserved == LIMIT
    books.clock.now += timedelta(hours=1)
    assert await level(books) == (used, reserved)
    async with books.database.write() as session:
        await environments.set_clock(session, books.environment, books.clock.now)
    assert await level(books) == (used, 0)
    assert (await other_books.do("acme", consume(LIMIT - used + 1))).number is None
    assert (await other_books.do("acme", consume(LIMIT - used))).number is not None
