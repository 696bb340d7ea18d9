"""What many checks in one request cost: ``python -m tests.benchmarks.many_checks``.

A hundred checks in one ``accesses`` against the same executed by graphql-core from a document that is
parsed and validated already, on the same server process (goal 4 asks for 5 times as much as Strawberry
with caches), and ten thousand metered ones in one request (goal 5), told by how many empty requests the
same machine answers in that time. The answers are looked at.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from models.database import Database
from models.memory import Memory
from models.migrate import migrate
from resolvers.context import Context, Services
from rules.keys import ApiKeyKind, Scope
from rules.permissions import Viewer
from schema.graph import graph
from server.demo import fill
from server.documents import Operation, prepare
from server.execution import Execution
from server.limits import Limits
from server.rates import Rates
from tests.benchmarks.calling import ROUNDS, Variant, called, machine, request, serving_app

MANY = """query Many($checks: [AccessCheckInput!]!) {
  accesses(checks: $checks) { allowed reason usage { remaining } }
}"""
HUNDRED, MOST = 100, 10_000
EMPTY_SECONDS = 2.0

Ask = Callable[[], Awaitable[Mapping[str, Any]]]


def checks(number: int) -> dict[str, object]:
    """Ask about customers of the demo and what they use."""
    asked = [("nimbus", "orders"), ("acme", "api-calls"), ("acme", "seats")]
    found = [asked[n % len(asked)] for n in range(number)]
    return {"checks": [{"customer": who, "feature": what, "requested": 1} for who, what in found]}


async def seconds(ask: Ask, number: int) -> float:
    """Measure one request, from the variables that were read to the JSON that is sent."""
    begun = perf_counter()
    answer = await ask()
    json.dumps(answer)
    took = perf_counter() - begun
    reasons = {one["reason"] for one in answer["data"]["accesses"]}
    if len(answer["data"]["accesses"]) != number or not reasons <= {"WITHIN_LIMIT", "OVERAGE_ALLOWED"}:
        raise AssertionError(reasons)
    return took


def asking(services: Services, operation: Operation, number: int, *, remembering: bool) -> Ask:
    """Ask with a context of its own each time, as a request does."""
    prepared = prepare(graph.core, MANY, Limits())
    execution = Execution(graph.core, Limits(), Rates())
    variables = checks(number)
    viewer = Viewer(environment=1, kind=ApiKeyKind.SECRET, scopes=frozenset(Scope), key=1)

    async def ask() -> Mapping[str, Any]:
        known = services if remembering else replace(services, memory=Memory())
        return await execution.answer(prepared, operation, variables, Context(services=known, viewer=viewer))

    return ask


async def measured(services: Services) -> dict[str, float]:
    """Give the median of each variant, in turns."""
    await fill(services)
    (planned,) = prepare(graph.core, MANY, Limits()).operations.values()
    executed = replace(planned, plan=None)
    asked = {
        f"{HUNDRED} checks": (asking(services, planned, HUNDRED, remembering=True), HUNDRED),
        f"{HUNDRED}, executed, nothing remembered": (
            asking(services, executed, HUNDRED, remembering=False),
            HUNDRED,
        ),
        f"{HUNDRED}, executed": (asking(services, executed, HUNDRED, remembering=True), HUNDRED),
        f"{MOST:,} checks": (asking(services, planned, MOST, remembering=True), MOST),
    }
    took: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(ROUNDS + 1):
        for name, (ask, number) in asked.items():
            took[name].append(await seconds(ask, number))
    # The first time everything is learnt.
    return {name: median(times[1:]) for name, times in took.items()}


async def main() -> None:
    """Print what was measured, and on what."""
    print(machine())
    with TemporaryDirectory(prefix="allotment-") as folder, serving_app(EMPTY) as port:
        url = f"sqlite+aiosqlite:///{Path(folder)}/allotment.db"
        await migrate(url)
        services = Services.on(Database(url))
        took = await measured(services)
        await services.close()
        empty = Variant("empty", port, request(port, None, "{ __typename }"), b"WITHIN_LIMIT")
        per_second = len(await called(empty, EMPTY_SECONDS)) / EMPTY_SECONDS
    for name, time in took.items():
        print(f"  {name:<36} {time * 1_000:>9.2f} ms")
    hundred, usual, executed, most = took.values()
    print(f"  goal 4: executed, nothing remembered / planned {usual / hundred:.1f}   (at least 5)")
    print(f"  planning alone brings {executed / hundred:.1f}")
    print(f"  goal 5: {most:.2f} s for {MOST:,} (at most {0.5 * MOST / per_second:.2f} s)")


EMPTY = "tests.benchmarks.other_ways:empty"

if __name__ == "__main__":
    asyncio.run(main())
