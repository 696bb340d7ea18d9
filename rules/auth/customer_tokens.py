"""Customer tokens: their claims and their lifetime."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rules.catalog.validation import out_of_range
from rules.errors import Problem

ISSUER = "allotment"
LONGEST_SECONDS = 24 * 60 * 60

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_LAST = datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """The claims of a token: a customer and an environment by key, until an instant of real time."""

    environment: str
    customer: str
    expires_at: datetime

    def is_valid(self, now: datetime) -> bool:
        """Return whether the token is accepted at an instant of real time."""
        return now < self.expires_at

    def payload(self, now: datetime) -> dict[str, object]:
        """Return the payload of a JSON Web Token that is issued at an instant."""
        return {
            "iss": ISSUER,
            "env": self.environment,
            "sub": self.customer,
            "iat": _seconds(now),
            "exp": _seconds(self.expires_at),
        }


def claims_of(payload: Mapping[str, object]) -> Claims | None:
    """Read the payload of a token; None if it is not one of ours, whatever its signature."""
    environment, customer, expiry = payload.get("env"), payload.get("sub"), payload.get("exp")
    if payload.get("iss") != ISSUER or not isinstance(environment, str) or not isinstance(customer, str):
        return None
    if isinstance(expiry, bool) or not isinstance(expiry, int | float):
        return None
    if not 0 <= expiry < _seconds(_LAST):
        return None
    return Claims(environment=environment, customer=customer, expires_at=_instant(expiry))


def ttl_problems(seconds: int) -> Iterator[Problem]:
    """Check how long a token is to be valid."""
    if not 1 <= seconds <= LONGEST_SECONDS:
        yield out_of_range(f"A token lasts 1 to {LONGEST_SECONDS} seconds.", "ttlSeconds")


def _seconds(instant: datetime) -> float:
    return (instant - _EPOCH) / _SECOND


def _instant(seconds: float) -> datetime:
    return _EPOCH + timedelta(microseconds=round(seconds * 1_000_000))
