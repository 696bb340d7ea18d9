from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import babel.numbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rules.catalog.wording import money_parts, money_text
from rules.currencies import CURRENCIES, is_currency, minor_digits
from rules.numbers import LARGEST, ONE, to_decimal
from rules.values import Money

GAP = "\N{NO-BREAK SPACE}"


def money(amount: str, currency: str) -> Money:
    """A sum that is written in units of its currency."""
    return Money(amount=int(Decimal(amount) * ONE), currency=currency)


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        ("5", "USD", "$5.00"),
        ("0.1", "USD", "$0.10"),
        ("0", "USD", "$0.00"),
        ("0.002", "USD", "$0.002"),
        ("0.000001", "USD", "$0.000001"),
        ("19.995", "USD", "$19.995"),
        ("1234567.5", "USD", "$1,234,567.50"),
        ("9199999999999.999999", "USD", "$9,199,999,999,999.999999"),
        ("-5", "USD", "-$5.00"),
        ("5", "EUR", "€5.00"),
        ("5", "GBP", "£5.00"),
        ("5", "CAD", "CA$5.00"),
        ("500", "JPY", "¥500"),
        ("0.5", "JPY", "¥0.5"),
        ("10", "CHF", f"CHF{GAP}10.00"),
        ("-10", "CHF", f"-CHF{GAP}10.00"),
        ("1.234", "KWD", f"KWD{GAP}1.234"),
        ("29.5", "XCG", f"Cg.{GAP}29.50"),
        ("500", "XAF", f"FCFA{GAP}500"),
        ("500", "XOF", f"F\N{NARROW NO-BREAK SPACE}CFA{GAP}500"),
        ("1.5", "CLF", f"CLF{GAP}1.5000"),
        ("5", "XAU", f"XAU{GAP}5.00"),
        ("5", "ZZZ", f"ZZZ{GAP}5.00"),
        ("5", "nonsense", f"nonsense{GAP}5.00"),
    ],
)
def test_money_reads_as_americans_write_it_and_loses_no_digit(amount: str, currency: str, words: str) -> None:
    """A rate below a cent must not read as free, nor a code from elsewhere fail."""
    assert money_text(money(amount, currency)) == words


# Babel 2.18 writes RSD, AFN, LAK and IQD without a fraction, Babel 2.19 HUF, COP and IDR.
DIGITS = [
    *[(code, 2) for code in ("USD", "HUF", "COP", "IDR", "RSD", "AFN", "LAK", "XAU", "ZZZ")],
    *[(code, 0) for code in ("JPY", "ISK", "UGX", "XOF")],
    *[(code, 3) for code in ("KWD", "IQD")],
    *[(code, 4) for code in ("CLF", "UYW")],
]


@pytest.mark.parametrize(("currency", "digits"), DIGITS)
def test_a_sum_has_the_digits_that_iso_gives_its_currency(currency: str, digits: int) -> None:
    """Whatever the version of Babel says: sums are billed in minor units of ISO 4217."""
    assert minor_digits(currency) == digits
    assert re.search(r"[.]?\d*$", money_text(money("5", currency)).rpartition("5")[2])
    assert len(money_text(money("5", currency)).rpartition("5")[2].removeprefix(".")) == digits


@pytest.fixture
def other_digits(monkeypatch: pytest.MonkeyPatch) -> Callable[[Money], str]:
    """Money in the words of a Babel that gives every currency seven digits."""
    monkeypatch.setattr(babel.numbers, "get_currency_precision", lambda _: 7)
    return money_text.__wrapped__


@pytest.mark.parametrize("currency", CURRENCIES)
def test_another_babel_writes_the_same_sums(other_digits: Callable[[Money], str], currency: str) -> None:
    sums = [money(amount, currency) for amount in ("0", "5", "0.002", "-1234.5")]

    assert [other_digits(one) for one in sums] == [money_text(one) for one in sums]


SUMS = st.builds(Money, amount=st.integers(-LARGEST, LARGEST), currency=st.sampled_from(CURRENCIES))
NUMBER = re.compile(r"\d{1,3}(?:,\d{3})*(?:[.]\d+)?$")


@given(SUMS)
def test_a_sum_of_money_reads_back_as_the_same_number(whole: Money) -> None:
    """What is printed is what is billed."""
    text = money_text(whole)
    number = NUMBER.search(text)

    assert number is not None
    read = Decimal(number[0].replace(",", ""))
    assert (-read if text.startswith("-") else read) == to_decimal(whole.amount)
    assert len(number[0].partition(".")[2]) >= minor_digits(whole.currency)


@given(SUMS)
@example(money("29.5", "XCG"))
@example(money("29.5", "XOF"))
def test_the_parts_of_a_sum_make_the_whole_and_tear_no_symbol(whole: Money) -> None:
    text = money_text(whole)
    number = NUMBER.search(text)
    units, fraction = money_parts(whole)

    assert number is not None
    assert units + fraction == text
    assert units.startswith(text.removesuffix(number[0])), "what stands before the number stays together"
    assert re.fullmatch(r"(?:[.]\d+)?", fraction)


@pytest.mark.parametrize("currency", CURRENCIES)
def test_a_sum_cannot_be_broken_in_two(currency: str) -> None:
    """A symbol that ends in a letter or a dot stands apart from the digits, but in the same line."""
    symbol = money_text(money("1234.5", currency)).partition("1,234.5")[0]

    assert symbol.endswith(GAP) == (symbol.removesuffix(GAP)[-1] not in "$€£¥₩₪₫₱₹")
    assert not re.search(r"[ \t\n]", symbol)


@pytest.mark.parametrize(
    ("amount", "currency", "parts"),
    [
        ("49", "USD", ("$49", ".00")),
        ("1234.5", "USD", ("$1,234", ".50")),
        ("19.995", "USD", ("$19", ".995")),
        ("500", "JPY", ("¥500", "")),
        ("29.5", "XCG", (f"Cg.{GAP}29", ".50")),
        ("1234", "XAF", (f"FCFA{GAP}1,234", "")),
        ("1", "CHF", (f"CHF{GAP}1", ".00")),
        ("0.002", "USD", ("$0.002", "")),
        ("0", "USD", ("$0.00", "")),
    ],
)
def test_a_fraction_is_what_follows_the_last_decimal_sign(
    amount: str, currency: str, parts: tuple[str, str]
) -> None:
    assert money_parts(money(amount, currency)) == parts


@pytest.mark.parametrize("code", ["USD", "EUR", "JPY", "CHF", "KWD", "SVC", "XCG", "ZWG", "XAU"])
def test_a_currency_in_force_is_a_currency(code: str) -> None:
    """Whatever can be billed today is accepted, new codes and metals too."""
    assert is_currency(code)


@pytest.mark.parametrize("code", ["usd", "US", "USDT", "ZZZ", "DEM", "CNH", "BTC", "XXX", "$", "", " USD"])
def test_what_iso_does_not_list_is_no_currency(code: str) -> None:
    """Neither withdrawn codes nor nicknames; XXX says that there is none."""
    assert not is_currency(code)
