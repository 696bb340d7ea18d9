from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given

from rules.catalog.facts import Catalog, Feature, Price, Row, Widget
from rules.catalog.inheritance import ResolvedCatalog
from rules.catalog_code.diff import CatalogDifference, ChangeKind, path_of
from rules.catalog_code.version_diff import draft_changes, version_changes
from rules.catalog_edits.credit_rates import RateEdit, set_credit_rate
from rules.catalog_edits.drafts import remove_entitlement, remove_price, reorder_entitlements, set_price
from rules.catalog_edits.packages import set_base_plan, with_draft
from rules.catalog_edits.publishing import publish
from rules.errors import Rejected
from rules.numbers import ONE
from rules.values import (
    BillingPeriod,
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
    Unit,
    Value,
    Weekday,
)
from tests.rules.builders.catalog_builders import (
    GRANTED,
    NOW,
    catalog,
    choices,
    config,
    credit_type,
    edit,
    edited,
    feature,
    limit,
    metered,
    number,
    plan,
    price,
    published,
    revocation,
    row,
    text,
    written,
)
from tests.rules.builders.histories import histories

SEATS = replace(metered("seats"), name="Seats", unit=Unit(singular="seat", plural="seats"))
FEATURES: tuple[Feature, ...] = (
    SEATS,
    replace(feature("sso"), name="Single sign-on"),
    replace(config("regions", ConfigKind.CHOICE, "EU", "US"), name="Regions"),
    replace(config("projects"), name="Projects"),
    replace(config("support", ConfigKind.TEXT), name="Support"),
    replace(config("storage", ConfigKind.OBJECT), name="Storage"),
)
RATE = RateEdit(package="pro", feature="seats", credit_type="ai", credits=5 * ONE, per_units=1_000 * ONE)


def shop_of(*rows: Row, prices: tuple[Price, ...] = ()) -> Catalog:
    """A catalog in which the plan Pro says this, published."""
    pro = replace(plan("pro", *rows, prices=prices), name="Pro")
    free = replace(plan("free", row("seats", limit(1))), name="Free")
    return published(catalog(*FEATURES, credit_type("ai"), free, pro), "free", "pro")


def drafted(shop: Catalog, key: str = "pro") -> list[CatalogDifference]:
    """What the draft of a plan would change."""
    return draft_changes(ResolvedCatalog(shop), shop.packages[key])


def since(shop: Catalog, number: int, key: str = "pro") -> list[CatalogDifference]:
    """What a version of a plan has changed."""
    return version_changes(ResolvedCatalog(shop), shop.packages[key], number)


def told(changes: list[CatalogDifference]) -> list[str]:
    """The changes in a sentence each."""
    return [change.summary for change in changes]


def becoming(key: str, before: Value, after: Value) -> list[CatalogDifference]:
    """What changes where a row says something else."""
    shop = shop_of(row(key, before))
    content = replace(shop.packages["pro"].newest, rows=(row(key, after),))
    return drafted(with_draft(shop, shop.packages["pro"], content))


def test_the_first_version_has_added_everything() -> None:
    shop = shop_of(row("sso"), row("seats", limit(5)), prices=(price("monthly", 49),))

    (sso, seats, cost) = since(shop, 1)

    assert {change.kind for change in (sso, seats, cost)} == {ChangeKind.ADDED}
    assert (sso.path, sso.before, sso.after) == ("plans.pro.entitlements.sso", None, "Single sign-on")
    assert (seats.path, seats.after) == ("plans.pro.entitlements.seats", "5 seats per billing period")
    assert (cost.path, cost.after) == ("plans.pro.prices.monthly", "$49.00 a month")
    assert told([sso, seats, cost]) == [
        "Pro now includes Single sign-on",
        "Pro now includes 5 seats per billing period",
        "Pro: price monthly of $49.00 a month added",
    ]


def test_a_limit_is_raised_or_lowered() -> None:
    (raised,) = becoming("seats", limit(10), limit(50))
    (lowered,) = becoming("seats", limit(50), limit(1))
    (unlimited,) = becoming("seats", limit(50), limit(None))
    (limited,) = becoming("seats", limit(None), limit(0))

    assert raised == CatalogDifference(
        kind=ChangeKind.CHANGED,
        path="plans.pro.entitlements.seats.limit",
        before="10 seats",
        after="50 seats",
        summary="Pro: Seats raised from 10 seats to 50 seats",
    )
    assert told([lowered, unlimited, limited]) == [
        "Pro: Seats lowered from 50 seats to 1 seat",
        "Pro: Seats raised from 50 seats to unlimited",
        "Pro: Seats lowered from unlimited to 0 seats",
    ]


def test_all_that_a_limit_says_is_kept_apart() -> None:
    calendar = Reset(every=ResetInterval.WEEK, count=2, anchor=ResetAnchor.CALENDAR, weekday=Weekday.SUNDAY)
    soft = Metered(
        limit=ONE,
        enforcement=LimitEnforcement.SOFT,
        reset=calendar,
        overage=OverageRate(amount=Money(amount=ONE // 10, currency="USD"), per_units=1_000 * ONE),
    )
    hard = Metered(limit=ONE, reset=Reset(every=ResetInterval.NEVER))

    changes = becoming("seats", hard, soft)

    assert told(changes) == [
        "Pro: the limit of Seats changed from hard to soft",
        "Pro: the reset of Seats changed from never to per 2 weeks by the calendar from Sunday",
        "Pro: the overage rate of Seats changed from none to $0.10 per 1,000 seats",
    ]
    assert [change.path.removeprefix("plans.pro.entitlements.seats.") for change in changes] == [
        "enforcement",
        "reset",
        "overage",
    ]


def test_all_that_credits_say_is_kept_apart() -> None:
    before = Credits(amount=100 * ONE)
    after = Credits(amount=50 * ONE, cadence=CreditCadence.BILLING_PERIOD, rollover_limit=ONE)

    assert told(becoming("ai", before, after)) == [
        "Pro: ai lowered from 100 credits to 50 credits",
        "Pro: the cadence of ai changed from monthly to billing period",
        "Pro: the rollover limit of ai changed from 0 credits to 1 credit",
    ]


@pytest.mark.parametrize(
    ("key", "before", "after", "summary"),
    [
        ("projects", number(2), number(5), "Pro: Projects raised from 2 to 5"),
        ("support", text("a"), text("b"), "Pro: the setting of Support changed from 'a' to 'b'"),
        ("regions", choices("US"), choices("EU"), "Pro: the setting of Regions changed from US to EU"),
        (
            "storage",
            Object(object={"gb": 1}),
            Object(object={"gb": 2}),
            'Pro: the setting of Storage changed from {"gb": 1} to {"gb": 2}',
        ),
    ],
)
def test_a_setting_changes(key: str, before: Value, after: Value, summary: str) -> None:
    assert told(becoming(key, before, after)) == [summary]


def test_a_row_comes_and_goes() -> None:
    shop = edited(shop_of(row("sso")), edit("seats", written(5)))
    shop = remove_entitlement(shop, "pro", "sso")

    came, went = drafted(shop)

    assert (came.kind, came.path) == (ChangeKind.ADDED, "plans.pro.entitlements.seats")
    assert (went.kind, went.path) == (ChangeKind.REMOVED, "plans.pro.entitlements.sso")
    assert (went.before, went.after) == ("Single sign-on", None)
    assert told([came, went]) == [
        "Pro now includes 5 seats per billing period",
        "Pro no longer includes Single sign-on",
    ]


def test_a_row_for_one_price_says_for_which() -> None:
    shop = shop_of(row("seats", limit(1)), prices=(price("monthly"),))
    shop = edited(shop, edit("seats", written(9), price="monthly"))

    (change,) = drafted(shop)

    assert change.path == "plans.pro.entitlements.seats@monthly"
    assert change.summary == "Pro (monthly) now includes 9 seats per month"


def test_what_is_inherited_counts() -> None:
    shop = set_base_plan(shop_of(row("sso")), "pro", "free")

    based, came = drafted(shop)

    assert (based.path, based.before, based.after) == ("plans.pro.basePlan", None, "Free")
    assert told([based, came]) == ["Pro is based on Free now", "Pro now includes 1 seat per billing period"]


def test_a_cascade_tells_what_it_brings() -> None:
    shop = published(set_base_plan(shop_of(), "pro", "free"), "pro")
    shop = published(edited(shop, edit("seats", written(3), package="free")), "free")

    assert told(since(shop, 3)) == ["Pro: Seats raised from 1 seat to 3 seats"]


def test_a_revocation_takes_away_what_was_inherited() -> None:
    shop = published(set_base_plan(shop_of(), "pro", "free"), "pro")

    (gone,) = drafted(edited(shop, revocation("seats")))

    assert (gone.kind, gone.summary) == (
        ChangeKind.REMOVED,
        "Pro no longer includes 1 seat per billing period",
    )


def test_a_plan_that_leaves_its_base_loses_what_it_inherited() -> None:
    shop = published(set_base_plan(shop_of(), "pro", "free"), "pro")

    assert told(drafted(set_base_plan(shop, "pro", None))) == [
        "Pro is no longer based on Free",
        "Pro no longer includes 1 seat per billing period",
    ]


def test_a_custom_text_and_hiding_are_reported() -> None:
    shop = shop_of(row("sso"))
    said = replace(row("sso"), display_text="SSO", hidden_from=(Widget.PRICING_TABLE,))
    shop = with_draft(shop, shop.packages["pro"], replace(shop.packages["pro"].newest, rows=(said,)))

    words, hidden = drafted(shop)

    assert (words.path, words.summary) == (
        "plans.pro.entitlements.sso.displayText",
        "Pro: the text of Single sign-on changed from the default to 'SSO'",
    )
    assert (hidden.path, hidden.summary) == (
        "plans.pro.entitlements.sso.hiddenFrom",
        "Pro: Single sign-on is hidden in the pricing table now",
    )


def test_a_price_changes_comes_and_goes() -> None:
    shop = shop_of(prices=(price("monthly", 49), price("old", 1)))
    shop = set_price(remove_price(shop, "pro", "old"), "pro", price("monthly", 59))
    yearly = replace(price("yearly", 590), billing_period=BillingPeriod.YEARLY, per_unit_of="seats")

    changes = drafted(set_price(shop, "pro", yearly))

    assert told(changes) == [
        "Pro: price monthly changed from $49.00 a month to $59.00 a month",
        "Pro: price yearly of $590.00 a year per seat added",
        "Pro: price old of $1.00 a month removed",
    ]


def test_a_credit_rate_changes_comes_and_goes() -> None:
    shop = published(set_credit_rate(shop_of(), RATE), "pro")

    (came,) = since(shop, 2)
    (changed,) = drafted(set_credit_rate(shop, replace(RATE, credits=ONE, per_units=ONE)))
    (went,) = drafted(set_credit_rate(shop, replace(RATE, credits=None)))

    assert (came.kind, came.path) == (ChangeKind.ADDED, "plans.pro.creditRates.seats")
    assert told([came, changed, went]) == [
        "Pro: the credit rate of Seats of 5 credits per 1,000 seats added",
        "Pro: the credit rate of Seats changed from 5 credits per 1,000 seats to 1 credit per seat",
        "Pro: the credit rate of Seats of 5 credits per 1,000 seats removed",
    ]


def test_another_order_of_rows_is_reported_with_both() -> None:
    shop = reorder_entitlements(shop_of(row("sso"), row("seats", limit(1))), "pro", ("seats",))

    (change,) = drafted(shop)

    assert (change.path, change.before, change.after) == (
        "plans.pro.entitlements",
        "sso, seats",
        "seats, sso",
    )


def test_rows_that_come_and_go_are_no_other_order() -> None:
    shop = edited(shop_of(row("sso"), row("seats", limit(1))), edit("projects", number(1)))

    assert told(drafted(shop)) == ["Pro now includes Projects: 1"]


def test_a_draft_that_says_the_same_changes_nothing() -> None:
    shop = edited(shop_of(row("sso")), edit("seats", written(1)))

    assert drafted(remove_entitlement(shop, "pro", "seats")) == []


def test_a_package_that_was_never_published_has_added_everything() -> None:
    shop = catalog(*FEATURES, replace(plan("pro", row("sso")), name="Pro"))

    assert told(drafted(shop)) == ["Pro now includes Single sign-on"]


def test_a_key_with_a_dot_stands_in_quotes() -> None:
    assert path_of("plans", "v1.0", "name") == 'plans."v1.0".name'


@given(histories())
def test_a_publish_changes_what_the_draft_said_that_it_would(shop: Catalog) -> None:
    for package in shop.packages.values():
        with suppress(Rejected):
            after = publish(shop, package.key, now=NOW).catalog.packages[package.key]
            later = replace(shop, packages={**shop.packages, package.key: after})
            assert drafted(shop, package.key) == since(later, len(after.versions), package.key)


@given(histories())
def test_a_first_version_adds_and_does_nothing_else(shop: Catalog) -> None:
    for package in shop.packages.values():
        if package.versions:
            assert {change.kind for change in since(shop, 1, package.key)} <= {ChangeKind.ADDED}


def test_the_same_again_is_no_change() -> None:
    assert becoming("sso", GRANTED, GRANTED) == []
