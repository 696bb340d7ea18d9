from __future__ import annotations

from dataclasses import replace

import pytest

from rules.catalog.facts import Catalog, Package, PricingType
from rules.catalog_edits.packages import with_package
from rules.commands.change_plan import ChangePlan, ChangeTiming
from rules.commands.command import Command
from rules.commands.customers import ArchiveCustomer
from rules.commands.subscribe import Subscribe
from rules.commands.subscriptions import CancelSubscription
from rules.errors import Rejected
from rules.pricing.calls_to_action import CallToAction
from rules.pricing.table import PricingColumn, PricingTable
from rules.values import BillingPeriod
from tests.rules.builders.lives import Life, subscribed
from tests.rules.builders.small_shop import PACKAGES, day, opened, plan, price, sold
from tests.rules.builders.tables import MONTHLY, YEARLY, table

SUBSCRIBE, START_TRIAL, CURRENT = CallToAction.SUBSCRIBE, CallToAction.START_TRIAL, CallToAction.CURRENT
UPGRADE, DOWNGRADE = CallToAction.UPGRADE, CallToAction.DOWNGRADE
CONTACT_SALES = CallToAction.CONTACT_SALES
NOW = ChangeTiming.NOW

ENTERPRISE = replace(plan("enterprise", 5), pricing_type=PricingType.CUSTOM, default_trial_days=30)
PLANS = (*PACKAGES, sold(ENTERPRISE))

BASIC = Subscribe(plan="basic", price="monthly")
PRO = Subscribe(plan="pro", price="monthly", trial_days=0)


def shop(*more: Package) -> Catalog:
    """The small shop, which also sells by talking."""
    return opened(*PLANS, *more)


def looked_at(life: Life, billing: BillingPeriod | None = None) -> PricingTable:
    """What the customer of a life is shown."""
    return table(life.shop, billing, customer=life.customer)


def actions(shown: PricingTable) -> dict[str, CallToAction]:
    return {column.plan.key: column.call_to_action for column in shown.columns}


def current(shown: PricingTable) -> list[str]:
    return [column.plan.key for column in shown.columns if column.is_current]


def after(*acts: Command) -> Life:
    """A life in which these acts happened a while ago."""
    return Life(shop=shop()).born().does(*acts).comes_to(day(3, 1))


def test_anybody_may_subscribe_try_or_talk() -> None:
    shown = table(shop())

    assert actions(shown) == {
        "free": SUBSCRIBE,
        "basic": SUBSCRIBE,
        "pro": START_TRIAL,
        "team": SUBSCRIBE,
        "euro": SUBSCRIBE,
        "enterprise": CONTACT_SALES,
    }
    assert current(shown) == []
    assert [column.trial_days for column in shown.columns] == [0, 0, 14, 0, 0, 0]


def test_a_customer_without_a_plan_is_shown_what_anybody_is() -> None:
    assert looked_at(after()) == table(shop())


def test_a_trial_is_offered_once() -> None:
    life = after(Subscribe(plan="basic", price="monthly", trial_days=7), CancelSubscription(timing=NOW))
    shown = looked_at(life)

    assert actions(shown)["pro"] is SUBSCRIBE
    assert {column.trial_days for column in shown.columns} == {0}
    assert shown.version != table(shop()).version


def test_a_customer_sees_where_they_are_and_where_they_could_go() -> None:
    shown = looked_at(after(BASIC))

    assert actions(shown) == {
        "free": DOWNGRADE,
        "basic": CURRENT,
        "pro": UPGRADE,
        "team": UPGRADE,
        "euro": UPGRADE,
        "enterprise": CONTACT_SALES,
    }
    assert current(shown) == ["basic"]


def test_a_plan_that_sales_gave_is_current_too() -> None:
    shown = looked_at(after(Subscribe(plan="enterprise")))

    assert actions(shown)["enterprise"] is CURRENT
    assert current(shown) == ["enterprise"]


def test_a_subscription_that_is_to_begin_is_current() -> None:
    life = after(replace(PRO, start_at=day(6, 1)))

    assert current(looked_at(life)) == ["pro"]
    assert actions(looked_at(life))["basic"] is DOWNGRADE


@pytest.mark.parametrize(
    "end", [CancelSubscription(timing=NOW), ArchiveCustomer()], ids=["canceled", "archived"]
)
def test_what_has_ended_is_not_current(end: Command) -> None:
    shown = looked_at(after(BASIC, end))

    assert current(shown) == []
    assert actions(shown)["basic"] is SUBSCRIBE


def test_a_scheduled_change_is_not_current_yet() -> None:
    life = after(replace(PRO, price="yearly"), ChangePlan(plan="basic", price="yearly"))

    assert current(looked_at(life)) == ["pro"]
    assert actions(looked_at(life))["basic"] is DOWNGRADE


def test_anyone_who_is_on_a_plan_that_is_no_longer_on_sale_is_compared_with_it() -> None:
    life = after(PRO)
    legacy = replace(life.shop.packages["pro"], visible=False)  # type: ignore[call-arg]
    life.shop = with_package(life.shop, legacy)
    shown = looked_at(life)

    assert current(shown) == []
    assert actions(shown)["basic"] is DOWNGRADE


@pytest.mark.parametrize(
    ("start", "billing", "action"),
    [
        ("monthly", MONTHLY, CURRENT),
        ("monthly", YEARLY, UPGRADE),
        ("monthly", None, CURRENT),
        ("yearly", MONTHLY, DOWNGRADE),
        ("yearly", YEARLY, CURRENT),
    ],
)
def test_another_billing_period_of_the_current_plan_is_a_change(
    start: str, billing: BillingPeriod | None, action: CallToAction
) -> None:
    shown = looked_at(after(replace(BASIC, price=start)), billing)

    assert actions(shown)["basic"] is action
    assert current(shown) == ["basic"]


def test_a_current_plan_that_is_not_sold_in_the_period_asked_for_stays_current() -> None:
    assert actions(looked_at(after(Subscribe(plan="team")), YEARLY))["team"] is CURRENT


def test_another_currency_of_the_current_plan_is_no_change() -> None:
    prices = [price("usd", 10), price("eur", 9, currency="EUR")]
    both = sold(plan("both", 9), prices=prices)
    life = subscribed(Subscribe(plan="both", price="usd"), shop=shop(both))
    (shown,) = [
        column
        for column in table(life.shop, MONTHLY, "EUR", customer=life.customer).columns
        if column.plan.key == "both"
    ]

    assert shown.call_to_action is CURRENT


@pytest.mark.parametrize("billing", [None, MONTHLY, YEARLY])
@pytest.mark.parametrize(
    "start",
    [
        Subscribe(plan="free"),
        BASIC,
        replace(BASIC, price="yearly"),
        replace(BASIC, trial_days=90),
        PRO,
        replace(PRO, price="yearly"),
        Subscribe(plan="team"),
        Subscribe(plan="euro"),
    ],
    ids=lambda start: f"{start.plan}-{start.price}-{start.trial_days}",
)
def test_changing_plan_does_what_the_table_says(start: Subscribe, billing: BillingPeriod | None) -> None:
    for column in looked_at(after(start), billing).columns:
        if column.plan.pricing_type is not PricingType.CUSTOM and len(column.prices) <= 1:
            assert column.call_to_action is what_changing_does(after(start), column), column.plan.key


def what_changing_does(life: Life, column: PricingColumn) -> CallToAction:
    """The call to action that fits what a change to the column's price does."""
    price = column.prices[0].key if column.prices else None
    prices = column.plan.shown.prices
    on_it = column.plan.key == life.subscription.term(life.now).plan
    if price is None and (on_it or len(prices) > 1):
        price = life.subscription.term(life.now).price if on_it else prices[0].key
    try:
        life.does(ChangePlan(plan=column.plan.key, price=price))
    except Rejected:
        return CURRENT
    changed = life.subscription.term(life.next_act_at)
    target = (column.plan.key, price or (prices[0].key if prices else None))
    return UPGRADE if (changed.plan, changed.price) == target else DOWNGRADE
