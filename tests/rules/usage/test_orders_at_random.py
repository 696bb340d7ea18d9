"""The same usage in any order of arrival gives what its order of occurrence gives, with resets at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush

from hypothesis import event, given
from hypothesis import strategies as st

from rules.catalog.facts import Aggregation, Catalog, Meter, Package, Row
from rules.commands.change_plan import ChangePlan, ChangeTiming, UsageOnChange
from rules.commands.command import Command
from rules.commands.report_usage import ReportUsage
from rules.commands.subscribe import Subscribe
from rules.commands.subscriptions import CancelSubscription, ConvertTrial
from rules.customers.facts import SubscriptionStatus
from rules.errors import Rejected
from rules.numbers import ONE
from rules.periods import period_at
from rules.values import Metered, Reset, ResetInterval
from tests.rules.builders.small_shop import DAY, calendar, limit, plan, row, sold
from tests.rules.models.wallets import IMAGES, Wallet, selling_credits, wallet

MONTH, DAILY = ResetInterval.MONTH, ResetInterval.DAY
BEGINNING = datetime(2026, 2, 20, tzinfo=UTC)
HOUR, DAYS = timedelta(hours=1), 40
END = BEGINNING + timedelta(days=DAYS + 40)

LIMITS = {
    "month": limit(10, MONTH),
    "also": limit(10, MONTH),
    "day": limit(10, DAILY),
    "calendar": calendar(10),
    "billed": limit(10),
}
"""Plans that differ in nothing but their reset: two are alike."""
PLANS = st.sampled_from(list(LIMITS))
FIRST = st.sampled_from([key for key in LIMITS if key != "day"])
WAYS = {"calls": Aggregation.SUM, "exports": Aggregation.MAX, "projects": Aggregation.UNIQUE}


@dataclass(frozen=True)
class Fact:
    """Something that lets usage start anew, or might, so many hours after the beginning and a quarter."""

    hours: int
    how: str
    plan: str

    @property
    def at(self) -> datetime:
        """When it happens."""
        return BEGINNING + self.hours * HOUR + HOUR / 4


@dataclass(frozen=True)
class Use:
    """Usage of a feature, and how long after it occurred it is reported."""

    feature: str
    at: datetime
    units: int
    who: str
    late: timedelta


facts = st.lists(
    st.builds(
        Fact,
        hours=st.integers(1, DAYS * 24),
        how=st.sampled_from(["resets", "carries", "converts", "comes again", "later", "publishes"]),
        plan=PLANS,
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda fact: fact.hours,
)

lates = st.one_of(
    st.just(timedelta(0)),
    st.just(-timedelta(minutes=3)),
    st.integers(1, 40 * 24).map(lambda hours: hours * HOUR),
)

uses = st.lists(
    st.builds(
        Use,
        feature=st.sampled_from(["calls"] * 4 + [*WAYS]),
        at=st.builds(
            lambda hours, minutes: BEGINNING + hours * HOUR + timedelta(minutes=minutes),
            st.integers(1, DAYS * 24),
            st.sampled_from([1, 17, 45]),
        ),
        units=st.integers(1, 12),
        who=st.sampled_from("abc"),
        late=lates,
    ),
    min_size=6,
    max_size=16,
)


def rows(value: Metered) -> list[Row]:
    """The same limit of everything."""
    return [row(feature, value) for feature in WAYS]


def offer(key: str, value: Metered) -> Package:
    """A plan with a limit of everything, beyond which calls burn credits."""
    package = sold(plan(key), *rows(value))
    return replace(package, draft=replace(package.newest, rates=(IMAGES,)))


def shop() -> Catalog:
    """What is sold."""
    found = selling_credits(*(offer(key, value) for key, value in LIMITS.items()))
    features = {
        key: replace(found.features[key], meter=Meter(aggregation=way, property="it"))
        for key, way in WAYS.items()
    }
    return replace(found, features={**found.features, **features})


class Told:
    """A life in which facts happen in their time, and usage is reported whenever it is."""

    def __init__(self, first: str, trial: int, facts: Sequence[Fact], *, overlapping: bool) -> None:
        self.life = wallet(Subscribe(plan=first, trial_days=trial), shop=shop(), at=BEGINNING)
        self.life.gets(1000)
        self.recorded = dict.fromkeys(WAYS, 0)
        self._facts = sorted(facts, key=lambda fact: fact.at)
        self._overlapping = overlapping
        self._coming: list[tuple[datetime, str, int]] = []

    def hears(self, uses: Sequence[Use], *, late: bool) -> Told:
        """Let everything happen; usage is reported in its time, or late."""
        for index, fact in enumerate(self._facts):
            self._comes(fact.at, "fact", index)
        for index, one in enumerate(uses):
            self._comes(self._arrival(one) if late else one.at, "use", index)
        while self._coming:
            at, kind, index = heappop(self._coming)
            self.life.comes_to(max(at, self.life.now))
            if kind == "use":
                self._is_told(uses[index])
            else:
                self._happens(self._facts[index], kind)
        self.life.comes_to(END)
        return self

    def _comes(self, at: datetime, kind: str, index: int) -> None:
        heappush(self._coming, (at, kind, index))

    def _arrival(self, one: Use) -> datetime:
        arrival = one.at + one.late
        # Nobody knows what will be decided before it occurs; a publish may wait for a day.
        unknown = any(arrival - DAY < fact.at <= one.at for fact in self._facts)
        return one.at if arrival < one.at and unknown else arrival

    def _is_told(self, one: Use) -> None:
        act = ReportUsage(
            feature=one.feature,
            quantity=one.units * ONE,
            occurred_at=one.at,
            properties={"it": one.who},
        )
        self.recorded[one.feature] += self.life.tries(act).outcome["recorded"] // ONE

    def _happens(self, fact: Fact, kind: str) -> None:
        try:
            if fact.how == "publishes":
                self._publishes(fact, kind)
            else:
                self.life.does(*self._acts(fact))
        except Rejected as refusal:
            event(f"{fact.how}: {refusal.problems[0].code}")
            return
        event(f"{fact.how}: done")

    def _acts(self, fact: Fact) -> Sequence[Command]:
        """Give what is done."""
        match fact.how:
            case "converts" if self.life.status is SubscriptionStatus.IN_TRIAL:
                return [ConvertTrial()]
            case "comes again":
                cancel = CancelSubscription(timing=ChangeTiming.NOW)
                return [cancel, Subscribe(plan=fact.plan, trial_days=0)]
            case "later":
                return [ChangePlan(plan=fact.plan, timing=ChangeTiming.PERIOD_END)]
            case "carries":
                alike = [key for key in LIMITS if self._reset_of(key) == self._reset_of(self.life.plan)]
                to = fact.plan if self._overlapping else alike[-1]
                return [ChangePlan(plan=to, timing=ChangeTiming.NOW, usage=UsageOnChange.CARRY)]
            case _:
                return [ChangePlan(plan=fact.plan, timing=ChangeTiming.NOW)]

    def _reset_of(self, key: str) -> object:
        value = self.life.shop.packages[key].shown.rows[0].value
        assert isinstance(value, Metered)
        return value.reset

    def _publishes(self, fact: Fact, kind: str) -> None:
        """Publish another reset: any at once, or by the day at the next instant at which a day begins."""
        life = self.life
        if self._overlapping:
            life.redraws(life.plan, *rows(LIMITS[fact.plan]))
            return
        anchor = life.subscription.term(life.present).anchor
        day = period_at(Reset(every=DAILY), anchor=anchor, timezone="UTC", at=life.now)
        if kind == "fact" and day.end is not None:
            self._comes(day.end, "begun", self._facts.index(fact))
        elif day.start == life.now and life.plan not in {"calendar", "day"}:
            event("published by the day")
            life.redraws(life.plan, *rows(LIMITS["day"]))

    def answers(self, uses: Sequence[Use]) -> dict[tuple[str, datetime], int | None]:
        """What was used just after each use and each fact, and is now."""
        instants = [END, *(one.at for one in uses), *(fact.at + HOUR / 60 for fact in self._facts)]
        return {(key, at): self._used(key, at) for key in WAYS for at in instants}

    def _used(self, key: str, at: datetime) -> int | None:
        usage = self.life.asks(key, at=at).usage
        return None if usage is None else usage.used


@given(FIRST, st.sampled_from([0, 0, 7, 20]), facts, uses)
def test_any_order_of_arrival_gives_what_the_order_of_occurrence_gives(
    first: str, trial: int, facts: list[Fact], uses: list[Use]
) -> None:
    in_order, in_any = (
        Told(first, trial, facts, overlapping=False).hears(uses, late=late) for late in (False, True)
    )

    assert in_any.answers(uses) == in_order.answers(uses)
    assert in_any.recorded == in_order.recorded
    assert balance(in_any.life) == balance(in_order.life)


@given(FIRST, st.sampled_from([0, 0, 7, 20]), facts, uses)
def test_what_was_used_depends_on_no_order_however_periods_overlap(
    first: str, trial: int, facts: list[Fact], uses: list[Use]
) -> None:
    in_order, in_any = (
        Told(first, trial, facts, overlapping=True).hears(uses, late=late) for late in (False, True)
    )

    assert in_any.answers(uses) == in_order.answers(uses)


def balance(life: Wallet) -> tuple[int, int, int]:
    """What is available, owed and consumed of the credits."""
    return life.available, life.overdraft, life.brought_up().consumed // ONE
