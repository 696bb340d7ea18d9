"""New rules of a time zone move boundaries by hours: whenever they come, nothing is minted or ends twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.commands.change_plan import ChangePlan, ChangeTiming, UsageOnChange
from rules.commands.follow_time_zones import FollowTimeZones
from rules.commands.subscribe import AddonQuantity, Subscribe
from rules.commands.subscriptions import CancelSubscription
from rules.customers.facts import Customer
from tests.rules.builders.small_shop import DAY, addon, day, row, sold
from tests.rules.builders.zone_files import known_zones, written, zone_file
from tests.rules.models.wallets import (
    BILLING,
    MONTHLY,
    YEARLY,
    Wallet,
    credits_,
    giving,
    selling_credits,
    told,
)

STEP = 15
SHIFTS = range(-180, 181, STEP)
"""Minutes by which clocks are moved in the middle of June, in rules of one zone that differ in this alone."""

PLANS = {"monthly": MONTHLY, "yearly": YEARLY, "billed": BILLING}
NOON = timedelta(hours=12)


def zone(shift: int) -> str:
    """The zone by rules that move its clocks by so many minutes."""
    return f"Moved/M{shift + 1000}"


@pytest.fixture(scope="module", autouse=True)
def zones(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The zone by all of these rules."""
    changed = day(6, 15)
    files = {zone(shift): zone_file(0, [(changed, shift)]) for shift in SHIFTS}
    with known_zones(written(tmp_path_factory.mktemp("zones"), files)):
        yield


def shop(size: int, rollover: int) -> Wallet:
    """A shop that gives credits at every cadence, and an add-on that does as well."""
    packages = [
        giving(key, credits_(size, cadence, rollover), place)
        for place, (key, cadence) in enumerate(PLANS.items())
    ]
    return Wallet(
        shop=selling_credits(*packages, sold(addon("pack"), row("ai", credits_(7, rollover=rollover))))
    )


@dataclass(frozen=True, kw_only=True)
class Story:
    """What happens to a customer whose boundaries are at an hour of the day, by the days since the start.

    ``follows`` tells that what is scheduled follows new rules as they come.
    """

    plan: str
    hour: int
    price: str
    rollover: int
    pack: bool
    spending: Sequence[tuple[int, int]]
    change: tuple[int, str, UsageOnChange] | None
    canceled: int | None
    follows: bool

    @property
    def start(self) -> datetime:
        """When the customer subscribes: by all of the rules at the same instant."""
        return day(1, 31) + timedelta(hours=self.hour)

    def acts(self) -> Iterator[tuple[datetime, object]]:
        """What is done and when: never within hours of a boundary, so that no rules change its meaning."""
        noon = self.start + NOON
        for days, units in self.spending:
            yield noon + days * DAY, units
        if self.change is not None:
            days, plan, usage = self.change
            at_end = ChangePlan(plan=plan, price="monthly", timing=ChangeTiming.PERIOD_END, usage=usage)
            yield noon + days * DAY + timedelta(minutes=1), at_end
        if self.canceled is not None:
            at = noon + self.canceled * DAY + timedelta(minutes=2)
            yield noon, CancelSubscription(product="app", at=at)


def ruled(customer: Customer, shift: int) -> Customer:
    """The customer as a process with these rules has them."""
    subscriptions = tuple(
        replace(known, terms=tuple(replace(term, timezone=zone(shift)) for term in known.terms))
        for known in customer.subscriptions
    )
    return replace(customer, timezone=zone(shift), subscriptions=subscriptions)


def lived(
    story: Story, rules: Sequence[tuple[datetime, int]], looks: Sequence[datetime], end: datetime
) -> Wallet:
    """Live a story in which rules come into use at instants, the first before it begins."""
    life = shop(20, story.rollover)
    life.now = story.start - DAY
    life.born(zone(rules[0][1]))
    life.comes_to(story.start)
    addons = (AddonQuantity(addon="pack", quantity=1),) if story.pack else ()
    life.does(Subscribe(plan=story.plan, price=story.price, addons=addons))
    events: list[tuple[datetime, object]] = [*story.acts(), *((at, None) for at in looks)]
    events += [(at, ("rules", shift)) for at, shift in rules[1:]]
    for at, event in sorted(events, key=lambda known: known[0]):
        if not story.start < at < end:
            continue
        life.comes_to(at)
        match event:
            case ("rules", int() as shift):
                assert life.customer is not None
                life.customer = ruled(life.customer, shift)
                if story.follows:
                    life.does(FollowTimeZones())
            case int() as units:
                life.spends(units)
            case None:
                life.looks()
            case ChangePlan() | CancelSubscription() if life.subscription.is_live(at):
                try_to(life, event)
    return life.comes_to(end).looks()


def try_to(life: Wallet, act: ChangePlan | CancelSubscription) -> None:
    """Do it, unless the plan is the one that the customer is on."""
    term = life.subscription.term(life.now)
    if not isinstance(act, ChangePlan) or (term.plan, term.price) != (act.plan, act.price):
        life.does(act)


days = st.integers(1, 700)
stories = st.builds(
    Story,
    plan=st.sampled_from(sorted(PLANS)),
    hour=st.integers(0, 23),
    price=st.sampled_from(["monthly", "yearly"]),
    rollover=st.sampled_from([0, 5]),
    pack=st.booleans(),
    spending=st.lists(st.tuples(days, st.integers(1, 30)), max_size=4),
    change=st.none()
    | st.tuples(st.integers(1, 300), st.sampled_from(sorted(PLANS)), st.sampled_from(list(UsageOnChange))),
    canceled=st.none() | st.integers(301, 700),
    follows=st.booleans(),
)
shifts = st.sampled_from(SHIFTS)
minutes = st.integers(1, 700 * 24 * 60)
near_a_boundary = st.builds(
    lambda month, off: (month % 24) * 30 * 24 * 60 + off, st.integers(5, 23), st.integers(-2_900, 2_900)
)
moments = minutes | near_a_boundary


@given(
    story=stories,
    rules=st.tuples(shifts, shifts).filter(lambda two: 0 < abs(two[0] - two[1]) <= max(SHIFTS)),
    switch=moments,
    looks=st.lists(moments, max_size=4),
)
def test_whenever_new_rules_come_the_ledger_tells_what_it_would_have_told(
    story: Story, rules: tuple[int, int], switch: int, looks: Sequence[int]
) -> None:
    before, after = rules
    start = story.start
    seen = [start + timedelta(minutes=count) for count in looks]
    end = start + 720 * DAY + NOON

    never = lived(story, [(start, before)], seen, end)
    switched = lived(story, [(start, before), (start + timedelta(minutes=switch), after)], seen, end)

    assert kinds(switched) == kinds(never)
    assert gaps(switched) >= timedelta(days=27)


def kinds(life: Wallet) -> list[str]:
    """The entries in the order of their instants, equal ones by what they say."""
    return [told(entry) for entry in life.book.entries]


def gaps(life: Wallet) -> timedelta:
    """The shortest time between two grants of one package that a cadence alone has minted."""
    minted = [entry.cause.at for entry in life.book.entries if told(entry).startswith("GRANTED +7 ")]
    return min((b - a for a, b in pairwise(minted)), default=timedelta(days=30))
