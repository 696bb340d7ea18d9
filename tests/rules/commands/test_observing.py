"""Reports to features that are counted otherwise than by a sum: what was seen, and what it adds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from rules.commands.command import input_digest
from rules.commands.report_usage import ReportUsage, UsageMode
from rules.numbers import LARGEST, ONE
from rules.usage.event_properties import Properties
from rules.values import ResetInterval
from tests.rules.builders.customer_builders import DAY, INSTANT, START
from tests.rules.builders.metered_shop import metered_till, observe, request, used
from tests.rules.models.till import Till

OBSERVED = ["largest", "level", "users"]
HOUR = timedelta(hours=1)


def recorded(shop: Till, act: ReportUsage) -> int:
    """What a report adds to the usage of its period, in units."""
    return shop.does(act).outcome["recorded"] // ONE


def seen(user: object, at: datetime | None = None) -> ReportUsage:
    """Report that somebody was there."""
    return observe("users", at=at, properties={"user": user})


def test_a_maximum_is_the_largest_that_was_seen() -> None:
    shop = metered_till()

    assert [recorded(shop, observe("largest", size)) for size in (3, 2, 9, 0)] == [3, 0, 6, 0]
    assert used(shop, "largest") == [9]


def test_a_level_is_the_last_that_was_seen() -> None:
    shop = metered_till()

    assert [recorded(shop, observe("level", level)) for level in (3, 2, 9, 0)] == [3, -1, 7, -9]
    assert used(shop, "level") == [0]


def test_a_value_is_counted_once_however_often_it_is_reported() -> None:
    shop = metered_till()

    assert [recorded(shop, seen(user)) for user in ("ada", "bob", "ada", 7, 7.0, "7")] == [1, 1, 0, 1, 0, 0]
    assert used(shop, "users") == [3]


def test_the_value_of_a_report_does_not_matter_where_values_are_counted_once() -> None:
    shop = metered_till()

    assert recorded(shop, observe("users", 5, properties={"user": "ada"})) == 1
    assert recorded(shop, observe("users", 0, properties={"user": "bob"})) == 1
    assert [record.quantity for record in shop.records] == [ONE, ONE]


def test_reports_and_events_count_together() -> None:
    shop = metered_till()
    shop.does(request(bytes=30, user="ada", level=7))

    assert recorded(shop, observe("requests", 4)) == 4
    assert recorded(shop, observe("traffic", -10)) == -10
    assert recorded(shop, observe("largest", 40)) == 10
    assert recorded(shop, seen("ada")) == 0
    assert recorded(shop, observe("level", 2)) == -5
    shop.does(request(bytes=50, user="ada", level=3))

    assert used(shop) == [6, 70, 50, 1, 3]


@pytest.mark.parametrize("feature", OBSERVED)
@pytest.mark.parametrize("mode", UsageMode)
def test_what_was_seen_is_not_below_zero(feature: str, mode: UsageMode) -> None:
    shop = metered_till()
    act = replace(observe(feature, -1, properties={"user": "ada"}), mode=mode)

    assert shop.refuses(act) == ["OUT_OF_RANGE value"]
    assert shop.refuses(replace(act, quantity=-1)) == ["OUT_OF_RANGE value"]
    assert shop.does(replace(act, quantity=0)).changed


@pytest.mark.parametrize(
    ("properties", "problem"),
    [
        (None, "REQUIRED properties.user"),
        ({}, "REQUIRED properties.user"),
        ({"user": None}, "REQUIRED properties.user"),
        ({"name": "ada"}, "REQUIRED properties.user"),
        ({"user": ""}, "INVALID properties.user"),
        ({"user": "a\tb"}, "INVALID properties.user"),
        ({"user": "u" * 256}, "INVALID properties.user"),
    ],
)
def test_what_is_counted_once_has_to_be_said(properties: Properties | None, problem: str) -> None:
    shop = metered_till()

    assert shop.refuses(observe("users", properties=properties)) == [problem]
    assert shop.records == []


def test_all_mistakes_of_a_report_are_reported_at_once() -> None:
    act = replace(observe("users", -1, at=START + DAY), idempotency_key="", mode=UsageMode.SET)

    assert metered_till().refuses(act) == [
        "INVALID idempotencyKey",
        "OUT_OF_RANGE occurredAt",
        "OUT_OF_RANGE value",
        "REQUIRED properties.user",
    ]


def test_a_late_maximum_adds_to_the_period_in_which_it_was_seen() -> None:
    shop = metered_till()
    shop.does(observe("largest", 5))
    shop.waits(days=1)
    shop.does(observe("largest", 2))

    assert recorded(shop, observe("largest", 9, at=START + HOUR)) == 4
    assert used(shop, "largest") == [2]
    shop.now = START + 2 * HOUR
    assert used(shop, "largest") == [9]


def test_a_late_level_adds_nothing_to_a_later_one() -> None:
    shop = metered_till()
    shop.does(observe("level", 5))
    last = shop.now

    assert recorded(shop, observe("level", 9, at=last - INSTANT)) == 0
    assert recorded(shop, observe("level", 8, at=last)) == 3
    assert used(shop, "level") == [8]


def test_a_level_ahead_of_the_clock_holds_until_something_later_is_seen() -> None:
    shop = metered_till()

    assert recorded(shop, observe("level", 5, at=START + timedelta(minutes=5))) == 5
    assert recorded(shop, observe("level", 9)) == 0
    assert used(shop, "level") == [5]


def test_late_values_are_counted_once_in_the_period_in_which_they_were_seen() -> None:
    shop = metered_till()
    shop.does(seen("ada"))
    shop.waits(days=1)

    assert recorded(shop, seen("ada")) == 1
    assert [recorded(shop, seen(user, at=START + HOUR)) for user in ("ada", "bob", "bob")] == [0, 1, 0]
    assert used(shop, "users") == [1]


@pytest.mark.parametrize("feature", ["largest", "users"])
def test_a_period_that_begins_anew_has_seen_nothing(feature: str) -> None:
    shop = metered_till()
    shop.does(observe(feature, 5, properties={"user": "ada"}))
    shop.waits(days=1)

    assert used(shop, feature) == [0]


@pytest.mark.parametrize("every", [ResetInterval.DAY, ResetInterval.NEVER])
def test_no_period_resets_a_level(every: ResetInterval) -> None:
    shop = metered_till(every)
    shop.does(observe("level", 5))
    shop.waits(days=1_000)

    assert used(shop, "level") == [5]


@pytest.mark.parametrize("feature", ["largest", "level"])
def test_to_set_what_is_seen_is_to_report_it(feature: str) -> None:
    shop = metered_till()
    shop.does(observe(feature, 5))

    shop.does(replace(observe(feature, 7), mode=UsageMode.SET))
    assert used(shop, feature) == [7]
    late = replace(observe(feature, 1, at=START), mode=UsageMode.SET)
    assert shop.refuses(late) == ["OUT_OF_RANGE occurredAt"]


def test_the_largest_quantity_can_be_seen_again_and_again() -> None:
    shop = metered_till()
    for feature in ("largest", "level"):
        for _ in range(2):
            shop.does(replace(observe(feature), quantity=LARGEST))

    assert [shop.usage(feature).used for feature in ("largest", "level")] == [LARGEST, LARGEST]


def digest(**properties: object) -> str:
    """The digest of a report that says something about itself."""
    return input_digest(observe("requests", properties=properties))


def test_properties_are_equal_by_value() -> None:
    said = digest(a=1, b={"c": [1.0, {"d": 2, "e": None}], "f": 0.5})

    assert said == digest(b={"f": 0.50, "c": [1, {"e": None, "d": 2.0}]}, a=1.0)
    for other in (
        digest(a=1, b={"c": [1, {"d": 2}], "f": 0.5}),
        digest(a=1, b={"c": [{"d": 2, "e": None}, 1], "f": 0.5}),
        digest(a="1", b={"c": [1, {"d": 2, "e": None}], "f": 0.5}),
        digest(a=True, b={"c": [1, {"d": 2, "e": None}], "f": 0.5}),
        digest(b={"c": [1, {"d": 2, "e": None}], "f": 0.5}),
    ):
        assert other != said


def test_properties_left_out_and_null_are_one_input_and_empty_ones_another() -> None:
    plain = input_digest(observe("requests"))

    assert input_digest(observe("requests", properties=None)) == plain
    assert digest() != plain
