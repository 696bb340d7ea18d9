"""What is sold in these tests: the plans free, starter and pro, each on the one before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from rules.catalog.facts import Catalog, CreditRate, Feature, Meter, Plan
from rules.catalog_edits.publishing import publish
from rules.numbers import ONE
from rules.values import (
    BillingPeriod,
    ConfigKind,
    LimitEnforcement,
    Metered,
    Money,
    Object,
    OverageRate,
    Reset,
    ResetInterval,
    Unit,
)
from tests.rules.builders.catalog_builders import (
    catalog,
    choices,
    config,
    credit,
    credit_type,
    feature,
    metered,
    number,
    plan,
    price,
    row,
)

OVERAGE = OverageRate(amount=Money(amount=ONE // 10, currency="USD"), per_units=1_000 * ONE)


def counted(key: str, unit: str) -> Feature:
    """A metered feature that counts what is reported."""
    words = Unit(singular=unit, plural=f"{unit}s")
    return replace(metered(key), name=f"{words.plural}", unit=words, meter=Meter())


def limited(units: int | None, every: ResetInterval, overage: OverageRate | None = None) -> Metered:
    """A limit in units, None for none; soft where there is an overage rate."""
    return Metered(
        limit=None if units is None else units * ONE,
        reset=Reset(every=every),
        enforcement=LimitEnforcement.HARD if overage is None else LimitEnforcement.SOFT,
        overage=overage,
    )


FEATURES = (
    replace(counted("api-calls", "API call"), product="app"),
    counted("tokens", "token"),
    counted("seats", "seat"),
    counted("exports", "export"),
    feature("sso"),
    feature("community-support"),
    config("max-projects", ConfigKind.NUMBER),
    config("support", ConfigKind.TEXT),
    config("regions", ConfigKind.CHOICE, "eu", "us", "asia"),
    config("storage", ConfigKind.OBJECT),
)

FREE = plan(
    "free",
    row("api-calls", limited(100, ResetInterval.MONTH)),
    row("seats", limited(3, ResetInterval.NEVER)),
    row("max-projects", number(2)),
    row("regions", choices("eu")),
    row("community-support"),
)
STARTER = plan(
    "starter",
    row("tokens", limited(10_000, ResetInterval.MONTH, OVERAGE)),
    row("storage", Object(object={"limitGB": 50})),
    row("api-calls", limited(1_000, ResetInterval.BILLING_PERIOD)),
    base="free",
    prices=[price("starter-monthly", 19)],
)
PRO = plan(
    "pro",
    row("sso"),
    row("seats", limited(50, ResetInterval.NEVER)),
    row("exports", limited(None, ResetInterval.MONTH)),
    base="starter",
    prices=[
        price("pro-monthly", 49),
        replace(price("pro-yearly", 490), billing_period=BillingPeriod.YEARLY),
    ],
)


def stocked(before: Catalog, now: datetime, plans: Sequence[Plan] = (FREE, STARTER, PRO)) -> Catalog:
    """The catalog of an environment that sold nothing before, its plans published at an instant."""
    sold = replace(catalog(*FEATURES, *plans), revision=before.revision)
    for sold_plan in plans:
        sold = publish(sold, sold_plan.key, now=now).catalog
    return sold


def studio_of(before: Catalog, now: datetime) -> Catalog:
    """The catalog of a studio: 10 images a month, and 100 credits, of which each image beyond burns 2."""
    maker = plan("maker", row("images", limited(10, ResetInterval.MONTH)), row("ai", credit(100)))
    rate = CreditRate(feature="images", credit_type="ai", credits=2 * ONE)
    maker = replace(maker, draft=replace(maker.newest, rates=(rate,)))
    sold = catalog(counted("images", "image"), credit_type(), maker)
    return publish(replace(sold, revision=before.revision), "maker", now=now).catalog
