"""What one access check costs over HTTP: ``python -m tests.benchmarks.http_access [rounds]``.

Prints requests per second of two servers, each a process of its own, asked in turn by the same callers
over kept connections, and the ratio of each question to an empty Starlette route that answers a little
JSON. The check carries an API key. The trivial question shows what the server costs where nothing but the
key is read for it and, in the demo without a key, where nothing at all is.
"""

from __future__ import annotations

import asyncio
import json
import socket
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, sleep
from typing import cast
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.project.repository import ROOT
from tests.web.program import serving, told

CONNECTIONS = 32
SECONDS = 3.0
ROUNDS = 3

CHECK = """query Check($c: String!) {
  access(customer: $c, feature: "orders", requested: 1) {
    allowed
    reason
    usage { remaining period { end } }
  }
}"""

TRIVIAL = "query Trivial { __typename }"


async def _empty(_: Request) -> JSONResponse:
    return JSONResponse({"data": {"access": {"allowed": True, "reason": "WITHIN_LIMIT"}}})


empty = Starlette(routes=[Route("/graphql", _empty, methods=["POST"])])
"""The route that everything is compared with."""


@dataclass(frozen=True)
class Variant:
    """One thing that is asked: a name, an address and the whole request."""

    name: str
    port: int
    request: bytes


class _Caller(asyncio.Protocol):
    """Sends a request, waits for its answer, and sends it again, for as long as it is told."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._received = b""
        self.answers = 0
        self.going = True
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        if b'"errors"' in body or b" 200 " not in head:
            self.ended.set_exception(AssertionError(self._received.decode()))
            return
        self._received = b""
        self.answers += 1
        if self.going:
            self._transport.write(self._request)
        else:
            self._transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])


def _request(port: int, key: str | None, query: str, **variables: object) -> bytes:
    body = json.dumps({"query": query, "variables": variables}).encode()
    authorization = "" if key is None else f"Authorization: Bearer {key}\r\n"
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{authorization}"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _per_second(variant: Variant, seconds: float) -> float:
    loop = asyncio.get_running_loop()
    callers = []
    for _ in range(CONNECTIONS):
        _, caller = await loop.create_connection(lambda: _Caller(variant.request), "127.0.0.1", variant.port)
        callers.append(caller)
    before, begun = sum(caller.answers for caller in callers), perf_counter()
    await asyncio.sleep(seconds)
    answers, took = sum(caller.answers for caller in callers) - before, perf_counter() - begun
    for caller in callers:
        caller.going = False
    await asyncio.gather(*(caller.ended for caller in callers))
    return answers / took


@contextmanager
def _variants() -> Iterator[list[Variant]]:
    with TemporaryDirectory(prefix="allotment-") as folder, serving(Path(folder), "--demo") as program:
        key = told(Path(folder), "keys", "create", "--environment", "demo").stdout.strip()
        port = urlsplit(program.address).port or 0
        with _empty_server() as empty_port:
            yield [
                Variant("empty route", empty_port, _request(empty_port, None, TRIVIAL)),
                Variant("trivial, no key", port, _request(port, None, TRIVIAL)),
                Variant("trivial", port, _request(port, key, TRIVIAL)),
                Variant("access", port, _request(port, key, CHECK, c="nimbus")),
            ]


@contextmanager
def _empty_server() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "uvicorn", "tests.benchmarks.http_access:empty", "--port", str(port)]
    process = subprocess.Popen([*command, "--log-level", "warning", "--no-access-log"], cwd=ROOT)
    try:
        while not _listens(port):
            sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def main(rounds: int) -> None:
    """Print a line for each variant."""
    with _variants() as variants:
        measured: dict[str, list[float]] = {variant.name: [] for variant in variants}
        for variant in variants:
            await _per_second(variant, 1)
        for _ in range(rounds):
            for variant in variants:
                measured[variant.name].append(await _per_second(variant, SECONDS))
    medians = {name: statistics.median(values) for name, values in measured.items()}
    for name, median in medians.items():
        print(f"{name:>16} {median:>8.0f} requests/s   {median / medians['empty route']:.3f} x empty route")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
