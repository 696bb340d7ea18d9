"""What the demo sells: an app whose plans inherit, a shop's orders, and an API of tokens and credits.

Each list is in an order of creation: references point to earlier items.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from rules.catalog.facts import (
    Addon,
    Aggregation,
    CreditRate,
    CreditType,
    Feature,
    Meter,
    Plan,
    Price,
    PricingType,
    Product,
)
from rules.numbers import ONE
from rules.values import (
    BillingPeriod,
    Choices,
    ConfigKind,
    Credits,
    FeatureType,
    Granted,
    LimitEnforcement,
    Money,
    Number,
    Object,
    OverageRate,
    Reset,
    ResetInterval,
    Revoked,
    Text,
    Unit,
    Written,
    WrittenLimit,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A plan or add-on, and the rows of its first version, by the keys of features and credits."""

    package: Plan | Addon
    rows: Mapping[str, Written | Revoked]
    base: str | None = None
    prices: tuple[Price, ...] = ()
    rates: tuple[CreditRate, ...] = ()


def _price(key: str, dollars: int, billing_period: BillingPeriod = BillingPeriod.MONTHLY) -> Price:
    return Price(key=key, billing_period=billing_period, amount=Money(amount=dollars * ONE, currency="USD"))


def _by_month_or_year(plan: str, dollars: int) -> tuple[Price, ...]:
    """Return a price per month, and one per year, at ten times the amount."""
    yearly = _price(f"{plan}-yearly", 10 * dollars, BillingPeriod.YEARLY)
    return _price(f"{plan}-monthly", dollars), yearly


def _limit(units: int, every: ResetInterval) -> WrittenLimit:
    return WrittenLimit(limit=units * ONE, reset=Reset(every=every))


_SUBSCRIBE = """mutation Subscribe {
  subscribe(input: { customer: "piccolo", plan: "{plan}"%s }) {
    subscription { plan { name } status currentPeriod { end } }
    userErrors { code message }
  }
}"""


def _page(price: str = ', price: "{price}"', **texts: str) -> dict[str, object]:
    """Return metadata for a pricing page whose buttons open GraphiQL with the call of a back end."""
    link = quote(_SUBSCRIBE % price).replace(quote("{plan}"), "{plan}").replace(quote("{price}"), "{price}")
    return {"pricingPage": {"link": f"/graphql?q={link}", **texts}}


PRODUCTS = (
    Product(key="app", name="Boards", description="Boards on which teams plan their work.", metadata=_page()),
    Product(key="orders", name="Orders", description="A shop front that takes orders.", metadata=_page()),
    Product(key="ai-api", name="AI API", description="Language models behind one address.", metadata=_page()),
)

FEATURES = (
    Feature(
        key="seats",
        name="Seats",
        type=FeatureType.METERED,
        product="app",
        unit=Unit(singular="seat", plural="seats"),
    ),
    Feature(
        key="api-calls",
        name="API calls",
        type=FeatureType.METERED,
        product="app",
        unit=Unit(singular="API call", plural="API calls"),
        meter=Meter(event_name="api.call", aggregation=Aggregation.COUNT),
    ),
    Feature(
        key="max-projects",
        name="Projects",
        type=FeatureType.CONFIG,
        config_kind=ConfigKind.NUMBER,
        product="app",
        unit=Unit(singular="project", plural="projects"),
    ),
    Feature(
        key="regions",
        name="Regions",
        description="Where boards may be kept.",
        type=FeatureType.CONFIG,
        config_kind=ConfigKind.CHOICE,
        choices=("eu", "us", "ap"),
        product="app",
    ),
    Feature(
        key="storage",
        name="Storage",
        type=FeatureType.CONFIG,
        config_kind=ConfigKind.OBJECT,
        product="app",
    ),
    Feature(
        key="support",
        name="Support",
        type=FeatureType.CONFIG,
        config_kind=ConfigKind.TEXT,
        product="app",
    ),
    Feature(key="community-support", name="Community support", type=FeatureType.BOOLEAN, product="app"),
    Feature(key="sso", name="Single sign-on", type=FeatureType.BOOLEAN, product="app"),
    Feature(
        key="orders",
        name="Orders",
        type=FeatureType.METERED,
        product="orders",
        unit=Unit(singular="order", plural="orders"),
    ),
    Feature(
        key="tokens",
        name="Tokens",
        type=FeatureType.METERED,
        product="ai-api",
        unit=Unit(singular="token", plural="tokens"),
        meter=Meter(event_name="llm.call", property="tokens"),
    ),
    Feature(
        key="pictures",
        name="Pictures",
        type=FeatureType.METERED,
        product="ai-api",
        unit=Unit(singular="picture", plural="pictures"),
    ),
)

CREDIT_TYPES = (
    CreditType(key="ai-credits", name="AI credits", unit=Unit(singular="credit", plural="credits")),
)

_APP = (
    Offer(
        package=Plan(
            key="free",
            name="Free",
            product="app",
            description="To try it, alone or in threes.",
            metadata=_page(price=""),
        ),
        rows={
            "seats": _limit(3, ResetInterval.NEVER),
            "max-projects": Number(number=2 * ONE),
            "regions": Choices(choices=("eu",)),
            "community-support": Granted(),
        },
    ),
    Offer(
        package=Plan(
            key="starter",
            name="Starter",
            product="app",
            description="For a team that begins.",
            pricing_type=PricingType.PAID,
        ),
        rows={
            "seats": _limit(10, ResetInterval.NEVER),
            "api-calls": _limit(1_000, ResetInterval.MONTH),
            "max-projects": Number(number=10 * ONE),
            "regions": Choices(choices=("eu",)),
            "community-support": Granted(),
        },
        prices=_by_month_or_year("starter", 19),
    ),
    Offer(
        package=Plan(
            key="pro",
            name="Pro",
            product="app",
            description="For a company that grows.",
            pricing_type=PricingType.PAID,
            metadata=_page(badge="Most popular"),
        ),
        base="starter",
        rows={
            "seats": _limit(50, ResetInterval.NEVER),
            "api-calls": _limit(10_000, ResetInterval.MONTH),
            "regions": Choices(choices=("eu", "us")),
            "community-support": Revoked(),
            "support": Text(text="24/7"),
            "storage": Object(object={"limitGB": 500}),
            "sso": Granted(),
        },
        prices=_by_month_or_year("pro", 49),
    ),
    Offer(
        package=Plan(
            key="scale",
            name="Scale",
            product="app",
            description="Paid by the year; API calls start again every month.",
            pricing_type=PricingType.PAID,
        ),
        base="pro",
        rows={
            "seats": _limit(250, ResetInterval.NEVER),
            "api-calls": _limit(100_000, ResetInterval.MONTH),
            "max-projects": Number(number=100 * ONE),
            "regions": Choices(choices=("eu", "us", "ap")),
        },
        prices=(_price("scale-yearly", 2_990, BillingPeriod.YEARLY),),
    ),
)

_EXTRAS = (
    Offer(
        package=Addon(
            key="extra-seats",
            name="Extra seats",
            product="app",
            description="Five more, as often as they are needed.",
            max_quantity=20,
        ),
        rows={"seats": _limit(5, ResetInterval.NEVER)},
        prices=(_price("extra-seats-monthly", 10),),
    ),
)

_ORDERS = (
    Offer(
        package=Plan(key="orders-basic", name="Basic", product="orders", pricing_type=PricingType.PAID),
        rows={"orders": _limit(100, ResetInterval.BILLING_PERIOD)},
        prices=(_price("orders-basic-monthly", 15),),
    ),
    Offer(
        package=Plan(key="orders-pro", name="Pro", product="orders", pricing_type=PricingType.PAID),
        rows={"orders": _limit(500, ResetInterval.BILLING_PERIOD)},
        prices=(_price("orders-pro-monthly", 45),),
    ),
    Offer(
        package=Plan(
            key="orders-enterprise",
            name="Enterprise",
            product="orders",
            pricing_type=PricingType.CUSTOM,
            metadata={"pricingPage": {"link": "mailto:sales@orders.test"}},
        ),
        rows={
            "orders": WrittenLimit(unlimited=True, reset=Reset(every=ResetInterval.BILLING_PERIOD)),
        },
    ),
)

_AI = (
    Offer(
        package=Plan(
            key="ai-metered",
            name="Metered",
            product="ai-api",
            description="50,000 tokens are included, and 40 pictures; credits pay for more of those.",
            pricing_type=PricingType.PAID,
        ),
        rows={
            "tokens": WrittenLimit(
                limit=50_000 * ONE,
                enforcement=LimitEnforcement.SOFT,
                reset=Reset(every=ResetInterval.MONTH),
                overage=OverageRate(
                    amount=Money(amount=ONE // 10, currency="USD"),
                    per_units=1_000 * ONE,
                ),
            ),
            "pictures": _limit(40, ResetInterval.MONTH),
        },
        prices=(_price("ai-metered-monthly", 20),),
        rates=(CreditRate(feature="pictures", credit_type="ai-credits", credits=5 * ONE),),
    ),
    Offer(
        package=Addon(
            key="credit-pack",
            name="Credit pack",
            product="ai-api",
            description="500 credits every month, half of which may be kept for the next.",
            max_quantity=10,
        ),
        rows={"ai-credits": Credits(amount=500 * ONE, rollover_limit=250 * ONE)},
        prices=(_price("credit-pack-monthly", 10),),
    ),
)

OFFERS = (*_APP, *_EXTRAS, *_ORDERS, *_AI)
