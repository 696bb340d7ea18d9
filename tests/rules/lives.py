"""A customer's life in a small shop: acts happen one after the other, as the ledger lets them happen."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from rules.access import Decision, Question, decide, subject_of
from rules.acts import Account, Act, Scene
from rules.catalog import (
    Addon,
    Aggregation,
    Catalog,
    Content,
    Feature,
    Meter,
    Package,
    Plan,
    Price,
    Product,
    PublishScope,
    Row,
)
from rules.customers import Customer, Subscription, SubscriptionStatus
from rules.errors import Rejected
from rules.inheritance import Flattened
from rules.lifecycle import UpsertCustomer
from rules.metering import UsageRecord, Window
from rules.numbers import ONE
from rules.packages import with_package
from rules.periods import Period
from rules.publishing import publish
from rules.reporting import ReportUsage
from rules.sources import Source
from rules.terms import addons_in_force, current_period, price_of, version_in_force
from rules.values import (
    BillingPeriod,
    Choices,
    ConfigKind,
    FeatureType,
    Granted,
    Metered,
    Money,
    Number,
    Reset,
    ResetAnchor,
    ResetInterval,
    Text,
    Value,
)
from tests.rules.builders import shortened

START = datetime(2026, 1, 31, 9, tzinfo=UTC)
"""When lives begin, unless a test says otherwise."""

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
"""When the shop was opened."""

MOMENT = timedelta.resolution
DAY = timedelta(days=1)
ACTIVE, IN_TRIAL = SubscriptionStatus.ACTIVE, SubscriptionStatus.IN_TRIAL
SCHEDULED, CANCELED, EXPIRED = (
    SubscriptionStatus.SCHEDULED,
    SubscriptionStatus.CANCELED,
    SubscriptionStatus.EXPIRED,
)


def day(month: int, date: int, *, year: int = 2026, hour: int = 9) -> datetime:
    """An instant on a day, at the time of day at which lives begin."""
    return datetime(year, month, date, hour, tzinfo=UTC)


def limit(
    units: int | None,
    every: ResetInterval = ResetInterval.BILLING_PERIOD,
    *,
    anchor: ResetAnchor = ResetAnchor.SUBSCRIPTION_START,
) -> Metered:
    """A hard limit in whole units, None is unlimited."""
    return Metered(
        limit=None if units is None else units * ONE, reset=Reset(every=every, anchor=anchor), overage=None
    )


def calendar(units: int) -> Metered:
    """A limit for every calendar month."""
    return limit(units, ResetInterval.MONTH, anchor=ResetAnchor.CALENDAR)


def price(
    key: str,
    units: int,
    billing: BillingPeriod = BillingPeriod.MONTHLY,
    currency: str = "USD",
) -> Price:
    """What a plan costs."""
    return Price(key=key, billing_period=billing, amount=Money(amount=units * ONE, currency=currency))


def monthly_and_yearly(units: int) -> tuple[Price, Price]:
    """A price a month, and ten times as much a year."""
    return price("monthly", units), price("yearly", 10 * units, BillingPeriod.YEARLY)


def row(key: str, value: Value, linked: str | None = None) -> Row:
    """What a package says about a feature."""
    return Row(key=key, value=value, price=linked)


def sold(package: Package, *rows: Row, base: str | None = None, prices: Sequence[Price] = ()) -> Package:
    """A package with a draft that says this."""
    return replace(package, draft=Content(base=base, rows=rows, prices=tuple(prices)))


def plan(key: str, position: int = 0, of: str = "app") -> Plan:
    """A plan without rows."""
    return Plan(key=key, name=key.title(), product=of, position=position)


def addon(key: str, most: int | None = None, of: str = "app") -> Addon:
    """An add-on without rows."""
    return Addon(key=key, name=key.title(), product=of, max_quantity=most)


FEATURES = (
    Feature(key="sso", name="SSO", type=FeatureType.BOOLEAN),
    Feature(key="storage", name="Storage", type=FeatureType.CONFIG, config_kind=ConfigKind.NUMBER),
    Feature(key="support", name="Support", type=FeatureType.CONFIG, config_kind=ConfigKind.TEXT),
    Feature(
        key="regions",
        name="Regions",
        type=FeatureType.CONFIG,
        config_kind=ConfigKind.CHOICE,
        choices=("eu", "us", "asia"),
    ),
    Feature(key="calls", name="Calls", type=FeatureType.METERED, meter=Meter()),
    Feature(key="exports", name="Exports", type=FeatureType.METERED, meter=Meter()),
    Feature(key="projects", name="Projects", type=FeatureType.METERED, meter=Meter()),
    Feature(key="seats", name="Seats", type=FeatureType.METERED, meter=Meter(aggregation=Aggregation.LATEST)),
)

BASIC_ROWS = (
    row("calls", limit(100)),
    row("exports", calendar(10)),
    row("projects", limit(5, ResetInterval.NEVER)),
    row("support", Text(text="mail")),
    row("regions", Choices(choices=("eu",))),
)

PACKAGES = (
    sold(plan("free"), row("calls", limit(10))),
    sold(plan("basic", 1), *BASIC_ROWS, prices=monthly_and_yearly(10)),
    sold(
        replace(plan("pro", 2), default_trial_days=14, compatible_addons=("boost",)),
        row("calls", limit(500)),
        row("sso", Granted()),
        base="basic",
        prices=monthly_and_yearly(30),
    ),
    sold(plan("team", 3), row("storage", Number(number=ONE)), prices=[price("monthly", 20)]),
    sold(plan("euro", 4), row("calls", limit(200)), prices=[price("monthly", 1, currency="EUR")]),
    sold(addon("boost", most=3), row("calls", limit(50)), row("support", Text(text="phone"))),
    sold(addon("pack"), row("storage", Number(number=ONE)), row("regions", Choices(choices=("asia",)))),
    sold(plan("chat", of="desk"), row("calls", limit(7)), row("support", Text(text="chat"))),
    sold(addon("bots", of="desk"), row("calls", limit(1))),
)


def opened(*packages: Package, at: datetime = LONG_AGO) -> Catalog:
    """A shop that sells these, all of them published; what it sells unless a test says otherwise."""
    shop = Catalog(
        products={key: Product(key=key, name=key.title()) for key in ("app", "desk")},
        features={known.key: known for known in FEATURES},
    )
    for package in packages or PACKAGES:
        shop = publish(with_package(shop, package), package.key, now=at).catalog
    return shop


@dataclass
class Life:
    """One customer, their acts and the clock, in a shop that may change."""

    shop: Catalog = field(default_factory=opened)
    now: datetime = START
    customer: Customer | None = None
    records: list[UsageRecord] = field(default_factory=list)
    _flat: Flattened | None = None

    @property
    def flat(self) -> Flattened:
        """The catalog as rules read it."""
        if self._flat is None or self._flat.catalog is not self.shop:
            self._flat = Flattened(self.shop)
        return self._flat

    def born(self, timezone: str = "UTC") -> Life:
        """Make the customer."""
        return self.does(UpsertCustomer(key="acme", timezone=timezone))

    def comes_to(self, instant: datetime) -> Life:
        """Let the clock go on to an instant."""
        self.now = instant
        return self

    @property
    def next_act_at(self) -> datetime:
        """The clock's time, or just after the last act."""
        acted_at = self.customer.acted_at if self.customer is not None else None
        return self.now if acted_at is None else max(self.now, acted_at + MOMENT)

    def does(self, *acts: Act) -> Life:
        """Let acts happen, none of which is refused."""
        for act in acts:
            scene = Scene(flat=self.flat, now=self.next_act_at)
            found = self.customer or (Customer(number=1, key="acme") if act.creates else None)
            account = Account(customer=found)
            sums = {window: self._sum(window) for window in act.windows(scene, account)}
            change = act.apply(scene, replace(account, sums=sums))
            customer = change.account.customer
            assert customer is not None
            self.customer = replace(customer, revision=customer.revision + 1, acted_at=scene.now)
            self.records += change.records
        return self

    def uses(self, feature: str, units: int, at: datetime | None = None) -> Life:
        """Report usage."""
        return self.does(ReportUsage(feature=feature, quantity=units * ONE, occurred_at=at))

    def refuses(self, act: Act) -> list[str]:
        """Code and path of every problem of an act, which is refused and changes nothing."""
        before = deepcopy((self.customer, self.shop))
        with pytest.raises(Rejected) as refusal:
            self.does(act)
        assert (self.customer, self.shop) == before
        return shortened(refusal.value.problems)

    def publishes(self, package: Package, scope: PublishScope = PublishScope.ALL_CUSTOMERS) -> Life:
        """Publish another draft of a package that is sold already."""
        self.shop = publish(with_package(self.shop, package), package.key, now=self.now, scope=scope).catalog
        return self

    def redraws(self, key: str, *rows: Row, scope: PublishScope = PublishScope.ALL_CUSTOMERS) -> Life:
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
        question = Question(customer="acme", feature=feature, requested=units, values=values)
        subject = subject_of(self.flat, self.customer, question, asked, past=asked < now)
        window = subject.window
        later = [r.occurred_at for r in self.records if r.feature == feature and r.occurred_at > asked]
        return decide(
            subject,
            {} if window is None else {window: self._sum(window)},
            next_usage=min(later, default=None) if asked < now else None,
        )

    def _sum(self, window: Window) -> int:
        return sum(
            record.quantity
            for record in self.records
            if record.feature == window.feature and record.occurred_at in window
        )

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
        return [_told(source) for source in self.asks(feature, at=at).subject.entitled.sources]


def _told(source: Source) -> str:
    name = source.kind.value if source.row is None else source.row.package
    times = f" x{source.quantity}" if source.quantity != 1 else ""
    return f"{name}{times}{'*' if source.winning else ''}"


def subscribed(act: Act, *, timezone: str = "UTC", at: datetime = START, shop: Catalog | None = None) -> Life:
    """The life of a customer who subscribes the day after they are made."""
    return Life(shop=shop or opened(), now=at - DAY).born(timezone).comes_to(at).does(act)
