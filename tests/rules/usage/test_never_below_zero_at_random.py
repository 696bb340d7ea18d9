"""Usage is never below zero, and never is more left than the limit, whatever is given back and cut anew."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import event, given
from hypothesis import strategies as st

from rules.commands.change_plan import ChangePlan, ChangeTiming, UsageOnChange
from rules.commands.command import Command
from rules.commands.consume import Consume
from rules.commands.custom_entitlements import RemoveCustomEntitlement, SetCustomEntitlement
from rules.commands.report_usage import ReportUsage, UsageMode
from rules.commands.subscribe import Subscribe
from rules.commands.subscriptions import CancelSubscription
from rules.customers.facts import CustomEntitlementMode
from rules.errors import Rejected
from rules.numbers import ONE
from rules.usage.series import Span, UsageBucket
from rules.values import Reset, ResetAnchor, ResetInterval, WrittenLimit
from tests.rules.builders.lives import Life
from tests.rules.builders.seen_series import seen
from tests.rules.builders.small_shop import DAY, MOMENT, START, limit, opened, plan, row, sold

LIMIT = 10
RESETS = st.builds(
    limit,
    st.just(LIMIT),
    st.sampled_from(["DAY", "WEEK", "MONTH", "YEAR"]).map(ResetInterval),
    anchor=st.sampled_from(ResetAnchor),
)
PLANS = ("one", "two")


@dataclass(frozen=True)
class Step:
    """Something that happens: how, with which number, so many days ago."""

    how: str
    number: int
    days: int
    value: object


HOWS = (
    *("uses", "uses", "uses", "gives back", "gives back", "gives back", "sets", "waits", "waits"),
    *("subscribes", "cancels", "resets", "carries", "publishes", "publishes", "overrides"),
    *("revokes", "lifts"),
)

steps = st.lists(
    st.builds(Step, st.sampled_from(HOWS), st.integers(1, 12), st.sampled_from([0, 0, 0, 1, 5, 20]), RESETS),
    min_size=5,
    max_size=40,
)


def happens(life: Life, step: Step) -> None:
    """Let one thing happen; what is not allowed does not."""
    ago = None if step.days == 0 else life.present - step.days * DAY
    with suppress(Rejected):
        match step.how:
            case "waits":
                life.comes_to(life.present + timedelta(hours=step.number * (step.days + 1)))
            case "publishes":
                life.comes_to(life.present + timedelta(seconds=1))
                life.redraws(PLANS[step.number % 2], row("calls", step.value))  # type: ignore[arg-type]
            case _:
                life.does(act(step, ago))
                event(step.how)


def act(step: Step, ago: datetime | None) -> Command:
    """Give what is done."""
    key, units = PLANS[step.number % 2], step.number * ONE
    match step.how:
        case "uses" | "gives back" as how:
            signed = units if how == "uses" else -units
            return ReportUsage(feature="calls", quantity=signed, occurred_at=ago)
        case "sets":
            return ReportUsage(feature="calls", quantity=units - ONE, mode=UsageMode.SET)
        case "subscribes":
            return Subscribe(plan=key, start_at=ago)
        case "cancels":
            return CancelSubscription(timing=ChangeTiming.NOW)
        case "overrides" | "revokes" | "lifts" as how:
            return custom(how, ago)
        case how:
            usage = UsageOnChange.RESET if how == "resets" else UsageOnChange.CARRY
            return ChangePlan(plan=key, timing=ChangeTiming.NOW, usage=usage)


def custom(how: str, ago: datetime | None) -> Command:
    """Give what changes the custom entitlement."""
    if how == "lifts":
        return RemoveCustomEntitlement(feature="calls", mode=CustomEntitlementMode.REVOKE)
    if how == "revokes":
        return SetCustomEntitlement(feature="calls", mode=CustomEntitlementMode.REVOKE, starts_at=ago)
    daily = WrittenLimit(limit=LIMIT * ONE, reset=Reset(every=ResetInterval.DAY), unlimited=False)
    return SetCustomEntitlement(
        feature="calls", mode=CustomEntitlementMode.OVERRIDE, value=daily, starts_at=ago
    )


def newborn(value: object) -> Life:
    """Somebody who has no plan yet."""
    plans = (sold(plan(key, of="app"), row("calls", value)) for key in PLANS)  # type: ignore[arg-type]
    return Life(shop=opened(*plans), now=START).born()


def is_in_order(life: Life, at: datetime | None = None) -> bool:
    """Tell whether what is used and left is between nothing and the limit."""
    usage = life.asks("calls", at=at).usage
    return usage is None or (usage.used >= 0 and 0 <= (usage.remaining or 0) <= LIMIT * ONE)


@given(RESETS, steps, st.lists(st.integers(1, 24 * 60), max_size=5))
def test_used_is_never_below_zero_and_no_more_is_left_than_the_limit(
    value: object, steps: list[Step], hours: list[int]
) -> None:
    life = newborn(value)
    for step in steps:
        happens(life, step)
        assert is_in_order(life), step
    for ago in hours:
        assert is_in_order(life, life.present - timedelta(hours=ago))


@given(RESETS, steps)
def test_what_was_given_back_lets_nobody_past_a_hard_limit(value: object, steps: list[Step]) -> None:
    life = newborn(value)
    for step in [*steps, Step("subscribes", 1, 20, value)]:
        happens(life, step)
    consumed = 0
    for units in (1, LIMIT, 3, 5, LIMIT - 1, 1):
        used = life.asks("calls").usage
        allowed = life.asks("calls", requested=units).allowed
        assert used is None or allowed is (used.used + units * ONE <= LIMIT * ONE)
        with suppress(Rejected):
            life.does(Consume(feature="calls", quantity=units * ONE))
            consumed += units if allowed else 0
        assert used is None or life.used() == used.used // ONE + (units if allowed else 0)
    assert consumed <= LIMIT


@given(RESETS, steps)
def test_usage_is_what_it_is_set_to_and_no_more_is_given_back(value: object, steps: list[Step]) -> None:
    life = newborn(value)
    for step in steps:
        happens(life, step)
    life.does(ReportUsage(feature="calls", quantity=3 * ONE, mode=UsageMode.SET))
    assert life.asks("calls").usage is None or life.used() == 3

    life.does(ReportUsage(feature="calls", quantity=-3 * ONE))
    assert life.asks("calls").usage is None or life.used() == 0
    assert life.refuses(ReportUsage(feature="calls", quantity=-ONE)) == ["OUT_OF_RANGE value"]


@given(RESETS, steps)
def test_series_of_a_period_agree_for_every_length_and_with_what_is_used(
    value: object, steps: list[Step]
) -> None:
    life = newborn(value)
    for step in steps:
        happens(life, step)
    whole = Span(feature="calls", start=START - 21 * DAY, end=life.present + MOMENT, by=UsageBucket.PERIOD)
    for point in seen(life, whole).points:
        start, end = point.bucket.start, point.bucket.end
        for by in (UsageBucket.DAY, UsageBucket.MONTH, UsageBucket.PERIOD):
            assert seen(life, Span(feature="calls", start=start, end=end, by=by)).total == point.value
        usage = life.asks("calls", at=end - MOMENT).usage
        if usage is not None and usage.metering.window.starts_at == start:
            assert point.value == usage.used
