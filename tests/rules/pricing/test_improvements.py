from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from rules.numbers import ONE
from rules.pricing.improvements import is_better
from rules.values import (
    BillingPeriod,
    Choices,
    CreditCadence,
    Credits,
    LimitEnforcement,
    Metered,
    Money,
    Object,
    OverageRate,
    Reset,
    ResetAnchor,
    ResetInterval,
    Value,
    Weekday,
)
from tests.rules.builders.catalog_builders import GRANTED, REVOKED, choices, credit, limit, number, text
from tests.rules.builders.strategies import resets
from tests.rules.builders.tables import MONTHLY, ONE_TIME, YEARLY

EVERY = ResetInterval


def per(every: ResetInterval, count: int = 1, units: int | None = 10) -> Metered:
    """A limit that starts again so often."""
    return replace(limit(units), reset=Reset(every=every, count=count))


def soft(amount: int | None = None, currency: str = "USD", per_units: int = 1, units: int = 10) -> Metered:
    """A soft limit, with what it costs to go beyond it."""
    money = None if amount is None else Money(amount=amount, currency=currency)
    rate = None if money is None else OverageRate(amount=money, per_units=per_units * ONE)
    return replace(limit(units), enforcement=LimitEnforcement.SOFT, overage=rate)


def credits_each(cadence: CreditCadence, units: int = 10, rollover: int = 0) -> Credits:
    """Credits of so many units, so often."""
    return replace(credit(units), cadence=cadence, rollover_limit=rollover)


BETTER: list[tuple[str, Value, Value]] = [
    ("a larger number", number(11), number(10)),
    ("more choices", choices("eu", "us"), choices("eu")),
    ("some choices instead of none", choices("eu"), choices()),
    ("a higher limit", limit(11), limit(10)),
    ("no limit", limit(None), limit(10)),
    ("no limit instead of a soft one", limit(None), soft()),
    ("no limit instead of one that starts again every hour", per(EVERY.NEVER, units=None), per(EVERY.HOUR)),
    ("a soft limit", soft(), limit(10)),
    ("a soft limit with a price beyond it", soft(5), limit(10)),
    ("no price beyond the limit", soft(), soft(5)),
    ("a lower price beyond the limit", soft(4), soft(5)),
    ("the same price for more units", soft(5, per_units=2), soft(5)),
    ("a price of nothing beyond the limit", soft(0, "EUR"), soft(5)),
    ("a month instead of a year", per(EVERY.MONTH), per(EVERY.YEAR)),
    ("11 months instead of a year", per(EVERY.MONTH, 11), per(EVERY.YEAR)),
    ("a year instead of 13 months", per(EVERY.YEAR), per(EVERY.MONTH, 13)),
    ("a week instead of 8 days", per(EVERY.WEEK), per(EVERY.DAY, 8)),
    ("28 days instead of a month", per(EVERY.DAY, 28), per(EVERY.MONTH)),
    ("a month instead of 31 days", per(EVERY.MONTH), per(EVERY.DAY, 31)),
    ("an hour instead of never", per(EVERY.HOUR), per(EVERY.NEVER)),
    ("a day instead of a billing period", per(EVERY.DAY), per(EVERY.BILLING_PERIOD)),
    ("more in less time", per(EVERY.DAY, units=20), per(EVERY.MONTH)),
    ("more credits", credit(11), credit(10)),
    ("credits by the month", credits_each(CreditCadence.MONTHLY), credits_each(CreditCadence.YEARLY)),
    ("credits by the year", credits_each(CreditCadence.YEARLY), credits_each(CreditCadence.ONE_TIME)),
    (
        "credits that are carried over",
        credits_each(CreditCadence.MONTHLY, rollover=1),
        credits_each(CreditCadence.MONTHLY),
    ),
]


@pytest.mark.parametrize(("better", "worse"), [case[1:] for case in BETTER], ids=[case[0] for case in BETTER])
def test_a_value_is_better_where_it_gives_more(better: Value, worse: Value) -> None:
    assert is_better(better, worse)
    assert not is_better(worse, better)


# No text shows it either.
ANCHORED = Reset(every=EVERY.WEEK, anchor=ResetAnchor.CALENDAR, weekday=Weekday.SUNDAY)

NEITHER: list[tuple[str, Value, Value]] = [
    ("the same", limit(10), limit(10)),
    ("no limit twice", per(EVERY.DAY, units=None), replace(soft(5), limit=None)),
    ("12 months and a year", per(EVERY.MONTH, 12), per(EVERY.YEAR)),
    ("24 hours and a day", per(EVERY.HOUR, 24), per(EVERY.DAY)),
    ("30 days and a month", per(EVERY.DAY, 30), per(EVERY.MONTH)),
    ("another anchor", replace(limit(10), reset=ANCHORED), per(EVERY.WEEK)),
    ("the same price in other words", soft(5), soft(10, per_units=2)),
    ("prices in two currencies", soft(5), soft(6, "EUR")),
    ("a higher limit that is hard", limit(20), soft()),
    ("a higher limit with a higher price beyond it", soft(6, units=20), soft(5)),
    ("a higher limit for a longer time", per(EVERY.MONTH, units=20), per(EVERY.DAY)),
    ("other choices", choices("us"), choices("eu")),
    ("more choices without one that was there", choices("us", "ap"), choices("eu")),
    ("choices in another order", choices("us", "eu"), choices("eu", "us")),
    ("another text", text("24/7"), text("By e-mail")),
    ("another object", Object(object={"gigabytes": 20}), Object(object={"gigabytes": 10})),
    ("more credits less often", credits_each(CreditCadence.YEARLY, 100), credit(10)),
    ("included twice", GRANTED, GRANTED),
    ("another kind of value", number(10), text("10")),
]


@pytest.mark.parametrize(("one", "other"), [case[1:] for case in NEITHER], ids=[case[0] for case in NEITHER])
def test_neither_is_better_where_they_are_equal_or_cannot_be_compared(one: Value, other: Value) -> None:
    assert not is_better(one, other)
    assert not is_better(other, one)


def test_a_revocation_is_neither_better_nor_worse_than_anything() -> None:
    assert not is_better(REVOKED, limit(10))
    assert not is_better(limit(10), REVOKED)


@pytest.mark.parametrize("billing", [*BillingPeriod, None])
def test_a_billing_period_is_as_long_as_its_price_says(billing: BillingPeriod | None) -> None:
    """Without a price it may be a month as well as a year."""
    period = per(EVERY.BILLING_PERIOD)

    assert is_better(per(EVERY.MONTH), period, billing) == (billing is YEARLY)
    assert is_better(period, per(EVERY.YEAR), billing) == (billing in {MONTHLY, ONE_TIME})
    assert is_better(per(EVERY.DAY), period, billing)
    assert not is_better(period, per(EVERY.MONTH), billing)


FEW = st.integers(0, 3)
CADENCES = st.sampled_from(CreditCadence)
FEW_RESETS = st.builds(Reset, every=st.sampled_from(ResetInterval), count=st.sampled_from([1, 12, 30]))
RATES = st.builds(
    OverageRate,
    amount=st.builds(Money, amount=FEW, currency=st.sampled_from(["USD", "EUR"])),
    per_units=st.integers(1, 3),
)
LIMITS = st.builds(
    Metered,
    limit=st.none() | FEW,
    enforcement=st.sampled_from(LimitEnforcement),
    reset=FEW_RESETS | resets(),
    overage=st.none() | RATES,
)
VALUES = st.one_of(
    FEW.map(number),
    st.sets(st.sampled_from(["eu", "us", "ap"])).map(lambda picked: Choices(choices=tuple(sorted(picked)))),
    LIMITS,
    st.builds(Credits, amount=FEW, cadence=CADENCES, rollover_limit=FEW),
    st.sampled_from(["24/7", "By e-mail"]).map(text),
)
BILLINGS = st.none() | st.sampled_from(BillingPeriod)


@given(VALUES, VALUES, BILLINGS)
def test_of_two_values_at_most_one_is_better(one: Value, other: Value, billing: BillingPeriod | None) -> None:
    assert not is_better(one, one, billing)
    assert not (is_better(one, other, billing) and is_better(other, one, billing))
    event("one is better" if is_better(one, other, billing) else "not better")


@given(st.lists(LIMITS, min_size=3, max_size=3) | st.lists(VALUES, min_size=3, max_size=3), BILLINGS)
def test_what_is_better_than_the_better_is_better(values: list[Value], billing: BillingPeriod | None) -> None:
    one, two, three = values
    if is_better(one, two, billing) and is_better(two, three, billing):
        assert is_better(one, three, billing)


@given(LIMITS, LIMITS, BILLINGS)
def test_a_better_limit_is_worse_in_nothing(
    one: Metered, two: Metered, billing: BillingPeriod | None
) -> None:
    """The same, said once more for each thing that a limit consists of."""
    if not is_better(one, two, billing):
        return
    if one.limit is None:
        assert two.limit is not None
        return
    assert two.limit is not None
    assert one.limit >= two.limit
    if two.enforcement is LimitEnforcement.SOFT:
        assert one.enforcement is LimitEnforcement.SOFT
        assert one.overage is None or two.overage is None or price_of(one) <= price_of(two)
    same = replace(two, reset=one.reset)
    assert one.reset == two.reset or not is_better(two, same, billing)


def price_of(value: Metered) -> Fraction:
    """What one micro beyond the limit costs."""
    assert value.overage is not None
    return Fraction(value.overage.amount.amount, value.overage.per_units)


@given(VALUES, VALUES, st.sampled_from(BillingPeriod))
def test_what_is_better_without_a_price_is_better_at_any(
    one: Value, other: Value, billing: BillingPeriod
) -> None:
    assert is_better(one, other, billing) or not is_better(one, other)
