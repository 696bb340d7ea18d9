"""A customer's life in a small shop: acts happen one after the other, as the ledger lets them happen."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

import pytest

from rules.access.decision import AccessCheck, Decision, decide, resolve_check
from rules.catalog.facts import Catalog, Package, Price, PublishScope, Row
from rules.catalog.inheritance import ResolvedCatalog
from rules.catalog_edits.packages import with_package
from rules.catalog_edits.publishing import publish
from rules.commands.command import Command, CommandContext, CustomerState
from rules.commands.customers import UpsertCustomer
from rules.commands.report_usage import ReportUsage
from rules.customers.effective import Source
from rules.customers.facts import Customer, Subscription, SubscriptionStatus
from rules.customers.terms import addons_in_force, current_period, price_of, version_in_force
from rules.errors import Rejected
from rules.numbers import ONE
from rules.periods import Period
from rules.usage.counters import Tally, aggregation_of
from rules.usage.metering import UsageRecord, Window
from tests.rules.builders.catalog_builders import shortened
from tests.rules.builders.small_shop import DAY, MOMENT, START, opened
from tests.rules.models.recount import tally_of

ACTIVE, IN_TRIAL = SubscriptionStatus.ACTIVE, SubscriptionStatus.IN_TRIAL
SCHEDULED, CANCELED, EXPIRED = (
    SubscriptionStatus.SCHEDULED,
    SubscriptionStatus.CANCELED,
    SubscriptionStatus.EXPIRED,
)


@dataclass
class Life:
    """One customer, their acts and the clock, in a shop that may change."""

    shop: Catalog = field(default_factory=opened)
    now: datetime = START
    customer: Customer | None = None
    records: list[UsageRecord] = field(default_factory=list)
    _flat: ResolvedCatalog | None = None

    @property
    def flat(self) -> ResolvedCatalog:
        """The catalog as rules read it."""
        if self._flat is None or self._flat.catalog is not self.shop:
            self._flat = ResolvedCatalog(self.shop)
        return self._flat

    def born(self, timezone: str = "UTC") -> Self:
        """Make the customer."""
        return self.does(UpsertCustomer(key="acme", timezone=timezone))

    def comes_to(self, instant: datetime) -> Self:
        """Let the clock go on to an instant."""
        self.now = instant
        return self

    @property
    def next_act_at(self) -> datetime:
        """The clock's time, or just after the last act."""
        acted_at = self.customer.acted_at if self.customer is not None else None
        return self.now if acted_at is None else max(self.now, acted_at + MOMENT)

    def does(self, *acts: Command) -> Self:
        """Let acts happen, none of which is refused."""
        for act in acts:
            scene = CommandContext(flat=self.flat, now=self.next_act_at)
            found = self.customer or (Customer(number=1, key="acme") if act.creates else None)
            state = CustomerState(customer=found)
            tallies = {need.window: self._tally(need.window) for need in act.needs(scene, state)}
            change = act.apply(scene, replace(state, tallies=tallies))
            customer = change.state.customer
            assert customer is not None
            self.customer = replace(customer, revision=customer.revision + 1, acted_at=scene.now)
            self.records += change.records
        return self

    def uses(self, feature: str, units: int, at: datetime | None = None) -> Self:
        """Report usage."""
        return self.does(ReportUsage(feature=feature, quantity=units * ONE, occurred_at=at))

    def refuses(self, act: Command) -> list[str]:
        """Code and path of every problem of an act, which is refused and changes nothing."""
        before = deepcopy((self.customer, self.shop))
        with pytest.raises(Rejected) as refusal:
            self.does(act)
        assert (self.customer, self.shop) == before
        return shortened(refusal.value.problems)

    def publishes(self, package: Package, scope: PublishScope = PublishScope.ALL_CUSTOMERS) -> Self:
        """Publish another draft of a package that is sold already."""
        self.shop = publish(with_package(self.shop, package), package.key, now=self.now, scope=scope).catalog
        return self

    def redraws(self, key: str, *rows: Row, scope: PublishScope = PublishScope.ALL_CUSTOMERS) -> Self:
        """Publish a package with other rows."""
        package = self.shop.packages[key]
        return self.publishes(replace(package, draft=replace(package.newest, rows=rows)), scope)

    def asks(
        self,
        feature: str,
        *,
        at: datetime | None = None,
        requested: int | None = None,
        values: tuple[str, ...] | None = None,
    ) -> Decision:
        """Ask about a feature, now or about another instant."""
        now = self.present
        asked = now if at is None or at == self.now else at
        units = None if requested is None else requested * ONE
        question = AccessCheck(customer="acme", feature=feature, requested=units, values=values)
        subject = resolve_check(self.flat, self.customer, question, asked, past=asked < now)
        window = subject.window
        later = [r.occurred_at for r in self.records if r.feature == feature and r.occurred_at > asked]
        return decide(
            subject,
            {} if window is None else {window: self._tally(window)},
            next_usage=min(later, default=None) if asked < now else None,
        )

    def _tally(self, window: Window) -> Tally:
        return tally_of(self.records, window, aggregation_of(self.flat.catalog, window.feature))

    # What tests compare, in few words.

    @property
    def present(self) -> datetime:
        """The instant at which a question is asked now."""
        return self.now if self.customer is None else self.customer.asked_at(self.now)

    @property
    def subscription(self) -> Subscription:
        """The newest subscription."""
        assert self.customer is not None
        return max(self.customer.subscriptions, key=lambda known: known.number)

    @property
    def status(self) -> SubscriptionStatus:
        """Where the newest subscription stands."""
        return self.subscription.status(self.present)

    @property
    def plan(self) -> str:
        """The plan of the newest subscription."""
        return self.subscription.term(self.present).plan

    @property
    def version(self) -> int:
        """The version that holds for the newest subscription."""
        return version_in_force(self.shop, self.subscription, self.present)

    @property
    def price(self) -> Price | None:
        """The price of the newest subscription."""
        return price_of(self.shop, self.subscription, self.present)

    @property
    def anchor(self) -> datetime:
        """Where the periods of the newest subscription are counted from."""
        return self.subscription.term(self.present).anchor

    @property
    def period(self) -> Period | None:
        """The current period of the newest subscription."""
        return current_period(self.shop, self.subscription, self.present)

    @property
    def period_end(self) -> datetime:
        """When the current period ends."""
        assert self.period is not None
        assert self.period.end is not None
        return self.period.end

    @property
    def addons(self) -> dict[str, int]:
        """The add-ons in force of the newest subscription, and how many of each."""
        held = addons_in_force(self.shop, self.subscription, self.present)
        return {known.addon: known.quantity for known in held}

    @property
    def scheduled(self) -> tuple[str, datetime] | None:
        """The change that is to come: to which plan, and when."""
        change = self.subscription.scheduled_change(self.present)
        return None if change is None else (change.plan, change.starts_at)

    def used(self, feature: str = "calls", at: datetime | None = None) -> int:
        """How many whole units of a feature are used."""
        usage = self.asks(feature, at=at).usage
        assert usage is not None
        return usage.used // ONE

    def limit(self, feature: str = "calls", at: datetime | None = None) -> int | None:
        """The limit in whole units; None is unlimited."""
        usage = self.asks(feature, at=at).usage
        assert usage is not None
        return None if usage.limit is None else usage.limit // ONE

    def counted(self, feature: str = "calls", at: datetime | None = None) -> tuple[datetime, datetime | None]:
        """Start and end of the period in which a feature's usage counts."""
        usage = self.asks(feature, at=at).usage
        assert usage is not None
        return usage.metering.period.start, usage.metering.period.end

    def sources(self, feature: str = "calls", at: datetime | None = None) -> list[str]:
        """Everything that speaks about a feature, in a word each; a star for those that decide."""
        return [_told(source) for source in self.asks(feature, at=at).subject.entitlement.sources]


def _told(source: Source) -> str:
    name = source.kind.value if source.row is None else source.row.package
    times = f" x{source.quantity}" if source.quantity != 1 else ""
    return f"{name}{times}{'*' if source.winning else ''}"


def subscribed(
    act: Command, *, timezone: str = "UTC", at: datetime = START, shop: Catalog | None = None
) -> Life:
    """The life of a customer who subscribes the day after they are made."""
    return Life(shop=shop or opened(), now=at - DAY).born(timezone).comes_to(at).does(act)
