"""Clients and tools that others wrote, held against a server that is running."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import parse

from schema.graph import graph
from server.config.limits import Limits
from server.execution.documents import prepare
from server.execution.trusted_documents import Trusted, sha256
from tests.graph.operations import DOCUMENTS
from tests.project.repository import ROOT
from tests.web.http.every_type import documents, used_types
from tests.web.program import PATIENCE_SECONDS, Program, serving, told

CLIENTS = ROOT / "tests" / "web" / "clients"

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(
        not (CLIENTS / "node_modules").is_dir(), reason="npm ci was not run in tests/web/clients/"
    ),
]


@pytest.fixture(scope="module")
def server(demo_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A server with the demo's catalog and customers, which asks for keys."""
    folder = tmp_path_factory.mktemp("clients")
    shutil.copy(demo_file, folder / "allotment.db")
    with serving(folder) as program:
        yield program


@pytest.fixture
def key(server: Program) -> str:
    """A key of the demo's environment."""
    return told(server.folder, "keys", "create", "--environment", "demo").stdout.strip()


def node(script: str, *arguments: str) -> list[dict[str, Any]]:
    """Run a script that prints a line of JSON for each thing that it found out."""
    command = ["node", str(CLIENTS / script), *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_every_audit_of_the_standard_is_passed(server: Program, key: str) -> None:
    audits = node("audit.mjs", f"{server.address}/graphql", key)

    assert [audit for audit in audits if audit["status"] != "ok"] == []
    assert len(audits) == 61


def found_out(script: str, server: Program, key: str) -> dict[str, Any]:
    """Give what a client was answered, and by which requests, by what it tried."""
    lines = node(script, f"{server.address}/graphql", key)
    return {line["name"]: (without_typenames(line["value"]), line["requests"]) for line in lines}


def without_typenames(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Leave out what clients ask for on their own."""
    match value:
        case dict():
            return {name: without_typenames(one) for name, one in value.items() if name != "__typename"}
        case list():
            return [without_typenames(one) for one in value]
        case _:
            return value


@pytest.mark.parametrize(
    ("script", "registering"),
    [("apollo.mjs", [["GET", 400], ["POST", 200]]), ("urql.mjs", [["GET", 400], ["GET", 200]])],
)
def test_clients_ask_act_and_are_reported_of_errors(
    server: Program, key: str, script: str, registering: object
) -> None:
    told = found_out(script, server, key)
    nobody = {"recorded": None, "userErrors": [{"code": "NOT_FOUND", "path": ["customer"]}]}
    (check, _) = told.pop("query")

    assert check["allowed"]
    assert told == {
        "mutation": ({"recorded": "1", "userErrors": []}, [["POST", 200]]),
        "user error": (nobody, [["POST", 200]]),
        "field error": (["BAD_USER_INPUT"], [["POST", 200]]),
        "invalid": (["GRAPHQL_VALIDATION_FAILED"], [["POST", 400]]),
        "persisted, first": (True, registering),
        "persisted, again": (True, [["GET", 200]]),
    }


def test_clients_hear_what_changes(server: Program, key: str) -> None:
    told = {line["name"]: line["value"] for line in node("live.mjs", f"{server.address}/graphql", key)}

    assert told == {
        "query": "SECRET",
        "mutation": "1",
        "invalid": ["GRAPHQL_VALIDATION_FAILED"],
        "subscription": [[True, False], 2],
        "resumed after a change": [True],
        "a wrong key": 4403,
        "Apollo Client": [True, False],
        "urql": [True, False],
    }


EVERY_TYPE = documents(graph.core)


def test_the_documents_use_every_type() -> None:
    used = {name for text in EVERY_TYPE.values() for name in used_types(graph.core, parse(text))}

    assert {name for name in graph.core.type_map if not name.startswith("__")} - used == set()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with all documents, as a front end's is."""
    (tmp_path / "node_modules").symlink_to(CLIENTS / "node_modules")
    for file in ("usage.ts", "codegen.json", "relay.config.json", "tsconfig.json", "package.json"):
        shutil.copy(CLIENTS / file, tmp_path)
    (tmp_path / "schema.graphql").write_text(graph.as_str(), encoding="utf-8")
    for folder, texts in (("operations", DOCUMENTS), ("every-type", EVERY_TYPE)):
        (tmp_path / folder).mkdir()
        for name, text in texts.items():
            (tmp_path / folder / f"{name}.graphql").write_text(text, encoding="utf-8")
    (tmp_path / "relay").mkdir()
    (tmp_path / "relay.json").write_text("{}")
    for name, text in EVERY_TYPE.items():
        module = f'import {{ graphql }} from "relay-runtime";\n\nexport const asked = graphql`{text}`;\n'
        (tmp_path / "relay" / f"{name}.ts").write_text(module, encoding="utf-8")
    return tmp_path


def run(project: Path, *command: str) -> None:
    """Run a tool that was installed, to an end without complaints."""
    path = CLIENTS / "node_modules" / ".bin" / command[0]
    done = subprocess.run(
        [path, *command[1:]],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_the_code_that_tools_make_of_the_schema_compiles_strictly(project: Path) -> None:
    run(project, "graphql-codegen", "--config", "codegen.json")
    run(project, "relay-compiler", "relay.config.json")
    run(project, "tsc", "--project", "tsconfig.json")

    written = {"gql/persisted-documents.json": [*DOCUMENTS, *EVERY_TYPE], "relay.json": EVERY_TYPE}
    for manifest, names in written.items():
        trusted = Trusted.read(project / manifest, only=True).by_identifier
        assert len(trusted) == len(names)
        assert {sha256(text) for text in trusted.values()} == trusted.keys()


def compiled_for_relay(folder: Path) -> Path:
    """Give what relay-compiler makes of the document whose answer holds two states of one thing."""
    text = (CLIENTS / "states.graphql").read_text(encoding="utf-8")
    module = f'import {{ graphql }} from "relay-runtime";\n\ngraphql`{text}`;\n'
    config = {"src": "src", "schema": "schema.graphql", "language": "javascript", "eagerEsModules": True}
    files = {
        "src/States.js": module,
        "schema.graphql": graph.as_str(),
        "relay.config.json": json.dumps(config),
        "package.json": json.dumps({"type": "module"}),
    }
    (folder / "src").mkdir()
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    run(folder, "relay-compiler", "relay.config.json")
    return folder / "src" / "__generated__" / "StatesQuery.graphql.js"


def test_caches_keep_two_states_of_one_thing_apart(server: Program, key: str, tmp_path: Path) -> None:
    artifact = compiled_for_relay(tmp_path)
    told = node("caches.mjs", f"{server.address}/graphql", key, str(artifact))

    assert [line["name"] for line in told] == ["Apollo Client", "Relay"]
    for line in told:
        assert without_typenames(line["kept"]) == line["sent"]
    customer, plan = told[0]["sent"]["customer"], told[0]["sent"]["plan"]
    remaining = {name: customer[name]["grants"][0]["remaining"] for name in ("now", "then")}
    amounts = [price["amount"]["amount"] for seen in (plan, plan["draft"]) for price in seen["prices"]]
    assert remaining == {"now": "30", "then": "80"}
    assert len(set(amounts)) == len(plan["prices"]) + 1


def test_what_users_write_is_within_all_limits() -> None:
    prepared = {name: prepare(graph.core, text, Limits()) for name, text in DOCUMENTS.items()}

    assert {name: document.errors for name, document in prepared.items() if document.errors} == {}
