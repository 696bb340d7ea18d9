"""What it takes to tell whom a publish would concern: ``python -m tests.benchmarks.previews [address]``.

Prints for ever more customers how many would be affected, and the seconds, those of the processor among
them, and the most memory that it took to tell, on SQLite; a database's address as an argument measures
that one instead (it must be empty). Half of the customers are on a plan, the others on one that inherits
from it; each has used something.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from models.customers import store as customers
from models.customers.subscriptions import CustomerFactsCache
from models.database.transactions import Database
from models.migrations.migrate import migrate
from models.usage import store as usage
from models.usage.store import Owner
from resolvers import catalog
from resolvers.context import Context, Services
from resolvers.environments import ensure_environment
from resolvers.previews import preview_publish
from resolvers.snapshot import Snapshot, open_snapshot
from rules.access.decision import AccessCheck, resolve_check
from rules.auth.api_keys import ApiKeyKind, Scope
from rules.auth.permissions import Viewer
from rules.catalog.facts import Catalog, Meter, PublishScope, Row
from rules.catalog_edits.packages import with_package
from rules.catalog_edits.publishing import publish
from rules.customers.facts import Customer, Subscription, Term
from rules.numbers import ONE
from rules.usage.counters import Tally
from rules.usage.metering import Window
from rules.values import Metered, Reset, ResetInterval
from tests.rules.builders.catalog_builders import catalog as catalog_of
from tests.rules.builders.catalog_builders import metered, plan, row

SIZES = (1_000, 10_000, 100_000)
FEATURES = 20
BATCH = 1_000
OPENED = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 6, 15, tzinfo=UTC)

KIBIBYTES_OF_A_MEBIBYTE = 1_024


@dataclass(frozen=True)
class Scenario:
    """A publish: how many rows of the base plan become smaller, for whom."""

    name: str
    rows: int
    scope: PublishScope = PublishScope.ALL_CUSTOMERS
    plan: str = "base"


SCENARIOS = (
    Scenario("one row", 1),
    Scenario("ten rows", 10),
    Scenario("new customers only", 10, PublishScope.NEW_CUSTOMERS),
    Scenario("a plan of few", 10, plan="rare"),
)


def _row(number: int, units: int) -> Row:
    value = Metered(limit=units * ONE, reset=Reset(every=ResetInterval.MONTH), overage=None)
    return row(f"f{number}", value)


def sold(before: Catalog, now: datetime) -> Catalog:
    """A plan of twenty limits, another on top of it, and one that hardly anybody is on."""
    rows = [_row(number, 100) for number in range(FEATURES)]
    features = [replace(metered(f"f{number}"), meter=Meter()) for number in range(FEATURES)]
    shop = catalog_of(*features, plan("base", *rows), plan("top", base="base"), plan("rare", *rows))
    shop = replace(shop, revision=before.revision)
    for key in ("base", "top", "rare"):
        shop = publish(shop, key, now=now).catalog
    return shop


def smaller(before: Catalog, scenario: Scenario) -> Catalog:
    """The shop with a draft in which some limits are half of what they were."""
    package = before.packages[scenario.plan]
    rows = [_row(number, 50 if number < scenario.rows else 100) for number in range(FEATURES)]
    return with_package(before, replace(package, draft=replace(package.shown, rows=tuple(rows))))


async def filled(context: Context, size: int) -> None:
    """Put customers there, in batches, as acts would leave them."""
    for start in range(0, size, BATCH):
        async with open_snapshot(context) as seen:
            ...
        await _put(context, seen, range(start, start + BATCH))


async def _put(context: Context, seen: Snapshot, numbers: Sequence[int]) -> None:
    addresses = [(seen.environment.number, f"customer-{number:06}") for number in numbers]
    async with context.services.database.write() as session:
        await customers.ensure(session, addresses)
        found = (await customers.load_locked(session, CustomerFactsCache(), addresses)).customers
        acted = [
            (address[0], found[address], _subscribed(found[address], number))
            for address, number in zip(addresses, numbers, strict=True)
        ]
        await customers.save(session, acted)
        await usage.keep(session, [_used(seen, after) for _, _, after in acted])


def _subscribed(customer: Customer, number: int) -> Customer:
    key = "rare" if number % 20 == 0 else ("base", "top")[number % 2]
    term = Term(starts_at=OPENED, plan=key, version=1, anchor=OPENED, timezone="UTC")
    subscription = Subscription(number=1, product="app", terms=(term,))
    return replace(customer, revision=1, acted_at=OPENED, subscriptions=(subscription,))


def _used(seen: Snapshot, customer: Customer) -> tuple[Owner, Window, Tally]:
    window = resolve_check(seen.flat, customer, AccessCheck(customer=customer.key, feature="f0"), NOW).window
    assert window is not None
    owner = Owner(environment=seen.environment.number, customer=customer.number)
    return owner, window, Tally(used=customer.number % 100 * ONE)


async def measured(url: str, size: int) -> None:
    """Measure each publish in an environment of its own, and print a line for each."""
    services = Services.on(Database(url), lambda: NOW)
    environment = await ensure_environment(services, f"customers-{size}")
    viewer = Viewer(environment=environment.number, kind=ApiKeyKind.SECRET, scopes=frozenset(Scope))
    context = Context(services=services, viewer=viewer)
    await catalog.edit(context, lambda before, _: sold(before, OPENED))
    await filled(context, size)
    for scenario in SCENARIOS:
        await catalog.edit(context, lambda before, _, wanted=scenario: smaller(before, wanted))  # type: ignore[misc]
        begun, worked = perf_counter(), process_time()
        impact = (await preview_publish(context, scenario.plan, scenario.scope)).impact
        seconds, worked = perf_counter() - begun, process_time() - worked
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // KIBIBYTES_OF_A_MEBIBYTE
        told = f"{'' if impact.exact else '~'}{impact.affected:,}"
        print(
            f"{size:>9,} {scenario.name:<20} {told:>9} {seconds:>8.2f} {worked:>8.2f} {most:>6}", flush=True
        )
    await services.close()


async def main(url: str | None) -> None:
    """Print lines for each size."""
    print(f"{'customers':>9} {'publish':<20} {'affected':>9} {'seconds':>8} {'CPU':>8} {'MiB':>6}")
    with TemporaryDirectory() as folder:
        address = url or f"sqlite+aiosqlite:///{folder}/previews.db"
        await migrate(address)
        for size in SIZES:
            await measured(address, size)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else None))
