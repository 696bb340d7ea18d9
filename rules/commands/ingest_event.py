"""Ingest an event, of which meters make usage of any number of features."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from rules.catalog.facts import ADDED_UP, Feature, Meter
from rules.catalog.validation import LONGEST_NAME, invalid, is_external_key
from rules.commands.command import CommandContext, CustomerState, StateChange, UsageCommand, customer_problems
from rules.commands.report_usage import occurred_problems, sum_problems
from rules.commands.usage_charges import burns, charge_usage, usage_credit_needs
from rules.credits.accounts import CreditNeed
from rules.errors import Problem, refuse_any
from rules.usage.counters import Need, aggregation_of, count_record
from rules.usage.event_properties import (
    Properties,
    distinct_value,
    observe,
    properties_problems,
    readable,
    satisfies,
)
from rules.usage.metering import UsageRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestEvent(UsageCommand):
    """Count an event in every feature whose meter matches it, in all of them or in none."""

    operation: ClassVar[str] = "ingestEvents"
    key_field: ClassVar[str] = "id"
    # A repeated event is recognized by its id alone: the first one counts.
    known_by_key: ClassVar[bool] = True

    id: str
    name: str
    properties: Properties | None = None
    occurred_at: datetime | None = None

    @property
    def idempotency_key(self) -> str | None:
        """The event's id, unique for its customer."""
        return self.id

    def needs(self, scene: CommandContext, state: CustomerState) -> Iterable[Need]:
        """The windows that count now and, if usage burns credits, those in which it occurred."""
        customer = state.customer
        if customer is None:
            return []
        return [
            Need(
                window=scene.window(customer, feature.key, at),
                value=distinct_value(meter, readable(self.properties)),
            )
            for feature, meter in self._matches(scene)
            for at in ((None, self.occurred_at) if burns(scene, state, feature.key) else (None,))
        ]

    def credit_needs(self, scene: CommandContext, state: CustomerState) -> Iterable[CreditNeed]:
        """The accounts that overage burns."""
        for feature, _ in self._matches(scene):
            yield from usage_credit_needs(scene, state, feature.key, self.occurred_at)

    def apply(self, scene: CommandContext, state: CustomerState) -> StateChange:
        """Record what each meter reads; an event that no meter matches changes nothing."""
        refuse_any(self._problems(scene, state))
        after, records = state, []
        for feature, meter in self._matches(scene):
            quantity, value = observe(meter, readable(self.properties))
            record = UsageRecord(
                feature=feature.key,
                occurred_at=self.occurred_at or scene.now,
                quantity=quantity,
                value=value,
                properties=self.properties,
            )
            if meter.aggregation in ADDED_UP:
                after = charge_usage(scene, after, record, "properties")
            after = replace(after, tallies=count_record(after.tallies, record, meter.aggregation))
            refuse_any(_sum_problems(scene, after, record))
            records.append(record)
        matched = len(records)
        return StateChange(
            state=after, records=tuple(records), outcome={"matched": matched}, changed=matched > 0
        )

    def _matches(self, scene: CommandContext) -> list[tuple[Feature, Meter]]:
        properties = readable(self.properties)
        return [
            (feature, meter)
            for feature, meter in scene.flat.metered_by(self.name)
            if all(satisfies(condition, properties) for condition in meter.filters)
        ]

    def _problems(self, scene: CommandContext, state: CustomerState) -> Iterator[Problem]:
        yield from customer_problems(scene, state.customer)
        if not is_external_key(self.id):
            yield invalid("An event's id is 1 to 255 printable characters.", "id")
        if not 1 <= len(self.name) <= LONGEST_NAME:
            yield invalid("An event's name has 1 to 255 characters.", "name")
        if self.properties is not None:
            yield from properties_problems(self.properties)
        yield from occurred_problems(self.occurred_at, scene.now)
        yield from self._unreadable(scene)

    def _unreadable(self, scene: CommandContext) -> Iterator[Problem]:
        for feature, meter in self._matches(scene):
            try:
                observe(meter, readable(self.properties))
            except ValueError as problem:
                yield invalid(f"{problem} '{feature.key}' counts it.", "properties", meter.property or "")


def _sum_problems(scene: CommandContext, state: CustomerState, record: UsageRecord) -> Iterator[Problem]:
    """Check the current sum; the sums of ended periods are computed in full when they are read."""
    if state.customer is None or aggregation_of(scene.flat.catalog, record.feature) not in ADDED_UP:
        return
    window = scene.window(state.customer, record.feature)
    if record.occurred_at in window:
        yield from sum_problems(state.tallies[window].used, "properties")
