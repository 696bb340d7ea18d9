"""However acts arrive, alone or many at once, what is kept of credits is the same."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from random import Random

import pytest

from models.credits.tables import (
    CreditBalanceRow,
    CreditBurnRow,
    CreditEntryRow,
    CreditGrantRow,
    CreditHoldRow,
)
from models.database.transactions import Database
from models.usage.tables import UsageRecordRow
from resolvers.verification import first_difference
from rules.catalog.facts import Catalog, CreditRate, Package
from rules.commands.change_plan import ChangePlan, ChangeTiming, UsageOnChange
from rules.commands.command import Command
from rules.commands.consume import Consume
from rules.commands.credits import ConsumeCredits, GrantCredits, VoidCreditGrant
from rules.commands.customers import UpsertCustomer
from rules.commands.report_usage import ReportUsage
from rules.commands.reserve import ReleaseReservation, Reserve, SettleReservation
from rules.commands.subscribe import Subscribe
from rules.credits.grants import CreditSource
from rules.errors import Rejected
from rules.numbers import ONE
from rules.values import ResetInterval
from tests.profiles import FULL
from tests.rules.builders.catalog_builders import product
from tests.rules.builders.customer_builders import DAY, START
from tests.rules.builders.small_shop import limit, plan, row
from tests.rules.builders.small_shop import sold as offered
from tests.rules.models.wallets import IMAGES, credits_, selling_credits
from tests.storage.books import Books

LIVES = 20 if FULL else 3
ROUNDS = 12
OFTEN = 0.3
HALF_A_DAY = 12 * 3600 - 600
ASIDE = timedelta(minutes=10)
"""Nothing ends within the microseconds that acts of a round lie apart."""
KEPT = (CreditBalanceRow, CreditGrantRow, CreditEntryRow, CreditHoldRow, CreditBurnRow, UsageRecordRow)


def studio() -> Catalog:
    """Plans with 20 credits a month, and 5 calls in a period before each of them burns one."""
    tokens = replace(IMAGES, credit_type="tokens")
    plans = (
        giving_calls("studio", ResetInterval.MONTH, IMAGES),
        giving_calls("atelier", ResetInterval.WEEK, tokens),
        giving_calls("booth", ResetInterval.HOUR, tokens),
    )
    return replace(selling_credits(*plans), products={"app": product()}, revision=1)


def giving_calls(key: str, every: ResetInterval, rate: CreditRate) -> Package:
    """A plan that gives calls, and credits beyond them."""
    package = offered(plan(key), row("ai", credits_(20, rollover=5)), row("calls", limit(5, every)))
    return replace(package, product="app", draft=replace(package.newest, rates=(rate,)))


def rounds(seed: int) -> Iterator[tuple[timedelta, list[Command]]]:
    """Draw what is done, in rounds, and how long after the last one each of them is."""
    dice, held, numbers = Random(seed), list[str](), count()
    for _ in range(ROUNDS):
        acts = [drawn(dice, f"key-{next(numbers)}", held) for _ in range(dice.randint(1, 12))]
        yield dice.choice([timedelta(hours=1), DAY, 20 * DAY, 40 * DAY]), acts


def drawn(dice: Random, key: str, held: list[str]) -> Command:  # noqa: PLR0911 - one for each act
    """Draw something that is done with credits; many of these are refused."""
    units = dice.randint(1, 8) * ONE
    match dice.randrange(10):
        case 0:
            return granted(dice, units)
        case 1:
            return VoidCreditGrant(credit_type="ai", number=dice.randint(1, 5))
        case 2:
            return ConsumeCredits(credit_type="ai", amount=units, allow_overdraft=dice.random() < OFTEN)
        case 3:
            return ReportUsage(feature="calls", quantity=units, idempotency_key=key)
        case 4:
            return Consume(feature="calls", quantity=units, idempotency_key=key)
        case 8:
            return ReportUsage(feature="calls", quantity=-units, idempotency_key=key)
        case 9:
            key = dice.choice(["studio", "atelier", "booth"])
            return ChangePlan(plan=key, timing=ChangeTiming.NOW, usage=UsageOnChange.CARRY)
        case 5 if held:
            return SettleReservation(key=dice.choice(held), quantity=units)
        case 6 if held:
            return ReleaseReservation(key=dice.choice(held))
        case _:
            held.append(key)
            return Reserve(feature="calls", quantity=units, key=key, ttl_seconds=HALF_A_DAY)


def granted(dice: Random, units: int) -> GrantCredits:
    """Draw a grant, which may expire while the test lasts."""
    return GrantCredits(
        credit_type="ai",
        amount=units,
        source=dice.choice([CreditSource.PAID, CreditSource.PROMOTIONAL]),
        priority=dice.choice([0, 50, 100]),
        expires_at=dice.choice([None, START + dice.randint(1, 400) * DAY + ASIDE]),
    )


async def alone(books: Books, acts: list[Command]) -> list[object]:
    """Do acts one after the other; tells what came of each."""
    return [await outcome(books, "alone", act) for act in acts]


async def together(books: Books, acts: list[Command]) -> list[object]:
    """Do acts at once, in transactions that they share."""
    return list(await asyncio.gather(*(outcome(books, "together", act) for act in acts)))


async def outcome(books: Books, name: str, act: Command) -> object:
    """Do an act; gives what it did, or why it was refused."""
    try:
        return (await books.do(name, act)).outcome
    except Rejected as rejected:
        return [problem.code for problem in rejected.problems]


async def kept(books: Books, name: str) -> list[str]:
    """Give all that is kept of a customer's credits and usage, by the second.

    Who is refused in a transaction takes a microsecond all the same.
    """
    known = await books.customer(name)
    assert known is not None
    theirs = [
        row._asdict() | {"customer_id": None}
        for table in KEPT
        for row in await books.rows(table)
        if row.customer_id == known.number
    ]
    texts = [json.dumps(row, default=lambda at: at.isoformat(timespec="seconds")) for row in theirs]
    return [re.sub(r"\.\d+Z", "Z", text) for text in texts]


@pytest.mark.parametrize("seed", range(LIVES))
async def test_acts_do_the_same_alone_and_in_transactions_that_they_share(
    database: Database, seed: int
) -> None:
    books = await Books.new(database, studio())
    for name in ("alone", "together"):
        await books.do(name, UpsertCustomer(key=name))
        await books.do(name, Subscribe(plan="studio"))
    books.clock.now += ASIDE / 2

    for passed, acts in rounds(seed):
        books.clock.now += passed
        assert await alone(books, acts) == await together(books, acts)
        assert await kept(books, "alone") == await kept(books, "together")

    assert await first_difference(books.context.services) is None
    await books.ledger.close()
