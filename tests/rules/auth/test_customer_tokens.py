"""Customers' tokens: what is written in them is what is read, and anything else is nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.auth.customer_tokens import LONGEST_SECONDS, Claims, claims_of, ttl_problems

NOW = datetime(2026, 11, 15, 12, 0, 0, 123_457, tzinfo=UTC)

CLAIMS = Claims(environment="live", customer="acme", expires_at=NOW + timedelta(hours=1))

instants = st.integers(0, 4_000_000_000_000_000).map(
    lambda micros: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
)


@given(st.text(), st.text(), instants)
def test_claims_are_read_as_they_were_written(environment: str, customer: str, expires_at: datetime) -> None:
    claims = Claims(environment=environment, customer=customer, expires_at=expires_at)

    assert claims_of(json.loads(json.dumps(claims.payload(NOW)))) == claims


def test_a_token_says_what_json_web_tokens_say_by_their_names() -> None:
    assert CLAIMS.payload(NOW) == {
        "iss": "allotment",
        "env": "live",
        "sub": "acme",
        "iat": 1794744000.123457,
        "exp": 1794747600.123457,
    }


def test_a_token_opens_until_just_before_it_is_over() -> None:
    assert CLAIMS.is_valid(CLAIMS.expires_at - timedelta(microseconds=1))
    assert not CLAIMS.is_valid(CLAIMS.expires_at)


@pytest.mark.parametrize(
    "other",
    [
        {"iss": "somebody"},
        {"iss": None},
        {"env": None},
        {"env": 1},
        {"sub": None},
        {"sub": ["acme"]},
        {"exp": None},
        {"exp": "1794747600"},
        {"exp": True},
        {"exp": -1},
        {"exp": 10**400},
        {"exp": float("nan")},
        {"exp": float("inf")},
    ],
)
def test_what_somebody_else_has_signed_with_our_secret_is_no_token(other: dict[str, Any]) -> None:
    assert claims_of({**CLAIMS.payload(NOW), **other}) is None


def test_a_token_that_leaves_out_a_claim_is_none() -> None:
    whole = CLAIMS.payload(NOW)

    for claim in ("iss", "env", "sub", "exp"):
        assert claims_of({name: value for name, value in whole.items() if name != claim}) is None


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_no_expiry_breaks_the_reading(anything: object) -> None:
    read = claims_of({**CLAIMS.payload(NOW), "exp": anything})

    assert read is None or isinstance(read, Claims)


@pytest.mark.parametrize(("seconds", "refused"), [(0, 1), (1, 0), (LONGEST_SECONDS, 0), (86_401, 1), (-5, 1)])
def test_a_token_holds_for_a_second_to_a_day(seconds: int, refused: int) -> None:
    assert [problem.path for problem in ttl_problems(seconds)] == [("ttlSeconds",)] * refused
