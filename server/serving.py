"""Serving: the sockets, the processes and the line that says where."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from functools import partial
from http import HTTPStatus
from math import ceil
from multiprocessing.process import BaseProcess
from tempfile import TemporaryDirectory
from types import FrameType

import click
import uvicorn
from starlette.applications import Starlette
from uvicorn.supervisors import Multiprocess

from resolvers.context import Services
from server import demo
from server.app import from_settings
from server.auth import is_loopback
from server.settings import share_metrics
from server.websocket import WebSocketProtocol

PATIENCE_SECONDS = 0.05


async def fill_demo(services: Services, host: str) -> int | None:
    """Fill the demo; gives its environment where requests without a key may act in it."""
    environment = await demo.fill(services)
    return environment if is_loopback(host) else None


def run(
    *, host: str, port: int, workers: int, keyless: int | None, demo: bool, patience_seconds: float
) -> None:
    """Answer requests until told to stop; what is under way then is finished, with some patience."""
    config = uvicorn.Config(
        partial(_application, keyless),
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_config=None,
        ws=WebSocketProtocol,
        # What two sides compress takes memory for each of thousands of sockets.
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=ceil(patience_seconds),
    )
    for told_to_stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(told_to_stop, _leave)
    listener = config.bind_socket()
    address = _address(listener, host)
    announce = partial(_announce, address, demo=demo)
    if workers == 1:
        _Server(config, announce).run(sockets=[listener])
    else:
        # The workers are other processes: they answer when they are ready, and only then is it said.
        threading.Thread(target=_announce_when_alive, args=(address, announce), daemon=True).start()
        with TemporaryDirectory(prefix="allotment-metrics-") as folder:
            share_metrics(folder)
            Multiprocess(config, sockets=[listener]).run()


def _application(keyless: int | None) -> Starlette:
    """Make the application of this process, which ends with the one that started it as its worker."""
    starter = multiprocessing.parent_process()
    if starter is not None:
        threading.Thread(target=_end_with, args=(starter,), daemon=True).start()
    return from_settings(keyless=keyless)


def _end_with(starter: BaseProcess) -> None:
    # Killed, it could not tell its workers to end: they would hold the port and the database.
    starter.join()
    os.kill(os.getpid(), signal.SIGTERM)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    # uvicorn sends itself the signal again once all is finished, and would end by it.
    sys.exit()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, announce: partial[None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce()


def _address(listener: socket.socket, host: str) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listener.getsockname()[1]}"


def _announce(address: str, *, demo: bool) -> None:
    click.echo(f"Allotment is listening on {address}")
    if demo:
        click.echo(f"GraphiQL: {address}/graphql")
        click.echo(f"Pricing page: {address}/pricing/app")
        click.echo(f"A customer's page: {address}/portal?customer=meridian")


def _announce_when_alive(address: str, announce: partial[None]) -> None:
    while not _is_alive(address):
        time.sleep(PATIENCE_SECONDS)
    announce()


def _is_alive(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=1) as answer:  # noqa: S310 - our own
            return bool(answer.status == HTTPStatus.OK)
    except (OSError, urllib.error.URLError):
        return False
