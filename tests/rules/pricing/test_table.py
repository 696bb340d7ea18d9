from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from rules.catalog.facts import Catalog, FeatureStatus, PricingType, Row, Widget
from rules.catalog_edits.drafts import reorder_entitlements
from rules.catalog_edits.packages import with_package
from rules.pricing.table import PricingTable
from tests.rules.builders.catalog_builders import (
    REVOKED,
    addon,
    archived,
    credit,
    edit,
    edited,
    number,
    plan,
    published,
    revocation,
    row,
    written,
)
from tests.rules.builders.small_shop import price
from tests.rules.builders.tables import (
    MONTHLY,
    ONE_TIME,
    SEAT,
    SHOP,
    STARTER,
    YEARLY,
    calls,
    column,
    compared,
    hidden,
    inherited,
    monthly,
    own,
    seats,
    selling,
    table,
)


def changed(shop: Catalog, key: str, **facts: object) -> Catalog:
    """The catalog in which something about a plan is another at once."""
    return with_package(shop, replace(shop.packages[key], **facts))  # type: ignore[arg-type]


def keys(shown: PricingTable) -> list[str]:
    return [each.plan.key for each in shown.columns]


def test_plans_stand_in_their_order() -> None:
    assert keys(table(SHOP)) == ["free", "starter", "pro"]
    assert keys(table(changed(SHOP, "pro", position=0))) == ["free", "pro", "starter"]


def test_what_is_hidden_archived_or_never_published_is_not_on_sale() -> None:
    drafted = with_package(SHOP, plan("team", seats(90)))

    assert keys(table(drafted)) == ["free", "starter", "pro"]
    assert keys(table(changed(SHOP, "free", visible=False))) == ["starter", "pro"]
    assert keys(table(archived(SHOP, "pro"))) == ["free", "starter"]


def test_neither_add_ons_nor_plans_of_another_product_are_shown() -> None:
    more = [addon("pack", seats(5)), plan("elsewhere", seats(5), of="other")]
    shop = SHOP
    for package in more:
        shop = published(with_package(shop, package), package.key)

    assert keys(table(shop)) == ["free", "starter", "pro"]
    assert keys(table(shop, product="other")) == ["elsewhere"]


def test_a_product_that_sells_nothing_has_an_empty_table() -> None:
    nothing = table(SHOP, product="other")

    assert (nothing.columns, nothing.comparison, nothing.currency) == ((), (), None)
    assert nothing.version != table(SHOP).version


def test_a_plan_tells_what_it_sets_itself_and_strikes_through_what_it_replaces() -> None:
    pro = column(SHOP, "pro", MONTHLY)

    assert pro.heading == "Everything in Starter except Forum, plus:"
    assert own(pro) == ["~10 seats~ 50 seats", "SSO"]
    assert inherited(pro) == ["1,000 calls per month"]


def test_rows_follow_the_plans_own_order() -> None:
    shop = published(reorder_entitlements(SHOP, "pro", ("sso", "calls")), "pro")
    lines = [line.text for line in column(shop, "pro", MONTHLY).lines]

    assert lines == ["SSO", "1,000 calls per month", "50 seats"]
    assert own(column(shop, "pro")) == ["SSO", "~10 seats~ 50 seats"]


def test_a_row_that_is_hidden_from_pricing_tables_is_not_shown() -> None:
    rows = (hidden(seats(1)), hidden(calls(1), Widget.CUSTOMER_PORTAL), row("sso"))
    shop = selling(plan("free", *rows), plan("pro", base="free"))

    assert column(shop, "free").hidden == column(shop, "pro").hidden == {"seats"}
    assert own(column(shop, "free")) == ["1 call per billing period", "SSO"]
    assert inherited(column(shop, "pro")) == ["1 call per billing period", "SSO"]
    assert "Seats" not in compared(table(shop))


def test_a_hidden_row_is_not_told_by_striking_it_through() -> None:
    shop = selling(plan("free", hidden(seats(1))), plan("pro", seats(5), base="free"))

    assert own(column(shop, "pro")) == ["5 seats"]


def test_the_same_words_are_not_struck_through() -> None:
    soft = replace(seats(10), display_text="10 seats")
    shop = selling(STARTER, plan("pro", soft, base="starter"))

    assert own(column(shop, "pro")) == ["10 seats"]


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ((seats(10), seats(50)), ("50 seats", "10 seats", True)),
        ((seats(50), seats(10)), ("10 seats", "50 seats", False)),
        (
            (seats(10), replace(seats(10), display_text="Plenty of seats")),
            ("Plenty of seats", "10 seats", False),
        ),
        (
            (seats(10), replace(seats(50), display_text="Plenty of seats")),
            ("Plenty of seats", "10 seats", True),
        ),
        ((hidden(seats(10)), seats(50)), ("50 seats", None, False)),
        ((seats(10), replace(seats(50), display_text="10 seats")), ("10 seats", None, False)),
    ],
)
def test_a_line_is_an_improvement_where_the_value_got_better(
    rows: tuple[Row, Row], line: tuple[str, str | None, bool]
) -> None:
    below, above = rows
    shop = selling(plan("free", below), plan("pro", above, base="free"))
    (shown,) = column(shop, "pro").rows

    assert (shown.text, shown.struck_text, shown.is_improvement) == line


def test_what_a_billing_period_is_decides_whether_a_line_is_an_improvement() -> None:
    prices = [price("monthly", 9), price("yearly", 90, YEARLY)]
    shop = selling(plan("free", calls(5)), plan("pro", row("calls", monthly(5)), base="free", prices=prices))

    for billing, better in ((MONTHLY, False), (YEARLY, True), (None, False)):
        (shown,) = column(shop, "pro", billing).rows
        assert shown.is_improvement is better


def test_custom_texts_are_printed_and_struck_through() -> None:
    few = replace(seats(3), display_text="A seat or three")
    many = replace(seats(50), display_text="All the seats")
    shop = selling(plan("free", few), plan("pro", many, base="free"))

    assert own(column(shop, "free")) == ["A seat or three"]
    assert own(column(shop, "pro")) == ["~A seat or three~ All the seats"]


def test_a_draft_shows_nowhere_until_it_is_published() -> None:
    shop = edited(SHOP, edit("seats", written(70)))

    assert own(column(shop, "pro")) == ["~10 seats~ 50 seats", "SSO"]
    assert own(column(published(shop, "pro"), "pro"))[0] == "~10 seats~ 70 seats per month"


def test_a_suspended_feature_stays_on_the_table() -> None:
    out_of_order = replace(SHOP.features["sso"], status=FeatureStatus.SUSPENDED)
    shop = replace(SHOP, features={**SHOP.features, "sso": out_of_order})

    assert table(shop) == table(SHOP)


def test_credits_are_shown_as_features_are() -> None:
    shop = selling(plan("free", row("ai", credit(5))))

    assert own(column(shop, "free")) == ["5 credits per month"]
    assert compared(table(shop)) == {"ai": ["5 credits per month"]}


BOTH = selling(
    plan(
        "pro",
        calls(100),
        prices=[
            price("monthly", 49),
            price("yearly", 490, YEARLY),
            price("monthly-eur", 45, currency="EUR"),
            price("founder", 999, ONE_TIME),
        ],
    )
)


@pytest.mark.parametrize(
    ("billing", "currency", "shown", "words"),
    [
        (None, None, ["monthly", "yearly", "monthly-eur", "founder"], "100 calls per billing period"),
        (MONTHLY, None, ["monthly", "monthly-eur"], "100 calls per month"),
        (YEARLY, None, ["yearly"], "100 calls per year"),
        (ONE_TIME, None, ["founder"], "100 calls per billing period"),
        (None, "EUR", ["monthly-eur"], "100 calls per month"),
        (MONTHLY, "USD", ["monthly"], "100 calls per month"),
        (YEARLY, "EUR", [], "100 calls per billing period"),
    ],
)
def test_prices_are_those_asked_for_and_settle_the_billing_period(
    billing: object, currency: str | None, shown: list[str], words: str
) -> None:
    pro = column(BOTH, "pro", billing, currency)  # type: ignore[arg-type]

    assert [one.key for one in pro.prices] == shown
    assert own(pro) == [words]


def test_the_currency_is_the_one_asked_for_or_the_only_one() -> None:
    assert table(BOTH, MONTHLY).currency is None
    assert table(BOTH, YEARLY).currency == "USD"
    assert table(BOTH, YEARLY, "EUR").currency == "EUR"


LINKED = selling(
    plan(
        "pro",
        seats(5),
        seats(10, "yearly"),
        row("sso", price="yearly"),
        row("forum"),
        prices=[price("monthly", 49), price("yearly", 490, YEARLY)],
    )
)


@pytest.mark.parametrize(
    ("billing", "words"),
    [(None, ["5 seats", "Forum"]), (MONTHLY, ["5 seats", "Forum"]), (YEARLY, ["10 seats", "SSO", "Forum"])],
)
def test_a_row_for_one_price_is_shown_in_its_billing_period_alone(billing: object, words: list[str]) -> None:
    assert own(column(LINKED, "pro", billing)) == words  # type: ignore[arg-type]


def test_a_row_for_one_price_replaces_what_is_inherited() -> None:
    linked = plan("pro", seats(10, "yearly"), base="free", prices=[price("yearly", 490, YEARLY)])
    shop = selling(plan("free", seats(1)), linked)

    assert own(column(shop, "pro", YEARLY)) == ["~1 seat~ 10 seats"]
    assert inherited(column(shop, "pro", YEARLY)) == []
    assert inherited(column(shop, "pro", MONTHLY)) == ["1 seat"]


def test_a_revocation_for_one_price_is_silence_at_that_price() -> None:
    silent = plan("pro", row("forum", REVOKED, "yearly"), base="free", prices=[price("yearly", 490, YEARLY)])
    shop = selling(plan("free", row("forum")), silent)

    assert inherited(column(shop, "pro", YEARLY)) == []
    assert inherited(column(shop, "pro", MONTHLY)) == ["Forum"]


def test_where_prices_of_one_period_differ_both_are_reported() -> None:
    prices = [price("small", 10), price("large", 20), price("plain", 15)]
    shop = selling(plan("pro", seats(1), seats(5, "small"), seats(9, "large"), prices=prices))

    assert own(column(shop, "pro", MONTHLY)) == ["1 seat", "5 seats", "9 seats"]
    assert compared(table(shop, MONTHLY)) == {"Seats": ["1 seat or 5 seats or 9 seats"]}


@pytest.mark.parametrize(
    "change",
    [
        lambda shop: changed(shop, "pro", name="Professional"),
        lambda shop: changed(shop, "pro", description="For all."),
        lambda shop: changed(shop, "pro", position=0),
        lambda shop: changed(shop, "pro", visible=False),
        lambda shop: changed(shop, "pro", default_trial_days=14),
        lambda shop: changed(shop, "free", pricing_type=PricingType.PAID),
        lambda shop: archived(shop, "pro"),
        lambda shop: published(edited(shop, edit("seats", written(70))), "pro"),
        lambda shop: published(reorder_entitlements(shop, "pro", ("sso",)), "pro"),
        lambda shop: replace(shop, products={"app": replace(shop.products["app"], name="Application")}),
        lambda shop: replaced_feature(shop, "sso", name="Single sign-on"),
        lambda shop: replaced_feature(shop, "seats", unit=replace(SEAT, plural="chairs")),
        lambda shop: published(edited(shop, revocation("calls")), "pro"),
        lambda shop: published(
            edited(shop, replace(edit("projects", number(1)), hidden_from=tuple(Widget))), "pro"
        ),
    ],
)
def test_the_version_changes_with_what_is_shown(change: Callable[[Catalog], Catalog]) -> None:
    assert table(change(SHOP), MONTHLY).version != table(SHOP, MONTHLY).version


@pytest.mark.parametrize(
    "change",
    [
        lambda shop: edited(shop, edit("seats", written(70))),
        lambda shop: changed(shop, "pro", metadata={"colour": "red"}),
        lambda shop: changed(shop, "pro", compatible_addons=()),
        lambda shop: changed(shop, "pro", position=7),
        lambda shop: replaced_feature(shop, "sso", description="Long."),
        lambda shop: replaced_feature(shop, "sso", status=FeatureStatus.SUSPENDED),
        lambda shop: published(
            edited(shop, replace(edit("ai", credit(1)), hidden_from=tuple(Widget))), "pro"
        ),
        lambda shop: with_package(shop, plan("team", seats(90))),
        lambda shop: replace(shop, revision=shop.revision + 1),
    ],
)
def test_the_version_does_not_change_with_anything_else(change: Callable[[Catalog], Catalog]) -> None:
    assert change(SHOP) != SHOP
    assert table(change(SHOP), MONTHLY).version == table(SHOP, MONTHLY).version


def replaced_feature(shop: Catalog, key: str, **facts: object) -> Catalog:
    """The catalog in which something about a feature is another."""
    known = replace(shop.features[key], **facts)  # type: ignore[arg-type]
    return replace(shop, features={**shop.features, key: known})


def test_each_view_of_a_table_has_a_version_of_its_own() -> None:
    views = [(None, None), (MONTHLY, None), (YEARLY, None), (None, "EUR"), (YEARLY, "EUR")]

    assert len({table(BOTH, *view).version for view in views}) == len(views)
