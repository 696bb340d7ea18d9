"""The repository as these tests read it: its rooms, its modules and its pages."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]

ROOMS = ("rules", "models", "resolvers", "schema", "server")

NOT_OURS = (
    "models/migrations/versions",
    "server/node_modules",
    "tests/web/clients/node_modules",
    "tests/benchmarks/peers/node_modules",
)
"""Python files that are generated, or installed by npm."""


@dataclass(frozen=True)
class Source:
    """A Python file: its path from the root, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text)

    @property
    def room(self) -> str:
        """The top folder."""
        return PurePosixPath(self.path).parts[0]

    @property
    def module(self) -> str:
        """The name by which it is imported."""
        return ".".join(PurePosixPath(self.path).with_suffix("").parts).removesuffix(".__init__")

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Every function, however deep."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node


def sources(*folders: str) -> list[Source]:
    """Every Python file below the folders that people write."""
    paths = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    read = (Source(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")) for path in paths)
    return [source for source in read if not source.path.startswith(NOT_OURS)]


def pages() -> list[Path]:
    """Every page of documentation."""
    top = set(ROOT.glob("*.md"))
    if (ROOT / ".git").exists():
        top &= {ROOT / path for path in tracked_files()}
    return sorted([*top, *(ROOT / "docs").rglob("*.md")])


def tracked_files() -> list[str]:
    """Every file that is committed or staged, as a path from the root; what else lies about is no part."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return sorted(path for path in listed.stdout.split("\0") if (ROOT / path).is_file())
