"""Features, values, edits and whole catalogs at random.

Keys are few, so that edits meet: they override, revoke, collide, and are refused often enough.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from hypothesis import strategies as st

from rules.catalog.facts import Aggregation, Catalog, CreditType, Feature, Meter, PublishScope
from rules.catalog_edits.drafts import RowEdit
from rules.errors import Rejected
from rules.numbers import LARGEST
from rules.unset import UNSET, Unset
from rules.values import (
    Choices,
    ConfigKind,
    CreditCadence,
    Credits,
    FeatureType,
    LimitEnforcement,
    Money,
    Number,
    Object,
    OverageRate,
    Reset,
    ResetAnchor,
    ResetInterval,
    Text,
    Weekday,
    Written,
    WrittenLimit,
)
from tests.rules.builders.catalog_builders import (
    GRANTED,
    addon,
    catalog,
    choices,
    config,
    credit,
    credit_type,
    feature,
    limit,
    metered,
    plan,
    price,
    published,
    row,
    written,
)
from tests.rules.builders.edits import (
    Discard,
    Edit,
    NewFeature,
    NewPlan,
    PriceEdit,
    PriceRemoval,
    Publish,
    Rebase,
    Reorder,
    RowRemoval,
    made,
)

Subject = Feature | CreditType

BOOLEANS = ("sso", "audit")
SUBJECTS = ("sso", "seats", "regions", "ai", "audit", "calls", "unheard-of")
PLANS = ("free", "pro", "team", "scale")
STEPS = tuple(f"step-{number}" for number in range(1, 9))
PACKAGES = (*PLANS, "pack", "elsewhere", "nowhere", STEPS[0], STEPS[-1])
PRICES = ("monthly", "yearly")
REGIONS = ("eu", "us")

amounts = st.integers(0, LARGEST)
above_zero = st.integers(1, LARGEST)
moneys = st.builds(Money, amount=amounts, currency=st.sampled_from(["USD", "EUR", "JPY"]))
rates = st.builds(OverageRate, amount=moneys, per_units=above_zero)


@st.composite
def resets(draw: st.DrawFn) -> Reset:
    """When usage starts again."""
    every = draw(st.sampled_from(ResetInterval))
    if every in {ResetInterval.NEVER, ResetInterval.BILLING_PERIOD}:
        return Reset(every=every)
    anchor = draw(st.sampled_from(ResetAnchor))
    calendar_weeks = every is ResetInterval.WEEK and anchor is ResetAnchor.CALENDAR
    weekday = draw(st.none() | st.sampled_from(Weekday)) if calendar_weeks else None
    return Reset(every=every, count=draw(st.integers(1, 1_000)), anchor=anchor, weekday=weekday)


@st.composite
def limits(draw: st.DrawFn) -> WrittenLimit:
    """A limit as people write it, unlimited too."""
    amount = draw(st.none() | amounts)
    enforcement = draw(st.sampled_from(LimitEnforcement))
    return WrittenLimit(
        limit=amount,
        unlimited=amount is None,
        enforcement=enforcement,
        reset=draw(st.none() | resets()),
        overage=draw(st.none() | rates) if enforcement is LimitEnforcement.SOFT else None,
    )


@st.composite
def credit_values(draw: st.DrawFn) -> Credits:
    """Credits for each cadence period."""
    cadence = draw(st.sampled_from(CreditCadence))
    rollover = 0 if cadence is CreditCadence.ONE_TIME else draw(amounts)
    return Credits(amount=draw(above_zero), cadence=cadence, rollover_limit=rollover)


@st.composite
def features(draw: st.DrawFn) -> Feature:
    """A feature of any kind, without a default value."""
    made = feature("feature", draw(st.sampled_from(FeatureType)))
    if made.type is FeatureType.CONFIG:
        kind = draw(st.sampled_from(ConfigKind))
        picks = draw(st.lists(st.text("abcde", min_size=1), min_size=1, max_size=5, unique=True))
        return config(made.key, kind, *(picks if kind is ConfigKind.CHOICE else ()))
    if made.type is FeatureType.METERED:
        aggregation = draw(st.sampled_from(Aggregation))
        named = None if aggregation is Aggregation.COUNT else "size"
        return replace(made, meter=Meter(aggregation=aggregation, property=named))
    return made


def values_of(subject: Subject) -> st.SearchStrategy[Written]:
    """What a feature or credit type can mean."""
    if isinstance(subject, CreditType):
        return credit_values()
    values: st.SearchStrategy[Written]
    match subject.type, subject.config_kind:
        case FeatureType.BOOLEAN, _:
            values = st.just(GRANTED)
        case FeatureType.METERED, _:
            values = limits()
        case _, ConfigKind.NUMBER:
            values = st.builds(Number, number=st.integers(-LARGEST, LARGEST))
        case _, ConfigKind.TEXT:
            values = st.builds(Text, text=st.text(min_size=1))
        case _, ConfigKind.CHOICE:
            picks = st.lists(st.sampled_from(subject.choices), min_size=1, unique=True)
            values = st.builds(Choices, choices=picks.map(tuple))
        case _:
            values = st.builds(Object, object=st.dictionaries(st.text(), st.none() | st.integers()))
    return values


@st.composite
def subjects_with_values(draw: st.DrawFn) -> tuple[Subject, Written]:
    """A feature or credit type, and a value of it."""
    subject = draw(features() | st.just(credit_type()))
    return subject, draw(values_of(subject))


packages = st.sampled_from((*PLANS[:3], *PLANS[:3], *PACKAGES))
bases = st.none() | st.sampled_from(PLANS) | st.sampled_from(PACKAGES)
prices = st.sampled_from(PRICES)
links = st.sampled_from([None, None, *PRICES])
row_values: dict[str, st.SearchStrategy[Written | Unset | None]] = {
    "seats": st.sampled_from([5, 6, 7, -1]).map(written),
    "regions": st.sampled_from([choices("us", "eu"), choices("eu"), choices("eu", "moon")]),
    "ai": st.sampled_from([5, 6, 7, 0]).map(credit),
}
fitting_edits = st.sampled_from(sorted(row_values)).flatmap(
    lambda key: st.builds(RowEdit, package=packages, key=st.just(key), value=row_values[key], price=links)
)
any_values = st.none() | st.just(UNSET) | st.one_of(*row_values.values())
any_edits = st.builds(RowEdit, package=packages, key=st.sampled_from(SUBJECTS), value=any_values, price=links)
short_edits = st.builds(RowEdit, package=packages, key=st.sampled_from((*BOOLEANS, "seats")), price=links)
revocations = st.builds(
    RowEdit, package=packages, key=st.sampled_from(SUBJECTS[:4]), revoked=st.just(value=True), price=links
)
removals = st.builds(RowRemoval, packages, st.sampled_from(SUBJECTS), links)
price_edits = st.builds(
    PriceEdit, packages, st.builds(price, st.sampled_from((*PRICES, *PRICES, "Monthly")), st.integers(-1, 9))
)
price_removals = st.builds(PriceRemoval, packages, prices)
orders = st.builds(Reorder, packages, st.lists(st.sampled_from(SUBJECTS), max_size=3).map(tuple))
discards = st.builds(Discard, packages)
rebases = st.builds(Rebase, packages, bases, st.booleans())
publishes = st.builds(
    Publish, packages, st.sampled_from(PublishScope), st.sampled_from([None, None, None, None, 1, 2])
)
new_features = st.builds(
    NewFeature, st.sampled_from([metered("calls"), feature("audit"), feature("SSO"), metered("AI")])
)
new_plans = st.builds(NewPlan, st.sampled_from(["scale", "trial", "Pro"]), bases)


def edits() -> st.SearchStrategy[Edit]:
    """Any act on the catalog; it may be refused."""
    kinds: list[st.SearchStrategy[Edit]] = [
        *(fitting_edits, short_edits, revocations, fitting_edits, short_edits, any_edits),
        *(publishes, publishes, publishes, removals, rebases, price_edits),
        *(orders, price_removals | new_features | new_plans | discards),
    ]
    return st.sampled_from(kinds).flatmap(lambda kind: kind)


def opened() -> Catalog:
    """A catalog with two published chains of plans, an add-on, and a plan of another product."""
    steps = [plan(step, base=below) for step, below in zip(STEPS, (None, *STEPS), strict=False)]
    shop = catalog(
        feature("sso"),
        metered("seats", limit(5)),
        config("regions", ConfigKind.CHOICE, *REGIONS),
        credit_type("ai"),
        plan("free", row("sso"), row("seats", limit(1)), row("regions", choices("eu"))),
        plan("pro", row("sso"), row("seats", limit(3), "monthly"), base="free", prices=[price("monthly")]),
        plan("team", base="pro"),
        addon("pack"),
        plan("elsewhere", of="other"),
        *steps,
    )
    return published(shop, *PLANS[:3], *STEPS)


@st.composite
def catalogs(draw: st.DrawFn) -> Catalog:
    """A catalog after a while."""
    shop = opened()
    for edit in draw(st.lists(edits(), max_size=40)):
        with suppress(Rejected):
            shop = made(shop, edit)
    return shop
