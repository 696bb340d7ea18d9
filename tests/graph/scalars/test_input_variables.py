"""A variable stands wherever a value does, also as the one field of a @oneOf input."""

from __future__ import annotations

from typing import Any

import pytest

from tests.graph.client import Client

SHOWN = """{ plan(key: "starter") { draft { entitlements {
  key
  ... on ConfigEntitlement { value { number text choices object } }
  ... on MeteredEntitlement { limit }
} } } }"""

VALUES = [
    ("max-projects", "Decimal!", "{config: {number: $v}}", "12.5", {"number": "12.5"}),
    ("max-projects", "ConfigValueInput!", "{config: $v}", {"number": 7}, {"number": "7"}),
    ("max-projects", "EntitlementValueInput!", "$v", {"config": {"number": "0"}}, {"number": "0"}),
    ("max-projects", "EntitlementValueInput", "$v", {"config": {"number": "0"}}, {"number": "0"}),
    ("max-projects", "Decimal! = 3", "{config: {number: $v}}", "4", {"number": "4"}),
    ("support", "String!", "{config: {text: $v}}", "24/7", {"text": "24/7"}),
    ("regions", "[String!]!", "{config: {choices: $v}}", ["us", "eu"], {"choices": ["eu", "us"]}),
    ("regions", "[String!]!", "{config: {choices: $v}}", "us", {"choices": ["us"]}),
    ("regions", "String!", '{config: {choices: ["us", $v]}}', "eu", {"choices": ["eu", "us"]}),
    ("storage", "JSON!", "{config: {object: $v}}", {"a": [1, None]}, {"object": {"a": [1, None]}}),
    ("storage", "Int", "{config: {object: {a: [$v]}}}", 3, {"object": {"a": [3]}}),
    ("api-calls", "MeteredValueInput!", "{metered: $v}", {"limit": 9}, "9"),
    ("api-calls", "Decimal", "{metered: {limit: $v}}", 10, "10"),
]
"""The key of a row, a variable's type, where it stands, what is sent for it, and what the row then says."""


def document(type_: str, key: str, value: str) -> str:
    return f"""mutation Set($v: {type_}) {{
      setEntitlement(input: {{ package: "starter", key: "{key}", value: {value} }}) {{
        userErrors {{ code message path }}
      }}
    }}"""


async def told(client: Client, key: str) -> Any:  # noqa: ANN401 - JSON
    """What the draft says of a row."""
    rows = (await client.ask(SHOWN))["plan"]["draft"]["entitlements"]
    (row,) = (row for row in rows if row["key"] == key)
    value = row.get("value")
    return row["limit"] if value is None else {name: one for name, one in value.items() if one is not None}


@pytest.mark.parametrize("case", VALUES)
async def test_a_variable_may_be_the_whole_value_or_any_part_of_it(
    shop: Client, case: tuple[str, str, str, object, object]
) -> None:
    key, type_, value, sent, shown = case
    for _ in range(2):  # the second time the document is prepared already
        answer = await shop.ask(document(type_, key, value), v=sent)
        assert answer == {"setEntitlement": {"userErrors": []}}

    assert await told(shop, key) == shown


async def test_the_default_of_a_variable_is_a_value_too(shop: Client) -> None:
    await shop.ask(document("Decimal! = 3", "max-projects", "{config: {number: $v}}"))

    assert await told(shop, "max-projects") == {"number": "3"}


async def test_a_variable_in_a_fragment_is_one_of_each_operation_that_spreads_it(shop: Client) -> None:
    inner = document("Decimal!", "max-projects", "{config: {number: $v}}").partition("{")[2]
    text = f"""fragment Set on Mutation {{ {inner}
      mutation First($v: Decimal!) {{ ...Set }}
      mutation Second($v: Decimal! = 5) {{ ...Set }}
      query Third {{ viewer {{ kind }} }}"""
    for name, variables in (("First", {"v": 4}), ("Second", {}), ("Third", {})):
        response = await shop.http.post(
            "/graphql",
            json={"query": text, "operationName": name, "variables": variables},
            headers={"Authorization": f"Bearer {shop.secret}"},
        )
        assert response.status_code == 200
        assert "errors" not in response.json()

    assert await told(shop, "max-projects") == {"number": "5"}


async def test_a_variable_that_is_left_out_leaves_its_field_out(shop: Client) -> None:
    # A row's display text: null takes it away, left out keeps it.
    set_text = """mutation ($text: String) { setEntitlement(
      input: { package: "starter", key: "storage", displayText: $text }
    ) { userErrors { code } } }"""
    shown = '{ plan(key: "starter") { draft { entitlements { key displayText } } } }'

    async def text() -> str:
        rows = (await shop.ask(shown))["plan"]["draft"]["entitlements"]
        return str(next(row["displayText"] for row in rows if row["key"] == "storage"))

    await shop.ask(set_text, text="Plenty")
    assert await text() == "Plenty"
    await shop.ask(set_text)
    assert await text() == "Plenty"
    await shop.ask(set_text, text=None)
    assert await text() != "Plenty"


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("Decimal", "{config: {number: $v}}"),
        ("Decimal = 1", "{config: {number: $v}}"),
        ("ConfigValueInput", "{config: $v}"),
        ("MeteredValueInput", "{metered: $v}"),
    ],
)
async def test_a_variable_that_may_be_null_is_no_field_of_a_one_of_input(
    shop: Client, type_: str, value: str
) -> None:
    error = await shop.error(document(type_, "max-projects", value), v=None)

    assert error["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}
    assert "Variable '$v' is of type" in error["message"]
    assert "must be non-nullable" in error["message"]


async def test_null_for_a_variable_of_a_directive_is_bad_input(shop: Client) -> None:
    for text in (
        "query ($v: Boolean = true) { viewer @include(if: $v) { kind } }",
        "query ($v: Boolean = true) { viewer { kind @skip(if: $v) } }",
    ):
        error = await shop.error(text, v=None)

        assert error["extensions"] == {"code": "BAD_USER_INPUT"}
        assert error["message"] == (
            "Argument 'if' has invalid value: Expected variable '$v' provided to non-null type 'Boolean!' "
            "not to be null."
        )
