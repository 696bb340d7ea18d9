"""Serving: the command, the sockets, the processes and the line that says where."""

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
import structlog
import uvicorn
from starlette.applications import Starlette
from uvicorn.supervisors import Multiprocess

from models.migrations.migrate import migrate
from server.cli.gc_freeze import freeze_afterwards
from server.cli.runner import run_to_end, services_on, settings_or_fail
from server.config.settings import Settings, share_metrics
from server.execution.trusted_documents import UnreadableDocuments, read_trusted
from server.time_zones import use_newest_rules
from server.websocket.uvicorn_protocol import WebSocketProtocol

PATIENCE_SECONDS = 0.05

_log = structlog.get_logger(__name__)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, help="The port to listen on; 0 takes any.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1), help="How many processes.")
@click.option(
    "--demo", is_flag=True, help="Fill the environment 'demo' with a sample, and say where to look."
)
def serve(host: str, port: int, workers: int, *, demo: bool) -> None:
    """Bring the database up to date and answer requests until told to stop."""
    settings = settings_or_fail()
    try:
        read_trusted(settings)
    except UnreadableDocuments as error:
        raise click.ClickException(str(error)) from None
    used = use_newest_rules()
    _log.info("the rules of time zones", release=used.release, source=used.source)
    keyless = run_to_end(_prepared(settings, host, demo=demo))
    run_server(
        host=host,
        port=port,
        workers=workers,
        keyless=keyless,
        demo=demo,
        # A body may take as long to arrive as the answer to be worked out.
        patience_seconds=2 * settings.time_limit_seconds,
    )


async def _prepared(settings: Settings, host: str, *, demo: bool) -> int | None:
    """Migrate, and fill the demo; gives the environment of requests without a key."""
    await migrate(settings.database_url)
    if not demo:
        return None
    # Nobody else needs the sample, or whoever is asked for keys.
    from server.auth import is_loopback  # noqa: PLC0415
    from server.demo.fill import fill  # noqa: PLC0415

    async with services_on(settings) as services:
        environment = await fill(services)
    # Where others can reach the server, nobody acts without a key.
    return environment if is_loopback(host) else None


def run_server(
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
    with freeze_afterwards():
        # Only the processes that answer need it, and not the one that watches over them.
        from server.app import from_settings  # noqa: PLC0415

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
