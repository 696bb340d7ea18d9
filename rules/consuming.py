"""Consuming: a decision and a record as one act, so that nobody ever gets past a hard limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from rules.access import Decision, Question, decide, subject_of
from rules.acts import Account, Change, Scene, idempotency_problems
from rules.customers import Customer
from rules.errors import Problem, refuse_any
from rules.metering import UsageRecord, Window, everything
from rules.reporting import added, sum_problems
from rules.validity import out_of_range


@dataclass(frozen=True, slots=True, kw_only=True)
class Consume:
    """Use a quantity, in micros, if that is allowed, and otherwise nothing of it."""

    operation: ClassVar[str] = "consume"
    creates: ClassVar[bool] = False
    changes_facts: ClassVar[bool] = False

    feature: str
    quantity: int = 1_000_000
    idempotency_key: str | None = None

    def question(self, customer: str) -> Question:
        """Ask what is decided before anything is recorded."""
        return Question(customer=customer, feature=self.feature, requested=self.quantity, to_consume=True)

    def windows(self, scene: Scene, customer: Customer | None) -> Iterable[Window]:
        """The window that the decision and the answer count in."""
        if customer is None or self.feature not in scene.flat.catalog.features:
            return ()
        subject = subject_of(scene.flat, customer, self.question(customer.key), scene.now)
        return (subject.window or everything(self.feature),)

    def apply(self, scene: Scene, account: Account) -> Change:
        """Record the quantity where the decision allows it; a no is an answer, not an error."""
        refuse_any(self._problems())
        decision = self._decided(scene, account)
        if not decision.allowed:
            return Change(account=account, outcome={"consumed": 0}, decision=decision, changed=False)
        record = UsageRecord(feature=self.feature, occurred_at=scene.now, quantity=self.quantity)
        after = replace(account, sums=added(account.sums, record))
        refuse_any(problem for used in after.sums.values() for problem in sum_problems(used, "quantity"))
        return Change(
            account=after,
            records=(record,),
            outcome={"consumed": self.quantity},
            decision=replace(self._decided(scene, after), reason=decision.reason),
        )

    def _decided(self, scene: Scene, account: Account) -> Decision:
        question = self.question(account.customer.key if account.customer is not None else "")
        return decide(subject_of(scene.flat, account.customer, question, scene.now), account.sums)

    def _problems(self) -> Iterator[Problem]:
        yield from idempotency_problems(self.idempotency_key)
        if self.quantity <= 0:
            yield out_of_range("What is consumed is above 0.", "quantity")
