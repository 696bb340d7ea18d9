from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import httpx
import pytest
from graphql import OperationDefinitionNode, parse
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import BaseRoute

from server.pages import graphiql
from server.pages.graphiql import (
    CDN,
    LIBRARY_FILES,
    PREFIX,
    LibraryFile,
    are_installed,
    graphiql_page,
    static_routes,
)
from server.pages.graphiql_tour import EXAMPLES, TourStop

SERVER = graphiql.HERE

needs_npm_files = pytest.mark.skipif(not are_installed(), reason="npm ci was not run in server/")


async def fetch(address: str, routes: list[BaseRoute] = static_routes) -> httpx.Response:
    transport = httpx.ASGITransport(Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://allotment") as client:
        return await client.get(address)


def html(response: HTMLResponse) -> str:
    return bytes(response.body).decode()


def tags(response: HTMLResponse) -> list[dict[str, str]]:
    """The attributes of the page's scripts and links."""
    return [
        dict(re.findall(r'([\w-]+)="([^"]*)"', attributes))
        for attributes in re.findall(r"<(?:script|link)\b([^>]*)>", html(response))
    ]


def loaded(response: HTMLResponse) -> dict[str, dict[str, str]]:
    """The attributes of what the page loads, its scripts and style sheets, by address."""
    return {
        tag.get("src") or tag["href"]: tag
        for tag in tags(response)
        if "src" in tag or tag.get("rel") == "stylesheet"
    }


def configuration(response: HTMLResponse) -> str:
    """What the page tells its script."""
    (written,) = re.findall(r'<script id="config" type="application/json">(.*?)</script>', html(response))
    return str(written)


def policy(response: HTMLResponse) -> dict[str, list[str]]:
    directives = response.headers["Content-Security-Policy"].split("; ")
    return {name: sources for name, *sources in (directive.split() for directive in directives)}


@pytest.fixture
def without_npm_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphiql, "are_installed", lambda: False)


def test_the_policy_lets_nothing_in_but_what_the_page_needs() -> None:
    directives = policy(graphiql_page(query=None))

    assert directives["default-src"] == ["'none'"]
    assert directives["frame-ancestors"] == ["'none'"]
    assert directives["connect-src"] == ["'self'"]
    assert not any(source.startswith("'unsafe") for sources in directives.values() for source in sources)
    assert not any(
        source in {"*", "http:", "https:"} for sources in directives.values() for source in sources
    )


@needs_npm_files
def test_scripts_come_from_here_alone_where_they_are_installed() -> None:
    assert policy(graphiql_page(query=None))["script-src"] == ["'self'"]


def test_every_page_has_a_nonce_of_its_own_and_is_kept_by_nobody() -> None:
    first, second = graphiql_page(query=None), graphiql_page(query=None)

    assert policy(first)["style-src"] != policy(second)["style-src"]
    assert first.headers["Cache-Control"] == "no-store"


def test_a_script_in_the_page_is_configuration_and_nothing_else() -> None:
    scripts = re.findall(r"<script\b[^>]*>[^<]", html(graphiql_page(query=None)))

    assert scripts == ['<script id="config" type="application/json">{']


@pytest.mark.parametrize(
    "query",
    [None, "", "{ hello }", "</script><script>alert(1)</script>", "<!--<script>", "\u2028'\"&\\", "é 😀 \0"],
)
def test_a_query_in_the_address_is_carried_as_it_is_and_breaks_nothing(query: str | None) -> None:
    carried = configuration(graphiql_page(query=query))

    assert json.loads(carried)["query"] == query
    assert "<" not in carried


def test_the_examples_are_the_tabs() -> None:
    config = json.loads(configuration(graphiql_page(query=None)))

    assert config["tabs"] == [example.tab for example in EXAMPLES]


@needs_npm_files
async def test_all_that_the_page_loads_is_served_and_may_be_kept_forever() -> None:
    addresses = loaded(graphiql_page(query=None))

    assert len(addresses) == 6
    for address in addresses:
        response = await fetch(address)
        kind = "text/css" if address.partition("?")[0].endswith(".css") else "text/javascript"
        assert response.status_code == 200
        assert response.headers["Content-Type"] == f"{kind}; charset=utf-8"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "immutable" in response.headers["Cache-Control"]


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/react@18.3.1/package.json",
        "/react@18.3.1/umd/react.development.js",
        "/react@18.3.1/umd/%2e%2e/package.json",
        "/graphiql@4.1.2/graphiql.min.js.map",
        "/graphql/package.json",
        "/%2e%2e/%2e%2e/pages.py",
    ],
)
async def test_nothing_else_is_served(path: str) -> None:
    response = await fetch(PREFIX + path)

    assert response.status_code == 404


async def test_a_file_that_is_not_installed_is_not_found(tmp_path: Path) -> None:
    response = await fetch(
        f"{PREFIX}/gone.js", [graphiql.file_route(f"{PREFIX}/gone.js", tmp_path / "gone.js")]
    )

    assert response.status_code == 404


def test_files_are_used_only_where_all_are_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(graphiql, "NODE_MODULES", tmp_path)
    for file in LIBRARY_FILES:
        assert not are_installed()
        file.path.parent.mkdir(parents=True, exist_ok=True)
        file.path.touch()

    assert are_installed()


@pytest.mark.usefixtures("without_npm_files")
def test_without_npm_files_the_page_names_the_cdn_and_what_must_come_from_it() -> None:
    response = graphiql_page(query=None)
    foreign = {address: tag for address, tag in loaded(response).items() if not address.startswith(PREFIX)}

    assert set(foreign) == {f"{CDN}/{file.address}" for file in LIBRARY_FILES}
    for file in LIBRARY_FILES:
        assert foreign[f"{CDN}/{file.address}"]["integrity"] == file.integrity
        assert foreign[f"{CDN}/{file.address}"]["crossorigin"] == "anonymous"
    allowed = policy(response)
    assert set(foreign) < {*allowed["script-src"], *allowed["style-src"]}


@pytest.mark.node
@needs_npm_files
@pytest.mark.parametrize("file", LIBRARY_FILES, ids=lambda file: file.file)
def test_the_digests_are_those_of_the_npm_files(file: LibraryFile) -> None:
    digest = hashlib.sha384(file.path.read_bytes()).digest()

    assert file.integrity == f"sha384-{base64.b64encode(digest).decode()}"


def test_the_versions_are_those_that_npm_installs() -> None:
    wanted = json.loads((SERVER / "package.json").read_text())["dependencies"]
    locked = json.loads((SERVER / "package-lock.json").read_text())["packages"]

    assert {file.package: file.version for file in LIBRARY_FILES} == wanted
    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted


def test_the_lock_file_tells_no_address() -> None:
    assert '"resolved"' not in (SERVER / "package-lock.json").read_text()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_is_one_named_operation_that_gets_all_its_variables(example: TourStop) -> None:
    (operation,) = parse(example.tab["query"]).definitions

    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name is not None
    assert operation.name.value == example.operation
    declared = {definition.variable.name.value for definition in operation.variable_definitions or ()}
    assert declared == set(json.loads(example.tab["variables"])) == set(example.variables)


def test_every_document_of_the_tour_is_a_stop_of_it() -> None:
    documents = {path.stem for path in (SERVER / "pages" / "tour").iterdir()}

    assert documents == {example.operation for example in EXAMPLES}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_is_narrow_enough_to_be_read_in_its_tab(example: TourStop) -> None:
    assert max(map(len, example.tab["query"].splitlines())) <= 50
