from __future__ import annotations

from dataclasses import replace

import pytest

from rules.catalog.facts import Aggregation, Meter, Row, Widget
from rules.catalog_code.writer import Entry
from rules.numbers import ONE
from rules.values import (
    ConfigKind,
    CreditCadence,
    Credits,
    LimitEnforcement,
    Metered,
    Money,
    Object,
    OverageRate,
    Reset,
    ResetAnchor,
    ResetInterval,
    Value,
    Weekday,
)
from tests.rules.builders.catalog_builders import (
    GRANTED,
    REVOKED,
    catalog,
    choices,
    config,
    credit,
    limit,
    metered,
    number,
    plan,
    published,
    row,
    text,
)
from tests.rules.builders.papers import SUBJECTS, plan_entry


def row_entry(said: Row) -> Entry:
    """What a document says of a row."""
    (entry,) = plan_entry(catalog(*SUBJECTS, plan("pro", said)))["entitlements"]
    return dict(entry)


@pytest.mark.parametrize(
    ("key", "value", "entry"),
    [
        ("sso", GRANTED, {}),
        ("sso", REVOKED, {"revoked": True}),
        ("seats", limit(5), {"metered": {"limit": 5}}),
        ("seats", limit(None), {"metered": {"unlimited": True}}),
        ("seats", limit(0), {"metered": {"limit": 0}}),
        ("projects", number(-2), {"config": {"number": -2}}),
        ("support", text("by mail"), {"config": {"text": "by mail"}}),
        ("regions", choices("us"), {"config": {"choices": ["us"]}}),
        ("storage", Object(object={"b": [1], "a": None}), {"config": {"object": {"a": None, "b": [1]}}}),
        ("ai", credit(100), {"credit": {"amount": 100}}),
    ],
)
def test_a_value_stands_in_the_field_of_its_kind_without_its_defaults(
    key: str, value: Value, entry: Entry
) -> None:
    assert row_entry(row(key, value)) == {"key": key, **entry}


def test_all_of_a_limit_is_written_where_it_is_not_usual() -> None:
    reset = Reset(every=ResetInterval.WEEK, count=2, anchor=ResetAnchor.CALENDAR, weekday=Weekday.SUNDAY)
    overage = OverageRate(amount=Money(amount=ONE // 10, currency="EUR"), per_units=1_000 * ONE)
    value = Metered(limit=1, enforcement=LimitEnforcement.SOFT, reset=reset, overage=overage)

    assert row_entry(row("seats", value))["metered"] == {
        "limit": "0.000001",
        "enforcement": "SOFT",
        "reset": {"every": "WEEK", "count": 2, "anchor": "CALENDAR", "weekday": "SUNDAY"},
        "overage": {"amount": {"amount": "0.1", "currency": "EUR"}, "perUnits": 1_000},
    }


def test_all_of_credits_is_written_where_it_is_not_usual() -> None:
    value = Credits(amount=ONE // 2, cadence=CreditCadence.YEARLY, rollover_limit=3 * ONE)

    assert row_entry(row("ai", value))["credit"] == {"amount": "0.5", "cadence": "YEARLY", "rolloverLimit": 3}


def test_a_reset_is_left_out_where_the_feature_has_it_anyhow() -> None:
    gauge = replace(metered("seats"), meter=Meter(aggregation=Aggregation.LATEST))
    never = Metered(limit=ONE, reset=Reset(every=ResetInterval.NEVER))
    shop = catalog(gauge, metered("calls"), plan("pro", row("seats", never), row("calls", never)))

    seats, calls = plan_entry(shop)["entitlements"]

    assert seats["metered"] == {"limit": 1}
    assert calls["metered"] == {"limit": 1, "reset": {"every": "NEVER"}}


def test_a_row_has_its_price_its_text_and_where_it_is_hidden() -> None:
    said = replace(
        row("seats", limit(5), "monthly"),
        display_text="Five chairs",
        hidden_from=(Widget.CUSTOMER_PORTAL, Widget.PRICING_TABLE),
    )

    assert row_entry(said) == {
        "key": "seats",
        "price": "monthly",
        "metered": {"limit": 5},
        "displayText": "Five chairs",
        "hiddenFrom": ["PRICING_TABLE", "CUSTOMER_PORTAL"],
    }


def test_a_boolean_row_that_waits_under_an_inherited_one_is_in_it() -> None:
    shop = catalog(*SUBJECTS, plan("free", row("sso")), plan("pro", row("sso"), base="free"))

    assert plan_entry(published(shop, "free", "pro"))["entitlements"] == [{"key": "sso"}]


def test_choices_stand_in_the_order_of_their_feature() -> None:
    turned = replace(config("regions", ConfigKind.CHOICE, "eu", "us"), choices=("us", "eu"))
    shop = catalog(turned, plan("pro", row("regions", choices("eu", "us"))))

    assert plan_entry(shop)["entitlements"][0]["config"] == {"choices": ["us", "eu"]}
