"""One question, asked of Allotment and of servers that others wrote: ``python -m tests.benchmarks.peers``.

May this customer use this feature, how much is left, and when does the period end? All answer from the
same PostgreSQL, from rows as they are now, each a process of its own; every answer is looked at, and all
have to tell the same (goal 3). Allotment reads its own tables; the others read a few that are made for
just this question and hold the same facts. Allotment is asked with a key, and counts and logs what it
does; the others do neither, and are asked with a key, which they look up, and without one. What each
does for a request is printed beside the ratio, with a key and without.

PostGraphile and Mercurius take ``npm ci --ignore-scripts`` in this folder, and are left out without it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.benchmarks.calling import Variant, answered, machine, postgresql, rates, request, serving_app
from tests.benchmarks.peers.facts import laid_out
from tests.benchmarks.peers.node import NODE, serving_script, versions
from tests.web.program import serving, told

CUSTOMER = "nimbus"

ALLOTMENT = """query Check($c: String!) {
  access(customer: $c, feature: "orders", requested: 1) {
    allowed
    reason
    usage { remaining period { period_end: end } }
  }
}"""

POSTGRAPHILE = """query Check($c: String!) {
  accessByCustomerAndFeature(customer: $c, feature: "orders") {
    allowed
    reason
    remaining
    period_end: periodEnd
  }
}"""

MERCURIUS = """query Check($c: String!) {
  access(customer: $c, feature: "orders", requested: 1) { allowed reason remaining period_end: periodEnd }
}"""

FASTAPI = f"/customers/{CUSTOMER}/access/orders?requested=1"

SERVED_BY_FASTAPI = "tests.benchmarks.peers.served_by_fastapi:serve"

OURS = "Allotment"
KEYLESS = ", without a key"


@dataclass(frozen=True)
class Peer:
    """A server that others wrote: ``does`` says what it asks of PostgreSQL, and waits for, one by one.

    Allotment is to be ``at_least`` so many times as fast.
    """

    name: str
    at_least: float
    does: str
    port: int
    question: str

    def variants(self, key: str) -> Iterator[Variant]:
        """Ask it with a key that it has to look up, and without one."""
        assert b"WITHIN_LIMIT" not in answered(self.port, self.request(f"not {key}"))
        yield variant(self.name, self.port, self.request(key))
        yield variant(self.name + KEYLESS, self.port, self.request(None))

    def request(self, key: str | None) -> bytes:
        """Write the whole request."""
        if self.question is not FASTAPI:
            return request(self.port, key, self.question, c=CUSTOMER)
        authorization = "" if key is None else f"Authorization: Bearer {key}\r\n"
        return f"GET {FASTAPI} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n{authorization}\r\n".encode()


def variant(name: str, port: int, asked: bytes) -> Variant:
    """Ask once; from then on every answer has to be that one."""
    return Variant(name, port, asked, answered(port, asked))


class Answer(NamedTuple):
    """What all have to tell alike."""

    allowed: bool
    reason: str
    remaining: int
    period_end: datetime


def answer_in(body: bytes) -> Answer:
    """Read an answer, whatever its shape."""
    leaves = dict(_leaves(json.loads(body)))
    end = datetime.fromisoformat(str(leaves["period_end"]))
    # JavaScript's dates know no microseconds.
    end = end.replace(microsecond=end.microsecond // 1_000 * 1_000)
    return Answer(leaves["allowed"] is True, str(leaves["reason"]), int(str(leaves["remaining"])), end)


def _leaves(tree: dict[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value)
        else:
            yield name, value


@contextmanager
def peers(url: str) -> Iterator[list[Peer]]:
    """Serve everybody else; those that run on Node.js only where they are installed."""
    with ExitStack() as stack:
        found = []
        if NODE.exists():
            port = stack.enter_context(serving_script("postgraphile.mjs", url))
            does = "BEGIN, the settings with the key, the view that looks it up, COMMIT; only the view"
            found.append(Peer("PostGraphile", 6, does, port, POSTGRAPHILE))
            port = stack.enter_context(serving_script("mercurius.mjs", url))
            found.append(Peer("Mercurius", 1.3, "the key, the question; only the question", port, MERCURIUS))
        port = stack.enter_context(serving_app(SERVED_BY_FASTAPI, DATABASE_URL=url))
        does = "BEGIN, the key, the question, ROLLBACK; all but the key"
        found.append(Peer("FastAPI", 5, does, port, FASTAPI))
        yield found


@contextmanager
def compared(url: str) -> Iterator[tuple[list[Variant], list[Peer]]]:
    """Serve a demo and everybody else, and see that all tell the same."""
    with TemporaryDirectory(prefix="allotment-") as name:
        folder = Path(name)
        settings = {"ALLOTMENT_DATABASE_URL": url}
        with serving(folder, "--demo", **settings) as program:
            key = told(folder, "keys", "create", "--environment", "demo", **settings).stdout.strip()
            asyncio.run(laid_out(url, program, key))
            port = urlsplit(program.address).port or 0
            ours = variant(OURS, port, request(port, key, ALLOTMENT, c=CUSTOMER))
            with peers(url) as others:
                theirs = [variant for peer in others for variant in peer.variants(key)]
                wanted = answer_in(ours.answers)
                assert [one for one in theirs if answer_in(one.answers) != wanted] == []
                yield [ours, *theirs], others


def measured(url: str) -> None:
    """Measure all of them on a database."""
    with compared(url) as (variants, others):
        found = asyncio.run(rates(variants))
    for peer in others:
        keyed, keyless = found[OURS] / found[peer.name], found[OURS] / found[peer.name + KEYLESS]
        print(f"  goal 3: Allotment / {peer.name} {keyed:.2f}, without its key {keyless:.2f}", end="")
        print(f"   (at least {peer.at_least}); it asks for {peer.does}")
    print("  Allotment remembers a key for a second, and one statement is shared by all who ask meanwhile")


def main() -> None:
    """Print what was measured, and on what."""
    print(machine())
    absent = "nothing installed for Node.js, so that PostGraphile and Mercurius are left out"
    print(f"fastapi {version('fastapi')}, {versions() if NODE.exists() else absent}")
    print("PostgreSQL")
    with postgresql() as url:
        measured(url)


if __name__ == "__main__":
    main()
