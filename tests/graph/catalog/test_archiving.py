"""What is archived or suspended, what stands in the way, and what customers see of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graph.catalog.catalog_acts import refused
from tests.graph.client import Client

ACCESS = '{ access(customer: "acme", feature: "%s") { allowed reason usage { used limit } } }'


async def reason(client: Client, feature: str) -> str:
    """Why the customer may use a feature, or not."""
    return str((await client.ask(ACCESS % feature))["access"]["reason"])


async def in_the_way(client: Client, field: str, **given: Any) -> str:  # noqa: ANN401 - an input
    """What an act that is refused as IN_USE says."""
    refusal = await client.refusal(field, **given)
    assert refusal["code"] == "IN_USE"
    return str(refusal["message"])


@pytest.mark.parametrize(
    ("feature", "before"),
    [("community-support", "GRANTED"), ("seats", "WITHIN_LIMIT"), ("regions", "GRANTED")],
)
async def test_a_suspended_feature_is_denied_as_unavailable_until_it_is_active_again(
    acme: Client, feature: str, before: str
) -> None:
    await acme.do("subscribe", customer="acme", plan="free")
    assert await reason(acme, feature) == before

    await acme.do("updateFeature", key=feature, status="SUSPENDED")

    answer = (await acme.ask(ACCESS % feature))["access"]
    assert (answer["allowed"], answer["reason"]) == (False, "FEATURE_UNAVAILABLE")
    await acme.do("updateFeature", key=feature, status="ACTIVE")
    assert await reason(acme, feature) == before


async def test_usage_of_a_suspended_feature_is_reported_all_the_same(acme: Client) -> None:
    await acme.do("subscribe", customer="acme", plan="free")
    await acme.do("updateFeature", key="seats", status="SUSPENDED")

    await acme.do("reportUsage", customer="acme", feature="seats", value=2)

    assert (await acme.ask(ACCESS % "seats"))["access"]["usage"] == {"used": "2", "limit": "3"}


async def test_a_feature_that_plans_refer_to_is_in_use_and_each_is_named(shop: Client) -> None:
    amount = {"amount": 1, "currency": "USD"}
    await shop.do(
        "setPrice",
        package="free",
        key="per-seat",
        billingPeriod="MONTHLY",
        amount=amount,
        perUnitOf="seats",
    )

    message = await in_the_way(shop, "updateFeature", key="seats", status="ARCHIVED")

    assert message == (
        "'seats' is in use: an entitlement of the draft of 'free', price 'per-seat' of the draft of 'free', "
        "an entitlement of version 1 of 'free', an entitlement of version 1 of 'pro'."
    )


async def test_a_feature_that_nothing_refers_to_any_more_is_archived_and_denied(acme: Client) -> None:
    await acme.do("subscribe", customer="acme", plan="free")
    await acme.do("removeEntitlement", package="free", key="community-support")
    await acme.do("publishPackage", package="free")

    await acme.do("updateFeature", key="community-support", status="ARCHIVED")

    assert await reason(acme, "community-support") == "FEATURE_UNAVAILABLE"
    assert await acme.refused("setEntitlement", package="free", key="community-support") == ["ARCHIVED key"]
    await acme.do("updateFeature", key="community-support", status="ACTIVE")
    await acme.do("setEntitlement", package="free", key="community-support")


async def test_a_version_that_somebody_is_on_keeps_a_feature_in_use(acme: Client) -> None:
    await acme.do("subscribe", customer="acme", plan="starter", price="starter-monthly")
    await acme.do("removeEntitlement", package="free", key="community-support")
    await acme.do("publishPackage", package="free", applyTo="NEW_CUSTOMERS")
    archive = {"key": "community-support", "status": "ARCHIVED"}

    message = await in_the_way(acme, "updateFeature", **archive)

    # It is the base plan's version that starter's version, which acme is on, was published against.
    assert message == "'community-support' is in use: an entitlement of version 1 of 'free'."
    await acme.do("setEntitlement", package="starter", key="sso")
    await acme.do("publishPackage", package="starter", applyTo="ALL_CUSTOMERS")
    await acme.do("updateFeature", **archive)


async def test_a_custom_entitlement_keeps_a_feature_and_its_choices_in_use(acme: Client) -> None:
    await acme.do("createFeature", key="beta", name="Beta", type="BOOLEAN")
    await acme.do("setCustomEntitlement", customer="acme", feature="beta")
    asia = {"config": {"choices": ["asia"]}}
    await acme.do("setCustomEntitlement", customer="acme", feature="regions", value=asia)

    assert "'acme'" in await in_the_way(acme, "updateFeature", key="beta", status="ARCHIVED")
    assert "'acme'" in await in_the_way(acme, "updateFeature", key="regions", choices=["eu", "us"])

    await acme.do("removeCustomEntitlement", customer="acme", feature="beta")
    await acme.do("updateFeature", key="beta", status="ARCHIVED")


async def test_an_addon_that_somebody_has_keeps_a_feature_in_use(acme: Client) -> None:
    await acme.do("createAddon", key="pack", name="Pack", product="app")
    await acme.do("createFeature", key="beta", name="Beta", type="BOOLEAN")
    await acme.do("setEntitlement", package="pack", key="beta")
    await acme.do("publishPackage", package="pack")
    await acme.do("subscribe", customer="acme", plan="free", addons=[{"addon": "pack"}])
    await acme.do("archivePackage", package="pack")

    message = await in_the_way(acme, "updateFeature", key="beta", status="ARCHIVED")

    assert message == "'beta' is in use: an entitlement of version 1 of 'pack'."
    await acme.do("setSubscriptionAddon", customer="acme", addon="pack", quantity=0)
    await acme.do("updateFeature", key="beta", status="ARCHIVED")


async def test_a_choice_that_is_picked_is_in_use_and_one_that_is_not_may_go(shop: Client) -> None:
    assert await in_the_way(shop, "updateFeature", key="regions", choices=["us"]) == (
        "'eu' is in use: version 1 of 'free'."
    )

    answer = await shop.do("updateFeature", "feature { choices }", key="regions", choices=["africa", "eu"])

    assert answer["feature"] == {"choices": ["africa", "eu"]}


async def test_anyone_who_is_on_an_archived_plan_stays_and_new_ones_are_refused(acme: Client) -> None:
    await acme.do("subscribe", customer="acme", plan="pro", price="pro-monthly")

    payload = await acme.do("archivePackage", "package { key status }", package="pro")

    assert payload["package"] == {"key": "pro", "status": "ARCHIVED"}
    assert await reason(acme, "sso") == "GRANTED"
    await acme.do("upsertCustomer", key="late")
    late = {"customer": "late", "plan": "pro", "price": "pro-monthly"}
    assert await acme.refused("subscribe", **late) == ["ARCHIVED plan"]
    await acme.do("archivePackage", package="pro", archived=False)
    await acme.do("subscribe", **late)


async def test_anyone_who_is_on_an_archived_plan_moves_with_its_base_plans_publish(acme: Client) -> None:
    await acme.do("subscribe", customer="acme", plan="pro", price="pro-monthly")
    await acme.do("archivePackage", package="pro")

    await acme.do("removeEntitlement", package="free", key="community-support")
    payload = await acme.do("publishPackage", "cascadedTo { key status }", package="free")

    assert {"key": "pro", "status": "ARCHIVED"} in payload["cascadedTo"]
    assert await reason(acme, "community-support") == "NOT_ENTITLED"


async def test_a_base_plan_with_unarchived_derived_plans_is_in_use_and_they_are_named(shop: Client) -> None:
    await shop.do("createPlan", key="team", name="Team", product="app", basePlan="free")

    assert await in_the_way(shop, "archivePackage", package="free") == ("'free' is in use: starter, team.")
    for key in ("pro", "starter", "team", "free"):
        await shop.do("archivePackage", package=key)
    assert await shop.refused("archivePackage", package="pro", archived=False) == ["ARCHIVED package"]


async def test_an_archived_plan_takes_no_edits_and_no_derived_plans(shop: Client) -> None:
    await shop.do("createPlan", key="team", name="Team", product="app")
    await shop.do("archivePackage", package="pro")
    package = {"package": "pro"}
    amount = {"amount": 1, "currency": "USD"}

    assert [
        await shop.refused("setEntitlement", **package, key="sso"),
        await shop.refused("removeEntitlement", **package, key="sso"),
        await shop.refused("reorderEntitlements", **package, keys=["sso"]),
        await shop.refused("setPrice", **package, key="new", billingPeriod="MONTHLY", amount=amount),
        await shop.refused("removePrice", **package, key="pro-monthly"),
        await shop.refused("publishPackage", **package),
        await refused(shop, "discardDraft", **package),
        await shop.refused("setBasePlan", plan="pro", basePlan=None),
    ] == [["ARCHIVED package"]] * 7 + [["ARCHIVED plan"]]
    assert await shop.refused("setBasePlan", plan="team", basePlan="pro") == ["ARCHIVED basePlan"]
    new = {"key": "crew", "name": "Crew", "product": "app", "basePlan": "pro"}
    assert await shop.refused("createPlan", **new) == ["ARCHIVED basePlan"]


async def test_an_archived_plan_is_found_by_key_and_its_key_stays_taken(shop: Client) -> None:
    await shop.do("archivePackage", package="pro")

    answer = await shop.ask('{ plan(key: "pro") { status entitlements { key } } plans { totalCount } }')

    assert answer["plan"]["status"] == "ARCHIVED"
    assert len(answer["plan"]["entitlements"]) == 9
    assert answer["plans"] == {"totalCount": 3}
    assert await shop.refused("createPlan", key="Pro", name="Pro", product="app") == ["ALREADY_EXISTS key"]


async def test_archiving_twice_changes_nothing(shop: Client) -> None:
    first = await shop.do("archivePackage", "package { status }", package="pro")
    again = await shop.do("archivePackage", "package { status }", package="pro")

    assert again == first
