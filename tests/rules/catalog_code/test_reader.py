from __future__ import annotations

from decimal import Decimal

import pytest

from rules.catalog.facts import Catalog, Content, Feature, FeatureStatus, Meter, Row
from rules.catalog_code.reader import Wanted, read_document
from rules.catalog_code.writer import Entry
from rules.errors import ErrorCode
from rules.numbers import LARGEST, ONE
from rules.values import Choices, LimitEnforcement, Metered, Number, Object, Reset, ResetInterval
from tests.rules.builders.catalog_builders import (
    GRANTED,
    REVOKED,
    addon,
    catalog,
    choices,
    limit,
    metered,
    plan,
    shortened,
)
from tests.rules.builders.papers import SUBJECTS, of_plan

SHOP = catalog(*SUBJECTS)


def read(document: object, shop: Catalog = SHOP) -> Wanted:
    """What a document wants that can be read."""
    wanted = read_document(document, shop)
    assert wanted.problems == ()
    return wanted


def unreadable(document: object, shop: Catalog = SHOP) -> list[str]:
    """Code and path of all that cannot be read in a document."""
    return shortened(read_document(document, shop).problems)


def content(document: Entry) -> Content:
    """What the plan of a document says."""
    return read(document).packages["pro"].newest


def row(**fields: object) -> Row:
    """What a row with these fields says."""
    (said,) = read(of_plan(dict(fields))).packages["pro"].newest.rows
    return said


def wrong_row(**fields: object) -> list[str]:
    """What cannot be read in a row, its place left out."""
    told = unreadable(of_plan(dict(fields)))
    return [problem.replace("plans.pro.entitlements.0.", "") for problem in told]


def made(entry: Entry) -> Feature:
    """The feature that an entry wants."""
    return read({"features": {"x": {"name": "X", **entry}}}).features["x"]


def wrong_feature(entry: Entry) -> list[str]:
    """What cannot be read in a feature, its place left out."""
    told = unreadable({"features": {"x": {"name": "X", "type": "METERED", **entry}}})
    return [problem.replace("features.x.", "") for problem in told]


def test_what_is_left_out_or_null_is_at_its_default() -> None:
    bare = made({"type": "BOOLEAN"})

    assert bare == Feature(key="x", name="X", type=bare.type, status=FeatureStatus.ACTIVE)
    assert made({"type": "BOOLEAN", "status": None, "choices": None, "metadata": None}) == bare


def test_the_order_of_fields_and_things_does_not_matter() -> None:
    one = {"features": {"a": {"name": "A", "type": "BOOLEAN"}, "b": {"name": "B", "type": "BOOLEAN"}}}
    other = {"features": {"b": {"type": "BOOLEAN", "name": "B"}, "a": {"type": "BOOLEAN", "name": "A"}}}

    assert read(one) == read(other)
    assert list(read(other).features) == ["a", "b"]


@pytest.mark.parametrize("written", [19, "19", "19.0", Decimal(19), Decimal("1.9e1"), "19.000000"])
def test_a_quantity_is_a_number_or_a_text_of_plain_digits(written: object) -> None:
    assert row(key="seats", metered={"limit": written}).value == limit(19)


def test_a_quantity_keeps_all_its_digits() -> None:
    smallest = row(key="projects", config={"number": Decimal("-0.000001")}).value
    largest = row(key="projects", config={"number": "9199999999999.999999"}).value

    assert (smallest, largest) == (Number(number=-1), Number(number=LARGEST))


@pytest.mark.parametrize(
    "written",
    ["0.0000001", Decimal("0.1234567"), 9_200_000_000_000, Decimal("1e13"), Decimal("1e999999"), "1e3", "+1"],
)
def test_a_quantity_that_cannot_be_kept_exactly_is_refused(written: object) -> None:
    assert wrong_row(key="seats", metered={"limit": written}) == ["INVALID metered.limit"]


@pytest.mark.parametrize("written", [True, "ten", "", " 1", "1_000", "0x1", [1], {"a": 1}, "\u0661"])
def test_what_is_no_number_is_no_quantity(written: object) -> None:
    assert wrong_row(key="seats", metered={"limit": written}) == ["INVALID metered.limit"]


@pytest.mark.parametrize("written", [1, True, Decimal("1.5"), ["a"], {"a": 1}])
def test_a_text_is_a_text(written: object) -> None:
    (problem,) = read_document({"products": {"x": {"name": written}}}, SHOP).problems

    assert (problem.code, problem.path) == (ErrorCode.INVALID, ("products", "x", "name"))
    assert ("put it in quotes" in problem.message) == (not isinstance(written, list | dict))


@pytest.mark.parametrize(
    ("written", "said"), [(None, "null"), (True, "true"), (False, "false"), (["a"], "a list"), (1, "1")]
)
def test_what_stands_in_place_of_a_text_is_named_as_it_is_written(written: object, said: str) -> None:
    # In a list, since null for a field is as good as left out.
    problems = read_document({"features": {"x": {"choices": [written]}}}, SHOP).problems

    (problem,) = (one for one in problems if one.path == ("features", "x", "choices"))
    assert problem.message.startswith(f"Expected a string, got {said}")


@pytest.mark.parametrize("written", ["yes", "true", 1, 0])
def test_a_flag_is_true_or_false(written: object) -> None:
    assert unreadable(of_plan(visible=written)) == ["INVALID plans.pro.visible"]


@pytest.mark.parametrize("written", [1.5, Decimal("1.5"), "3", 2**31, True])
def test_a_position_is_a_whole_number(written: object) -> None:
    assert unreadable(of_plan(position=written)) == ["INVALID plans.pro.position"]


@pytest.mark.parametrize("written", ["paid", "GOLD", 1, ["PAID"]])
def test_a_word_from_a_list_is_one_of_the_list(written: object) -> None:
    (problem,) = read_document(of_plan(pricingType=written), SHOP).problems

    assert problem.path == ("plans", "pro", "pricingType")
    assert "FREE, PAID, CUSTOM" in problem.message


def test_a_field_that_nobody_knows_is_refused_and_the_nearest_is_named() -> None:
    (problem,) = read_document(of_plan(entitlement=[]), SHOP).problems

    assert (problem.code, problem.path) == (ErrorCode.INVALID, ("plans", "pro", "entitlement"))
    assert "'entitlements' may be meant" in problem.message


@pytest.mark.parametrize(
    ("document", "problems"),
    [
        (None, ["INVALID"]),
        ([], ["INVALID"]),
        ("text", ["INVALID"]),
        ({"plan": {}}, ["INVALID plan"]),
        ({"features": []}, ["INVALID features"]),
        ({"features": {"x": "BOOLEAN"}}, ["INVALID features.x"]),
        ({"features": {"x": None}}, ["INVALID features.x"]),
        ({"features": {"x": {}}}, ["REQUIRED features.x.type", "REQUIRED features.x.name"]),
        ({"creditTypes": {"x": {"name": "X"}}}, ["REQUIRED creditTypes.x.unit"]),
        ({"plans": {"x": {"name": "X"}}}, ["REQUIRED plans.x.product"]),
        (of_plan(entitlements={}), ["INVALID plans.pro.entitlements"]),
    ],
)
def test_what_has_another_shape_is_refused_where_it_stands(document: object, problems: list[str]) -> None:
    assert unreadable(document) == problems


def test_every_problem_of_a_document_is_found_at_once() -> None:
    document = of_plan({"key": 5}, {"key": "seats", "metered": {"limit": "x", "reset": {}}}, basePlan=1)

    assert unreadable(document) == [
        "INVALID plans.pro.basePlan",
        "INVALID plans.pro.entitlements.0.key",
        "INVALID plans.pro.entitlements.1.metered.limit",
        "REQUIRED plans.pro.entitlements.1.metered.reset.every",
    ]


def test_a_boolean_needs_no_value() -> None:
    assert row(key="sso").value == GRANTED


def test_a_row_without_a_value_takes_the_default_of_its_feature() -> None:
    shop = catalog(metered("seats", limit(7)))
    pro = {"name": "Pro", "product": "app", "entitlements": [{"key": "seats"}]}

    (said,) = read({"plans": {"pro": pro}}, shop).packages["pro"].newest.rows

    assert said.value == limit(7)


def test_the_default_is_that_of_the_document() -> None:
    wanted = {"name": "Seats", "type": "METERED", "defaultValue": {"metered": {"limit": 9}}}
    document = {**of_plan({"key": "seats"}), "features": {"seats": wanted}}

    (said,) = read(document, catalog(metered("seats", limit(7)))).packages["pro"].newest.rows

    assert said.value == limit(9)


def test_a_limit_resets_as_its_feature_does_where_nothing_is_said() -> None:
    gauge = {"name": "G", "type": "METERED", "meter": {"aggregation": "LATEST"}}
    document = {**of_plan({"key": "gauge", "metered": {"limit": 1}}), "features": {"gauge": gauge}}

    (said,) = read(document).packages["pro"].newest.rows

    assert said.value == Metered(limit=ONE, reset=Reset(every=ResetInterval.NEVER))


def test_all_of_a_limit_is_read() -> None:
    said = row(
        key="seats",
        metered={
            "unlimited": True,
            "enforcement": "SOFT",
            "reset": {"every": "DAY", "count": 2},
            "overage": {"amount": {"amount": "0.1", "currency": "USD"}, "perUnits": 10},
        },
    ).value

    assert isinstance(said, Metered)
    assert (said.limit, said.enforcement) == (None, LimitEnforcement.SOFT)
    assert said.reset == Reset(every=ResetInterval.DAY, count=2)
    assert said.overage is not None
    assert (said.overage.amount.amount, said.overage.per_units) == (ONE // 10, 10 * ONE)


@pytest.mark.parametrize(
    ("metered", "problems"),
    [
        ({}, ["REQUIRED metered.limit"]),
        ({"unlimited": False}, ["REQUIRED metered.limit"]),
        ({"limit": 1, "unlimited": True}, ["INVALID metered.unlimited"]),
    ],
)
def test_a_limit_is_a_number_or_none_at_all(metered: Entry, problems: list[str]) -> None:
    assert wrong_row(key="seats", metered=metered) == problems


def test_a_revocation_goes_without_a_value() -> None:
    assert row(key="seats", revoked=True).value == REVOKED
    assert wrong_row(key="seats", revoked=True, metered={"limit": 1}) == ["INVALID revoked"]


def test_a_row_has_one_value() -> None:
    assert wrong_row(key="seats", metered={"limit": 1}, config={"number": 1}) == ["INVALID metered"]


def test_a_setting_has_one_kind() -> None:
    assert wrong_row(key="projects", config={"number": 1, "text": "one"}) == ["INVALID config.text"]
    assert wrong_row(key="projects", config={}) == ["REQUIRED config"]


def test_choices_are_put_in_the_order_of_their_feature() -> None:
    assert row(key="regions", config={"choices": ["us", "eu"]}).value == choices("eu", "us")


@pytest.mark.parametrize("picked", [("us", "moon"), ("us", "us")])
def test_choices_that_cannot_be_stay_as_they_are_written(picked: tuple[str, ...]) -> None:
    assert row(key="regions", config={"choices": list(picked)}).value == Choices(choices=picked)


def test_an_object_has_floats_for_its_fractions_as_json_has_them() -> None:
    said = row(key="storage", config={"object": {"a": Decimal("0.5"), "b": [1, None, True]}}).value

    assert said == Object(object={"a": 0.5, "b": [1, None, True]})


def test_a_fraction_too_large_for_json_is_refused() -> None:
    wanted = {"name": "App", "metadata": {"a": [Decimal("1e999")]}}

    assert unreadable({"products": {"app": wanted}}) == ["INVALID products.app.metadata"]


def test_metadata_keep_their_nulls() -> None:
    wanted = read({"products": {"app": {"name": "App", "metadata": {"a": None}}}})

    assert wanted.products["app"].metadata == {"a": None}


def test_a_metered_feature_without_a_meter_sums_what_is_reported() -> None:
    assert made({"type": "METERED"}).meter == Meter()
    assert made({"type": "BOOLEAN"}).meter is None


def test_a_filter_needs_its_property_and_its_operator() -> None:
    assert wrong_feature({"meter": {"filters": [{}]}}) == [
        "REQUIRED meter.filters.0.property",
        "REQUIRED meter.filters.0.operator",
    ]


def test_a_boolean_default_is_an_empty_value() -> None:
    assert made({"type": "BOOLEAN", "defaultValue": {}}).default == GRANTED


def test_packages_that_stay_drafts_are_kept_apart() -> None:
    assert read(of_plan(draft=True)).drafts == {"pro"}
    assert read(of_plan(draft=False)).drafts == set()


def test_a_price_and_a_rate_need_all_that_they_are_made_of() -> None:
    assert unreadable(of_plan(prices=[{}], creditRates=[{}])) == [
        "REQUIRED plans.pro.prices.0.key",
        "REQUIRED plans.pro.prices.0.billingPeriod",
        "REQUIRED plans.pro.prices.0.amount",
        "REQUIRED plans.pro.creditRates.0.feature",
        "REQUIRED plans.pro.creditRates.0.creditType",
        "REQUIRED plans.pro.creditRates.0.credits",
    ]


def test_an_order_is_a_list_of_keys() -> None:
    assert content(of_plan(order=["seats", "sso"])).order == ("seats", "sso")
    assert unreadable(of_plan(order="seats")) == ["INVALID plans.pro.order"]
    assert unreadable(of_plan(order=[1])) == ["INVALID plans.pro.order"]


def test_a_package_never_changes_its_kind() -> None:
    shop = catalog(*SUBJECTS, addon("pro"), plan("pack"))
    pack = {"name": "Pack", "product": "app"}

    assert unreadable({**of_plan(), "addons": {"pack": pack}}, shop) == [
        "INVALID addons.pack",
        "INVALID plans.pro",
    ]


def test_a_key_is_that_of_one_package() -> None:
    assert unreadable({**of_plan(), "addons": {"pro": {"name": "Pro", "product": "app"}}}) == [
        "ALREADY_EXISTS addons.pro"
    ]
