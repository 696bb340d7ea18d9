"""Calls to action of a pricing table: subscribe, change plan, or contact sales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rules.catalog.facts import Catalog, Plan, Price, PricingType
from rules.commands.change_plan import Target, is_upgrade, live_of
from rules.commands.subscribe import default_trial_days
from rules.customers.facts import Customer, Subscription
from rules.customers.terms import billing_period


class CallToAction(StrEnum):
    """What the button of a plan does."""

    SUBSCRIBE = "SUBSCRIBE"
    START_TRIAL = "START_TRIAL"
    CURRENT = "CURRENT"
    UPGRADE = "UPGRADE"
    DOWNGRADE = "DOWNGRADE"
    CONTACT_SALES = "CONTACT_SALES"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """The visitor of a pricing table: a customer at an instant, or None for anybody."""

    now: datetime
    customer: Customer | None = None

    def subscription(self, product: str) -> Subscription | None:
        """Return the visitor's live subscription of a product; None without one."""
        return None if self.customer is None else live_of(self.customer, product, self.now)

    def is_on(self, plan: Plan) -> bool:
        """Return whether a plan is the visitor's current one, started or not."""
        subscription = self.subscription(plan.product)
        return subscription is not None and subscription.term(self.now).plan == plan.key

    def trial_days(self, plan: Plan) -> int:
        """Return the days of trial with which a subscription would start."""
        if self.customer is None:
            return plan.default_trial_days or 0
        return default_trial_days(plan, self.customer)


def call_to_action(catalog: Catalog, plan: Plan, offered: Sequence[Price], visitor: Visitor) -> CallToAction:
    """Return what a visitor can do about a plan at one of the offered prices.

    On the visitor's own plan, another billing period is an upgrade or a downgrade, as for a change of plan.
    """
    subscription = visitor.subscription(plan.product)
    if visitor.is_on(plan) and not _is_another_period(catalog, offered, visitor, subscription):
        return CallToAction.CURRENT
    if plan.pricing_type is PricingType.CUSTOM:
        return CallToAction.CONTACT_SALES
    if subscription is None:
        return CallToAction.START_TRIAL if visitor.trial_days(plan) else CallToAction.SUBSCRIBE
    lowest = min(offered, key=lambda price: price.amount.amount, default=None)
    target = Target(plan=plan, price=None if lowest is None else lowest.key)
    upgrade = is_upgrade(catalog, subscription, target, visitor.now)
    return CallToAction.UPGRADE if upgrade else CallToAction.DOWNGRADE


def _is_another_period(
    catalog: Catalog, offered: Sequence[Price], visitor: Visitor, subscription: Subscription | None
) -> bool:
    if subscription is None or not offered:
        return False
    current = billing_period(catalog, subscription, visitor.now)
    return current not in {price.billing_period for price in offered}
