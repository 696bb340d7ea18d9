from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.access.decision import AccessReason
from rules.usage.limits import UsageBalance, fits_limit
from rules.values import (
    LimitEnforcement,
    Metered,
    Money,
)
from tests.rules.builders.customer_builders import (
    FEATURES,
    HARD,
    SOFT,
    World,
    ask,
    customer,
    instants,
    limited,
    published_plan,
    rate,
    selling,
    subscription,
    units,
    worlds,
)

ACME = customer(subscription())


def measured(value: Metered, used: int) -> UsageBalance:
    """The usage that an answer shows."""
    usage = ask(selling(published_plan("basic", {"calls": value})), ACME, "calls", used=used).usage
    assert usage is not None
    return usage


def table_allows(used: int, limit: int | None, requested: int | None, enforcement: LimitEnforcement) -> bool:
    """The contract's table, row by row."""
    if requested is None:
        row = limit is None or used < limit
    elif requested > 0:
        row = limit is None or used + requested <= limit
    elif requested == 0:
        row = limit is None or used <= limit
    else:
        row = True
    return row or enforcement is SOFT


LIMITS = (None, 0, 1, 2, 3)
REQUESTS = (None, -2, -1, 0, 1, 2, 3, 4)


@pytest.mark.parametrize("enforcement", [HARD, SOFT])
@pytest.mark.parametrize("limit", LIMITS)
def test_a_limit_is_decided_by_the_table(limit: int | None, enforcement: LimitEnforcement) -> None:
    flat = selling(published_plan("basic", {"calls": Metered(limit=limit, enforcement=enforcement)}))

    for used, requested in product(range(6), REQUESTS):
        decision = ask(flat, ACME, "calls", used=used, requested=requested)

        assert decision.allowed is table_allows(used, limit, requested, enforcement)
        assert decision.allowed or decision.reason is AccessReason.LIMIT_EXCEEDED


@pytest.mark.parametrize("enforcement", [HARD, SOFT])
@pytest.mark.parametrize("limit", LIMITS)
def test_what_is_reserved_counts_as_if_it_were_used(limit: int | None, enforcement: LimitEnforcement) -> None:
    usage = measured(Metered(limit=limit, enforcement=enforcement), 0)

    for used, reserved, requested in product(range(4), range(4), REQUESTS):
        allowed = fits_limit(replace(usage, used=used, reserved=reserved), requested)
        assert allowed is table_allows(used + reserved, limit, requested, enforcement)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_what_remains_is_the_limit_less_what_is_used_and_reserved_and_never_below_0(
    limit: int, used: int, reserved: int
) -> None:
    usage = replace(measured(Metered(limit=limit), used), reserved=reserved)

    assert usage.remaining == max(0, limit - used - reserved)
    assert usage.remaining == 0 or fits_limit(usage, usage.remaining)
    assert not fits_limit(usage, usage.remaining + 1)


def test_nothing_remains_to_be_told_of_what_is_unlimited() -> None:
    usage = measured(limited(None), units(7))

    assert (usage.used, usage.limit, usage.remaining, usage.percent_used) == (units(7), None, None, None)
    assert usage.overage == 0


@pytest.mark.parametrize("enforcement", [HARD, SOFT])
@pytest.mark.parametrize(("used", "overage"), [(0, 0), (5, 0), (6, 1), (12, 7)])
def test_overage_is_what_was_used_beyond_the_limit_for_hard_limits_too(
    used: int, overage: int, enforcement: LimitEnforcement
) -> None:
    assert measured(limited(5, enforcement=enforcement), units(used)).overage == units(overage)


@pytest.mark.parametrize(
    ("limit", "used", "percent"),
    [(10, 0, 0.0), (10, 5, 50.0), (10, 15, 150.0), (3, 1, 100 / 3), (0, 0, 100.0), (0, 7, 100.0)],
)
def test_the_percentage_is_of_the_limit_and_100_where_the_limit_is_0(
    limit: int, used: int, percent: float
) -> None:
    assert measured(limited(limit), units(used)).percent_used == pytest.approx(percent)


@pytest.mark.parametrize(
    ("used", "amount"),
    [
        (units(5), 0),
        (units(6), 100),  # $0.10 per 1,000
        (units(1005), 100_000),
        (units(1505), 150_000),
        (units(5) + 5_000, 1),  # half a millionth of a dollar is rounded up
        (units(5) + 4_999, 0),
    ],
)
def test_the_overage_charge_is_pro_rata_and_rounded_half_up_to_6_digits(used: int, amount: int) -> None:
    soft = limited(5, enforcement=SOFT, overage=rate(100_000, per_units=units(1000)))

    assert measured(soft, used).overage_charge == Money(amount=amount, currency="USD")


def test_there_is_no_overage_charge_without_an_overage_rate() -> None:
    assert measured(limited(5, enforcement=SOFT), units(9)).overage_charge is None


@given(
    worlds(subscriptions=1),
    st.sampled_from(sorted(FEATURES)),
    instants,
    st.none() | st.integers(-5, 30),
    st.data(),
)
def test_more_usage_never_turns_a_no_into_a_yes(
    world: World, feature: str, at: datetime, requested: int | None, data: st.DataObject
) -> None:
    less = data.draw(st.integers(0, 80))
    more = data.draw(st.integers(less, 90))

    before = ask(world.flat, world.customer, feature, at=at, used=less, requested=requested)
    after = ask(world.flat, world.customer, feature, at=at, used=more, requested=requested)

    assert before.allowed or not after.allowed
