"""Reporting usage: what has already happened is recorded, whatever the limits say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from rules.access import Question, subject_of
from rules.acts import Account, Change, Scene, UsageAct, customer_problems, idempotency_problems
from rules.catalog import Feature, FeatureStatus
from rules.customers import Customer
from rules.errors import ErrorCode, Problem, refuse_any
from rules.features import missing
from rules.metering import UsageRecord, Window, everything, is_added_up
from rules.numbers import LARGEST
from rules.validity import mismatch, out_of_range
from rules.values import FeatureType

AHEAD = timedelta(minutes=5)
"""How far ahead of the clock usage may have occurred."""


class UsageMode(StrEnum):
    """What a reported quantity is."""

    ADD = "ADD"
    SET = "SET"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportUsage(UsageAct):
    """Add a quantity, in micros, to a customer's usage, a negative one giving back; or set it to one."""

    operation: ClassVar[str] = "reportUsage"

    feature: str
    quantity: int = 1_000_000
    mode: UsageMode = UsageMode.ADD
    occurred_at: datetime | None = None
    idempotency_key: str | None = None

    def windows(self, scene: Scene, account: Account) -> Iterable[Window]:
        """The window that counts now, for the answer, and the one in which the usage occurred."""
        customer = account.customer
        if customer is None or self.feature not in scene.flat.catalog.features:
            return ()
        now = self._window(scene, customer, scene.now)
        return (now,) if self.occurred_at is None else (now, self._window(scene, customer, self.occurred_at))

    def _window(self, scene: Scene, customer: Customer, at: datetime) -> Window:
        question = Question(customer=customer.key, feature=self.feature)
        # Where no limit speaks, all usage of the customer counts together.
        return subject_of(scene.flat, customer, question, at).window or everything(self.feature)

    def apply(self, scene: Scene, account: Account) -> Change:
        """Record the quantity and add it to every window that holds its instant."""
        when = self.occurred_at or scene.now
        refuse_any(self._problems(scene, account))
        quantity = self._added(scene, account)
        record = UsageRecord(feature=self.feature, occurred_at=when, quantity=quantity)
        sums = added(account.sums, record)
        outcome = {"recorded": quantity}
        return Change(account=replace(account, sums=sums), records=(record,), outcome=outcome)

    def _problems(self, scene: Scene, account: Account) -> Iterator[Problem]:
        feature = scene.flat.catalog.features.get(self.feature)
        yield from idempotency_problems(self.idempotency_key)
        yield from customer_problems(account.customer)
        yield from _feature_problems(self.feature, feature)
        if self.occurred_at is not None and self.occurred_at > scene.now + AHEAD:
            yield out_of_range("occurredAt may be at most 5 minutes ahead of the clock.", "occurredAt")
        if self.mode is UsageMode.SET and self.occurred_at is not None and self.occurred_at < scene.now:
            yield out_of_range("What is set holds from now on: it takes no past occurredAt.", "occurredAt")
        if account.customer is not None and feature is not None:
            total = self._sum(scene, account) + self._added(scene, account)
            yield from sum_problems(total, self.quantity, "value")

    def _added(self, scene: Scene, account: Account) -> int:
        """Tell what the report adds: its quantity, or what leads from the sum to it."""
        return self.quantity if self.mode is UsageMode.ADD else self.quantity - self._sum(scene, account)

    def _sum(self, scene: Scene, account: Account) -> int:
        """Give the sum of the period in which the usage occurred."""
        if account.customer is None:
            return 0
        return account.sums[self._window(scene, account.customer, self.occurred_at or scene.now)]


def _feature_problems(key: str, feature: Feature | None) -> Iterator[Problem]:
    if feature is None:
        yield missing("feature", key, "feature")
        return
    if feature.status is FeatureStatus.ARCHIVED:
        yield Problem(ErrorCode.ARCHIVED, f"'{key}' is archived.", ("feature",))
    if feature.type is not FeatureType.METERED:
        yield mismatch(f"'{key}' is not metered: there is no usage to report.", "feature")
    elif feature.meter is not None and not is_added_up(feature):
        yield mismatch(f"'{key}' is counted by {feature.meter.aggregation}: nothing can be added.", "feature")


def sum_problems(total: int, quantity: int, *path: str) -> Iterator[Problem]:
    """Check what a quantity would make of the usage of a period.

    Below zero is refused only to who goes there: a publish may have cut periods anew.
    """
    if total < 0 and quantity < 0:
        yield out_of_range("More is given back than was used in the period.", *path)
    elif total > LARGEST:
        yield out_of_range("The usage of the period would be too large to count.", *path)


def added(sums: Mapping[Window, int], record: UsageRecord) -> dict[Window, int]:
    """Add a record to every sum of its feature whose window holds its instant."""
    return {
        window: used + record.quantity
        if window.feature == record.feature and record.occurred_at in window
        else used
        for window, used in sums.items()
    }
