from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.scalars import JSON, JSON_DEPTH_MAX, JSON_INTEGER_DIGITS_MAX
from tests.graph.scalars.echo import (
    Answer,
    ask,
    ask_with_literal,
    ask_with_variable,
    assert_refused,
    scalar_of,
)

HUGE = 10**40 + 1


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ('"text"', "text"),
        ('"\\u00e9 \\ud83d\\ude00 \\n"', "é 😀 \n"),
        ("1", 1),
        ("-9007199254740993", -9_007_199_254_740_993),
        (str(HUGE), HUGE),
        ("0.1", 0.1),
        ("-1.5e300", -1.5e300),
        ("true", True),
        ("[]", []),
        ("{}", {}),
        ('[1, "a", null, [false]]', [1, "a", None, [False]]),
        (
            '{ tier: "gold", tags: ["a"], nested: { depth: 2 } }',
            {"tier": "gold", "tags": ["a"], "nested": {"depth": 2}},
        ),
    ],
)
def test_free_form_json_is_kept_exactly_as_it_was_sent(literal: str, value: object) -> None:
    expected = json.dumps(value)  # unlike ==, it tells 1 from 1.0 and from true

    assert json.dumps(ask_with_literal("json", literal).kept) == expected
    assert json.dumps(ask_with_literal("json", literal).shown) == expected
    assert json.dumps(ask_with_variable("json", value).kept) == expected


def test_json_keys_may_be_any_text() -> None:
    value = {"with space": 1, "": 2, "ключ": 3, "__proto__": 4}

    assert ask_with_variable("json", value).kept == value
    assert ask("query ($value: JSON) { json(value: { inner: $value }) }", value=value).kept == {
        "inner": value
    }


def test_variables_inside_a_literal_keep_what_was_sent() -> None:
    document = """
        query ($price: Decimal, $at: DateTime, $name: String, $more: JSON, $missing: String) {
          json(value: { price: $price, at: $at, names: [$name, $missing], more: $more, gone: $missing })
        }
    """
    answer = ask(
        document,
        price="19.90",
        at="2026-01-01T00:00:00+02:00",
        name="Nimbus",
        more={"a b": [HUGE, 0.5, True, None]},
    )

    assert answer.kept == {
        "price": "19.90",
        "at": "2026-01-01T00:00:00+02:00",
        "names": ["Nimbus", None],
        "more": {"a b": [HUGE, 0.5, True, None]},
    }


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (float("nan"), "not finite"),
        ([1, float("inf")], "not finite"),
        ({"a": {"b": float("-inf")}}, "not finite"),
        ("a\0b", "NUL"),
        ({"a\0": 1}, "NUL"),
        ("\ud800", "surrogate"),
        (["\udfff"], "surrogate"),
        ({"\ud83d": 1}, "surrogate"),
        pytest.param(10**JSON_INTEGER_DIGITS_MAX, "more than 4300 digits", id="a digit too many"),
        pytest.param(
            [-(10**JSON_INTEGER_DIGITS_MAX)], "more than 4300 digits", id="a negative digit too many"
        ),
        ({"a": b"bytes"}, "a value that JSON cannot represent"),
    ],
)
def test_json_that_cannot_be_kept_is_refused(value: object, why: str) -> None:
    assert_refused(ask_with_variable("json", value), why)


@pytest.mark.parametrize(
    ("literal", "why"),
    [
        ("1e400", "not finite"),
        ("[1, -1e999]", "not finite"),
        ('"\\u0000"', "NUL"),
        ('{ a: ["\\u0000"] }', "NUL"),
        ("{ ok: True }", "enum"),
        ("ACTIVE", "enum"),
        pytest.param("1" * (JSON_INTEGER_DIGITS_MAX + 1), "more than 4300 digits", id="a digit too many"),
    ],
)
def test_a_literal_that_cannot_be_kept_as_json_is_refused(literal: str, why: str) -> None:
    assert_refused(ask_with_literal("json", literal), why)


def test_a_variable_inside_a_literal_is_refused_like_one_that_stands_alone() -> None:
    answer = ask("query ($name: String) { json(value: { name: $name }) }", name="a\0b")

    assert_refused(answer, "NUL")


def lists_in_lists(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


def test_json_may_be_nested_to_the_limit() -> None:
    value = lists_in_lists(JSON_DEPTH_MAX)

    assert ask_with_variable("json", value).kept == value
    assert ask_with_literal("json", json.dumps(value)).kept == value


@pytest.mark.parametrize("levels", [JSON_DEPTH_MAX + 1, 150])
def test_json_nested_deeper_is_refused(levels: int) -> None:
    assert_refused(ask_with_variable("json", lists_in_lists(levels)), "nested deeper than 32")
    assert_refused(ask_with_literal("json", json.dumps(lists_in_lists(levels))), "nested deeper than 32")


def test_json_nested_without_end_is_refused_before_anything_recurses_to_death() -> None:
    assert_refused(ask_with_variable("json", lists_in_lists(100_000)), "nested deeper than 32")
    assert_refused(ask_with_literal("json", "[" * 100_000 + "]" * 100_000), "nested too deeply")


def test_depth_is_counted_through_variables() -> None:
    document = "query ($value: JSON) { json(value: [$value]) }"

    assert ask(document, value=lists_in_lists(JSON_DEPTH_MAX - 1)).refusal is None
    assert_refused(ask(document, value=lists_in_lists(JSON_DEPTH_MAX)), "nested deeper than 32")


def test_null_clears_and_is_not_refused() -> None:
    assert ask_with_literal("json", "null") == Answer(shown=None, kept=None, refusal=None)
    assert ask_with_variable("json", None) == Answer(shown=None, kept=None, refusal=None)


storable_text = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | storable_text,
    lambda inner: st.lists(inner) | st.dictionaries(storable_text, inner),
    max_leaves=20,
)


@given(json_values)
def test_json_that_went_out_comes_back_the_same(value: object) -> None:
    scalar = scalar_of(JSON)
    over_the_wire = json.loads(json.dumps(scalar.coerce_output_value(value)))

    assert scalar.coerce_input_value(over_the_wire) == value
