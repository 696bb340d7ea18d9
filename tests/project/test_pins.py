from __future__ import annotations

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.project.repository import ROOT

PINS = (ROOT / ".ci/constraints.txt").read_text(encoding="utf-8").splitlines()


def test_the_constraints_are_plain_versions_in_order() -> None:
    assert [line for line in PINS if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line)] == []
    assert sorted(PINS, key=lambda line: line.split("==")) == PINS


def test_everything_that_we_ask_for_is_pinned_within_its_range() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"].values()
    lines = [*project["project"]["dependencies"], *(line for group in groups for line in group)]
    wanted = [Requirement(line) for line in lines if isinstance(line, str)]
    pinned = dict(line.split("==") for line in PINS)

    assert [str(one) for one in wanted if not _fits(one, pinned.get(canonicalize_name(one.name)))] == []


def _fits(wanted: Requirement, version: str | None) -> bool:
    return version is not None and version in wanted.specifier
