"""What can happen in a shop and to its customers, at random."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import strategies as st

from rules.catalog.facts import Content, PublishScope, Row
from rules.commands.change_plan import ChangePlan, ChangeTiming, UsageOnChange
from rules.commands.command import Command
from rules.commands.custom_entitlements import RemoveCustomEntitlement, SetCustomEntitlement
from rules.commands.customers import ArchiveCustomer, UpsertCustomer
from rules.commands.report_usage import ReportUsage
from rules.commands.subscribe import AddonQuantity, Subscribe
from rules.commands.subscriptions import (
    CancelSubscription,
    ConvertTrial,
    MigrateSubscription,
    ResumeSubscription,
    SetSubscriptionAddon,
)
from rules.customers.facts import CustomEntitlementMode, TrialEnd
from rules.numbers import ONE
from rules.values import (
    Choices,
    Granted,
    LimitEnforcement,
    Metered,
    Number,
    Reset,
    ResetAnchor,
    ResetInterval,
    Text,
    Value,
    Written,
    WrittenLimit,
)
from tests.rules.builders.small_shop import MOMENT, PACKAGES, monthly_and_yearly, price

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu")
SOLD = (
    ("basic", "monthly"), ("pro", "monthly"), ("free", None), ("basic", "yearly"), ("pro", "yearly"),
    ("team", None), ("euro", None), ("chat", None),
)  # fmt: skip
OFFERS = (*SOLD, *SOLD, *SOLD, ("basic", None), ("none", "monthly"))
"""Plans and prices, some of which are not to be had."""
CHAIN = [package for package in PACKAGES if package.key in {"basic", "pro"}]
"""The plans of which one is on the other."""
ADDONS = ("boost", "pack", "bots")
METERED = ("calls", "exports", "projects")


@dataclass(frozen=True, kw_only=True)
class Step:
    """An act of one customer, some of whose instants lie so far from the one at which it happens."""

    who: int
    act: Command
    away: tuple[tuple[str, timedelta], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Publish:
    """A package is published with another content."""

    package: str
    content: Content
    scope: PublishScope


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Time passes."""

    span: timedelta


@dataclass(frozen=True, kw_only=True)
class WaitFor:
    """Time passes to the next thing that is to come in a customer's life, or to just before or after it."""

    who: int
    off: timedelta


customers = st.integers(0, 4)

spans = st.one_of(
    st.integers(1, 59).map(lambda minutes: timedelta(minutes=minutes)),
    st.integers(1, 40).map(lambda hours: timedelta(hours=hours)),
    st.integers(1, 75).map(lambda days: timedelta(days=days)),
)

offsets = spans | spans.map(lambda span: -span)

resets = st.one_of(
    st.just(Reset(every=ResetInterval.BILLING_PERIOD)),
    st.just(Reset(every=ResetInterval.NEVER)),
    st.builds(
        Reset,
        every=st.sampled_from(["HOUR", "DAY", "WEEK", "MONTH", "YEAR"]).map(ResetInterval),
        count=st.integers(1, 3),
        anchor=st.sampled_from(ResetAnchor),
    ),
)

limits = st.builds(
    Metered,
    limit=st.none() | st.integers(0, 20).map(lambda units: units * ONE),
    enforcement=st.sampled_from(LimitEnforcement),
    reset=resets,
)

written_limits = limits.map(
    lambda v: WrittenLimit(limit=v.limit, unlimited=v.limit is None, enforcement=v.enforcement, reset=v.reset)
)

settings: dict[str, st.SearchStrategy[Number | Text | Choices]] = {
    "storage": st.integers(0, 20).map(lambda units: Number(number=units * ONE)),
    "support": st.sampled_from(["mail", "phone"]).map(lambda text: Text(text=text)),
    "regions": st.sampled_from([("eu",), ("us", "asia"), ("asia",)]).map(lambda c: Choices(choices=c)),
}

written: dict[str, st.SearchStrategy[Written]] = {**settings, **dict.fromkeys(METERED, written_limits)}

values: dict[str, st.SearchStrategy[Value]] = {
    "sso": st.just(Granted()),
    **settings,
    **dict.fromkeys((*METERED, "seats"), limits),
}

rows = st.fixed_dictionaries({}, optional=values).map(
    lambda said: tuple(Row(key=key, value=value) for key, value in said.items())
)


@st.composite
def publishes(draw: st.DrawFn) -> Publish:
    """A package with other rows, at times at another price."""
    package = draw(st.sampled_from((*CHAIN, *CHAIN, *PACKAGES)))
    before = package.newest
    prices = before.prices
    repriced, linked = draw(st.booleans()), draw(st.booleans())
    if before.prices and repriced:
        dearer = (*monthly_and_yearly(draw(st.integers(1, 40))), price("rare", 1))
        prices = dearer[draw(st.integers(0, 2)) : draw(st.integers(0, 3))]
    said: tuple[Row, ...] = draw(rows)
    if prices and linked:
        said = (*said, Row(key="calls", value=draw(limits), price=prices[0].key))
    scope = draw(st.sampled_from(PublishScope))
    return Publish(package=package.key, content=replace(before, rows=said, prices=prices), scope=scope)


def acts(act: st.SearchStrategy[Command], **away: st.SearchStrategy[timedelta]) -> st.SearchStrategy[Step]:
    """An act of somebody, with some of its instants or none."""
    given = st.fixed_dictionaries({}, optional=away).map(lambda said: tuple(said.items()))
    return st.builds(Step, who=customers, act=act, away=given)


products = st.sampled_from([None, "app", "app", "app", "desk"])

offers = st.sampled_from(OFFERS)

quantities = st.builds(AddonQuantity, st.sampled_from(["boost", "boost", *ADDONS]), st.integers(0, 4))

addons_wanted = st.lists(quantities, max_size=2, unique_by=lambda q: q.addon).map(tuple)


def subscribing(
    offers: st.SearchStrategy[tuple[str, str | None]], addons: st.SearchStrategy[tuple[AddonQuantity, ...]]
) -> st.SearchStrategy[Step]:
    """Somebody subscribes, now, in the past or in the future."""
    act = st.builds(
        lambda offer, addons, trial_days, after: Subscribe(
            plan=offer[0], price=offer[1], addons=addons, trial_days=trial_days, after_trial=after
        ),
        offers,
        addons,
        st.sampled_from([None, None, 0, 1, 14, 40]),
        st.sampled_from(TrialEnd),
    )
    return acts(act, start_at=offsets)


subscribes = subscribing(offers, st.just(()) | addons_wanted)

beginnings = subscribing(st.sampled_from(SOLD[:-1]), st.sampled_from([(), (AddonQuantity("boost", 2),)]))
"""What can be subscribed to by whom never subscribed."""

changes = acts(
    st.builds(
        lambda offer, timing, usage: ChangePlan(plan=offer[0], price=offer[1], timing=timing, usage=usage),
        offers,
        st.sampled_from(ChangeTiming),
        st.sampled_from(UsageOnChange),
    )
)

subscription_acts = st.one_of(
    acts(st.builds(CancelSubscription, product=products, timing=st.sampled_from(ChangeTiming)), at=offsets),
    acts(st.builds(ResumeSubscription, product=products)),
    acts(st.builds(ConvertTrial, product=products)),
    acts(st.builds(SetSubscriptionAddon, addon=st.sampled_from(ADDONS), quantity=st.integers(0, 4))),
    acts(st.builds(MigrateSubscription, product=products, version=st.sampled_from([None, None, 1, 2]))),
)

modes = st.sampled_from(CustomEntitlementMode)


@st.composite
def decisions(draw: st.DrawFn) -> SetCustomEntitlement:
    """Something for one customer alone."""
    feature, mode = draw(st.sampled_from(["calls", "exports", "sso", "support", "storage"])), draw(modes)
    if feature == "sso" or mode is CustomEntitlementMode.REVOKE:
        return SetCustomEntitlement(feature=feature, mode=mode)
    return SetCustomEntitlement(feature=feature, mode=mode, value=draw(written[feature]))


custom_acts = st.one_of(
    acts(decisions(), starts_at=offsets, expires_at=spans),
    acts(
        st.builds(RemoveCustomEntitlement, feature=st.sampled_from(["calls", "sso"]), mode=st.none() | modes)
    ),
)

reports = acts(
    st.builds(
        ReportUsage,
        feature=st.sampled_from(METERED),
        quantity=st.integers(1, 9).map(lambda units: units * ONE),
    ),
    occurred_at=offsets,
)

moves = acts(st.builds(UpsertCustomer, key=st.just("acme"), timezone=st.sampled_from(ZONES)))

farewells = acts(st.builds(ArchiveCustomer))

waits = st.builds(Wait, span=spans) | st.builds(
    WaitFor, who=customers, off=st.sampled_from([-MOMENT, timedelta(0), timedelta(0), MOMENT])
)

steps = st.one_of(
    subscribes, changes, changes, subscription_acts, subscription_acts, custom_acts, reports, waits, waits,
    publishes(), moves, st.integers(0, 9).flatmap(lambda n: moves if n else farewells),
)  # fmt: skip
"""One thing that happens."""
