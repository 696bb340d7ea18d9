"""A customer at the till: acts on usage happen one after the other, as the ledger lets them happen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from rules.access.decision import AccessCheck, Decision, decide, resolve_check
from rules.catalog.facts import Feature
from rules.catalog.inheritance import ResolvedCatalog
from rules.commands.command import Command, CommandContext, CustomerState, StateChange
from rules.commands.consume import Consume
from rules.commands.report_usage import ReportUsage, UsageMode
from rules.commands.reserve import ReleaseReservation, Reserve, SettleReservation
from rules.customers.facts import Customer
from rules.errors import Rejected
from rules.numbers import ONE
from rules.usage.counters import Tallies, Tally, aggregation_of
from rules.usage.limits import UsageBalance
from rules.usage.metering import UsageRecord, Window
from rules.usage.reservations import Reservation, ReservationStatus, total_reserved
from rules.values import Value
from tests.rules.builders.catalog_builders import shortened
from tests.rules.builders.customer_builders import (
    INSTANT,
    START,
    customer,
    published_plan,
    selling,
    subscription,
)
from tests.rules.models.recount import tally_of


@dataclass
class Till:
    """What is kept of one customer; ``tallies`` is what a transaction has counted so far."""

    flat: ResolvedCatalog
    customer: Customer | None
    now: datetime = START
    records: list[UsageRecord] = field(default_factory=list)
    holds: Mapping[str, Reservation] = field(default_factory=dict)
    tallies: Tallies = field(default_factory=dict)

    def does(self, act: Command) -> StateChange:
        """Do an act just after the last one."""
        scene = CommandContext(flat=self.flat, now=self.now + INSTANT)
        change = act.apply(scene, self._account(scene, act))
        if change.changed:
            self.now, self.tallies, self.holds = scene.now, change.state.tallies, change.state.holds
            self.records += change.records
        return change

    def refuses(self, act: Command) -> list[str]:
        """Give code and path of every problem of an act that is refused."""
        try:
            change = self.does(act)
        except Rejected as rejected:
            return shortened(rejected.problems)
        message = f"nothing was refused: {change}"
        raise AssertionError(message)

    def waits(self, **span: float) -> None:
        """Let time pass, in the units of a timedelta."""
        self.now += timedelta(**span)

    def commits(self) -> None:
        """End a transaction: the next counts anew."""
        self.tallies = {}

    def asks(self, feature: str = "calls", requested: int | None = None) -> Decision:
        """Ask, with all usage counted anew."""
        wanted = None if requested is None else requested * ONE
        question = AccessCheck(customer="acme", feature=feature, requested=wanted)
        subject = resolve_check(self.flat, self.customer, question, self.now)
        tallies = {} if subject.window is None else {subject.window: self._counted(subject.window)}
        return decide(subject, tallies, total_reserved(self.holds.values(), feature, self.now))

    def usage(self, feature: str = "calls") -> UsageBalance:
        """The usage that an answer shows."""
        found = self.asks(feature).usage
        assert found is not None
        return found

    def level(self) -> tuple[int, int]:
        """What is used and reserved of calls, in whole units."""
        usage = self.usage()
        return usage.used // ONE, usage.reserved // ONE

    def status(self, key: str = "hold") -> ReservationStatus:
        """Where a hold stands."""
        return self.holds[key].status(self.now)

    def _account(self, scene: CommandContext, act: Command) -> CustomerState:
        found = CustomerState(customer=self.customer, tallies=self.tallies, holds=self.holds)
        needed = {need.window for need in act.needs(scene, found)}
        counted = {window: self._counted(window) for window in needed.difference(self.tallies)}
        return replace(found, tallies={**self.tallies, **counted})

    def _counted(self, window: Window) -> Tally:
        return tally_of(self.records, window, aggregation_of(self.flat.catalog, window.feature))


def till(rows: Mapping[str, Value], *features: Feature) -> Till:
    """The till of a customer on a plan with these rows, some features other than usual."""
    flat = selling(published_plan("basic", rows), features=features)
    return Till(flat, customer(subscription()))


def consume(units: int = 1, key: str | None = None, feature: str = "calls") -> Consume:
    """Use units up."""
    return Consume(feature=feature, quantity=units * ONE, idempotency_key=key)


def reserve(units: int = 1, key: str = "hold", seconds: int = 3600, feature: str = "calls") -> Reserve:
    """Hold units."""
    return Reserve(feature=feature, quantity=units * ONE, key=key, ttl_seconds=seconds)


def settle(units: int | None = None, key: str = "hold") -> SettleReservation:
    """Settle so many units of a hold, all of them where None."""
    return SettleReservation(key=key, quantity=None if units is None else units * ONE)


def release(key: str = "hold") -> ReleaseReservation:
    """Let go of a hold."""
    return ReleaseReservation(key=key)


def report(units: int) -> ReportUsage:
    """Add units to usage."""
    return ReportUsage(feature="calls", quantity=units * ONE)


def set_to(units: int, at: datetime | None = None) -> ReportUsage:
    """Let usage be so many units."""
    return ReportUsage(feature="calls", quantity=units * ONE, mode=UsageMode.SET, occurred_at=at)
