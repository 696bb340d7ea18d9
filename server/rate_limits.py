"""Rate limits: a cost per span, for each key and for each customer's tokens."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from rules.auth.permissions import Viewer
from server.errors import Refused, RequestCode, refuse

if TYPE_CHECKING:
    from server.rate_counter import RateCounter

IN_MEMORY = "memory://"

PAGE_COST = 100
"""The cost of a page for people, also of one that is not sent again."""


class RateLimiter:
    """One limit for every key and customer, such as ``1000/second``; None is no limit.

    Costs are counted in ``storage``: in this process alone, or in Redis for all processes.
    """

    def __init__(self, limit: str | None = None, storage: str = IN_MEMORY) -> None:
        self._counting = None if limit is None else _counting(limit, storage)

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._counting is not None:
            await self._counting.close()

    async def charge(self, viewer: Viewer, cost: int) -> None:
        """Count a cost; raises Refused where it exceeds the limit.

        Where the storage cannot be reached, every request passes: better than none.
        """
        if self._counting is None:
            return
        seconds = await self._counting.seconds_to_wait(_name(viewer), cost)
        if seconds is not None:
            raise _too_much(self._counting.limit, seconds)


def _counting(limit: str, storage: str) -> RateCounter:
    # Slow to load, and most servers set no limit.
    from server.rate_counter import RateCounter  # noqa: PLC0415

    return RateCounter(limit, None if storage == IN_MEMORY else storage)


def _too_much(limit: str, seconds: int) -> Refused:
    message = f"Rate limit of {limit} exceeded, counted by cost. Retry in {seconds} s."
    return refuse(
        RequestCode.RATE_LIMITED,
        message,
        HTTPStatus.TOO_MANY_REQUESTS,
        headers={"Retry-After": str(seconds)},
        # For callers that cannot read headers: on a WebSocket, and behind most GraphQL clients.
        details={"retryAfter": seconds},
    )


def _name(viewer: Viewer) -> tuple[str, ...]:
    environment = str(viewer.environment)
    if viewer.customer is not None:
        return environment, "customer", viewer.customer
    return environment, "key", str(viewer.key)
