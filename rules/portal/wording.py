"""The wording of the customer's own page: the status of limits, and coming events of a subscription."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from rules.access.decision import AccessReason, Decision
from rules.catalog.facts import Catalog, Feature
from rules.catalog.wording import (
    counted_text,
    interval_text,
    money_text,
    overage_text,
    quantity_text,
    rate_text,
)
from rules.credits.grants import CreditSource, EntryKind
from rules.customers.facts import Subscription, SubscriptionStatus, TrialEnd
from rules.customers.terms import current_period, price_of
from rules.portal.overview import LimitStatus, limit_status
from rules.usage.limits import UsageBalance
from rules.values import BillingPeriod, Choices, LimitEnforcement, Number, Object, Text

_BADGES = {
    LimitStatus.NEAR: "Nearly used up",
    LimitStatus.SPENT: "Used up",
    LimitStatus.ON_CREDITS: "Credits pay now",
    LimitStatus.BEYOND: "Beyond the limit",
    LimitStatus.REACHED: "Limit reached",
}

SOURCES = {
    CreditSource.PROMOTIONAL: "Given to you",
    CreditSource.RECURRING: "In your plan",
    CreditSource.PAID: "Bought",
}

ENTRIES = {
    EntryKind.GRANTED: "Added",
    EntryKind.CONSUMED: "Used",
    EntryKind.EXPIRED: "Expired",
    EntryKind.VOIDED: "Taken back",
    EntryKind.ROLLED_OVER: "Carried over",
    EntryKind.SETTLED: "Settled what was owed",
}

STATUSES = {
    SubscriptionStatus.SCHEDULED: "Not begun",
    SubscriptionStatus.IN_TRIAL: "Trial",
    SubscriptionStatus.ACTIVE: "Active",
    SubscriptionStatus.CANCELED: "Ended",
    SubscriptionStatus.EXPIRED: "Trial ended",
}


def badge(decision: Decision, usage: UsageBalance) -> str | None:
    """Return the status of a limit in two words; None if there is nothing to say."""
    if decision.reason is AccessReason.INSUFFICIENT_CREDITS:
        return "Out of credits"
    return _BADGES.get(limit_status(decision, usage))


def used_text(decision: Decision, usage: UsageBalance, feature: Feature) -> tuple[str, str]:
    """Return how much is used, and of what: ('412', 'of 500 orders per month'), ('8,214', 'orders')."""
    used, unit = quantity_text(usage.used), feature.unit
    if usage.limit is None:
        return used, "used" if unit is None else counted_text(usage.used, unit).removeprefix(f"{used} ")
    every = interval_text(usage.metering.reset, decision.subject.billing)
    return used, " ".join(filter(None, ["of", counted_text(usage.limit, unit), every]))


def left_text(decision: Decision, usage: UsageBalance) -> str:
    """Return how much is left, or how far usage is beyond the limit."""
    if usage.remaining is None:
        return "No limit"
    if usage.overage:
        return f"{quantity_text(usage.overage)} beyond the limit"
    if usage.remaining:
        return f"{quantity_text(usage.remaining)} left"
    if limit_status(decision, usage) is LimitStatus.REACHED:
        return "Nothing left"
    return "All that is included is used" if usage.limit else "Nothing is included"


def notes(decision: Decision, usage: UsageBalance, feature: Feature) -> Iterator[str]:
    """Yield further notes: what is reserved, and what happens beyond the limit."""
    if usage.reserved:
        yield f"{counted_text(usage.reserved, feature.unit)} held for what is under way"
    beyond = None if usage.limit is None else _beyond(decision, usage, feature)
    if beyond is not None:
        yield f"Beyond the limit: {beyond}"


def _beyond(decision: Decision, usage: UsageBalance, feature: Feature) -> str | None:
    """Return what usage beyond a limit costs; None if it is not possible."""
    rate, charge = decision.subject.rate, usage.overage_charge
    is_soft = usage.value.enforcement is LimitEnforcement.SOFT
    if is_soft and usage.value.overage is not None:
        so_far = f", {money_text(charge)} so far" if charge is not None and usage.overage else ""
        return f"{overage_text(usage.value.overage, feature.unit)}{so_far}"
    if rate is not None:
        credit_type = decision.subject.flat.catalog.credit_types[rate.credit_type]
        return rate_text(rate, feature=feature, credit_type=credit_type)
    return "you can go on" if is_soft else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A setting, in words, or for an object the names and words in it."""

    name: str
    words: str = ""
    pairs: tuple[tuple[str, str], ...] = ()


def setting_text(decision: Decision, feature: Feature) -> Setting:
    """Return the setting of a CONFIG feature, without its name."""
    value = decision.subject.entitlement.value
    match value:
        case Object(object=dict() as inner):
            pairs = tuple((str(name), _plain(one)) for name, one in inner.items())
            return Setting(name=feature.name, pairs=pairs, words="" if pairs else "Included")
        case Text():
            return Setting(name=feature.name, words=value.text)
        case Choices():
            return Setting(name=feature.name, words=", ".join(value.choices) or "None")
        case Number():
            return Setting(name=feature.name, words=counted_text(value.number, feature.unit))
        case _:
            return Setting(name=feature.name, words=decision.display_text)


def _plain(value: object) -> str:
    """Return a value of a JSON object as people read it."""
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(_plain(one) for one in value)
        case dict():
            return ", ".join(f"{name}: {_plain(one)}" for name, one in value.items())
        case _:
            return str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A coming or past event of a subscription, and what follows."""

    words: str
    at: datetime
    then: str | None = None


def events(catalog: Catalog, subscription: Subscription, now: datetime) -> list[Event]:
    """Return what the customer should know is coming, in order."""
    end = subscription.ends_at
    if end is not None and end <= now:
        return [Event(words="Ended", at=end)]
    begins = Event(words="Begins", at=subscription.started_at)
    coming = [begins] if now < begins.at else [*_next_period(catalog, subscription, now)]
    change = subscription.scheduled_change(now)
    if subscription.canceled_at is not None:
        return [*_before(coming, subscription.canceled_at), Event(words="Ends", at=subscription.canceled_at)]
    if change is not None:
        words = f"Changes to {catalog.packages[change.plan].name}"
        return [*_before(coming, change.starts_at), Event(words=words, at=change.starts_at)]
    return coming


def _before(coming: Iterable[Event], at: datetime) -> list[Event]:
    """Leave out events that another event replaces."""
    return [event for event in coming if event.at < at]


def _next_period(catalog: Catalog, subscription: Subscription, now: datetime) -> Iterator[Event]:
    """Yield the end of the trial or paid period, and what follows; nothing if it is not paid again."""
    price, period = price_of(catalog, subscription, now), current_period(catalog, subscription, now)
    if subscription.status(now) is SubscriptionStatus.IN_TRIAL and subscription.trial_end is not None:
        converts = subscription.after_trial is TrialEnd.CONVERT
        then = "then the paid period begins" if converts else "unless you go on with it before"
        yield Event(words="Trial ends", at=subscription.trial_end, then=then)
    elif price is not None and price.billing_period is not BillingPeriod.ONE_TIME and period is not None:
        yield from [Event(words="Renews", at=period.end)] if period.end is not None else []
