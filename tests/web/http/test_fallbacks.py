"""A document that cannot be prepared as usual is answered all the same, and operators learn of it."""

from __future__ import annotations

import hashlib
from typing import NoReturn

import httpx
import pytest
from graphql import ASTValidationRule, specified_rules
from structlog.testing import capture_logs

from server.execution.fallbacks import NOT_PREPARED, Fallbacks
from tests.web.http.asking import Asker, codes
from tests.web.websocket.sockets import Serving, ask, listening

WHO = "query Who { viewer { kind } }"
TWO = f"{WHO} query Again {{ viewer {{ environment {{ key }} }} }}"
WRONG = 'query { plan(key: 5) { nonsense } access(customer: "acme") { allowed } }'

as_in_a_server = Fallbacks.report
"""What a server does; tests put an exception in its place before the first of them runs."""


def fail(*_: object, **__: object) -> NoReturn:
    message = "a fault"
    raise LookupError(message)


class Failing(ASTValidationRule):
    """A rule with a fault."""

    enter_field = fail


@pytest.fixture(autouse=True)
def served(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prepare documents as a server does."""
    monkeypatch.setattr(Fallbacks, "report", as_in_a_server)


@pytest.fixture
def cannot_compile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.execution.documents.compile_operation", fail)


@pytest.fixture
def cannot_validate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.execution.documents.RULES", (*specified_rules, Failing))


@pytest.fixture
def cannot_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.execution.documents.measure", fail)


async def counted(http: httpx.AsyncClient) -> list[str]:
    page = (await http.get("/metrics")).text
    return [line for line in page.splitlines() if line.startswith("allotment_document_fallbacks_total")]


@pytest.mark.usefixtures("cannot_compile")
async def test_a_document_that_cannot_be_compiled_is_executed_by_graphql_core(back_end: Asker) -> None:
    with capture_logs() as logged:
        for name in ("Who", "Again", "Who"):
            answer = await back_end.post({"query": TWO, "operationName": name})
            assert answer.status_code == 200
            assert "errors" not in answer.json()

    (line,) = logged
    assert (line["event"], line["step"]) == (NOT_PREPARED, "compile")
    assert line["document"] == hashlib.sha256(TWO.encode()).hexdigest()
    assert line["exc_info"]
    assert await counted(back_end.http) == ['allotment_document_fallbacks_total{step="compile"} 2.0']


@pytest.mark.usefixtures("cannot_compile")
async def test_it_is_over_a_websocket_too(serve: Serving) -> None:
    key = await serve.key()
    async with listening(await serve(), key) as ear:
        told = await ask(ear, WHO)

    assert told["data"] == {"viewer": {"kind": "SECRET"}}  # type: ignore[index]


@pytest.mark.usefixtures("cannot_validate")
async def test_a_document_that_cannot_be_validated_as_usual_is_validated_by_graphql_core(
    back_end: Asker,
) -> None:
    right, wrong = await back_end.post({"query": WHO}), await back_end.post({"query": WRONG})

    assert right.json()["data"] == {"viewer": {"kind": "SECRET"}}
    assert set(codes(wrong)) == {"GRAPHQL_VALIDATION_FAILED"}
    assert len(codes(wrong)) == 3
    assert await counted(back_end.http) == ['allotment_document_fallbacks_total{step="validate"} 2.0']


@pytest.mark.usefixtures("cannot_measure")
async def test_a_document_that_cannot_be_measured_is_not_executed(back_end: Asker) -> None:
    right, wrong = await back_end.post({"query": WHO}), await back_end.post({"query": WRONG})

    assert codes(right) == ["QUERY_TOO_COMPLEX"]
    assert set(codes(wrong)) == {"GRAPHQL_VALIDATION_FAILED"}
    assert await counted(back_end.http) == ['allotment_document_fallbacks_total{step="measure"} 2.0']


@pytest.mark.usefixtures("cannot_compile")
async def test_a_test_fails_that_sends_such_a_document(
    back_end: Asker, monkeypatch: pytest.MonkeyPatch, fallbacks_fail: object
) -> None:
    monkeypatch.setattr(Fallbacks, "report", fallbacks_fail)

    with capture_logs():
        answer = await back_end.post({"query": WHO})

    assert codes(answer) == ["INTERNAL_SERVER_ERROR"]
