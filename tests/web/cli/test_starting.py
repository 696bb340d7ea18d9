"""What is loaded as a program starts: what it needs, so that it starts soon and stays small."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web.program import serving, told

pytestmark = pytest.mark.processes

ASKED_FOR = {"PYTHONPROFILEIMPORTTIME": "1"}
"""Has Python say of each module that it loads, on standard error, how long that took."""

SELDOM_NEEDED = {"alembic", "asyncpg", "jinja2", "jwt", "limits", "redis", "server.demo.fill", "yaml"}

FOR_SERVING = {"server.app", "starlette", "uvicorn"}
FOR_THE_GRAPH = {"graphql", "schema", "strawberry"}


def loaded(log: str) -> set[str]:
    """Give the modules that a program told of."""
    return {line.rpartition("|")[2].strip() for line in log.splitlines() if line.startswith("import time:")}


def test_a_server_loads_nothing_before_it_is_needed(tmp_path: Path) -> None:
    with serving(tmp_path):
        """Make the database."""

    with serving(tmp_path, **ASKED_FOR) as program:
        program.ask("{ __typename }")
        program.stop()
        known = loaded((tmp_path / "log.txt").read_text())

    assert known >= FOR_SERVING | FOR_THE_GRAPH
    assert known & SELDOM_NEEDED == set()


@pytest.mark.parametrize("command", [("keys", "list"), ("verify",), ("migrate",)])
def test_a_command_on_the_database_loads_neither_the_graph_nor_a_server(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    known = loaded(told(tmp_path, *command, **ASKED_FOR).stderr)

    assert "models.database.transactions" in known
    assert known & (FOR_SERVING | FOR_THE_GRAPH) == set()


def test_the_graph_is_printed_without_a_server(tmp_path: Path) -> None:
    known = loaded(told(tmp_path, "sdl", **ASKED_FOR).stderr)

    assert known >= FOR_THE_GRAPH
    assert known & FOR_SERVING == set()
