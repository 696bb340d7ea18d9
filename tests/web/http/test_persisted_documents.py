from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from server.execution import documents
from server.execution.trusted_documents import Trusted, UnreadableDocuments, sha256
from tests.web.http.asking import GRAPHQL_RESPONSE, Ask, Asker, codes

FIND = 'query Find { customer(key: "acme") { key } }'
FOUND = {"customer": None}


def apollo(text: str | None, digest: str) -> dict[str, Any]:
    """What Apollo's clients send."""
    document = {} if text is None else {"query": text}
    return {**document, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}}


async def test_a_document_is_registered_by_sending_it_with_its_hash(back_end: Asker) -> None:
    unknown = await back_end.post(apollo(None, sha256(FIND)))
    registered = await back_end.post(apollo(FIND, sha256(FIND)))
    by_hash = await back_end.post(apollo(None, sha256(FIND)))
    by_address = await back_end.get(
        urlencode({"extensions": json.dumps(apollo(None, sha256(FIND))["extensions"])})
    )
    by_identifier = await back_end.post({"documentId": f"sha256:{sha256(FIND)}"})

    assert (unknown.status_code, codes(unknown)) == (200, ["PERSISTED_QUERY_NOT_FOUND"])
    assert unknown.json()["errors"][0]["message"] == "PersistedQueryNotFound"
    for answer in (registered, by_hash, by_address, by_identifier):
        assert answer.json()["data"] == FOUND


async def test_a_document_is_not_registered_under_another_hash(back_end: Asker) -> None:
    refused = await back_end.post(apollo("{ __typename }", sha256(FIND)))
    unknown = await back_end.post(apollo(None, sha256(FIND)))

    assert codes(refused) == ["BAD_USER_INPUT"]
    assert codes(unknown) == ["PERSISTED_QUERY_NOT_FOUND"]


async def test_a_document_that_is_refused_is_not_registered(back_end: Asker) -> None:
    await back_end.post(apollo("{ nothing }", sha256("{ nothing }")))

    assert codes(await back_end.post(apollo(None, sha256("{ nothing }")))) == ["PERSISTED_QUERY_NOT_FOUND"]


async def test_a_mutation_that_is_registered_is_not_executed_by_its_address(back_end: Asker) -> None:
    upsert = 'mutation { upsertCustomer(input: { key: "acme" }) { revision } }'
    await back_end.post(apollo(upsert, sha256(upsert)))
    answer = await back_end.get(urlencode({"documentId": sha256(upsert)}))

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


async def test_an_unknown_identifier_is_an_error_of_the_request(back_end: Asker) -> None:
    answer = await back_end.post({"documentId": "sha256:0"}, Accept=GRAPHQL_RESPONSE)

    assert (answer.status_code, codes(answer)) == (400, ["PERSISTED_QUERY_NOT_FOUND"])


MANIFESTS = {
    "as relay-compiler and GraphQL Code Generator write them": {"find": FIND},
    "as Apollo's tools write them": {
        "format": "apollo-persisted-query-manifest",
        "version": 1,
        "operations": [{"id": "find", "name": "Find", "type": "query", "body": FIND}],
    },
}


@pytest.mark.parametrize("manifest", MANIFESTS.values(), ids=MANIFESTS)
@pytest.mark.parametrize("identifier", ["find", sha256(FIND)])
async def test_documents_of_a_file_are_known_from_the_start(
    ask: Ask, tmp_path: Path, manifest: object, identifier: str
) -> None:
    file = tmp_path / "documents.json"
    file.write_text(json.dumps(manifest))
    asker = ask(trusted=Trusted.read(file, only=False))

    assert (await asker.post({"documentId": identifier})).json()["data"] == FOUND
    assert codes(await asker.post({"query": "{ __typename }"})) == []


async def test_where_only_trusted_documents_are_executed_others_are_not(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "find.graphql").write_text(FIND)
    (tmp_path / "notes.txt").write_text("{ __typename }")
    asker = ask(trusted=Trusted.read(tmp_path, only=True))
    other = "{ __typename }"

    for trusted in ({"documentId": "find"}, {"documentId": sha256(FIND)}, {"query": FIND}):
        assert (await asker.post(trusted)).json()["data"] == FOUND
    for refused in ({"query": other}, {"query": FIND + " "}, apollo(other, sha256(other))):
        assert codes(await asker.post(refused)) == ["FORBIDDEN"]
    assert codes(await asker.post(apollo(None, sha256(other)))) == ["PERSISTED_QUERY_NOT_FOUND"]


@pytest.mark.parametrize("content", [None, "", "[]", "12", '{"a": 1}', '{"operations": [{}]}', "\xff"])
def test_a_file_without_documents_is_refused(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "documents.json"
    if content is not None:
        file.write_bytes(content.encode("latin-1"))

    with pytest.raises(UnreadableDocuments, match=r"documents\.json holds no trusted documents: "):
        Trusted.read(file, only=True)


async def test_a_document_is_prepared_once_anyone_who_sends_it(
    back_end: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared = []
    prepare = documents.prepare

    def counted(*arguments: Any, **named: Any) -> documents.Prepared:  # noqa: ANN401 - whatever it takes
        prepared.append(arguments[1])
        return prepare(*arguments, **named)

    monkeypatch.setattr(documents, "prepare", counted)
    wrong, large = "{ nothing }", FIND + " " * documents.LONGEST_KEPT
    for text in (FIND, FIND, wrong, wrong, large, large):
        await back_end.post({"query": text})

    assert prepared == [FIND, wrong, large, large]


@pytest.mark.slow
async def test_what_is_kept_has_an_end(back_end: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = []
    prepare = documents.prepare

    def counted(*arguments: Any, **named: Any) -> documents.Prepared:  # noqa: ANN401 - whatever it takes
        prepared.append(arguments[1])
        return prepare(*arguments, **named)

    monkeypatch.setattr(documents, "prepare", counted)
    for number in range(documents.MOST_KEPT // 2_000 + 1):
        await back_end.post({"query": f"{{ ...F{number} " + "__typename " * 1_990 + "}"})
        await back_end.post({"query": FIND})
    await back_end.post({"query": prepared[0]})

    assert prepared.count(FIND) == 1
    assert prepared.count(prepared[0]) == 2
