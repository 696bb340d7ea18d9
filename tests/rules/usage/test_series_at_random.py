"""Series of lives at random, compared with the answers that are given at each instant of them."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

from hypothesis import assume, event, given
from hypothesis import strategies as st

from rules.numbers import ONE
from rules.usage.metering import UsageRecord
from rules.usage.series import BadSpan, Series, Span, UsageBucket
from tests.rules.builders.acts_at_random import Step
from tests.rules.builders.lives import Life
from tests.rules.builders.seen_series import seen
from tests.rules.builders.small_shop import DAY, MOMENT, START
from tests.rules.customers.test_time_travel import Happening, happenings, lived

METERED = ("calls", "exports", "projects", "seats")

parts = st.integers(0, 1_000).map(lambda part: part / 1_000)
"""Where in a life an instant lies, from the day before it to its present."""

usages = st.lists(st.tuples(st.sampled_from(METERED), parts, st.integers(0, 9)), min_size=5, max_size=30)

spans = st.tuples(parts, parts).map(sorted).filter(lambda span: span[0] < span[1])
"""Two instants of a life."""

Lived = tuple[str, Step, list[Happening]]
Used = list[tuple[str, float, int]]


def looking_back(history: Lived, used: Used) -> Life:
    """Somebody who lived, and used things all the time."""
    life = lived(*history)
    life.records += [
        UsageRecord(feature=feature, occurred_at=instant(life, part), quantity=units * ONE)
        for feature, part, units in used
    ]
    return life


def instant(life: Life, part: float) -> datetime:
    """An instant of a life."""
    birth = START - DAY
    return birth + (life.present - birth) * part


def series(life: Life, span: Span) -> Series:
    """Give a series that has not too many buckets."""
    try:
        return seen(life, span)
    except BadSpan:
        assume(False)  # noqa: FBT003 - hypothesis says it so
        raise


def between(life: Life, feature: str, by: UsageBucket, span: list[float]) -> Span:
    """The span between two instants of a life."""
    start, end = (instant(life, part) for part in span)
    return Span(feature=feature, start=start, end=end, by=by)


@given(happenings, usages, spans, st.sampled_from(METERED), st.sampled_from(UsageBucket))
def test_buckets_tile_their_span_and_sums_add_up(
    history: Lived, used: Used, parts_of: list[float], feature: str, by: UsageBucket
) -> None:
    life = looking_back(history, used)
    span = between(life, feature, by, parts_of)
    found = series(life, span)

    buckets = [point.bucket for point in found.points]
    assert (buckets[0].start, buckets[-1].end) == (span.start, span.end)
    assert all(before.end == after.start for before, after in pairwise(buckets))
    assert all(bucket.start < bucket.end for bucket in buckets)
    if feature == "seats":
        assert found.total == found.points[-1].value
    else:
        assert found.total == sum(point.value for point in found.points)


@given(happenings, usages, spans)
def test_the_value_of_a_period_is_the_answer_at_its_end(
    history: Lived, used: Used, parts_of: list[float]
) -> None:
    life = looking_back(history, used)
    for feature in METERED:
        for point in series(life, between(life, feature, UsageBucket.PERIOD, parts_of)).points:
            usage = life.asks(feature, at=point.bucket.end - MOMENT).usage
            # At the present itself what lies a little ahead counts too.
            if usage is None or point.bucket.end > life.present:
                continue
            since = usage.metering.window.starts_at
            event(f"{feature}: {point.bucket.is_reset}, {'something' if point.value else 'nothing'}")
            assert (since == point.bucket.start) is point.bucket.is_reset
            if feature == "seats" or point.bucket.is_reset:
                assert point.value == usage.used


@given(happenings, spans, st.sampled_from(METERED), st.sampled_from(UsageBucket))
def test_usage_began_anew_in_the_buckets_that_say_so_and_in_no_other(
    history: Lived, parts_of: list[float], feature: str, by: UsageBucket
) -> None:
    life = lived(*history)
    buckets = [point.bucket for point in series(life, between(life, feature, by, parts_of)).points]
    periods = [p.bucket for p in series(life, between(life, feature, UsageBucket.PERIOD, parts_of)).points]

    begun = [period.start for period in periods if period.is_reset]
    event("some began anew" if begun else "none began anew")
    for bucket in buckets:
        assert bucket.is_reset is any(bucket.start <= at < bucket.end for at in begun)
