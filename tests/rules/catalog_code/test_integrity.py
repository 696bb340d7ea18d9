from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from rules.catalog.facts import (
    Aggregation,
    Catalog,
    Content,
    CreditRate,
    Feature,
    FeatureStatus,
    Meter,
    Package,
    Row,
)
from rules.catalog_code.integrity import problems
from rules.catalog_edits.packages import with_draft, with_package
from rules.numbers import ONE
from rules.values import FeatureType, LimitEnforcement, Metered, Unit, Value
from tests.rules.builders.catalog_builders import (
    NOW,
    REVOKED,
    addon,
    archived,
    catalog,
    chain,
    choices,
    credit,
    feature,
    limit,
    number,
    plan,
    price,
    product,
    published,
    row,
    shortened,
    tower,
)
from tests.rules.builders.histories import histories
from tests.rules.builders.papers import SUBJECTS

RATE = CreditRate(feature="seats", credit_type="ai", credits=ONE)


def wrong(shop: Catalog) -> list[str]:
    """Code and path of all that is wrong with a catalog."""
    found = problems(shop)
    assert all(problem.message.endswith(".") for problem in found)
    return shortened(found)


def wrong_with(*packages: Package) -> list[str]:
    """What is wrong with a catalog of these packages."""
    return wrong(catalog(*SUBJECTS, *packages))


def wrong_row(*rows: Row) -> list[str]:
    """What is wrong with a plan of these rows, its place left out."""
    return [problem.replace("plans.pro.entitlements.", "") for problem in wrong_with(plan("pro", *rows))]


def wrong_content(content: Content) -> list[str]:
    """What is wrong with a plan that says this, its place left out."""
    pro = replace(plan("pro"), draft=content)
    return [problem.replace("plans.pro.", "") for problem in wrong_with(pro)]


def with_status(shop: Catalog, key: str, status: FeatureStatus) -> Catalog:
    """The catalog in which a feature is suspended or archived, whatever refers to it."""
    features = {**shop.features, key: replace(shop.features[key], status=status)}
    return replace(shop, features=features)


@given(histories())
def test_nothing_is_wrong_with_a_catalog_that_edits_have_made(shop: Catalog) -> None:
    assert problems(shop) == []


def test_nothing_is_wrong_with_an_empty_catalog() -> None:
    assert problems(Catalog()) == []


def test_keys_are_well_formed() -> None:
    spaced = replace(plan("pro"), key="my plan")
    shop = replace(
        catalog(feature("a b"), spaced), products={"app": product(), "ä": product("ä")}, credit_types={}
    )

    assert wrong(shop) == ["INVALID products.ä", "INVALID features.a b", "INVALID plans.my plan"]


def test_keys_that_differ_in_case_only_collide_in_their_key_space() -> None:
    shop = catalog(feature("Seats"), *SUBJECTS, plan("pro"), addon("PRO"))
    shop = replace(shop, credit_types={**shop.credit_types, "SSO": shop.credit_types["ai"]})

    assert wrong(shop) == [
        "ALREADY_EXISTS features.seats",
        "ALREADY_EXISTS creditTypes.SSO",
        "ALREADY_EXISTS addons.PRO",
    ]


def test_a_feature_and_a_package_may_have_the_same_key() -> None:
    assert wrong_with(plan("seats")) == []


def test_things_have_names() -> None:
    unit = Unit(singular=" ", plural="x" * 256)
    shop = catalog(replace(feature("sso"), name=""), plan("pro"))
    shop = replace(
        shop,
        products={"app": replace(product(), name="x" * 256)},
        credit_types={"ai": replace(catalog(*SUBJECTS).credit_types["ai"], name=" ", unit=unit)},
    )

    assert wrong(shop) == [
        "OUT_OF_RANGE products.app.name",
        "REQUIRED features.sso.name",
        "REQUIRED creditTypes.ai.name",
        "REQUIRED creditTypes.ai.unit.singular",
        "OUT_OF_RANGE creditTypes.ai.unit.plural",
    ]


def test_a_feature_is_proven_with_its_default_and_its_product() -> None:
    broken = Feature(
        key="x",
        name="X",
        type=FeatureType.BOOLEAN,
        product="nowhere",
        choices=("a",),
        meter=Meter(),
        default=number(1),
    )

    assert wrong(catalog(broken)) == [
        "INVALID features.x.choices",
        "INVALID features.x.meter",
        "TYPE_MISMATCH features.x.defaultValue.config",
        "NOT_FOUND features.x.product",
    ]


def test_packages_are_proven_with_their_product_and_their_terms() -> None:
    pro = replace(plan("pro", of="nowhere"), position=-1, default_trial_days=-1, compatible_addons=("pack",))

    assert wrong_with(pro, replace(addon("extra"), max_quantity=0)) == [
        "OUT_OF_RANGE plans.pro.position",
        "OUT_OF_RANGE plans.pro.defaultTrialDays",
        "NOT_FOUND plans.pro.product",
        "NOT_FOUND plans.pro.compatibleAddons.0",
        "OUT_OF_RANGE addons.extra.maxQuantity",
    ]


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("nothing", limit(1), ["NOT_FOUND 0.key"]),
        ("seats", limit(-1), ["OUT_OF_RANGE 0.metered.limit"]),
        ("sso", limit(1), ["TYPE_MISMATCH 0.metered"]),
        ("seats", number(1), ["TYPE_MISMATCH 0.config"]),
        ("regions", choices("moon"), ["INVALID 0.config.choices.0"]),
        ("ai", credit(0), ["OUT_OF_RANGE 0.credit.amount"]),
        ("ai", limit(1), ["TYPE_MISMATCH 0.metered"]),
    ],
)
def test_a_row_says_what_its_subject_can_mean(key: str, value: Value, told: list[str]) -> None:
    assert wrong_row(row(key, value)) == told


def test_a_hard_limit_has_no_overage_rate() -> None:
    soft = Metered(limit=ONE, enforcement=LimitEnforcement.SOFT)

    assert wrong_row(row("seats", soft)) == []


def test_a_package_has_one_row_for_each_key_and_price() -> None:
    monthly = row("seats", limit(1), "monthly")
    rows = (row("seats", limit(1)), monthly, row("seats", limit(2)), monthly)

    assert wrong_content(Content(rows=rows, prices=(price(),))) == [
        "INVALID entitlements.2.key",
        "INVALID entitlements.3.key",
    ]


def test_a_row_holds_for_a_price_of_its_own_plan() -> None:
    linked = row("seats", limit(1), "monthly")

    assert wrong_row(linked) == ["NOT_FOUND 0.price"]
    assert wrong_with(addon("pack", linked)) == ["INVALID addons.pack.entitlements.0.price"]


def test_a_text_of_a_row_is_not_endless() -> None:
    assert wrong_row(replace(row("sso"), display_text="x" * 10_001)) == ["OUT_OF_RANGE 0.displayText"]


def test_an_order_names_each_key_once_and_none_that_nobody_knows() -> None:
    assert wrong_content(Content(order=("seats", "seats", "nothing"))) == [
        "INVALID order.1",
        "NOT_FOUND order.2",
    ]


def test_prices_are_proven_one_by_one_and_together() -> None:
    costs = (price("monthly", -1), price("Monthly"), replace(price("per"), per_unit_of="sso"), price("a b"))

    assert wrong_content(Content(prices=costs)) == [
        "OUT_OF_RANGE prices.0.amount.amount",
        "ALREADY_EXISTS prices.1.key",
        "TYPE_MISMATCH prices.2.perUnitOf",
        "INVALID prices.3.key",
    ]


def test_rates_are_proven_one_by_one_and_together() -> None:
    rates = (RATE, RATE, replace(RATE, feature="sso", credits=0, per_units=0), replace(RATE, credit_type="x"))

    assert wrong_content(Content(rates=rates)) == [
        "INVALID creditRates.1.feature",
        "TYPE_MISMATCH creditRates.2.feature",
        "OUT_OF_RANGE creditRates.2.credits",
        "OUT_OF_RANGE creditRates.2.perUnits",
        "NOT_FOUND creditRates.3.creditType",
        "INVALID creditRates.3.feature",
    ]


def test_a_rate_follows_what_adds_up() -> None:
    gauge = Feature(key="gauge", name="G", type=FeatureType.METERED, meter=Meter(aggregation=Aggregation.MAX))
    pro = replace(plan("pro"), draft=Content(rates=(replace(RATE, feature="gauge"),)))

    assert wrong(catalog(*SUBJECTS, gauge, pro)) == ["TYPE_MISMATCH plans.pro.creditRates.0.feature"]


@pytest.mark.parametrize(
    ("base", "told"),
    [
        ("nothing", ["NOT_FOUND plans.pro.basePlan"]),
        ("pack", ["NOT_FOUND plans.pro.basePlan"]),
        ("elsewhere", ["INVALID plans.pro.basePlan"]),
        ("old", ["ARCHIVED plans.pro.basePlan"]),
        ("pro", ["CYCLE plans.pro.basePlan"]),
        ("free", []),
    ],
)
def test_a_base_plan_is_a_plan_of_the_same_product(base: str, told: list[str]) -> None:
    old = replace(plan("old"), archived=True)
    others = (addon("pack"), plan("elsewhere", of="other"), old, plan("free"))

    assert wrong_with(*others, plan("pro", base=base)) == told


def test_an_addon_has_no_base_plan() -> None:
    pack = replace(addon("pack"), draft=Content(base="free"))

    assert wrong_with(plan("free"), pack) == ["INVALID addons.pack.basePlan"]


def test_a_cycle_is_reported_once_with_its_path() -> None:
    shop = catalog(plan("c", base="b"), plan("b", base="a"), plan("a", base="c"), plan("tail", base="c"))

    (problem,) = problems(shop)

    assert (str(problem.code), problem.path) == ("CYCLE", ("plans", "a", "basePlan"))
    assert "a → c → b → a" in problem.message


def test_a_chain_of_ten_published_plans_is_the_longest() -> None:
    floors = tower("floor", 10)
    shop = published(catalog(*floors), *(floor.key for floor in floors))
    roof = replace(shop.packages["floor-10"], key="roof")
    content = Content(base="floor-10")
    version = replace(roof.versions[0], content=content)

    assert wrong(shop) == []
    assert wrong(with_package(shop, replace(roof, versions=(version,)))) == ["TOO_DEEP plans.roof.basePlan"]


def test_a_published_plan_stands_on_what_is_published_of_its_base_plan() -> None:
    shop = chain((row("sso"),), ())
    pro = shop.packages["pro"]
    stale = replace(pro, versions=(replace(pro.versions[0], base_version=7),))
    never = replace(shop.packages["free"], versions=(), draft=Content())

    assert wrong(with_package(shop, stale)) == ["INVALID plans.pro.basePlan"]
    assert wrong(with_package(shop, never)) == ["NOT_ALLOWED plans.pro.basePlan"]


def test_nothing_stands_on_what_is_archived_but_what_is_archived_itself() -> None:
    said = Content(
        rows=(row("seats", limit(1)),), prices=(replace(price(), per_unit_of="seats"),), rates=(RATE,)
    )
    shop = catalog(*SUBJECTS, replace(plan("pro"), draft=said))
    gone = with_status(shop, "seats", FeatureStatus.ARCHIVED)

    assert wrong(gone) == [
        "ARCHIVED plans.pro.entitlements.0.key",
        "ARCHIVED plans.pro.prices.0.perUnitOf",
        "ARCHIVED plans.pro.creditRates.0.feature",
    ]
    assert wrong(archived(gone, "pro")) == []
    assert wrong(with_status(shop, "seats", FeatureStatus.SUSPENDED)) == []


def test_an_archived_package_keeps_choices_that_were_dropped_since() -> None:
    shop = catalog(*SUBJECTS, plan("pro", row("regions", choices("us"))))
    fewer = replace(
        shop, features={**shop.features, "regions": replace(shop.features["regions"], choices=("eu",))}
    )

    assert wrong(fewer) == ["INVALID plans.pro.entitlements.0.config.choices.0"]
    assert wrong(archived(fewer, "pro")) == []


def test_an_unfinished_draft_is_proven_too() -> None:
    shop = published(catalog(*SUBJECTS, plan("pro")), "pro")
    drafted = with_draft(shop, shop.packages["pro"], Content(rows=(row("seats", limit(-1)),)))

    assert wrong(drafted) == ["OUT_OF_RANGE plans.pro.draft.entitlements.0.metered.limit"]


def test_what_is_merely_idle_is_allowed() -> None:
    revoked = plan("pro", row("seats", REVOKED), order=("sso",))
    waiting = chain((row("sso"),), (row("sso"),))

    assert wrong_with(revoked) == []
    assert wrong(waiting) == []


def test_superseded_versions_are_left_in_peace() -> None:
    shop = published(catalog(*SUBJECTS, plan("pro", row("seats", limit(1)))), "pro")
    pro = shop.packages["pro"]
    newer = replace(pro.versions[0], number=2, content=Content(), published_at=NOW)

    gone = with_status(
        with_package(shop, replace(pro, versions=(*pro.versions, newer))), "seats", FeatureStatus.ARCHIVED
    )

    assert wrong(gone) == []
