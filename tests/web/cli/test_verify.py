"""Verifying from the command line, beside a server that is running."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.program import Program, serving, told

pytestmark = pytest.mark.processes

REPORT = """mutation {
  reportUsage(input: { customer: "nimbus", feature: "orders", value: 5 }) { recorded }
}"""


@pytest.fixture(scope="module")
def demo(demo_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A demo that is running."""
    folder = tmp_path_factory.mktemp("verifying")
    shutil.copy(demo_file, folder / "allotment.db")
    with serving(folder, "--demo") as program:
        yield program


def test_what_agrees_is_reported_by_the_exit_alone(demo: Program) -> None:
    for options in ([], ["--environment", "demo"]):
        assert demo.ask(REPORT).json()["data"]["reportUsage"] == {"recorded": "5"}
        verified = told(demo.folder, "verify", *options)
        assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")


def test_the_first_difference_is_printed_alone(demo: Program) -> None:
    demo.ask(REPORT)
    for change in ("used + 1", "used - 1"):
        with sqlite3.connect(demo.folder / "allotment.db") as connection:
            connection.execute(f"UPDATE usage_windows SET used = {change}")  # noqa: S608 - of two
        connection.close()
        differs = change == "used + 1"
        verified = told(demo.folder, "verify", "--environment", "demo")
        assert verified.returncode == (1 if differs else 0)
        assert verified.stdout.startswith("demo: " if differs else "")
        assert verified.stdout.count("\n") == (1 if differs else 0)


def test_an_environment_that_is_not_there_cannot_be_verified(demo: Program) -> None:
    verified = told(demo.folder, "verify", "--environment", "nowhere")

    assert (verified.returncode, verified.stdout) == (1, "")
    assert verified.stderr == "Error: There is no environment 'nowhere'.\n"
