"""Consume: decide and record in one command, so that no request exceeds a hard limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from rules.access.decision import AccessCheck, Decision
from rules.catalog.facts import Aggregation
from rules.catalog.validation import out_of_range
from rules.commands.command import (
    CommandContext,
    CustomerState,
    StateChange,
    UsageCommand,
    idempotency_problems,
)
from rules.commands.report_usage import sum_problems
from rules.commands.usage_charges import charge_usage, decide_in, usage_credit_needs
from rules.credits.accounts import CreditNeed
from rules.errors import Problem, refuse_any
from rules.usage.counters import Need, count_record
from rules.usage.event_properties import Properties, properties_problems
from rules.usage.metering import UsageRecord
from rules.values import FeatureType


def window_need(scene: CommandContext, state: CustomerState, feature: str) -> Iterable[Need]:
    """Return the window in which a feature's usage counts now, with or without a limit.

    A feature that is not metered has no usage, and so no window.
    """
    known = scene.flat.catalog.features.get(feature)
    if state.customer is None or known is None or known.type is not FeatureType.METERED:
        return ()
    return (Need(window=scene.window(state.customer, feature)),)


def record_usage(scene: CommandContext, state: CustomerState, record: UsageRecord) -> CustomerState:
    """Return the state with usage of now recorded; raises Rejected if the sum becomes too large to count."""
    after = replace(state, tallies=count_record(state.tallies, record, Aggregation.SUM))
    refuse_any(
        problem
        for need in window_need(scene, state, record.feature)
        for problem in sum_problems(after.tallies[need.window].used, "quantity")
    )
    return after


def as_decided(told: Decision, decision: Decision) -> Decision:
    """Return the decision after a command with the reason and the cost decided before it."""
    return replace(
        told,
        subject=replace(told.subject, book=decision.subject.book),
        reason=decision.reason,
        tested=decision.tested,
        payment=decision.payment,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Consume(UsageCommand):
    """Use a quantity, in micros, if that is allowed, and otherwise nothing of it."""

    operation: ClassVar[str] = "consume"

    feature: str
    quantity: int = 1_000_000
    idempotency_key: str | None = None
    properties: Properties | None = None

    def question(self, customer: str) -> AccessCheck:
        """Return the check that is decided before anything is recorded."""
        return AccessCheck(customer=customer, feature=self.feature, requested=self.quantity, to_consume=True)

    def needs(self, scene: CommandContext, state: CustomerState) -> Iterable[Need]:
        """The window that the decision and the result count in."""
        return window_need(scene, state, self.feature)

    def credit_needs(self, scene: CommandContext, state: CustomerState) -> Iterable[CreditNeed]:
        """The credit account that pays for overage."""
        return usage_credit_needs(scene, state, self.feature)

    def apply(self, scene: CommandContext, state: CustomerState) -> StateChange:
        """Record the quantity if the decision allows it; a denial is a result, not an error."""
        refuse_any(self._problems())
        question = self.question(state.customer.key if state.customer is not None else "")
        decision = decide_in(scene, state, question)
        if not decision.allowed:
            return StateChange(state=state, outcome={"consumed": 0}, decision=decision, changed=False)
        record = UsageRecord(
            feature=self.feature,
            occurred_at=scene.now,
            quantity=self.quantity,
            properties=self.properties,
        )
        after = record_usage(scene, charge_usage(scene, state, record, "quantity"), record)
        told = decide_in(scene, after, question)
        return StateChange(
            state=after,
            records=(record,),
            outcome={"consumed": self.quantity},
            decision=as_decided(told, decision),
        )

    def _problems(self) -> Iterator[Problem]:
        yield from idempotency_problems(self.idempotency_key)
        if self.quantity <= 0:
            yield out_of_range("The quantity to consume must be above 0.", "quantity")
        if self.properties is not None:
            yield from properties_problems(self.properties)
