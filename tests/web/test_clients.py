"""Clients and tools that others wrote, held against a server that is running."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project.repository import ROOT
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


def node(script: str, *arguments: str) -> list[dict[str, str]]:
    """Run a script that prints a line of JSON for each thing that it found out."""
    command = ["node", str(CLIENTS / script), *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
    assert run.returncode == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_every_audit_of_the_standard_is_passed(server: Program, key: str) -> None:
    audits = node("audit.mjs", f"{server.address}/graphql", key)

    assert [audit for audit in audits if audit["status"] != "ok"] == []
    assert len(audits) == 61
