from __future__ import annotations

import importlib

import pytest

from tests.project.repository import ROOMS, ROOT, tracked_files

# What else joins them at the top has a decision record, and is added here.
TOP_LEVEL = {
    *ROOMS,
    "tests",
    "docs",
    "findings",
    "pyproject.toml",
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "LICENSE",
}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_imported_from_this_repository(room: str) -> None:
    assert importlib.import_module(room).__file__ == str(ROOT / room / "__init__.py")


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="what is tracked is told by git")
def test_nothing_unexpected_stands_at_the_top() -> None:
    top = {path.partition("/")[0] for path in tracked_files()}

    assert {name for name in top if not name.startswith(".")} <= TOP_LEVEL
