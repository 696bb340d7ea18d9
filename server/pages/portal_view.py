"""What the template of the customer's own page receives: facts in words, and drawings of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from resolvers.credits.balances import LedgerEntryView
from resolvers.portal import CustomerPortalView, PortalCreditsView
from rules.access.decision import AccessReason, Decision
from rules.catalog.facts import CreditType, Feature, Product
from rules.catalog.inheritance import ResolvedCatalog
from rules.catalog.wording import (
    counted_text,
    day_text,
    distance_text,
    moment_text,
    price_text,
    quantity_text,
)
from rules.credits.grants import Lot
from rules.customers.facts import SubscriptionStatus
from rules.customers.terms import addons_in_force, price_of
from rules.portal.overview import (
    LimitStatus,
    ProductSection,
    is_level,
    limit_status,
    next_to_expire,
    spendable,
)
from rules.portal.wording import (
    ENTRIES,
    SOURCES,
    STATUSES,
    Event,
    Setting,
    badge,
    events,
    left_text,
    notes,
    setting_text,
    used_text,
)
from rules.pricing.table import charged_feature
from rules.revisions import Sight
from rules.usage.limits import UsageBalance
from rules.usage.series import Series
from server.pages.charts import Bar, Chart, bar, chart

GRANTS_SHOWN = 20

_SOON = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalDates:
    """Writes instants in the customer's time zone, as seen from one of them."""

    now: datetime
    timezone: str

    def moment(self, instant: datetime) -> str:
        """'December 1, 2026, 14:30'."""
        return moment_text(instant, self.timezone)

    def when(self, instant: datetime) -> str:
        """As a day, or as a moment where it is about a day away."""
        return self.moment(instant) if abs(instant - self.now) < _SOON else self.day(instant)

    def day(self, instant: datetime) -> str:
        """'December 1, 2026'."""
        return day_text(instant, self.timezone)

    def short(self, instant: datetime) -> str:
        """'Dec 1'."""
        return day_text(instant, self.timezone, year=False)

    def distance(self, instant: datetime) -> str:
        """'in 10 days'."""
        return distance_text(instant, self.now, self.timezone)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitCard:
    """A limit: used and left, when it resets, and usage over time."""

    key: str
    name: str
    about: str | None
    standing: LimitStatus
    badge: str | None
    used: str
    out_of: str
    left: str
    notes: tuple[str, ...]
    percent: int
    bar: Bar | None
    resets_at: datetime | None
    chart: Chart | None
    is_level: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCard:
    """A subscription: the plan, what it costs, its add-ons, and its scheduled change."""

    plan: str
    status: str
    is_over: bool
    price: str | None
    addons: tuple[str, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of the page, in words."""

    product: Product | None
    plan: PlanCard | None
    limits: tuple[LimitCard, ...]
    settings: tuple[Setting, ...]
    included: tuple[Feature, ...]
    unavailable: tuple[tuple[Feature, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantLine:
    """A grant that has credits left."""

    source: str
    left: str
    amount: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLine:
    """A ledger entry."""

    at: datetime
    what: str
    about: str | None
    amount: str
    is_gain: bool
    balance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditCard:
    """Credits of one type: the balance, what expires next, and the last ledger entries."""

    key: str
    name: str
    available: str
    unit: str
    reserved: str | None
    owed: str | None
    expiring: str | None
    next_expiry: datetime | None
    grants: tuple[GrantLine, ...]
    more_grants: str | None
    entries: tuple[EntryLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalView:
    """The whole page, of a customer by their key, and the revision that was read.

    ``awaited`` are the credit types that it shows once the customer has held any of them.
    """

    key: str
    sight: Sight
    name: str
    almanac: LocalDates
    sections: tuple[Section, ...]
    credits: tuple[CreditCard, ...]
    awaited: tuple[str, ...]


def view_of(seen: CustomerPortalView) -> PortalView:
    """Return what a customer's own page shows, in words."""
    customer, now = seen.customer.customer, seen.customer.now
    there = {one.book.book.credit_type for one in seen.credits}
    return PortalView(
        key=customer.key,
        sight=Sight(seen.customer.revision, now),
        name=customer.name or customer.key,
        almanac=LocalDates(now=now, timezone=customer.timezone),
        sections=tuple(_section(seen, part) for part in seen.parts),
        credits=tuple(_credits(one) for one in seen.credits),
        awaited=tuple(key for key in seen.credit_types if key not in there),
    )


def _section(seen: CustomerPortalView, part: ProductSection) -> Section:
    return Section(
        product=part.product,
        plan=_plan(seen, part),
        limits=tuple(_limits(part, seen.series)),
        settings=tuple(setting_text(one, feature) for one, feature in _with_features(part.settings)),
        included=tuple(feature for _, feature in _with_features(part.included)),
        unavailable=tuple((feature, _why_not(one)) for one, feature in _with_features(part.unavailable)),
    )


def _with_features(decisions: tuple[Decision, ...]) -> Iterator[tuple[Decision, Feature]]:
    for decision in decisions:
        if decision.subject.feature is not None:
            yield decision, decision.subject.feature


def _why_not(decision: Decision) -> str:
    unavailable = decision.reason is AccessReason.FEATURE_UNAVAILABLE
    return "Not available at the moment" if unavailable else "Not for your account"


def _limits(part: ProductSection, series: Mapping[str, Series]) -> Iterator[LimitCard]:
    for decision, feature in _with_features(part.limits):
        if decision.usage is not None:
            yield _limit(decision, feature, decision.usage, series.get(feature.key))


def _limit(decision: Decision, feature: Feature, usage: UsageBalance, series: Series | None) -> LimitCard:
    used, out_of = used_text(decision, usage, feature)
    return LimitCard(
        key=feature.key,
        name=feature.name,
        about=feature.description,
        standing=limit_status(decision, usage),
        badge=badge(decision, usage),
        used=used,
        out_of=out_of,
        left=left_text(decision, usage),
        notes=tuple(notes(decision, usage, feature)),
        percent=_percent(usage),
        bar=bar(usage),
        resets_at=usage.metering.resets_at,
        chart=None if series is None else chart(series),
        is_level=is_level(feature, usage),
    )


def _percent(usage: UsageBalance) -> int:
    """Return how full a bar is; without usage it is 0, also where nothing is included."""
    return min(100, int(usage.percent_used or 0)) if usage.used > 0 else 0


def _plan(seen: CustomerPortalView, part: ProductSection) -> PlanCard | None:
    subscription, now, flat = part.subscription, seen.customer.now, seen.customer.flat
    if subscription is None:
        return None
    catalog = flat.catalog
    price = price_of(catalog, subscription, now)
    held = addons_in_force(catalog, subscription, max(now, subscription.started_at))
    status = subscription.status(now)
    return PlanCard(
        plan=catalog.packages[subscription.term(now).plan].name,
        status=STATUSES[status],
        is_over=status in {SubscriptionStatus.CANCELED, SubscriptionStatus.EXPIRED},
        price=None if price is None else price_text(price, charged_feature(catalog, price)),
        addons=tuple(_addon(flat, one.addon, one.quantity) for one in held),
        events=tuple(events(catalog, subscription, now)),
    )


def _addon(flat: ResolvedCatalog, key: str, quantity: int) -> str:
    name = flat.catalog.packages[key].name
    return name if quantity == 1 else f"{quantity:,} × {name}"  # noqa: RUF001 - the sign for "times"


def _credits(seen: PortalCreditsView) -> CreditCard:
    book = seen.book.book
    credit_type = seen.book.seen.flat.catalog.credit_types[book.credit_type]
    available = counted_text(book.available, credit_type.unit)
    number, _, unit = available.partition(" ")
    lots = spendable(book)
    expiring = next_to_expire(lots)
    return CreditCard(
        key=credit_type.key,
        name=credit_type.name,
        available=number,
        unit=unit,
        reserved=counted_text(book.reserved, credit_type.unit) if book.reserved else None,
        owed=counted_text(book.overdraft, credit_type.unit) if book.overdraft else None,
        expiring=None if expiring is None else counted_text(expiring[1], credit_type.unit),
        next_expiry=None if expiring is None else expiring[0],
        grants=tuple(_grant(lot, credit_type) for lot in lots[:GRANTS_SHOWN]),
        more_grants=_more(lots[GRANTS_SHOWN:], credit_type),
        entries=tuple(_entry(entry) for entry in seen.entries),
    )


def _more(lots: Sequence[Lot], credit_type: CreditType) -> str | None:
    left = counted_text(sum(lot.left for lot in lots), credit_type.unit)
    return f"and {len(lots):,} more with {left}" if lots else None


def _grant(lot: Lot, credit_type: CreditType) -> GrantLine:
    return GrantLine(
        source=SOURCES[lot.grant.source],
        left=quantity_text(lot.left),
        amount=counted_text(lot.grant.amount, credit_type.unit),
        expires_at=lot.grant.expires_at,
    )


def _entry(seen: LedgerEntryView) -> EntryLine:
    entry, catalog = seen.entry, seen.seen.flat.catalog
    feature = catalog.features.get(entry.cause.feature or "")
    sign = "+" if entry.amount > 0 else "−"  # noqa: RUF001 - the sign for "minus"
    return EntryLine(
        at=entry.cause.at,
        what=ENTRIES[entry.kind],
        about=entry.cause.note if feature is None else feature.name,
        amount=f"{sign}{quantity_text(abs(entry.amount))}",
        is_gain=entry.amount > 0,
        balance=quantity_text(entry.balance_after),
    )
