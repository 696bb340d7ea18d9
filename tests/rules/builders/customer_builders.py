"""Customers, and what they are subscribed to, in as few words as a test needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from rules.access.decision import AccessCheck, Decision, decide, resolve_check
from rules.catalog.facts import (
    Aggregation,
    Catalog,
    Content,
    Feature,
    Meter,
    Plan,
    Price,
    PublishScope,
    Row,
    Version,
)
from rules.catalog.inheritance import ResolvedCatalog
from rules.credits.accounts import CreditAccount
from rules.customers.effective import EffectiveEntitlement, PeriodAnchor
from rules.customers.facts import CustomEntitlement, CustomEntitlementMode, Customer, Subscription, Term
from rules.numbers import ONE
from rules.usage.counters import Tally
from rules.values import (
    BillingPeriod,
    Choices,
    ConfigKind,
    Granted,
    LimitEnforcement,
    Metered,
    Money,
    Number,
    Object,
    OverageRate,
    Reset,
    ResetAnchor,
    ResetInterval,
    Revoked,
    Text,
    Value,
)
from tests.rules.builders.catalog_builders import config, feature, metered, row

START = datetime(2026, 1, 31, 9, tzinfo=UTC)
"""When subscriptions start, unless a test says otherwise."""

INSTANT = timedelta.resolution
DAY = timedelta(days=1)
LONG_AGO = START - 1000 * DAY

HARD, SOFT = LimitEnforcement.HARD, LimitEnforcement.SOFT

REGIONS = ("eu", "us", "asia")

FEATURES = {
    known.key: known
    for known in (
        feature("sso"),
        config("storage"),
        config("support", ConfigKind.TEXT),
        config("branding", ConfigKind.OBJECT),
        config("regions", ConfigKind.CHOICE, *REGIONS),
        replace(metered("calls"), meter=Meter()),
        replace(metered("seats"), meter=Meter(aggregation=Aggregation.LATEST)),
    )
}
"""One feature of every kind; seats are a gauge."""


def units(quantity: int) -> int:
    """Micros."""
    return quantity * ONE


def limited(
    limit: int | None,
    every: ResetInterval = ResetInterval.BILLING_PERIOD,
    *,
    enforcement: LimitEnforcement = HARD,
    anchor: ResetAnchor = ResetAnchor.SUBSCRIPTION_START,
    overage: OverageRate | None = None,
) -> Metered:
    """A limit in units; None is unlimited."""
    return Metered(
        limit=None if limit is None else units(limit),
        enforcement=enforcement,
        reset=Reset(every=every, anchor=anchor),
        overage=overage,
    )


def rate(amount: int, per_units: int = ONE) -> OverageRate:
    """What usage beyond a limit costs, in micros of a dollar for so many micros used."""
    return OverageRate(amount=Money(amount=amount, currency="USD"), per_units=per_units)


def content(
    rows: Mapping[str, Value | Revoked],
    *linked: Row,
    base: str | None = None,
    prices: Mapping[str, BillingPeriod] | None = None,
) -> Content:
    """What a version says: rows by key, rows linked to a price, and prices by key."""
    free = Money(amount=0, currency="USD")
    return Content(
        base=base,
        rows=(*(row(key, value) for key, value in rows.items()), *linked),
        prices=tuple(Price(key=k, billing_period=p, amount=free) for k, p in (prices or {}).items()),
    )


def published_plan(
    key: str, rows: Mapping[str, Value | Revoked] | Content | None = None, *, product: str = "app"
) -> Plan:
    """A plan with one published version."""
    return republished(Plan(key=key, name=key, product=product), rows or {})


def republished(
    plan: Plan,
    rows: Mapping[str, Value | Revoked] | Content,
    *,
    scope: PublishScope = PublishScope.ALL_CUSTOMERS,
    cascaded: bool = False,
    base_version: int | None = None,
    at: datetime = LONG_AGO,
) -> Plan:
    """The plan with one more version."""
    version = Version(
        number=len(plan.versions) + 1,
        content=rows if isinstance(rows, Content) else content(rows),
        published_at=at,
        base_version=base_version,
        scope=scope,
        cascaded=cascaded,
    )
    return replace(plan, versions=(*plan.versions, version))


def selling(*plans: Plan, features: Iterable[Feature] = ()) -> ResolvedCatalog:
    """A catalog with these plans and all features, some of them changed."""
    changed = {known.key: known for known in features}
    return ResolvedCatalog(
        Catalog(features={**FEATURES, **changed}, packages={package.key: package for package in plans})
    )


def subscription(
    plan: str = "basic",
    *,
    number: int = 1,
    product: str = "app",
    started_at: datetime = START,
    anchor: datetime | None = None,
    timezone: str = "UTC",
    price: str | None = None,
    version: int = 1,
) -> Subscription:
    """A subscription of one term that is anchored to its start, unless a test says otherwise."""
    term = Term(
        starts_at=started_at,
        plan=plan,
        version=version,
        anchor=anchor or started_at,
        timezone=timezone,
        price=price,
    )
    return Subscription(number=number, product=product, terms=(term,))


def counting(held: Subscription, at: datetime = START) -> PeriodAnchor:
    """How usage periods are counted from a subscription."""
    term = held.term(at)
    return PeriodAnchor(subscription=held, anchor=term.anchor, timezone=term.timezone)


def winners(found: EffectiveEntitlement) -> list[str]:
    """The packages of the rows that decided."""
    return [source.row.package for source in found.sources if source.winning and source.row is not None]


def revoking(feature: str) -> CustomEntitlement:
    """What takes a feature away from a customer, whatever their plans say."""
    mode = CustomEntitlementMode.REVOKE
    return CustomEntitlement(number=1, feature=feature, mode=mode, starts_at=LONG_AGO, timezone="UTC")


def customer(
    *subscriptions: Subscription, custom: Iterable[CustomEntitlement] = (), archived: bool = False
) -> Customer:
    """A customer with these subscriptions, and with what was decided for them alone."""
    custom = tuple(custom)
    return Customer(number=1, key="acme", archived=archived, subscriptions=subscriptions, custom=custom)


def ask(
    flat: ResolvedCatalog,
    customer: Customer | None,
    feature: str,
    *,
    at: datetime = START,
    used: int = 0,
    records: Mapping[datetime, int] | None = None,
    requested: int | None = None,
    values: tuple[str, ...] | None = None,
    book: CreditAccount | None = None,
) -> Decision:
    """Ask, with the given records as all usage there is, or ``used`` as what was used just now; micros."""
    question = AccessCheck(customer="acme", feature=feature, requested=requested, values=values)
    subject = replace(resolve_check(flat, customer, question, at), book=book)
    window, recorded = subject.window, {at: used} if records is None else records
    if window is None:
        return decide(subject, {})
    counted = sum(quantity for occurred_at, quantity in recorded.items() if occurred_at in window)
    return decide(subject, {window: Tally(used=counted)})


@dataclass(frozen=True)
class World:
    """A catalog, a customer, and all that the customer used of any feature, in micros."""

    flat: ResolvedCatalog
    customer: Customer
    records: Mapping[datetime, int]


instants = st.integers(-100 * 24 * 60, 100 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))

timezones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"])

ENDLESS_OR_BILLED = (ResetInterval.NEVER, ResetInterval.BILLING_PERIOD)

plain_resets = st.builds(Reset, every=st.sampled_from(ENDLESS_OR_BILLED))

periodic_resets = st.builds(
    Reset,
    every=st.sampled_from([every for every in ResetInterval if every not in ENDLESS_OR_BILLED]),
    count=st.integers(1, 3),
    anchor=st.sampled_from(ResetAnchor),
)

resets = plain_resets | periodic_resets

limits = st.one_of(
    st.builds(Metered, limit=st.none() | st.integers(0, 20), reset=resets),
    st.builds(
        Metered,
        limit=st.none() | st.integers(0, 20),
        reset=resets,
        enforcement=st.just(SOFT),
        overage=st.none() | st.integers(0, 9).map(rate),
    ),
)

rows: st.SearchStrategy[dict[str, Value]] = st.fixed_dictionaries(
    {},
    optional={
        "sso": st.just(Granted()),
        "storage": st.builds(Number, number=st.integers(0, 20)),
        "support": st.builds(Text, text=st.sampled_from(["mail", "phone"])),
        "branding": st.builds(Object, object=st.fixed_dictionaries({"color": st.sampled_from("rgb")})),
        "regions": st.sets(st.sampled_from(REGIONS), min_size=1).map(
            lambda picked: Choices(choices=tuple(region for region in REGIONS if region in picked))
        ),
        "calls": limits,
        "seats": limits,
    },
)


@st.composite
def published_again(draw: st.DrawFn, plan: Plan) -> Plan:
    """The plan with up to two more versions, published one after the other."""
    for at in sorted(draw(st.lists(instants, max_size=2))):
        scope, cascaded = draw(st.sampled_from(PublishScope)), draw(st.booleans())
        prices = {"paid": draw(st.sampled_from(BillingPeriod))}
        said = content(draw(rows), prices=prices)
        plan = republished(plan, said, scope=scope, cascaded=cascaded, at=at)
    return plan


@st.composite
def worlds(draw: st.DrawFn, *, subscriptions: int = 0) -> World:
    """A customer with at least so many subscriptions, to as many products, some of which start later."""
    billing = draw(st.sampled_from(BillingPeriod))
    said = draw(st.lists(rows, min_size=subscriptions, max_size=4))
    plans = [
        draw(
            published_again(
                published_plan(
                    f"plan-{number}", content(spoken, prices={"paid": billing}), product=f"product-{number}"
                )
            )
        )
        for number, spoken in enumerate(said)
    ]
    held = [
        subscription(
            sold.key,
            number=number,
            product=sold.product,
            # A few common instants, so that some subscriptions are of the same age.
            started_at=draw(st.sampled_from([START - DAY, START]) | instants),
            anchor=draw(st.none() | instants),
            timezone=draw(timezones),
            price=draw(st.sampled_from([None, "paid"])),
        )
        for number, sold in enumerate(plans)
    ]
    records = draw(st.dictionaries(instants, st.integers(0, 9), max_size=6))
    return World(selling(*plans), customer(*draw(st.permutations(held))), records)
