"""Report usage: past usage is recorded, whatever the limits say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from rules.catalog.facts import ADDED_UP, Aggregation, Catalog, Feature, FeatureStatus
from rules.catalog.validation import mismatch, out_of_range
from rules.catalog_edits.features import unknown_key
from rules.commands.command import (
    CommandContext,
    CustomerState,
    StateChange,
    UsageCommand,
    customer_problems,
    idempotency_problems,
)
from rules.commands.usage_charges import burns, charge_usage, cost_between, usage_credit_needs
from rules.credits.accounts import CreditNeed
from rules.customers.facts import Customer
from rules.errors import ErrorCode, Problem, refuse_any
from rules.numbers import LARGEST, ONE
from rules.usage.counters import Need, aggregation_of, count_record
from rules.usage.event_properties import (
    Properties,
    distinct_problems,
    distinct_value,
    properties_problems,
    readable,
)
from rules.usage.metering import UsageRecord, Window, is_added_up
from rules.values import FeatureType

AHEAD = timedelta(minutes=5)
"""How far ahead of the clock usage may have occurred."""


class UsageMode(StrEnum):
    """What a reported quantity is."""

    ADD = "ADD"
    SET = "SET"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportUsage(UsageCommand):
    """Record usage: a quantity, in micros, to add, to set as the total, or as observed.

    Sums take negative quantities too, which give usage back. MAX and LATEST observe the quantity; UNIQUE
    counts the property that its meter names.
    """

    operation: ClassVar[str] = "reportUsage"

    feature: str
    quantity: int = ONE
    mode: UsageMode = UsageMode.ADD
    occurred_at: datetime | None = None
    idempotency_key: str | None = None
    properties: Properties | None = None

    def needs(self, scene: CommandContext, state: CustomerState) -> Iterable[Need]:
        """The window that counts now, for the result, and the one in which the usage occurred.

        Late usage that is only added needs only the first, unless it burns credits beyond the limit: no
        past sum is read.
        """
        feature = scene.flat.catalog.features.get(self.feature)
        if state.customer is None or feature is None:
            return ()
        value = self._value(feature)
        now = Need(window=scene.window(state.customer, self.feature), value=value)
        late = self.occurred_at is not None and self.occurred_at < scene.now
        uncounted = late and self._only_adds(feature) and not burns(scene, state, self.feature)
        if self.occurred_at is None or uncounted:
            return (now,)
        return (now, Need(window=self._window(scene, state.customer), value=value))

    def credit_needs(self, scene: CommandContext, state: CustomerState) -> Iterable[CreditNeed]:
        """The accounts that overage burns, or that refunds return to."""
        gives_back = self.quantity < 0 or self.mode is UsageMode.SET
        return usage_credit_needs(scene, state, self.feature, self.occurred_at, gives_back=gives_back)

    def apply(self, scene: CommandContext, state: CustomerState) -> StateChange:
        """Record the usage, and count it in every window that contains its instant."""
        refuse_any(self._problems(scene, state))
        record = self._record(scene, state)
        aggregation = aggregation_of(scene.flat.catalog, self.feature)
        if aggregation in ADDED_UP:
            after = charge_usage(scene, state, record, "value")
            outcome = {"recorded": record.quantity, **cost_between(state, after)}
            return self._count(after, record, aggregation, outcome)
        change = self._count(state, record, aggregation, {})
        added = self._used(scene, change.state) - self._used(scene, state)
        return replace(change, outcome={"recorded": added})

    def _count(
        self,
        state: CustomerState,
        record: UsageRecord,
        aggregation: Aggregation,
        outcome: Mapping[str, int],
    ) -> StateChange:
        after = replace(state, tallies=count_record(state.tallies, record, aggregation))
        return StateChange(state=after, records=(record,), outcome=outcome)

    def _record(self, scene: CommandContext, state: CustomerState) -> UsageRecord:
        feature = scene.flat.catalog.features[self.feature]
        return UsageRecord(
            feature=self.feature,
            occurred_at=self.occurred_at or scene.now,
            quantity=self._quantity(scene, state, feature),
            value=self._value(feature),
            properties=self.properties,
        )

    def _quantity(self, scene: CommandContext, state: CustomerState, feature: Feature) -> int:
        """Return the quantity to record: as added, as the difference to the set total, or as observed."""
        match aggregation_of(scene.flat.catalog, feature.key):
            case Aggregation.SUM | Aggregation.COUNT if self.mode is UsageMode.SET:
                return self.quantity - self._used(scene, state)
            case Aggregation.UNIQUE:
                return ONE
            case _:
                return self.quantity

    def _value(self, feature: Feature) -> str | None:
        meter = feature.meter
        return None if meter is None else distinct_value(meter, readable(self.properties))

    def _only_adds(self, feature: Feature) -> bool:
        return is_added_up(feature) and self.mode is UsageMode.ADD and self.quantity >= 0

    def _window(self, scene: CommandContext, customer: Customer) -> Window:
        return scene.window(customer, self.feature, self.occurred_at)

    def _used(self, scene: CommandContext, state: CustomerState) -> int:
        """Return the usage of the window in which the usage occurred."""
        if state.customer is None:
            return 0
        return state.tallies[self._window(scene, state.customer)].used

    def _problems(self, scene: CommandContext, state: CustomerState) -> Iterator[Problem]:
        feature = scene.flat.catalog.features.get(self.feature)
        yield from idempotency_problems(self.idempotency_key)
        yield from customer_problems(scene, state.customer)
        yield from _feature_problems(scene.flat.catalog, self.feature)
        yield from occurred_problems(self.occurred_at, scene.now)
        if self.mode is UsageMode.SET and self.occurred_at is not None and self.occurred_at < scene.now:
            yield out_of_range("SET takes no occurredAt in the past.", "occurredAt")
        if self.properties is not None:
            yield from properties_problems(self.properties)
        if feature is not None and feature.type is FeatureType.METERED:
            yield from self._quantity_problems(scene, state, feature)

    def _quantity_problems(
        self, scene: CommandContext, state: CustomerState, feature: Feature
    ) -> Iterator[Problem]:
        if not is_added_up(feature):
            if self.quantity < 0:
                yield out_of_range("The value must be 0 or more.", "value")
            yield from self._distinct_problems(feature)
        elif state.customer is not None:
            window = self._window(scene, state.customer)
            if window in state.tallies:
                total = state.tallies[window].used + self._quantity(scene, state, feature)
                yield from sum_problems(total, "value")

    def _distinct_problems(self, feature: Feature) -> Iterator[Problem]:
        if feature.meter is not None and feature.meter.aggregation is Aggregation.UNIQUE:
            yield from distinct_problems(feature.meter, readable(self.properties))


def _feature_problems(catalog: Catalog, key: str) -> Iterator[Problem]:
    feature = catalog.features.get(key)
    if feature is None:
        yield unknown_key("feature", key, "feature", among=catalog.features)
        return
    if feature.status is FeatureStatus.ARCHIVED:
        yield Problem(ErrorCode.ARCHIVED, f"'{key}' is archived.", ("feature",))
    if feature.type is not FeatureType.METERED:
        yield mismatch(f"'{key}' is not metered: there is no usage to report.", "feature")


def occurred_problems(occurred_at: datetime | None, now: datetime) -> Iterator[Problem]:
    """Check when usage occurred."""
    if occurred_at is not None and occurred_at > now + AHEAD:
        yield out_of_range("occurredAt may be at most 5 minutes ahead of the clock.", "occurredAt")


def sum_problems(total: int, *path: str) -> Iterator[Problem]:
    """Check what a quantity would make of the usage of a period."""
    if total < 0:
        yield out_of_range("More is given back than was used in the period.", *path)
    elif total > LARGEST:
        yield out_of_range("The usage of the period would be too large to count.", *path)
