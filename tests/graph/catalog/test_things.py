"""Products, features, credit types, plans and add-ons: made, changed in place, and asked for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from tests.graph.client import Client

UNIT = {"singular": "seat", "plural": "seats"}

SHOWN = {
    "product": "key name description metadata",
    "creditType": "key name unit { singular plural } metadata",
    "feature": """key name description type status product { key } configKind choices metadata
        unit { singular plural }
        meter { eventName aggregation property filters { property operator values } }
        defaultValue {
          config { number text choices object }
          metered { unlimited limit enforcement reset { every count anchor weekday }
                    overage { amount { amount currency } perUnits } }
        }""",
    "plan": """key name description product { key } status pricingType visible position basePlan { key }
        compatibleAddons { key } defaultTrialDays metadata""",
    "addon": "key name description product { key } status maxQuantity metadata",
}

MADE: dict[str, dict[str, Any]] = {
    "product": {"key": "crm", "name": "CRM", "description": "All contacts", "metadata": {"team": ["a", 1]}},
    "creditType": {"key": "ai", "name": "AI", "unit": UNIT, "metadata": {"team": "a"}},
    "feature": {
        "key": "people",
        "name": "People",
        "description": "Who may come in",
        "type": "METERED",
        "product": "app",
        "unit": UNIT,
        "meter": {
            "eventName": "sign-in",
            "aggregation": "SUM",
            "property": "people",
            "filters": [{"property": "env", "operator": "EQ", "values": ["prod"]}],
        },
        "defaultValue": {
            "metered": {
                "limit": "2.5",
                "enforcement": "SOFT",
                "reset": {"every": "WEEK", "count": 2, "anchor": "CALENDAR", "weekday": "SUNDAY"},
                "overage": {"amount": {"amount": "0.1", "currency": "EUR"}, "perUnits": "1000"},
            }
        },
        "metadata": {"team": "a"},
    },
    "plan": {
        "key": "team",
        "name": "Team",
        "description": "For teams",
        "product": "app",
        "basePlan": "pro",
        "pricingType": "PAID",
        "visible": False,
        "position": 7,
        "defaultTrialDays": 14,
        "compatibleAddons": ["pack"],
        "metadata": {"team": "a"},
    },
    "addon": {
        "key": "sms",
        "name": "Messages",
        "description": "More",
        "product": "app",
        "maxQuantity": 3,
        "metadata": {"team": "a"},
    },
}
"""One of each kind, with everything said that can be."""

ASKED: dict[str, dict[str, Any]] = {
    "product": MADE["product"],
    "creditType": MADE["creditType"],
    "feature": {
        **MADE["feature"],
        "status": "ACTIVE",
        "product": {"key": "app"},
        "configKind": None,
        "choices": None,
        "defaultValue": {
            "config": None,
            "metered": {"unlimited": False, **MADE["feature"]["defaultValue"]["metered"]},
        },
    },
    "plan": {
        **MADE["plan"],
        "product": {"key": "app"},
        "status": "DRAFT",
        "basePlan": {"key": "pro"},
        "compatibleAddons": [{"key": "pack"}],
    },
    "addon": {**MADE["addon"], "product": {"key": "app"}, "status": "DRAFT"},
}
"""What each of them shows."""

CHANGED: dict[str, dict[str, Any]] = {
    "product": {"name": "Customers", "description": "", "metadata": {}},
    "creditType": {
        "name": "Tokens",
        "unit": {"singular": "token", "plural": "tokens"},
        "metadata": {"b": {}},
    },
    "feature": {"name": "Heads", "description": "", "status": "SUSPENDED", "metadata": {"b": None}},
    "plan": {
        "name": "Crew",
        "pricingType": "CUSTOM",
        "visible": True,
        "position": 0,
        "defaultTrialDays": 0,
        "compatibleAddons": [],
        "metadata": {"b": 2},
    },
    "addon": {"name": "Texts", "maxQuantity": 1, "metadata": {"b": 2}},
}
"""Other things to say of them, which are shown as they are said."""

CLEARED: dict[str, dict[str, Any]] = {
    "product": {"description": None, "metadata": {}},
    "creditType": {"metadata": {}},
    "feature": {"description": None, "unit": None, "defaultValue": None, "metadata": {}},
    "plan": {"description": None, "defaultTrialDays": None, "compatibleAddons": None, "metadata": {}},
    "addon": {"description": None, "maxQuantity": None, "metadata": {}},
}
"""What null leaves behind."""

NEEDED = {
    "product": ["name"],
    "creditType": ["name", "unit"],
    "feature": ["name", "status"],
    "plan": ["name", "pricingType", "visible", "position"],
    "addon": ["name"],
}
"""What must stand."""

kinds = pytest.mark.parametrize("kind", SHOWN)


def act(verb: str, kind: str) -> str:
    """The mutation that does something to a kind of thing."""
    return f"{verb}{kind[0].upper()}{kind[1:]}"


def nulls(names: Iterable[str]) -> dict[str, Any]:
    """Null for each."""
    return dict.fromkeys(names)


async def made(shop: Client, kind: str) -> dict[str, Any]:
    """Make one of a kind, and give what the payload shows of it."""
    await shop.do("createAddon", key="pack", name="Pack", product="app")
    payload = await shop.do(act("create", kind), f"{kind} {{ {SHOWN[kind]} }}", **MADE[kind])
    return dict(payload[kind])


async def asked(shop: Client, kind: str) -> Any:  # noqa: ANN401 - JSON
    """What a question about it shows."""
    key = MADE[kind]["key"]
    return (await shop.ask(f'{{ {kind}(key: "{key}") {{ {SHOWN[kind]} }} }}'))[kind]


@kinds
async def test_what_is_made_is_shown_as_it_was_made(shop: Client, kind: str) -> None:
    payload = await made(shop, kind)

    assert payload == ASKED[kind]
    assert await asked(shop, kind) == ASKED[kind]


@kinds
async def test_what_is_left_out_of_an_update_stays(shop: Client, kind: str) -> None:
    await made(shop, kind)

    payload = await shop.do(
        act("update", kind), f"{kind} {{ {SHOWN[kind]} }}", key=MADE[kind]["key"], name="Other"
    )

    assert payload[kind] == {**ASKED[kind], "name": "Other"}
    assert await asked(shop, kind) == {**ASKED[kind], "name": "Other"}


@kinds
async def test_what_an_update_says_holds_at_once(shop: Client, kind: str) -> None:
    await made(shop, kind)

    await shop.do(act("update", kind), key=MADE[kind]["key"], **CHANGED[kind])

    assert await asked(shop, kind) == {**ASKED[kind], **CHANGED[kind]}


@kinds
async def test_null_clears_what_can_be_absent(shop: Client, kind: str) -> None:
    await made(shop, kind)

    await shop.do(act("update", kind), key=MADE[kind]["key"], **nulls(CLEARED[kind]))

    assert await asked(shop, kind) == {**ASKED[kind], **CLEARED[kind]}


@kinds
async def test_null_is_required_where_something_must_stand(shop: Client, kind: str) -> None:
    await made(shop, kind)

    problems = await shop.refused(act("update", kind), key=MADE[kind]["key"], **nulls(NEEDED[kind]))

    assert problems == [f"REQUIRED {name}" for name in NEEDED[kind]]
    assert await asked(shop, kind) == ASKED[kind]


@kinds
async def test_what_nobody_made_is_null_and_cannot_be_changed(shop: Client, kind: str) -> None:
    assert await asked(shop, kind) is None
    assert await shop.refused(act("update", kind), key=MADE[kind]["key"], name="Other") == ["NOT_FOUND key"]


async def test_a_plan_is_asked_for_as_a_plan_and_an_addon_as_an_addon(shop: Client) -> None:
    await shop.do("createAddon", key="pack", name="Pack", product="app")

    assert await shop.ask('{ plan(key: "pack") { key } addon(key: "pro") { key } }') == {
        "plan": None,
        "addon": None,
    }
    assert await shop.refused("updatePlan", key="pack", name="Pack") == ["NOT_FOUND key"]
    assert await shop.refused("updateAddon", key="pro", name="Pro") == ["NOT_FOUND key"]


async def test_a_plan_made_with_few_words_is_free_visible_the_last_and_open_to_every_addon(
    shop: Client,
) -> None:
    await shop.do("updatePlan", key="pro", position=4)

    payload = await shop.do("createPlan", f"plan {{ {SHOWN['plan']} }}", key="z", name="Z", product="app")

    assert payload["plan"] == {
        "key": "z",
        "name": "Z",
        "description": None,
        "product": {"key": "app"},
        "status": "DRAFT",
        "pricingType": "FREE",
        "visible": True,
        "position": 5,
        "basePlan": None,
        "compatibleAddons": None,
        "defaultTrialDays": None,
        "metadata": {},
    }


async def test_a_metered_feature_made_with_few_words_sums_what_is_reported(client: Client) -> None:
    payload = await client.do(
        "createFeature", f"feature {{ {SHOWN['feature']} }}", key="calls", name="Calls", type="METERED"
    )

    assert payload["feature"]["meter"] == {
        "eventName": None,
        "aggregation": "SUM",
        "property": None,
        "filters": [],
    }
    assert payload["feature"]["defaultValue"] is None
    assert payload["feature"]["product"] is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("NUMBER", {"number": "-19.9"}),
        ("TEXT", {"text": "24/7"}),
        ("CHOICE", {"choices": ["eu", "us"]}),
        ("OBJECT", {"object": {"a": {"b": [1, None, "c"]}}}),
    ],
)
async def test_a_setting_shows_its_kind_and_its_default(
    client: Client, kind: str, value: dict[str, Any]
) -> None:
    listed = {"choices": ["eu", "us"]} if kind == "CHOICE" else {}

    payload = await client.do(
        "createFeature",
        f"feature {{ {SHOWN['feature']} }}",
        key="setting",
        name="Setting",
        type="CONFIG",
        configKind=kind,
        defaultValue={"config": value},
        **listed,
    )

    shown = payload["feature"]
    assert (shown["type"], shown["configKind"], shown["meter"]) == ("CONFIG", kind, None)
    assert shown["choices"] == listed.get("choices")
    empty = dict.fromkeys(("number", "text", "choices", "object"))
    assert shown["defaultValue"] == {"config": {**empty, **value}, "metered": None}


async def test_a_meters_aggregation_never_changes(shop: Client) -> None:
    meter = {"aggregation": "MAX", "property": "size"}

    assert await shop.refused("updateFeature", key="seats", meter=meter) == ["INVALID meter.aggregation"]
