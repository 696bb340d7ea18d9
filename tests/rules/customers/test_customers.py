from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.customers.facts import SubscriptionStatus
from tests.rules.builders.customer_builders import (
    DAY,
    INSTANT,
    START,
    World,
    customer,
    instants,
    subscription,
    worlds,
)


def test_a_subscription_is_scheduled_before_it_starts_and_active_from_that_instant_on() -> None:
    started = subscription(started_at=START)

    assert started.status(START - INSTANT) is SubscriptionStatus.SCHEDULED
    assert started.status(START) is SubscriptionStatus.ACTIVE
    assert started.status(START + 10_000 * DAY) is SubscriptionStatus.ACTIVE


def test_a_scheduled_subscription_gives_nothing_yet() -> None:
    later = subscription(started_at=START)

    assert not later.in_force(START - INSTANT)
    assert customer(later).in_force(START - INSTANT) == []
    assert customer(later).in_force(START) == [later]


def test_a_customer_of_several_products_has_several_subscriptions_the_oldest_first() -> None:
    old = subscription("mail", number=2, product="mail", started_at=START - DAY)
    new = subscription("chat", number=1, product="chat", started_at=START)

    assert customer(new, old).in_force(START) == [old, new]


def test_subscriptions_of_the_same_age_are_in_the_order_of_their_ids() -> None:
    first = subscription("mail", number=1, product="mail")
    second = subscription("chat", number=2, product="chat")

    assert customer(second, first).in_force(START) == [first, second]


@pytest.mark.parametrize(
    ("acted_at", "clock", "asked_at"),
    [
        (None, START, START),
        (START - DAY, START, START),
        (START + INSTANT, START, START + INSTANT),
        (START, START, START),
    ],
)
def test_a_question_is_asked_at_the_clocks_time_or_at_the_customers_last_act_whichever_is_later(
    acted_at: datetime | None, clock: datetime, asked_at: datetime
) -> None:
    assert replace(customer(), acted_at=acted_at).asked_at(clock) == asked_at


def test_the_next_start_is_the_first_one_that_is_still_to_come() -> None:
    held = (
        subscription(number=number, started_at=START + days * DAY)
        for number, days in enumerate((5, 0, -3, 2))
    )
    acme = customer(*held)

    assert acme.next_instant(START) == START + 2 * DAY
    assert acme.next_instant(START + 2 * DAY - INSTANT) == START + 2 * DAY
    assert acme.next_instant(START + 2 * DAY) == START + 5 * DAY
    assert acme.next_instant(START + 5 * DAY) is None
    assert customer().next_instant(START) is None


@given(worlds(), instants)
def test_nothing_starts_before_the_next_start(world: World, now: datetime) -> None:
    later = world.customer.next_instant(now)
    last = START + 1000 * DAY if later is None else later - INSTANT

    assert world.customer.in_force(last) == world.customer.in_force(now)
    assert later is None or len(world.customer.in_force(later)) > len(world.customer.in_force(now))


@given(worlds(), instants, st.randoms())
def test_in_what_order_subscriptions_are_kept_does_not_matter(
    world: World, now: datetime, random: Random
) -> None:
    shuffled = list(world.customer.subscriptions)
    random.shuffle(shuffled)

    assert customer(*shuffled).in_force(now) == world.customer.in_force(now)
