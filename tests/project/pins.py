"""The exact versions of everything: one list in pyproject.toml, which uv obeys whatever it installs here.

Run as a program, it replaces the list by the newest versions that fit.
"""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from collections.abc import Iterable

from tests.project.repository import ROOT

PROJECT = ROOT / "pyproject.toml"

GROUPS = ("dev", "ci")
"""What is installed beside what serving takes: each has its versions in the list."""

OPTIONS = (
    *("--no-config", "--system-certs", "--no-header", "--no-annotate", "--quiet"),
    *("--universal", "--fork-strategy", "fewest", "--python-version", "3.11"),
)

_LIST = re.compile(r"(?<=^constraint-dependencies = \[\n).*?(?=^\]$)", re.MULTILINE | re.DOTALL)


def pins(text: str) -> list[str]:
    """Read the list: lines such as ``click==8.5.1``."""
    return list(tomllib.loads(text)["tool"]["uv"]["constraint-dependencies"])


def replace_pins(text: str, lines: Iterable[str]) -> str:
    """Replace the list, and leave everything else as it is."""
    replaced, count = _LIST.subn("".join(f'    "{line}",\n' for line in lines), text)
    if count != 1:
        message = "pyproject.toml has no list of constraint-dependencies."
        raise ValueError(message)
    return replaced


def newest() -> list[str]:
    """Ask for the newest versions that fit: one of each package, for every system and every Python."""
    groups = [word for group in GROUPS for word in ("--group", group)]
    # Without the configuration, for the list that is to be replaced is part of it.
    command = [os.environ.get("UV", "uv"), "pip", "compile", PROJECT.name, *groups, *OPTIONS]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    # Where a package is not needed its version does no harm: no line has a condition.
    return [line.partition(";")[0].strip() for line in done.stdout.splitlines()]


if __name__ == "__main__":
    PROJECT.write_text(replace_pins(PROJECT.read_text(encoding="utf-8"), newest()), encoding="utf-8")
