"""Events and reports at random, compared with a mind that counts everything anew from what was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from rules.commands.command import Command
from rules.commands.ingest_event import IngestEvent
from rules.commands.report_usage import ReportUsage, UsageMode
from rules.errors import Rejected
from rules.numbers import ONE
from rules.values import ResetInterval
from tests.rules.builders.customer_builders import DAY, INSTANT, START
from tests.rules.builders.metered_shop import AGGREGATIONS, metered_till, observe, request
from tests.rules.models.naive_meter import NaiveMeter
from tests.rules.models.till import Till

AHEAD = timedelta(minutes=5)


@dataclass(frozen=True)
class Told:
    """An act whose usage occurred so long ago, or so little ahead; None is just now."""

    act: IngestEvent | ReportUsage
    ago: timedelta | None


ago = st.none() | st.sampled_from([timedelta(0), -AHEAD, INSTANT, timedelta(hours=5), DAY, 2 * DAY])

quantities = st.integers(0, 12)

said = st.fixed_dictionaries(
    {},
    optional={
        "bytes": quantities | st.just("many"),
        "user": st.sampled_from(["ada", "bob", 7, True]),
        "level": quantities,
        "other": quantities,
    },
)

events = st.builds(lambda number, said: request(f"e-{number}", **said), st.integers(0, 50), said)

reports = st.builds(
    lambda feature, units, user, mode: replace(
        observe(feature, max(units, 0) if feature == "users" else units, properties={"user": user}), mode=mode
    ),
    st.sampled_from(list(AGGREGATIONS)),
    st.integers(-6, 12),
    st.sampled_from(["ada", "bob", "cleo"]),
    st.sampled_from([UsageMode.ADD, UsageMode.ADD, UsageMode.SET]),
)

waits = st.sampled_from([timedelta(minutes=3), timedelta(hours=7), DAY])

steps = st.lists(st.builds(Told, events | reports, ago) | waits | st.just("commit"), max_size=40)
"""Acts, time that passes, and where a transaction ends and the next begins."""


def dated(told: Told, now: datetime) -> IngestEvent | ReportUsage:
    """Give the act with its instant; what is set takes no past one, and nothing was before the start."""
    sets = isinstance(told.act, ReportUsage) and told.act.mode is UsageMode.SET
    if told.ago is None or (sets and told.ago >= timedelta(0)):
        return told.act
    return replace(told.act, occurred_at=max(START, now - told.ago))


def what_came_of(shop: Till, act: Command, ids: set[str]) -> str:
    """Do an act at the till, which knows events by their ids as the ledger does."""
    if isinstance(act, IngestEvent) and act.id in ids:
        return "again"
    try:
        ((word, amount),) = shop.does(act).outcome.items()
    except Rejected as refusal:
        return str(refusal.problems[0].code)
    if isinstance(act, IngestEvent):
        ids.add(act.id)
        return f"{word} {amount}"
    return f"{word} {amount // ONE}"


@pytest.mark.parametrize("every", [ResetInterval.DAY, ResetInterval.NEVER])
@given(steps=steps)
def test_events_and_reports_cut_into_any_transactions_give_what_a_naive_recount_gives(
    every: ResetInterval, steps: Sequence[Told | timedelta | str]
) -> None:
    shop, naive = metered_till(every), NaiveMeter(daily=every is ResetInterval.DAY)
    ids: set[str] = set()
    for step in steps:
        if isinstance(step, timedelta):
            shop.now += step
        elif isinstance(step, str):
            shop.commits()
        else:
            act = dated(step, shop.now)
            answer = what_came_of(shop, act, ids)
            event(answer.split()[0])
            assert answer == naive.does(act, shop.now if " " in answer else shop.now + INSTANT)
        kept = {window: tally.used for window, tally in shop.tallies.items()}
        assert kept == {window: shop._counted(window).used for window in kept}
        assert {key: shop.usage(key).used // ONE for key in AGGREGATIONS} == naive.all_used(shop.now)


@given(steps=steps)
def test_more_events_never_turn_a_no_into_a_yes(steps: Sequence[Told | timedelta | str]) -> None:
    shop = metered_till()
    for step in steps:
        if isinstance(step, Told) and isinstance(step.act, IngestEvent):
            before = {key: shop.asks(key, requested=99).allowed for key in AGGREGATIONS if key != "level"}
            what_came_of(shop, dated(step, shop.now), set())
            assert all(before[key] or not shop.asks(key, requested=99).allowed for key in before)
