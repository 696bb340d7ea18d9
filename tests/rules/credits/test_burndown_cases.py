from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from rules.credits.accounts import Cause, CreditAccount
from rules.credits.burn_down import add_grant, end_lots, spend
from rules.credits.grants import CreditSource, Grant
from rules.credits.roll_forward import roll_forward
from rules.customers.facts import Customer
from rules.numbers import from_decimal
from tests.rules.builders.customer_builders import selling
from tests.rules.models.wallets import proven

CASES = json.loads(
    Path(__file__).parents[1].joinpath("cases", "burndown.json").read_text(), parse_float=Decimal
)["cases"]

NOBODY = Customer(number=1, key="acme")


def micros(amount: Decimal | int) -> int:
    """Whole or broken credits in micros."""
    return from_decimal(Decimal(amount))


def granted(case: dict[str, Any]) -> CreditAccount:
    """The book with all grants of a case, each to take effect at its time."""
    book = CreditAccount(credit_type="ai")
    for number, grant in enumerate(case["grants"], start=1):
        expires = grant["expires_at"]
        known = Grant(
            number=number,
            amount=micros(grant["amount"]),
            source=CreditSource.PAID,
            priority=grant["priority"],
            made_at=datetime.fromisoformat(case["measure_from"]),
            effective_at=datetime.fromisoformat(grant["effective_at"]),
            expires_at=expires and datetime.fromisoformat(expires),
        )
        book = add_grant(book, known)
    return book


def acts(case: dict[str, Any]) -> list[tuple[datetime, int, int]]:
    """What happens: when, to which grant it puts an end if to any, and how much is used."""
    ends = [
        (datetime.fromisoformat(end), number, 0)
        for number, grant in enumerate(case["grants"], start=1)
        if (end := grant.get("voided_at") or grant.get("deleted_at"))
    ]
    used = [(datetime.fromisoformat(use["at"]), 0, micros(use["amount"])) for use in case["usage"]]
    return sorted([*ends, *used])


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_known_cases_burn_down_as_they_are_known_to(case: dict[str, Any]) -> None:
    asked, book = datetime.fromisoformat(case["query_at"]), granted(case)
    flat = selling()
    for at, number, amount in acts(case):
        if at < asked:
            book = roll_forward(book, NOBODY, flat, at)
            if number:
                book = end_lots(book, [book.lot(number)], Cause(at=at))
            else:
                book, _ = spend(book, amount, Cause(at=at))
    book = proven(roll_forward(book, NOBODY, flat, asked))

    expected = case["expected"]
    burned = book.consumed - book.overdraft
    told: dict[str, object] = {
        "overage": book.overdraft,
        "total_balance": book.available,
        "total_available": book.available + burned,
        "total_grant_usage": burned,
        "usage_in_period": book.consumed,
        "balances": {
            grant["id"]: book.lot(number).left for number, grant in enumerate(case["grants"], start=1)
        },
    }
    assert {name: told[name] for name in expected} == {
        name: {key: micros(left) for key, left in value.items()} if name == "balances" else micros(value)
        for name, value in expected.items()
    }


def test_there_are_eleven_known_cases() -> None:
    assert len(CASES) == 11
