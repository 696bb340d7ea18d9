from __future__ import annotations

from dataclasses import replace

import pytest

from rules.catalog.facts import Content, Plan, PublishScope, Row
from rules.catalog.inheritance import ResolvedCatalog
from rules.customers.effective import (
    NOTHING,
    EffectiveEntitlement,
    SourceKind,
    effective_entitlement,
    features_in_effect,
)
from rules.customers.facts import Customer
from rules.customers.terms import billing_period, version_in_force
from rules.values import (
    BillingPeriod,
    Choices,
    Credits,
    Granted,
    Revoked,
)
from tests.rules.builders.customer_builders import (
    DAY,
    FEATURES,
    INSTANT,
    START,
    content,
    customer,
    limited,
    published_plan,
    republished,
    selling,
    subscription,
    units,
    winners,
)

ALL, NEW = PublishScope.ALL_CUSTOMERS, PublishScope.NEW_CUSTOMERS

MONTHLY, YEARLY = BillingPeriod.MONTHLY, BillingPeriod.YEARLY


def has(flat: ResolvedCatalog, customer: Customer, feature: str) -> EffectiveEntitlement:
    """What a customer has of a feature when subscriptions start."""
    return effective_entitlement(flat, customer, FEATURES[feature], START)


# What speaks


def test_the_row_of_the_plan_applies() -> None:
    acme = customer(subscription())

    found = has(selling(published_plan("basic", {"calls": limited(10)})), acme, "calls")

    assert found.value == limited(10)
    (source,) = found.sources
    assert (source.kind, source.subscription) == (SourceKind.PLAN, acme.subscriptions[0])
    assert source.row is not None
    assert (source.row.resolved.row.value, source.value, source.winning) == (limited(10), limited(10), True)


def test_nothing_applies_where_the_plan_has_no_row() -> None:
    flat = selling(published_plan("basic", {"calls": limited(10)}))

    assert has(flat, customer(subscription()), "sso") == NOTHING


def test_nothing_applies_without_a_subscription_in_force() -> None:
    flat = selling(published_plan("basic", {"sso": Granted()}))

    assert has(flat, customer(), "sso") == NOTHING
    assert has(flat, customer(subscription(started_at=START + INSTANT)), "sso") == NOTHING


def test_an_inherited_row_applies_as_one_of_the_plans_own() -> None:
    pro = republished(
        Plan(key="pro", name="Pro", product="app"),
        content({"calls": limited(50)}, base="basic"),
        base_version=1,
    )
    flat = selling(published_plan("basic", {"sso": Granted(), "calls": limited(10)}), pro)
    acme = customer(subscription("pro"))

    assert has(flat, acme, "sso").value == Granted()
    assert has(flat, acme, "calls").value == limited(50)


def test_a_revocation_does_not_speak() -> None:
    pro = republished(
        Plan(key="pro", name="Pro", product="app"), content({"sso": Revoked()}, base="basic"), base_version=1
    )
    flat = selling(
        published_plan("basic", {"sso": Granted()}),
        pro,
        published_plan("mail", {"sso": Granted()}, product="mail"),
    )

    assert has(flat, customer(subscription("pro")), "sso") == NOTHING
    mail = subscription("mail", number=2, product="mail")
    assert winners(has(flat, customer(subscription("pro"), mail), "sso")) == ["mail"]


@pytest.mark.parametrize(("price", "limit"), [("yearly", 100), ("monthly", 10), (None, 10)])
def test_a_price_linked_row_holds_for_subscriptions_on_that_price_and_wins_over_the_unlinked_one(
    price: str | None, limit: int
) -> None:
    linked = Row(key="calls", value=limited(100), price="yearly")
    prices = {"monthly": MONTHLY, "yearly": YEARLY}
    flat = selling(published_plan("basic", content({"calls": limited(10)}, linked, prices=prices)))

    assert has(flat, customer(subscription(price=price)), "calls").value == limited(limit)


def test_a_price_linked_row_holds_for_that_very_plan_only() -> None:
    linked = Row(key="sso", value=Granted(), price="yearly")
    prices = {"yearly": YEARLY}
    pro = republished(
        Plan(key="pro", name="Pro", product="app"), content({}, base="basic", prices=prices), base_version=1
    )
    flat = selling(published_plan("basic", content({}, linked, prices=prices)), pro)

    assert has(flat, customer(subscription("basic", price="yearly")), "sso").value == Granted()
    assert has(flat, customer(subscription("pro", price="yearly")), "sso") == NOTHING


def test_customers_see_the_published_version_until_the_draft_is_published() -> None:
    drafted = replace(published_plan("basic", {"calls": limited(10)}), draft=content({"calls": limited(99)}))

    assert has(selling(drafted), customer(subscription()), "calls").value == limited(10)


def test_an_archived_plan_goes_on_giving_to_those_who_are_on_it() -> None:
    archived = replace(published_plan("basic", {"calls": limited(10)}), archived=True)

    assert has(selling(archived), customer(subscription()), "calls").value == limited(10)


def test_the_features_that_are_spoken_of_are_each_named_once() -> None:
    flat = selling(
        published_plan("basic", {"calls": limited(1), "sso": Granted(), "storage": Revoked()}),
        published_plan("mail", {"sso": Granted(), "seats": limited(1)}, product="mail"),
        published_plan("chat", {"regions": Choices(choices=("eu",))}, product="chat"),
    )
    mail = subscription("mail", number=2, product="mail")
    chat = subscription("chat", number=3, product="chat", started_at=START + INSTANT)

    assert features_in_effect(flat, customer(mail, subscription(), chat), START) == ["calls", "sso", "seats"]


def test_credits_are_no_feature_and_are_not_spoken_of_as_one() -> None:
    flat = selling(published_plan("basic", {"ai-credits": Credits(amount=units(5)), "sso": Granted()}))

    assert features_in_effect(flat, customer(subscription()), START) == ["sso"]


# Which version is in force

PUBLISHES = [
    ("nothing was published since", [], 1),
    ("ALL_CUSTOMERS holds for everyone", [(ALL, False)], 2),
    ("NEW_CUSTOMERS leaves subscriptions where they are", [(NEW, False)], 1),
    ("a later ALL_CUSTOMERS holds for those grandfathered too", [(NEW, False), (ALL, False)], 3),
    ("a NEW_CUSTOMERS one never moves back either", [(ALL, False), (NEW, False)], 2),
    ("a cascade moves from the version just before", [(ALL, True)], 2),
    ("one cascade after the other moves on", [(ALL, True), (ALL, True)], 3),
    ("a cascade leaves who is grandfathered", [(NEW, False), (ALL, True)], 1),
    ("a cascade for NEW_CUSTOMERS moves nobody", [(NEW, True)], 1),
    ("a cascade grandfathers like a publish", [(NEW, True), (ALL, True)], 1),
    ("a publish of the package itself ends it", [(NEW, False), (ALL, True), (ALL, False)], 4),
    ("after which a cascade moves again", [(NEW, False), (ALL, False), (ALL, True)], 4),
]


@pytest.mark.parametrize(
    ("publishes", "number"), [pytest.param(publishes, n, id=case) for case, publishes, n in PUBLISHES]
)
def test_taking_the_versions_in_order_a_publish_moves_a_subscription_or_leaves_it(
    publishes: list[tuple[PublishScope, bool]], number: int
) -> None:
    sold = published_plan("basic", {"calls": limited(1)})
    for scope, cascaded in publishes:
        rows = {"calls": limited(len(sold.versions) + 1)}
        sold = republished(sold, rows, scope=scope, cascaded=cascaded)
    flat = selling(sold)

    assert version_in_force(flat.catalog, subscription(), START) == number
    assert has(flat, customer(subscription()), "calls").value == limited(number)


def test_the_versions_are_taken_from_the_one_it_was_put_on() -> None:
    sold = published_plan("basic", {"calls": limited(1)})
    for limit in (2, 3):
        sold = republished(sold, {"calls": limited(limit)}, scope=NEW)
    sold = republished(sold, {"calls": limited(4)}, cascaded=True)
    flat = selling(sold)

    in_force = [
        version_in_force(flat.catalog, subscription(version=put_on), START) for put_on in (1, 2, 3, 4)
    ]

    assert in_force == [1, 2, 4, 4]


def test_a_version_holds_from_the_instant_at_which_it_was_published() -> None:
    sold = republished(
        published_plan("basic", {"calls": limited(10)}), {"calls": limited(20)}, at=START + DAY
    )
    flat, acme = selling(sold), customer(subscription())

    before = effective_entitlement(flat, acme, FEATURES["calls"], START + DAY - INSTANT)
    after = effective_entitlement(flat, acme, FEATURES["calls"], START + DAY)

    assert (before.value, after.value) == (limited(10), limited(20))


# The price


def priced(prices: dict[str, BillingPeriod]) -> Content:
    """A version that says nothing but what it costs."""
    return content({}, prices=prices)


def test_a_subscriptions_price_is_the_one_of_that_key_in_the_version_it_is_on() -> None:
    sold = published_plan("basic", priced({"paid": MONTHLY, "other": MONTHLY}))
    sold = republished(sold, priced({"paid": YEARLY, "other": MONTHLY}), scope=NEW)
    catalog = selling(sold).catalog

    assert billing_period(catalog, subscription(price="paid", version=1), START) is MONTHLY
    assert billing_period(catalog, subscription(price="paid", version=2), START) is YEARLY


def test_a_price_that_the_version_lacks_is_that_of_the_last_version_that_had_it() -> None:
    sold = published_plan("basic", priced({"paid": MONTHLY}))
    for prices in ({"paid": YEARLY}, {}, {"other": MONTHLY}):
        sold = republished(sold, priced(prices))
    catalog = selling(sold).catalog

    assert billing_period(catalog, subscription(price="paid"), START) is YEARLY


def test_a_subscription_without_a_price_has_no_billing_period() -> None:
    catalog = selling(published_plan("basic", priced({"paid": YEARLY}))).catalog

    assert billing_period(catalog, subscription(), START) is None
