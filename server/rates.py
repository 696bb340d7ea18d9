"""Rate limits: so much cost in a span, for each key and for each customer's tokens."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError

from resolvers.context import real_time
from rules.permissions import Viewer
from server.errors import Refused, RequestCode, refuse

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

IN_MEMORY = "memory://"

REDIS_PATIENCE_SECONDS = 1

_log = structlog.get_logger(__name__)


class Rates:
    """The limit that everybody has, such as ``1000/second``; None is no limit.

    What was asked for is counted in ``storage``: in this process alone, or in Redis for all of them.
    """

    def __init__(self, limit: str | None = None, storage: str = IN_MEMORY) -> None:
        self._limit = None if limit is None else parse(limit)
        self._connections = None if storage == IN_MEMORY else _connections(storage)
        self._counting = FixedWindowRateLimiter(_storage(storage, self._connections))

    async def close(self) -> None:
        """Let go of Redis."""
        if self._connections is not None:
            await self._connections.disconnect()

    async def charge(self, viewer: Viewer, cost: int) -> None:
        """Count what somebody asks for; raises Refused where it is too much for now.

        A storage that cannot be reached lets everybody through: that is better than nobody.
        """
        if self._limit is None:
            return
        try:
            await self._charge(self._limit, _name(viewer), cost)
        except StorageError:
            _log.warning("rate limits cannot be counted", exc_info=True)

    async def _charge(self, limit: RateLimitItem, name: tuple[str, ...], cost: int) -> None:
        if not await self._counting.hit(limit, *name, cost=cost):
            reset_at, _ = await self._counting.get_window_stats(limit, *name)
            seconds = math.ceil(reset_at - real_time().timestamp())
            raise _too_much(limit, max(1, seconds))


def _too_much(limit: RateLimitItem, seconds: int) -> Refused:
    message = f"That is more than {limit}, counted by cost. There is more in {seconds} s."
    headers = {"Retry-After": str(seconds)}
    return refuse(RequestCode.RATE_LIMITED, message, HTTPStatus.TOO_MANY_REQUESTS, headers=headers)


def _connections(address: str) -> ConnectionPool:
    # Slow to load, and most do without.
    from redis.asyncio import ConnectionPool  # noqa: PLC0415

    seconds = REDIS_PATIENCE_SECONDS
    return ConnectionPool.from_url(address, socket_timeout=seconds, socket_connect_timeout=seconds)


def _storage(address: str, connections: ConnectionPool | None) -> Storage:
    if connections is None:
        return MemoryStorage()
    return RedisStorage(
        address,
        implementation="redispy",
        key_prefix="allotment",
        wrap_exceptions=True,
        # It is taken, as documented; only plain options are typed.
        connection_pool=connections,  # type: ignore[arg-type]
    )


def _name(viewer: Viewer) -> tuple[str, ...]:
    environment = str(viewer.environment)
    if viewer.customer is not None:
        return environment, "customer", viewer.customer
    return environment, "key", str(viewer.key)
