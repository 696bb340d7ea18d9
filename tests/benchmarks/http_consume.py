"""What it costs to consume over HTTP: ``python -m tests.benchmarks.http_consume``.

Servers are processes of their own, asked in turn by the same callers over kept connections; every answer
is looked at. All consume from one limit of one customer. Consuming, with ``synchronous=FULL`` on SQLite, is
compared with the same mutation storing nothing and with the usual way (goal 7). In the end what was
answered has to be counted, and what is counted to be what is recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from tests.benchmarks.calling import (
    ROUNDS,
    SECONDS,
    Variant,
    machine,
    on_both,
    rates,
    request,
    serving_app,
)
from tests.web.program import Program, serving, told

CONSUME = """mutation Use($c: String!) {
  consume(input: { customer: $c, feature: "tokens", quantity: 1 }) {
    consumed
    access { allowed reason }
    userErrors { code }
  }
}"""
ANSWER = b'{"consumed":true,"access":{"allowed":true,'
USED = """query Used($c: String!) { access(customer: $c, feature: "tokens") { usage { used } } }"""
CUSTOMER = "meridian"


@dataclass(frozen=True)
class Books:
    """What the server that stores says it has stored."""

    program: Program
    key: str
    settings: Mapping[str, str]

    def used(self) -> float:
        """Tell how much the customer has used."""
        answer = self.program.ask(USED, key=self.key, c=CUSTOMER).json()
        return float(answer["data"]["access"]["usage"]["used"])

    def verify(self) -> None:
        """Count anew what is kept; CalledProcessError where it is not what is recorded."""
        told(self.program.folder, "verify", **self.settings).check_returncode()


@contextmanager
def compared(url: str | None) -> Iterator[tuple[Books, list[Variant]]]:
    """Serve a demo, and what it is compared with."""
    with TemporaryDirectory(prefix="allotment-", dir=".") as name:
        folder = Path(name).resolve()
        settings = {"ALLOTMENT_DATABASE_URL": url or f"sqlite+aiosqlite:///{folder}/allotment.db"}
        with serving(folder, "--demo", **settings) as program:
            key = told(folder, "keys", "create", "--environment", "demo", **settings).stdout.strip()
            with (
                serving_app("tests.benchmarks.other_ways:storing_nothing", **settings) as nothing,
                serving_app("tests.benchmarks.other_ways:usual_way", **settings) as usual,
            ):
                ports = {
                    "storing nothing": nothing,
                    "consume": urlsplit(program.address).port or 0,
                    "consume, the usual way": usual,
                }
                yield (
                    Books(program, key, settings),
                    [
                        Variant(name, port, request(port, key, CONSUME, c=CUSTOMER), ANSWER)
                        for name, port in ports.items()
                    ],
                )


def measured(url: str | None) -> None:
    """Measure on a database."""
    with compared(url) as (books, variants):
        before = books.used()
        nothing, consume, usual = asyncio.run(rates(variants)).values()
        # Half of the rounds and one more were no slower than the median.
        answered = (consume + usual) * SECONDS * (ROUNDS // 2 + 1)
        if books.used() - before < answered:
            raise AssertionError(before, answered, books.used())
        books.verify()
        print(f"  {books.used() - before:,.0f} consumed, counted and recorded")
        print(f"  goal 7: consume / storing nothing {consume / nothing:.2f}   (at least 0.30)")
        print(f"  goal 7: consume / the usual way {consume / usual:.0f}   (at least 40)")


def main() -> None:
    """Print what was measured, and on what."""
    print(machine())
    on_both(measured)


if __name__ == "__main__":
    main()
