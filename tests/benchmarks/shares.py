"""Where the time of a consume over HTTP goes: ``python -m tests.benchmarks.shares``.

py-spy looks at all threads of a server that is under full load, a few hundred times a second, ours and the
usual way on SQLite, in turns. It stands outside of the server, so that small functions do not seem as dear
as a tracing profiler makes them. What a sample is of is told by its innermost frame that belongs to a part;
the standard library's own frames belong to whoever called them. Threads that wait for work are left out;
waiting for the disk is a part of committing.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from tests.benchmarks.calling import (
    CONNECTIONS,
    ROUNDS,
    Variant,
    answers_a_second,
    machine,
    request,
    running_app,
)
from tests.benchmarks.http_consume import ANSWER, CONSUME, CUSTOMER
from tests.project.repository import ROOT
from tests.web.program import serving, told

SECONDS, A_SECOND = 5, 250

COMMITTING = "Beginning and committing"
READING = "Reading and writing: statements, sessions, threads"
DECIDING = "The rule, and what it is asked about"
GRAPHQL = "GraphQL: documents, plans, fields"
HTTP = "HTTP, JSON, the key, metrics, logs"
LOOP = "The event loop: sockets, wakings, waiting"

ENDS = ("do_begin", "do_commit", "do_rollback", "do_close", "begin_transaction")
"""Functions by which drivers begin and end transactions."""

IDLE = ("_worker (", "_connection_worker_thread (")
"""Where threads wait for work."""

RUNNER = "asyncio/runners.py"
"""Frames up to here are of the program, whatever it does."""

PARTS = {
    READING: ("/sqlalchemy/", "/aiosqlite/", "/sqlmodel/", "models/", "resolvers/snapshot.py"),
    DECIDING: ("rules/", "resolvers/"),
    GRAPHQL: (
        *("/graphql/", "/strawberry/", "schema/"),
        *(
            "server/execution/compiled/compiler.py",
            "server/execution/executor.py",
            "server/execution/documents.py",
            "server/execution/compiled/arguments.py",
        ),
    ),
    HTTP: ("/uvicorn/", "/starlette/", "/structlog/", "/prometheus_client/", "/cross_web/", "server/"),
}


def part_of(stack: str) -> str | None:
    """Tell of which part a sample is, None where it waits; its frames are "name (file:line)", inwards."""
    frames = stack.split(";")
    if frames[-1].startswith(IDLE):
        return None
    outer = [place for place, frame in enumerate(frames) if RUNNER in frame]
    for frame in reversed(frames[max(outer, default=-1) + 1 :]):
        function, _, place = frame.partition(" (")
        if function.endswith(ENDS):
            return COMMITTING
        within = place.removeprefix(f"{ROOT}/").removeprefix(".venv")
        for part, places in PARTS.items():
            if any(
                known in within if known.startswith("/") else within.startswith(known) for known in places
            ):
                return part
    return LOOP


async def sampled(variant: Variant, process: int, folder: Path) -> Counter[str]:
    """Give how many samples of a server under load are of each part."""
    found = folder / f"{process}.txt"
    loaded = asyncio.create_task(answers_a_second(variant, SECONDS + 3, CONNECTIONS))
    await asyncio.sleep(1)
    await asyncio.to_thread(_spy, process, found)
    await loaded
    counted: Counter[str] = Counter()
    for line in found.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        if (part := part_of(stack)) is not None:
            counted[part] += int(count)
    return counted


def _spy(process: int, found: Path) -> None:
    program = str(Path(sys.executable).with_name("py-spy"))
    how = ("--format", "raw", "--full-filenames", "--rate", str(A_SECOND), "--duration", str(SECONDS))
    command = [program, "record", *how, "--output", str(found), "--pid", str(process)]
    subprocess.run(command, check=True, capture_output=True)


def main() -> None:
    """Print shares of both, in percent."""
    print(machine())
    with TemporaryDirectory(prefix="allotment-", dir=".") as name:
        folder = Path(name).resolve()
        settings = {"ALLOTMENT_DATABASE_URL": f"sqlite+aiosqlite:///{folder}/allotment.db"}
        with serving(folder, "--demo", **settings) as program:
            key = told(folder, "keys", "create", "--environment", "demo", **settings).stdout.strip()
            with running_app("tests.benchmarks.other_ways:usual_way", **settings) as (usual, other):
                ports = {usual: other, urlsplit(program.address).port or 0: program.process.pid}
                counted: dict[int, Counter[str]] = {port: Counter() for port in ports}
                for _ in range(ROUNDS):
                    for port, process in ports.items():
                        variant = Variant("consume", port, request(port, key, CONSUME, c=CUSTOMER), ANSWER)
                        counted[port] += asyncio.run(sampled(variant, process, folder))
    before, now = counted.values()
    print(f"  {'':<52} usual way  ours")
    for part in (READING, COMMITTING, DECIDING, GRAPHQL, HTTP, LOOP):
        shares = [100 * found[part] / found.total() for found in (before, now)]
        print(f"  {part:<52} {shares[0]:>7.0f} % {shares[1]:>3.0f} %")


if __name__ == "__main__":
    main()
