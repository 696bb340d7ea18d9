"""The command that applies new time zone rules to a customer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from rules.commands.command import CommandContext, CustomerState, FactsCommand, StateChange
from rules.credits.moved_boundaries import with_moved_changes
from rules.customers.facts import Customer


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowTimeZones(FactsCommand):
    """Move changes scheduled for the end of a period to its end by the rules in force."""

    operation: ClassVar[str] = "followTimeZones"

    def apply(self, scene: CommandContext, state: CustomerState) -> StateChange:
        """Move them; nothing changes if nothing is scheduled, or its instant is the same."""
        customer = state.customer
        if customer is None:
            return StateChange(state=state, changed=False)
        moved = tuple(with_moved_changes(known, scene.now) for known in customer.subscriptions)
        if moved == customer.subscriptions:
            return StateChange(state=state, changed=False)
        return StateChange(state=replace(state, customer=replace(customer, subscriptions=moved)))


def zones_of(customer: Customer) -> frozenset[str]:
    """Return the time zones by which anything of a customer is counted."""
    terms = (term for subscription in customer.subscriptions for term in subscription.terms)
    custom = (known.timezone for known in customer.custom)
    return frozenset((customer.timezone, *(term.timezone for term in terms), *custom))
