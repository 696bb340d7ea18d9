"""Rows of a plan as product people see them: own, inherited, overridden, revoked, put in order, hidden."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graph.catalog.catalog_acts import attempted
from tests.graph.client import Client

ROW = """{
  __typename key origin definedIn { key } position hiddenFrom displayText defaultDisplayText
  feature { key } price { key } overrides { key origin displayText definedIn { key } }
}"""


async def shown(client: Client, plan: str, *, draft: bool = True) -> list[dict[str, Any]]:
    """The rows of a plan's draft, or those that readers see."""
    if draft:
        answer = await client.ask(f'{{ plan(key: "{plan}") {{ draft {{ entitlements {ROW} }} }} }}')
        return list(answer["plan"]["draft"]["entitlements"])
    answer = await client.ask(f'{{ plan(key: "{plan}") {{ entitlements {ROW} }} }}')
    return list(answer["plan"]["entitlements"])


async def told(client: Client, plan: str, *, draft: bool = True) -> list[str]:
    """The rows in a word each: key, origin, and where they were set."""
    return [
        f"{row['key']} {row['origin']} {row['definedIn']['key']}"
        for row in await shown(client, plan, draft=draft)
    ]


async def row_of(client: Client, plan: str, key: str) -> dict[str, Any]:
    """One row of a plan's draft."""
    return next(row for row in await shown(client, plan) if row["key"] == key)


FREE_IN_ORDER = ["api-calls", "seats", "max-projects", "regions", "community-support"]

STARTER = [
    "api-calls OVERRIDDEN starter",
    *(f"{key} INHERITED free" for key in FREE_IN_ORDER[1:]),
    "tokens OWN starter",
    "storage OWN starter",
]


async def test_inherited_rows_stand_before_own_ones_and_an_override_where_the_inherited_one_stood(
    shop: Client,
) -> None:
    assert await told(shop, "starter", draft=False) == STARTER
    assert await told(shop, "pro", draft=False) == [
        "api-calls INHERITED starter",
        "seats OVERRIDDEN pro",
        *(f"{key} INHERITED free" for key in FREE_IN_ORDER[2:]),
        *("tokens INHERITED starter", "storage INHERITED starter"),
        *("sso OWN pro", "exports OWN pro"),
    ]
    assert [row["position"] for row in await shown(shop, "pro", draft=False)] == list(range(9))


async def test_an_override_gives_the_original(shop: Client) -> None:
    override = (await shown(shop, "starter", draft=False))[0]

    assert override["displayText"] == "1,000 API calls per billing period"
    assert override["overrides"] == {
        "key": "api-calls",
        "origin": "INHERITED",
        "displayText": "100 API calls per month",
        "definedIn": {"key": "free"},
    }


async def test_an_edit_shows_in_the_draft_until_it_is_published(shop: Client) -> None:
    document = """{ plan(key: "starter") {
      entitlements { key } prices { key } draft { number state publishedAt prices { key }
        entitlements { key } } publishedVersion { number } } }"""
    assert (await shop.ask(document))["plan"]["draft"] is None

    await shop.do("setEntitlement", package="starter", key="sso")
    await shop.do("removePrice", package="starter", key="starter-monthly")
    edited = (await shop.ask(document))["plan"]

    assert (edited["draft"]["number"], edited["draft"]["state"]) == (2, "DRAFT")
    assert edited["draft"]["publishedAt"] is None
    assert edited["draft"]["prices"] == []
    assert edited["prices"] == [{"key": "starter-monthly"}]
    assert {"key": "sso"} in edited["draft"]["entitlements"]
    assert {"key": "sso"} not in edited["entitlements"]

    await shop.do("publishPackage", package="starter")
    published = (await shop.ask(document))["plan"]

    assert published["draft"] is None
    assert published["publishedVersion"] == {"number": 2}
    assert published["prices"] == []
    assert {"key": "sso"} in published["entitlements"]


async def test_readers_see_the_draft_of_a_plan_that_was_never_published(shop: Client) -> None:
    await shop.do("createPlan", key="team", name="Team", product="app", basePlan="free")
    await shop.do("setEntitlement", package="team", key="sso")

    answer = await shop.ask(
        '{ plan(key: "team") { status entitlements { key } publishedVersion { number } basePlan { key } } }'
    )

    assert answer["plan"] == {
        "status": "DRAFT",
        "entitlements": [{"key": key} for key in (*FREE_IN_ORDER, "sso")],
        "publishedVersion": None,
        "basePlan": {"key": "free"},
    }


async def test_an_act_on_a_draft_shows_what_the_draft_says_now(shop: Client) -> None:
    row = f"entitlement {ROW} package {{ key draft {{ entitlements {{ key }} }} entitlements {{ key }} }}"

    payload = await shop.do(
        "setEntitlement", row, package="pro", key="regions", value={"config": {"choices": ["us", "eu"]}}
    )

    assert payload["entitlement"]["origin"] == "OVERRIDDEN"
    assert payload["entitlement"]["displayText"] == "regions: eu, us"
    assert payload["entitlement"] == await row_of(shop, "pro", "regions")
    assert len(payload["package"]["draft"]["entitlements"]) == 9


async def test_a_value_left_out_keeps_what_stands_and_copies_what_is_inherited(shop: Client) -> None:
    limit = "entitlement { ... on MeteredEntitlement { limit reset { every } } }"

    copied = await shop.do("setEntitlement", limit, package="pro", key="api-calls", displayText="Calls")
    kept = await shop.do("setEntitlement", limit, package="pro", key="seats", displayText="Chairs")

    assert copied["entitlement"] == {"limit": "1000", "reset": {"every": "BILLING_PERIOD"}}
    assert kept["entitlement"] == {"limit": "50", "reset": {"every": "NEVER"}}


async def test_a_value_left_out_on_a_new_row_is_the_features_default(shop: Client) -> None:
    value = {"metered": {"limit": 7, "enforcement": "SOFT"}}
    await shop.do("updateFeature", key="exports", defaultValue=value)

    made = await shop.do(
        "setEntitlement",
        "entitlement { origin ... on MeteredEntitlement { limit enforcement } }",
        package="free",
        key="exports",
    )

    assert made["entitlement"] == {"origin": "OWN", "limit": "7", "enforcement": "SOFT"}


async def test_a_revoked_row_is_shown_with_what_it_takes_away_and_is_silence_below(acme: Client) -> None:
    await acme.do("subscribe", customer="acme", plan="pro", price="pro-monthly")
    await acme.do("setEntitlement", package="starter", key="regions", revoked=True)

    revoked = await row_of(acme, "starter", "regions")
    await acme.do("publishPackage", package="starter")

    assert revoked["__typename"] == "RevokedEntitlement"
    assert revoked["origin"] == "OVERRIDDEN"
    assert revoked["displayText"] == "No regions"
    assert revoked["feature"] == {"key": "regions"}
    assert revoked["overrides"]["definedIn"] == {"key": "free"}
    assert "regions" not in [row["key"] for row in await shown(acme, "pro", draft=False)]
    question = '{ access(customer: "acme", feature: "regions") { allowed reason } }'
    assert (await acme.ask(question))["access"] == {"allowed": False, "reason": "NOT_ENTITLED"}


async def test_below_a_revocation_a_grandchild_may_set_the_key_anew(shop: Client) -> None:
    await shop.do("setEntitlement", package="starter", key="regions", revoked=True)
    await shop.do("publishPackage", package="starter")

    value = {"config": {"choices": ["asia"]}}
    await shop.do("setEntitlement", package="pro", key="regions", value=value)

    row = await row_of(shop, "pro", "regions")
    assert (row["origin"], row["overrides"]) == ("OWN", None)


async def test_removing_a_revocation_or_an_override_restores_the_inherited_row(shop: Client) -> None:
    await shop.do("setEntitlement", package="starter", key="community-support", revoked=True)
    await shop.do("setEntitlement", package="starter", key="seats", value={"metered": {"limit": 9}})

    await shop.do("removeEntitlement", package="starter", key="community-support")
    await shop.do("removeEntitlement", package="starter", key="seats")

    assert await told(shop, "starter") == STARTER


async def test_a_row_that_is_only_inherited_cannot_be_removed_and_it_is_said_where_it_lives(
    shop: Client,
) -> None:
    refusal = await shop.refusal("removeEntitlement", package="pro", key="regions")

    assert (refusal["code"], refusal["path"]) == ("INVALID", ["key"])
    assert "'free'" in refusal["message"]


async def test_a_custom_text_is_printed_kept_and_returns_to_the_default(shop: Client) -> None:
    async def texts() -> tuple[str, str]:
        row = await row_of(shop, "free", "seats")
        return row["displayText"], row["defaultDisplayText"]

    await shop.do("setEntitlement", package="free", key="seats", displayText="Three of you")
    assert await texts() == ("Three of you", "3 seats")

    await shop.do("setEntitlement", package="free", key="seats", value={"metered": {"limit": 1}})
    assert await texts() == ("Three of you", "1 seat per billing period")

    await shop.do("setEntitlement", package="free", key="seats", displayText=None)
    assert await texts() == ("1 seat per billing period", "1 seat per billing period")


async def test_where_a_row_is_hidden_is_kept_until_null_or_nothing_shows_it_everywhere(shop: Client) -> None:
    async def hidden() -> list[str]:
        return list((await row_of(shop, "free", "seats"))["hiddenFrom"])

    await shop.do("setEntitlement", package="free", key="seats", hiddenFrom=["CUSTOMER_PORTAL"])
    await shop.do("setEntitlement", package="free", key="seats", displayText="Seats")
    assert await hidden() == ["CUSTOMER_PORTAL"]

    nothings: list[list[str] | None] = [None, []]
    for nothing in nothings:
        await shop.do("setEntitlement", package="free", key="seats", hiddenFrom=nothing)
        assert await hidden() == []
        both = ["PRICING_TABLE", "CUSTOMER_PORTAL", "PRICING_TABLE"]
        await shop.do("setEntitlement", package="free", key="seats", hiddenFrom=both)
        assert await hidden() == ["PRICING_TABLE", "CUSTOMER_PORTAL"]


async def test_a_hidden_text_is_inherited_with_its_row(shop: Client) -> None:
    await shop.do(
        "setEntitlement",
        package="free",
        key="regions",
        displayText="Europe",
        hiddenFrom=["PRICING_TABLE"],
    )
    await shop.do("publishPackage", package="free")

    row = next(row for row in await shown(shop, "pro", draft=False) if row["key"] == "regions")

    assert (row["displayText"], row["hiddenFrom"]) == ("Europe", ["PRICING_TABLE"])


async def test_an_order_holds_once_published_and_is_the_plans_own(shop: Client) -> None:
    await shop.do("reorderEntitlements", package="starter", keys=["storage", "regions"])
    drafted, published = await told(shop, "starter"), await told(shop, "starter", draft=False)
    await shop.do("publishPackage", package="starter")

    assert published == STARTER
    assert drafted == [STARTER[6], STARTER[3], *STARTER[:3], *STARTER[4:6]]
    assert await told(shop, "starter", draft=False) == drafted
    assert [row["key"] for row in await shown(shop, "pro", draft=False)][:5] == FREE_IN_ORDER


async def test_a_discarded_draft_leaves_what_is_published(shop: Client) -> None:
    await shop.do("setEntitlement", package="starter", key="sso")
    await shop.do("setBasePlan", plan="starter", basePlan=None)
    await shop.do("updatePlan", key="starter", name="Beginners")

    shown = "package { name draft { number } ... on Plan { basePlan { key } } }"
    payload = await attempted(shop, "discardDraft", shown, package="starter")

    assert payload["userErrors"] == []
    assert payload["package"] == {"name": "Beginners", "draft": None, "basePlan": {"key": "free"}}
    assert await shop.refused("publishPackage", package="starter") == ["NOTHING_TO_PUBLISH package"]


@pytest.mark.parametrize("keep", [True, False])
async def test_a_plan_leaves_its_base_plan_with_what_it_inherited_or_without(
    acme: Client,
    keep: bool,  # noqa: FBT001 - an expectation
) -> None:
    await acme.do("subscribe", customer="acme", plan="pro", price="pro-monthly")
    before = [(row["key"], row["displayText"]) for row in await shown(acme, "pro", draft=False)]

    await acme.do("setBasePlan", plan="pro", basePlan=None, keepInherited=keep)
    kept = [(row["key"], row["displayText"]) for row in await shown(acme, "pro")]
    await acme.do("publishPackage", package="pro")

    own = [("sso", "sso"), ("seats", "50 seats"), ("exports", "Unlimited exports")]
    assert kept == (before if keep else own)
    assert {row["origin"] for row in await shown(acme, "pro", draft=False)} == {"OWN"}
    assert (await acme.ask('{ plan(key: "pro") { basePlan { key } } }'))["plan"]["basePlan"] is None
    answer = await acme.ask('{ access(customer: "acme", feature: "community-support") { allowed } }')
    assert answer["access"]["allowed"] is keep


async def test_rows_already_in_a_plan_when_its_base_is_set_become_overrides(shop: Client) -> None:
    await shop.do("createPlan", key="team", name="Team", product="app")
    await shop.do("setEntitlement", package="team", key="seats", value={"metered": {"limit": 9}})
    await shop.do("setEntitlement", package="team", key="community-support")

    await shop.do("setBasePlan", plan="team", basePlan="free")

    assert await told(shop, "team") == [
        "api-calls INHERITED free",
        "seats OVERRIDDEN team",
        *(f"{key} INHERITED free" for key in FREE_IN_ORDER[2:]),
    ]
    await shop.do("setBasePlan", plan="team", basePlan=None)
    assert await told(shop, "team") == ["seats OWN team", "community-support OWN team"]
