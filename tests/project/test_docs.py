from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from rules.errors import ErrorCode
from server.errors import RequestCode
from server.metrics import Metrics
from tests.project.markdown import anchors, differences, examples, links, rows, section
from tests.project.repository import ROOT, pages


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _asked(text: str) -> list[str]:
    """What the links of a page fill into GraphiQL."""
    addresses = (urlsplit(link) for link in links(text))
    return [question for address in addresses for question in parse_qs(address.query).get("q", ())]


@pytest.mark.parametrize("page", [page for page in pages() if examples(_read(page))], ids=_name)
async def test_the_examples_of_a_page_answer_as_promised(page: Path, demo_client: httpx.AsyncClient) -> None:
    for example in examples(_read(page)):
        answer = (await demo_client.post("/graphql", json={"query": example.document})).json()
        # What it costs is told with every answer, and is not what the examples are about.
        answer.pop("extensions", None)

        place = f"{_name(page)}:{example.line}"
        assert list(differences(example.answer, answer)) == [], place


@pytest.mark.parametrize("page", [page for page in pages() if _asked(_read(page))], ids=_name)
def test_a_link_into_graphiql_asks_an_example_of_its_page(page: Path) -> None:
    shown = [example.document.strip() for example in examples(_read(page))]

    assert [question for question in _asked(_read(page)) if question not in shown] == []


@pytest.mark.parametrize("page", pages(), ids=_name)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert list(_dead_links(page, _read(page))) == []


@pytest.mark.parametrize("target", ["gone.md", "errors.md#gone", "#gone", "/docs/errors.md"])
def test_a_link_to_nowhere_is_found(target: str) -> None:
    assert list(_dead_links(ROOT / "docs/settings.md", f"# Here\n[there]({target})")) == [target]


@pytest.mark.parametrize(
    "target", ["errors.md", "errors.md#user-errors", "#here", "../docs", "https://example.com"]
)
def test_a_link_to_what_exists_is_left_alone(target: str) -> None:
    assert list(_dead_links(ROOT / "docs/settings.md", f"# Here\n[there]({target})")) == []


def _dead_links(page: Path, text: str) -> Iterator[str]:
    for link in links(text):
        file, _, anchor = link.partition("#")
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        target = page.parent / file if file else page
        lost = link.startswith("/") or not target.exists()
        if lost or (anchor and anchor not in anchors(_read(target) if file else text)):
            yield link


def test_every_error_code_is_explained_with_an_example() -> None:
    explained = rows(section(_read(ROOT / "docs/errors.md"), "User errors"))

    assert [row[0].strip("`") for row in explained] == list(ErrorCode)
    assert all(len(row) == 3 and all(row) for row in explained)


def test_every_request_code_is_explained() -> None:
    explained = rows(section(_read(ROOT / "docs/errors.md"), "Request errors"))

    assert [row[0].strip("`") for row in explained] == list(RequestCode)


def test_every_metric_and_its_labels_are_explained() -> None:
    explained = rows(section(_read(ROOT / "docs/operating.md"), "Metrics"))
    told = {row[0].strip("`").removesuffix("_total"): re.findall(r"`(\w+)`", row[1]) for row in explained}

    assert told == {
        metric._name: list(metric._labelnames)
        for metric in vars(Metrics()).values()
        if hasattr(metric, "_labelnames")
    }
