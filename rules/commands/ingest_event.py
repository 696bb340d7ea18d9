"""Events: what an application says has happened, of which meters make usage of any number of features."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from rules.catalog.facts import ADDED_UP, Feature, Meter
from rules.catalog.validation import LONGEST_NAME, invalid, is_external_key
from rules.commands.command import Account, Change, Scene, UsageAct, customer_problems
from rules.commands.report_usage import occurred_problems, sum_problems
from rules.commands.usage_charges import burns, paid, usage_credit_needs
from rules.credits.accounts import CreditNeed
from rules.errors import Problem, refuse_any
from rules.usage.counters import Need, aggregation_of, tallied
from rules.usage.event_properties import (
    Properties,
    distinct_value,
    observed,
    properties_problems,
    readable,
    satisfies,
)
from rules.usage.metering import UsageRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestEvent(UsageAct):
    """Count an event in every feature whose meter it matches, in all of them or in none."""

    operation: ClassVar[str] = "ingestEvents"
    key_field: ClassVar[str] = "id"
    # An event is what it was when it first came.
    known_by_key: ClassVar[bool] = True

    id: str
    name: str
    properties: Properties | None = None
    occurred_at: datetime | None = None

    @property
    def idempotency_key(self) -> str | None:
        """The event's id, unique for its customer."""
        return self.id

    def needs(self, scene: Scene, account: Account) -> Iterable[Need]:
        """The windows that count now, and where usage burns credits, those in which it occurred."""
        customer = account.customer
        if customer is None:
            return []
        return [
            Need(
                window=scene.window(customer, feature.key, at),
                value=distinct_value(meter, readable(self.properties)),
            )
            for feature, meter in self._matched(scene)
            for at in ((None, self.occurred_at) if burns(scene, account, feature.key) else (None,))
        ]

    def credit_needs(self, scene: Scene, account: Account) -> Iterable[CreditNeed]:
        """The books that what is beyond limits burns."""
        for feature, _ in self._matched(scene):
            yield from usage_credit_needs(scene, account, feature.key, self.occurred_at)

    def apply(self, scene: Scene, account: Account) -> Change:
        """Record what each meter reads; an event that no meter matches changes nothing."""
        refuse_any(self._problems(scene, account))
        after, records = account, []
        for feature, meter in self._matched(scene):
            quantity, value = observed(meter, readable(self.properties))
            record = UsageRecord(
                feature=feature.key,
                occurred_at=self.occurred_at or scene.now,
                quantity=quantity,
                value=value,
                properties=self.properties,
            )
            if meter.aggregation in ADDED_UP:
                after = paid(scene, after, record, "properties")
            after = replace(after, tallies=tallied(after.tallies, record, meter.aggregation))
            refuse_any(_sum_problems(scene, after, record))
            records.append(record)
        matched = len(records)
        return Change(
            account=after, records=tuple(records), outcome={"matched": matched}, changed=matched > 0
        )

    def _matched(self, scene: Scene) -> list[tuple[Feature, Meter]]:
        properties = readable(self.properties)
        return [
            (feature, meter)
            for feature, meter in scene.flat.metered_by(self.name)
            if all(satisfies(condition, properties) for condition in meter.filters)
        ]

    def _problems(self, scene: Scene, account: Account) -> Iterator[Problem]:
        yield from customer_problems(scene, account.customer)
        if not is_external_key(self.id):
            yield invalid("An event's id is 1 to 255 printable characters.", "id")
        if not 1 <= len(self.name) <= LONGEST_NAME:
            yield invalid("An event's name has 1 to 255 characters.", "name")
        if self.properties is not None:
            yield from properties_problems(self.properties)
        yield from occurred_problems(self.occurred_at, scene.now)
        yield from self._unreadable(scene)

    def _unreadable(self, scene: Scene) -> Iterator[Problem]:
        for feature, meter in self._matched(scene):
            try:
                observed(meter, readable(self.properties))
            except ValueError as problem:
                yield invalid(f"{problem} '{feature.key}' counts it.", "properties", meter.property or "")


def _sum_problems(scene: Scene, account: Account, record: UsageRecord) -> Iterator[Problem]:
    """Check the sum that counts now; ended periods are counted in full whenever somebody asks."""
    if account.customer is None or aggregation_of(scene.flat.catalog, record.feature) not in ADDED_UP:
        return
    window = scene.window(account.customer, record.feature)
    if record.occurred_at in window:
        yield from sum_problems(account.tallies[window].used, "properties")
