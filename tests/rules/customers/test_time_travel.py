from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rules.catalog_edits.packages import with_package
from rules.catalog_edits.publishing import publish
from rules.commands.customers import ArchiveCustomer
from rules.commands.report_usage import ReportUsage
from rules.errors import Rejected
from tests.rules.builders.acts_at_random import ZONES, Publish, Step, Wait, WaitFor, beginnings, spans, steps
from tests.rules.builders.lives import Life
from tests.rules.builders.small_shop import MOMENT
from tests.rules.customers.test_lives import FEATURES, answer_of

Happening = Step | Publish | Wait | WaitFor

happenings = st.tuples(st.sampled_from(ZONES), beginnings, st.lists(steps, min_size=15, max_size=50))


def looking_forward(step: Step) -> Step:
    """The same act, about nothing that is past by then, and nobody goes away."""
    if isinstance(step.act, ReportUsage):
        return replace(step, away=())
    return replace(step, away=tuple((name, abs(span)) for name, span in step.away))


def unforeseen(happening: Happening) -> Happening:
    """The same, but that no usage is reported before it occurs: it counts at once, and later not before."""
    if isinstance(happening, Step) and isinstance(happening.act, ReportUsage):
        return replace(happening, away=tuple((name, -abs(span)) for name, span in happening.away))
    return happening


def happen(life: Life, happening: Happening) -> None:
    """Let one thing happen, if it can."""
    match happening:
        case Step(act=act, away=away):
            now = life.next_act_at
            try:
                life.does(replace(act, **{name: now + span for name, span in away}))  # type: ignore[type-var]
            except Rejected:
                return
        case Publish():
            redraw(life, happening)
        case Wait(span=span):
            life.comes_to(life.present + span)
        case WaitFor(off=off):
            assert life.customer is not None
            coming = life.customer.next_instant(life.present)
            if coming is not None:
                life.comes_to(max(life.present, coming + off))


def redraw(life: Life, happening: Publish) -> None:
    """Publish a second later, if there is anything to be published."""
    life.comes_to(life.present + timedelta(seconds=1))
    package = replace(life.shop.packages[happening.package], draft=happening.content)
    try:
        drafted = with_package(life.shop, package)
        life.shop = publish(drafted, package.key, now=life.now, scope=happening.scope).catalog
    except Rejected:
        return


def begun(zone: str, first: Step) -> Life:
    """Somebody with a first subscription."""
    life = Life().born(zone)
    happen(life, looking_forward(first))
    return life


def lived(zone: str, first: Step, rest: Iterable[Happening]) -> Life:
    """Somebody to whom all this happened."""
    life = begun(zone, first)
    for happening in rest:
        happen(life, happening)
    return life.comes_to(life.present)


def told(life: Life, at: datetime | None = None) -> dict[str, dict[str, Any]]:
    """Every answer there is, now or about another instant."""
    return {feature: answer_of(life, feature, at) for feature in FEATURES}


@given(happenings, st.lists(spans, min_size=1, max_size=4))
def test_what_is_said_about_the_future_is_what_is_answered_when_the_clock_gets_there(
    history: tuple[str, Step, list[Happening]], away: list[timedelta]
) -> None:
    life = lived(*history)
    said = {life.present + span: told(life, life.present + span) for span in away}
    if life.customer is not None and (coming := life.customer.next_instant(life.present)) is not None:
        said[coming] = told(life, coming)

    for instant in sorted(said):
        assert told(life.comes_to(instant)) == said[instant]


@given(happenings)
def test_what_was_answered_at_an_instant_is_what_is_said_about_it_later(
    history: tuple[str, Step, list[Happening]],
) -> None:
    zone, first, rest = history
    life = begun(zone, first)
    answered = {life.present: told(life)}
    for happening in rest:
        if isinstance(happening, Step) and isinstance(happening.act, ArchiveCustomer):
            continue
        happen(life, looking_forward(happening) if isinstance(happening, Step) else happening)
        answered[life.present] = told(life)

    life.comes_to(life.present + timedelta(days=1))
    for instant, answers in answered.items():
        assert told(life, instant) == answers


@given(happenings, st.lists(spans, min_size=1, max_size=5))
def test_what_is_said_about_an_instant_does_not_depend_on_when_it_is_asked(
    history: tuple[str, Step, list[Happening]], spans_away: list[timedelta]
) -> None:
    zone, first, rest = history
    life = lived(zone, first, map(unforeseen, rest))
    instants = [life.present + MOMENT, *(life.present + span for span in spans_away)]
    instants += [life.present - span for span in spans_away]
    said = [told(life, instant) for instant in instants]

    life.comes_to(life.present + max(spans_away) + timedelta(days=200))

    assert [told(life, instant) for instant in instants] == said


@given(happenings, spans | spans.map(lambda span: -span), st.sampled_from(FEATURES), st.floats(0, 1))
def test_an_answer_is_valid_until_nothing_that_time_alone_does_has_changed_it(
    history: tuple[str, Step, list[Happening]], away: timedelta, feature: str, part: float
) -> None:
    life = lived(*history)
    for asked in (life.present, life.present + away):
        decision = life.asks(feature, at=asked)
        until = decision.valid_until or asked + timedelta(days=900)
        between = {min(asked + (until - asked) * part, until - MOMENT), until - MOMENT}
        for instant in between:
            assert answer_of(life, feature, instant) == answer_of(life, feature, asked)
