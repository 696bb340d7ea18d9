"""Counts requests against a rate limit: in this process alone, or in Redis for all processes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import structlog
from limits import parse
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError

from resolvers.context import real_time

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

REDIS_PATIENCE_SECONDS = 1

_log = structlog.get_logger(__name__)


class RateCounter:
    """Counts against one limit, in the Redis at an address or, without one, in this process."""

    def __init__(self, limit: str, redis: str | None) -> None:
        self._limit = parse(limit)
        self._connections = None if redis is None else _connections(redis)
        self._counting = FixedWindowRateLimiter(_storage(redis, self._connections))

    @property
    def limit(self) -> str:
        """The limit in words."""
        return str(self._limit)

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._connections is not None:
            await self._connections.disconnect()

    async def seconds_to_wait(self, name: tuple[str, ...], cost: int) -> int | None:
        """Count a cost; return after how many seconds to retry where it exceeds the limit, else None.

        A storage that cannot be reached never exceeds the limit.
        """
        try:
            if await self._counting.hit(self._limit, *name, cost=cost):
                return None
            reset_at, _ = await self._counting.get_window_stats(self._limit, *name)
        except StorageError:
            _log.warning("rate limits cannot be counted", exc_info=True)
            return None
        return max(1, math.ceil(reset_at - real_time().timestamp()))


def _connections(address: str) -> ConnectionPool:
    # Slow to load, and most servers do not need it.
    from redis.asyncio import ConnectionPool  # noqa: PLC0415

    seconds = REDIS_PATIENCE_SECONDS
    return ConnectionPool.from_url(address, socket_timeout=seconds, socket_connect_timeout=seconds)


def _storage(address: str | None, connections: ConnectionPool | None) -> Storage:
    if address is None:
        return MemoryStorage()
    return RedisStorage(
        address,
        implementation="redispy",
        key_prefix="allotment",
        wrap_exceptions=True,
        # Documented as an option, but typed for plain ones only.
        connection_pool=connections,  # type: ignore[arg-type]
    )
