"""PostgreSQL engines, which give up connections that are lost without notice.

Three measures, each for what the one before cannot detect: TCP keepalive for a silent peer, a test before
an idle connection is used again, and a timeout for each statement.
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
"""The most seconds to connect."""

LONGEST_SECONDS = 60.0
"""The most seconds for a statement of a request: six times what a sum of ten million events takes."""

SOON_SECONDS = 5.0
"""The most seconds for statements that take milliseconds: a probe, a key."""

TRUSTED_SECONDS = 0.5
"""How many seconds a connection is trusted after its last use."""

PROOF_SECONDS = 1.0
"""The most seconds for the test of a connection."""

SILENCE = {
    "TCP_KEEPIDLE": 5,
    "TCP_KEEPINTVL": 5,
    "TCP_KEEPCNT": 3,
    "TCP_USER_TIMEOUT": 20_000,
}
"""The silence of the server after which our kernel gives up a connection: 20 seconds, on Linux."""

_SILENCE_OF_OURS = (
    "tcp_keepalives_idle = 5",
    "tcp_keepalives_interval = 5",
    "tcp_keepalives_count = 3",
    "tcp_user_timeout = 20000",
)
"""The same for the server's kernel, which would otherwise keep our locks."""

_USED_AT = "used_at"


def engine(address: URL, longest: float | None, *settings: str, **options: Any) -> AsyncEngine:  # noqa: ANN401 - SQLAlchemy's own
    """Return an engine whose statements may take ``longest`` seconds each; None for no limit.

    Each session SETs ``settings``. A statement's TimeoutError ends its connection.
    """
    made = create_async_engine(
        address,
        # Names and usage of customers do not belong into logged errors.
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
    """Return the exceptions of asyncpg besides OSError."""
    import asyncpg  # noqa: PLC0415 - not loaded for SQLite

    return asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError


def _watch(driver: Any) -> None:  # noqa: ANN401 - asyncpg's connection
    """Let the kernel detect a silent peer, without a limit for long statements."""
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
    """Test a connection that was idle; if it fails, drop all older connections of the pool."""
    used_at = record.info.get(_USED_AT)
    if used_at is None or monotonic() - used_at < TRUSTED_SECONDS:
        return
    try:
        connection.run_async(lambda driver: driver.execute("SELECT 1", timeout=PROOF_SECONDS))
    except Exception as error:
        connection.driver_connection.terminate()
        raise InvalidatePoolError from error


def _give_up(context: ExceptionContext) -> None:
    """Drop all connections of the pool if one times out."""
    if isinstance(context.original_exception, TimeoutError):
        context.is_disconnect = True
