"""A customer and their subscriptions as facts, and what those say at an instant.

Nothing here is stored as a status: what a subscription is follows from its facts and ``now``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class SubscriptionStatus(StrEnum):
    """Where a subscription stands in its life."""

    SCHEDULED = "SCHEDULED"
    ACTIVE = "ACTIVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A customer on a plan; ``number`` orders the subscriptions of one customer by age.

    ``version`` is the one it was put on. Periods are counted from ``anchor`` in ``timezone``,
    which is the customer's at the moment of the anchor.
    """

    number: int
    product: str
    plan: str
    version: int
    started_at: datetime
    anchor: datetime
    timezone: str
    price: str | None = None

    def status(self, now: datetime) -> SubscriptionStatus:
        """Tell where the subscription stands at an instant."""
        return SubscriptionStatus.SCHEDULED if now < self.started_at else SubscriptionStatus.ACTIVE

    def in_force(self, now: datetime) -> bool:
        """Tell whether it gives anything at an instant."""
        return self.status(now) is SubscriptionStatus.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A customer by the caller's own key; ``number`` is ours, ``revision`` counts their acts."""

    number: int
    key: str
    name: str | None = None
    email: str | None = None
    timezone: str = "UTC"
    metadata: Mapping[str, object] = field(default_factory=dict)
    archived: bool = False
    revision: int = 0
    acted_at: datetime | None = None
    subscriptions: tuple[Subscription, ...] = ()

    def in_force(self, now: datetime) -> list[Subscription]:
        """Give the subscriptions in force at an instant, oldest first."""
        return [subscription for subscription in self.by_age if subscription.in_force(now)]

    @property
    def by_age(self) -> list[Subscription]:
        """All subscriptions, oldest first: storage order never matters."""
        return sorted(self.subscriptions, key=_age)

    def asked_at(self, clock: datetime) -> datetime:
        """Tell the instant at which a question is asked: never before the customer's last act."""
        return clock if self.acted_at is None else max(clock, self.acted_at)


def _age(subscription: Subscription) -> tuple[datetime, int]:
    return subscription.started_at, subscription.number


def next_start(subscriptions: Iterable[Subscription], now: datetime) -> datetime | None:
    """Give the first instant after ``now`` at which a subscription comes into force."""
    return min((s.started_at for s in subscriptions if s.started_at > now), default=None)
