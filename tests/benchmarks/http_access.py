"""What one access check costs over HTTP: ``python -m tests.benchmarks.http_access``.

Servers are processes of their own, asked in turn by the same callers over kept connections; every answer
is looked at. The check carries an API key, and metrics and logging are on. It is compared with an empty
Starlette route that answers a little JSON (goal 1), and with the same schema served the usual way on the
same database (goal 2). Then how late the slowest of a hundred is at half the load that each can bear
(goal 10), and how long the server takes to start and what it holds in memory (goal 11).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter
from urllib.parse import urlsplit

from tests.benchmarks.calling import ROUNDS, Variant, called, machine, on_both, rates, request, serving_app
from tests.web.program import Program, serving, told

CHECK = """query Check($c: String!) {
  access(customer: $c, feature: "orders", requested: 1) {
    allowed
    reason
    usage { remaining period { end } }
  }
}"""
ANSWER = b'{"access":{"allowed":true,"reason":"WITHIN_LIMIT","usage":{"remaining":"88","period":'

TRIVIAL = "query Trivial { __typename }"

FEW = 4
"""Connections at which lateness is measured."""


@contextmanager
def compared(url: str | None) -> Iterator[tuple[Program, list[Variant]]]:
    """Serve a demo, and what it is compared with."""
    with TemporaryDirectory(prefix="allotment-") as name:
        folder = Path(name)
        settings = {"ALLOTMENT_DATABASE_URL": url or f"sqlite+aiosqlite:///{folder}/allotment.db"}
        with serving(folder, "--demo", **settings) as program:
            key = told(folder, "keys", "create", "--environment", "demo", **settings).stdout.strip()
            port = urlsplit(program.address).port or 0
            with (
                serving_app("tests.benchmarks.other_ways:empty") as empty,
                serving_app("tests.benchmarks.other_ways:usual_way", **settings) as usual,
            ):
                yield (
                    program,
                    [
                        Variant("empty route", empty, request(empty, None, TRIVIAL), b"WITHIN_LIMIT"),
                        Variant("access", port, request(port, key, CHECK, c="nimbus"), ANSWER),
                        Variant("trivial question", port, request(port, key, TRIVIAL), b"Query"),
                        Variant(
                            "access, the usual way", usual, request(usual, key, CHECK, c="nimbus"), ANSWER
                        ),
                    ],
                )


async def lateness(variants: list[Variant]) -> list[float]:
    """Give the 99th percentile of each, at half of what it can bear, in ms."""
    late: list[list[float]] = [[] for _ in variants]
    for _ in range(ROUNDS):
        for variant, found in zip(variants, late, strict=True):
            most = len(await called(variant, 1.5, FEW)) / 1.5
            took = await called(variant, 2, FEW, per_second=most / 2)
            found.append(quantiles(took, n=100)[-1] * 1_000)
    return [median(found) for found in late]


def started() -> tuple[float, float]:
    """Give the seconds that a server takes to its first line, with its database made, and its MB then."""
    with TemporaryDirectory(prefix="allotment-") as name:
        with serving(Path(name)):
            pass
        begun = perf_counter()
        with serving(Path(name)) as program:
            took = perf_counter() - begun
            program.ask(TRIVIAL)
            status = Path(f"/proc/{program.process.pid}/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return took, int(kilobytes) / 1024


def measured(url: str | None) -> None:
    """Measure on a database."""
    with compared(url) as (_, variants):
        found = list(asyncio.run(rates(variants)).values())
        print(f"  goal 1: access / empty route {found[1] / found[0]:.2f}   (at least 0.60)")
        print(f"  goal 2: access / the usual way {found[1] / found[3]:.0f}   (at least 50)")
        empty, access = asyncio.run(lateness(variants[:2]))
        print(f"  goal 10: p99 {access:.2f} ms / {empty:.2f} ms = {access / empty:.1f}   (at most 2)")


def main() -> None:
    """Print what was measured, and on what."""
    print(machine())
    on_both(measured)
    starts = [started() for _ in range(ROUNDS)]
    seconds, megabytes = (median(values) for values in zip(*starts, strict=True))
    print(f"goal 11: started in {seconds:.2f} s (at most 1), {megabytes:.0f} MB (at most 90)")


if __name__ == "__main__":
    main()
