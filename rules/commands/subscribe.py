"""Subscribe a customer to a plan, with or without a trial and add-ons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from rules.catalog.facts import Addon, Catalog, Content, Package, Plan
from rules.catalog.validation import invalid, missing_value, out_of_range
from rules.catalog_edits.features import unknown_key
from rules.catalog_edits.packages import LONGEST_TRIAL_DAYS
from rules.commands.command import (
    CommandContext,
    CustomerState,
    FactsCommand,
    StateChange,
    customer_problems,
    idempotency_problems,
)
from rules.customers.facts import Customer, HeldAddon, Subscription, Term, TrialEnd
from rules.customers.terms import is_compatible
from rules.errors import ErrorCode, Problem, refuse_any, unreachable
from rules.periods import local_days_after


@dataclass(frozen=True, slots=True)
class AddonQuantity:
    """An add-on and how many of it."""

    addon: str
    quantity: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe(FactsCommand):
    """Subscribe a customer to a plan, now or from another instant on.

    ``trial_days`` None is the plan's default, which applies once per customer and product.
    """

    operation: ClassVar[str] = "subscribe"

    plan: str
    price: str | None = None
    addons: tuple[AddonQuantity, ...] = ()
    start_at: datetime | None = None
    trial_days: int | None = None
    after_trial: TrialEnd = TrialEnd.CONVERT

    def apply(self, scene: CommandContext, state: CustomerState) -> StateChange:
        """Add the subscription to the customer."""
        customer, plan = state.customer, scene.flat.catalog.packages.get(self.plan)
        refuse_any(self._problems(scene, customer, plan))
        if customer is None or not isinstance(plan, Plan):
            unreachable("what is missing was refused above")
        made = self._new_subscription(scene, customer, plan)
        joined = replace(customer, subscriptions=(*customer.subscriptions, made))
        return StateChange(state=replace(state, customer=joined), outcome={"subscription": made.number})

    def _new_subscription(self, scene: CommandContext, customer: Customer, plan: Plan) -> Subscription:
        start = self.start_at or scene.now
        content = plan.shown
        first = Term(
            starts_at=start,
            plan=plan.key,
            version=len(plan.versions),
            price=price_for(content, self.price),
            anchor=start,
            timezone=customer.timezone,
        )
        subscription = Subscription(
            number=customer.revision + 1,
            product=plan.product,
            terms=(first,),
            addons=tuple(newest_addon(scene.flat.catalog, addon, start) for addon in self.addons),
            subscribed_at=scene.now if start < scene.now else None,
        )
        days = default_trial_days(plan, customer) if self.trial_days is None else self.trial_days
        return on_trial(subscription, days, self.after_trial) if days else subscription

    def _problems(
        self, scene: CommandContext, customer: Customer | None, plan: Package | None
    ) -> Iterator[Problem]:
        yield from idempotency_problems(self.idempotency_key)
        yield from customer_problems(scene, customer)
        yield from plan_problems(scene.flat.catalog, self.plan, self.price)
        if isinstance(plan, Plan):
            yield from self._addon_problems(scene.flat.catalog, plan)
            if customer is not None:
                yield from self._time_problems(scene, customer, plan)
        if self.trial_days is not None and not 0 <= self.trial_days <= LONGEST_TRIAL_DAYS:
            yield out_of_range(f"A trial has 0 to {LONGEST_TRIAL_DAYS} days.", "trialDays")

    def _addon_problems(self, catalog: Catalog, plan: Plan) -> Iterator[Problem]:
        for index, wanted in enumerate(self.addons):
            for problem in addon_problems(catalog, plan.key, wanted):
                yield problem.under("addons", str(index))
            if wanted.addon in [other.addon for other in self.addons[:index]]:
                yield invalid(f"'{wanted.addon}' is listed twice.", "addons", str(index), "addon")

    def _time_problems(self, scene: CommandContext, customer: Customer, plan: Plan) -> Iterator[Problem]:
        before = [s for s in customer.subscriptions if s.product == plan.product]
        if any(subscription.is_live(scene.now) for subscription in before):
            message = f"The customer has a subscription of '{plan.product}' already; use changePlan."
            yield Problem(ErrorCode.ALREADY_EXISTS, message, ("plan",))
            return
        ends = [s.ends_at for s in before if s.ends_at is not None]
        if ends and self.start_at is not None and self.start_at < max(ends):
            message = "It cannot start before the last subscription of the product has ended."
            yield out_of_range(message, "startAt")


def default_trial_days(plan: Plan, customer: Customer) -> int:
    """Return the days of a plan's own trial; 0 if the customer had a trial of the product."""
    given = any(s.product == plan.product and s.trial_ends_at for s in customer.subscriptions)
    return 0 if given else plan.default_trial_days or 0


def on_trial(subscription: Subscription, days: int, after: TrialEnd) -> Subscription:
    """Start a new subscription with a trial of so many local days."""
    first = subscription.terms[0]
    ends = local_days_after(first.starts_at, days, first.timezone)
    trial = replace(first, trial=True)
    terms = (trial,) if after is TrialEnd.EXPIRE else (trial, paid_term(trial, ends, first.timezone))
    return replace(subscription, terms=terms, trial_ends_at=ends, after_trial=after)


def paid_term(trial: Term, at: datetime, timezone: str) -> Term:
    """Return the paid term that follows a trial: it has a new anchor, and usage resets."""
    return replace(
        trial, starts_at=at, anchor=at, timezone=timezone, trial=False, resets=True, scheduled=False
    )


def newest_addon(catalog: Catalog, wanted: AddonQuantity, at: datetime) -> HeldAddon:
    """Return an add-on in its newest version, from an instant on."""
    number = len(catalog.packages[wanted.addon].versions)
    return HeldAddon(addon=wanted.addon, version=number, quantity=wanted.quantity, starts_at=at)


def plan_problems(catalog: Catalog, key: str, price: str | None) -> Iterator[Problem]:
    """Check that customers can subscribe to a plan at this price."""
    plan = catalog.packages.get(key)
    if not isinstance(plan, Plan):
        yield unknown_key("plan", key, "plan", among=catalog.packages, of=Plan)
    elif plan.archived:
        yield Problem(ErrorCode.ARCHIVED, f"'{key}' is archived.", ("plan",))
    elif plan.published is None:
        yield Problem(ErrorCode.NOT_ALLOWED, f"'{key}' was never published.", ("plan",))
    else:
        yield from _price_problems(plan.published.content, price)


def _price_problems(content: Content, asked: str | None) -> Iterator[Problem]:
    keys = [price.key for price in content.prices]
    if asked is not None and asked not in keys:
        yield unknown_key("price", asked, "price", among=dict.fromkeys(keys))
    elif asked is None and len(keys) > 1:
        yield missing_value(f"Say which price: {', '.join(keys)}.", "price")


def price_for(content: Content, asked: str | None) -> str | None:
    """Return the requested price, otherwise the only one; None if the plan has no price."""
    return asked if asked is not None or not content.prices else content.prices[0].key


def addon_problems(
    catalog: Catalog, plan: str, wanted: AddonQuantity, *, least: int = 1
) -> Iterator[Problem]:
    """Check that an add-on can be added to a plan in this quantity."""
    addon = catalog.packages.get(wanted.addon)
    if not isinstance(addon, Addon):
        yield unknown_key("add-on", wanted.addon, "addon", among=catalog.packages, of=Addon)
        return
    if addon.archived:
        yield Problem(ErrorCode.ARCHIVED, f"'{addon.key}' is archived.", ("addon",))
    elif not addon.versions:
        yield Problem(ErrorCode.NOT_ALLOWED, f"'{addon.key}' was never published.", ("addon",))
    elif not is_compatible(catalog, plan, addon.key):
        yield Problem(ErrorCode.NOT_ALLOWED, f"'{addon.key}' is not compatible with '{plan}'.", ("addon",))
    yield from quantity_problems(addon, wanted.quantity, least=least)


def quantity_problems(addon: Addon, quantity: int, *, least: int) -> Iterator[Problem]:
    """Check the quantity of an add-on; ``least`` is 0 where it may be removed."""
    if quantity < least or (addon.max_quantity is not None and quantity > addon.max_quantity):
        most = " or more" if addon.max_quantity is None else f" to {addon.max_quantity}"
        yield out_of_range(f"The quantity of '{addon.key}' is {least}{most}.", "quantity")
