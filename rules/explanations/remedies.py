"""Remedies: what would turn a denial into access, found by trying each on the customer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from rules.access.decision import AccessReason, Decision, ResolvedCheck, decide, resolve_check
from rules.catalog.facts import Addon, Plan, Price, PricingType
from rules.catalog.wording import counted_text, instant_text, price_text
from rules.commands.change_plan import ChangePlan, Target, is_upgrade
from rules.commands.command import Command, CommandContext, CustomerState
from rules.commands.subscribe import Subscribe
from rules.commands.subscriptions import SetSubscriptionAddon
from rules.customers.facts import Subscription
from rules.customers.terms import addons_in_force, billing_period, is_compatible, price_of
from rules.errors import Rejected
from rules.explanations.top_up import affordable, missing_credits, top_up, with_credits_of
from rules.numbers import ONE
from rules.usage.counters import Tallies
from rules.usage.metering import Window
from rules.usage.reservations import Reservation, total_reserved
from rules.values import BillingPeriod, Choices, Metered

MOST = 5
"""The most remedies returned."""

JUST_AFTER = timedelta(microseconds=1)

CURABLE = frozenset(
    {
        AccessReason.NO_ACTIVE_SUBSCRIPTION,
        AccessReason.NOT_ENTITLED,
        AccessReason.VALUE_NOT_INCLUDED,
        AccessReason.LIMIT_EXCEEDED,
        AccessReason.INSUFFICIENT_CREDITS,
    }
)
"""The reasons that a command for the customer can change; only the operator can change the others."""


class RemedyKind(StrEnum):
    """What the remedy does."""

    SUBSCRIBE = "SUBSCRIBE"
    UPGRADE = "UPGRADE"
    ADD_ADDON = "ADD_ADDON"
    TOP_UP_CREDITS = "TOP_UP_CREDITS"
    REQUEST_LESS = "REQUEST_LESS"
    WAIT_FOR_RESET = "WAIT_FOR_RESET"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """Something that would turn a denial into access.

    ``amount`` is in micros: the most that may be requested, or how many of an add-on to add; ``values`` are
    the choices that may be requested.
    """

    kind: RemedyKind
    summary: str
    plan: str | None = None
    price: str | None = None
    addon: str | None = None
    amount: int | None = None
    values: tuple[str, ...] | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A remedy to be tried, and the check after it.

    ``cost`` orders candidates: free ones first, then by money a month, then those of unknown cost. Of a
    plan's prices the most usual one that helps is returned: that of the current billing period, otherwise
    the shorter one (``unusual`` is lowest).
    """

    remedy: Remedy
    subject: ResolvedCheck
    cost: tuple[int, int] = (0, 0)
    unusual: int = 0
    addon: HeldMore | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldMore:
    """One more of an add-on, and how many the subscription has."""

    addon: Addon
    has: int


def candidates(decision: Decision, *, present: bool) -> list[Candidate]:
    """Return what may help; remedies for now are left out unless the check is about the present.

    Each candidate's subject names the window whose counter it needs.
    """
    if decision.allowed or decision.reason not in CURABLE:
        return []
    subject = decision.subject
    found = [*_less(decision), *_later(subject)]
    if present:
        found += [*_with_credits(decision), *_on_plans(subject), *_with_addons(subject)]
    return found


def windows_needed(found: Iterable[Candidate]) -> set[Window]:
    """Return the windows whose counters the candidates need."""
    return {candidate.subject.window for candidate in found if candidate.subject.window is not None}


def remedies(found: Sequence[Candidate], tallies: Tallies, holds: Sequence[Reservation]) -> list[Remedy]:
    """Return the candidates that would allow access, the cheapest first, five at most."""
    best: dict[tuple[object, ...], Candidate] = {}
    for candidate in sorted(found, key=lambda one: one.unusual):
        remedy = candidate.remedy
        place = remedy.kind, remedy.plan, remedy.addon
        helping = None if place in best else _confirm(candidate, tallies, holds)
        if helping is not None:
            best[place] = helping
    cheapest = sorted(best.values(), key=lambda one: one.cost)
    return [candidate.remedy for candidate in cheapest[:MOST]]


def _confirm(candidate: Candidate, tallies: Tallies, holds: Sequence[Reservation]) -> Candidate | None:
    """Return the candidate if it helps, an add-on in the quantity that helps; None otherwise."""
    decision = _decide(candidate.subject, tallies, holds)
    if decision.allowed:
        return candidate
    more = None if candidate.addon is None else _more(candidate, candidate.addon, decision)
    return more if more is not None and _decide(more.subject, tallies, holds).allowed else None


def _decide(subject: ResolvedCheck, tallies: Tallies, holds: Sequence[Reservation]) -> Decision:
    return decide(subject, tallies, total_reserved(holds, subject.question.feature, subject.now))


def _less(decision: Decision) -> Iterator[Candidate]:
    usage, value = decision.tested, decision.subject.entitlement.value
    if decision.reason is AccessReason.VALUE_NOT_INCLUDED and isinstance(value, Choices) and value.choices:
        yield _of_values(decision.subject, value)
    elif decision.subject.question.requested is not None:
        most = (usage.remaining or 0 if usage is not None else 0) + affordable(decision.payment)
        if most:
            yield _of_quantity(decision.subject, most)


def _of_values(subject: ResolvedCheck, value: Choices) -> Candidate:
    wanted = subject.question.values or ()
    fewer = tuple(choice for choice in wanted if choice in value.choices) or value.choices
    summary = f"Ask for {', '.join(fewer)} only."
    remedy = Remedy(kind=RemedyKind.REQUEST_LESS, summary=summary, values=fewer)
    return Candidate(remedy=remedy, subject=_with_request(subject, values=fewer))


def _of_quantity(subject: ResolvedCheck, most: int) -> Candidate:
    unit = subject.feature.unit if subject.feature is not None else None
    summary = f"Request at most {counted_text(most, unit)}."
    remedy = Remedy(kind=RemedyKind.REQUEST_LESS, summary=summary, amount=most)
    return Candidate(remedy=remedy, subject=_with_request(subject, requested=most))


def _with_request(
    subject: ResolvedCheck, requested: int | None = None, values: tuple[str, ...] | None = None
) -> ResolvedCheck:
    return replace(subject, question=replace(subject.question, requested=requested, values=values))


def _later(subject: ResolvedCheck) -> Iterator[Candidate]:
    end = subject.metering.resets_at if subject.metering is not None else None
    if end is None or subject.customer is None:
        return
    when = instant_text(end, subject.customer.timezone)
    summary = f"Wait until {when}, when usage starts again."
    remedy = Remedy(kind=RemedyKind.WAIT_FOR_RESET, summary=summary, at=end)
    then = resolve_check(subject.flat, subject.customer, subject.question, end)
    yield Candidate(remedy=remedy, subject=with_credits_of(subject, then), cost=(0, 1))


# What is bought


def _with_credits(decision: Decision) -> Iterator[Candidate]:
    """Try as many more credits as are missing."""
    amount, rate = missing_credits(decision), decision.subject.rate
    if decision.reason is AccessReason.INSUFFICIENT_CREDITS and amount and rate is not None:
        unit = decision.subject.flat.catalog.credit_types[rate.credit_type].unit
        summary = f"Top up {counted_text(amount, unit)}."
        remedy = Remedy(kind=RemedyKind.TOP_UP_CREDITS, summary=summary, amount=amount)
        yield Candidate(remedy=remedy, subject=top_up(decision.subject, amount), cost=(1, 0))


def _on_plans(subject: ResolvedCheck) -> Iterator[Candidate]:
    for plan in subject.flat.catalog.packages.values():
        if not isinstance(plan, Plan) or plan.archived or plan.published is None or not plan.visible:
            continue
        if subject.question.feature in subject.flat.held(plan.key, plan.published.number, None) or any(
            row.price for row in plan.shown.rows
        ):
            yield from _on_plan(subject, plan)


def _on_plan(subject: ResolvedCheck, plan: Plan) -> Iterator[Candidate]:
    current = _live(subject, plan.product)
    paid = None if current is None else billing_period(subject.flat.catalog, current, subject.now)
    usual = sorted(
        plan.shown.prices,
        key=lambda price: (price.billing_period is not paid, _LENGTHS[price.billing_period]),
    )
    for unusual, price in enumerate(usual or (None,)):
        for candidate in _at(subject, current, plan, price):
            yield replace(candidate, unusual=unusual)


_LENGTHS = {BillingPeriod.MONTHLY: 0, BillingPeriod.YEARLY: 1, BillingPeriod.ONE_TIME: 2}


def _at(
    subject: ResolvedCheck, current: Subscription | None, plan: Plan, price: Price | None
) -> Iterator[Candidate]:
    if current is None:
        yield from _after(subject, _subscribe(plan, price))
    elif is_upgrade(subject.flat.catalog, current, _target(plan, price), subject.now):
        yield from _after(subject, _upgrade(subject, current, plan, price))


def _live(subject: ResolvedCheck, product: str) -> Subscription | None:
    live = subject.customer.live(subject.now) if subject.customer is not None else []
    return next((subscription for subscription in live if subscription.product == product), None)


def _target(plan: Plan, price: Price | None) -> Target:
    return Target(plan=plan, price=None if price is None else price.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    """A command to be tried, and its remedy."""

    act: Command
    remedy: Remedy
    cost: tuple[int, int]
    addon: HeldMore | None = None


def _after(subject: ResolvedCheck, attempt: _Try) -> Iterator[Candidate]:
    """Yield the check after a command of now; a command that would be refused is no remedy."""
    acted_at = subject.customer.acted_at if subject.customer is not None else None
    now = subject.now if acted_at is None else max(subject.now, acted_at + JUST_AFTER)
    scene = CommandContext(flat=subject.flat, now=now)
    try:
        change = attempt.act.apply(scene, CustomerState(customer=subject.customer))
    except Rejected:
        return
    asked = resolve_check(subject.flat, change.state.customer, subject.question, scene.now)
    then = with_credits_of(subject, asked)
    yield Candidate(remedy=attempt.remedy, subject=then, cost=attempt.cost, addon=attempt.addon)


def _subscribe(plan: Plan, price: Price | None) -> _Try:
    key = None if price is None else price.key
    summary = f"Subscribe to {plan.name}{_at_price(price)}."
    remedy = Remedy(kind=RemedyKind.SUBSCRIBE, summary=summary, plan=plan.key, price=key)
    return _Try(act=Subscribe(plan=plan.key, price=key), remedy=remedy, cost=_plan_cost(plan, price))


def _upgrade(subject: ResolvedCheck, current: Subscription, plan: Plan, price: Price | None) -> _Try:
    key = None if price is None else price.key
    paid = price_of(subject.flat.catalog, current, subject.now)
    known, amount = _plan_cost(plan, price)
    summary = f"Upgrade to {plan.name}{_at_price(price)}."
    remedy = Remedy(kind=RemedyKind.UPGRADE, summary=summary, plan=plan.key, price=key)
    # Amounts in two currencies cannot be compared; then the whole price counts as the increase.
    same = paid is not None and price is not None and paid.amount.currency == price.amount.currency
    cost = (known, amount - (_monthly(paid) if same and paid is not None else 0))
    return _Try(act=ChangePlan(plan=plan.key, price=key), remedy=remedy, cost=cost)


def _with_addons(subject: ResolvedCheck) -> Iterator[Candidate]:
    live = subject.customer.live(subject.now) if subject.customer is not None else []
    catalog = subject.flat.catalog
    for subscription in live:
        plan, has = subscription.term(subject.now).plan, _held_addons(subject, subscription)
        for addon in catalog.packages.values():
            if not isinstance(addon, Addon) or addon.archived or addon.published is None:
                continue
            speaks = subject.question.feature in subject.flat.held(addon.key, addon.published.number, None)
            if speaks and is_compatible(catalog, plan, addon.key):
                more = HeldMore(addon=addon, has=has.get(addon.key, 0))
                yield from _after(subject, _add(more, 1))


def _held_addons(subject: ResolvedCheck, subscription: Subscription) -> dict[str, int]:
    in_force = addons_in_force(subject.flat.catalog, subscription, subject.now)
    return {held_addon.addon: held_addon.quantity for held_addon in in_force}


def _add(more: HeldMore, quantity: int) -> _Try:
    addon = more.addon
    price = min(addon.shown.prices, key=_monthly, default=None)
    times = f"{quantity} times " if quantity > 1 else ""
    each = " each" if quantity > 1 and price is not None else ""
    remedy = Remedy(
        kind=RemedyKind.ADD_ADDON,
        summary=f"Add {times}{addon.name}{_at_price(price)}{each}.",
        addon=addon.key,
        amount=quantity * ONE,
    )
    act = SetSubscriptionAddon(addon=addon.key, quantity=more.has + quantity)
    cost = (1, 0 if price is None else _monthly(price) * quantity)
    return _Try(act=act, remedy=remedy, cost=cost, addon=more)


def _more(candidate: Candidate, addon: HeldMore, decision: Decision) -> Candidate | None:
    """Return the candidate with as many add-ons as the limit lacks, if one adds to the limit."""
    value, usage = _one_of(decision, addon.addon), decision.tested
    if usage is None or usage.limit is None or not value:
        return None
    wanted = decision.subject.question.requested
    lacking = usage.used + usage.reserved + (1 if wanted is None else wanted) - usage.limit
    quantity = 1 - (-lacking // value)
    before = candidate.subject
    return next(_after(replace(before, customer=before.customer), _add(addon, quantity)), None)


def _one_of(decision: Decision, addon: Addon) -> int:
    """Return how much one of an add-on adds to the limit."""
    rows = (source for source in decision.subject.entitlement.sources if source.row is not None)
    values = (source.value for source in rows if source.row and source.row.package == addon.key)
    return next((value.limit or 0 for value in values if isinstance(value, Metered)), 0)


def _at_price(price: Price | None) -> str:
    return "" if price is None else f" at {price_text(price)}"


def _plan_cost(plan: Plan, price: Price | None) -> tuple[int, int]:
    """Sort plans by money a month; plans sold by contacting sales come last."""
    if price is None:
        return (2, 0) if plan.pricing_type is PricingType.CUSTOM else (1, 0)
    return (1, _monthly(price))


def _monthly(price: Price) -> int:
    yearly = price.billing_period is BillingPeriod.YEARLY
    return price.amount.amount // 12 if yearly else price.amount.amount
