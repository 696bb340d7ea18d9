"""A customer, their subscriptions and custom entitlements as facts, and what those say at an instant.

Nothing here is stored as a status: where a subscription stands follows from its facts and ``now``.
A change never rewrites what has been: it adds a term from an instant on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from rules.values import Value


class SubscriptionStatus(StrEnum):
    """Where a subscription stands in its life."""

    SCHEDULED = "SCHEDULED"
    IN_TRIAL = "IN_TRIAL"
    ACTIVE = "ACTIVE"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"


IN_FORCE = (SubscriptionStatus.IN_TRIAL, SubscriptionStatus.ACTIVE)
LIVE = (SubscriptionStatus.SCHEDULED, *IN_FORCE)


class TrialEnd(StrEnum):
    """What a trial becomes."""

    CONVERT = "CONVERT"
    EXPIRE = "EXPIRE"


class CustomEntitlementMode(StrEnum):
    """What a custom entitlement does to what packages say."""

    GRANT = "GRANT"
    OVERRIDE = "OVERRIDE"
    REVOKE = "REVOKE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """What a subscription is from an instant on, until its next term or its end.

    Periods are counted from ``anchor`` in ``timezone``. ``version`` is the one it was put on, None
    where it is the newest published when the term begins. ``resets`` tells that usage starts anew.
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
    """A customer on the plans of one product; ``number`` orders those of one customer by age.

    Terms are in order of their instants. ``trial_ends_at`` is when its trial was to end from the
    beginning, and ``canceled_at`` when a cancellation takes, or took, effect. ``subscribed_at`` is when
    it was made, where that was after it started.
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
        """When it first gives something: from its start, or from when it was made, if that was later."""
        return self.started_at if self.subscribed_at is None else self.subscribed_at

    def term(self, now: datetime) -> Term:
        """Return the term of an instant; before the first it is the first."""
        return next((term for term in reversed(self.terms) if term.starts_at <= now), self.terms[0])

    @property
    def trial_end(self) -> datetime | None:
        """When its trial ends, or ended, which may be before the end that it was given."""
        paid = (term.starts_at for term in self.terms if not term.trial)
        return None if self.trial_ends_at is None else next(paid, self.trial_ends_at)

    @property
    def expires_at(self) -> datetime | None:
        """When it ends because its trial was not converted; None where nothing of that kind is set."""
        converted = any(not term.trial for term in self.terms)
        return None if converted or self.after_trial is not TrialEnd.EXPIRE else self.trial_ends_at

    @property
    def ends_at(self) -> datetime | None:
        """When it ends, or ended, for whichever reason comes first."""
        return earliest((self.canceled_at, self.expires_at))

    def status(self, now: datetime) -> SubscriptionStatus:
        """Tell where the subscription stands at an instant."""
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
        """Return whether it stands in the way of another of its product."""
        return self.status(now) in LIVE

    def until(self, term: Term) -> tuple[Term, ...]:
        """Return the terms up to a new one, which takes the place of one that began at the same instant."""
        before = tuple(known for known in self.terms if known.starts_at < term.starts_at)
        reset = any(known.resets for known in self.terms if known.starts_at == term.starts_at)
        return (*before, replace(term, resets=term.resets or reset))

    def last_reset(self, now: datetime) -> datetime:
        """Return the instant at which usage last started anew."""
        resets = (term.starts_at for term in self.terms if term.resets and term.starts_at <= now)
        return max(resets, default=self.started_at)

    def next_reset(self, now: datetime) -> datetime | None:
        """Return the first instant after ``now`` at which its facts let usage start anew; None if never."""
        resets = (term.starts_at for term in self.terms if term.resets and term.starts_at > now)
        first = min(resets, default=None)
        return None if first is None or (self.ends_at is not None and self.ends_at <= first) else first

    def scheduled_change(self, now: datetime) -> Term | None:
        """Return the change that is to come."""
        return next((term for term in self.terms if term.scheduled and term.starts_at > now), None)

    def instants(self) -> Iterator[datetime]:
        """Yield every instant at which its facts say that something begins or ends."""
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
    """What was decided for one customer alone about one feature.

    ``removed_at`` is when it was replaced or taken back. Periods that it anchors are counted in
    ``timezone``, the customer's when it was set.
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
        """When it stops speaking, for whichever reason comes first."""
        return earliest((self.expires_at, self.removed_at))

    def in_force(self, now: datetime) -> bool:
        """Return whether it speaks at an instant."""
        return self.starts_at <= now and (self.ends_at is None or now < self.ends_at)


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
    custom: tuple[CustomEntitlement, ...] = ()

    def in_force(self, now: datetime) -> list[Subscription]:
        """Return the subscriptions in force at an instant, oldest first."""
        return [subscription for subscription in self.by_age if subscription.in_force(now)]

    def live(self, now: datetime) -> list[Subscription]:
        """Return the live subscriptions at an instant, oldest first."""
        return [subscription for subscription in self.by_age if subscription.is_live(now)]

    @property
    def by_age(self) -> list[Subscription]:
        """All subscriptions, oldest first: storage order never matters."""
        return sorted(self.subscriptions, key=_age)

    def custom_in_force(self, feature: str, now: datetime) -> list[CustomEntitlement]:
        """Return what speaks about a feature for this customer alone: of each mode the newest, oldest first."""
        newest: dict[CustomEntitlementMode, CustomEntitlement] = {}
        for custom in sorted(self.custom, key=lambda known: known.number):
            if custom.feature == feature and custom.in_force(now):
                newest[custom.mode] = custom
        return sorted(newest.values(), key=lambda custom: (custom.starts_at, custom.number))

    def asked_at(self, clock: datetime) -> datetime:
        """Tell the instant at which a question is asked: never before the customer's last act."""
        return clock if self.acted_at is None else max(clock, self.acted_at)

    def next_instant(self, now: datetime) -> datetime | None:
        """Return the first instant after ``now`` at which a fact of theirs begins or ends."""
        return min((instant for instant in self.instants() if instant > now), default=None)

    def instants(self) -> Iterator[datetime]:
        """Yield every instant at which a fact of theirs begins or ends."""
        for subscription in self.subscriptions:
            yield from subscription.instants()
        for custom in self.custom:
            yield from (end for end in (custom.starts_at, custom.ends_at) if end is not None)


def _age(subscription: Subscription) -> tuple[datetime, int]:
    return subscription.started_at, subscription.number


def earliest(instants: Iterable[datetime | None]) -> datetime | None:
    """Return the first of the instants that there are."""
    return min((instant for instant in instants if instant is not None), default=None)
