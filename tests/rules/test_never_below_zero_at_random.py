"""Usage is never below zero, and never is more left than the limit, whatever is given back and cut anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import event, given
from hypothesis import strategies as st

from rules.access import Decision
from rules.consuming import Consume
from rules.errors import Rejected
from rules.numbers import ONE
from rules.reporting import ReportUsage, UsageMode
from rules.values import LimitEnforcement, Metered
from tests.rules.acts_at_random import (
    METERED,
    ZONES,
    Publish,
    Step,
    Wait,
    WaitFor,
    acts,
    beginnings,
    changes,
    custom_acts,
    moves,
    offsets,
    publishes,
    spans,
    subscribes,
    subscription_acts,
    waits,
)
from tests.rules.lives import Life
from tests.rules.test_time_travel import happen

Happening = Step | Publish | Wait | WaitFor

reports = acts(
    st.builds(
        ReportUsage,
        feature=st.sampled_from(METERED),
        quantity=st.integers(-9, 9).map(lambda units: units * ONE),
        mode=st.sampled_from([UsageMode.ADD, UsageMode.ADD, UsageMode.SET]),
    ),
    occurred_at=offsets,
)

steps = st.one_of(
    reports, reports, reports, subscribes, changes, subscription_acts, custom_acts, publishes(), waits, moves
)  # fmt: skip


def lived(zone: str, happenings: list[Happening]) -> Life:
    """Somebody who comes without a plan, and whose usage is often given back."""
    life = Life().born(zone)
    for happening in happenings:
        happen(life, happening)
    return life.comes_to(life.present)


histories = st.builds(
    lambda zone, first, rest: lived(zone, [*first, *rest]),
    st.sampled_from(ZONES),
    st.lists(beginnings, max_size=1),
    st.lists(steps, min_size=10, max_size=40),
)


def is_in_order(decision: Decision) -> bool:
    """Tell whether what is used and left is between nothing and the limit."""
    usage = decision.usage
    return usage is None or (
        usage.used >= 0 and (usage.remaining is None or 0 <= usage.remaining <= (usage.limit or 0))
    )


@given(histories, st.lists(spans, max_size=4))
def test_used_is_never_below_zero_and_no_more_is_left_than_the_limit(
    life: Life, away: list[timedelta]
) -> None:
    instants = [life.present, *(life.present - span for span in away), *(life.present + s for s in away)]

    for feature in METERED:
        for at in instants:
            assert is_in_order(life.asks(feature, at=at)), (feature, at)


@given(histories, st.lists(st.integers(1, 30), min_size=1, max_size=5))
def test_what_was_given_back_lets_nobody_past_a_hard_limit(life: Life, wanted: list[int]) -> None:
    for feature in METERED:
        for units in wanted:
            before = life.asks(feature).usage
            life.comes_to(life.next_act_at)
            try:
                life.does(Consume(feature=feature, quantity=units * ONE))
            except Rejected:
                continue
            after = life.asks(feature).usage
            if before is None or after is None or before.metering.window != after.metering.window:
                continue
            event("consumed" if after.used > before.used else "refused")
            consumed = after.used - before.used
            assert consumed in (0, units * ONE)
            assert not consumed or is_within(before.value, after.used)


def is_within(value: Metered, used: int) -> bool:
    """Tell whether a limit lets so much be used."""
    return value.enforcement is LimitEnforcement.SOFT or value.limit is None or used <= value.limit


@given(histories, spans)
def test_what_is_set_is_what_is_used(life: Life, span: timedelta) -> None:
    life.comes_to(life.present + span)
    for feature in METERED:
        act = ReportUsage(feature=feature, quantity=3 * ONE, mode=UsageMode.SET)
        usage = life.does(act).asks(feature).usage
        assert usage is None or usage.used == 3 * ONE
        given_back = replace(act, quantity=-3 * ONE, mode=UsageMode.ADD)
        usage = life.does(given_back).asks(feature).usage
        assert usage is None or usage.used == 0
        assert "OUT_OF_RANGE value" in life.refuses(replace(given_back, quantity=-ONE))
