from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from rules.catalog.facts import Catalog
from rules.catalog_edits.packages import with_package
from rules.catalog_edits.publishing import publish
from rules.commands.customers import UpsertCustomer
from rules.customers.effective import Source
from rules.customers.facts import Subscription
from rules.customers.terms import (
    addons_in_force,
    current_period,
    price_of,
    price_version,
    version_at,
    version_in_force,
)
from rules.errors import Rejected
from tests.rules.builders.acts_at_random import (
    ZONES,
    Publish,
    Step,
    Wait,
    WaitFor,
    beginnings,
    customers,
    spans,
    steps,
)
from tests.rules.builders.catalog_builders import shortened
from tests.rules.builders.lives import Life
from tests.rules.builders.small_shop import START, opened
from tests.rules.models.naive_lives import NaiveCustomer
from tests.rules.models.naive_sources import answer

FEATURES = ("sso", "storage", "support", "regions", "calls", "exports", "projects", "seats")


def subscription_of(shop: Catalog, sub: Subscription, now: datetime) -> dict[str, Any]:
    """A subscription in the words in which it is compared."""
    shown = {"id": sub.number, "status": sub.status(now).value, "trial_ends": sub.trial_end}
    if not sub.is_live(now):
        return {**shown, "ended": sub.ends_at}
    term, period, change = sub.term(now), current_period(shop, sub, now), sub.scheduled_change(now)
    priced, price = price_version(shop, sub, now), price_of(shop, sub, now)
    assert (price is None) == (priced is None)
    assert priced is None or price in priced.content.prices
    held = addons_in_force(shop, sub, max(now, sub.started_at))
    return shown | {
        "plan": term.plan,
        "version": version_in_force(shop, sub, now),
        "price": price,
        "anchor": term.anchor,
        "zone": term.timezone,
        "period": None if period is None else (period.start, period.end),
        "addons": {
            known.addon: (version_at(shop.packages[known.addon], known.version, now), known.quantity)
            for known in held
        },
        "canceled": sub.canceled_at,
        "scheduled": None if change is None else (change.plan, change.starts_at),
    }


def answer_of(life: Life, feature: str, at: datetime | None) -> dict[str, Any]:
    """An answer in the words in which it is compared."""
    decision = life.asks(feature, at=at)
    entitlement, usage = decision.subject.entitlement, decision.usage
    period = None if usage is None else usage.metering.period
    return {
        "reason": decision.reason.value,
        "value": entitlement.value,
        "used": None if usage is None else usage.used,
        "period": None if period is None else (period.start, period.end),
        "sources": [source_of(source) for source in entitlement.sources],
    }


def source_of(source: Source) -> tuple[object, ...]:
    """What spoke in the words in which it is compared."""
    package, version = (source.row.package, source.row.version) if source.row else (None, None)
    return source.kind.value, package, version, source.quantity, source.winning


@dataclass
class Town:
    """A shop and its customers, as rules have them and as a naive mind has them."""

    shop: Catalog = field(default_factory=opened)
    now: datetime = START
    lives: list[tuple[Life, NaiveCustomer]] = field(default_factory=list)

    def settle(self, comers: list[tuple[str, Step]]) -> None:
        """Let the first customers come, and do something."""
        for who, (zone, step) in enumerate(comers):
            self.lives.append((Life(shop=self.shop, now=self.now), NaiveCustomer(self.shop)))
            self.act(Step(who=who, act=UpsertCustomer(key="acme", timezone=zone)))
            self.act(replace(step, who=who))

    def happens(self, step: Step | Publish | Wait | WaitFor) -> None:
        """One thing."""
        match step:
            case Step():
                self.act(step)
            case Publish():
                self.publish(step)
            case Wait(span=span):
                self.wait(self.now + span)
            case WaitFor(who=who, off=off):
                customer = self.lives[who % len(self.lives)][0].customer
                coming = None if customer is None else customer.next_instant(self.now)
                if coming is not None:
                    self.wait(coming + off)

    def wait(self, until: datetime) -> None:
        """Time never runs backwards."""
        self.now = max(self.now, until)
        for life, _ in self.lives:
            life.now = self.now
            self.compare(life, _)

    def publish(self, step: Publish) -> None:
        """A second later, so that it falls on no boundary."""
        self.now += timedelta(seconds=1)
        for life, naive in self.lives:
            life.now = self.now
            naive.live_to(self.now)
        before, package = self.shop, self.shop.packages[step.package]
        drafted = with_package(before, replace(package, draft=step.content))
        try:
            done = publish(drafted, step.package, now=self.now, scope=step.scope)
        except Rejected:
            return
        self.shop = done.catalog
        for life, naive in self.lives:
            life.shop = naive.shop = self.shop
            for key in (step.package, *done.cascaded):
                naive.published(key)
            self.compare(life, naive)

    def act(self, step: Step) -> None:
        """Somebody does something, or is told why not."""
        life, naive = self.lives[step.who % len(self.lives)]
        now = life.next_act_at
        act = replace(step.act, **{name: now + span for name, span in step.away})  # type: ignore[type-var]
        try:
            life.does(act)
            problems = []
        except Rejected as refusal:
            problems = shortened(refusal.problems)
        event(f"{type(act).__name__}: {', '.join(problems) or 'done'}")
        assert sorted(set(problems)) == sorted(set(naive.act(act, now))), act
        self.compare(life, naive)

    def compare(self, life: Life, naive: NaiveCustomer, at: datetime | None = None) -> None:
        """Compare everything there is to know, now or at an instant to come."""
        now = at or life.present
        naive.live_to(now)
        customer = life.customer
        assert customer is not None
        found = [subscription_of(life.shop, known, now) for known in customer.subscriptions]
        assert found == [naive.shown(sub, now) for sub in naive.subs]
        for feature in FEATURES:
            assert answer_of(life, feature, at) == answer(life.flat, naive, feature, now), feature

    def look_ahead(self, who: int, span: timedelta) -> None:
        """Compare what is told about the future with what a naive copy finds there."""
        life, naive = self.lives[who % len(self.lives)]
        self.compare(life, naive.copied(), life.present + span)


@given(
    st.lists(st.tuples(st.sampled_from(ZONES), beginnings), min_size=1, max_size=5),
    st.lists(st.tuples(steps, customers, spans), min_size=30, max_size=80),
)
def test_lives_at_random_are_what_a_naive_mind_makes_of_them(
    comers: list[tuple[str, Step]], happenings: list[tuple[Any, int, timedelta]]
) -> None:
    town = Town()
    town.settle(comers)

    for step, who, span in happenings:
        town.happens(step)
        town.look_ahead(who, span)
