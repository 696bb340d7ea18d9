"""What it takes to prepare a document, or to refuse one: ``python -m tests.benchmarks.documents``.

Prints milliseconds, the median of some rounds, for documents that people send and for those that are made
to take long; then what the server keeps of a document in memory, for each of its tokens.
"""

from __future__ import annotations

import statistics
import tracemalloc
from time import perf_counter

from graphql import get_introspection_query

from schema.graph import graph
from server.config.limits import Limits
from server.execution.documents import Prepared, prepare
from tests.graph.operations import DOCUMENTS
from tests.web.http.test_limits import doubling

ROUNDS = 5

FRAGMENTS = " ".join(f"fragment F{n} on Query {{ viewer {{ kind }} ...F{n + 1} }}" for n in range(49))

SAMPLES = {
    "a check": DOCUMENTS["Check"],
    "a plan in an editor": DOCUMENTS["PlanEditor"],
    "standard introspection": get_introspection_query(),
    "2^20 fields by fragments": doubling(20),
    "2^150 fields by fragments": doubling(150),
    "100 aliases of one field": "{ viewer {" + " ".join(f"a{n}: kind" for n in range(100)) + "} }",
    "450 equal root fields": "{" + "viewer { kind } " * 450 + "}",
    "a chain of 50 fragments": f"{{ ...F0 }} {FRAGMENTS} fragment F49 on Query {{ __typename }}",
    "600 types that nobody knows": "{ viewer {" + "... on Costumr { a } " * 300 + "} }",
    "1,900 brackets": "{ access(values: " + "[" * 1_900,
    "a comment of 1 MB": "#" + "x" * 1_000_000 + "\n{ __typename }",
    "a text of 1 MB": '{ plan(key: "' + "x" * 1_000_000 + '") { key } }',
    "a field of 1 MB": "{ " + "x" * 1_000_000 + " }",
}


def prepared(text: str) -> Prepared:
    """Prepare a document as the server does."""
    return prepare(graph.core, text, Limits())


def milliseconds(text: str) -> float:
    """Measure one document."""
    rounds = []
    for _ in range(ROUNDS):
        begun = perf_counter()
        prepared(text)
        rounds.append((perf_counter() - begun) * 1_000)
    return statistics.median(rounds)


def bytes_per_token() -> float:
    """Measure what the documents take that people send."""
    texts = list(DOCUMENTS.values())
    prepared(texts[0])
    tracemalloc.start()
    kept = [prepared(text) for text in texts]
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size / sum(one.document.token_count for one in kept)


def main() -> None:
    """Print a line for each sample."""
    for name, text in SAMPLES.items():
        errors: list[dict[str, dict[str, str]]] = list(prepared(text).errors)  # type: ignore[arg-type]
        outcome = errors[0]["extensions"]["code"] if errors else "fine"
        print(f"{name:>28} {milliseconds(text):>9.2f} ms   {outcome}")
    print(f"{'kept':>28} {bytes_per_token():>9.0f} bytes a token")


if __name__ == "__main__":
    main()
