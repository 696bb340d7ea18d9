"""Rate limits: so much cost in a span, for each key and for each customer's tokens."""

from __future__ import annotations

import math

import structlog
from graphql import GraphQLError
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError

from resolvers.context import real_time
from rules.permissions import Viewer

IN_MEMORY = "memory://"
COST = 1
"""What a request costs."""

REDIS_PATIENCE_SECONDS = 1

_log = structlog.get_logger(__name__)


class RateLimited(GraphQLError):  # noqa: N818 - what the request is
    """Too much was asked for in too short a time; ``retry_after`` is when there is more, in seconds."""

    def __init__(self, limit: RateLimitItem, retry_after: int) -> None:
        message = f"More than {limit} was asked for. There is more in {retry_after} s."
        super().__init__(message, extensions={"code": "RATE_LIMITED", "retryAfter": retry_after})
        self.retry_after = retry_after


class Rates:
    """The limit that everybody has, such as ``1000/second``; None is no limit.

    What was asked for is counted in ``storage``: in this process alone, or in Redis for all of them.
    """

    def __init__(self, limit: str | None = None, storage: str = IN_MEMORY) -> None:
        self._limit = None if limit is None else parse(limit)
        self._counting = FixedWindowRateLimiter(_storage(storage))

    async def charge(self, viewer: Viewer, cost: int = COST) -> None:
        """Count what somebody asks for; raises RateLimited where it is too much.

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
            raise RateLimited(limit, max(1, seconds))


def _storage(address: str) -> Storage:
    if address == IN_MEMORY:
        return MemoryStorage()
    return RedisStorage(
        address,
        implementation="redispy",
        key_prefix="allotment",
        wrap_exceptions=True,
        socket_timeout=REDIS_PATIENCE_SECONDS,
        socket_connect_timeout=REDIS_PATIENCE_SECONDS,
    )


def _name(viewer: Viewer) -> tuple[str, ...]:
    environment = str(viewer.environment)
    if viewer.customer is not None:
        return environment, "customer", viewer.customer
    return environment, "key", str(viewer.key)
