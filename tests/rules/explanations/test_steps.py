"""Explanations: sentences that say what was tested, in order, and what decided."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rules.access.decision import AccessCheck, Decision, decide, resolve_check
from rules.catalog.facts import FeatureStatus, Meter
from rules.customers.facts import CustomEntitlement, CustomEntitlementMode
from rules.explanations.steps import steps, summary
from rules.numbers import ONE
from rules.usage.counters import NOTHING_USED
from rules.usage.limits import UsageBalance
from rules.values import ResetInterval, Unit
from tests.rules.builders.catalog_builders import choices, metered, number
from tests.rules.builders.customer_builders import (
    FEATURES,
    SOFT,
    START,
    ask,
    customer,
    limited,
    published_plan,
    rate,
    revoking,
    selling,
    subscription,
    units,
)
from tests.rules.models.till import consume, till

ORDERS = replace(
    metered("orders"), name="Orders", unit=Unit(singular="order", plural="orders"), meter=Meter()
)
STARTER = published_plan(
    "starter",
    {
        "orders": limited(500, ResetInterval.MONTH),
        "regions": choices("eu", "us"),
        "storage": number(3),
        "calls": limited(10, ResetInterval.NEVER, enforcement=SOFT, overage=rate(2)),
        "seats": limited(None, ResetInterval.NEVER),
    },
)
SHOP = selling(STARTER, features=[ORDERS])
ACME = replace(customer(subscription("starter")), name="Acme")


def told(decision: Decision) -> list[str]:
    """What was found, the decisive in capitals."""
    return [step.outcome.upper() if step.decisive else step.outcome for step in steps(decision)]


def test_a_no_says_how_much_is_used_and_until_when() -> None:
    decision = ask(SHOP, ACME, "orders", used=units(412), requested=units(100))

    assert summary(decision) == (
        "Acme may not use 100 orders: 412 of 500 orders are used, and usage starts again on "
        "February 28, 2026, 09:00 (UTC)."
    )


def test_the_steps_are_what_was_looked_at_in_order_up_to_what_decided() -> None:
    decision = ask(SHOP, ACME, "orders", used=units(500), requested=units(1))

    checks = [(step.check, step.decisive) for step in steps(decision)]

    assert checks == [
        ("customer", False),
        ("archived customer", False),
        ("feature", False),
        ("status of the feature", False),
        ("kind of question", False),
        ("entitlement", False),
        ("limit", True),
    ]
    assert steps(decision)[5].outcome == "Plan starter gives 500 orders per month."


def test_nothing_is_looked_at_behind_what_denies() -> None:
    suspended = selling(STARTER, features=[replace(ORDERS, status=FeatureStatus.SUSPENDED)])

    assert told(ask(suspended, ACME, "orders"))[-1] == "THE FEATURE IS SUSPENDED."
    assert told(ask(SHOP, None, "orders")) == ["THERE IS NO CUSTOMER 'ACME'."]
    assert told(ask(SHOP, ACME, "nothing"))[2:] == ["THERE IS NO FEATURE 'NOTHING'."]


@pytest.mark.parametrize(
    ("feature", "asked", "sentence"),
    [
        ("nothing", {}, "Acme may not use 'nothing': there is no such feature."),
        ("sso", {}, "Acme may not use sso: no plan, add-on or custom entitlement gives it."),
        (
            "sso",
            {"requested": ONE},
            "Acme may not use 1 of sso: it is not metered, so no quantity can be requested.",
        ),
        ("regions", {"values": ("eu", "asia")}, "asia is not among eu, us"),
        ("regions", {"values": ("mars", "asia")}, "mars, asia are not among eu, us"),
        ("regions", {"values": ("eu",)}, "Acme may use regions (eu): plan starter gives regions: eu, us."),
        ("storage", {}, "Acme may use storage: plan starter gives storage: 3."),
        ("storage", {"values": ("eu",)}, "it is not of kind CHOICE, so no values can be requested"),
        ("seats", {"used": units(7)}, "Acme may use seats: 7 are used, without a limit."),
        ("calls", {"used": units(12)}, "12 of 10 are used; the limit is soft, and usage goes on beyond it"),
    ],
)
def test_every_reason_has_its_sentence(feature: str, asked: dict[str, object], sentence: str) -> None:
    assert sentence in summary(ask(SHOP, ACME, feature, **asked))  # type: ignore[arg-type]


def test_anyone_who_is_on_no_plan_is_told_so() -> None:
    idle = replace(customer(), name="Acme")

    assert summary(ask(SHOP, idle, "sso")) == (
        "Acme may not use sso: no subscription is in force and "
        "no plan, add-on or custom entitlement gives it."
    )


def test_a_revocation_tells_its_note() -> None:
    revoked = replace(ACME, custom=(replace(revoking("orders"), note="fraud"),))

    decision = ask(SHOP, revoked, "orders")

    assert summary(decision) == "Acme may not use Orders: a custom entitlement revokes it."
    assert told(decision)[-1] == "A CUSTOM ENTITLEMENT REVOKES IT (FRAUD)."


def test_all_that_adds_up_is_named() -> None:
    grant = CustomEntitlement(
        number=5,
        feature="orders",
        mode=CustomEntitlementMode.GRANT,
        starts_at=START,
        timezone="UTC",
        value=limited(20, ResetInterval.MONTH),
    )
    decision = ask(SHOP, replace(ACME, custom=(grant,)), "orders")

    assert "Plan starter gives 500 orders per month, a custom grant gives 20 orders per month." in (
        step.outcome for step in steps(decision)
    )


def test_a_consumption_is_explained_by_the_usage_that_it_found() -> None:
    shop = till({"calls": limited(10, ResetInterval.NEVER)})
    shop.does(consume(9))
    decision = shop.does(consume(1)).decision

    assert decision is not None
    assert isinstance(decision.usage, UsageBalance)
    assert decision.usage.used == units(10)
    assert summary(decision) == "acme may use 1 of calls: 9 of 10 are used."


def test_every_feature_of_every_kind_can_be_explained() -> None:
    for feature in FEATURES:
        for requested in (None, 0, ONE):
            for values in (None, ("eu",)):
                question = AccessCheck(
                    customer="acme", feature=feature, requested=requested, values=values, to_consume=True
                )
                subject = resolve_check(SHOP, ACME, question, START)
                decision = decide(subject, {} if subject.window is None else {subject.window: NOTHING_USED})
                assert summary(decision).endswith(".")
                assert sum(step.decisive for step in steps(decision)) == 1
