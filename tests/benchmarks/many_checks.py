"""What many checks in one request cost: ``python -m tests.benchmarks.many_checks``.

A hundred checks in one ``accesses``, which are one statement, over HTTP on SQLite: against Strawberry's own
view with its parser and validation caches on the same schema and database (goal 4), with nothing of the
database remembered, as it comes, and with the memory of ours, so that the view and the plan alone differ.
The same in process, executed by graphql-core from a document that is parsed and validated already. And ten
thousand metered ones in one request (goal 5), told by how many empty requests the same machine answers in
that time. The answers are looked at.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

from models.access.cache import MemoryCache
from models.database.transactions import Database
from models.migrations.migrate import migrate
from resolvers.context import Context, Services
from rules.auth.api_keys import ApiKeyKind, Scope
from rules.auth.permissions import Viewer
from schema.graph import graph
from server.config.limits import Limits
from server.demo.fill import fill
from server.execution.documents import Operation, prepare
from server.execution.executor import Execution
from server.rate_limits import RateLimiter
from tests.benchmarks.calling import (
    CONNECTIONS,
    ROUNDS,
    Variant,
    answers_a_second,
    machine,
    rates,
    request,
    serving_app,
)
from tests.graph.access.test_statement_counts import statements
from tests.web.program import serving, told

MANY = """query Many($checks: [AccessCheckInput!]!) {
  accesses(checks: $checks) { allowed reason usage { remaining } }
}"""
HUNDRED, MOST = 100, 10_000
EMPTY_SECONDS = 2
OTHER_WAYS = "tests.benchmarks.other_ways"

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
    are_right(answer, number)
    return took


def are_right(answer: Mapping[str, Any], number: int) -> None:
    """See that all were answered, with a yes."""
    reasons = {one["reason"] for one in answer["data"]["accesses"]}
    if len(answer["data"]["accesses"]) != number or not reasons <= {"WITHIN_LIMIT", "OVERAGE_ALLOWED"}:
        raise AssertionError(reasons)


def asking(services: Services, operation: Operation, number: int, *, remembering: bool) -> Ask:
    """Ask with a context of its own each time, as a request does."""
    prepared = prepare(graph.core, MANY, Limits())
    execution = Execution(graph.core, Limits(), RateLimiter())
    variables = checks(number)
    viewer = Viewer(environment=1, kind=ApiKeyKind.SECRET, scopes=frozenset(Scope), key=1)

    async def ask() -> Mapping[str, Any]:
        known = services if remembering else replace(services, memory=MemoryCache())
        return await execution.answer(prepared, operation, variables, Context(services=known, viewer=viewer))

    return ask


@contextmanager
def served(folder: Path) -> Iterator[list[Variant]]:
    """Serve a demo, and what it is compared with; each must give the very answer that the first gave."""
    settings = {"ALLOTMENT_DATABASE_URL": f"sqlite+aiosqlite:///{folder}/served.db"}
    with serving(folder, "--demo", **settings) as program:
        key = told(folder, "keys", "create", "--environment", "demo", **settings).stdout.strip()
        answer = program.ask(MANY, key=key, **checks(HUNDRED))
        are_right(answer.json(), HUNDRED)
        data = answer.content[answer.content.index(b'{"accesses"') :].partition(b"]")[0]
        with (
            serving_app(f"{OTHER_WAYS}:usual_way_with_caches", **settings) as cached,
            serving_app(f"{OTHER_WAYS}:remembering_with_caches", **settings) as remembering,
        ):
            ports = {
                f"{HUNDRED} checks": urlsplit(program.address).port or 0,
                "Strawberry with caches": cached,
                "and the memory of ours": remembering,
            }
            yield [
                Variant(name, port, request(port, key, MANY, **checks(HUNDRED)), data)
                for name, port in ports.items()
            ]


def over_http(folder: Path) -> None:
    """Goal 4."""
    with served(folder) as variants:
        ours, cached, remembering = asyncio.run(rates(variants)).values()
    print(f"  goal 4: {HUNDRED} checks / Strawberry with caches {ours / cached:.1f}   (at least 5)")
    print(f"  the view and the plan alone bring {ours / remembering:.1f}")


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
    ask, number = asked[f"{MOST:,} checks"]
    with statements(services.database) as told_the_database:
        await seconds(ask, number)
    if len(told_the_database) != 1:
        raise AssertionError(told_the_database)
    # The first time everything is learnt.
    return {name: median(times[1:]) for name, times in took.items()}


async def within_python() -> None:
    """Measure in this process."""
    with TemporaryDirectory(prefix="allotment-") as folder, serving_app(f"{OTHER_WAYS}:empty") as port:
        url = f"sqlite+aiosqlite:///{Path(folder)}/allotment.db"
        await migrate(url)
        services = Services.on(Database(url))
        took = await measured(services)
        await services.close()
        empty = Variant("empty", port, request(port, None, "{ __typename }"), b"WITHIN_LIMIT")
        per_second = await answers_a_second(empty, EMPTY_SECONDS, CONNECTIONS)
    for name, time in took.items():
        print(f"  {name:<36} {time * 1_000:>9.2f} ms")
    hundred, usual, executed, most = took.values()
    print(f"  in process, executed and nothing remembered / planned {usual / hundred:.1f}")
    print(f"  planning alone brings {executed / hundred:.1f}")
    print(f"  goal 5: {most:.2f} s for {MOST:,} (at most {0.5 * MOST / per_second:.2f} s)")


def main() -> None:
    """Print what was measured, and on what."""
    print(machine())
    with TemporaryDirectory(prefix="allotment-") as folder:
        over_http(Path(folder))
    asyncio.run(within_python())


if __name__ == "__main__":
    main()
