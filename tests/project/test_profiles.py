"""The quick form leaves out what is costly, says how much, and CI leaves out nothing."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.project.repository import ROOT
from tests.web.program import environment

TESTS = """
import pytest

@pytest.mark.parametrize("number", range(60))
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_database(database, number): pass

@pytest.mark.processes
@pytest.mark.parametrize("number", range(60))
def test_program(number): pass

@pytest.mark.slow
def test_slow(): pass

@pytest.mark.readme
def test_readme(): pass
"""

EVERYTHING = {"sqlite": 60, "postgresql": 60, "program": 60, "slow": 1, "readme": 1}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with tests of every kind."""
    folder = tmp_path_factory.mktemp("kinds")
    (folder / "test_kinds.py").write_text(TESTS)
    return folder


def collected(folder: Path, *options: str, **settings: str) -> tuple[Counter[str], str]:
    """Count by kind what would be run, and give what pytest says in the end."""
    command = [sys.executable, "-m", "pytest", "-p", "tests.profiles", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "--collect-only", "-q", f"--rootdir={folder}", *options],
        cwd=folder,
        env=environment(**settings),
        capture_output=True,
        text=True,
        check=True,
    )
    *names, last = done.stdout.strip().splitlines()
    return Counter(kind for name in names for kind in EVERYTHING if kind in name.partition("::")[2]), last


def test_the_quick_form_leaves_out_what_is_costly_and_says_how_much(written: Path) -> None:
    kinds, last = collected(written)

    assert kinds["sqlite"] == 60
    assert 0 < kinds["postgresql"] < 20
    assert 0 < kinds["program"] < 30
    assert kinds["slow"] == kinds["readme"] == 0
    assert f"{sum(kinds.values())}/182 tests collected ({182 - sum(kinds.values())} deselected)" in last


def test_the_quick_form_is_the_same_every_time(written: Path) -> None:
    assert collected(written)[0] == collected(written)[0]


def test_the_full_form_leaves_out_only_what_has_a_step_of_its_own(written: Path) -> None:
    full, _ = collected(written, ALLOTMENT_TEST_FULL="1")
    own_step, _ = collected(written, "-m", "readme", ALLOTMENT_TEST_FULL="1")

    assert full + own_step == EVERYTHING


def test_a_test_that_is_named_is_run_whatever_it_costs(written: Path) -> None:
    assert collected(written, "test_kinds.py::test_slow")[0] == {"slow": 1}


def test_ci_runs_the_full_form_and_the_step() -> None:
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    lines = script[script.index("export CI=true ALLOTMENT_TEST_FULL=1\n") :].splitlines()

    assert {"uv run poe check", "uv run poe readme"} <= set(lines)
