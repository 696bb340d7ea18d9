"""Exact quantities: integers of one millionth, so that ten times 0.1 is 1.

Inside Allotment every quantity, limit, credit amount and sum of money is an ``int`` that counts millionths
("micros"). Decimals exist only where people write or read them.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

ONE = 1_000_000
"""One unit in micros."""

LARGEST = 9_200_000_000_000 * ONE - 1
"""The largest quantity in micros; it fits a signed 64-bit column with room to spare."""


_WRITTEN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def number_in(text: str) -> Decimal | None:
    """Return the number that a text spells, None if it spells none: '1_000', ' 1 ' and 'NaN' do not."""
    if _WRITTEN.fullmatch(text) is None:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent that no decimal has
        return None


def from_decimal(value: Decimal) -> int:
    """Return micros; ValueError if the value is not finite, too precise or too large."""
    if not value.is_finite():
        message = "must be a finite number"
        raise ValueError(message)
    if value.adjusted() > 12:  # noqa: PLR2004 - 13 digits before the point; also guards scaleb
        message = "must be smaller than 9200000000000"
        raise ValueError(message)
    micros = int(value.scaleb(6))
    if to_decimal(micros) != value:  # compares all digits; scaleb keeps only the first 28
        message = "has at most 6 digits after the point"
        raise ValueError(message)
    if abs(micros) > LARGEST:
        message = "must be smaller than 9200000000000"
        raise ValueError(message)
    return micros


def to_decimal(micros: int) -> Decimal:
    """Return the exact decimal of a quantity."""
    return Decimal(micros).scaleb(-6)


def to_text(micros: int) -> str:
    """Return a quantity in plain digits with no needless zeros: '19.9', '-3', '0'."""
    whole, fraction = divmod(abs(micros), ONE)
    digits = f"{whole}.{fraction:06}".rstrip("0").rstrip(".") if fraction else str(whole)
    return f"-{digits}" if micros < 0 else digits


def divide_half_up(numerator: int, denominator: int) -> int:
    """Divide, rounding halves away from zero; the denominator is above 0."""
    quotient, remainder = divmod(abs(numerator), denominator)
    rounded = quotient + (2 * remainder >= denominator)
    return -rounded if numerator < 0 else rounded
