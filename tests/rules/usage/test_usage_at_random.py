"""Acts on usage at random, compared with a mind that counts everything anew from what was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from rules.commands.command import Command
from rules.commands.consume import Consume
from rules.commands.report_usage import ReportUsage, UsageMode
from rules.commands.reserve import ReleaseReservation, Reserve, SettleReservation
from rules.errors import Rejected
from rules.numbers import ONE
from rules.values import ResetInterval
from tests.rules.builders.customer_builders import DAY, HARD, INSTANT, SOFT, START, limited
from tests.rules.models.till import Till, consume, release, report, reserve, set_to, settle, till

LIMIT = 10
KEYS = "ab"
RESETS = st.sampled_from([ResetInterval.DAY, ResetInterval.NEVER])


@dataclass
class NaiveHold:
    """A hold as someone with paper would write it down."""

    units: int
    expires_at: datetime
    settled: int | None = None
    released: bool = False


@dataclass
class NaiveTill:
    """Remembers what was used and held, and counts it anew for every question; whole units."""

    soft: bool
    daily: bool
    used: list[tuple[datetime, int]] = field(default_factory=list)
    holds: dict[str, NaiveHold] = field(default_factory=dict)

    def level(self, now: datetime) -> tuple[int, int]:
        """What is used and reserved."""
        today = (now - START) // DAY
        used = sum(units for at, units in self.used if not self.daily or (at - START) // DAY == today)
        return used, sum(hold.units for hold in self.holds.values() if self._is_open(hold, now))

    @staticmethod
    def _is_open(hold: NaiveHold, now: datetime) -> bool:
        return hold.settled is None and not hold.released and now < hold.expires_at

    def fits(self, units: int, now: datetime) -> bool:
        """Tell whether there is room for more."""
        return self.soft or sum(self.level(now)) + units <= LIMIT

    def does(self, act: Command, now: datetime) -> str:
        """Do an act, and tell in a word what came of it."""
        match act:
            case Consume(quantity=quantity):
                return self._consume(quantity // ONE, now)
            case ReportUsage(quantity=quantity, mode=mode):
                return self._report(quantity // ONE, mode, now)
            case Reserve(quantity=quantity, key=key, ttl_seconds=seconds):
                if not self.fits(quantity // ONE, now):
                    return "no"
                self.holds[key] = NaiveHold(quantity // ONE, now + timedelta(seconds=seconds))
                return "done"
            case SettleReservation(key=key, quantity=wanted):
                return self._settle(key, None if wanted is None else wanted // ONE, now)
            case ReleaseReservation(key=key):
                return self._release(key)
        message = f"nobody knows how to do {act}"
        raise AssertionError(message)

    def _consume(self, units: int, now: datetime) -> str:
        if not self.fits(units, now):
            return "no"
        self.used.append((now, units))
        return "done"

    def _report(self, units: int, mode: UsageMode, now: datetime) -> str:
        used, _ = self.level(now)
        more = units - used if mode is UsageMode.SET else units
        if used + more < 0:
            return "OUT_OF_RANGE value"
        self.used.append((now, more))
        return "done"

    def _settle(self, key: str, wanted: int | None, now: datetime) -> str:
        if key not in self.holds:
            return "NOT_FOUND key"
        hold = self.holds[key]
        units = hold.units if wanted is None else wanted
        if hold.released:
            return "NOT_ALLOWED key"
        if hold.settled is not None:
            return "no" if hold.settled == units else "IDEMPOTENCY_CONFLICT quantity"
        hold.settled = units
        self.used.append((now, units))
        return "done"

    def _release(self, key: str) -> str:
        if key not in self.holds:
            return "NOT_FOUND key"
        if self.holds[key].settled is not None:
            return "NOT_ALLOWED key"
        if self.holds[key].released:
            return "no"
        self.holds[key].released = True
        return "done"


def told(shop: Till, act: Command) -> str:
    """Do an act at the till, and tell in a word what came of it."""
    try:
        return "done" if shop.does(act).changed else "no"
    except Rejected as rejected:
        (problem,) = rejected.problems
        return f"{problem.code} {'.'.join(problem.path)}"


keys = st.sampled_from(KEYS)
units = st.integers(1, LIMIT + 2)
decided = st.builds(consume, units) | st.builds(reserve, units, keys, st.sampled_from([1, 60, 3600]))
reported = st.builds(report, st.integers(-5, 15)) | st.builds(set_to, st.integers(0, 15))
ended = st.builds(settle, st.none() | st.integers(0, LIMIT + 5), keys) | st.builds(release, keys)
waits = st.sampled_from([timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=7)])

steps = st.lists(decided | reported | ended | waits | st.just("commit"), max_size=30)
"""Acts, time that passes, and where a transaction ends and the next begins."""


def new_till(every: ResetInterval, *, soft: bool = False) -> Till:
    """The till of a customer with a limit."""
    return till({"calls": limited(LIMIT, every, enforcement=SOFT if soft else HARD)})


def is_taken(shop: Till, act: Command) -> bool:
    """Tell whether the ledger would answer instead: a hold's key is that of its act."""
    return isinstance(act, Reserve) and act.key in shop.holds


@given(steps=steps, every=RESETS, soft=st.booleans())
def test_acts_cut_into_any_transactions_give_what_a_naive_recount_gives(
    steps: Sequence[Command | timedelta | str], every: ResetInterval, *, soft: bool
) -> None:
    shop = new_till(every, soft=soft)
    naive = NaiveTill(soft=soft, daily=every is ResetInterval.DAY)
    for step in steps:
        if isinstance(step, timedelta):
            shop.now += step
        elif isinstance(step, str):
            shop.commits()
        elif not is_taken(shop, step):
            before = shop.now
            expected = naive.does(step, before + INSTANT)
            event(f"{step.operation}: {expected}")
            assert told(shop, step) == expected
        assert shop.level() == naive.level(shop.now)


@given(steps, RESETS)
def test_nothing_that_is_allowed_ever_gets_past_a_hard_limit(
    steps: Sequence[Command | timedelta | str], every: ResetInterval
) -> None:
    shop = new_till(every)
    for step in steps:
        if isinstance(step, timedelta):
            shop.now += step
        elif isinstance(step, Consume | Reserve) and not is_taken(shop, step):
            before = shop.level()
            if shop.does(step).changed:
                assert sum(shop.level()) <= LIMIT
            else:
                assert sum(before) + step.quantity // ONE > LIMIT
                assert shop.level() == before
        elif not isinstance(step, str | Reserve):
            told(shop, step)


within_their_holds = st.builds(settle, st.none() | st.just(0) | st.just(1), keys) | st.builds(release, keys)


@given(st.lists(decided | within_their_holds | waits, max_size=40), RESETS)
def test_without_reports_no_limit_is_ever_passed(
    steps: Sequence[Command | timedelta], every: ResetInterval
) -> None:
    shop = new_till(every)
    for step in steps:
        if isinstance(step, timedelta):
            shop.now += step
        elif isinstance(step, SettleReservation) and _is_late(shop, step.key):
            continue  # what is settled of an expired hold is a report
        elif not is_taken(shop, step):
            told(shop, step)
        assert sum(shop.level()) <= LIMIT


def _is_late(shop: Till, key: str) -> bool:
    hold = shop.holds.get(key)
    return hold is not None and hold.expires_at <= shop.now + INSTANT


@pytest.mark.parametrize("every", [ResetInterval.DAY, ResetInterval.NEVER])
@given(steps=steps)
def test_more_usage_never_turns_a_no_into_a_yes(
    every: ResetInterval, steps: Sequence[Command | timedelta | str]
) -> None:
    shop = new_till(every)
    for step in steps:
        if not isinstance(step, str | timedelta) and not is_taken(shop, step):
            told(shop, step)
    answers = [shop.asks(requested=wanted).allowed for wanted in range(1, LIMIT + 3)]
    shop.does(report(1))

    after = [shop.asks(requested=wanted).allowed for wanted in range(1, LIMIT + 3)]
    assert all(before or not later for before, later in zip(answers, after, strict=True))
    assert after == sorted(after, reverse=True)
