"""In which window usage counts: cut at the next reset, and judged apart where no plan is in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rules.catalog.facts import Aggregation, Meter, Package
from rules.commands.change_plan import ChangePlan, ChangeTiming, UsageOnChange
from rules.commands.consume import Consume
from rules.commands.custom_entitlements import RemoveCustomEntitlement, SetCustomEntitlement
from rules.commands.ingest_event import IngestEvent
from rules.commands.report_usage import ReportUsage, UsageMode
from rules.commands.reserve import Reserve
from rules.commands.subscribe import Subscribe
from rules.commands.subscriptions import CancelSubscription, ConvertTrial
from rules.customers.facts import CustomEntitlementMode
from rules.explanations.remedies import RemedyKind, candidates, remedies, windows_needed
from rules.explanations.steps import summary
from rules.numbers import ONE
from rules.values import Metered, Reset, ResetInterval, WrittenLimit
from tests.rules.builders.small_shop import calendar, limit, plan, row, sold
from tests.rules.commands.test_usage_charges import of_calls, uses
from tests.rules.models.wallets import IMAGES, Wallet, selling_credits, wallet

MONTH, DAILY, NEVER = ResetInterval.MONTH, ResetInterval.DAY, ResetInterval.NEVER
MARCH = datetime(2026, 3, 1, tzinfo=UTC)
SECOND = MARCH.replace(day=2)
NOON, BEFORE = MARCH.replace(hour=12), MARCH.replace(hour=23)
OUT = ["OUT_OF_RANGE value"]


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    """An instant of March."""
    return MARCH.replace(day=day, hour=hour, minute=minute)


def giving(key: str, value: Metered, *, burning: bool = True, of: str = "app") -> Package:
    """A plan with a limit of calls, beyond which credits pay unless a test says otherwise."""
    package = sold(plan(key, of=of), row("calls", value))
    return replace(package, draft=replace(package.newest, rates=(IMAGES,) if burning else ()))


def on_trial(units: int, days: int = 1, *, burning: bool = True, value: Metered | None = None) -> Wallet:
    """A customer with so many calls a month, on trial from 1 March on; there is another plan like it."""
    found = value or limit(units, MONTH)
    plans = [giving(key, found, burning=burning) for key in ("only", "other")]
    return wallet(Subscribe(plan="only", trial_days=days), shop=selling_credits(*plans), at=MARCH)


def recorded(life: Wallet, act: ReportUsage) -> int:
    """What a report adds, in units."""
    return life.tries(act).outcome["recorded"] // ONE


def test_late_usage_of_a_trial_is_judged_by_the_trial_alone() -> None:
    life = on_trial(1)
    life.gets(9)
    life.comes_to(at(2, 1)).does(of_calls(1), of_calls(1, at=NOON))

    assert life.available == 9
    assert (life.used(at=at(2) - timedelta.resolution), life.used()) == (1, 1)


def test_no_more_is_given_back_than_was_used_before_the_reset() -> None:
    life = on_trial(10, burning=False).comes_to(at(2, 1)).does(of_calls(1))

    assert life.refuses(of_calls(-1, at=NOON)) == OUT
    assert life.used(at=NOON) == 0


def test_usage_a_little_ahead_of_the_clock_counts_after_the_conversion_that_comes_first() -> None:
    life = wallet(
        Subscribe(plan="only", trial_days=1),
        shop=selling_credits(giving("only", limit(10, MONTH), burning=False)),
        at=NOON,
    )
    life.comes_to(at(2, 11, 58)).does(of_calls(10, at=at(2, 12, 1)))

    assert (life.used(), life.asks("calls", requested=10).allowed) == (0, True)
    life.comes_to(at(2, 12, 2))
    assert (life.used(), life.asks("calls", requested=1).allowed) == (10, False)


def counted_by(aggregation: Aggregation) -> Wallet:
    """A customer on trial whose calls are counted otherwise than by a sum."""
    life = on_trial(100, burning=False)
    meter = Meter(aggregation=aggregation, event_name="call", property="it")
    calls = replace(life.shop.features["calls"], meter=meter)
    life.shop = replace(life.shop, features={**life.shop.features, "calls": calls})
    return life


def test_a_maximum_of_a_trial_is_not_hidden_by_one_after_it() -> None:
    life = counted_by(Aggregation.MAX).comes_to(NOON).does(of_calls(5)).comes_to(at(2, 1)).does(of_calls(98))

    assert recorded(life, of_calls(10, at=NOON)) == 5


def test_values_of_a_trial_are_counted_once_in_it_and_once_after_it() -> None:
    life = counted_by(Aggregation.UNIQUE).comes_to(at(2, 1))
    ada = replace(of_calls(1), properties={"it": "ada"})

    assert [recorded(life, one) for one in (ada, ada, replace(ada, occurred_at=NOON))] == [1, 0, 1]
    assert recorded(life, replace(ada, occurred_at=NOON)) == 0


def test_late_events_are_judged_by_the_period_in_which_they_occurred() -> None:
    life = on_trial(1)
    life.shop = replace(
        life.shop,
        features={
            **life.shop.features,
            "calls": replace(life.shop.features["calls"], meter=Meter(event_name="call")),
        },
    )
    life.gets(9)
    life.comes_to(at(2, 1)).does(IngestEvent(id="1", name="call"))
    life.does(IngestEvent(id="2", name="call", occurred_at=NOON))
    assert life.available == 9

    assert life.does(IngestEvent(id="3", name="call", occurred_at=NOON)).available == 8


def ends_trial(life: Wallet) -> Wallet:
    """Convert before the trial is over."""
    return life.does(ConvertTrial())


def changes_plan(life: Wallet) -> Wallet:
    """Change to another plan, with usage at zero."""
    return life.does(ChangePlan(plan="other", timing=ChangeTiming.NOW))


def comes_again(life: Wallet) -> Wallet:
    """Cancel, and subscribe to another plan."""
    return life.does(CancelSubscription(timing=ChangeTiming.NOW), Subscribe(plan="other", trial_days=0))


def comes_again_later(life: Wallet) -> Wallet:
    """Cancel for an instant, and subscribe an hour after it."""
    life.does(CancelSubscription(at=at(3)))
    return life.comes_to(at(3, 1)).does(Subscribe(plan="other", trial_days=0))


def is_published_by_the_day(life: Wallet) -> Wallet:
    """The plan counts by days from now on, midnight."""
    life.comes_to(at(3))
    life.redraws("only", row("calls", limit(10, DAILY)))
    return life.does(ReportUsage(feature="exports", quantity=ONE))


@pytest.mark.parametrize(
    "anew", [ends_trial, changes_plan, comes_again, comes_again_later, is_published_by_the_day]
)
@pytest.mark.parametrize("value", [limit(10, MONTH), calendar(10), limit(10, ResetInterval.YEAR), limit(10)])
def test_usage_before_and_after_a_reset_is_kept_apart(value: Metered, anew: object) -> None:
    life = on_trial(10, days=20, value=value)
    life.gets(100)
    anew(life.comes_to(at(2)))  # type: ignore[operator]
    life.comes_to(at(3, 12)).does(of_calls(8), of_calls(8, at=NOON))
    assert (life.used(), life.used(at=BEFORE), life.available) == (8, 8, 100)

    life.does(of_calls(3, at=NOON))
    assert life.available == 99
    assert life.refuses(of_calls(-12, at=NOON)) == OUT
    life.does(of_calls(-11, at=NOON))
    assert (life.used(), life.used(at=BEFORE), life.available) == (8, 0, 100)


def test_a_change_that_carries_usage_tells_nothing_apart() -> None:
    life = on_trial(10, days=0)
    life.gets(100)
    life.comes_to(at(2)).does(
        ChangePlan(plan="other", timing=ChangeTiming.NOW, usage=UsageOnChange.CARRY), of_calls(8)
    )
    life.does(of_calls(8, at=NOON))

    assert (life.used(), life.available) == (16, 94)


def test_a_scheduled_change_that_resets_is_known_before_it_comes() -> None:
    life = on_trial(10, days=0, value=limit(10, ResetInterval.YEAR))
    life.comes_to(at(20)).does(ChangePlan(plan="other", timing=ChangeTiming.PERIOD_END))
    april = MARCH.replace(month=4)
    life.comes_to(april - timedelta(minutes=2)).does(
        of_calls(4), of_calls(6, at=april + timedelta(minutes=1))
    )
    usage = life.asks("calls").usage
    assert usage is not None

    assert (life.used(), usage.metering.period.end) == (4, MARCH.replace(year=2027))
    assert life.comes_to(april + timedelta(minutes=2)).used() == 6


def test_usage_ahead_of_a_known_end_is_of_no_period() -> None:
    life = on_trial(10, days=0).comes_to(at(2)).does(CancelSubscription(at=at(3)))
    life.comes_to(at(3) - timedelta(minutes=2)).does(of_calls(4), of_calls(6, at=at(3)))

    assert life.used() == 4
    assert life.asks("calls").valid_until == at(3)


def test_an_older_subscription_that_ends_leaves_usage_to_the_one_that_goes_on() -> None:
    plans = giving("only", limit(10, MONTH)), giving("desk", limit(5, MONTH), of="desk")
    life = wallet(Subscribe(plan="only"), Subscribe(plan="desk"), shop=selling_credits(*plans), at=MARCH)
    life.gets(100)
    life.comes_to(at(5)).does(CancelSubscription(timing=ChangeTiming.NOW, product="app"), of_calls(5))
    life.does(of_calls(15, at=NOON))

    # Both limits held at noon, and all of it counts in the period of the one that goes on.
    assert (life.used(), life.limit(), life.available) == (20, 5, 100)
    assert life.does(of_calls(1, at=NOON)).available == 99


def test_a_limit_that_is_revoked_for_a_while_goes_on_afterwards() -> None:
    life = on_trial(10, days=0)
    life.gets(100)
    life.comes_to(at(2)).does(SetCustomEntitlement(feature="calls", mode=CustomEntitlementMode.REVOKE))
    life.comes_to(at(3)).does(of_calls(2)).comes_to(at(4))
    life.does(RemoveCustomEntitlement(feature="calls"), of_calls(8))
    assert (life.used(), life.available) == (10, 100)

    assert life.does(of_calls(5, at=NOON)).available == 95
    assert life.refuses(of_calls(-16, at=at(2, 12))) == OUT


def test_an_override_that_counts_otherwise_tells_usage_apart() -> None:
    daily = WrittenLimit(limit=10 * ONE, reset=Reset(every=DAILY), unlimited=False)
    life = on_trial(10, days=0)
    life.gets(100)
    over = SetCustomEntitlement(feature="calls", mode=CustomEntitlementMode.OVERRIDE, value=daily)
    life.comes_to(at(3)).does(over).comes_to(at(4)).does(of_calls(8)).does(of_calls(8, at=NOON))

    assert (life.used(), life.available) == (8, 100)


def test_what_is_held_counts_with_usage_of_its_period_only() -> None:
    life = on_trial(10)
    life.gets(100)
    life.comes_to(at(2, 1)).does(Reserve(feature="calls", quantity=9 * ONE, key="hold"))

    assert life.does(of_calls(10, at=NOON)).available == 100
    assert life.does(of_calls(2)).available == 99


# Where no plan is in force


def test_before_the_first_plan_nothing_can_be_given_back_that_was_used_on_it() -> None:
    life = on_trial(10, days=0, burning=False).does(of_calls(5))

    assert life.refuses(of_calls(-1, at=datetime(2026, 2, 1, tzinfo=UTC))) == OUT


def test_after_the_last_plan_nothing_can_be_given_back_that_was_used_on_it() -> None:
    life = on_trial(10, days=0).does(of_calls(5)).comes_to(at(2))
    life.does(CancelSubscription(timing=ChangeTiming.NOW), of_calls(3))

    assert life.refuses(of_calls(-4)) == OUT
    life.does(of_calls(2, mode=UsageMode.SET), of_calls(-2))
    assert life.refuses(of_calls(-1)) == OUT


def test_what_nothing_resets_is_given_back_whenever_it_was_used() -> None:
    life = on_trial(10, days=0, value=limit(10, NEVER)).does(of_calls(5)).comes_to(at(2))
    life.does(CancelSubscription(timing=ChangeTiming.NOW), of_calls(2, mode=UsageMode.SET))
    life.does(Subscribe(plan="other"))

    assert life.used() == 2


def test_usage_that_was_set_before_a_plan_began_in_the_past_takes_nothing_from_it() -> None:
    shop = selling_credits(giving("only", limit(100, MONTH), burning=False))
    life = wallet(shop=shop, at=datetime(2026, 2, 10, tzinfo=UTC)).does(of_calls(80))
    life.comes_to(at(5)).does(of_calls(10, mode=UsageMode.SET), Subscribe(plan="only", start_at=MARCH))
    usage = life.asks("calls").usage
    assert usage is not None
    assert (usage.used, usage.remaining) == (0, 100 * ONE)

    assert not life.tries(uses(170)).changed
    assert life.tries(uses(100)).changed
    assert (life.used(), life.tries(uses(1)).changed) == (100, False)


@pytest.mark.parametrize("then", [limit(10, DAILY), limit(10, ResetInterval.HOUR)])
def test_what_a_publish_leaves_of_usage_given_back_is_not_below_zero(then: Metered) -> None:
    life = on_trial(10, days=0, burning=False).does(of_calls(8)).comes_to(at(5, 1)).does(of_calls(-8))
    life.redraws("only", row("calls", then))
    assert (life.used(), life.used(at=NOON)) == (0, 8)

    assert life.does(of_calls(4)).used() == 4
    assert not life.tries(Consume(feature="calls", quantity=7 * ONE)).changed
    assert life.does(of_calls(-4)).used() == 0
    assert life.refuses(of_calls(-1)) == OUT


def test_usage_given_back_before_it_occurred_shows_nothing_until_then() -> None:
    life = on_trial(10, days=0).comes_to(at(5)).does(of_calls(5), of_calls(-5, at=NOON))

    assert [life.used(at=then) for then in (NOON, at(4), at(5), at(6))] == [0, 0, 0, 0]


# What is said about it


def test_an_explanation_and_a_remedy_name_the_conversion_at_which_usage_starts_again() -> None:
    life = on_trial(10, burning=False).does(of_calls(10))
    decision = life.asks("calls")
    assert "usage starts again on March 2, 2026" in summary(decision)

    (wait,) = told(life, [RemedyKind.WAIT_FOR_RESET])
    assert wait == SECOND
    assert decision.usage is not None
    assert decision.usage.metering.period.end == MARCH.replace(month=4)


def told(life: Wallet, kinds: Sequence[RemedyKind]) -> list[datetime | None]:
    """When the remedies of some kinds help."""
    found = candidates(life.asks("calls"), present=True)
    tallies = {window: life.tally(window) for window in windows_needed(found)}
    return [remedy.at for remedy in remedies(found, tallies, []) if remedy.kind in kinds]
