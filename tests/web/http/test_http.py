from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest

from server.config.limits import Limits
from tests.web.http.asking import GRAPHQL_RESPONSE, Ask, Asker, codes

HELLO = {"query": "{ __typename }"}
UPSERT = 'mutation Upsert { upsertCustomer(input: { key: "acme" }) { revision } }'
FIND = 'query Find { customer(key: "acme") { key } }'


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/json", "application/json"),
        ("APPLICATION/JSON", "application/json"),
        (GRAPHQL_RESPONSE, GRAPHQL_RESPONSE),
        (f"{GRAPHQL_RESPONSE};charset=utf-8", GRAPHQL_RESPONSE),
        (f"{GRAPHQL_RESPONSE}, application/json", GRAPHQL_RESPONSE),
        (f"application/json, {GRAPHQL_RESPONSE}", "application/json"),
        (f"{GRAPHQL_RESPONSE},application/json;q=0.9", GRAPHQL_RESPONSE),
        (f"{GRAPHQL_RESPONSE};q=0.5, application/json", "application/json"),
        (f"{GRAPHQL_RESPONSE}, */*;q=0.1", GRAPHQL_RESPONSE),
        (f"{GRAPHQL_RESPONSE};q=0, */*", "application/json"),
        ("application/json;q=0, */*", GRAPHQL_RESPONSE),
        ("text/event-stream, multipart/mixed, application/json", "application/json"),
        ("text/html, */*;q=0.8", "application/json"),
        ("application/json;q=nonsense, */*", GRAPHQL_RESPONSE),
    ],
)
async def test_an_answer_comes_in_the_media_type_that_is_preferred(
    back_end: Asker, accept: str, expected: str
) -> None:
    answer = await back_end.post(HELLO, Accept=accept)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == expected
    assert answer.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize(
    "accept", ["text/event-stream", "text/html", "application/jsonp", "application/json;q=0"]
)
async def test_anyone_who_takes_neither_media_type_is_told_so(back_end: Asker, accept: str) -> None:
    answer = await back_end.post(HELLO, Accept=accept)

    assert (answer.status_code, codes(answer)) == (406, ["BAD_USER_INPUT"])


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
    ],
)
async def test_a_body_is_json_in_utf_8(back_end: Asker, content_type: str) -> None:
    assert (await back_end.post(HELLO, Content_Type=content_type)).status_code == 200


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "text/plain; application/json",
        "application/jsonp",
        "application/json-patch+json",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "application/graphql",
        "application/json; charset=utf-16",
        "application/json, text/plain",
    ],
)
async def test_a_body_of_another_media_type_is_refused(back_end: Asker, content_type: str) -> None:
    answer = await back_end.post(HELLO, Content_Type=content_type)

    assert (answer.status_code, codes(answer)) == (415, ["BAD_USER_INPUT"])


@pytest.mark.parametrize(
    "coding", ["gzip", "GZIP", "deflate", "br", "zstd", "identity, gzip", "gzip, gzip", "nonsense"]
)
async def test_a_body_that_is_compressed_is_refused_and_told_so(back_end: Asker, coding: str) -> None:
    body = json.dumps(HELLO).encode()
    answer = await back_end.post(gzip.compress(body), Content_Encoding=coding)

    assert (answer.status_code, codes(answer)) == (415, ["BAD_USER_INPUT"])
    assert answer.headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("coding", ["identity", "Identity", "", "identity, identity"])
async def test_a_body_that_says_that_it_is_sent_as_it_is_is_read(back_end: Asker, coding: str) -> None:
    answer = await back_end.post(HELLO, Content_Encoding=coding)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"true",
        b"12",
        b'"{ __typename }"',
        b"[]",
        b'[{"query": "{ __typename }"}]',
        b"{}",
        b"{",
        b'{"query": "{ __typename }"',
        b'{"query": "{ __typename }"} {}',
        b'{"query": "{ __typename }", "variables": {"a": NaN}}',
        b'{"query": "{ __typename }", "variables": {"a": Infinity}}',
        b'{"query": "\xff\xfe"}',
        b'\xef\xbb\xbf{"query": "{ __typename }"}',
        json.dumps(HELLO).encode("utf-16"),
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"query": ' + b"9" * 5_000 + b"}",
        b'{"query": null}',
        b'{"query": 1}',
        b'{"query": ["{ __typename }"]}',
        b'{"documentId": 1}',
        b'{"query": "{ __typename }", "operationName": 1}',
        b'{"query": "{ __typename }", "variables": []}',
        b'{"query": "{ __typename }", "variables": "{}"}',
        b'{"query": "{ __typename }", "extensions": 1}',
        b'{"query": "{ __typename }", "extensions": {"persistedQuery": 1}}',
        b'{"query": "{ __typename }", "extensions": {"persistedQuery": {"sha256Hash": 1}}}',
    ],
    ids=lambda body: body[:40],
)
@pytest.mark.parametrize("accept", ["application/json", GRAPHQL_RESPONSE])
async def test_a_body_that_cannot_be_read_is_a_bad_request(back_end: Asker, body: bytes, accept: str) -> None:
    answer = await back_end.post(body, Accept=accept)

    assert (answer.status_code, codes(answer)) == (400, ["BAD_USER_INPUT"])
    assert "data" not in answer.json()


REFUSED_DOCUMENTS = [
    ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
    ({"query": ""}, "GRAPHQL_PARSE_FAILED"),
    ({"query": "{ }"}, "GRAPHQL_PARSE_FAILED"),
    ({"query": "{ \0 }"}, "GRAPHQL_PARSE_FAILED"),
    ({"query": "{ \ud800 }"}, "GRAPHQL_PARSE_FAILED"),
    ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
    ({"query": "type Query { a: Int }"}, "GRAPHQL_VALIDATION_FAILED"),
    ({"query": "subscription { a }"}, "GRAPHQL_VALIDATION_FAILED"),
    ({"query": "query ($c: String!) { customer(key: $c) { key } }"}, "BAD_USER_INPUT"),
    ({"query": "query ($c: String!) { customer(key: $c) { key } }", "variables": {"c": 1}}, "BAD_USER_INPUT"),
    ({"query": "query A { __typename } query B { __typename }"}, "OPERATION_RESOLUTION_FAILURE"),
    ({"query": "query A { __typename }", "operationName": "B"}, "OPERATION_RESOLUTION_FAILURE"),
    ({"query": "{ a " * 300}, "QUERY_TOO_COMPLEX"),
]


@pytest.mark.parametrize(("body", "code"), REFUSED_DOCUMENTS, ids=lambda value: str(value)[:40])
async def test_a_document_that_cannot_be_executed_is_answered_as_the_media_type_wants(
    back_end: Asker, body: object, code: str
) -> None:
    body = json.dumps(body).encode()
    plain, modern = await back_end.post(body), await back_end.post(body, Accept=GRAPHQL_RESPONSE)

    assert (plain.status_code, modern.status_code) == (200, 400)
    for answer in (plain, modern):
        assert codes(answer) == [code]
        assert "data" not in answer.json()


async def test_a_query_may_be_asked_by_its_address(back_end: Asker) -> None:
    query = {"query": "query ($c: String!) { customer(key: $c) { key } }", "variables": '{"c": "nobody"}'}
    answer = await back_end.get(urlencode(query), Accept=GRAPHQL_RESPONSE)

    assert answer.status_code == 200
    assert answer.json()["data"] == {"customer": None}
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "query",
    ["", "variables={}", "query={__typename}&variables=[", "query={__typename}&variables=[]", "query=%ff"],
)
async def test_an_address_that_cannot_be_read_is_a_bad_request(back_end: Asker, query: str) -> None:
    answer = await back_end.get(query)

    assert (answer.status_code, codes(answer)) == (400, ["BAD_USER_INPUT"])


async def test_a_mutation_by_its_address_is_not_executed(back_end: Asker) -> None:
    answer = await back_end.get(urlencode({"query": UPSERT}))
    found = await back_end.post({"query": FIND})

    assert (answer.status_code, answer.headers["Allow"], codes(answer)) == (405, "POST", ["BAD_USER_INPUT"])
    assert found.json()["data"] == {"customer": None}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
async def test_the_graph_knows_two_methods(back_end: Asker, method: str) -> None:
    answer = await back_end.http.request(method, "/graphql")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")
    assert codes(answer) == ["BAD_USER_INPUT"]


async def test_of_several_operations_the_one_that_is_named_is_executed(back_end: Asker) -> None:
    both = f"{FIND} {UPSERT}"
    neither = await back_end.post({"query": both})
    found = await back_end.post({"query": both, "operationName": "Find"})
    made = await back_end.post({"query": both, "operationName": "Upsert"})
    again = await back_end.post({"query": both, "operationName": "Find"})

    assert codes(neither) == ["OPERATION_RESOLUTION_FAILURE"]
    assert found.json()["data"] == {"customer": None}
    assert made.json()["data"]["upsertCustomer"]["revision"]
    assert again.json()["data"] == {"customer": {"key": "acme"}}


async def test_an_empty_name_names_the_only_operation(back_end: Asker) -> None:
    assert (await back_end.post({"query": FIND, "operationName": ""})).json()["data"] == {"customer": None}


@pytest.mark.parametrize(("may", "most"), [("usage", 1_000), ("everything", 2_000)])
async def test_a_body_may_be_as_long_as_its_key_allows(ask: Ask, may: str, most: int) -> None:
    asker = ask(may=may, limits=Limits(body_bytes=1_000, catalog_body_bytes=2_000))
    body = json.dumps(HELLO).encode()
    fits = await asker.post(body + b" " * (most - len(body)))
    declared = await asker.post(body + b" " * (most + 1 - len(body)))
    streamed = await asker.http.post(
        "/graphql", content=_endless(), headers={**asker.headers, "Content-Type": "application/json"}
    )

    assert fits.status_code == 200
    for answer in (declared, streamed):
        assert (answer.status_code, codes(answer)) == (413, ["PAYLOAD_TOO_LARGE"])


async def _endless() -> AsyncIterator[bytes]:
    while True:
        yield b" " * 100


async def test_anyone_who_has_no_key_is_told_nothing_else(ask: Ask) -> None:
    nobody = ask(may=None)
    answers = [
        await nobody.post(b"[" * 2_000_000),
        await nobody.post(HELLO, Content_Type="text/plain"),
        await nobody.post({"query": "{"}, Accept="text/html"),
        await nobody.get(""),
    ]

    assert [(answer.status_code, codes(answer)) for answer in answers] == [(401, ["UNAUTHENTICATED"])] * 4


async def test_a_page_of_another_site_can_tell_the_id_of_its_request(back_end: Asker) -> None:
    answer = await back_end.post(HELLO, Origin="https://shop.example")

    assert "X-Request-Id" in answer.headers["Access-Control-Expose-Headers"].split(", ")


async def test_what_has_no_form_in_utf_8_is_reported_as_it_came(back_end: Asker) -> None:
    body = {"query": "query ($c: String!) { access(customer: $c, feature: $c) { customerKey } }"}
    answer = await back_end.post(json.dumps({**body, "variables": {"c": "\ud800\0😀"}}).encode())

    assert answer.json()["data"]["access"]["customerKey"] == "\ud800\0😀"
