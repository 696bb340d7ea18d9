"""What is told of a value that is wrong: where it is, in the words of GraphQL and JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import pytest
from graphql import DocumentNode, GraphQLError, OperationDefinitionNode
from graphql.execution.values import get_argument_values, get_variable_values
from hypothesis import given, settings
from hypothesis import strategies as st

from schema.graph import graph
from schema.json_text import json_text
from server.errors import format_error
from server.execution.documents import prepare
from server.input_errors import variable_errors
from tests.profiles import FULL
from tests.web.http.asking import Asker
from tests.web.http.documents_at_random import Writer
from tests.web.http.test_arguments_at_random import ROOMY, fields_of, used_in
from tests.web.http.values_at_random import PYTHON
from tests.web.websocket.sockets import Serving, listening

SET = "mutation ($input: SetEntitlementInput!) { setEntitlement(input: $input) { userErrors { code } } }"
ONE_OF = (
    "Within OneOf Input Object type 'ConfigValueInput', exactly one field must be specified, and the value "
    "for that field must be non-null."
)
ROW = {"package": "pro", "key": "max-projects"}

WRONG: list[tuple[object, str]] = [
    (None, ": Expected value of non-null type 'SetEntitlementInput!' not to be null."),
    (True, ": Expected value of type 'SetEntitlementInput' to be an object, found: true."),
    ([None], ": Expected value of type 'SetEntitlementInput' to be an object, found: [null]."),
    (
        {"key": "x"},
        (
            ": Expected value of type 'SetEntitlementInput' to include required field 'package', found: "
            '{"key": "x"}.'
        ),
    ),
    (
        {**ROW, "displaytext": "x"},
        (
            ": Expected value of type 'SetEntitlementInput' not to include unknown field 'displaytext'. "
            'Did you mean "displayText"? Found: {"package": "pro", "key": "max-projects", "displaytext": '
            '"x"}.'
        ),
    ),
    (
        {**ROW, "zzz": {"a": {"b": None}}},
        (
            ": Expected value of type 'SetEntitlementInput' not to include unknown field 'zzz', found: "
            '{"package": "pro", "key": "max-projects", "zzz": {"a": {...}}}.'
        ),
    ),
    (
        {**ROW, "package": None},
        " at $input.package: Expected value of non-null type 'String!' not to be null.",
    ),
    ({**ROW, "package": True}, " at $input.package: String cannot represent a non string value: true"),
    (
        {**ROW, "package": {"a": None}},
        ' at $input.package: String cannot represent a non string value: {"a": null}',
    ),
    ({**ROW, "revoked": "no"}, ' at $input.revoked: Boolean cannot represent a non boolean value: "no"'),
    (
        {**ROW, "hiddenFrom": ["CUSTOMER_PORTAL", "PRICING_TABEL"]},
        (
            " at $input.hiddenFrom[1]: Value \"PRICING_TABEL\" does not exist in 'Widget' enum. "
            'Did you mean the enum value "PRICING_TABLE"?'
        ),
    ),
    (
        {**ROW, "hiddenFrom": [False]},
        " at $input.hiddenFrom[0]: Enum 'Widget' cannot represent non-string value: false",
    ),
    ({**ROW, "value": {"config": {}}}, f" at $input.value.config: {ONE_OF}"),
    ({**ROW, "value": {"config": {"number": 1, "text": "x"}}}, f" at $input.value.config: {ONE_OF}"),
    ({**ROW, "value": {"config": {"number": None}}}, f" at $input.value.config.number: {ONE_OF}"),
    (
        {**ROW, "value": {"config": {"number": "1,5"}}},
        (
            " at $input.value.config.number: Decimal must be written in plain digits such as '19.9', '-3' or "
            "'0.5': \"1,5\""
        ),
    ),
    (
        {**ROW, "value": {"metered": {"limit": 1, "reset": {"every": "MONTH", "count": 1.5}}}},
        " at $input.value.metered.reset.count: Int cannot represent non-integer value: 1.5",
    ),
]

AT = "Argument 'input' has invalid value at input"

LITERALS = [
    (
        "setEntitlement(input: {package: null, key: 5})",
        [
            f"{AT}.package: Expected value of non-null type 'String!' not to be null.",
            f"{AT}.key: String cannot represent a non string value: 5",
        ],
    ),
    (
        'setEntitlement(input: {package: "a", key: "b", value: {config: {number: null}}})',
        [f"{AT}.value.config.number: {ONE_OF}"],
    ),
    (
        'setEntitlement(input: {package: "a", key: "b", value: {config: {number: 1, text: $v}}})',
        [f"{AT}.value.config: {ONE_OF}"],
    ),
    (
        'setEntitlement(input: {package: "a", key: "b", hiddenFrom: [PRICING_TABEL]})',
        [
            (
                f'{AT}.hiddenFrom[0]: Value "PRICING_TABEL" does not exist in '
                "'Widget' enum. Did you mean the enum value \"PRICING_TABLE\"?"
            )
        ],
    ),
    (
        'setEntitlement(input: {pakage: "a", package: "a", key: "b"})',
        [
            (
                "Argument 'input' has invalid value: Expected value of type 'SetEntitlementInput' not to "
                "include unknown field 'pakage'. Did you mean \"package\"? "
                'Found: { pakage: "a", package: "a", key: "b" }.'
            )
        ],
    ),
]


@pytest.mark.parametrize(("sent", "told"), WRONG)
async def test_the_error_of_a_variable_names_it_and_the_place_in_it(
    back_end: Asker, sent: object, told: str
) -> None:
    for _ in range(2):  # the second time the document is prepared already
        answer = await back_end.post({"query": SET, "variables": {"input": sent}})

        (error,) = answer.json()["errors"]
        assert error["message"] == f"Variable '$input' has invalid value{told}"
        assert error["extensions"] == {"code": "BAD_USER_INPUT"}
        assert error["locations"] == [{"line": 1, "column": 11}]


async def test_a_variable_that_is_left_out_is_named(back_end: Asker) -> None:
    answer = await back_end.post({"query": SET})

    (error,) = answer.json()["errors"]
    assert error["message"] == (
        "Variable '$input' has invalid value: Expected a value of non-null type 'SetEntitlementInput!' to be "
        "provided."
    )


async def test_it_is_reported_over_a_websocket_too(serve: Serving) -> None:
    key = await serve.key()
    async with listening(await serve(), key) as ear:
        for number, (sent, told) in enumerate(WRONG[:3] + WRONG[-5:]):
            message = await (await ear.begin(str(number), SET, input=sent)).message()

            assert message["type"] == "error"
            (error,) = message["payload"]
            assert error["message"] == f"Variable '$input' has invalid value{told}"


@pytest.mark.parametrize(("field", "told"), LITERALS)
async def test_the_error_of_a_literal_names_the_argument_and_the_place_in_it(
    back_end: Asker, field: str, told: list[str]
) -> None:
    head = (
        "mutation ($v: String!) { viewer: __typename @include(if: true) " if "$v" in field else "mutation { "
    )
    answer = await back_end.post({"query": f"{head}{field} {{ userErrors {{ code }} }} }}"})

    errors = answer.json()["errors"]
    assert [error["message"] for error in errors] == told
    assert {error["extensions"]["code"] for error in errors} == {"GRAPHQL_VALIDATION_FAILED"}
    assert all(error["locations"] for error in errors)


async def test_the_error_of_a_default_names_the_variable(back_end: Asker) -> None:
    text = "query ($v: AccessCheckInput! = {customer: null}) { accesses(checks: [$v]) { allowed } }"
    answer = await back_end.post({"query": text})

    assert [error["message"] for error in answer.json()["errors"]] == [
        (
            "Variable '$v' has invalid default value at $v.customer: Expected value of non-null type "
            "'String!' not to be null."
        ),
        (
            "Variable '$v' has invalid default value: Expected value of type 'AccessCheckInput' to include "
            "required field 'feature', found: { customer: null }."
        ),
    ]


async def test_the_error_of_null_in_a_variable_names_the_place_that_takes_none(back_end: Asker) -> None:
    text = """query ($v: String = "x") { accesses(checks: [{customer: "a", feature: $v}]) { allowed } }"""
    answer = await back_end.post({"query": text, "variables": {"v": None}})

    (error,) = answer.json()["errors"]
    assert error["message"] == (
        "Argument 'checks' has invalid value at checks[0].feature: Expected variable '$v' provided to "
        "non-null type 'String!' not to be null."
    )
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_as_many_errors_are_reported_as_help(back_end: Asker) -> None:
    checks = [{"customer": number, "feature": "x"} for number in range(30)]
    text = "query ($v: [AccessCheckInput!]!) { accesses(checks: $v) { allowed } }"
    answer = await back_end.post({"query": text, "variables": {"v": checks}})

    messages = [error["message"] for error in answer.json()["errors"]]
    assert len(messages) == 21
    assert "$v[19].customer" in messages[19]
    assert "Too many errors" in messages[20]


def messages_of(request: Mapping[str, Any]) -> Iterator[str]:
    """Everything that is told of the values of a request."""
    prepared = prepare(graph.core, request["query"], ROOMY)
    yield from (
        str(error["message"])
        for error in prepared.errors
        if error["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}
    )
    for node in prepared.document.definitions:
        if isinstance(node, OperationDefinitionNode) and not prepared.errors:
            errors = variable_errors(graph.core, node, request["variables"], 20)
            yield from (error.message for error in errors)
            yield from _executed(prepared.document, node, request["variables"])


def _executed(
    document: DocumentNode, node: OperationDefinitionNode, sent: Mapping[str, Any]
) -> Iterator[str]:
    values = get_variable_values(graph.core, node.variable_definitions or (), dict(sent))
    if isinstance(values, list):
        return
    for field, one in fields_of(document):
        if used_in(one) <= values.sources.keys():
            try:
                get_argument_values(field, one, values)
            except GraphQLError as error:
                yield str(format_error(GraphQLError(error.message, one, original_error=error))["message"])


@settings(max_examples=1_000 if FULL else 100)
@given(seed=st.integers(0, 2**64), strangeness=st.sampled_from([0.02, 0.1, 0.3]))
def test_no_message_has_words_of_python(seed: int, strangeness: float) -> None:
    request = Writer(Random(seed), strangeness=strangeness, spoils=False, deepest=3).request()

    for message in messages_of(request):
        assert PYTHON.search(message) is None, message
        if "invalid value" in message:
            assert re.match(r"(Variable '\$v\d+'|Argument '\w+') has invalid (default )?value", message)
            assert " at ." not in message
            assert " at [" not in message


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (1.5, "1.5"),
        ("it's", '"it\'s"'),
        ("grün", '"grün"'),
        ("\0", '"\\u0000"'),
        ("\ud800", '"\\ud800"'),
        ([], "[]"),
        ({}, "{}"),
        ({"a": {"b": {"c": 1}, "d": [], "e": [1]}}, '{"a": {"b": {...}, "d": [], "e": [...]}}'),
        (list(range(12)), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ...]"),
        pytest.param(10**5_000, "...", id="five thousand digits"),
    ],
)
def test_a_value_is_written_as_json(value: object, text: str) -> None:
    assert json_text(value) == text


def test_a_long_text_is_cut_in_its_middle() -> None:
    assert json_text("a" * 1_000 + "b") == f'"{"a" * 117}...{"a" * 116}b"'
