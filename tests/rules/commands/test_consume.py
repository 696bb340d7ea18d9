from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rules.access.decision import AccessReason
from rules.catalog.facts import Aggregation, FeatureStatus, Meter
from rules.numbers import LARGEST, ONE
from rules.usage.counters import Tally
from rules.usage.metering import whole_window
from rules.values import ResetInterval
from tests.rules.builders.catalog_builders import metered
from tests.rules.builders.customer_builders import FEATURES, HARD, SOFT, START, limited, rate, revoking
from tests.rules.models.till import Till, consume, release, report, reserve, set_to, settle, till

ALLOWED = AccessReason.WITHIN_LIMIT


def calls(limit: int | None = 10) -> Till:
    """The till of a customer with so many calls a day."""
    return till({"calls": limited(limit, ResetInterval.DAY)})


def test_consuming_decides_and_records_as_one_act() -> None:
    shop = calls()

    change = shop.does(consume(4))

    assert change.outcome == {"consumed": 4 * ONE}
    assert [(record.feature, record.quantity) for record in change.records] == [("calls", 4 * ONE)]
    assert change.decision is not None
    assert change.decision.usage is not None
    assert (change.decision.usage.used, change.decision.usage.remaining) == (4 * ONE, 6 * ONE)
    assert shop.level() == (4, 0)


def test_a_no_is_an_answer_and_leaves_everything_as_it_was() -> None:
    shop = calls()
    shop.does(consume(8))

    change = shop.does(consume(3))

    assert (change.changed, change.records, change.outcome) == (False, (), {"consumed": 0})
    assert change.decision is not None
    assert change.decision.reason is AccessReason.LIMIT_EXCEEDED
    assert shop.level() == (8, 0)


def test_what_just_fits_is_consumed_and_told_as_within_the_limit() -> None:
    shop = calls()

    change = shop.does(consume(10))

    assert change.decision is not None
    assert change.decision.reason is ALLOWED
    assert shop.asks().reason is AccessReason.LIMIT_EXCEEDED


def test_a_micro_too_much_is_too_much() -> None:
    shop = calls()
    shop.does(replace(consume(), quantity=10 * ONE - 1))

    assert not shop.does(replace(consume(), quantity=2)).changed
    assert shop.does(replace(consume(), quantity=1)).changed


def test_used_and_reserved_count_together() -> None:
    shop = calls()
    shop.does(consume(4))
    shop.does(reserve(4))

    assert not shop.does(consume(3)).changed
    assert shop.does(consume(2)).changed
    assert shop.level() == (6, 4)


def test_the_next_period_is_free_again() -> None:
    shop = calls()
    shop.does(consume(10))
    shop.waits(days=1)

    assert shop.does(consume(10)).changed


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (limited(None), AccessReason.UNLIMITED),
        (limited(0, enforcement=SOFT), AccessReason.OVERAGE_ALLOWED),
        (limited(0, enforcement=SOFT, overage=rate(1)), AccessReason.OVERAGE_ALLOWED),
    ],
)
def test_unlimited_and_soft_never_refuse(value: object, reason: AccessReason) -> None:
    shop = till({"calls": value})  # type: ignore[dict-item]

    change = shop.does(consume(1_000))

    assert change.changed
    assert change.decision is not None
    assert change.decision.reason is reason


@pytest.mark.parametrize("act", [consume(0), consume(-1)])
def test_what_is_consumed_is_above_zero(act: object) -> None:
    shop = calls()

    assert shop.refuses(act) == ["OUT_OF_RANGE quantity"]  # type: ignore[arg-type]
    assert shop.records == []


def test_all_mistakes_are_reported_at_once() -> None:
    assert calls().refuses(consume(0, key="\n")) == ["INVALID idempotencyKey", "OUT_OF_RANGE quantity"]


@pytest.mark.parametrize("aggregation", [Aggregation.SUM, Aggregation.COUNT])
def test_what_is_counted_by_sum_or_count_is_consumed(aggregation: Aggregation) -> None:
    feature = replace(metered("calls"), meter=Meter(aggregation=aggregation))

    assert till({"calls": limited(5)}, feature).does(consume(5)).changed


@pytest.mark.parametrize("aggregation", [Aggregation.MAX, Aggregation.LATEST, Aggregation.UNIQUE])
def test_what_is_counted_otherwise_is_a_type_mismatch(aggregation: Aggregation) -> None:
    feature = replace(metered("calls"), meter=Meter(aggregation=aggregation))
    shop = till({"calls": limited(5)}, feature)

    for act in (consume(), reserve()):
        change = shop.does(act)
        assert not change.changed
        assert change.decision is not None
        assert change.decision.reason is AccessReason.TYPE_MISMATCH


@pytest.mark.parametrize("feature", ["sso", "storage", "regions"])
def test_what_is_not_metered_is_a_type_mismatch(feature: str) -> None:
    for act in (consume(feature=feature), reserve(feature=feature)):
        change = calls().does(act)
        assert not change.changed
        assert change.decision is not None
        assert change.decision.reason is AccessReason.TYPE_MISMATCH


def test_every_no_of_a_decision_is_a_no_to_consume() -> None:
    active, free = calls(), calls()
    free.customer = replace(free.customer, subscriptions=()) if free.customer else None
    suspended = till({"calls": limited(5)}, replace(FEATURES["calls"], status=FeatureStatus.SUSPENDED))
    archived = calls()
    archived.customer = replace(archived.customer, archived=True) if archived.customer else None
    revoked = calls()
    revoked.customer = replace(revoked.customer, custom=(revoking("calls"),)) if revoked.customer else None
    nobody = Till(active.flat, None)

    told = [
        change.decision and change.decision.reason
        for shop, feature in [
            (nobody, "calls"),
            (archived, "calls"),
            (active, "nothing"),
            (suspended, "calls"),
            (revoked, "calls"),
            (free, "calls"),
            (till({}), "calls"),
        ]
        for change in [shop.does(consume(feature=feature))]
        if not change.changed
    ]

    assert told == [
        AccessReason.CUSTOMER_NOT_FOUND,
        AccessReason.CUSTOMER_ARCHIVED,
        AccessReason.FEATURE_NOT_FOUND,
        AccessReason.FEATURE_UNAVAILABLE,
        AccessReason.REVOKED,
        AccessReason.NO_ACTIVE_SUBSCRIPTION,
        AccessReason.NOT_ENTITLED,
    ]


def test_usage_that_is_too_large_to_count_is_refused() -> None:
    shop = calls(None)
    shop.does(replace(consume(), quantity=LARGEST))
    shop.does(reserve())

    assert shop.refuses(consume()) == ["OUT_OF_RANGE quantity"]
    assert shop.refuses(settle()) == ["OUT_OF_RANGE quantity"]
    assert shop.usage().used == LARGEST
    assert shop.does(release()).changed


def test_what_other_windows_hold_does_not_refuse_what_this_one_has_room_for() -> None:
    shop = calls()
    # A neighbour in the transaction has asked for all that was ever used.
    shop.tallies = dict.fromkeys([whole_window("calls"), whole_window("seats")], Tally(used=3 * LARGEST))

    assert shop.does(consume(9)).changed
    shop.does(reserve(1))
    assert shop.does(settle()).changed


def test_setting_records_the_difference() -> None:
    shop = calls()
    shop.does(report(3))

    assert [shop.does(set_to(to)).outcome["recorded"] // ONE for to in (7, 2, 2, 0)] == [4, -5, 0, -2]
    assert shop.level() == (0, 0)


def test_setting_leaves_holds_aside() -> None:
    shop = calls()
    shop.does(consume(2))
    shop.does(reserve(5))

    assert shop.does(set_to(7)).outcome == {"recorded": 5 * ONE}
    assert shop.level() == (7, 5)


def test_no_limit_refuses_what_is_set() -> None:
    shop = calls()

    shop.does(set_to(1_000))

    assert shop.level() == (1_000, 0)


def test_setting_counts_in_the_period_of_now() -> None:
    shop = calls()
    shop.does(report(8))
    shop.waits(days=1)

    assert shop.does(set_to(5)).outcome == {"recorded": 5 * ONE}


def test_setting_takes_no_past_occurred_at() -> None:
    shop = calls()
    shop.waits(hours=1)

    assert shop.refuses(set_to(5, at=START)) == ["OUT_OF_RANGE occurredAt"]
    assert shop.does(set_to(5, at=shop.now + timedelta(minutes=1))).changed


def test_nothing_is_set_below_zero() -> None:
    assert calls().refuses(set_to(-1)) == ["OUT_OF_RANGE value"]


def test_a_give_back_is_refused_below_zero_and_only_that() -> None:
    shop = till({"calls": limited(10, ResetInterval.MONTH)})
    shop.does(report(6))
    shop.waits(days=2)
    shop.does(report(-4))
    # Days cut the month anew: what was given back today is more than what was used today.
    shop.flat = calls().flat
    shop.commits()

    assert shop.refuses(report(-1)) == ["OUT_OF_RANGE value"]
    assert shop.does(report(1)).changed
    assert shop.does(consume(1)).changed
    assert shop.does(set_to(0)).changed
    assert shop.level() == (0, 0)


def test_hard_and_soft_differ_in_what_is_refused_and_in_nothing_else() -> None:
    hard = till({"calls": limited(5, enforcement=HARD)})
    soft = till({"calls": limited(5, enforcement=SOFT)})
    for shop in (hard, soft):
        shop.does(report(7))

    assert not hard.does(consume()).changed
    assert soft.does(consume()).changed
    assert (hard.usage().overage, soft.usage().overage) == (2 * ONE, 3 * ONE)
