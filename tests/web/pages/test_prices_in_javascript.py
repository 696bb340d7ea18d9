"""The line of the docs that writes a price in a page of one's own, run by Node.js."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from decimal import Decimal

import pytest

from rules.catalog.wording import money_text
from rules.currencies import CURRENCIES
from rules.numbers import from_decimal, to_text
from rules.values import Money
from tests.project.markdown import blocks
from tests.project.repository import ROOT

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed"),
]

(SCRIPT,) = (
    one.text
    for one in blocks((ROOT / "docs" / "pricing-page.md").read_text(encoding="utf-8"))
    if one.language == "javascript"
)
RUN = """
const prices = JSON.parse(process.argv[1]);
console.log(JSON.stringify(prices.map(([amount, currency]) => money({ amount: { amount, currency } }))));
"""

AMOUNTS = ("0", "0.002", "0.1", "1", "19.995", "49", "1234567.5", "0.000001", "9199999999999.999999")


def written(*prices: Money) -> list[str]:
    """What the documented line makes of prices, as the graph gives them."""
    line = re.search(r"^const money = .*?;$", SCRIPT, re.DOTALL | re.MULTILINE)
    assert line is not None
    given = json.dumps([[to_text(price.amount), price.currency] for price in prices])
    command = ["node", "-e", line[0] + RUN, given]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return [str(text) for text in json.loads(ran.stdout)]


def sums(*currencies: str) -> list[Money]:
    """A sum of every size in each currency."""
    return [
        Money(amount=from_decimal(Decimal(amount)), currency=currency)
        for currency in currencies
        for amount in AMOUNTS
    ]


def test_the_documented_line_writes_what_the_page_writes() -> None:
    prices = sums("USD", "EUR", "GBP", "JPY", "CHF", "KWD")

    assert written(*prices) == [money_text(price) for price in prices]
    assert "$0.002" in written(*prices)


def test_in_any_currency_it_loses_no_digit() -> None:
    """Symbols and the zeros at the end are those of the CLDR that a browser carries."""
    prices = sums(*CURRENCIES)

    assert [number_in(text) for text in written(*prices)] == [number_in(money_text(one)) for one in prices]


def number_in(text: str) -> str:
    """The number of a sum, without its symbol and the zeros behind it."""
    found = re.search(r"[\d,]+(?:[.]\d+)?$", text)
    assert found is not None
    return found[0].rstrip("0").rstrip(".") if "." in found[0] else found[0]
