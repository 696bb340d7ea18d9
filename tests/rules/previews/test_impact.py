"""Previews: what would differ is found, nothing that would is left out, and who loses most comes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import pytest

from rules.access.decision import Decision
from rules.catalog.facts import CreditRate, FeatureStatus
from rules.catalog.inheritance import ResolvedCatalog
from rules.catalog_edits.packages import with_package
from rules.catalog_edits.publishing import publish
from rules.commands.change_plan import ChangePlan, ChangeTiming
from rules.commands.custom_entitlements import SetCustomEntitlement
from rules.commands.subscribe import Subscribe
from rules.commands.subscriptions import CancelSubscription
from rules.customers.facts import CustomEntitlementMode
from rules.errors import Rejected
from rules.numbers import ONE
from rules.previews.impact import (
    MOST_EXAMPLES,
    DecisionChange,
    Impact,
    Severity,
    features_mentioned,
    plan_change_effect,
)
from rules.values import (
    Choices,
    Number,
)
from tests.rules.builders.lives import Life
from tests.rules.builders.previewing import differing, on, republished
from tests.rules.builders.small_shop import DAY, MOMENT, START, day, limit, row
from tests.rules.models.wallets import credits_

NUMBER, CHOICE = Number(number=10 * ONE), Choices(choices=("eu", "us"))


# What a difference is.


def one(life: Life, after: ResolvedCatalog, feature: str = "calls") -> DecisionChange:
    """The one difference about a feature."""
    (found,) = (known for known in differing(life, after) if known.after.subject.question.feature == feature)
    return found


def test_anyone_who_had_used_more_than_a_new_limit_loses_access_and_is_over_it() -> None:
    life = on("free").uses("calls", 8)

    found = one(life, republished(life, "free", row("calls", limit(6))))

    assert (found.loses_access, found.gains_access, found.is_over_limit) == (True, False, True)
    assert (found.loss, found.lost_share) == (Severity.ACCESS, Fraction(4, 10))


def test_a_raised_limit_gives_access_back_to_who_had_used_it_up() -> None:
    life = on("free").uses("calls", 10)

    found = one(life, republished(life, "free", row("calls", limit(11))))

    assert (found.gains_access, found.loses_access, found.is_over_limit) == (True, False, False)
    assert (found.loss, found.lost_share) == (Severity.GAIN, Fraction(0))


def test_a_lower_limit_that_nobody_has_reached_is_a_loss_of_a_share() -> None:
    life = on("free")

    found = one(life, republished(life, "free", row("calls", limit(5))))

    assert (found.loss, found.lost_share) == (Severity.SHARE, Fraction(1, 2))


def test_a_limit_that_was_none_is_all_lost_and_none_is_no_loss() -> None:
    life = on("free")
    life = life.redraws("free", row("calls", limit(None)))

    found = one(life, republished(life, "free", row("calls", limit(5))))

    assert (found.loss, found.lost_share) == (Severity.SHARE, Fraction(1))
    assert DecisionChange(before=found.after, after=found.before).loss is Severity.NOTHING


@pytest.mark.parametrize(
    ("feature", "before", "after", "share"),
    [
        ("storage", NUMBER, Number(number=4 * ONE), Fraction(6, 10)),
        ("storage", NUMBER, Number(number=40 * ONE), 0),
        ("storage", Number(number=0), Number(number=-ONE), 1),
        ("regions", CHOICE, Choices(choices=("us",)), Fraction(1, 2)),
        ("regions", CHOICE, Choices(choices=("eu", "us", "asia")), 0),
    ],
)
def test_less_of_a_setting_is_a_loss(
    feature: str, before: Number | Choices, after: Number | Choices, share: Fraction
) -> None:
    life = on("free").redraws("free", row(feature, before))

    assert one(life, republished(life, "free", row(feature, after)), feature).lost_share == share


def test_what_is_another_only_for_those_who_have_it_concerns_nobody_else() -> None:
    life = on("free")
    suspended = replace(life.shop.features["sso"], status=FeatureStatus.SUSPENDED)
    after = ResolvedCatalog(replace(life.shop, features={**life.shop.features, "sso": suspended}))

    assert differing(life, after) == []
    assert one(on("pro", "monthly"), after, "sso").loses_access


def test_credits_that_a_plan_begins_to_give_are_a_difference_in_what_pays() -> None:
    rate = CreditRate(feature="calls", credit_type="ai", credits=ONE)
    life = on("free").uses("calls", 10)
    package = life.shop.packages["free"]
    content = replace(package.newest, rows=(*package.newest.rows, row("ai", credits_(100))), rates=(rate,))
    drafted = with_package(life.shop, replace(package, draft=content))

    found = one(life, ResolvedCatalog(publish(drafted, "free", now=life.now).catalog))

    assert found.gains_access
    assert found.after.book is not None
    assert found.after.book.available == 100 * ONE


# How many, and who first.


def impact_on(*groups: Sequence[DecisionChange]) -> Impact:
    """What it means for customers who have these differences, each group one customer's."""
    impact = Impact()
    for group in groups:
        impact = impact.with_customer(group)
    return impact


def of(customer: str, difference: DecisionChange) -> DecisionChange:
    """The same difference for somebody else."""

    def asked(decision: Decision) -> Decision:
        question = replace(decision.subject.question, customer=customer)
        return replace(decision, subject=replace(decision.subject, question=question))

    return DecisionChange(before=asked(difference.before), after=asked(difference.after))


def lowered(units: int, used: int = 0) -> DecisionChange:
    """A limit of 10 that becomes another."""
    life = on("free").uses("calls", used) if used else on("free")
    return one(life, republished(life, "free", row("calls", limit(units))))


def test_customers_are_counted_once_however_much_differs_for_them() -> None:
    lost, less = lowered(5, used=7), lowered(5)
    found = impact_on([lost, lost, less], [less], [], [lowered(20, used=10)])

    assert (found.affected, found.lose_access, found.over_limit, found.gain_access) == (3, 1, 1, 1)


def test_those_who_lose_most_are_shown_first_and_one_of_each_before_the_next_of_any() -> None:
    found = impact_on(
        [of("less", lowered(9))],
        [of("more", lowered(20))],
        [of("half", lowered(5)), of("half", lowered(4))],
        [of("lost", lowered(1, used=1)), of("lost", lowered(2, used=3))],
        [of("gone", lowered(0))],
        [of("back", lowered(20, used=10))],
    )

    shown = [example.difference.after.subject.question.customer for example in found.examples]
    assert shown == ["gone", "lost", "lost", "half", "less", "half", "more", "back"]


def test_no_more_than_twenty_are_shown() -> None:
    groups = [[of(f"customer-{number:02}", lowered(number % 10))] for number in range(30)]

    found = impact_on(*groups)

    assert found.affected == 30
    assert len(found.examples) == MOST_EXAMPLES
    assert found.examples == impact_on(*reversed(groups)).examples


def test_an_estimate_tells_from_a_sample_of_all_of_them() -> None:
    found = impact_on([lowered(5, used=7)], [lowered(9)], []).estimated(3, 300)

    assert (found.affected, found.lose_access, found.over_limit, found.gain_access) == (200, 100, 100, 0)
    assert not found.exact
    assert len(found.examples) == 2


# Changes of plan.


def test_an_upgrade_would_take_effect_now_and_a_downgrade_at_the_end_of_the_period() -> None:
    life = on("basic", "monthly")

    up = plan_change_effect(life.flat, life.customer, ChangePlan(plan="pro", price="monthly"), life.now)
    down = plan_change_effect(life.flat, life.customer, ChangePlan(plan="free"), life.now)

    assert (up.timing, up.effective_at) == (ChangeTiming.NOW, life.next_act_at)
    assert (down.timing, down.effective_at) == (ChangeTiming.PERIOD_END, day(2, 28) + MOMENT)


def test_a_subscription_that_has_not_begun_would_be_changed_at_once_and_notice_when_it_begins() -> None:
    begins = START + 3 * DAY
    life = Life().born().does(Subscribe(plan="basic", price="monthly", start_at=begins, trial_days=0))

    change = plan_change_effect(life.flat, life.customer, ChangePlan(plan="free"), life.now)

    assert (change.timing, change.effective_at) == (ChangeTiming.NOW, begins)


def test_a_change_that_would_be_refused_is_refused() -> None:
    life = on("free")

    with pytest.raises(Rejected):
        plan_change_effect(life.flat, life.customer, ChangePlan(plan="free"), life.now)
    with pytest.raises(Rejected):
        plan_change_effect(life.flat, None, ChangePlan(plan="free"), life.now)


def test_a_change_is_compared_with_what_would_be_without_it() -> None:
    life = on("basic", "monthly").does(CancelSubscription())

    change = plan_change_effect(life.flat, life.customer, ChangePlan(plan="free"), life.now)

    assert not change.before.in_force(change.effective_at)
    assert change.after.in_force(change.effective_at)


def test_what_applies_before_or_after_is_heard_once() -> None:
    life = on("pro", "monthly").does(
        SetCustomEntitlement(feature="storage", mode=CustomEntitlementMode.REVOKE)
    )
    change = plan_change_effect(
        life.flat, life.customer, ChangePlan(plan="free", timing=ChangeTiming.NOW), life.now
    )

    heard = features_mentioned(life.flat, (change.before, change.after), change.effective_at)

    assert sorted(heard) == ["calls", "exports", "projects", "regions", "sso", "storage", "support"]
