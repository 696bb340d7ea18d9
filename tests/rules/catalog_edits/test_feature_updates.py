from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.catalog.facts import Aggregation, Catalog, Feature, FeatureStatus, Meter
from rules.catalog_edits.features import create_feature
from rules.catalog_edits.updates import FeatureUpdate, update_feature
from rules.values import ConfigKind, Reset, ResetInterval, Unit, Written, WrittenLimit
from tests.rules.builders.catalog_builders import (
    NOBODY,
    catalog,
    choices,
    config,
    credit,
    feature,
    limit,
    metered,
    plan,
    refusals,
    row,
    written,
)
from tests.rules.builders.strategies import features, values_of

SEATS = replace(
    metered("seats", limit(5)),
    meter=Meter(event_name="sign-in", aggregation=Aggregation.SUM, property="people"),
)
REGIONS = replace(config("regions", ConfigKind.CHOICE, "eu", "us", "asia"), default=choices("eu", "asia"))

SHOP = catalog(SEATS, REGIONS, feature("sso"), plan("pro", row("sso")))


def changed(update: FeatureUpdate, shop: Catalog = SHOP) -> Feature:
    """The feature after an update."""
    return update_feature(shop, update, NOBODY).features[update.key]


def problems(update: FeatureUpdate, shop: Catalog = SHOP) -> list[str]:
    """What an update is refused for."""
    return refusals(shop, lambda before: update_feature(before, update, NOBODY))


def test_all_problems_of_a_changed_feature_are_named_at_once() -> None:
    assert problems(
        FeatureUpdate(
            key="seats",
            name="",
            status=None,
            unit=Unit(singular="", plural="seats"),
            choices=("eu",),
            meter=Meter(event_name="sign-in", aggregation=Aggregation.MAX),
            default=WrittenLimit(limit=-1, reset=Reset(every=ResetInterval.MONTH, count=0)),
        )
    ) == [
        "REQUIRED status",
        "REQUIRED name",
        "REQUIRED unit.singular",
        "INVALID choices",
        "REQUIRED meter.property",
        "OUT_OF_RANGE defaultValue.metered.limit",
        "OUT_OF_RANGE defaultValue.metered.reset.count",
        "INVALID meter.aggregation",
    ]


@pytest.mark.parametrize("aggregation", [a for a in Aggregation if a is not Aggregation.SUM])
def test_a_meters_aggregation_never_changes(aggregation: Aggregation) -> None:
    named = None if aggregation is Aggregation.COUNT else "people"
    meter = Meter(event_name="sign-in", aggregation=aggregation, property=named)

    assert problems(FeatureUpdate(key="seats", meter=meter)) == ["INVALID meter.aggregation"]


@pytest.mark.parametrize("aggregation", [a for a in Aggregation if a is not Aggregation.UNIQUE])
def test_a_meter_taken_away_leaves_one_that_is_only_reported_to_and_counts_as_before(
    aggregation: Aggregation,
) -> None:
    named = None if aggregation is Aggregation.COUNT else "people"
    counted = replace(SEATS, meter=Meter(event_name="sign-in", aggregation=aggregation, property=named))

    left = changed(FeatureUpdate(key="seats", meter=None), catalog(counted))

    assert left.meter == Meter(aggregation=aggregation)


def test_a_meter_of_distinct_things_cannot_do_without_its_property() -> None:
    distinct = replace(SEATS, meter=Meter(aggregation=Aggregation.UNIQUE, property="person"))

    assert problems(FeatureUpdate(key="seats", meter=None), catalog(distinct)) == ["REQUIRED meter.property"]


@pytest.mark.parametrize("key", ["sso", "regions"])
def test_a_feature_that_is_not_metered_takes_no_meter(key: str) -> None:
    assert problems(FeatureUpdate(key=key, meter=Meter())) == ["INVALID meter"]
    assert update_feature(SHOP, FeatureUpdate(key=key, meter=None), NOBODY) == SHOP


@pytest.mark.parametrize("nothing", [None, ()])
def test_the_choices_of_a_setting_cannot_be_taken_away(nothing: tuple[str, ...] | None) -> None:
    assert problems(FeatureUpdate(key="regions", choices=nothing, default=None)) == ["REQUIRED choices"]


def test_choices_go_with_settings_that_pick_from_them() -> None:
    assert problems(FeatureUpdate(key="sso", choices=("eu",))) == ["INVALID choices"]
    assert update_feature(SHOP, FeatureUpdate(key="sso", choices=None), NOBODY) == SHOP


def test_a_choice_may_be_added_and_the_default_value_follows_the_order_of_the_choices() -> None:
    assert changed(FeatureUpdate(key="regions", choices=("asia", "africa", "us", "eu"))) == replace(
        REGIONS, choices=("asia", "africa", "us", "eu"), default=choices("asia", "eu")
    )


def test_a_choice_that_the_default_value_picks_goes_with_another_default_value_only() -> None:
    fewer = FeatureUpdate(key="regions", choices=("eu", "us"))

    assert problems(fewer) == ["INVALID defaultValue.config.choices.1"]
    assert changed(replace(fewer, default=choices("us"))).default == choices("us")
    assert changed(replace(fewer, default=None)).default is None


def test_a_default_value_is_settled_when_it_is_set() -> None:
    gauge = replace(metered("seats"), meter=Meter(aggregation=Aggregation.LATEST))
    never = replace(limit(3), reset=Reset(every=ResetInterval.NEVER))

    assert changed(FeatureUpdate(key="seats", default=written(3))).default == limit(3)
    assert changed(FeatureUpdate(key="seats", default=written(3)), catalog(gauge)).default == never
    assert changed(FeatureUpdate(key="regions", default=choices("asia", "us"))).default == choices(
        "us", "asia"
    )


def test_a_default_value_that_is_left_out_keeps_its_own_reset() -> None:
    daily = replace(limit(3), reset=Reset(every=ResetInterval.DAY))

    kept = changed(FeatureUpdate(key="seats", name="Seats"), catalog(replace(SEATS, default=daily)))

    assert kept.default == daily


def test_a_default_value_is_of_the_features_type() -> None:
    assert problems(FeatureUpdate(key="seats", default=credit(3))) == ["TYPE_MISMATCH defaultValue.credit"]
    assert problems(FeatureUpdate(key="seats", default=choices("eu"))) == [
        "TYPE_MISMATCH defaultValue.config"
    ]
    assert problems(FeatureUpdate(key="regions", default=written(3))) == [
        "TYPE_MISMATCH defaultValue.metered"
    ]


def test_a_default_value_may_be_taken_away_and_rows_that_took_it_stay() -> None:
    shop = catalog(SEATS, plan("pro", row("seats", limit(5))))

    after = update_feature(shop, FeatureUpdate(key="seats", default=None), NOBODY)

    assert after == replace(shop, features={"seats": replace(SEATS, default=None)})


@pytest.mark.parametrize("status", FeatureStatus)
def test_a_feature_that_nothing_refers_to_may_stand_wherever_it_is_put_and_come_back(
    status: FeatureStatus,
) -> None:
    there = update_feature(SHOP, FeatureUpdate(key="seats", status=status), NOBODY)

    assert there.features["seats"].status is status
    assert update_feature(there, FeatureUpdate(key="seats", status=FeatureStatus.ACTIVE), NOBODY) == SHOP


def test_a_feature_in_use_may_be_suspended() -> None:
    suspended = FeatureUpdate(key="sso", status=FeatureStatus.SUSPENDED)

    assert changed(suspended).status is FeatureStatus.SUSPENDED


@given(st.data())
def test_a_feature_that_is_told_what_it_is_stays_what_it_is(data: st.DataObject) -> None:
    wanted = data.draw(features())
    default: Written | None = data.draw(st.none() | values_of(wanted))
    shop = create_feature(catalog(), wanted, default)
    made = shop.features[wanted.key]

    said = FeatureUpdate(
        key=made.key,
        name=made.name,
        description=made.description,
        unit=made.unit,
        choices=made.choices,
        meter=made.meter,
        status=made.status,
        default=default,
        metadata=made.metadata,
    )

    assert update_feature(shop, said, NOBODY) == shop
