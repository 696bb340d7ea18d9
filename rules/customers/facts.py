"""Customers, their subscriptions and custom entitlements as facts, and their state at an instant.

No status is stored: it follows from the facts and ``now``. A change never rewrites the past: it adds a term
from an instant on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from rules.values import Value


class SubscriptionStatus(StrEnum):
    """The status of a subscription."""

    SCHEDULED = "SCHEDULED"
    IN_TRIAL = "IN_TRIAL"
    ACTIVE = "ACTIVE"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"


IN_FORCE = (SubscriptionStatus.IN_TRIAL, SubscriptionStatus.ACTIVE)
LIVE = (SubscriptionStatus.SCHEDULED, *IN_FORCE)


class TrialEnd(StrEnum):
    """What follows a trial that ends."""

    CONVERT = "CONVERT"
    EXPIRE = "EXPIRE"


class CustomEntitlementMode(StrEnum):
    """How a custom entitlement combines with packages."""

    GRANT = "GRANT"
    OVERRIDE = "OVERRIDE"
    REVOKE = "REVOKE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """The state of a subscription from an instant on, until its next term or its end.

    Periods are counted from ``anchor`` in ``timezone``. ``version`` is the one it was assigned, None for
    the newest that is published when the term begins. ``resets`` says that usage starts again.
    """

    starts_at: datetime
    plan: str
    version: int | None
    anchor: datetime
    timezone: str
    price: str | None = None
    trial: bool = False
    resets: bool = True
    scheduled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldAddon:
    """An add-on of a subscription, in a quantity, from an instant to another (None: to its end)."""

    addon: str
    version: int
    quantity: int
    starts_at: datetime
    ends_at: datetime | None = None

    def in_force(self, now: datetime) -> bool:
        """Return whether the subscription has it at an instant."""
        return self.starts_at <= now and (self.ends_at is None or now < self.ends_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A customer's subscription to the plans of one product; ``number`` orders them by age.

    Terms are ordered by their instants. ``trial_ends_at`` is the original end of its trial, and
    ``canceled_at`` is when a cancellation takes, or took, effect. ``subscribed_at`` is when it was created,
    if that was after it started.
    """

    number: int
    product: str
    terms: tuple[Term, ...]
    addons: tuple[HeldAddon, ...] = ()
    trial_ends_at: datetime | None = None
    after_trial: TrialEnd | None = None
    canceled_at: datetime | None = None
    subscribed_at: datetime | None = None

    @property
    def started_at(self) -> datetime:
        """When it begins, or began."""
        return self.terms[0].starts_at

    @property
    def opens_at(self) -> datetime:
        """When it first gives something: its start, or its creation if that was later."""
        return self.started_at if self.subscribed_at is None else self.subscribed_at

    def term(self, now: datetime) -> Term:
        """Return the term at an instant; before the first term, the first."""
        return next((term for term in reversed(self.terms) if term.starts_at <= now), self.terms[0])

    @property
    def trial_end(self) -> datetime | None:
        """When its trial ends, or ended, which may be before the original end; None without a trial."""
        paid = (term.starts_at for term in self.terms if not term.trial)
        return None if self.trial_ends_at is None else next(paid, self.trial_ends_at)

    @property
    def expires_at(self) -> datetime | None:
        """When it ends because its trial was not converted; None if no trial expires."""
        converted = any(not term.trial for term in self.terms)
        return None if converted or self.after_trial is not TrialEnd.EXPIRE else self.trial_ends_at

    @property
    def ends_at(self) -> datetime | None:
        """When it ends, or ended, for whichever reason comes first; None if it has no end."""
        return earliest((self.canceled_at, self.expires_at))

    def status(self, now: datetime) -> SubscriptionStatus:
        """Return the status of the subscription at an instant."""
        if self.ends_at is not None and self.ends_at <= now:
            canceled = self.ends_at == self.canceled_at
            return SubscriptionStatus.CANCELED if canceled else SubscriptionStatus.EXPIRED
        if now < self.started_at:
            return SubscriptionStatus.SCHEDULED
        return SubscriptionStatus.IN_TRIAL if self.term(now).trial else SubscriptionStatus.ACTIVE

    def in_force(self, now: datetime) -> bool:
        """Return whether it gives anything at an instant."""
        return self.status(now) in IN_FORCE

    def is_live(self, now: datetime) -> bool:
        """Return whether it prevents another subscription to its product."""
        return self.status(now) in LIVE

    def until(self, term: Term) -> tuple[Term, ...]:
        """Return the terms up to a new one, which replaces a term that began at the same instant."""
        before = tuple(known for known in self.terms if known.starts_at < term.starts_at)
        reset = any(known.resets for known in self.terms if known.starts_at == term.starts_at)
        return (*before, replace(term, resets=term.resets or reset))

    def last_reset(self, now: datetime) -> datetime:
        """Return the instant at which usage last reset."""
        resets = (term.starts_at for term in self.terms if term.resets and term.starts_at <= now)
        return max(resets, default=self.started_at)

    def next_reset(self, now: datetime) -> datetime | None:
        """Return the first instant after ``now`` at which its facts reset usage; None if never."""
        resets = (term.starts_at for term in self.terms if term.resets and term.starts_at > now)
        first = min(resets, default=None)
        return None if first is None or (self.ends_at is not None and self.ends_at <= first) else first

    def scheduled_change(self, now: datetime) -> Term | None:
        """Return the change scheduled for later; None without one."""
        return next((term for term in self.terms if term.scheduled and term.starts_at > now), None)

    def instants(self) -> Iterator[datetime]:
        """Yield every instant at which its facts begin or end something."""
        yield self.opens_at
        for term in self.terms:
            yield term.starts_at
        for held in self.addons:
            yield held.starts_at
            if held.ends_at is not None:
                yield held.ends_at
        if self.ends_at is not None:
            yield self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomEntitlement:
    """A custom entitlement of one customer for one feature.

    ``removed_at`` is when it was replaced or removed. Periods that it anchors are counted in ``timezone``,
    the customer's when it was set.
    """

    number: int
    feature: str
    mode: CustomEntitlementMode
    starts_at: datetime
    timezone: str
    value: Value | None = None
    note: str | None = None
    expires_at: datetime | None = None
    removed_at: datetime | None = None

    @property
    def ends_at(self) -> datetime | None:
        """When it stops applying, for whichever reason comes first; None if never."""
        return earliest((self.expires_at, self.removed_at))

    def in_force(self, now: datetime) -> bool:
        """Return whether it applies at an instant."""
        return self.starts_at <= now and (self.ends_at is None or now < self.ends_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A customer; ``key`` is the caller's, ``number`` is ours, ``revision`` counts their commands."""

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
    custom: tuple[CustomEntitlement, ...] = ()

    def in_force(self, now: datetime) -> list[Subscription]:
        """Return the subscriptions in force at an instant, oldest first."""
        return [subscription for subscription in self.by_age if subscription.in_force(now)]

    def live(self, now: datetime) -> list[Subscription]:
        """Return the live subscriptions at an instant, oldest first."""
        return [subscription for subscription in self.by_age if subscription.is_live(now)]

    @property
    def by_age(self) -> list[Subscription]:
        """All subscriptions, oldest first; the order of storage never matters."""
        return sorted(self.subscriptions, key=_age)

    def custom_in_force(self, feature: str, now: datetime) -> list[CustomEntitlement]:
        """Return the custom entitlements of a feature: the newest of each mode, oldest first."""
        newest: dict[CustomEntitlementMode, CustomEntitlement] = {}
        for custom in sorted(self.custom, key=lambda known: known.number):
            if custom.feature == feature and custom.in_force(now):
                newest[custom.mode] = custom
        return sorted(newest.values(), key=lambda custom: (custom.starts_at, custom.number))

    def asked_at(self, clock: datetime) -> datetime:
        """Return the instant at which a check is decided: never before the customer's last command."""
        return clock if self.acted_at is None else max(clock, self.acted_at)

    def next_instant(self, now: datetime) -> datetime | None:
        """Return the first instant after ``now`` at which a fact begins or ends; None if there is none."""
        return min((instant for instant in self.instants() if instant > now), default=None)

    def instants(self) -> Iterator[datetime]:
        """Yield every instant at which a fact begins or ends."""
        for subscription in self.subscriptions:
            yield from subscription.instants()
        for custom in self.custom:
            yield from (end for end in (custom.starts_at, custom.ends_at) if end is not None)


def _age(subscription: Subscription) -> tuple[datetime, int]:
    return subscription.started_at, subscription.number


def earliest(instants: Iterable[datetime | None]) -> datetime | None:
    """Return the first of the instants, ignoring None; None if there are none."""
    return min((instant for instant in instants if instant is not None), default=None)
