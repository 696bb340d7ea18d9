"""Engines on PostgreSQL, whose connections are given up where they are lost without a word.

Three watches, each for what the one before cannot see: the kernel's for a peer that is silent, a proof
before a connection that lay idle is used again, and an end to what a statement may take.
"""

from __future__ import annotations

import socket
from time import monotonic
from typing import Any

from sqlalchemy import URL, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

CONNECT_SECONDS = 5.0
"""How long it may take to connect."""

LONGEST_SECONDS = 60.0
"""How long a statement of a request may take: six times what it takes to sum ten million events."""

SOON_SECONDS = 5.0
"""How long what takes milliseconds may take: a glance, a key."""

TRUSTED_SECONDS = 0.5
"""How long a connection is trusted after it was used."""

PROOF_SECONDS = 1.0
"""How long it may take to show that it still stands."""

SILENCE = {
    "TCP_KEEPIDLE": 5,
    "TCP_KEEPINTVL": 5,
    "TCP_KEEPCNT": 3,
    "TCP_USER_TIMEOUT": 20_000,
}
"""After how much silence of the server's our kernel gives a connection up: 20 seconds, on Linux."""

_SILENCE_OF_OURS = (
    "tcp_keepalives_idle = 5",
    "tcp_keepalives_interval = 5",
    "tcp_keepalives_count = 3",
    "tcp_user_timeout = 20000",
)
"""The same for the server's kernel, which would keep our locks."""

_USED_AT = "used_at"


def engine(address: URL, longest: float | None, *settings: str, **options: Any) -> AsyncEngine:  # noqa: ANN401 - SQLAlchemy's own
    """Make an engine, each of whose statements may take ``longest`` seconds; None for as long as it likes.

    ``settings`` are what each session SETs. A TimeoutError of a statement ends its connection.
    """
    made = create_async_engine(
        address,
        # What customers are called and use does not belong into logged errors.
        hide_parameters=True,
        connect_args={"timeout": CONNECT_SECONDS, "command_timeout": longest},
        **options,
    )

    script = "; ".join(f"SET {setting}" for setting in (*_SILENCE_OF_OURS, *settings))

    @event.listens_for(made.sync_engine, "connect")
    def prepare(connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's, behind its adapter
        _watch(connection.driver_connection)
        connection.run_async(lambda driver: driver.execute(script))

    event.listen(made.sync_engine, "checkin", _note_use)
    event.listen(made.sync_engine, "checkout", _prove)
    event.listen(made.sync_engine, "handle_error", _give_up)
    return made


def driver_errors() -> tuple[type[Exception], ...]:
    """Return what asyncpg raises, besides OSError."""
    import asyncpg  # noqa: PLC0415 - who keeps a file does not load it

    return asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError


def _watch(driver: Any) -> None:  # noqa: ANN401 - asyncpg's connection
    """Have the kernel notice that a peer is silent, without a limit to how long a statement may take."""
    peer = driver._transport.get_extra_info("socket")  # noqa: SLF001 - it offers no other way to its socket
    if peer.family == socket.AF_UNIX:
        return
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in SILENCE.items():
        if hasattr(socket, name):
            peer.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _note_use(_connection: object, record: Any) -> None:  # noqa: ANN401 - the pool's
    record.info[_USED_AT] = monotonic()


def _prove(connection: Any, record: Any, _proxy: object) -> None:  # noqa: ANN401 - the driver's and the pool's
    """Have a connection that lay idle show that it stands; where it does not, no older one is trusted."""
    used_at = record.info.get(_USED_AT)
    if used_at is None or monotonic() - used_at < TRUSTED_SECONDS:
        return
    try:
        connection.run_async(lambda driver: driver.execute("SELECT 1", timeout=PROOF_SECONDS))
    except Exception as error:
        connection.driver_connection.terminate()
        raise InvalidatePoolError from error


def _give_up(context: ExceptionContext) -> None:
    """Trust no connection of the pool any more where one does not answer."""
    if isinstance(context.original_exception, TimeoutError):
        context.is_disconnect = True
