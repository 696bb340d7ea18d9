"""Whatever is sent, the fault is never ours: documents and bodies at random, over a real port."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.profiles import FULL
from tests.web.http.documents_at_random import Writer
from tests.web.http.values_at_random import PYTHON, STRANGE
from tests.web.program import PATIENCE_SECONDS, Program, serving

DOCUMENTS = 15_000 if FULL else 100
BODIES = 6_000 if FULL else 90

ADDRESSES = st.text(st.characters(codec="ascii", exclude_characters="#"), max_size=60)
MEDIA = st.sampled_from(
    ["application/json", "application/graphql-response+json", "*/*", "text/plain", ";,q=;"]
)

any_json = st.recursive(
    st.sampled_from(STRANGE) | st.text(max_size=20) | st.floats() | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)
parameters = st.fixed_dictionaries(
    {},
    optional={
        "query": st.just("{ __typename }") | st.text(max_size=60) | any_json,
        "operationName": any_json,
        "variables": any_json,
        "extensions": any_json | st.fixed_dictionaries({"persistedQuery": any_json}),
        "documentId": any_json,
    },
)
bodies = (
    st.binary(max_size=200)
    | any_json.map(lambda value: json.dumps(value).encode())
    | parameters.map(lambda value: json.dumps(value).encode())
)

at_length = settings(
    deadline=None, suppress_health_check=list(HealthCheck), phases=set(Phase) - {Phase.shrink}
)


@pytest.fixture(scope="module")
def server(demo_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A demo in which everybody may do everything."""
    folder = tmp_path_factory.mktemp("anything")
    shutil.copy(demo_file, folder / "allotment.db")
    with serving(folder, "--demo") as program:
        yield program


@pytest.fixture(scope="module")
def http(server: Program) -> Iterator[httpx.Client]:
    """Somebody who keeps a connection."""
    with httpx.Client(base_url=server.address, timeout=PATIENCE_SECONDS) as http:
        yield http


def assert_not_our_fault(answer: httpx.Response, server: Program, sent: object) -> None:
    """Whatever was sent, we can answer for it."""
    told = answer.json()
    codes = [error["extensions"]["code"] for error in told.get("errors", [])]

    fine = answer.status_code < 500 and "INTERNAL_SERVER_ERROR" not in codes
    assert fine, f"{sent!r}\n{told}\n{(server.folder / 'log.txt').read_text()[-5_000:]}"
    assert "data" in told or codes


@settings(at_length, max_examples=DOCUMENTS)
@given(seed=st.integers(0, 2**64))
def test_documents_at_random_are_answered(server: Program, http: httpx.Client, seed: int) -> None:
    request = Writer(Random(seed)).request()
    body = json.dumps(request).encode()
    answer = http.post("/graphql", content=body, headers={"Content-Type": "application/json"})

    assert_not_our_fault(answer, server, request)
    for error in answer.json().get("errors", []):
        # What is no document is told by its characters, which may be any.
        is_document = error["extensions"]["code"] != "GRAPHQL_PARSE_FAILED"
        assert not (is_document and PYTHON.search(error["message"])), f"{request!r}\n{error}"


@settings(at_length, max_examples=BODIES)
@given(body=bodies, accept=MEDIA)
def test_bodies_at_random_are_answered(server: Program, http: httpx.Client, body: bytes, accept: str) -> None:
    headers = {"Content-Type": "application/json", "Accept": accept}
    answer = http.post("/graphql", content=body, headers=headers)

    assert_not_our_fault(answer, server, body)


@settings(at_length, max_examples=BODIES // 3)
@given(query=ADDRESSES, value=any_json, accept=MEDIA)
def test_addresses_at_random_are_answered(
    server: Program, http: httpx.Client, query: str, value: object, accept: str
) -> None:
    for address in (
        httpx.URL("/graphql", params={"query": query}),
        httpx.URL("/graphql", params={"query": "{ __typename }", "variables": json.dumps(value)}),
        httpx.URL("/graphql", params={"documentId": query, "extensions": json.dumps(value)}),
    ):
        assert_not_our_fault(http.get(address, headers={"Accept": accept}), server, address)
