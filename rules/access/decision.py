"""The access decision: may this customer use this feature, how much is left, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rules.catalog.facts import CreditRate, Feature, FeatureStatus
from rules.catalog.inheritance import ResolvedCatalog
from rules.catalog.wording import value_text
from rules.credits.accounts import CreditAccount
from rules.credits.overage import OverageCost, credit_rate, is_paid_in_money, overage_cost
from rules.credits.roll_forward import next_instant
from rules.customers.effective import NOTHING, EffectiveEntitlement, effective_entitlement
from rules.customers.facts import Customer, earliest
from rules.customers.terms import billing_period, publishes_after
from rules.revisions import Revision
from rules.standpoints import PRESENT, Standpoint
from rules.usage.counters import Tallies
from rules.usage.limits import UsageBalance, fits_below, fits_limit
from rules.usage.metering import Metering, Window, is_added_up
from rules.usage.reservations import NOTHING_RESERVED, ReservedTotal
from rules.usage.windows import current_metering, cut
from rules.values import BillingPeriod, Choices, ConfigKind, FeatureType, Metered


class AccessReason(StrEnum):
    """The reason for a decision; denials are listed in the order in which they are tested."""

    GRANTED = "GRANTED"
    WITHIN_LIMIT = "WITHIN_LIMIT"
    UNLIMITED = "UNLIMITED"
    OVERAGE_ALLOWED = "OVERAGE_ALLOWED"
    WITHIN_CREDITS = "WITHIN_CREDITS"
    CUSTOMER_NOT_FOUND = "CUSTOMER_NOT_FOUND"
    CUSTOMER_ARCHIVED = "CUSTOMER_ARCHIVED"
    FEATURE_NOT_FOUND = "FEATURE_NOT_FOUND"
    FEATURE_UNAVAILABLE = "FEATURE_UNAVAILABLE"
    TYPE_MISMATCH = "TYPE_MISMATCH"
    REVOKED = "REVOKED"
    NO_ACTIVE_SUBSCRIPTION = "NO_ACTIVE_SUBSCRIPTION"
    NOT_ENTITLED = "NOT_ENTITLED"
    VALUE_NOT_INCLUDED = "VALUE_NOT_INCLUDED"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    INSUFFICIENT_CREDITS = "INSUFFICIENT_CREDITS"


ALLOWING = frozenset(
    {
        AccessReason.GRANTED,
        AccessReason.WITHIN_LIMIT,
        AccessReason.UNLIMITED,
        AccessReason.OVERAGE_ALLOWED,
        AccessReason.WITHIN_CREDITS,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessCheck:
    """An access check: ``requested`` in micros for a metered feature, ``values`` for a choice.

    ``to_consume`` checks whether the quantity may be consumed at once, which requires a sum or a count.
    """

    customer: str
    feature: str
    requested: int | None = None
    values: tuple[str, ...] | None = None
    to_consume: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedCheck:
    """The customer and feature of a check, as far as they exist, and the customer's entitlement.

    ``past``: evaluated before the customer's last change; later usage is ignored. ``until`` is no later
    than the first instant at which time alone can change any of this, None if it never does. ``rate`` says
    how many credits usage burns, and ``book`` is then the account that holds them.
    """

    flat: ResolvedCatalog
    question: AccessCheck
    now: datetime
    customer: Customer | None = None
    feature: Feature | None = None
    entitlement: EffectiveEntitlement = NOTHING
    metering: Metering | None = None
    billing: BillingPeriod | None = None
    past: bool = False
    until: datetime | None = None
    rate: CreditRate | None = None
    book: CreditAccount | None = None
    standpoint: Standpoint = PRESENT

    @property
    def window(self) -> Window | None:
        """The window whose counter the decision needs; None if it needs none."""
        return None if self.metering is None else self.metering.window


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The result of a check. Unknown keys give a reason, not an error.

    ``tested`` is the usage that was tested, and ``usage`` the usage that is returned; in the same way
    ``book`` is the account that is returned, and the subject's is the one that was tested. They differ
    after a consumption. ``payment`` is the request's cost in credits.
    """

    subject: ResolvedCheck
    reason: AccessReason
    usage: UsageBalance | None = None
    tested: UsageBalance | None = None
    payment: OverageCost | None = None
    book: CreditAccount | None = None
    valid_until: datetime | None = None

    @property
    def allowed(self) -> bool:
        """Whether the reason allows access."""
        return self.reason in ALLOWING

    @property
    def display_text(self) -> str:
        """What the customer has, in words; without an entitlement the feature's name or key."""
        subject = self.subject
        if subject.feature is None:
            return subject.question.feature
        return value_text(subject.entitlement.value, subject=subject.feature, billing=subject.billing)

    @property
    def revision(self) -> Revision:
        """The revision that the decision is based on."""
        customer = self.subject.customer
        return Revision(self.subject.flat.catalog.revision, customer.revision if customer else 0)


def resolve_check(
    flat: ResolvedCatalog,
    customer: Customer | None,
    question: AccessCheck,
    now: datetime,
    *,
    past: bool = False,
) -> ResolvedCheck:
    """Find the customer, feature and entitlement of a check at an instant."""
    feature = flat.catalog.features.get(question.feature)
    if customer is None or feature is None:
        return ResolvedCheck(flat=flat, question=question, now=now, customer=customer, feature=feature)
    has = effective_entitlement(flat, customer, feature, now)
    counted = current_metering(flat, feature, has, now)
    until = _until(flat, customer, counted, now)
    if counted is not None:
        counted = counted.until(now) if past else cut(flat, customer, feature, counted, (now, until))
    return ResolvedCheck(
        flat=flat,
        question=question,
        now=now,
        customer=customer,
        feature=feature,
        entitlement=has,
        metering=counted,
        billing=_billing(flat, has, now),
        past=past,
        until=until,
        rate=None
        if has.revoked or not is_added_up(feature)
        else credit_rate(flat, customer, feature.key, now),
    )


def _until(
    flat: ResolvedCatalog, customer: Customer, counted: Metering | None, now: datetime
) -> datetime | None:
    publishes = (
        instant
        for subscription in customer.subscriptions
        for instant in publishes_after(flat.catalog, subscription, now)
    )
    reset = counted.period.end if counted is not None else None
    return earliest((customer.next_instant(now), reset, *publishes))


def _billing(flat: ResolvedCatalog, has: EffectiveEntitlement, now: datetime) -> BillingPeriod | None:
    subscription = has.counting.subscription if has.counting is not None else None
    return None if subscription is None else billing_period(flat.catalog, subscription, now)


def decide(
    subject: ResolvedCheck,
    tallies: Tallies,
    held: ReservedTotal = NOTHING_RESERVED,
    next_usage: datetime | None = None,
) -> Decision:
    """Decide a check; ``tallies`` must have the counter of the subject's window.

    ``next_usage`` is when, after a past instant, usage of the feature was next recorded or reserved.
    """
    usage = _usage(subject, tallies, held)
    return Decision(
        subject=subject,
        reason=_denial(subject, usage) or _permission(subject, usage),
        usage=usage,
        tested=usage,
        payment=overage_cost_of(subject, usage),
        book=subject.book,
        valid_until=earliest((subject.until, held.until, next_usage, _credits_until(subject))),
    )


def overage_cost_of(subject: ResolvedCheck, usage: UsageBalance | None) -> OverageCost | None:
    """Return what a check's request would cost in credits; None if usage burns none."""
    if subject.rate is None or subject.book is None:
        return None
    value = None if usage is None else usage.value
    used = 0 if usage is None else usage.used + usage.reserved
    return overage_cost(value, subject.rate, subject.book, used, subject.question.requested)


def _credits_until(subject: ResolvedCheck) -> datetime | None:
    if subject.book is None or subject.customer is None:
        return None
    if subject.past:
        # The next entry of the ledger is at least one tick later.
        return subject.now + datetime.resolution
    return next_instant(subject.book, subject.customer, subject.flat)


def _usage(subject: ResolvedCheck, tallies: Tallies, held: ReservedTotal) -> UsageBalance | None:
    value, counted = subject.entitlement.value, subject.metering
    if counted is None or not isinstance(value, Metered):
        return None
    return UsageBalance(
        used=tallies[counted.window].used,
        limit=value.limit,
        value=value,
        metering=counted,
        reserved=held.quantity,
    )


Test = Callable[[ResolvedCheck, UsageBalance | None], AccessReason | None]
"""Tests one reason for a denial; returns None if it does not deny."""


def _unknown_customer(subject: ResolvedCheck, _: UsageBalance | None) -> AccessReason | None:
    return AccessReason.CUSTOMER_NOT_FOUND if subject.customer is None else None


def _archived_customer(subject: ResolvedCheck, _: UsageBalance | None) -> AccessReason | None:
    archived = subject.customer is not None and subject.customer.archived
    return AccessReason.CUSTOMER_ARCHIVED if archived else None


def _unknown_feature(subject: ResolvedCheck, _: UsageBalance | None) -> AccessReason | None:
    return AccessReason.FEATURE_NOT_FOUND if subject.feature is None else None


def _unavailable(subject: ResolvedCheck, _: UsageBalance | None) -> AccessReason | None:
    active = subject.feature is not None and subject.feature.status is FeatureStatus.ACTIVE
    return None if active else AccessReason.FEATURE_UNAVAILABLE


def _unfitting(subject: ResolvedCheck, _: UsageBalance | None) -> AccessReason | None:
    fits = subject.feature is not None and _fits(subject.question, subject.feature)
    return None if fits else AccessReason.TYPE_MISMATCH


def _revoked(subject: ResolvedCheck, _: UsageBalance | None) -> AccessReason | None:
    return AccessReason.REVOKED if subject.entitlement.revoked else None


def _unentitled(subject: ResolvedCheck, _: UsageBalance | None) -> AccessReason | None:
    if subject.entitlement.value is not None or subject.customer is None or subject.rate is not None:
        return None
    idle = not subject.customer.in_force(subject.now)
    return AccessReason.NO_ACTIVE_SUBSCRIPTION if idle else AccessReason.NOT_ENTITLED


def _value_missing(subject: ResolvedCheck, _: UsageBalance | None) -> AccessReason | None:
    return None if _includes(subject) else AccessReason.VALUE_NOT_INCLUDED


def _beyond_limit(subject: ResolvedCheck, usage: UsageBalance | None) -> AccessReason | None:
    beyond = usage is not None and not fits_limit(usage, subject.question.requested)
    return AccessReason.LIMIT_EXCEEDED if beyond and subject.rate is None else None


def _beyond_credits(subject: ResolvedCheck, usage: UsageBalance | None) -> AccessReason | None:
    paid = overage_cost_of(subject, usage)
    if paid is None or (usage is not None and fits_limit(usage, subject.question.requested)):
        return None
    return None if paid.is_covered(subject.question.requested) else AccessReason.INSUFFICIENT_CREDITS


TESTS: Mapping[str, Test] = {
    "customer": _unknown_customer,
    "archived customer": _archived_customer,
    "feature": _unknown_feature,
    "status of the feature": _unavailable,
    "kind of question": _unfitting,
    "revocation": _revoked,
    "entitlement": _unentitled,
    "values": _value_missing,
    "limit": _beyond_limit,
    "credits": _beyond_credits,
}
"""The tests by name, in the order of the contract; the first that denies decides."""


def _denial(subject: ResolvedCheck, usage: UsageBalance | None) -> AccessReason | None:
    for test in TESTS.values():
        reason = test(subject, usage)
        if reason is not None:
            return reason
    return None


def _fits(question: AccessCheck, feature: Feature) -> bool:
    """Return whether a feature of this type accepts the check's request."""
    countable = question.requested is None or feature.type is FeatureType.METERED
    choosable = question.values is None or feature.config_kind is ConfigKind.CHOICE
    consumable = not question.to_consume or is_added_up(feature)
    return countable and choosable and consumable


def _includes(subject: ResolvedCheck) -> bool:
    value = subject.entitlement.value
    if not isinstance(value, Choices):
        return True
    return bool(value.choices) and set(subject.question.values or ()) <= set(value.choices)


def _permission(subject: ResolvedCheck, usage: UsageBalance | None) -> AccessReason:
    if usage is None:
        return AccessReason.GRANTED if subject.book is None else AccessReason.WITHIN_CREDITS
    if usage.limit is None:
        return AccessReason.UNLIMITED
    if fits_below(usage.limit, usage.used + usage.reserved, subject.question.requested):
        return AccessReason.WITHIN_LIMIT
    paid = overage_cost_of(subject, usage)
    covered = paid is not None and paid.is_covered(subject.question.requested)
    in_credits = covered and not is_paid_in_money(usage.value)
    return AccessReason.WITHIN_CREDITS if in_credits else AccessReason.OVERAGE_ALLOWED
