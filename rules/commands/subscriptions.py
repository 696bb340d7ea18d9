"""Other commands on a live subscription: cancel, resume, convert, add-ons, newer versions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from rules.catalog.facts import Addon, Catalog
from rules.catalog.validation import missing_value, out_of_range
from rules.catalog_edits.features import unknown_key
from rules.commands.change_plan import ChangeTiming, with_subscription, without_schedule
from rules.commands.command import CommandContext, CustomerState, FactsCommand, StateChange, customer_problems
from rules.commands.subscribe import AddonQuantity, addon_problems, newest_addon, paid_term, quantity_problems
from rules.customers.facts import Customer, HeldAddon, Subscription, SubscriptionStatus, Term
from rules.customers.terms import current_period, settled_addons
from rules.errors import ErrorCode, Problem, Rejected, refuse_any, unreachable


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionAct(FactsCommand):
    """A command on the live subscription of a product, which is optional if there is only one."""

    product: str | None = None

    def apply(self, scene: CommandContext, state: CustomerState) -> StateChange:
        """Find the subscription and change it."""
        refuse_any(customer_problems(scene, state.customer))
        if state.customer is None:
            unreachable("a missing customer was refused above")
        found = live_subscription(scene.flat.catalog, state.customer, self.product, scene.now)
        changed = self.changed(scene, state.customer, found)
        customer = with_subscription(state.customer, changed)
        return StateChange(state=replace(state, customer=customer), outcome={"subscription": found.number})

    def changed(self, scene: CommandContext, customer: Customer, subscription: Subscription) -> Subscription:
        """Return the subscription after the command; raises Rejected."""
        raise NotImplementedError


def live_subscription(
    catalog: Catalog, customer: Customer, product: str | None, now: datetime
) -> Subscription:
    """Return the live subscription; raises Rejected if there is none, or several match."""
    live = [s for s in customer.live(now) if product in (None, s.product)]
    if len(live) == 1:
        return live[0]
    if live:
        products = ", ".join(subscription.product for subscription in live)
        raise Rejected([missing_value(f"Name the product: {products}.", "product")])
    raise Rejected([_no_subscription(catalog, customer, product)])


def _no_subscription(catalog: Catalog, customer: Customer, product: str | None) -> Problem:
    if product is None:
        message = f"The customer '{customer.key}' has no live subscription."
        return Problem(ErrorCode.NOT_FOUND, message, ("customer",))
    if product not in catalog.products:
        return unknown_key("product", product, "product", among=catalog.products)
    message = f"The customer '{customer.key}' has no live subscription of '{product}'."
    return Problem(ErrorCode.NOT_FOUND, message, ("product",))


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelSubscription(SubscriptionAct):
    """End a subscription: at the end of its period, now, or at an instant."""

    operation: ClassVar[str] = "cancelSubscription"

    timing: ChangeTiming = ChangeTiming.PERIOD_END
    at: datetime | None = None

    def changed(self, scene: CommandContext, customer: Customer, subscription: Subscription) -> Subscription:
        """Set the end, in place of any other schedule."""
        if self.at is not None and self.at < scene.now:
            raise Rejected([out_of_range("A subscription cannot end in the past.", "at")])
        cleared = without_schedule(subscription, customer.timezone, scene.now)
        return replace(cleared, canceled_at=self._end(scene, cleared))

    def _end(self, scene: CommandContext, subscription: Subscription) -> datetime:
        if self.at is not None:
            return self.at
        period = current_period(scene.flat.catalog, subscription, scene.now)
        # A subscription that has not started has no period, and is canceled at once.
        ends = None if period is None or self.timing is ChangeTiming.NOW else period.end
        return ends or scene.now


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeSubscription(SubscriptionAct):
    """Clear a scheduled cancellation or change."""

    operation: ClassVar[str] = "resumeSubscription"

    def changed(self, scene: CommandContext, customer: Customer, subscription: Subscription) -> Subscription:
        """Clear the schedule; refused if nothing is scheduled."""
        nothing = subscription.canceled_at is None and subscription.scheduled_change(scene.now) is None
        if nothing:
            message = "Nothing is scheduled."
            raise Rejected([Problem(ErrorCode.NOT_ALLOWED, message, ("customer",))])
        return without_schedule(subscription, customer.timezone, scene.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertTrial(SubscriptionAct):
    """End a trial now and start the paid period; this clears the schedule."""

    operation: ClassVar[str] = "convertTrial"

    def changed(self, scene: CommandContext, customer: Customer, subscription: Subscription) -> Subscription:
        """Convert; refused if no trial is running."""
        if subscription.status(scene.now) is not SubscriptionStatus.IN_TRIAL:
            message = "No trial is running."
            raise Rejected([Problem(ErrorCode.NOT_ALLOWED, message, ("customer",))])
        paid = paid_term(subscription.term(scene.now), scene.now, customer.timezone)
        return replace(subscription, terms=subscription.until(paid), canceled_at=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSubscriptionAddon(FactsCommand):
    """Set the quantity of an add-on on a subscription; 0 removes it."""

    operation: ClassVar[str] = "setSubscriptionAddon"

    addon: str
    quantity: int

    def apply(self, scene: CommandContext, state: CustomerState) -> StateChange:
        """Set the quantity from now on."""
        customer, catalog = state.customer, scene.flat.catalog
        addon = catalog.packages.get(self.addon)
        problems = list(customer_problems(scene, customer))
        if not isinstance(addon, Addon):
            problems.append(unknown_key("add-on", self.addon, "addon", among=catalog.packages, of=Addon))
        refuse_any(problems)
        if customer is None or not isinstance(addon, Addon):
            unreachable("what is missing was refused above")
        subscription = self._subscription(customer, addon, scene.now)
        refuse_any(self._problems(catalog, subscription, addon, scene.now))
        changed = replace(subscription, addons=self._addons(catalog, subscription, scene.now))
        state = replace(state, customer=with_subscription(customer, changed))
        return StateChange(state=state, outcome={"subscription": subscription.number})

    def _subscription(self, customer: Customer, addon: Addon, now: datetime) -> Subscription:
        found = next((s for s in customer.live(now) if s.product == addon.product), None)
        if found is None:
            message = f"The customer has no live subscription of '{addon.product}'."
            raise Rejected([Problem(ErrorCode.NOT_FOUND, message, ("customer",))])
        return found

    def _problems(
        self, catalog: Catalog, subscription: Subscription, addon: Addon, now: datetime
    ) -> Iterator[Problem]:
        if self.quantity == 0:
            return
        if not any(self._runs(known, now) for known in settled_addons(catalog, subscription, now)):
            wanted = AddonQuantity(self.addon, self.quantity)
            yield from addon_problems(catalog, subscription.term(now).plan, wanted, least=0)
        else:
            # An existing quantity may change even if the add-on is no longer sold.
            yield from quantity_problems(addon, self.quantity, least=0)

    def _addons(self, catalog: Catalog, subscription: Subscription, now: datetime) -> tuple[HeldAddon, ...]:
        before = settled_addons(catalog, subscription, now)
        running = [known for known in before if self._runs(known, now)]
        # Quantities that start now or later are replaced as if they had never been set.
        left = tuple(
            replace(known, ends_at=now) if known in running else known
            for known in before
            if known not in running or known.starts_at < now
        )
        if self.quantity == 0:
            return left
        start = max(now, subscription.started_at)
        new = newest_addon(catalog, AddonQuantity(self.addon, self.quantity), start)
        return (*left, replace(new, version=running[0].version) if running else new)

    def _runs(self, known: HeldAddon, now: datetime) -> bool:
        return known.addon == self.addon and (known.ends_at is None or now < known.ends_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrateSubscription(SubscriptionAct):
    """Move a subscription to a version of its plan, and its add-ons to their newest; usage continues."""

    operation: ClassVar[str] = "migrateSubscription"

    version: int | None = None

    def changed(self, scene: CommandContext, customer: Customer, subscription: Subscription) -> Subscription:  # noqa: ARG002
        """Start a term on the version, with the same anchor."""
        current = subscription.term(scene.now)
        versions = scene.flat.catalog.packages[current.plan].versions
        number = len(versions) if self.version is None else self.version
        if not 1 <= number <= len(versions):
            message = f"There is no version {number} of '{current.plan}'."
            raise Rejected([Problem(ErrorCode.NOT_FOUND, message, ("version",))])
        return _migrate(scene.flat.catalog, subscription, number, scene.now)


def _migrate(catalog: Catalog, subscription: Subscription, number: int, now: datetime) -> Subscription:
    coming = (
        term if term.scheduled else replace(term, version=number)
        for term in subscription.terms
        if term.starts_at > now
    )
    begun: tuple[Term, ...] = ()
    if now >= subscription.started_at:
        current = subscription.term(now)
        moved = replace(current, starts_at=now, version=number, resets=False, scheduled=False)
        begun = subscription.until(moved)
    addons = tuple(_newest_addons(catalog, subscription, now))
    return replace(subscription, terms=(*begun, *coming), addons=addons)


def _newest_addons(catalog: Catalog, subscription: Subscription, now: datetime) -> Iterator[HeldAddon]:
    for known in settled_addons(catalog, subscription, now):
        newest = len(catalog.packages[known.addon].versions)
        if (known.ends_at is not None and known.ends_at <= now) or known.version == newest:
            yield known
        elif known.starts_at >= now:
            yield replace(known, version=newest)
        else:
            yield replace(known, ends_at=now)
            yield replace(known, starts_at=now, version=newest)
