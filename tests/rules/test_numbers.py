from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.numbers import LARGEST, ONE, divide_half_up, from_decimal, number_in, to_decimal, to_text

quantities = st.integers(-LARGEST, LARGEST)


@pytest.mark.parametrize(
    ("written", "micros"),
    [
        ("1", 1_000_000),
        ("0.1", 100_000),
        ("19.90", 19_900_000),
        ("0.000001", 1),
        ("-2.5", -2_500_000),
        ("0", 0),
        ("-0", 0),
        ("1.500000000", 1_500_000),
        ("9199999999999.999999", LARGEST),
        ("-9199999999999.999999", -LARGEST),
    ],
)
def test_a_quantity_counts_millionths(written: str, micros: int) -> None:
    assert from_decimal(Decimal(written)) == micros


def test_ten_times_a_tenth_is_one() -> None:
    assert 10 * from_decimal(Decimal("0.1")) == ONE


@pytest.mark.parametrize("written", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_not_finite_is_no_quantity(written: str) -> None:
    with pytest.raises(ValueError, match="must be a finite number"):
        from_decimal(Decimal(written))


@pytest.mark.parametrize(
    "written",
    ["0.0000001", "1.1234567", "-0.0000005", "9199999999999.9999999", "1." + "0" * 40 + "1", "1E-9999999"],
)
def test_a_quantity_has_at_most_six_digits_after_the_point(written: str) -> None:
    with pytest.raises(ValueError, match="at most 6 digits"):
        from_decimal(Decimal(written))


@pytest.mark.parametrize("written", ["9200000000000", "-9200000000000", "1e13", "1e400", "-1E+999999"])
def test_a_quantity_is_smaller_than_the_largest(written: str) -> None:
    with pytest.raises(ValueError, match="must be smaller than 9200000000000"):
        from_decimal(Decimal(written))


@given(quantities)
def test_a_quantity_reads_as_it_was_written(micros: int) -> None:
    assert from_decimal(to_decimal(micros)) == micros
    assert from_decimal(Decimal(to_text(micros))) == micros


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "0"),
        (1_000_000, "1"),
        (19_900_000, "19.9"),
        (-3_000_000, "-3"),
        (-500_000, "-0.5"),
        (1, "0.000001"),
        (10_000_000_000_000, "10000000"),
        (LARGEST, "9199999999999.999999"),
    ],
)
def test_a_quantity_is_written_in_plain_digits_with_no_needless_zeros(micros: int, text: str) -> None:
    assert to_text(micros) == text


@pytest.mark.parametrize(
    ("numerator", "denominator", "quotient"),
    [(5, 2, 3), (4, 3, 1), (7, 4, 2), (1, 2, 1), (1, 3, 0), (-1, 2, -1), (-5, 2, -3), (-4, 3, -1), (0, 9, 0)],
)
def test_a_half_is_rounded_away_from_zero(numerator: int, denominator: int, quotient: int) -> None:
    assert divide_half_up(numerator, denominator) == quotient


@given(numerator=quantities, denominator=st.integers(1, LARGEST))
def test_a_rounded_quotient_is_at_most_a_half_away(numerator: int, denominator: int) -> None:
    away = divide_half_up(numerator, denominator) - Fraction(numerator, denominator)

    assert abs(away) <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", "1"),
        ("-0.50", "-0.5"),
        ("+3.", "3"),
        (".5", "0.5"),
        ("1e3", "1000"),
        ("2E-1", "0.2"),
        ("1e999999", "1e999999"),
    ],
)
def test_a_text_that_is_a_number_is_read_exactly(text: str, number: str) -> None:
    assert number_in(text) == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "1_000",
        "1,5",
        "NaN",
        "Infinity",
        "-inf",
        "0x10",
        "\u0661",
        "e5",
        ".",
        "1e",
        "1e" + "9" * 30,
    ],
)
def test_a_text_that_is_no_plain_number_is_none(text: str) -> None:
    assert number_in(text) is None
