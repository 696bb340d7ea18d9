"""Change plan: whether it is an upgrade, when it takes effect, and what happens to usage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from rules.catalog.facts import Catalog, Plan, Price
from rules.catalog.validation import invalid
from rules.commands.command import (
    CommandContext,
    CustomerState,
    FactsCommand,
    StateChange,
    customer_problems,
    idempotency_problems,
)
from rules.commands.subscribe import paid_term, plan_problems, price_for
from rules.customers.facts import Customer, HeldAddon, Subscription, SubscriptionStatus, Term, TrialEnd
from rules.customers.terms import (
    BILLING,
    billing_period,
    current_period,
    is_compatible,
    price_in,
    price_of,
    settled_addons,
)
from rules.errors import ErrorCode, Problem, refuse_any, unreachable
from rules.periods import settle
from rules.values import BillingPeriod


class ChangeTiming(StrEnum):
    """When a change takes effect."""

    AUTO = "AUTO"
    NOW = "NOW"
    PERIOD_END = "PERIOD_END"


class UsageOnChange(StrEnum):
    """What happens to usage when the plan changes."""

    RESET = "RESET"
    CARRY = "CARRY"


_LENGTHS = {BillingPeriod.MONTHLY: 1, BillingPeriod.YEARLY: 12}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The plan and price that a subscription is to move to."""

    plan: Plan
    price: str | None

    @property
    def billing(self) -> BillingPeriod | None:
        """The billing period of the price."""
        price = price_in(self.plan.versions[-1:], self.price)
        return None if price is None else price.billing_period


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePlan(FactsCommand):
    """Move the live subscription of a plan's product to that plan."""

    operation: ClassVar[str] = "changePlan"

    plan: str
    price: str | None = None
    timing: ChangeTiming = ChangeTiming.AUTO
    usage: UsageOnChange = UsageOnChange.RESET

    def apply(self, scene: CommandContext, state: CustomerState) -> StateChange:
        """Change now, or schedule the change for the end of the period."""
        customer, plan = state.customer, scene.flat.catalog.packages.get(self.plan)
        problems = [
            *idempotency_problems(self.idempotency_key),
            *customer_problems(scene, customer),
            *plan_problems(scene.flat.catalog, self.plan, self.price),
        ]
        if customer is None or not isinstance(plan, Plan):
            refuse_any(problems)
            unreachable("what is missing was refused above")
        subscription = live_of(customer, plan.product, scene.now)
        refuse_any((*problems, *self._change_problems(scene, customer, subscription, plan)))
        if subscription is None:
            unreachable("a missing subscription was refused above")
        target = Target(plan=plan, price=price_for(plan.shown, self.price))
        changed = self._change(scene, customer, subscription, target)
        state = replace(state, customer=with_subscription(customer, changed))
        return StateChange(state=state, outcome={"subscription": changed.number})

    def _change_problems(
        self, scene: CommandContext, customer: Customer, subscription: Subscription | None, plan: Plan
    ) -> Iterator[Problem]:
        if subscription is None:
            if customer.live(scene.now):
                yield invalid(f"The customer has no subscription of '{plan.product}'.", "plan")
            elif not customer.archived:
                message = "The customer has no live subscription; use subscribe."
                yield Problem(ErrorCode.NOT_FOUND, message, ("customer",))
            return
        term = subscription.term(scene.now)
        is_chosen = self.price is not None or len(plan.shown.prices) <= 1
        if is_chosen and (plan.key, price_for(plan.shown, self.price)) == (term.plan, term.price):
            message = (
                f"The subscription is on '{plan.key}' and this price already: resumeSubscription takes back "
                "what is scheduled, migrateSubscription moves to a newer version."
            )
            yield Problem(ErrorCode.NOT_ALLOWED, message, ("plan",))

    def _change(
        self, scene: CommandContext, customer: Customer, subscription: Subscription, target: Target
    ) -> Subscription:
        catalog, now = scene.flat.catalog, scene.now
        cleared = without_schedule(subscription, customer.timezone, now)
        move = _Move(catalog=catalog, zone=customer.timezone, target=target, usage=self.usage, now=now)
        if subscription.status(now) is SubscriptionStatus.SCHEDULED:
            return move.before_start(cleared)
        timing = effective_timing(catalog, subscription, target, self.timing, now)
        return move.at_once(cleared) if timing is ChangeTiming.NOW else move.at_period_end(cleared)


def live_of(customer: Customer, product: str, now: datetime) -> Subscription | None:
    """Return the live subscription of a product, of which there is at most one; None without one."""
    return next((s for s in customer.live(now) if s.product == product), None)


def with_subscription(customer: Customer, changed: Subscription) -> Customer:
    """Replace the subscription with the same number."""
    subscriptions = tuple(changed if s.number == changed.number else s for s in customer.subscriptions)
    return replace(customer, subscriptions=subscriptions)


def effective_timing(
    catalog: Catalog, subscription: Subscription, target: Target, timing: ChangeTiming, now: datetime
) -> ChangeTiming:
    """Return when a change takes effect: upgrades now, downgrades at the end of the period."""
    if timing is not ChangeTiming.AUTO:
        return timing
    upgrade = is_upgrade(catalog, subscription, target, now)
    return ChangeTiming.NOW if upgrade else ChangeTiming.PERIOD_END


def is_upgrade(catalog: Catalog, subscription: Subscription, target: Target, now: datetime) -> bool:
    """Return whether a change is an upgrade; a change to an equal plan is not."""
    current = catalog.packages[subscription.term(now).plan]
    price = price_of(catalog, subscription, now)
    if current.key == target.plan.key:
        longer = _length(target.billing) > _length(None if price is None else price.billing_period)
        return longer or _costs_more(target, price, default=False)
    if current.key in _ancestors(catalog, target.plan.key):
        return True
    if target.plan.key in _ancestors(catalog, current.key):
        return False
    position = current.position if isinstance(current, Plan) else 0
    return _costs_more(target, price, default=target.plan.position > position)


def _length(billing: BillingPeriod | None) -> int:
    return _LENGTHS.get(billing, 0) if billing is not None else 0


def _costs_more(target: Target, current: Price | None, *, default: bool) -> bool:
    """Compare prices of the current billing period and currency; ``default`` if the target has none."""
    if current is None:
        return default
    comparable = [
        price
        for price in target.plan.shown.prices
        if price.billing_period is current.billing_period and price.amount.currency == current.amount.currency
    ]
    if not comparable:
        return default
    asked = [price for price in comparable if price.key == target.price]
    cost = asked[0] if asked else min(comparable, key=lambda price: price.amount.amount)
    return cost.amount.amount > current.amount.amount


def _ancestors(catalog: Catalog, key: str) -> list[str]:
    """Return the base plans of a plan's published version, nearest first."""
    chain: list[str] = []
    base = catalog.packages[key].shown.base
    while base is not None and base not in chain:
        chain.append(base)
        base = catalog.packages[base].shown.base
    return chain


def without_schedule(subscription: Subscription, timezone: str, now: datetime) -> Subscription:
    """Clear a scheduled change or cancellation; a trial converts again at its end."""
    terms = tuple(term for term in subscription.terms if term.starts_at <= now or not term.scheduled)
    ends = subscription.trial_ends_at
    if ends is not None and ends > now and subscription.after_trial is TrialEnd.CONVERT:
        trial = terms[-1] if terms[-1].trial else None
        terms = terms if trial is None else (*terms, paid_term(trial, ends, timezone))
    canceled = subscription.canceled_at
    ended = canceled if canceled is not None and canceled <= now else None
    return replace(subscription, terms=terms, canceled_at=ended)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    """A change of plan at an instant, in a customer's time zone."""

    catalog: Catalog
    zone: str
    target: Target
    usage: UsageOnChange
    now: datetime

    def before_start(self, subscription: Subscription) -> Subscription:
        """Change a subscription that has not started: it starts on the other plan."""
        terms = tuple(self._on_target(term) for term in subscription.terms)
        addons = tuple(held for held in subscription.addons if self._goes_with(held))
        return replace(subscription, terms=terms, addons=addons)

    def at_once(self, subscription: Subscription) -> Subscription:
        """Start a term on the other plan now; a trial continues, and converts to that plan."""
        resets = self.usage is UsageOnChange.RESET
        current = subscription.term(self.now)
        changed = replace(
            self._on_target(current),
            starts_at=self.now,
            anchor=self.now if resets else current.anchor,
            timezone=self.zone if resets else current.timezone,
            resets=resets,
            scheduled=False,
        )
        coming = (self._on_target(term) for term in subscription.terms if term.starts_at > self.now)
        addons = map(self._keep, settled_addons(self.catalog, subscription, self.now))
        return replace(subscription, terms=(*subscription.until(changed), *coming), addons=tuple(addons))

    def _on_target(self, term: Term) -> Term:
        plan = self.target.plan
        return replace(term, plan=plan.key, version=len(plan.versions), price=self.target.price)

    def _keep(self, held: HeldAddon) -> HeldAddon:
        over = held.ends_at is not None and held.ends_at <= self.now
        return held if over or self._goes_with(held) else replace(held, ends_at=self.now)

    def _goes_with(self, held: HeldAddon) -> bool:
        return is_compatible(self.catalog, self.target.plan.key, held.addon)

    def at_period_end(self, subscription: Subscription) -> Subscription:
        """Schedule a term for the end of the period; during a trial it replaces the conversion."""
        period = current_period(self.catalog, subscription, self.now)
        if period is None or period.end is None:
            unreachable("a subscription in force has a period with an end")
        current = subscription.term(self.now)
        billing = billing_period(self.catalog, subscription, self.now)
        # A period without a price is a month too: a move between the two keeps the anchor, and so the 31st.
        keeps = not current.trial and settle(BILLING, self.target.billing) == settle(BILLING, billing)
        change = Term(
            starts_at=period.end,
            plan=self.target.plan.key,
            version=None,
            price=self.target.price,
            anchor=current.anchor if keeps else period.end,
            timezone=current.timezone if keeps else self.zone,
            resets=self.usage is UsageOnChange.RESET,
            scheduled=True,
        )
        until_then = tuple(term for term in subscription.terms if term.starts_at <= self.now)
        return replace(subscription, terms=(*until_then, change))
