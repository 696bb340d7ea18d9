"""Events: each counts in every feature whose meter it matches, or nowhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rules.catalog.facts import Aggregation, FeatureStatus, FilterOperator, Meter, MeterFilter
from rules.commands.command import input_digest
from rules.commands.ingest_event import IngestEvent
from rules.numbers import LARGEST, ONE, to_text
from rules.usage.event_properties import Properties
from rules.values import ResetInterval
from tests.rules.builders.customer_builders import DAY, INSTANT, START
from tests.rules.builders.metered_shop import METERED, REQUEST, metered_till, request, used
from tests.rules.models.till import Till

COUNT, SUM, *_, LATEST = METERED


def test_one_event_counts_in_every_feature_whose_meter_it_matches() -> None:
    shop = metered_till()

    change = shop.does(request(bytes=30, user="ada", level=7))

    assert change.outcome == {"matched": 5}
    assert used(shop) == [1, 30, 30, 1, 7]
    assert {record.feature: (record.quantity // ONE, record.value) for record in change.records} == {
        "requests": (1, None),
        "traffic": (30, None),
        "largest": (30, None),
        "users": (1, "ada"),
        "level": (7, None),
    }
    assert {record.occurred_at for record in change.records} == {shop.now}
    assert all(record.properties == {"bytes": 30, "user": "ada", "level": 7} for record in change.records)


def test_each_aggregation_puts_events_together_in_its_own_way() -> None:
    shop = metered_till()
    for size, user, level in [(30, "ada", 7), (50, "bob", 9), (10, "ada", 4)]:
        shop.does(request(bytes=size, user=user, level=level))

    assert used(shop) == [3, 90, 50, 2, 4]


def test_an_event_counts_where_it_matches_and_nowhere_else() -> None:
    shop = metered_till()

    assert shop.does(request(user="ada")).outcome == {"matched": 2}
    assert used(shop) == [1, 0, 0, 1, 0]


def test_all_filters_of_a_meter_have_to_be_met() -> None:
    both = (
        MeterFilter(property="status", operator=FilterOperator.IN, values=("200", "201")),
        MeterFilter(property="cached", operator=FilterOperator.NEQ, values=("true",)),
    )
    meter = Meter(event_name=REQUEST, aggregation=Aggregation.COUNT, filters=both)
    shop = metered_till(ResetInterval.DAY, replace(COUNT, meter=meter))

    for status, cached in [(200, None), (201.0, False), ("200", True), (404, None), (None, None)]:
        shop.does(request(status=status, cached=cached))

    assert used(shop, "requests") == [2]


@pytest.mark.parametrize(
    "event",
    [
        IngestEvent(id="e-1", name="other", properties={"bytes": 3}),
        IngestEvent(id="e-1", name="Request", properties={"bytes": 3}),
        IngestEvent(id="e-1", name="requests"),
    ],
)
def test_an_event_that_no_meter_matches_changes_nothing(event: IngestEvent) -> None:
    shop = metered_till()

    change = shop.does(event)

    assert (change.changed, change.records, change.outcome) == (False, (), {"matched": 0})
    assert used(shop) == [0] * 5


def test_a_feature_without_an_event_name_counts_no_events() -> None:
    shop = metered_till(ResetInterval.DAY, replace(COUNT, meter=Meter()))

    assert shop.does(request(bytes=3)).outcome == {"matched": 2}
    assert used(shop, "requests") == [0]


def test_no_limit_and_no_suspension_refuses_an_event() -> None:
    shop = metered_till(ResetInterval.DAY, replace(SUM, status=FeatureStatus.SUSPENDED))

    shop.does(request(bytes=1_000))

    assert used(shop, "traffic", "largest") == [1_000, 1_000]


def test_an_archived_feature_counts_no_more() -> None:
    shop = metered_till(ResetInterval.DAY, replace(SUM, status=FeatureStatus.ARCHIVED))

    assert shop.does(request(bytes=30)).outcome == {"matched": 2}
    assert used(shop, "traffic", "largest") == [0, 30]


@pytest.mark.parametrize(
    ("properties", "problems"),
    [
        ({"bytes": "many"}, ["INVALID properties.bytes"] * 2),
        ({"bytes": -1}, ["INVALID properties.bytes"] * 2),
        ({"bytes": True}, ["INVALID properties.bytes"] * 2),
        ({"bytes": 1e13}, ["INVALID properties.bytes"] * 2),
        ({"bytes": 1, "user": ""}, ["INVALID properties.user"]),
        ({"bytes": 1, "user": "a\nb"}, ["INVALID properties.user"]),
        ({"level": -0.5, "user": "ada"}, ["INVALID properties.level"]),
        ({"bytes": [], "level": "x"}, ["INVALID properties.bytes"] * 2 + ["INVALID properties.level"]),
    ],
)
def test_an_event_that_one_meter_cannot_read_counts_nowhere(
    properties: Properties, problems: list[str]
) -> None:
    shop = metered_till()

    assert shop.refuses(IngestEvent(id="e-1", name=REQUEST, properties=properties)) == problems
    assert (shop.records, used(shop)) == ([], [0] * 5)


def test_an_event_that_lacks_what_a_meter_reads_counts_nowhere() -> None:
    unfiltered = replace(SUM, meter=Meter(event_name=REQUEST, property="bytes"))
    shop = metered_till(ResetInterval.DAY, unfiltered)

    assert shop.refuses(request()) == ["INVALID properties.bytes"]
    assert shop.refuses(replace(request(), properties=None)) == ["INVALID properties.bytes"]
    assert shop.refuses(request(bytes=None)) == ["INVALID properties.bytes"]
    assert used(shop) == [0] * 5


@pytest.mark.parametrize(
    ("event", "problems"),
    [
        (replace(request(), id=""), ["INVALID id"]),
        (replace(request(), id="e\n"), ["INVALID id"]),
        (replace(request(), id="e" * 256), ["INVALID id"]),
        (replace(request(), name=""), ["INVALID name"]),
        (replace(request(), name="n" * 256), ["INVALID name"]),
        (replace(request(), properties=["bytes"]), ["INVALID properties"]),  # type: ignore[arg-type]
        (request(note="x" * 16_000), ["OUT_OF_RANGE properties"]),
        (request(at=START + timedelta(minutes=5, microseconds=2)), ["OUT_OF_RANGE occurredAt"]),
        (
            replace(request(at=START + DAY, bytes="x"), id="", name=REQUEST),
            ["INVALID id", "OUT_OF_RANGE occurredAt", *["INVALID properties.bytes"] * 2],
        ),
    ],
)
def test_every_mistake_in_an_event_is_reported_at_once(event: IngestEvent, problems: list[str]) -> None:
    assert metered_till().refuses(event) == problems


def test_an_event_of_nobody_and_of_an_archived_customer_is_refused() -> None:
    shop = metered_till()
    assert shop.customer is not None
    gone, nobody = metered_till(), Till(shop.flat, None)
    gone.customer = replace(shop.customer, archived=True)

    assert nobody.refuses(request()) == ["NOT_FOUND customer"]
    assert gone.refuses(request()) == ["ARCHIVED customer"]
    assert gone.refuses(IngestEvent(id="e-1", name="unmatched")) == ["ARCHIVED customer"]


def test_usage_that_is_too_large_to_count_is_refused_whole() -> None:
    shop = metered_till()
    shop.does(request(bytes=to_text(LARGEST)))

    assert shop.refuses(request(bytes="0.000001")) == ["OUT_OF_RANGE properties"]
    assert used(shop, "requests", "traffic") == [1, LARGEST // ONE]
    assert shop.does(request(bytes=0)).changed


def test_a_late_event_counts_in_the_period_in_which_it_occurred() -> None:
    shop = metered_till()
    shop.does(request(bytes=10, user="ada", level=1))
    yesterday = shop.now
    shop.waits(days=1)

    shop.does(request(bytes=30, user="bob", level=2, at=yesterday + INSTANT))
    shop.does(request(bytes=5, user="ada", at=yesterday))

    # The level is the last that was seen, and no period resets it.
    assert used(shop) == [0, 0, 0, 0, 2]
    shop.now = yesterday + timedelta(hours=1)
    assert used(shop) == [3, 45, 30, 2, 2]


def test_an_event_a_little_ahead_of_the_clock_counts_at_once_in_its_period() -> None:
    shop = metered_till()
    shop.now = START + DAY - timedelta(minutes=4)
    shop.does(request(bytes=10, user="ada", level=1, at=shop.now + timedelta(minutes=3)))
    shop.does(request(bytes=20, user="bob", level=2, at=shop.now + timedelta(minutes=5)))

    # A level is what was seen last, wherever the period ends.
    assert used(shop) == [1, 10, 10, 1, 2]
    shop.waits(minutes=5)
    assert used(shop) == [1, 20, 20, 1, 2]


def test_a_value_counts_anew_in_every_period() -> None:
    shop = metered_till()
    for _ in range(3):
        shop.does(request(user="ada"))
        shop.does(request(user="ada"))
        assert used(shop, "users") == [1]
        shop.waits(days=1)

    assert used(shop, "users") == [0]


def test_a_value_may_be_known_in_one_window_and_new_in_another() -> None:
    shop = metered_till()
    shop.does(request(user="ada"))
    shop.waits(days=1)
    shop.does(request(user="bob"))

    # Both of them late, in one transaction with what is counted today.
    shop.does(request(user="bob", at=START + timedelta(hours=1)))
    shop.does(request(user="ada", at=START + timedelta(hours=1)))

    assert used(shop, "users") == [1]
    shop.now = START + timedelta(hours=2)
    assert used(shop, "users") == [2]


def test_of_two_levels_at_one_instant_the_one_recorded_later_counts() -> None:
    shop = metered_till()
    shop.waits(hours=1)
    for level in (7, 9, 3):
        shop.does(request(level=level, at=START))

    assert used(shop, "level") == [3]
    shop.commits()
    assert used(shop, "level") == [3]


def test_an_older_level_does_not_take_the_place_of_a_newer_one() -> None:
    shop = metered_till()
    shop.does(request(level=7))
    shop.waits(days=400)

    shop.does(request(level=9, at=START))

    assert used(shop, "level") == [7]


def known_by(event: IngestEvent) -> tuple[str | None, bool]:
    """What tells that an event is the same again."""
    return event.idempotency_key, event.known_by_key


def test_an_event_is_known_by_its_id_whatever_else_it_says() -> None:
    first, second = request("e-1", bytes=1), request("e-1", at=START, bytes=2)

    assert known_by(first) == known_by(second) == ("e-1", True)
    assert input_digest(first) != input_digest(second)


def test_every_name_has_meters_of_its_own() -> None:
    other = Meter(event_name="seat", aggregation=Aggregation.LATEST, property="count")
    shop = metered_till(ResetInterval.DAY, replace(LATEST, meter=other))

    shop.does(IngestEvent(id="e-1", name="seat", properties={"count": 4, "level": 8}))
    shop.does(request(bytes=3, level=9))

    assert used(shop) == [1, 3, 3, 0, 4]
