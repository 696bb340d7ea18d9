from __future__ import annotations

from dataclasses import replace

import pytest

from rules.catalog.facts import Aggregation, Catalog, CreditRate, FeatureStatus, Meter
from rules.catalog.inheritance import ResolvedCatalog
from rules.catalog_edits.credit_rates import RateEdit, set_credit_rate
from rules.catalog_edits.packages import create_plan
from rules.catalog_edits.publishing import publish
from rules.numbers import ONE
from rules.unset import UNSET
from tests.rules.builders.catalog_builders import (
    NOW,
    addon,
    archived,
    catalog,
    credit_type,
    feature,
    metered,
    plan,
    published,
    refusals,
)

FEATURES = (
    *(metered("calls"), metered("tokens"), feature("sso")),
    *(
        replace(metered(each.lower()), meter=Meter(aggregation=each, property="size"))
        for each in Aggregation
        if each is not Aggregation.COUNT
    ),
    replace(metered("count"), meter=Meter(aggregation=Aggregation.COUNT)),
)

SHOP = published(
    catalog(
        *FEATURES,
        *(credit_type("ai"), credit_type("sms")),
        plan("free"),
        plan("pro", base="free"),
        addon("pack"),
    ),
    *("free", "pro", "pack"),
)


def rate(
    feature: str = "calls",
    credits: int | None = 2,  # noqa: A002 - the word of the input
    *,
    package: str = "pro",
    of: str = "ai",
    per: int = 1,
) -> RateEdit:
    """So many credits for each unit, or None for no rate of the package's own."""
    amount = None if credits is None else credits * ONE
    return RateEdit(package=package, feature=feature, credit_type=of, credits=amount, per_units=per * ONE)


def rated(shop: Catalog, *edits: RateEdit) -> Catalog:
    """The catalog after these edits."""
    for each in edits:
        shop = set_credit_rate(shop, each)
    return shop


def own(shop: Catalog, key: str = "pro") -> list[tuple[str, str, int, int]]:
    """A draft's own rates: feature, credit type, credits and units."""
    rates = shop.packages[key].newest.rates
    return [(each.feature, each.credit_type, each.credits // ONE, each.per_units // ONE) for each in rates]


def in_force(shop: Catalog, key: str) -> dict[str, int]:
    """The credits that a published package asks for by feature, inherited rates too."""
    version = shop.packages[key].published
    assert version is not None
    rates = ResolvedCatalog(shop).rates(version.content, version.base_version)
    return {known: each.credits // ONE for known, each in rates.items()}


def problems(edit: RateEdit, shop: Catalog = SHOP) -> list[str]:
    """What a rate is refused for."""
    return refusals(shop, lambda before: set_credit_rate(before, edit))


def test_a_rate_goes_to_the_draft_and_holds_once_it_is_published() -> None:
    shop = rated(SHOP, rate("calls", 2, per=1_000))

    assert shop.packages["pro"].newest.rates == (
        CreditRate(feature="calls", credit_type="ai", credits=2 * ONE, per_units=1_000 * ONE),
    )
    assert shop.packages["pro"].versions == SHOP.packages["pro"].versions
    assert in_force(shop, "pro") == {}
    assert in_force(published(shop, "pro"), "pro") == {"calls": 2}


def test_a_rate_is_for_one_unit_where_nothing_else_is_said() -> None:
    edit = RateEdit(package="pro", feature="calls", credit_type="ai", credits=ONE)

    assert own(rated(SHOP, edit)) == [("calls", "ai", 1, 1)]


def test_an_addon_has_rates_of_its_own() -> None:
    assert own(rated(SHOP, rate(package="pack")), "pack") == [("calls", "ai", 2, 1)]


def test_there_is_one_rate_per_package_and_feature_and_the_last_one_said_stands() -> None:
    shop = rated(SHOP, rate("calls", 2), rate("tokens", 5), rate("calls", 3, of="sms", per=7))

    assert own(shop) == [("calls", "sms", 3, 7), ("tokens", "ai", 5, 1)]


def test_null_returns_to_the_inherited_rate() -> None:
    shop = published(rated(SHOP, rate("calls", 2, package="free"), rate("calls", 9)), "free", "pro")

    assert in_force(shop, "pro") == {"calls": 9}
    assert in_force(published(rated(shop, rate("calls", None)), "pro"), "pro") == {"calls": 2}


def test_null_returns_to_no_rate_where_none_is_inherited() -> None:
    shop = published(rated(SHOP, rate("calls", 9)), "pro")

    assert in_force(published(rated(shop, rate("calls", None)), "pro"), "pro") == {}


def test_null_on_a_rate_that_is_only_inherited_leaves_it() -> None:
    shop = published(rated(SHOP, rate("calls", 2, package="free")), "free")

    assert own(rated(shop, rate("calls", None))) == []
    assert in_force(shop, "pro") == {"calls": 2}


def test_rates_are_inherited_per_feature_and_the_nearest_wins() -> None:
    shop = rated(SHOP, rate("calls", 2, package="free"), rate("tokens", 4, package="free"), rate("calls", 9))

    assert in_force(published(shop, "free", "pro"), "pro") == {"calls": 9, "tokens": 4}


def test_a_rate_of_the_base_plan_reaches_derived_plans_with_its_publish() -> None:
    shop = rated(SHOP, rate("calls", 2, package="free"))

    done = publish(shop, "free", now=NOW)

    assert done.cascaded == ("pro",)
    assert in_force(shop, "pro") == {}
    assert in_force(done.catalog, "pro") == {"calls": 2}


def test_rates_need_no_row_about_their_feature() -> None:
    shop = published(rated(SHOP, rate("calls")), "pro")

    assert ResolvedCatalog(shop).current_rows(shop.packages["pro"]) == ()
    assert in_force(shop, "pro") == {"calls": 2}


@pytest.mark.parametrize("key", ["calls", "sum", "count"])
def test_a_rate_follows_what_is_counted_by_sum_or_count(key: str) -> None:
    assert own(rated(SHOP, rate(key))) == [(key, "ai", 2, 1)]


@pytest.mark.parametrize("key", ["max", "unique", "latest", "sso"])
def test_no_rate_follows_what_is_counted_otherwise_or_not_at_all(key: str) -> None:
    assert problems(rate(key)) == ["TYPE_MISMATCH feature"]


def test_a_feature_that_is_archived_takes_no_new_rate_but_an_old_one_can_go() -> None:
    def gone(shop: Catalog) -> Catalog:
        calls = replace(shop.features["calls"], status=FeatureStatus.ARCHIVED)
        return replace(shop, features={**shop.features, "calls": calls})

    assert problems(rate("calls"), gone(SHOP)) == ["ARCHIVED feature"]
    assert own(rated(gone(rated(SHOP, rate("calls"))), rate("calls", None))) == []


def test_credits_and_units_are_above_zero() -> None:
    assert problems(rate("calls", 0)) == ["OUT_OF_RANGE credits"]
    assert problems(rate("calls", -1)) == ["OUT_OF_RANGE credits"]
    assert problems(rate("calls", per=0)) == ["OUT_OF_RANGE perUnits"]
    assert problems(rate("calls", None, per=-1)) == ["OUT_OF_RANGE perUnits"]


def test_credits_that_are_left_out_are_required_and_only_null_removes() -> None:
    assert problems(replace(rate("sso", of="gold"), credits=UNSET)) == [
        "TYPE_MISMATCH feature",
        "NOT_FOUND creditType",
        "REQUIRED credits",
    ]


def test_a_rate_burns_credits_and_not_a_feature() -> None:
    assert problems(rate("calls", of="tokens")) == ["NOT_FOUND creditType"]
    assert problems(rate("ai")) == ["NOT_FOUND feature"]


def test_all_problems_of_a_rate_are_named_at_once() -> None:
    assert problems(rate("nothing", 0, package="nobody", of="gold", per=0)) == [
        "NOT_FOUND package",
        "NOT_FOUND feature",
        "NOT_FOUND creditType",
        "OUT_OF_RANGE credits",
        "OUT_OF_RANGE perUnits",
    ]
    assert problems(rate("sso", -1, of="gold"), archived(SHOP, "pro")) == [
        "ARCHIVED package",
        "TYPE_MISMATCH feature",
        "NOT_FOUND creditType",
        "OUT_OF_RANGE credits",
    ]


def test_the_rates_of_a_base_plan_that_was_never_published_are_not_inherited_yet() -> None:
    shop = rated(create_plan(catalog(*FEATURES, credit_type("ai")), plan("free")), rate(package="free"))
    shop = create_plan(shop, plan("pro"), "free")
    content = shop.packages["pro"].newest

    assert ResolvedCatalog(shop).rates(content, ResolvedCatalog(shop).base_number(content)) == {}
