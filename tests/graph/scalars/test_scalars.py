from __future__ import annotations

import json

import pytest
from graphql import get_introspection_query
from hypothesis import given
from hypothesis import strategies as st

from rules.numbers import LARGEST
from schema.scalars import REVISION_LENGTH_MAX, SCALARS, Quantity
from tests.graph.scalars.echo import (
    Answer,
    ask,
    ask_with_literal,
    ask_with_variable,
    assert_refused,
    scalar_of,
    schema,
)

QUANTITIES = [
    ("1", 1_000_000, "1"),
    ("0", 0, "0"),
    ("-0", 0, "0"),
    ("-0.0", 0, "0"),
    ("19.9", 19_900_000, "19.9"),
    ("19.90", 19_900_000, "19.9"),
    ("-3.5", -3_500_000, "-3.5"),
    ("0.000001", 1, "0.000001"),
    ("0.1", 100_000, "0.1"),
    ("9199999999999.999999", LARGEST, "9199999999999.999999"),
    ("-9199999999999.999999", -LARGEST, "-9199999999999.999999"),
]


@pytest.mark.parametrize(("text", "micros", "shown"), QUANTITIES)
def test_a_quantity_is_read_exactly_from_a_string_or_a_literal(text: str, micros: int, shown: str) -> None:
    expected = Answer(shown=shown, kept=micros, refusal=None)

    assert ask_with_variable("quantity", text) == expected
    assert ask_with_literal("quantity", f'"{text}"') == expected
    assert ask_with_literal("quantity", f'"""{text}"""') == expected
    assert ask_with_literal("quantity", text) == expected


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0"), (1, "1"), (-12, "-12"), (9_199_999_999_999, "9199999999999")],
)
def test_a_quantity_may_be_a_json_integer(number: int, shown: str) -> None:
    assert ask_with_variable("quantity", number).shown == shown


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "plain digits"),
        (" 1", "plain digits"),
        ("1 ", "plain digits"),
        ("1\n", "plain digits"),
        ("+1", "plain digits"),
        ("--1", "plain digits"),
        ("-", "plain digits"),
        (".5", "plain digits"),
        ("5.", "plain digits"),
        ("007", "plain digits"),
        ("1_000", "plain digits"),
        ("1,000", "plain digits"),
        ("1.2.3", "plain digits"),
        ("0x1F", "plain digits"),
        ("NaN", "plain digits"),
        ("sNaN", "plain digits"),
        ("Infinity", "plain digits"),
        ("-inf", "plain digits"),
        ("١٢", "plain digits"),
        ("\uff11", "plain digits"),
        ("1\0", "plain digits"),
        ("\ud800", "plain digits"),
        ("1e3", "takes no exponent"),
        ("1E+3", "takes no exponent"),
        ("1.5e-3", "takes no exponent"),
        ("1e400", "takes no exponent"),
        ("1.1234567", "at most 6 digits after the point"),
        ("1.0000000", "at most 6 digits after the point"),
        ("1." + "0" * 40 + "1", "at most 6 digits after the point"),
        ("9200000000000", "must be smaller than"),
        ("-9200000000000", "must be smaller than"),
        pytest.param("9" * 10_000, "must be smaller than", id="ten thousand digits"),
    ],
)
def test_a_quantity_in_any_other_writing_is_refused(text: str, why: str) -> None:
    assert_refused(ask_with_variable("quantity", text), why)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (0.1, "send a string"),
        (1.0, "send a string"),
        (float("nan"), "send a string"),
        (float("inf"), "send a string"),
        (True, "not a boolean"),
        (False, "not a boolean"),
        ([1, 2], "must be a string"),
        ({"value": 1}, "must be a string"),
        (9_200_000_000_000, "must be smaller than"),
        (-9_200_000_000_000, "must be smaller than"),
        pytest.param(10**5_000, "must be smaller than", id="five thousand digits"),
    ],
)
def test_a_quantity_of_another_kind_is_refused(value: object, why: str) -> None:
    assert_refused(ask_with_variable("quantity", value), why)


@pytest.mark.parametrize(
    ("literal", "why"),
    [
        ("1e3", "takes no exponent"),
        ("1.5E-3", "takes no exponent"),
        ("1.1234567", "at most 6 digits after the point"),
        ("9200000000000", "must be smaller than"),
        pytest.param("9" * 10_000, "must be smaller than", id="ten thousand digits"),
        ("true", "not a boolean"),
        ("NaN", "enum"),
        ("[1, 2]", "must be a string"),
        ("{ value: 1 }", "must be a string"),
        ('"+1"', "plain digits"),
        ('""', "plain digits"),
        ('"١٢"', "plain digits"),
        ('"\\ud83d\\ude00"', "plain digits"),
    ],
)
def test_a_literal_that_is_no_quantity_is_refused(literal: str, why: str) -> None:
    assert_refused(ask_with_literal("quantity", literal), why)


def test_the_refusal_of_a_literal_says_where_it_stands() -> None:
    result = schema.execute_sync("{ quantity(value: 1e3) }")

    assert result.errors is not None
    assert result.errors[0].formatted["locations"] == [{"line": 1, "column": 19}]


def test_the_refusal_of_a_variable_says_which_one_and_where_in_it() -> None:
    answer = ask("query ($values: [Decimal!]!) { quantities(values: $values) }", values=["1", 0.1])

    assert_refused(answer, "Variable '$values' has invalid value at [1]: Decimal takes no JSON float")


def test_a_quantity_left_out_is_its_default_which_is_printed_as_a_string() -> None:
    assert ask("{ quantity }").kept == 1_000_000
    assert ask("{ order(input: {}) }").kept == 1_000_000
    assert 'input Order {\n  value: Decimal! = "1"\n}' in schema.as_str()
    assert 'quantity(value: Decimal! = "1"): Decimal!' in schema.as_str()


def test_introspection_shows_the_default_as_it_is_printed() -> None:
    result = schema.execute_sync(get_introspection_query())

    assert result.data is not None
    order = next(kind for kind in result.data["__schema"]["types"] if kind["name"] == "Order")
    assert order["inputFields"][0]["defaultValue"] == '"1"'


@given(st.integers(min_value=-LARGEST, max_value=LARGEST))
def test_a_quantity_that_went_out_comes_back_the_same(micros: int) -> None:
    scalar = scalar_of(Quantity)
    shown = scalar.coerce_output_value(micros)

    assert scalar.coerce_input_value(shown) == micros
    assert ask_with_literal("quantity", shown).kept == micros


@pytest.mark.parametrize("name", ["c17", "", pytest.param("ü" * REVISION_LENGTH_MAX, id="the longest")])
def test_a_revision_goes_in_and_out_as_it_is(name: str) -> None:
    expected = Answer(shown=name, kept=name, refusal=None)

    assert ask_with_variable("revision", name) == expected
    assert ask_with_literal("revision", json.dumps(name, ensure_ascii=False)) == expected


@pytest.mark.parametrize("value", [17, 1.5, True, ["c17"], {}])
def test_a_revision_is_always_a_string(value: object) -> None:
    assert_refused(ask_with_variable("revision", value), "must be a string")


@pytest.mark.parametrize(("literal", "why"), [("17", "must be a string"), ("c17", "enum")])
def test_a_revision_is_a_string_in_the_document_too(literal: str, why: str) -> None:
    assert_refused(ask_with_literal("revision", literal), why)


def test_a_revision_has_an_end() -> None:
    assert_refused(ask_with_variable("revision", "x" * 256), "at most 255 characters")
    assert_refused(ask_with_literal("revision", '"' + "x" * 256 + '"'), "at most 255 characters")


def test_every_scalar_says_what_it_is() -> None:
    printed = schema.as_str()

    for definition in SCALARS.values():
        assert definition.description
        assert f'{definition.description}\n"""\nscalar {definition.name}' in printed
