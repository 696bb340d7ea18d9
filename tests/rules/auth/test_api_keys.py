"""Keys: what each kind may be given, and for how long one opens anything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rules.auth.api_keys import USUAL_SCOPES, ApiKey, ApiKeyKind, NewKey, Scope

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


def key(*, expires_at: datetime | None = None, revoked_at: datetime | None = None) -> ApiKey:
    return ApiKey(
        number=1,
        environment=1,
        prefix="sk_0",
        kind=ApiKeyKind.SECRET,
        name="",
        scopes=tuple(Scope),
        created_at=NOW,
        expires_at=expires_at,
        revoked_at=revoked_at,
    )


def problems(new: NewKey) -> list[str]:
    return [f"{problem.code} {'.'.join(problem.path)}" for problem in new.problems(NOW)]


def test_a_key_without_an_end_opens_forever() -> None:
    assert key().is_valid(NOW + timedelta(days=100_000))


def test_a_key_opens_until_just_before_it_expires() -> None:
    passing = key(expires_at=NOW)

    assert passing.is_valid(NOW - MOMENT)
    assert not passing.is_valid(NOW)


def test_a_revoked_key_opens_nothing_whatever_its_end() -> None:
    assert not key(revoked_at=NOW, expires_at=NOW + timedelta(days=1)).is_valid(NOW)


def test_a_secret_key_has_every_scope_unless_some_are_named() -> None:
    assert NewKey().granted == tuple(Scope)
    assert NewKey(scopes=USUAL_SCOPES).granted == tuple(scope for scope in Scope if scope != "ADMIN")


def test_scopes_are_kept_once_and_in_their_order() -> None:
    twice = [Scope.ADMIN, Scope.CATALOG_READ, Scope.ADMIN]

    assert NewKey(scopes=twice).granted == (Scope.CATALOG_READ, Scope.ADMIN)


@pytest.mark.parametrize("scopes", [None, ()])
def test_a_publishable_key_has_no_scopes(scopes: tuple[Scope, ...] | None) -> None:
    new = NewKey(kind=ApiKeyKind.PUBLISHABLE, name="Website", scopes=scopes)

    assert new.granted == ()
    assert problems(new) == []


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        (NewKey(name=" "), "REQUIRED name"),
        (NewKey(name="n" * 256), "OUT_OF_RANGE name"),
        (NewKey(scopes=()), "REQUIRED scopes"),
        (NewKey(kind=ApiKeyKind.PUBLISHABLE, scopes=[Scope.ADMIN]), "INVALID scopes"),
        (NewKey(kind=ApiKeyKind.CUSTOMER), "INVALID kind"),
        (NewKey(expires_at=NOW), "OUT_OF_RANGE expiresAt"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(new: NewKey, problem: str) -> None:
    assert problems(new) == [problem]


def test_every_problem_of_a_key_is_named_at_once() -> None:
    hopeless = NewKey(name="", scopes=(), expires_at=NOW - MOMENT)

    assert problems(hopeless) == ["REQUIRED name", "REQUIRED scopes", "OUT_OF_RANGE expiresAt"]


def test_a_key_may_expire_right_after_it_was_made() -> None:
    assert problems(NewKey(name="Deploy", expires_at=NOW + MOMENT)) == []
