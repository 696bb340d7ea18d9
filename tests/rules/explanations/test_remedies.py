"""Remedies: each of them, applied, turns the no into a yes."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace

from hypothesis import event, given
from hypothesis import strategies as st

from rules.access.decision import Decision
from rules.catalog.facts import PricingType
from rules.commands.change_plan import ChangePlan
from rules.commands.command import Command
from rules.commands.subscribe import Subscribe
from rules.commands.subscriptions import SetSubscriptionAddon
from rules.customers.terms import addons_in_force
from rules.explanations.remedies import MOST, Remedy, RemedyKind, candidates, remedies, windows_needed
from rules.numbers import ONE
from rules.usage.counters import aggregation_of
from tests.rules.builders.acts_at_random import ZONES, Step, beginnings, steps
from tests.rules.builders.lives import Life
from tests.rules.builders.small_shop import limit, opened, plan, price, row, sold
from tests.rules.customers.test_time_travel import Happening, begun, happen
from tests.rules.models.recount import tally_of


def remedied(life: Life, decision: Decision, *, present: bool = True) -> list[Remedy]:
    """What would help a customer."""
    found = candidates(decision, present=present)
    tallies = {
        window: tally_of(life.records, window, aggregation_of(life.flat.catalog, window.feature))
        for window in windows_needed(found)
    }
    return remedies(found, tallies, [])


def kinds(life: Life, decision: Decision) -> list[str]:
    """What would help, in a word each."""
    return [remedy.kind.value for remedy in remedied(life, decision)]


def summaries(life: Life, decision: Decision) -> list[str]:
    """What would help, in a sentence each."""
    return [remedy.summary for remedy in remedied(life, decision)]


def on(plan_key: str, *, price_key: str | None = None) -> Life:
    """A customer who has just subscribed."""
    return Life().born().does(Subscribe(plan=plan_key, price=price_key, trial_days=0))


def test_a_yes_needs_no_remedy() -> None:
    life = on("free")

    assert remedied(life, life.asks("calls")) == []


def test_anyone_who_is_on_no_plan_is_told_to_which_to_subscribe_the_cheapest_first() -> None:
    life = Life().born()

    assert summaries(life, life.asks("sso")) == ["Subscribe to Pro at $30.00 a month."]
    assert summaries(life, life.asks("calls", requested=150)) == [
        "Subscribe to Euro at €1.00 a month.",
        "Subscribe to Pro at $30.00 a month.",
    ]


def test_an_upgrade_names_the_price_to_ask_for() -> None:
    life = on("basic", price_key="monthly")

    (upgrade,) = remedied(life, life.asks("sso"))

    assert (upgrade.kind, upgrade.plan, upgrade.price) == (RemedyKind.UPGRADE, "pro", "monthly")


def test_less_and_later_come_before_what_costs_money() -> None:
    life = on("basic", price_key="monthly").uses("calls", 60)

    told = summaries(life, life.asks("calls", requested=50))

    assert told == [
        "Request at most 40.",
        "Wait until February 28, 2026, 09:00 (UTC), when usage starts again.",
        "Upgrade to Basic at $100.00 a year.",
        "Add Boost.",
        "Upgrade to Euro at €1.00 a month.",
    ]


def test_so_many_of_an_add_on_are_reported_as_it_takes() -> None:
    life = on("basic", price_key="monthly").uses("calls", 60)

    by_kind = {remedy.kind: remedy for remedy in remedied(life, life.asks("calls", requested=160))}

    assert by_kind[RemedyKind.ADD_ADDON].amount == 3 * ONE
    assert by_kind[RemedyKind.ADD_ADDON].summary == "Add 3 times Boost."
    assert RemedyKind.ADD_ADDON not in kinds(life, life.asks("calls", requested=200)), "three at most"


def test_anyone_who_waits_in_vain_is_not_told_to() -> None:
    life = on("basic", price_key="monthly").uses("calls", 60)

    assert "WAIT_FOR_RESET" not in kinds(life, life.asks("calls", requested=101))
    assert "WAIT_FOR_RESET" not in kinds(on("basic", price_key="monthly"), life.asks("projects", requested=6))


def test_values_that_are_included_can_be_asked_for() -> None:
    life = on("basic", price_key="monthly")

    less = remedied(life, life.asks("regions", values=("eu", "asia")))

    assert [remedy.summary for remedy in less][:1] == ["Ask for eu only."]


def test_hidden_plans_are_not_recommended() -> None:
    hidden = sold(replace(plan("secret"), visible=False), row("calls", limit(1_000)))
    life = Life(shop=opened(hidden)).born()

    assert remedied(life, life.asks("calls")) == []


def test_a_plan_whose_price_nobody_knows_comes_last() -> None:
    offers = (
        sold(replace(plan("custom"), pricing_type=PricingType.CUSTOM), row("calls", limit(9))),
        sold(plan("dear"), row("calls", limit(9)), prices=[price("monthly", 900)]),
        sold(plan("free"), row("calls", limit(9))),
    )
    life = Life(shop=opened(*offers)).born()

    assert summaries(life, life.asks("calls")) == [
        "Subscribe to Free.",
        "Subscribe to Dear at $900.00 a month.",
        "Subscribe to Custom.",
    ]


def test_no_more_than_five_are_reported() -> None:
    offers = [sold(plan(f"plan-{n}", n), row("calls", limit(n))) for n in range(1, 9)]
    life = Life(shop=opened(*offers)).born()

    assert len(remedied(life, life.asks("calls"))) == MOST


def test_what_is_done_now_changes_no_answer_about_another_time() -> None:
    life = on("basic", price_key="monthly").uses("calls", 60)
    decision = life.asks("calls", requested=100)

    told = remedied(life, decision, present=False)

    assert [remedy.kind for remedy in told] == [RemedyKind.REQUEST_LESS, RemedyKind.WAIT_FOR_RESET]


def applied(life: Life, remedy: Remedy, question: Asked) -> Decision:
    """Do what a remedy says, and ask again."""
    after = copy(life)
    match remedy.kind:
        case RemedyKind.WAIT_FOR_RESET:
            assert remedy.at is not None
            after.comes_to(remedy.at)
        case RemedyKind.REQUEST_LESS:
            less = None if remedy.amount is None else remedy.amount // ONE
            return replace(question, requested=less, values=remedy.values).of(after)
        case _:
            after.does(act_of(after, remedy))
    return question.of(after)


def act_of(life: Life, remedy: Remedy) -> Command:
    """The act that a remedy means."""
    if remedy.kind is RemedyKind.SUBSCRIBE:
        return Subscribe(plan=remedy.plan or "", price=remedy.price)
    if remedy.kind is RemedyKind.UPGRADE:
        return ChangePlan(plan=remedy.plan or "", price=remedy.price)
    assert remedy.addon is not None
    return SetSubscriptionAddon(
        addon=remedy.addon, quantity=held(life, remedy.addon) + (remedy.amount or 0) // ONE
    )


def held(life: Life, addon: str) -> int:
    """How many of an add-on the customer has."""
    assert life.customer is not None
    live = life.customer.live(life.present)
    known = (one for s in live for one in addons_in_force(life.shop, s, life.present))
    return next((one.quantity for one in known if one.addon == addon), 0)


@dataclass(frozen=True)
class Asked:
    """A question."""

    feature: str
    requested: int | None = None
    values: tuple[str, ...] | None = None

    def of(self, life: Life) -> Decision:
        """Ask it about a customer."""
        return life.asks(self.feature, requested=self.requested, values=self.values)


questions = st.one_of(
    st.builds(Asked, st.sampled_from(["sso", "storage", "support"])),
    st.builds(Asked, st.just("regions"), values=st.sampled_from([None, ("eu",), ("eu", "us"), ("asia",)])),
    st.builds(Asked, st.sampled_from(["calls", "exports", "projects"]), st.none() | st.integers(0, 250)),
)


@given(
    st.sampled_from(ZONES),
    beginnings,
    st.lists(steps, min_size=3, max_size=25),
    st.lists(questions, min_size=4, max_size=8),
)
def test_each_remedy_applied_turns_the_no_into_a_yes(
    zone: str, first: Step, happenings: list[Happening], asked: list[Asked]
) -> None:
    life = begun(zone, first)
    for happening in happenings:
        happen(life, happening)
    for question in asked:
        decision = question.of(life)
        for remedy in remedied(life, decision):
            event(f"{decision.reason}: {remedy.kind}")
            assert not decision.allowed
            assert applied(life, remedy, question).allowed
