"""Series across times at which nothing meters a feature: they agree with ``used`` for every length."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rules.commands.custom_entitlements import RemoveCustomEntitlement, SetCustomEntitlement
from rules.commands.report_usage import ReportUsage
from rules.commands.subscribe import Subscribe
from rules.customers.facts import CustomEntitlementMode
from rules.numbers import ONE
from rules.usage.series import MOST_BUCKETS, Span, UsageBucket
from rules.usage.windows import idle_window
from rules.values import Reset, ResetAnchor, ResetInterval, WrittenLimit
from tests.rules.builders.lives import Life
from tests.rules.builders.seen_series import seen, shown
from tests.rules.builders.small_shop import limit, opened, plan, row, sold

HOUR, BY_DAY, BY_MONTH, PERIOD = UsageBucket
FEBRUARY, MARCH = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
GRANT, REVOKE = CustomEntitlementMode.GRANT, CustomEntitlementMode.REVOKE
REVOKED = SetCustomEntitlement(feature="calls", mode=REVOKE)
LIFTED = RemoveCustomEntitlement(feature="calls", mode=REVOKE)


def at(day: int) -> datetime:
    """An instant of March."""
    return MARCH.replace(day=day)


def reports(units: int) -> ReportUsage:
    """Calls used now, or given back."""
    return ReportUsage(feature="calls", quantity=units * ONE)


def by_the_month(units: int = 100) -> Life:
    """Somebody with calls by the month since 1 March."""
    shop = opened(sold(plan("only", of="app"), row("calls", limit(units, ResetInterval.MONTH))))
    return Life(shop=shop, now=FEBRUARY).born().comes_to(MARCH).does(Subscribe(plan="only"))


def interrupted() -> Life:
    """Somebody whose calls were revoked for three days, and who gave back later what was used before."""
    life = by_the_month().comes_to(at(3)).does(reports(100))
    life.comes_to(at(5)).does(REVOKED).comes_to(at(8)).does(LIFTED)
    return life.comes_to(at(10)).does(reports(-100)).comes_to(at(11))


def granted_by_the_calendar() -> Life:
    """Somebody who used calls without a limit, and got one by the calendar in the middle of March."""
    monthly = WrittenLimit(
        limit=100 * ONE,
        reset=Reset(every=ResetInterval.MONTH, anchor=ResetAnchor.CALENDAR),
        unlimited=False,
    )
    life = Life(now=FEBRUARY).born().comes_to(FEBRUARY.replace(day=20)).does(reports(7))
    life.comes_to(at(3)).does(reports(50)).comes_to(at(10))
    life.does(SetCustomEntitlement(feature="calls", mode=GRANT, value=monthly))
    return life.comes_to(at(12)).does(reports(-20)).comes_to(at(13))


def total(life: Life, by: UsageBucket, start: datetime = MARCH) -> int:
    """The units of a series from an instant to the present."""
    return seen(life, Span(feature="calls", start=start, end=life.present, by=by)).total // ONE


@pytest.mark.parametrize("by", UsageBucket)
def test_what_is_given_back_after_an_interruption_is_taken_from_usage_before_it(by: UsageBucket) -> None:
    life = interrupted()

    assert life.used() == 0
    assert total(life, by) == 0


def test_an_interruption_leaves_one_period() -> None:
    life = interrupted()

    assert shown(life, MARCH, at(11), PERIOD) == [(MARCH, 0, True)]
    assert [day for day, _, is_reset in shown(life, MARCH, at(11), BY_DAY) if is_reset] == [MARCH]


@pytest.mark.parametrize("by", UsageBucket)
def test_usage_before_a_grant_counts_in_its_calendar_month(by: UsageBucket) -> None:
    life = granted_by_the_calendar()

    assert life.used() == 30
    assert total(life, by) == 30
    assert total(life, by, FEBRUARY) == 37


def test_a_calendar_month_begins_before_the_grant_that_counts_by_it() -> None:
    life = granted_by_the_calendar()

    assert shown(life, FEBRUARY, life.present, PERIOD) == [(FEBRUARY, 7, False), (MARCH, 30, True)]


def test_usage_after_a_limit_that_ended_for_good_counts_apart_and_resets_nothing() -> None:
    life = by_the_month().comes_to(at(3)).does(reports(60)).comes_to(at(5)).does(REVOKED)
    revoked = life.present
    life.comes_to(at(6)).does(reports(8)).comes_to(at(7)).does(reports(-5)).comes_to(at(8))
    days = shown(life, MARCH, at(8), BY_DAY)

    assert [units for _, units, _ in days] == [0, 0, 60, 0, 0, 3, 0]
    assert [day for day, _, is_reset in days if is_reset] == [MARCH]
    (first, before, _), (second, after, is_reset) = shown(life, MARCH, at(8), PERIOD)
    assert (first, before, second <= revoked, after, is_reset) == (MARCH, 60, True, 3, False)


def test_usage_given_back_is_not_taken_from_beyond_a_limit_that_ended_within_a_day() -> None:
    # The windows end inside a day, so that the day goes on from the one before and into the one after.
    life = by_the_month().comes_to(at(3)).does(reports(60)).comes_to(at(5).replace(hour=12)).does(REVOKED)
    life.comes_to(at(6)).does(reports(8)).comes_to(at(7)).does(reports(-8))
    life.records = [record for record in life.records if record.quantity != 8 * ONE]
    life.comes_to(at(8))

    assert [total(life, by) for by in (HOUR, BY_DAY, PERIOD)] == [60, 60, 60]


def test_a_long_series_looks_once_for_the_window_of_an_interruption(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[datetime] = []

    def counted(*asked: object) -> object:
        looked.append(asked[-1])  # type: ignore[arg-type]
        return idle_window(*asked)  # type: ignore[arg-type]

    monkeypatch.setattr("rules.usage.series.idle_window", counted)
    life = by_the_month().comes_to(at(5)).does(REVOKED)
    life.comes_to(MARCH + MOST_BUCKETS * timedelta(hours=1))

    assert len(shown(life, MARCH, MARCH + MOST_BUCKETS * timedelta(hours=1), HOUR)) == MOST_BUCKETS
    assert len(looked) == 1
