"""What meters read in the properties of usage, and which of it they leave aside."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.catalog.facts import Aggregation, FilterOperator, Meter, MeterFilter
from rules.numbers import LARGEST, ONE, to_text
from rules.usage.event_properties import observe, properties_problems, satisfies, text_of
from tests.rules.builders.catalog_builders import shortened

MISSING: Mapping[str, object] = {"other": "de"}
NULL: Mapping[str, object] = {"it": None}


def met(operator: str, found: object, *values: str) -> bool:
    """Tell whether an event whose property is this satisfies a filter."""
    return satisfies(condition(operator, *values), {"it": found})


def condition(operator: str, *values: str) -> MeterFilter:
    """A filter on the property that these tests look at."""
    return MeterFilter(property="it", operator=FilterOperator(operator), values=values)


@pytest.mark.parametrize(
    ("operator", "values", "answer"),
    [
        ("EXISTS", (), False),
        ("NOT_EXISTS", (), True),
        ("EQ", ("de",), False),
        ("NEQ", ("de",), True),
        ("IN", ("de", "at"), False),
        ("NOT_IN", ("de", "at"), True),
        ("GT", ("0",), False),
        ("GTE", ("0",), False),
        ("LT", ("0",), False),
        ("LTE", ("0",), False),
        # Not even what a missing value might be taken for.
        ("EQ", ("null",), False),
        ("EQ", ("None",), False),
        ("EQ", ("",), False),
    ],
)
@pytest.mark.parametrize("properties", [MISSING, NULL, {}], ids=["missing", "null", "empty"])
def test_a_missing_property_satisfies_not_exists_neq_and_not_in_only(
    properties: Mapping[str, object], operator: str, values: tuple[str, ...], *, answer: bool
) -> None:
    assert satisfies(condition(operator, *values), properties) is answer


@pytest.mark.parametrize("found", ["", "x", 0, False, [], {}, 1.5])
def test_whatever_is_said_exists(found: object) -> None:
    assert met("EXISTS", found)
    assert not met("NOT_EXISTS", found)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ("de", "de"),
        ("", ""),
        ("1.0", "1.0"),
        (1, "1"),
        (1.0, "1"),
        (-0.0, "0"),
        (0, "0"),
        (0.1, "0.1"),
        (1e-7, "0.0000001"),
        (1e22, "10000000000000000000000"),
        (10**22, "10000000000000000000000"),
        (-2.50, "-2.5"),
        (100, "100"),
        (True, "true"),
        (False, "false"),
        ([1, "a"], '[1,"a"]'),
        ({"b": 1, "a": None}, '{"a":null,"b":1}'),
    ],
)
def test_filters_compare_texts(found: object, text: str) -> None:
    assert met("EQ", found, text)
    assert met("IN", found, "other", text)
    assert not met("NEQ", found, text)
    assert not met("NOT_IN", found, "other", text)
    assert not met("EQ", found, f"{text} ")


@given(st.integers(-(10**30), 10**30), st.integers(0, 6))
def test_equal_numbers_are_equal_texts_however_they_are_written(units: int, digits: int) -> None:
    written = json.loads(f"{units}.{'0' * digits}") if digits else units

    if float(units) == units:
        assert text_of({"it": written}, "it") == text_of({"it": units}, "it")


@pytest.mark.parametrize(
    ("operator", "below", "same", "above"),
    [
        ("GT", False, False, True),
        ("GTE", False, True, True),
        ("LT", True, False, False),
        ("LTE", True, True, False),
    ],
)
@pytest.mark.parametrize("wanted", ["10", "10.0", "1e1"])
@pytest.mark.parametrize(
    "write", [float, int, str, lambda n: f"{n}.00"], ids=["float", "int", "text", "digits"]
)
def test_what_is_greater_or_less_is_compared_as_numbers(
    operator: str, wanted: str, write: type, *, below: bool, same: bool, above: bool
) -> None:
    answers = [met(operator, write(number), wanted) for number in (9, 10, 100)]

    assert answers == [below, same, above]


def test_numbers_are_compared_in_every_digit() -> None:
    assert met("GT", "0.30000000000000000000000000000001", "0.3")
    assert met("LT", 9007199254740992, "9007199254740993")


@pytest.mark.parametrize("found", ["ten", "", "NaN", "Infinity", "1_0", " 1", True, [1], {"a": 1}])
@pytest.mark.parametrize("operator", ["GT", "GTE", "LT", "LTE"])
def test_what_is_no_number_is_neither_greater_nor_less(operator: str, found: object) -> None:
    assert not met(operator, found, "0")
    assert not met(operator, found, "1000")


plain = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)

OPPOSITES = [("EQ", "NEQ"), ("IN", "NOT_IN"), ("EXISTS", "NOT_EXISTS")]


@given(st.dictionaries(st.just("it"), plain), st.text(), st.sampled_from(OPPOSITES))
def test_of_two_opposite_filters_one_is_satisfied(
    properties: Mapping[str, object], value: str, pair: tuple[str, str]
) -> None:
    values = () if "EXISTS" in pair else (value,)

    yes, no = (satisfies(condition(operator, *values), properties) for operator in pair)
    assert yes is not no


@given(st.dictionaries(st.just("it"), plain), st.integers())
def test_a_number_is_less_equal_or_greater_and_nothing_else_is_either(
    properties: Mapping[str, object], wanted: int
) -> None:
    at_most, at_least, less, greater = (
        satisfies(condition(operator, str(wanted)), properties) for operator in ("LTE", "GTE", "LT", "GT")
    )

    assert at_most == (less or (at_least and not greater))
    assert not (less and greater)
    assert at_least == (greater or (at_most and not less))


def seen(aggregation: str, found: object) -> int | str:
    """What a meter reads: micros, the value that it counts once, or the sentence that refuses it."""
    meter = Meter(event_name="used", aggregation=Aggregation(aggregation), property="it")
    try:
        quantity, value = observe(meter, {"it": found})
    except ValueError as refusal:
        return str(refusal)
    return quantity if value is None else value


@pytest.mark.parametrize("aggregation", ["SUM", "MAX", "LATEST"])
@pytest.mark.parametrize(
    ("found", "micros"),
    [
        (3, 3 * ONE),
        ("3", 3 * ONE),
        (0.1, 100_000),
        ("0.100000000", 100_000),
        ("1e3", 1_000 * ONE),
        (0, 0),
        (-0.0, 0),
        (to_text(LARGEST), LARGEST),
    ],
)
def test_a_number_is_read_exactly_be_it_a_text(aggregation: str, found: object, micros: int) -> None:
    assert seen(aggregation, found) == micros


@pytest.mark.parametrize("aggregation", ["SUM", "MAX", "LATEST"])
@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (None, "The property 'it' is missing."),
        ("three", "The property 'it' is not a number."),
        ("NaN", "The property 'it' is not a number."),
        (True, "The property 'it' is not a number."),
        ([3], "The property 'it' is not a number."),
        (-1, "The property 'it' is negative."),
        ("-0.000001", "The property 'it' is negative."),
        (0.1234567, "The property 'it' has at most 6 digits after the point."),
        (9_200_000_000_000, "The property 'it' must be smaller than 9200000000000."),
        (1e300, "The property 'it' must be smaller than 9200000000000."),
        ("1e999999", "The property 'it' must be smaller than 9200000000000."),
    ],
)
def test_what_cannot_be_counted_is_refused_with_a_sentence(
    aggregation: str, found: object, sentence: str
) -> None:
    assert seen(aggregation, found) == sentence


@pytest.mark.parametrize(
    ("found", "value"),
    [("ada", "ada"), (7, "7"), (7.0, "7"), (True, "true"), (["a"], '["a"]'), (-1, "-1"), ("é", "é")],
)
def test_unique_counts_texts(found: object, value: str) -> None:
    assert seen("UNIQUE", found) == value


@pytest.mark.parametrize("found", ["", "a\nb", "k" * 256, {"a": "k" * 256}])
def test_unique_counts_what_could_be_a_key_and_nothing_else(found: object) -> None:
    assert seen("UNIQUE", found) == "The property 'it' must have 1 to 255 printable characters."


def test_unique_needs_its_property() -> None:
    assert seen("UNIQUE", None) == "The property 'it' is missing."


def test_count_reads_nothing() -> None:
    assert observe(Meter(event_name="used", aggregation=Aggregation.COUNT), {"it": "x"}) == (ONE, None)


@pytest.mark.parametrize(
    ("properties", "problems"),
    [
        ({}, []),
        ({"a": {"b": [1, None]}}, []),
        ({"a": "x" * 15_992}, []),
        ({"a": "x" * 15_993}, ["OUT_OF_RANGE properties"]),
        ({"ä": "ö" * 8_000}, ["OUT_OF_RANGE properties"]),
        ([], ["INVALID properties"]),
        ("text", ["INVALID properties"]),
        (0, ["INVALID properties"]),
    ],
)
def test_properties_are_an_object_of_at_most_sixteen_kilobytes(
    properties: object, problems: list[str]
) -> None:
    assert shortened(list(properties_problems(properties))) == problems
