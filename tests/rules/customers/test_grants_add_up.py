from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.catalog.inheritance import ResolvedCatalog
from rules.customers.effective import EffectiveEntitlement, combine, effective_entitlement, features_in_effect
from rules.customers.facts import Subscription
from rules.customers.terms import version_in_force
from rules.values import (
    Choices,
    Credits,
    Granted,
    LimitEnforcement,
    Metered,
    Number,
    Object,
    ResetInterval,
    Text,
    Value,
)
from tests.rules.builders.customer_builders import (
    DAY,
    FEATURES,
    HARD,
    REGIONS,
    SOFT,
    START,
    World,
    customer,
    instants,
    limited,
    published_plan,
    rate,
    selling,
    subscription,
    units,
    winners,
    worlds,
)


def together(feature: str, *values: Value) -> EffectiveEntitlement:
    """What a customer has whose plans say this, the plan of the oldest subscription first."""
    plans = [
        published_plan(f"plan-{age}", {feature: value}, product=f"{age}") for age, value in enumerate(values)
    ]
    held = [
        subscription(sold.key, number=age, product=sold.product, started_at=START - (len(values) - age) * DAY)
        for age, sold in enumerate(plans)
    ]
    return effective_entitlement(selling(*plans), customer(*held), FEATURES[feature], START)


def test_a_boolean_is_granted_if_any_plan_grants_it() -> None:
    found = together("sso", Granted(), Granted())

    assert found.value == Granted()
    assert winners(found) == ["plan-0", "plan-1"]


def test_number_configs_sum() -> None:
    found = together("storage", Number(number=units(5)), Number(number=units(10)), Number(number=1))

    assert found.value == Number(number=units(15) + 1)
    assert winners(found) == ["plan-0", "plan-1", "plan-2"]


def test_metered_limits_sum() -> None:
    found = together("calls", limited(5), limited(0), limited(10))

    assert found.value == limited(15)
    assert winners(found) == ["plan-0", "plan-1", "plan-2"]


@pytest.mark.parametrize("limits", [(None, 5), (5, None), (0, None, 0), (None, None)])
def test_unlimited_absorbs(limits: tuple[int | None, ...]) -> None:
    assert together("calls", *(limited(limit) for limit in limits)).value == limited(None)


def test_choices_unite_in_the_order_of_the_feature() -> None:
    found = together("regions", Choices(choices=("asia",)), Choices(choices=("eu", "asia")))

    assert found.value == Choices(choices=("eu", "asia"))
    assert winners(found) == ["plan-0", "plan-1"]


def test_a_choice_that_the_feature_no_longer_names_comes_last() -> None:
    held = together("regions", Choices(choices=REGIONS))
    narrowed = replace(FEATURES["regions"], choices=("us",))

    assert combine(narrowed, held.sources).value == Choices(choices=("us", "asia", "eu"))


@pytest.mark.parametrize(
    ("feature", "old", "new"),
    [
        ("support", Text(text="phone"), Text(text="mail")),
        ("branding", Object(object={"color": "red"}), Object(object={})),
    ],
)
def test_of_texts_and_objects_the_newest_counts_and_the_others_are_listed_as_not_winning(
    feature: str, old: Value, new: Value
) -> None:
    found = together(feature, old, old, new)

    assert found.value == new
    assert [source.value for source in found.sources] == [old, old, new]
    assert winners(found) == ["plan-2"]


@pytest.mark.parametrize(
    ("kinds", "sum_of_them"),
    [((HARD, HARD), HARD), ((HARD, SOFT), SOFT), ((SOFT, HARD), SOFT), ((SOFT, SOFT), SOFT)],
)
def test_enforcement_is_soft_if_any_row_is(
    kinds: tuple[LimitEnforcement, ...], sum_of_them: LimitEnforcement
) -> None:
    values = [limited(5, enforcement=kind) for kind in kinds]

    found = together("calls", *values).value

    assert isinstance(found, Metered)
    assert found.enforcement is sum_of_them


def test_credits_cannot_be_added_to_a_feature() -> None:
    with pytest.raises(ValueError, match="credits do not speak about a feature: calls"):
        together("calls", Credits(amount=units(5)))


def test_the_reset_is_that_of_the_first_row() -> None:
    found = together("calls", limited(5, ResetInterval.DAY), limited(5, ResetInterval.MONTH))

    assert found.value == limited(10, ResetInterval.DAY)
    assert found.counting is not None
    assert found.counting.subscription is not None
    assert found.counting.subscription.term(START).plan == "plan-0"


def test_the_overage_rate_is_that_of_the_first_row_that_has_one() -> None:
    found = together(
        "calls",
        limited(5),
        limited(5, enforcement=SOFT, overage=rate(200)),
        limited(5, enforcement=SOFT, overage=rate(300)),
    )

    assert found.value == limited(15, enforcement=SOFT, overage=rate(200))


def test_only_a_limit_is_counted_by_a_subscription() -> None:
    assert together("storage", Number(number=1)).counting is None
    assert together("sso", Granted()).counting is None


def test_rows_of_subscriptions_of_the_same_age_are_in_the_order_of_their_ids() -> None:
    flat = selling(
        published_plan("basic", {"calls": limited(1, ResetInterval.DAY), "support": Text(text="mail")}),
        published_plan(
            "chat", {"calls": limited(2, ResetInterval.YEAR), "support": Text(text="phone")}, product="chat"
        ),
    )
    acme = customer(subscription("chat", number=2, product="chat"), subscription("basic", number=1))

    assert effective_entitlement(flat, acme, FEATURES["calls"], START).value == limited(3, ResetInterval.DAY)
    assert effective_entitlement(flat, acme, FEATURES["support"], START).value == Text(text="phone")


@given(worlds(subscriptions=2), instants, st.sampled_from(sorted(FEATURES)), st.randoms())
def test_storage_order_never_matters(world: World, now: datetime, feature: str, random: Random) -> None:
    shuffled = list(world.customer.subscriptions)
    random.shuffle(shuffled)

    found = effective_entitlement(world.flat, customer(*shuffled), FEATURES[feature], now)

    assert found == effective_entitlement(world.flat, world.customer, FEATURES[feature], now)


def is_kept(before: Value | None, after: Value | None) -> bool:
    """Whether what somebody had is still there, or more of it."""
    match before, after:
        case None, _:
            return True
        case Metered(), Metered():
            hardened = before.enforcement is SOFT and after.enforcement is HARD
            return not hardened and no_less(before.limit, after.limit)
        case Number(), Number():
            return before.number <= after.number
        case Choices(), Choices():
            return set(before.choices) <= set(after.choices)
        case _:
            return type(before) is type(after)


def no_less(before: int | None, after: int | None) -> bool:
    """Whether a limit was not lowered."""
    return after is None or (before is not None and before <= after)


@given(worlds(subscriptions=1), instants, st.sampled_from(sorted(FEATURES)), st.data())
def test_one_more_source_never_lowers_a_limit_and_never_takes_a_boolean_or_a_choice_away(
    world: World, now: datetime, feature: str, data: st.DataObject
) -> None:
    held = list(world.customer.subscriptions)
    held.remove(data.draw(st.sampled_from(held)))

    before = effective_entitlement(world.flat, customer(*held), FEATURES[feature], now).value
    after = effective_entitlement(world.flat, world.customer, FEATURES[feature], now).value

    assert is_kept(before, after)


def rows_of(flat: ResolvedCatalog, held: Subscription, now: datetime) -> Collection[str]:
    """The keys of the rows that a subscription's plan shows it at an instant."""
    term = held.term(now)
    return flat.held(term.plan, version_in_force(flat.catalog, held, now), term.price)


@given(worlds(), instants, st.sampled_from(sorted(FEATURES)))
def test_every_row_that_applies_is_listed_and_one_at_least_decides(
    world: World, now: datetime, feature: str
) -> None:
    found = effective_entitlement(world.flat, world.customer, FEATURES[feature], now)
    speaking = [held for held in world.customer.in_force(now) if feature in rows_of(world.flat, held, now)]

    assert [source.subscription for source in found.sources] == speaking
    assert (found.value is not None) == bool(winners(found)) == bool(speaking)
    assert (feature in features_in_effect(world.flat, world.customer, now)) == bool(speaking)
