from __future__ import annotations

from dataclasses import replace

import pytest

from rules.catalog.facts import Aggregation, Catalog, CreditType, Feature, FilterOperator, Meter, MeterFilter
from rules.catalog_edits.features import create_credit_type, create_feature, create_product
from rules.values import ConfigKind, FeatureType, Metered, Reset, ResetInterval, Unit, WrittenLimit
from tests.rules.builders.catalog_builders import (
    GRANTED,
    catalog,
    choices,
    config,
    credit_type,
    feature,
    limit,
    metered,
    number,
    plan,
    product,
    refusals,
    written,
)

SHOP = catalog(feature("sso"), credit_type("ai"))


def meter_problems(meter: Meter) -> list[str]:
    """What keeps a feature from being made with this meter."""
    return refusals(SHOP, lambda shop: create_feature(shop, replace(metered("calls"), meter=meter)))


def filter_problems(operator: FilterOperator, *values: str, of: str = "model") -> list[str]:
    """What keeps a feature from being made with this filter."""
    condition = MeterFilter(property=of, operator=operator, values=values)
    return meter_problems(Meter(aggregation=Aggregation.COUNT, filters=(condition,)))


def test_a_feature_that_is_made_joins_the_others() -> None:
    shop = create_feature(SHOP, metered("seats"))

    assert list(shop.features) == ["sso", "seats"]
    assert list(SHOP.features) == ["sso"]


@pytest.mark.parametrize("key", ["sso", "SSO", "ai", "Ai"])
def test_features_and_credit_types_share_one_key_space_in_which_case_does_not_tell(key: str) -> None:
    assert refusals(SHOP, lambda shop: create_feature(shop, feature(key))) == ["ALREADY_EXISTS key"]
    assert refusals(SHOP, lambda shop: create_credit_type(shop, credit_type(key))) == ["ALREADY_EXISTS key"]


def test_other_things_may_have_the_key_of_a_feature() -> None:
    shop = create_product(replace(SHOP, packages={"calls": plan("calls")}), product("sso"))

    assert create_feature(shop, metered("calls")).features["calls"].key == "calls"


@pytest.mark.parametrize("key", ["app", "App"])
def test_products_that_differ_in_case_only_collide(key: str) -> None:
    assert refusals(SHOP, lambda shop: create_product(shop, product(key))) == ["ALREADY_EXISTS key"]


def test_a_metered_feature_made_without_a_meter_counts_what_is_reported_to_it() -> None:
    seats = create_feature(SHOP, metered("seats")).features["seats"]

    assert seats.meter == Meter(aggregation=Aggregation.SUM, event_name=None, property=None)


def test_other_features_are_made_without_a_meter() -> None:
    assert create_feature(SHOP, feature("audit")).features["audit"].meter is None


def test_a_product_groups_a_feature() -> None:
    seats = replace(metered("seats"), product="app")

    assert create_feature(SHOP, seats).features["seats"].product == "app"


def test_a_product_that_nobody_made_groups_nothing() -> None:
    seats = replace(metered("seats"), product="nowhere")

    assert refusals(SHOP, lambda shop: create_feature(shop, seats)) == ["NOT_FOUND product"]


def test_all_problems_of_a_feature_are_named_at_once() -> None:
    wrong = Feature(
        key="-",
        name="",
        description="d" * 10_001,
        product="nowhere",
        type=FeatureType.BOOLEAN,
        config_kind=ConfigKind.NUMBER,
        choices=("eu",),
        unit=Unit(singular="", plural="seats"),
        meter=Meter(),
        metadata={"m": "x" * 16_000},
    )

    assert refusals(SHOP, lambda shop: create_feature(shop, wrong, number(1))) == [
        "INVALID key",
        "REQUIRED name",
        "OUT_OF_RANGE description",
        "OUT_OF_RANGE metadata",
        "REQUIRED unit.singular",
        "INVALID configKind",
        "INVALID choices",
        "INVALID meter",
        "TYPE_MISMATCH defaultValue.config",
        "NOT_FOUND product",
    ]


def test_all_problems_of_a_product_are_named_at_once() -> None:
    wrong = replace(product("ä"), name=" ", description="d" * 10_001)

    assert refusals(SHOP, lambda shop: create_product(shop, wrong)) == [
        "INVALID key",
        "REQUIRED name",
        "OUT_OF_RANGE description",
    ]


def test_all_problems_of_a_credit_type_are_named_at_once() -> None:
    wrong = CreditType(key="", name="n" * 256, unit=Unit(singular=" ", plural="s" * 256))

    assert refusals(SHOP, lambda shop: create_credit_type(shop, wrong)) == [
        "INVALID key",
        "OUT_OF_RANGE name",
        "REQUIRED unit.singular",
        "OUT_OF_RANGE unit.plural",
    ]


def test_a_credit_type_and_a_product_that_are_made_join_the_others() -> None:
    shop = create_product(create_credit_type(SHOP, credit_type("sms")), product("store"))

    assert list(shop.credit_types) == ["ai", "sms"]
    assert list(shop.products) == ["app", "other", "store"]


def test_a_setting_has_a_kind() -> None:
    kindless = feature("projects", FeatureType.CONFIG)

    assert refusals(SHOP, lambda shop: create_feature(shop, kindless)) == ["REQUIRED configKind"]
    assert refusals(SHOP, lambda shop: create_feature(shop, kindless, number(1))) == [
        "REQUIRED configKind",
        "TYPE_MISMATCH defaultValue.config",
    ]


def test_choices_are_listed_for_settings_of_their_kind_only() -> None:
    projects = config("projects", ConfigKind.NUMBER, "eu")
    regions = config("regions", ConfigKind.CHOICE)

    assert refusals(SHOP, lambda shop: create_feature(shop, projects)) == ["INVALID choices"]
    assert refusals(SHOP, lambda shop: create_feature(shop, regions)) == ["REQUIRED choices"]


def test_each_choice_is_a_word_and_stands_once() -> None:
    regions = config("regions", ConfigKind.CHOICE, "eu", " ", "eu", "c" * 256, "c" * 255)

    assert refusals(SHOP, lambda shop: create_feature(shop, regions)) == [
        "INVALID choices.1",
        "INVALID choices.2",
        "INVALID choices.3",
    ]


def test_a_default_value_is_settled_when_the_feature_is_made() -> None:
    gauge = replace(metered("seats"), meter=Meter(aggregation=Aggregation.LATEST))
    regions = config("regions", ConfigKind.CHOICE, "eu", "us")

    shop = create_feature(create_feature(SHOP, gauge, written(5)), regions, choices("us", "eu"))

    never = Reset(every=ResetInterval.NEVER)
    assert shop.features["seats"].default == replace(limit(5), reset=never)
    assert shop.features["regions"].default == choices("eu", "us")


def test_a_default_value_may_be_unlimited() -> None:
    shop = create_feature(SHOP, metered("seats"), WrittenLimit(unlimited=True))

    assert shop.features["seats"].default == Metered(limit=None)


def test_a_default_value_is_checked_like_any_other() -> None:
    seats = metered("seats")

    assert refusals(SHOP, lambda shop: create_feature(shop, seats, WrittenLimit())) == [
        "REQUIRED defaultValue.metered.limit"
    ]
    assert refusals(SHOP, lambda shop: create_feature(shop, seats, GRANTED)) == ["REQUIRED defaultValue"]


@pytest.mark.parametrize(
    "aggregation", [Aggregation.SUM, Aggregation.MAX, Aggregation.UNIQUE, Aggregation.LATEST]
)
def test_a_meter_of_events_names_the_property_that_it_reads(aggregation: Aggregation) -> None:
    meter = Meter(event_name="call", aggregation=aggregation)

    assert meter_problems(meter) == ["REQUIRED meter.property"]
    assert made_with(replace(meter, property="size")).meter == replace(meter, property="size")


def test_a_meter_that_is_only_reported_to_names_a_property_to_count_distinct_ones_only() -> None:
    assert meter_problems(Meter(aggregation=Aggregation.UNIQUE)) == ["REQUIRED meter.property"]
    assert made_with(Meter(aggregation=Aggregation.MAX)).meter == Meter(aggregation=Aggregation.MAX)


def made_with(meter: Meter) -> Feature:
    """The feature that is made with this meter."""
    return create_feature(Catalog(), replace(metered("calls"), meter=meter)).features["calls"]


def test_count_reads_no_property() -> None:
    counting = Meter(event_name="call", aggregation=Aggregation.COUNT)

    assert made_with(counting).meter == counting
    assert meter_problems(replace(counting, property="size")) == ["INVALID meter.property"]


@pytest.mark.parametrize("name", ["e", "e" * 255])
def test_names_of_events_and_properties_have_1_to_255_characters(name: str) -> None:
    condition = MeterFilter(property=name, operator=FilterOperator.EXISTS)
    meter = Meter(event_name=name, property=name, filters=(condition,))

    assert made_with(meter).meter == meter


def test_any_other_name_of_an_event_or_property_is_invalid() -> None:
    assert meter_problems(Meter(event_name="", property="")) == [
        "INVALID meter.eventName",
        "INVALID meter.property",
    ]
    assert meter_problems(Meter(event_name="e" * 256, property="p" * 256)) == [
        "INVALID meter.eventName",
        "INVALID meter.property",
    ]
    assert filter_problems(FilterOperator.EXISTS, of="p" * 256) == ["INVALID meter.filters.0.property"]


@pytest.mark.parametrize(
    ("operator", "values"),
    [
        (FilterOperator.EQ, ("gpt",)),
        (FilterOperator.NEQ, ("",)),
        (FilterOperator.IN, ("a", "b")),
        (FilterOperator.NOT_IN, ("a",)),
        (FilterOperator.GT, ("-1.5",)),
        (FilterOperator.LTE, ("10",)),
        (FilterOperator.EXISTS, ()),
        (FilterOperator.NOT_EXISTS, ()),
    ],
)
def test_a_filter_takes_what_its_operator_compares(operator: FilterOperator, values: tuple[str, ...]) -> None:
    condition = MeterFilter(property="model", operator=operator, values=values)
    meter = Meter(aggregation=Aggregation.COUNT, filters=(condition,))

    assert made_with(meter).meter == meter


@pytest.mark.parametrize("operator", [FilterOperator.EXISTS, FilterOperator.NOT_EXISTS])
def test_a_filter_for_being_there_takes_no_values(operator: FilterOperator) -> None:
    assert filter_problems(operator, "gpt") == ["INVALID meter.filters.0.values"]


@pytest.mark.parametrize("operator", [FilterOperator.IN, FilterOperator.NOT_IN])
def test_a_filter_of_several_values_takes_at_least_one(operator: FilterOperator) -> None:
    assert filter_problems(operator) == ["REQUIRED meter.filters.0.values"]


@pytest.mark.parametrize(
    "operator", [FilterOperator.EQ, FilterOperator.NEQ, FilterOperator.GT, FilterOperator.LT]
)
def test_a_filter_of_one_value_takes_exactly_one(operator: FilterOperator) -> None:
    assert filter_problems(operator) == ["INVALID meter.filters.0.values"]
    assert filter_problems(operator, "1", "2") == ["INVALID meter.filters.0.values"]


@pytest.mark.parametrize(
    "operator", [FilterOperator.GT, FilterOperator.GTE, FilterOperator.LT, FilterOperator.LTE]
)
def test_a_filter_that_compares_decimals_takes_a_number(operator: FilterOperator) -> None:
    assert filter_problems(operator, "many") == ["INVALID meter.filters.0.values.0"]
    assert filter_problems(operator, "NaN") == ["INVALID meter.filters.0.values.0"]


def test_all_problems_of_all_filters_are_named_at_once() -> None:
    wrong = MeterFilter(property="", operator=FilterOperator.IN)
    right = MeterFilter(property="model", operator=FilterOperator.EXISTS)

    assert meter_problems(Meter(aggregation=Aggregation.COUNT, filters=(wrong, right, wrong))) == [
        "INVALID meter.filters.0.property",
        "REQUIRED meter.filters.0.values",
        "INVALID meter.filters.2.property",
        "REQUIRED meter.filters.2.values",
    ]
