"""Keys that may have been meant: nearly the same, the nearest first, and never many."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.errors import ErrorCode, Problem, Unknown
from rules.similar import MOST_COMPARED, MOST_NAMED, distance, similar, with_suggestions
from tests.rules.builders.catalog_builders import addon, catalog, feature, metered, plan

KEYS = ("api-calls", "seats", "sso", "max-projects", "community-support", "pro", "pro-yearly")

letters = st.text("ab-1", max_size=7)


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("api_calls", ["api-calls"]),
        ("apicalls", ["api-calls"]),
        ("Api-Calls", ["api-calls"]),
        ("seat", ["seats"]),
        ("saets", ["seats"]),
        ("por", ["pro"]),
        ("prr", ["pro"]),
        ("sos", ["sso"]),
        ("max-project", ["max-projects"]),
        ("pro-yaerly", ["pro-yearly"]),
        ("abc", []),
        ("projects", []),
        ("", []),
        ("x" * 100_000, []),
    ],
)
def test_a_slip_of_the_pen_is_recognised(key: str, meant: list[str]) -> None:
    assert similar(key, KEYS) == meant


def test_the_nearest_come_first_and_never_many() -> None:
    assert similar("seats", ["beats", "seat", "SEATS", "neat", "seals", "heads"]) == [
        "SEATS",
        "beats",
        "seals",
    ]
    assert MOST_NAMED == 3


def test_a_large_catalog_is_not_compared_as_a_whole() -> None:
    many = [f"key-{number:05}" for number in range(2 * MOST_COMPARED)]

    assert similar("key-00010x", many)[0] == "key-00010"
    assert many[-1] not in similar(f"{many[-1]}x", many)


def slow_distance(one: str, other: str) -> int:
    """The same by its definition."""

    @cache
    def between(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        ways = [
            between(i - 1, j) + 1,
            between(i, j - 1) + 1,
            between(i - 1, j - 1) + (one[i - 1] != other[j - 1]),
        ]
        if i > 1 and j > 1 and one[i - 2 : i] == other[j - 2 : j][::-1]:
            ways.append(between(i - 2, j - 2) + 1)
        return min(ways)

    return between(len(one), len(other))


@given(letters, letters)
def test_the_distance_is_as_defined_and_the_same_both_ways(one: str, other: str) -> None:
    assert distance(one, other) == slow_distance(one, other) == distance(other, one)


@given(st.text("abcdef-1", min_size=5, max_size=12), st.lists(st.text("abcdef-1", max_size=12)), st.data())
def test_a_key_that_is_one_edit_away_is_suggested_unless_others_are_as_near(
    key: str, others: list[str], data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(key) - 1))
    slip = data.draw(st.sampled_from([key[:place] + key[place + 1 :], key[:place] + "x" + key[place:]]))

    named = similar(slip, [*others, key])

    nearer = [one for one in named if distance(slip, one) <= 1]
    assert key in named or len(nearer) == MOST_NAMED


@given(letters, st.lists(letters, max_size=9, unique=True))
def test_what_is_suggested_is_known_and_near(key: str, known: list[str]) -> None:
    named = similar(key, known)

    others = {one for one in known if one != key}
    assert set(named) <= others
    assert all(distance(key, one) <= 2 for one in named)
    assert [distance(key, one) for one in named] == sorted(distance(key, one) for one in others)[: len(named)]


def test_a_key_is_not_suggested_for_itself() -> None:
    # It is known, but what it names is not there in this place, such as a row for one price.
    assert similar("seats", ["seats", "seat"]) == ["seat"]


def problem(key: str, *known: str) -> Problem:
    """A problem about a key that names none of these."""
    unknown = Unknown(key, (dict.fromkeys(known),))
    return Problem(ErrorCode.NOT_FOUND, f"There is no feature '{key}'.", ("feature",), unknown)


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ((), "There is no feature 'seat'."),
        (("sso",), "There is no feature 'seat'."),
        (("seats",), "There is no feature 'seat'. Did you mean 'seats'?"),
        (("seats", "beat"), "There is no feature 'seat'. Did you mean 'beat' or 'seats'?"),
        (("seats", "beat", "feat"), "There is no feature 'seat'. Did you mean 'beat', 'feat' or 'seats'?"),
    ],
)
def test_a_problem_names_the_keys_that_may_have_been_meant(known: tuple[str, ...], message: str) -> None:
    assert with_suggestions(problem("seat", *known)).message == message


def test_a_problem_about_no_key_stays_as_it_is() -> None:
    other = Problem(ErrorCode.INVALID, "It makes no sense.", ("value",))

    assert with_suggestions(other) is other


def test_only_things_of_the_kind_are_suggested() -> None:
    shop = catalog(feature("boosts"), metered("boots"), plan("boost-plan"), addon("boost"))
    packages = Unknown("boos", (shop.packages,), type(shop.packages["boost"]))
    features = Unknown("boos", (shop.features, shop.packages))

    assert list(packages.others) == ["boost"]
    assert set(features.others) == {"boosts", "boots", "boost-plan", "boost"}
