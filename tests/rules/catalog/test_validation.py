from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from rules.catalog.facts import Aggregation, CreditType, Feature, Meter
from rules.catalog.validation import (
    complete_value,
    is_external_key,
    key_problems,
    metadata_problems,
    money_problems,
    reset_problems,
    text_problems,
    unit_problems,
    value_field,
    value_problems,
)
from rules.numbers import ONE
from rules.values import (
    ConfigKind,
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
    Unit,
    Value,
    Weekday,
    Written,
    WrittenLimit,
)
from tests.rules.builders.catalog_builders import (
    GRANTED,
    choices,
    config,
    credit,
    credit_type,
    feature,
    limit,
    metered,
    number,
    shortened,
    text,
    written,
)
from tests.rules.builders.strategies import Subject, subjects_with_values

SSO = feature("sso")
SEATS = metered("seats")
PROJECTS = config("projects")
SUPPORT = config("support", ConfigKind.TEXT)
REGIONS = config("regions", ConfigKind.CHOICE, "eu", "us", "asia")
BRANDING = config("branding", ConfigKind.OBJECT)
AI = credit_type("ai")

SOFT = LimitEnforcement.SOFT
FREE_OF_CHARGE = OverageRate(amount=Money(amount=0, currency="EUR"))


def problems(subject: Subject, value: Value | Written) -> list[str]:
    """Code and path of everything wrong with a value."""
    return shortened(tuple(value_problems(subject, value)))


@pytest.mark.parametrize("key", ["a", "0", "API-calls", "v1.2_x", "a" * 128])
def test_a_key_is_letters_digits_dots_underscores_and_hyphens(key: str) -> None:
    assert list(key_problems(key)) == []


@pytest.mark.parametrize(
    "key",
    ["", "-a", ".a", "_a", "a b", "a/b", "ä", "a\n", "a" * 129, "\N{ARABIC-INDIC DIGIT ONE}", " a", "a@b"],
)
def test_any_other_key_is_invalid(key: str) -> None:
    assert shortened(tuple(key_problems(key))) == ["INVALID key"]


def test_the_path_of_a_key_is_where_it_was_written() -> None:
    assert shortened(tuple(key_problems("", path="plan"))) == ["INVALID plan"]


@pytest.mark.parametrize("key", ["a", "cus_123", "ada@example.com", "Ünïcode 客户", " ", "x" * 255])
def test_a_callers_own_id_is_1_to_255_printable_characters(key: str) -> None:
    assert is_external_key(key)


@pytest.mark.parametrize("key", ["", "x" * 256, "a\nb", "a\0b", "\u200b", "a\u2028b"])
def test_any_other_id_is_none(key: str) -> None:
    assert not is_external_key(key)


def test_names_have_255_characters_descriptions_10000_and_metadata_16_kilobytes() -> None:
    assert list(text_problems("n" * 255, "d" * 10_000, {"m": "x" * 15_992})) == []
    assert shortened(tuple(text_problems("n" * 256, "d" * 10_001, {"m": "x" * 15_993}))) == [
        "OUT_OF_RANGE name",
        "OUT_OF_RANGE description",
        "OUT_OF_RANGE metadata",
    ]


def test_metadata_is_measured_in_the_bytes_that_it_takes() -> None:
    assert list(metadata_problems({"m": "ä" * 7_996})) == []
    assert shortened(tuple(metadata_problems({"m": "ä" * 7_997}))) == ["OUT_OF_RANGE metadata"]


@pytest.mark.parametrize("metadata", [[], "text", 1, True])
def test_metadata_is_a_json_object(metadata: object) -> None:
    assert shortened(tuple(text_problems("Seats", None, metadata))) == ["INVALID metadata"]


@pytest.mark.parametrize("name", ["", " ", "\t"])
def test_a_name_must_stand(name: str) -> None:
    assert shortened(tuple(text_problems(name))) == ["REQUIRED name"]


def test_what_is_left_out_has_no_problems() -> None:
    assert list(text_problems(None)) == []
    assert list(unit_problems(None)) == []


def test_a_unit_has_a_word_for_one_and_a_word_for_many() -> None:
    assert list(unit_problems(Unit(singular="seat", plural="s" * 255))) == []
    assert shortened(tuple(unit_problems(Unit(singular=" ", plural="s" * 256)))) == [
        "REQUIRED unit.singular",
        "OUT_OF_RANGE unit.plural",
    ]


@pytest.mark.parametrize(
    ("subject", "value"),
    [
        (SSO, GRANTED),
        (SEATS, limit(5)),
        (SEATS, limit(0)),
        (SEATS, limit(None)),
        (SEATS, written(5)),
        (SEATS, WrittenLimit(unlimited=True)),
        (
            SEATS,
            Metered(limit=0, enforcement=SOFT, overage=OverageRate(amount=Money(amount=0, currency="EUR"))),
        ),
        (PROJECTS, number(-3)),
        (SEATS, Metered(limit=0, enforcement=SOFT, overage=replace(FREE_OF_CHARGE, per_units=1))),
        (SUPPORT, text("x")),
        (SUPPORT, text("x" * 10_000)),
        (REGIONS, choices("us")),
        (REGIONS, choices("us", "eu")),
        (BRANDING, Object(object={})),
        (BRANDING, Object(object={"logo": ["a", None]})),
        (AI, credit(1)),
        (AI, Credits(amount=1, rollover_limit=ONE)),
        (AI, Credits(amount=1, cadence=CreditCadence.ONE_TIME)),
    ],
)
def test_a_value_that_its_feature_can_mean_has_no_problems(subject: Subject, value: Value | Written) -> None:
    assert problems(subject, value) == []


@pytest.mark.parametrize(
    ("subject", "value", "problem"),
    [
        (SSO, limit(5), "TYPE_MISMATCH metered"),
        (SSO, written(-5), "TYPE_MISMATCH metered"),
        (SSO, number(5), "TYPE_MISMATCH config"),
        (SSO, credit(5), "TYPE_MISMATCH credit"),
        (SEATS, number(5), "TYPE_MISMATCH config"),
        (SEATS, credit(5), "TYPE_MISMATCH credit"),
        (PROJECTS, limit(5), "TYPE_MISMATCH metered"),
        (PROJECTS, text("5"), "TYPE_MISMATCH config.text"),
        (SUPPORT, number(5), "TYPE_MISMATCH config.number"),
        (REGIONS, text("eu"), "TYPE_MISMATCH config.text"),
        (BRANDING, choices("eu"), "TYPE_MISMATCH config.choices"),
        (PROJECTS, Object(object={}), "TYPE_MISMATCH config.object"),
        (BRANDING, Object(object=["logo"]), "TYPE_MISMATCH config.object"),
        (BRANDING, Object(object=None), "TYPE_MISMATCH config.object"),
        (AI, limit(5), "TYPE_MISMATCH metered"),
        (AI, written(5), "TYPE_MISMATCH metered"),
        (AI, text("5"), "TYPE_MISMATCH config"),
    ],
)
def test_a_value_of_another_kind_than_its_feature_is_a_type_mismatch(
    subject: Subject, value: Value | Written, problem: str
) -> None:
    assert problems(subject, value) == [problem]


@pytest.mark.parametrize("subject", [SEATS, PROJECTS, AI])
def test_a_value_is_required_of_all_but_booleans(subject: Subject) -> None:
    assert problems(subject, GRANTED) == ["REQUIRED"]


def test_exactly_one_of_limit_and_unlimited_stands() -> None:
    assert problems(SEATS, WrittenLimit()) == ["REQUIRED metered.limit"]
    assert problems(SEATS, WrittenLimit(limit=ONE, unlimited=True)) == ["INVALID metered.unlimited"]


def test_a_limit_is_not_below_zero() -> None:
    assert problems(SEATS, limit(-1)) == ["OUT_OF_RANGE metered.limit"]
    assert problems(SEATS, written(-1)) == ["OUT_OF_RANGE metered.limit"]


def test_an_overage_rate_goes_with_soft_limits_only() -> None:
    rate = OverageRate(amount=Money(amount=ONE, currency="USD"))

    assert problems(SEATS, Metered(limit=ONE, overage=rate)) == ["INVALID metered.overage"]
    assert problems(SEATS, Metered(limit=ONE, overage=rate, enforcement=SOFT)) == []


def test_all_problems_of_a_limit_are_named_at_once() -> None:
    rate = OverageRate(amount=Money(amount=-1, currency="Dollar"), per_units=0)
    reset = Reset(every=ResetInterval.DAY, count=0, weekday=Weekday.MONDAY)

    assert problems(SEATS, WrittenLimit(limit=-1, unlimited=True, reset=reset, overage=rate)) == [
        "INVALID metered.unlimited",
        "OUT_OF_RANGE metered.limit",
        "OUT_OF_RANGE metered.reset.count",
        "INVALID metered.reset.weekday",
        "INVALID metered.overage",
        "OUT_OF_RANGE metered.overage.amount.amount",
        "INVALID metered.overage.amount.currency",
        "OUT_OF_RANGE metered.overage.perUnits",
    ]


def test_a_text_has_1_to_10000_characters() -> None:
    assert problems(SUPPORT, text("")) == ["OUT_OF_RANGE config.text"]
    assert problems(SUPPORT, text("x" * 10_001)) == ["OUT_OF_RANGE config.text"]


def test_choices_are_picked_from_those_of_the_feature_and_once() -> None:
    assert problems(REGIONS, choices()) == ["REQUIRED config.choices"]
    assert problems(REGIONS, choices("eu", "moon", "eu", "EU")) == [
        "INVALID config.choices.1",
        "INVALID config.choices.2",
        "INVALID config.choices.3",
    ]


def test_an_amount_of_credits_is_above_zero_and_its_rollover_not_below() -> None:
    assert problems(AI, Credits(amount=0, rollover_limit=-1)) == [
        "OUT_OF_RANGE credit.amount",
        "OUT_OF_RANGE credit.rolloverLimit",
    ]


def test_credits_that_are_given_once_are_never_rolled_over() -> None:
    once = Credits(amount=ONE, cadence=CreditCadence.ONE_TIME, rollover_limit=ONE)

    assert problems(AI, once) == ["INVALID credit.rolloverLimit"]


@pytest.mark.parametrize("count", [1, 1_000])
def test_usage_resets_after_1_to_1000_intervals(count: int) -> None:
    assert list(reset_problems(Reset(every=ResetInterval.DAY, count=count))) == []


@pytest.mark.parametrize("count", [-1, 0, 1_001])
def test_any_other_count_is_out_of_range(count: int) -> None:
    assert shortened(tuple(reset_problems(Reset(every=ResetInterval.DAY, count=count)))) == [
        "OUT_OF_RANGE reset.count"
    ]


@pytest.mark.parametrize("every", [ResetInterval.NEVER, ResetInterval.BILLING_PERIOD])
def test_the_count_is_1_with_never_and_billing_period(every: ResetInterval) -> None:
    assert list(reset_problems(Reset(every=every))) == []
    assert shortened(tuple(reset_problems(Reset(every=every, count=2)))) == ["INVALID reset.count"]


def test_a_weekday_goes_with_calendar_weeks_only() -> None:
    friday, calendar = Weekday.FRIDAY, ResetAnchor.CALENDAR
    own_week = Reset(every=ResetInterval.WEEK, weekday=friday)
    calendar_month = Reset(every=ResetInterval.MONTH, anchor=calendar, weekday=friday)

    assert list(reset_problems(Reset(every=ResetInterval.WEEK, anchor=calendar, weekday=friday))) == []
    assert shortened(tuple(reset_problems(own_week))) == ["INVALID reset.weekday"]
    assert shortened(tuple(reset_problems(calendar_month))) == ["INVALID reset.weekday"]


def test_money_is_zero_or_more_of_an_iso_currency() -> None:
    assert list(money_problems(Money(amount=0, currency="JPY"))) == []
    assert shortened(tuple(money_problems(Money(amount=-1, currency="usd")))) == [
        "OUT_OF_RANGE amount",
        "INVALID currency",
    ]


def test_a_value_is_found_where_it_was_written() -> None:
    fields = [value_field(value) for value in (limit(1), written(1), credit(1), number(1), text("a"))]

    assert fields == ["metered", "metered", "credit", "config", "config"]


def test_unlimited_is_a_limit_of_none() -> None:
    assert complete_value(SEATS, WrittenLimit(unlimited=True)) == limit(None)
    assert complete_value(SEATS, written(5)) == limit(5)


def test_a_reset_left_out_is_the_billing_period() -> None:
    counted = replace(SEATS, meter=Meter(aggregation=Aggregation.COUNT))
    by_the_bill = Metered(limit=5 * ONE, reset=Reset(every=ResetInterval.BILLING_PERIOD))

    assert complete_value(SEATS, written(5)) == by_the_bill
    assert complete_value(counted, written(5)) == by_the_bill


def test_a_reset_left_out_is_never_where_the_aggregation_is_latest() -> None:
    gauge = replace(SEATS, meter=Meter(aggregation=Aggregation.LATEST))
    daily = Reset(every=ResetInterval.DAY)

    assert complete_value(gauge, written(5)) == Metered(limit=5 * ONE, reset=Reset(every=ResetInterval.NEVER))
    assert complete_value(gauge, WrittenLimit(limit=ONE, reset=daily)) == Metered(limit=ONE, reset=daily)


def test_a_limit_keeps_its_enforcement_and_overage_rate() -> None:
    rate = OverageRate(amount=Money(amount=ONE, currency="USD"), per_units=1_000 * ONE)
    settled = complete_value(SEATS, WrittenLimit(limit=ONE, enforcement=SOFT, overage=rate))

    assert settled == Metered(limit=ONE, enforcement=SOFT, overage=rate)


def test_choices_are_kept_in_the_order_of_the_feature() -> None:
    assert complete_value(REGIONS, choices("asia", "eu")) == choices("eu", "asia")


@given(subjects_with_values())
def test_a_proven_value_stays_as_it_is(case: tuple[Feature | CreditType, Written]) -> None:
    subject, value = case
    assert problems(subject, value) == []
    settled = complete_value(subject, value)

    assert problems(subject, settled) == []
    assert complete_value(subject, settled) == settled
