"""A small shop, and how it is put together in a few words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from rules.catalog.facts import (
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
    Row,
)
from rules.catalog_edits.packages import with_package
from rules.catalog_edits.publishing import publish
from rules.numbers import ONE
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

START = datetime(2026, 1, 31, 9, tzinfo=UTC)
"""When lives begin, unless a test says otherwise."""

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
"""When the shop was opened."""

MOMENT = timedelta.resolution
DAY = timedelta(days=1)


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
