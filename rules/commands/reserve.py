"""Commands on reservations: reserve, settle and release."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar

from rules.access.decision import AccessCheck
from rules.catalog.validation import invalid, is_external_key, out_of_range
from rules.catalog_edits.features import unknown_key
from rules.commands.command import (
    CommandContext,
    CustomerState,
    Ordering,
    StateChange,
    UsageCommand,
    customer_problems,
)
from rules.commands.consume import as_decided, record_usage, window_need
from rules.commands.usage_charges import (
    charge_usage,
    cost_between,
    decide_in,
    hold_credit_needs,
    hold_credits,
    release_hold,
    settle_hold,
    usage_credit_needs,
)
from rules.credits.accounts import CreditNeed
from rules.errors import ErrorCode, Problem, Rejected, refuse_any
from rules.usage.counters import Need
from rules.usage.metering import UsageRecord
from rules.usage.reservations import (
    LONGEST_SECONDS,
    MOST_OPEN,
    Reservation,
    ReservationStatus,
    open_count,
    with_reservation,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve(UsageCommand):
    """Reserve a quantity, in micros, if that is allowed; the key names the reservation and the command."""

    operation: ClassVar[str] = "reserve"
    key_field: ClassVar[str] = "key"

    feature: str
    quantity: int
    key: str
    ttl_seconds: int = 3600

    @property
    def idempotency_key(self) -> str | None:
        """The key of the reservation: the same key and input is the same reservation."""
        return self.key

    @property
    def hold_key(self) -> str | None:
        """The key of the reservation to be made."""
        return self.key

    def question(self, customer: str) -> AccessCheck:
        """Return the check that is decided before anything is reserved."""
        return AccessCheck(customer=customer, feature=self.feature, requested=self.quantity, to_consume=True)

    def needs(self, scene: CommandContext, state: CustomerState) -> Iterable[Need]:
        """The window that the decision counts in."""
        return window_need(scene, state, self.feature)

    def credit_needs(self, scene: CommandContext, state: CustomerState) -> Iterable[CreditNeed]:
        """The account in which credits for overage are held."""
        return usage_credit_needs(scene, state, self.feature)

    def apply(self, scene: CommandContext, state: CustomerState) -> StateChange:
        """Reserve the quantity if the decision allows it; a denial is a result, not an error."""
        refuse_any(self._problems(scene, state))
        question = self.question(state.customer.key if state.customer is not None else "")
        decision = decide_in(scene, state, question)
        if not decision.allowed or state.customer is None:
            return StateChange(state=state, decision=decision, changed=False)
        hold = Reservation(
            key=self.key,
            feature=self.feature,
            quantity=self.quantity,
            created_at=scene.now,
            expires_at=scene.now + timedelta(seconds=self.ttl_seconds),
            number=state.customer.revision + 1,
        )
        after = hold_credits(scene, state, hold, decision)
        told = as_decided(decide_in(scene, after, question), decision)
        return StateChange(state=after, outcome={"reserved": self.quantity}, decision=told)

    def _problems(self, scene: CommandContext, state: CustomerState) -> Iterator[Problem]:
        if not is_external_key(self.key):
            yield invalid("A reservation's key is 1 to 255 printable characters.", "key")
        if self.quantity <= 0:
            yield out_of_range("The quantity to reserve must be above 0.", "quantity")
        if not 1 <= self.ttl_seconds <= LONGEST_SECONDS:
            yield out_of_range(f"A reservation lasts 1 to {LONGEST_SECONDS} seconds.", "ttlSeconds")
        if open_count(state.holds.values(), self.feature, scene.now) >= MOST_OPEN:
            message = f"The customer has {MOST_OPEN} open reservations of '{self.feature}' already."
            yield Problem(ErrorCode.NOT_ALLOWED, message, ("key",))


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldAct(UsageCommand):
    """A command on an existing reservation."""

    # The window depends on the reservation, which an earlier command of the batch may have made.
    ordering: ClassVar[Ordering] = Ordering.FIRST

    key: str

    @property
    def idempotency_key(self) -> str | None:
        """None: the reservation itself records what was done to it."""
        return None

    @property
    def hold_key(self) -> str | None:
        """The key of the reservation."""
        return self.key

    def needs(self, scene: CommandContext, state: CustomerState) -> Iterable[Need]:
        """The window in which the reservation's feature counts now."""
        hold = state.holds.get(self.key)
        return () if hold is None else window_need(scene, state, hold.feature)

    def credit_needs(self, scene: CommandContext, state: CustomerState) -> Iterable[CreditNeed]:
        """The accounts that hold credits for the reservation, and that pay for what exceeds it."""
        hold = state.holds.get(self.key)
        return () if hold is None else hold_credit_needs(scene, state, hold)

    def found(self, scene: CommandContext, state: CustomerState) -> Reservation:
        """Return the reservation; raises Rejected if there is none."""
        refuse_any(customer_problems(scene, state.customer))
        hold = state.holds.get(self.key)
        if hold is None:
            raise Rejected([unknown_key("reservation", self.key, "key")])
        return hold


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleReservation(HoldAct):
    """Record what was used of a reservation, by default all of it, and release the rest."""

    operation: ClassVar[str] = "settleReservation"

    quantity: int | None = None

    def apply(self, scene: CommandContext, state: CustomerState) -> StateChange:
        """Settle; a repetition does nothing, and an expired reservation can still be settled."""
        hold = self.found(scene, state)
        quantity = hold.quantity if self.quantity is None else self.quantity
        if hold.settled is not None:
            return self._again(state, hold, quantity)
        refuse_any(self._problems(hold, quantity))
        over = replace(hold, settled_at=scene.now, settled=quantity)
        after = settle_hold(scene, state, hold, quantity)
        after = replace(after, holds=with_reservation(after.holds, over))
        if quantity == 0:
            return StateChange(state=after, outcome=cost_between(state, after))
        record = UsageRecord(feature=hold.feature, occurred_at=scene.now, quantity=quantity)
        after = self._record(scene, after, hold, record)
        return StateChange(state=after, records=(record,), outcome=cost_between(state, after))

    def _record(
        self, scene: CommandContext, state: CustomerState, hold: Reservation, record: UsageRecord
    ) -> CustomerState:
        """Count what was used; what exceeds the reservation, or came after it expired, counts as a report."""
        of_hold = min(hold.quantity, record.quantity) if hold.holds(scene.now) else 0
        if of_hold:
            state = record_usage(scene, state, replace(record, quantity=of_hold))
        if record.quantity == of_hold:
            return state
        more = replace(record, quantity=record.quantity - of_hold)
        return record_usage(scene, charge_usage(scene, state, more, "quantity"), more)

    def _again(self, state: CustomerState, hold: Reservation, quantity: int) -> StateChange:
        if hold.settled != quantity:
            message = f"'{self.key}' was settled with another quantity."
            raise Rejected([Problem(ErrorCode.IDEMPOTENCY_CONFLICT, message, ("quantity",))])
        return StateChange(state=state, changed=False, replayed=True)

    def _problems(self, hold: Reservation, quantity: int) -> Iterator[Problem]:
        if hold.released_at is not None:
            yield Problem(ErrorCode.NOT_ALLOWED, f"'{self.key}' was released.", ("key",))
        if quantity < 0:
            yield out_of_range("The settled quantity must be 0 or more.", "quantity")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseReservation(HoldAct):
    """Release a reservation without usage."""

    operation: ClassVar[str] = "releaseReservation"

    def apply(self, scene: CommandContext, state: CustomerState) -> StateChange:
        """Release; a repetition does nothing."""
        hold = self.found(scene, state)
        if hold.status(scene.now) is ReservationStatus.SETTLED:
            message = f"'{self.key}' was settled."
            raise Rejected([Problem(ErrorCode.NOT_ALLOWED, message, ("key",))])
        if hold.released_at is not None:
            return StateChange(state=state, changed=False, replayed=True)
        over = replace(hold, released_at=scene.now)
        after = release_hold(scene, state, hold)
        return StateChange(state=replace(after, holds=with_reservation(after.holds, over)))
