from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from rules.catalog.facts import (
    Aggregation,
    Catalog,
    CreditRate,
    Feature,
    FeatureStatus,
    FilterOperator,
    Meter,
    MeterFilter,
    Plan,
    PricingType,
)
from rules.catalog_code.reader import read_document
from rules.catalog_code.writer import Entry, document_of
from rules.catalog_edits.packages import with_draft, with_package
from rules.numbers import ONE
from rules.values import (
    BillingPeriod,
    ConfigKind,
    FeatureType,
    Unit,
)
from tests.rules.builders.catalog_builders import (
    addon,
    archived,
    catalog,
    config,
    credit_type,
    edit,
    edited,
    feature,
    limit,
    metered,
    plan,
    price,
    published,
    row,
    written,
)
from tests.rules.builders.histories import histories
from tests.rules.builders.papers import SUBJECTS, plan_entry


def test_an_empty_catalog_is_an_empty_document() -> None:
    assert document_of(Catalog()) == {}


def test_a_small_catalog_reads_as_it_was_made() -> None:
    shop = catalog(
        feature("sso"), metered("seats"), plan("free", row("seats", limit(3))), plan("pro", base="free")
    )

    assert document_of(published(shop, "free")) == {
        "products": {"app": {"name": "app"}, "other": {"name": "other"}},
        "features": {
            "seats": {"name": "seats", "type": "METERED"},
            "sso": {"name": "sso", "type": "BOOLEAN"},
        },
        "plans": {
            "free": {
                "name": "free",
                "product": "app",
                "position": 0,
                "entitlements": [{"key": "seats", "metered": {"limit": 3}}],
            },
            "pro": {"name": "pro", "product": "app", "position": 0, "draft": True, "basePlan": "free"},
        },
    }


def test_things_stand_in_the_order_of_their_keys_however_they_were_made() -> None:
    one = catalog(feature("b"), feature("a"), plan("y"), plan("x"))
    other = catalog(feature("a"), feature("b"), plan("x"), plan("y"))

    assert list(document_of(one)["features"]) == ["a", "b"]
    assert list(document_of(one)["plans"]) == ["x", "y"]
    assert document_of(one) == document_of(other)


def test_rows_and_prices_stand_in_their_own_order() -> None:
    prices = [price("yearly"), price("monthly")]
    said = plan("pro", row("sso"), row("seats", limit(1)), prices=prices, order=("seats",))

    entry = plan_entry(catalog(*SUBJECTS, said))

    assert [one["key"] for one in entry["entitlements"]] == ["sso", "seats"]
    assert [one["key"] for one in entry["prices"]] == ["yearly", "monthly"]
    assert entry["order"] == ["seats"]


def test_all_of_a_feature_is_written_where_it_is_not_usual() -> None:
    calls = Feature(
        key="calls",
        name="Calls",
        description="Of the API.",
        product="app",
        type=FeatureType.METERED,
        status=FeatureStatus.SUSPENDED,
        unit=Unit(singular="call", plural="calls"),
        meter=Meter(
            event_name="call",
            aggregation=Aggregation.COUNT,
            filters=(MeterFilter(property="ok", operator=FilterOperator.IN, values=("a", "b")),),
        ),
        default=limit(9),
        metadata={"team": "core", "tags": ["x"]},
    )

    assert document_of(catalog(calls))["features"]["calls"] == {
        "name": "Calls",
        "description": "Of the API.",
        "product": "app",
        "type": "METERED",
        "status": "SUSPENDED",
        "unit": {"singular": "call", "plural": "calls"},
        "meter": {
            "eventName": "call",
            "aggregation": "COUNT",
            "filters": [{"property": "ok", "operator": "IN", "values": ["a", "b"]}],
        },
        "defaultValue": {"metered": {"limit": 9}},
        "metadata": {"tags": ["x"], "team": "core"},
    }


def test_a_choice_feature_has_its_kind_and_choices() -> None:
    entry = document_of(catalog(config("regions", ConfigKind.CHOICE, "eu", "us")))["features"]["regions"]

    assert entry == {"name": "regions", "type": "CONFIG", "configKind": "CHOICE", "choices": ["eu", "us"]}


def test_a_credit_type_has_its_unit() -> None:
    entry = document_of(catalog(credit_type("ai")))["creditTypes"]["ai"]

    assert entry == {"name": "ai", "unit": {"singular": "credit", "plural": "credits"}}


def test_all_of_a_plan_is_written_where_it_is_not_usual() -> None:
    pro = Plan(
        key="pro",
        name="Pro",
        product="app",
        description="For teams.",
        metadata={"a": 1},
        archived=True,
        pricing_type=PricingType.PAID,
        visible=False,
        position=7,
        default_trial_days=14,
        compatible_addons=("pack", "extra"),
        draft=plan("pro", prices=[replace(price("once", 5), per_unit_of="seats")]).draft,
    )
    rates = (CreditRate(feature="seats", credit_type="ai", credits=ONE, per_units=2 * ONE),)
    shop = with_draft(catalog(*SUBJECTS, pro), pro, replace(pro.newest, rates=rates))

    assert plan_entry(shop) == {
        "name": "Pro",
        "product": "app",
        "description": "For teams.",
        "metadata": {"a": 1},
        "archived": True,
        "pricingType": "PAID",
        "visible": False,
        "position": 7,
        "defaultTrialDays": 14,
        "compatibleAddons": ["extra", "pack"],
        "draft": True,
        "prices": [
            {
                "key": "once",
                "billingPeriod": "MONTHLY",
                "amount": {"amount": 5, "currency": "USD"},
                "perUnitOf": "seats",
            }
        ],
        "creditRates": [{"feature": "seats", "creditType": "ai", "credits": 1, "perUnits": 2}],
    }


def test_no_compatible_addon_is_something_else_than_all_of_them() -> None:
    none = replace(plan("pro"), compatible_addons=())

    assert plan_entry(catalog(none))["compatibleAddons"] == []
    assert "compatibleAddons" not in plan_entry(catalog(plan("pro")))


def test_an_addon_has_its_largest_quantity() -> None:
    pack = replace(addon("pack"), max_quantity=3)

    assert document_of(catalog(pack))["addons"]["pack"] == {
        "name": "pack",
        "product": "app",
        "maxQuantity": 3,
        "draft": True,
    }


def test_an_unfinished_draft_of_a_published_package_is_not_in_it() -> None:
    shop = published(catalog(*SUBJECTS, plan("pro", row("seats", limit(1)))), "pro")

    assert document_of(edited(shop, edit("seats", written(2)))) == document_of(shop)


def test_what_nobody_sees_is_not_in_it() -> None:
    shop = published(catalog(*SUBJECTS, plan("pro", row("seats", limit(1)))), "pro")
    again = published(edited(shop, edit("seats", written(2))), "pro")
    back = published(edited(again, edit("seats", written(1))), "pro")

    assert len(back.packages["pro"].versions) == 3
    assert document_of(back) == document_of(shop)


def test_an_archived_package_says_so() -> None:
    assert plan_entry(archived(published(catalog(plan("pro")), "pro"), "pro"))["archived"] is True


@given(histories())
def test_a_document_is_read_as_the_catalog_that_it_was_written_from(shop: Catalog) -> None:
    document = document_of(shop)

    wanted = read_document(document, Catalog())

    assert wanted.problems == ()
    again = Catalog(
        products=wanted.products,
        features=wanted.features,
        credit_types=wanted.credit_types,
        packages=wanted.packages,
    )
    drafts = {key for key, package in shop.packages.items() if not package.versions}
    assert wanted.drafts == drafts
    assert _without_drafts(document_of(again)) == _without_drafts(document)


def _without_drafts(document: Entry) -> Entry:
    """A document in which nobody can tell what is published."""
    return {
        section: {
            key: {name: said for name, said in entry.items() if name != "draft"}
            for key, entry in things.items()
        }
        for section, things in document.items()
    }


def test_a_billing_period_is_reported() -> None:
    yearly = replace(price("yearly"), billing_period=BillingPeriod.YEARLY)

    (entry,) = plan_entry(catalog(plan("pro", prices=[yearly])))["prices"]

    assert entry["billingPeriod"] == "YEARLY"


def test_packages_of_both_kinds_stand_in_their_own_sections() -> None:
    shop = with_package(catalog(plan("pro")), addon("pack"))

    assert list(document_of(shop)["plans"]) == ["pro"]
    assert list(document_of(shop)["addons"]) == ["pack"]
