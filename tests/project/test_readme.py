"""What README says about beginning for real is done as it stands there, in an empty folder."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.markdown import blocks, differences, section
from tests.project.repository import ROOT
from tests.web.program import PATIENCE_SECONDS, environment, serving

HERE = "http://127.0.0.1:8000"
PYTHON = "uv run python"


@pytest.mark.processes
@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_anyone_who_begins_for_real_comes_to_a_first_answer(tmp_path: Path) -> None:
    serve, *steps, promised = blocks(section((ROOT / "README.md").read_text(encoding="utf-8"), "For real"))
    script = "\n".join(step.text for step in steps)

    assert serve.text == f"{PYTHON} -m server serve\n"
    with serving(tmp_path) as program:
        script = script.replace(PYTHON, sys.executable).replace(HERE, program.address)
        done = subprocess.run(
            ["bash", "-euc", script],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )

    assert done.returncode == 0, done.stderr
    check_first_answer(done.stdout, promised.text)


def check_first_answer(printed: str, promised: str) -> None:
    """Compare what the two calls of README printed with what it promises."""
    acts, answer = (json.loads(line) for line in re.findall(r'\{"data".*?\}(?=\{"data"|$)', printed))
    assert [act["userErrors"] for act in acts["data"].values()] == [[], []]
    answer.pop("extensions")
    assert list(differences(json.loads(promised), answer)) == []
