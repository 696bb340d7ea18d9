"""What a check costs as everything around it grows: ``python -m tests.benchmarks.growth``.

The check is answered by the resolver, on SQLite, between twenty plans and two thousand, on a plan and on
one with nine below it, and beside a thousand customers and a million (goal 9). It is asked about customers
who are drawn at random: about few, whom the process remembers, about any, and about customers who are
never remembered, as if each were asked about for the first time. The last two are asked over HTTP as well.
Every answer is looked at. The million takes a minute and 400 MB in the folder for temporary files.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import randrange
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from urllib.parse import urlsplit

from models.access.cache import MemoryCache
from models.database.transactions import Database
from models.migrations.migrate import migrate
from resolvers.access import check as access
from resolvers.context import Context
from rules.access.decision import AccessCheck
from rules.catalog.facts import Plan
from rules.numbers import ONE
from rules.values import ResetInterval
from tests.benchmarks.calling import Variant, machine, rates, request
from tests.benchmarks.population import LIMIT, OPENED_BEFORE, PLAN, acted, is_right, name, populated
from tests.rules.builders.customer_builders import content, limited, published_plan, republished, selling
from tests.storage.books import Books, kept
from tests.web.program import serving, told

ROUNDS = 5
KNOWN_TIMES, NEW_TIMES = 1_000, 100
FEW = 200
"""Customers who are asked about again and again."""

DRAWN = 10_000
"""Requests of which each call draws: of a million customers, hardly one is asked about twice."""

CROWDS = {"1,000 customers": 1_000, "1,000,000 customers": 1_000_000}

CHECK = """query Check($c: String!) {
  access(customer: $c, feature: "calls", requested: 1) { allowed reason usage { remaining } }
}"""
ANSWER = b'{"access":{"allowed":true,"reason":"WITHIN_LIMIT"'


@dataclass(frozen=True)
class World:
    """A database with so many customers, numbered from 0."""

    label: str
    context: Context
    customers: int

    def forgetful(self) -> Context:
        """Give a context that remembers the catalog alone."""
        services = self.context.services
        return replace(
            self.context, services=replace(services, memory=MemoryCache(catalogs=services.catalogs))
        )

    async def known(self, among: int) -> float:
        """Ask about customers at random; gives the median of a check's microseconds."""
        return median([await _microseconds(self.context, randrange(among)) for _ in range(KNOWN_TIMES)])

    async def new(self) -> float:
        """Ask about each customer as if for the first time."""
        drawn = (randrange(self.customers) for _ in range(NEW_TIMES))
        return median([await _microseconds(self.forgetful(), number) for number in drawn])


async def _microseconds(context: Context, number: int) -> float:
    question = AccessCheck(customer=name(number), feature="calls", requested=ONE)
    begun = perf_counter()
    decision = await access.access(context, question)
    took = perf_counter() - begun
    if not is_right(decision, number):
        raise AssertionError(number, decision)
    return took * 1e6


def _plans(number: int) -> list[Plan]:
    limit = limited(LIMIT, ResetInterval.WEEK)
    others = [published_plan(f"plan-{other}", {"calls": limit}) for other in range(1, number)]
    return [published_plan(PLAN, {"calls": limit}), *others]


def _chain(depth: int) -> list[Plan]:
    """Plans of which each is on the one before, the limit being the first's."""
    (lowest,) = _plans(1)
    chain = [replace(lowest, key="level-0")] if depth else [lowest]
    for level in range(1, depth + 1):
        key = PLAN if level == depth else f"level-{level}"
        plan = Plan(key=key, name=key, product="app")
        chain.append(republished(plan, content({}, base=chain[-1].key), base_version=1))
    return chain


async def opened(folder: Path, label: str, plans: Sequence[Plan]) -> Books:
    """Make a SQLite file with a catalog."""
    url = f"sqlite+aiosqlite:///{folder / label}.db"
    await migrate(url)
    return await Books.new(Database(url), kept(selling(*plans)))


async def acting(folder: Path, label: str, plans: Sequence[Plan]) -> World:
    """Make a world with a few customers, on every plan in turns that has no other on it."""
    books, opened_at = await opened(folder, label, plans), datetime.now(UTC) - OPENED_BEFORE
    bases = {plan.versions[-1].content.base for plan in plans}
    sold = [plan.key for plan in plans if plan.key not in bases]
    for number in range(FEW):
        await acted(books, name(number), number, opened_at, sold[number * len(sold) // FEW])
    books.clock.now = datetime.now(UTC)
    return World(label, books.context, FEW)


async def crowded(folder: Path, label: str, size: int) -> World:
    """Make a world with many customers."""
    books, opened_at = await opened(folder, label, _plans(1)), datetime.now(UTC) - OPENED_BEFORE
    await populated(books, folder / f"{label}.db", size, opened_at)
    books.clock.now = datetime.now(UTC)
    return World(label, books.context, size)


async def compared(small: World, large: World, goal: float, *, any_of_all: bool = False) -> None:
    """Print what a check costs in two worlds."""
    print(f"  {'':<24} {small.label:>18} {large.label:>22}   ratio (at most {goal})")
    await in_turns(f"about the same {FEW}", lambda world: world.known(FEW), small, large)
    if any_of_all:
        await in_turns("about any", lambda world: world.known(world.customers), small, large)
    await in_turns("for the first time", World.new, small, large)


async def in_turns(what: str, ask: Callable[[World], Awaitable[float]], small: World, large: World) -> None:
    """Ask in two worlds, which take turns; prints the medians."""
    taken = [(await ask(small), await ask(large)) for _ in range(ROUNDS + 1)]
    # The first time everything is learnt.
    less, more = (median(times) for times in zip(*taken[1:], strict=True))
    print(f"  {what:<24} {less:>15,.0f} us {more:>19,.0f} us   {more / less:.2f}", flush=True)


async def of_catalogs(folder: Path) -> None:
    """Measure plans, and the depth of inheritance."""
    few = await acting(folder, "20 plans", _plans(20))
    many = await acting(folder, "2,000 plans", _plans(2_000))
    await compared(few, many, 1.1)
    flat = await acting(folder, "1 plan below", _chain(1))
    deep = await acting(folder, "10 plans below", _chain(10))
    await compared(flat, deep, 1.1)
    for world in (few, many, flat, deep):
        await world.context.services.close()


async def of_customers(folder: Path) -> None:
    """Measure customers, in process and over HTTP."""
    small, large = [await crowded(folder, label, size) for label, size in CROWDS.items()]
    await compared(small, large, 2, any_of_all=True)
    for world in (small, large):
        await world.context.services.close()


def over_http(folder: Path, labels: Mapping[str, int]) -> None:
    """Ask two servers the same; each call draws other customers, and a server remembers 50,000."""
    with ExitStack() as stack:
        variants: list[Variant] = []
        for label, size in labels.items():
            settings = {"ALLOTMENT_DATABASE_URL": f"sqlite+aiosqlite:///{folder / label}.db"}
            program = stack.enter_context(serving(folder, **settings))
            key = told(folder, "keys", "create", "--environment", "live", **settings).stdout.strip()
            port = urlsplit(program.address).port or 0
            for what, among in (("few", FEW), ("any", size)):
                drawn = (randrange(among) for _ in range(DRAWN))
                requests = [request(port, key, CHECK, c=name(number)) for number in drawn]
                variants.append(Variant(f"{what} of {label}", port, requests[0], ANSWER, requests[1:]))
        found = list(asyncio.run(rates(variants)).values())
    print(
        f"  goal 9: few of many cost {found[0] / found[2]:.2f}, any {found[1] / found[3]:.2f}   (at most 2)"
    )


def main() -> None:
    """Print what was measured, and on what."""
    print(machine())
    with TemporaryDirectory(prefix="allotment-") as name_of_folder:
        folder = Path(name_of_folder)
        asyncio.run(of_catalogs(folder))
        asyncio.run(of_customers(folder))
        over_http(folder, CROWDS)


if __name__ == "__main__":
    main()
