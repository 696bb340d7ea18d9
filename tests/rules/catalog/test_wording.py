from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.catalog.facts import CreditType, Feature, Row
from rules.catalog.wording import heading, interval_text, quantity_text, row_text, value_text
from rules.numbers import LARGEST, from_decimal
from rules.values import (
    BillingPeriod,
    Choices,
    CreditCadence,
    Credits,
    FeatureType,
    Granted,
    LimitEnforcement,
    Metered,
    Money,
    Number,
    Object,
    OverageRate,
    Reset,
    ResetAnchor,
    ResetInterval,
    Revoked,
    Text,
    Unit,
    Value,
    Weekday,
)

Subject = Feature | CreditType
Given = Value | Revoked | None

MONTHLY, YEARLY, ONE_TIME = BillingPeriod.MONTHLY, BillingPeriod.YEARLY, BillingPeriod.ONE_TIME

HARD, SOFT = LimitEnforcement.HARD, LimitEnforcement.SOFT


def feature(name: str, kind: FeatureType, *unit: str) -> Feature:
    """One that is counted in a unit, singular and plural, or in none."""
    words = Unit(singular=unit[0], plural=unit[1]) if unit else None
    return Feature(key=name, name=name, type=kind, unit=words)


SEATS = feature("Team seats", FeatureType.METERED, "seat", "seats")
CALLS = feature("API", FeatureType.METERED, "API call", "API calls")
EXPORTS = feature("Exports", FeatureType.METERED)
STORAGE = feature("Storage", FeatureType.CONFIG, "GB", "GB")
HISTORY = feature("History", FeatureType.CONFIG, "day", "days")
RETRIES = feature("Retries", FeatureType.CONFIG)
SUPPORT = feature("Support", FeatureType.CONFIG)
REGIONS = feature("Regions", FeatureType.CONFIG)
BRANDING = feature("Custom branding", FeatureType.CONFIG)
SSO = feature("Single sign-on", FeatureType.BOOLEAN)
AI = CreditType(key="ai", name="AI credits", unit=Unit(singular="AI credit", plural="AI credits"))


def of(quantity: str) -> int:
    """Micros."""
    return from_decimal(Decimal(quantity))


def metered(limit: str | None, every: str = "MONTH", count: int = 1) -> Metered:
    """A hard limit."""
    return Metered(
        limit=None if limit is None else of(limit),
        reset=Reset(every=ResetInterval(every), count=count),
    )


def over(
    limit: str | None,
    amount: str,
    per: str = "1",
    *,
    currency: str = "USD",
    every: str = "MONTH",
    enforcement: LimitEnforcement = SOFT,
) -> Metered:
    """A limit beyond which usage costs ``amount`` for every ``per`` units."""
    return Metered(
        limit=None if limit is None else of(limit),
        enforcement=enforcement,
        reset=Reset(every=ResetInterval(every)),
        overage=OverageRate(amount=Money(amount=of(amount), currency=currency), per_units=of(per)),
    )


def credit(amount: str, cadence: str) -> Credits:
    """Credits without rollover."""
    return Credits(amount=of(amount), cadence=CreditCadence(cadence))


WORDS: list[tuple[str, Given, Subject, BillingPeriod | None, str]] = [
    ("unlimited", metered(None), SEATS, None, "Unlimited seats"),
    ("unlimited says no period", metered(None, "BILLING_PERIOD"), CALLS, MONTHLY, "Unlimited API calls"),
    ("unlimited without unit", metered(None), EXPORTS, None, "Unlimited Exports"),
    ("unlimited has no overage", over(None, "5"), SEATS, None, "Unlimited seats"),
    ("a limit for good", metered("60", "NEVER"), SEATS, None, "60 seats"),
    ("NEVER ignores the price", metered("60", "NEVER"), SEATS, YEARLY, "60 seats"),
    ("NEVER ignores the count", metered("60", "NEVER", 3), SEATS, None, "60 seats"),
    ("exactly one", metered("1", "NEVER"), SEATS, None, "1 seat"),
    ("one a month", metered("1"), CALLS, None, "1 API call per month"),
    ("one and a half", metered("1.5", "NEVER"), SEATS, None, "1.5 seats"),
    ("a little over one", metered("1.000001", "NEVER"), SEATS, None, "1.000001 seats"),
    ("half", metered("0.5", "NEVER"), SEATS, None, "0.5 seats"),
    ("two", metered("2", "NEVER"), SEATS, None, "2 seats"),
    ("zero for good", metered("0", "NEVER"), SEATS, None, "0 seats"),
    ("zero keeps the period", metered("0"), CALLS, None, "0 API calls per month"),
    ("grouped", metered("10000"), CALLS, None, "10,000 API calls per month"),
    ("grouped with a fraction", metered("1234.5"), CALLS, None, "1,234.5 API calls per month"),
    ("not yet grouped", metered("999"), CALLS, None, "999 API calls per month"),
    ("millions", metered("1000000", "YEAR"), CALLS, None, "1,000,000 API calls per year"),
    ("the smallest", metered("0.000001", "DAY"), CALLS, None, "0.000001 API calls per day"),
    ("an hour", metered("5", "HOUR"), CALLS, None, "5 API calls per hour"),
    ("a day", metered("5", "DAY"), CALLS, None, "5 API calls per day"),
    ("a week", metered("5", "WEEK"), CALLS, None, "5 API calls per week"),
    ("a year", metered("5", "YEAR"), CALLS, None, "5 API calls per year"),
    ("hours", metered("5", "HOUR", 12), CALLS, None, "5 API calls per 12 hours"),
    ("weeks", metered("5", "WEEK", 2), CALLS, None, "5 API calls per 2 weeks"),
    ("months", metered("5", "MONTH", 3), CALLS, None, "5 API calls per 3 months"),
    ("an own period beats the price", metered("5", "MONTH"), CALLS, YEARLY, "5 API calls per month"),
    ("unsettled", metered("5", "BILLING_PERIOD"), CALLS, None, "5 API calls per billing period"),
    ("settled monthly", metered("5", "BILLING_PERIOD"), CALLS, MONTHLY, "5 API calls per month"),
    ("settled yearly", metered("5", "BILLING_PERIOD"), CALLS, YEARLY, "5 API calls per year"),
    ("paid once", metered("5", "BILLING_PERIOD"), CALLS, ONE_TIME, "5 API calls per billing period"),
    ("billing periods", metered("5", "BILLING_PERIOD", 2), CALLS, None, "5 API calls per 2 billing periods"),
    ("settled twice", metered("5", "BILLING_PERIOD", 2), CALLS, YEARLY, "5 API calls per 2 years"),
    ("a limit alone", Metered(limit=of("5")), SEATS, None, "5 seats per billing period"),
    ("limit without unit", metered("1200", "NEVER"), EXPORTS, None, "Exports: 1,200"),
    ("limit and period without unit", metered("1"), EXPORTS, None, "Exports: 1 per month"),
    ("zero without unit", metered("0", "DAY"), EXPORTS, None, "Exports: 0 per day"),
    ("months without unit", metered("7", "MONTH", 3), EXPORTS, None, "Exports: 7 per 3 months"),
    ("soft", Metered(limit=of("5"), enforcement=SOFT), SEATS, MONTHLY, "5 seats per month"),
    (
        "overage per thousand",
        over("10000", "0.10", "1000"),
        CALLS,
        None,
        "10,000 API calls per month, then $0.10 per 1,000 API calls",
    ),
    ("overage per one", over("5", "12"), SEATS, None, "5 seats per month, then $12.00 per seat"),
    ("overage for good", over("5", "12", every="NEVER"), SEATS, None, "5 seats, then $12.00 per seat"),
    ("overage from one", over("1", "12"), SEATS, None, "1 seat per month, then $12.00 per seat"),
    ("overage from zero", over("0", "2", "10"), SEATS, None, "0 seats per month, then $2.00 per 10 seats"),
    ("overage per half", over("5", "2", "0.5"), SEATS, None, "5 seats per month, then $2.00 per 0.5 seats"),
    ("fine overage", over("5", "0.002"), CALLS, None, "5 API calls per month, then $0.002 per API call"),
    ("overage for nothing", over("5", "0"), SEATS, None, "5 seats per month, then $0.00 per seat"),
    ("euros", over("5", "5", currency="EUR"), SEATS, None, "5 seats per month, then €5.00 per seat"),
    ("yen", over("5", "500", currency="JPY"), SEATS, None, "5 seats per month, then ¥500 per seat"),
    ("a hard limit hides it", over("5", "12", enforcement=HARD), SEATS, None, "5 seats per month"),
    ("no unit", over("5", "0.1", "1000"), EXPORTS, None, "Exports: 5 per month, then $0.10 per 1,000"),
    ("no unit, per one", over("5", "3"), EXPORTS, None, "Exports: 5 per month, then $3.00 per 1"),
    ("number", Number(number=of("250")), STORAGE, None, "250 GB"),
    ("number of one", Number(number=of("1")), HISTORY, None, "1 day"),
    ("number of none", Number(number=of("0")), HISTORY, None, "0 days"),
    ("number of minus one", Number(number=of("-1")), HISTORY, None, "-1 days"),
    ("number between none and minus one", Number(number=of("-0.5")), HISTORY, None, "-0.5 days"),
    ("large negative number", Number(number=of("-1234.5")), HISTORY, None, "-1,234.5 days"),
    ("number ignores the price", Number(number=of("90")), HISTORY, MONTHLY, "90 days"),
    ("number without unit", Number(number=of("3")), RETRIES, None, "Retries: 3"),
    ("one without unit", Number(number=of("1")), RETRIES, None, "Retries: 1"),
    ("text", Text(text="24/7"), SUPPORT, None, "Support: 24/7"),
    ("empty text", Text(text=""), SUPPORT, None, "Support"),
    ("one choice", Choices(choices=("EU",)), REGIONS, None, "Regions: EU"),
    ("choices in their order", Choices(choices=("US", "EU")), REGIONS, None, "Regions: US, EU"),
    ("no choice", Choices(choices=()), REGIONS, None, "Regions"),
    ("object", Object(object={"colour": "red"}), BRANDING, None, "Custom branding"),
    ("boolean", Granted(), SSO, None, "Single sign-on"),
    ("boolean ignores the price", Granted(), SSO, YEARLY, "Single sign-on"),
    ("credits a month", credit("5000", "MONTHLY"), AI, None, "5,000 AI credits per month"),
    ("credits a year", credit("5000", "YEARLY"), AI, None, "5,000 AI credits per year"),
    ("credits beat the price", credit("5000", "MONTHLY"), AI, YEARLY, "5,000 AI credits per month"),
    ("credits unsettled", credit("20", "BILLING_PERIOD"), AI, None, "20 AI credits per billing period"),
    ("credits paid once", credit("20", "BILLING_PERIOD"), AI, ONE_TIME, "20 AI credits per billing period"),
    ("credits settled monthly", credit("20", "BILLING_PERIOD"), AI, MONTHLY, "20 AI credits per month"),
    ("credits settled yearly", credit("20", "BILLING_PERIOD"), AI, YEARLY, "20 AI credits per year"),
    ("credits once", credit("100", "ONE_TIME"), AI, MONTHLY, "100 AI credits"),
    ("one credit", credit("1", "MONTHLY"), AI, None, "1 AI credit per month"),
    ("part of a credit", credit("2.5", "ONE_TIME"), AI, None, "2.5 AI credits"),
    ("revoked boolean", Revoked(), SSO, None, "No Single sign-on"),
    ("revoked limit", Revoked(), SEATS, MONTHLY, "No Team seats"),
    ("revoked credits", Revoked(), AI, None, "No AI credits"),
    ("nothing", None, SSO, None, "Single sign-on"),
    ("nothing of a limit", None, SEATS, MONTHLY, "Team seats"),
]


@pytest.mark.parametrize(
    ("value", "subject", "billing", "words"), [case[1:] for case in WORDS], ids=[case[0] for case in WORDS]
)
def test_a_value_reads_as_a_customer_would_say_it(
    value: Given, subject: Subject, billing: BillingPeriod | None, words: str
) -> None:
    """The table is the promise: these words stand on pricing pages."""
    assert value_text(value, subject=subject, billing=billing) == words


@pytest.mark.parametrize("blank", [None, ""])
def test_a_row_without_a_custom_text_reads_as_its_value(blank: str | None) -> None:
    """A blank text would leave a hole in the pricing table."""
    row = Row(key="seats", value=metered("5", "BILLING_PERIOD"), display_text=blank)

    assert row_text(row, subject=SEATS) == "5 seats per billing period"
    assert row_text(row, subject=SEATS, billing=YEARLY) == "5 seats per year"


@pytest.mark.parametrize(
    ("base", "has_own_rows", "words"),
    [
        (None, True, "Pro includes:"),
        (None, False, "Pro includes:"),
        ("Starter", True, "Everything in Starter, plus:"),
        ("Starter", False, "Everything in Starter"),
    ],
)
def test_a_heading_names_the_base_and_whether_more_follows(
    *, base: str | None, has_own_rows: bool, words: str
) -> None:
    """A colon promises a list, so it stands only above one."""
    assert heading("Pro", base, has_own_rows=has_own_rows) == words


@pytest.mark.parametrize(
    ("missing", "share"),
    [
        (["A"], "Everything in Starter except A"),
        (["A", "B"], "Everything in Starter except A and B"),
        (["A", "B", "C"], "Everything in Starter except A, B and C"),
        (["A", "B", "C", "D"], "Most of Starter"),
    ],
)
def test_a_heading_names_what_is_missing_of_the_base(missing: list[str], share: str) -> None:
    """More than three names would be a list of their own."""
    assert heading("Pro", "Starter", has_own_rows=True, missing=missing) == f"{share}, plus:"
    assert heading("Pro", "Starter", has_own_rows=False, missing=missing) == share


def test_an_interval_says_neither_where_it_is_anchored_nor_when_weeks_begin() -> None:
    """A pricing table has no room for calendars."""
    reset = Reset(every=ResetInterval.WEEK, count=2, anchor=ResetAnchor.CALENDAR, weekday=Weekday.SUNDAY)

    assert interval_text(reset, YEARLY) == "per 2 weeks"


QUANTITIES = st.integers(-LARGEST, LARGEST)


@given(QUANTITIES)
def test_a_grouped_quantity_reads_back_as_the_same_number(micros: int) -> None:
    """Commas help the eye and change nothing."""
    text = quantity_text(micros)
    whole, _, fraction = text.partition(".")

    assert of(text.replace(",", "")) == micros
    assert all(len(group) == 3 for group in whole.split(",")[1:])
    assert not fraction.endswith("0")


RESETS = st.builds(Reset, every=st.sampled_from(ResetInterval), count=st.integers(1, 5000))
OVERAGES = st.builds(
    OverageRate,
    amount=st.builds(Money, amount=st.integers(0, LARGEST), currency=st.sampled_from(["USD", "JPY", "ZZZ"])),
    per_units=st.integers(1, LARGEST),
)
VALUES = st.one_of(
    st.none(),
    st.builds(Granted),
    st.builds(Revoked),
    st.builds(Number, number=QUANTITIES),
    st.builds(Text, text=st.text()),
    st.builds(Choices, choices=st.lists(st.text(min_size=1)).map(tuple)),
    st.builds(Object, object=st.dictionaries(st.text(), st.integers())),
    st.builds(
        Metered,
        limit=st.none() | st.integers(0, LARGEST),
        enforcement=st.sampled_from(LimitEnforcement),
        reset=RESETS,
        overage=st.none() | OVERAGES,
    ),
    st.builds(Credits, amount=st.integers(0, LARGEST), cadence=st.sampled_from(CreditCadence)),
)
BILLINGS = st.none() | st.sampled_from(BillingPeriod)


@given(VALUES, st.sampled_from([SEATS, EXPORTS, AI]), BILLINGS)
def test_every_text_names_what_it_is_about(
    value: Given, subject: Subject, billing: BillingPeriod | None
) -> None:
    """So no text is ever empty."""
    text = value_text(value, subject=subject, billing=billing)

    assert subject.name in text or (subject.unit and subject.unit.singular in text)


@given(VALUES.filter(lambda value: value is not None), BILLINGS, st.text(min_size=1))
def test_a_custom_text_wins_whatever_it_says(
    value: Value | Revoked, billing: BillingPeriod | None, custom: str
) -> None:
    """Whoever writes a text means it, over a revocation too."""
    row = Row(key="seats", value=value, display_text=custom)

    assert row_text(row, subject=SEATS, billing=billing) == custom
