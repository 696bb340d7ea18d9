from __future__ import annotations

from dataclasses import replace

from rules.catalog.facts import (
    Addon,
    Aggregation,
    CreditType,
    Feature,
    FeatureStatus,
    Meter,
    Package,
    Plan,
    PricingType,
)
from rules.catalog_edits.packages import set_base_plan
from rules.catalog_edits.updates import (
    AddonUpdate,
    CreditTypeUpdate,
    FeatureUpdate,
    PlanUpdate,
    ProductUpdate,
    update_addon,
    update_credit_type,
    update_feature,
    update_plan,
    update_product,
)
from rules.unset import UNSET
from rules.values import Unit
from tests.rules.builders.catalog_builders import (
    NOBODY,
    addon,
    catalog,
    credit_type,
    edit,
    edited,
    limit,
    metered,
    plan,
    product,
    published,
    refusals,
    row,
    written,
)

TOO_LONG = "n" * 256
TOO_MUCH = {"m": "x" * 16_000}
CALLS = Unit(singular="call", plural="calls")

SEATS = replace(
    metered("seats", limit(5)),
    description="Who may come in",
    unit=Unit(singular="seat", plural="seats"),
    meter=Meter(event_name="sign-in", aggregation=Aggregation.SUM, property="people"),
    metadata={"owner": "growth"},
)
PRO = replace(
    plan("pro", row("seats", limit(1))),
    description="For teams",
    pricing_type=PricingType.PAID,
    visible=False,
    position=3,
    default_trial_days=14,
    compatible_addons=("pack",),
    metadata={"owner": "growth"},
)
PACK = replace(addon("pack"), description="More", max_quantity=3, metadata={"owner": "growth"})

SHOP = edited(
    published(catalog(SEATS, credit_type("ai"), PRO, PACK), "pro", "pack"),
    edit("seats", written(2)),
)


def the_product(update: ProductUpdate) -> object:
    """The product after an update."""
    return update_product(SHOP, update).products[update.key]


def the_feature(update: FeatureUpdate) -> Feature:
    """The feature after an update."""
    return update_feature(SHOP, update, NOBODY).features[update.key]


def the_plan(update: PlanUpdate) -> Package:
    """The plan after an update."""
    return update_plan(SHOP, update).packages[update.key]


def test_what_is_left_out_of_an_update_stays() -> None:
    assert update_product(SHOP, ProductUpdate(key="app")) == SHOP
    assert update_credit_type(SHOP, CreditTypeUpdate(key="ai")) == SHOP
    assert update_feature(SHOP, FeatureUpdate(key="seats"), NOBODY) == SHOP
    assert update_plan(SHOP, PlanUpdate(key="pro")) == SHOP
    assert update_addon(SHOP, AddonUpdate(key="pack")) == SHOP


def test_what_is_said_of_a_product_replaces_what_was_there() -> None:
    said = ProductUpdate(key="app", name="App", description="All of it", metadata={"a": [1]})

    assert the_product(said) == replace(
        product("app"), name="App", description="All of it", metadata={"a": [1]}
    )


def test_what_is_said_of_a_credit_type_replaces_what_was_there() -> None:
    said = CreditTypeUpdate(key="ai", name="AI", unit=CALLS, metadata={"a": 1})

    assert update_credit_type(SHOP, said).credit_types["ai"] == CreditType(
        key="ai", name="AI", unit=CALLS, metadata={"a": 1}
    )


def test_what_is_said_of_a_feature_replaces_what_was_there() -> None:
    meter = Meter(event_name="login", aggregation=Aggregation.SUM, property="users")
    said = FeatureUpdate(
        key="seats",
        name="Seats",
        description="Chairs",
        unit=CALLS,
        meter=meter,
        status=FeatureStatus.SUSPENDED,
        default=written(7),
        metadata={},
    )

    assert the_feature(said) == replace(
        SEATS,
        name="Seats",
        description="Chairs",
        unit=CALLS,
        meter=meter,
        status=FeatureStatus.SUSPENDED,
        default=limit(7),
        metadata={},
    )


def test_what_is_said_of_a_plan_replaces_what_was_there() -> None:
    said = PlanUpdate(
        key="pro",
        name="Pro",
        description="For all",
        pricing_type=PricingType.CUSTOM,
        visible=True,
        position=0,
        default_trial_days=0,
        compatible_addons=(),
        metadata={"a": 1},
    )

    assert the_plan(said) == replace(
        _pro(),
        name="Pro",
        description="For all",
        pricing_type=PricingType.CUSTOM,
        visible=True,
        position=0,
        default_trial_days=0,
        compatible_addons=(),
        metadata={"a": 1},
    )


def _pro() -> Plan:
    pro = SHOP.packages["pro"]
    assert isinstance(pro, Plan)
    return pro


def _pack() -> Addon:
    pack = SHOP.packages["pack"]
    assert isinstance(pack, Addon)
    return pack


def test_what_is_said_of_an_addon_replaces_what_was_there() -> None:
    said = AddonUpdate(key="pack", name="Pack", description="Much", max_quantity=1, metadata={"a": 1})

    assert update_addon(SHOP, said).packages["pack"] == replace(
        _pack(), name="Pack", description="Much", max_quantity=1, metadata={"a": 1}
    )


def test_what_is_said_of_a_package_is_live_at_once_and_its_draft_stays_a_draft() -> None:
    before, after = _pro(), the_plan(PlanUpdate(key="pro", name="Pro", position=1))

    assert after.name == "Pro"
    assert (after.versions, after.draft) == (before.versions, before.draft)
    assert after.draft is not None


def test_null_clears_what_can_be_absent() -> None:
    assert the_product(ProductUpdate(key="app", description=None)) == product("app")
    assert the_feature(FeatureUpdate(key="seats", description=None, unit=None, default=None)) == replace(
        SEATS, description=None, unit=None, default=None
    )
    assert the_plan(
        PlanUpdate(key="pro", description=None, default_trial_days=None, compatible_addons=None)
    ) == replace(_pro(), description=None, default_trial_days=None, compatible_addons=None)
    assert update_addon(SHOP, AddonUpdate(key="pack", description=None, max_quantity=None)).packages[
        "pack"
    ] == replace(_pack(), description=None, max_quantity=None)


def test_null_empties_metadata_and_anything_else_replaces_it_whole() -> None:
    assert the_feature(FeatureUpdate(key="seats", metadata=None)).metadata == {}
    assert the_feature(FeatureUpdate(key="seats", metadata={"b": 2})).metadata == {"b": 2}
    assert the_plan(PlanUpdate(key="pro", metadata=None)).metadata == {}
    assert update_addon(SHOP, AddonUpdate(key="pack", metadata=None)).packages["pack"].metadata == {}
    assert update_credit_type(SHOP, CreditTypeUpdate(key="ai", metadata=None)) == SHOP
    assert update_product(SHOP, ProductUpdate(key="app", metadata=None)) == SHOP


def test_null_is_required_where_something_must_stand() -> None:
    assert refusals(
        SHOP, lambda shop: update_product(shop, ProductUpdate(key="app", name=None, metadata=[]))
    ) == ["REQUIRED name", "INVALID metadata"]
    assert refusals(
        SHOP, lambda shop: update_credit_type(shop, CreditTypeUpdate(key="ai", name=None, unit=None))
    ) == ["REQUIRED name", "REQUIRED unit"]
    assert refusals(
        SHOP, lambda shop: update_feature(shop, FeatureUpdate(key="seats", name=None, status=None), NOBODY)
    ) == ["REQUIRED name", "REQUIRED status"]
    assert refusals(
        SHOP,
        lambda shop: update_plan(
            shop, PlanUpdate(key="pro", name=None, pricing_type=None, visible=None, position=None)
        ),
    ) == ["REQUIRED name", "REQUIRED pricingType", "REQUIRED visible", "REQUIRED position"]
    assert refusals(SHOP, lambda shop: update_addon(shop, AddonUpdate(key="pack", name=None))) == [
        "REQUIRED name"
    ]


def test_what_nobody_made_cannot_be_changed() -> None:
    assert refusals(SHOP, lambda shop: update_product(shop, ProductUpdate(key="App", name=None))) == [
        "NOT_FOUND key"
    ]
    assert refusals(SHOP, lambda shop: update_credit_type(shop, CreditTypeUpdate(key="seats"))) == [
        "NOT_FOUND key"
    ]
    assert refusals(SHOP, lambda shop: update_feature(shop, FeatureUpdate(key="ai"), NOBODY)) == [
        "NOT_FOUND key"
    ]


def test_a_plan_is_not_an_addon() -> None:
    assert refusals(SHOP, lambda shop: update_plan(shop, PlanUpdate(key="pack"))) == ["NOT_FOUND key"]
    assert refusals(SHOP, lambda shop: update_addon(shop, AddonUpdate(key="pro"))) == ["NOT_FOUND key"]


def test_all_problems_of_an_update_are_named_at_once() -> None:
    assert refusals(
        SHOP,
        lambda shop: update_plan(
            shop,
            PlanUpdate(
                key="pro",
                name=TOO_LONG,
                description="d" * 10_001,
                visible=None,
                position=-1,
                default_trial_days=3_651,
                compatible_addons=("pack", "pro", "pack"),
                metadata=TOO_MUCH,
            ),
        ),
    ) == [
        "REQUIRED visible",
        "OUT_OF_RANGE name",
        "OUT_OF_RANGE description",
        "OUT_OF_RANGE metadata",
        "OUT_OF_RANGE position",
        "OUT_OF_RANGE defaultTrialDays",
        "NOT_FOUND compatibleAddons.1",
        "INVALID compatibleAddons.2",
    ]
    assert refusals(
        SHOP, lambda shop: update_addon(shop, AddonUpdate(key="pack", name=" ", max_quantity=0))
    ) == ["REQUIRED name", "OUT_OF_RANGE maxQuantity"]
    assert refusals(
        SHOP,
        lambda shop: update_credit_type(
            shop, CreditTypeUpdate(key="ai", name=TOO_LONG, unit=Unit(singular="", plural=TOO_LONG))
        ),
    ) == ["OUT_OF_RANGE name", "REQUIRED unit.singular", "OUT_OF_RANGE unit.plural"]


def test_a_base_plan_that_is_left_out_is_required_and_only_null_removes() -> None:
    for key, problems in {
        "pro": ["REQUIRED basePlan"],
        "pack": ["INVALID plan", "REQUIRED basePlan"],
        "nobody": ["NOT_FOUND plan", "REQUIRED basePlan"],
    }.items():
        assert refusals(SHOP, lambda shop, key=key: set_base_plan(shop, key, UNSET)) == problems  # type: ignore[misc]
