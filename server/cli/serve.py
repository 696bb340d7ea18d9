"""The command serve: sockets, processes, and the line that names the address."""

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
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1),
    help="How many processes share the work.",
)
@click.option(
    "--demo", is_flag=True, help="Fill the environment 'demo' with a sample, and print where to look."
)
def serve(host: str, port: int, workers: int, *, demo: bool) -> None:
    """Migrate the database and answer requests until stopped."""
    settings = settings_or_fail()
    try:
        read_trusted(settings)
    except UnreadableDocuments as error:
        raise click.ClickException(str(error)) from None
    used = use_newest_rules()
    keyless = run_to_end(_prepare(settings, host, demo=demo))
    _log.info("the rules of time zones", release=used.release, source=used.source)
    run_server(
        host=host,
        port=port,
        workers=workers,
        keyless=keyless,
        demo=demo,
        # A request may use the time limit twice: for its body, then for its answer.
        patience_seconds=2 * settings.time_limit_seconds,
    )


async def _prepare(settings: Settings, host: str, *, demo: bool) -> int | None:
    """Migrate, and fill the demo; return the environment of requests without a key."""
    await migrate(settings.database_url)
    if not demo:
        return None
    # Only a demo needs these modules.
    from server.auth import is_loopback  # noqa: PLC0415
    from server.demo.fill import fill  # noqa: PLC0415

    async with services_on(settings) as services:
        environment = await fill(services)
    # Where other machines can reach the server, every request needs a key.
    return environment if is_loopback(host) else None


def run_server(
    *, host: str, port: int, workers: int, keyless: int | None, demo: bool, patience_seconds: float
) -> None:
    """Answer requests until stopped; running requests get ``patience_seconds`` to finish."""
    config = uvicorn.Config(
        partial(_application, keyless),
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_config=None,
        ws=WebSocketProtocol,
        # Compression takes memory for each of thousands of sockets.
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
        # The workers are other processes: announce the address once one of them answers.
        threading.Thread(target=_announce_when_alive, args=(address, announce), daemon=True).start()
        with TemporaryDirectory(prefix="allotment-metrics-") as folder:
            share_metrics(folder)
            Multiprocess(config, sockets=[listener]).run()


def _application(keyless: int | None) -> Starlette:
    """Build the application of this process, which ends together with its supervisor."""
    starter = multiprocessing.parent_process()
    if starter is not None:
        threading.Thread(target=_end_with, args=(starter,), daemon=True).start()
    with freeze_afterwards():
        # Only workers need it, not their supervisor.
        from server.app import from_settings  # noqa: PLC0415

        return from_settings(keyless=keyless)


def _end_with(starter: BaseProcess) -> None:
    # A killed supervisor cannot end its workers, which would keep the port and the database.
    starter.join()
    os.kill(os.getpid(), signal.SIGTERM)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    # uvicorn sends itself the signal again once all is finished, which would kill the process.
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
