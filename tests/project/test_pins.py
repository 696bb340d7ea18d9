from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.project.pins import PROJECT, pins, replace_pins
from tests.project.repository import ROOT

TEXT = PROJECT.read_text(encoding="utf-8")
PINS = pins(TEXT)


def test_the_pins_are_plain_versions_in_order() -> None:
    assert [line for line in PINS if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line)] == []
    assert sorted(PINS, key=lambda line: line.split("==")) == PINS


def test_everything_that_we_ask_for_is_pinned_within_its_range() -> None:
    pinned = _pinned()

    assert [str(one) for one in _asked_for() if not _fits(one, pinned.get(canonicalize_name(one.name)))] == []


def test_what_is_installed_is_what_is_pinned() -> None:
    installed = dict(_needed(_asked_for()))

    assert installed
    assert installed.items() - _pinned().items() == set()


def test_new_versions_replace_the_list_and_nothing_else() -> None:
    renewed = replace_pins(TEXT, ["a==2", "b==1.0.post1"])

    assert pins(renewed) == ["a==2", "b==1.0.post1"]
    assert replace_pins(renewed, PINS) == TEXT


def test_a_list_that_is_not_there_is_not_replaced() -> None:
    with pytest.raises(ValueError, match="no list"):
        replace_pins("[tool.uv]\n", PINS)


def test_the_versions_stand_in_no_second_place() -> None:
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / ".ci").iterdir() if path.is_file()]

    assert re.findall(r"\w==\d.*", "\n".join(texts)) == []


def _pinned() -> dict[str, str]:
    return dict(line.split("==") for line in PINS)


def _asked_for() -> list[Requirement]:
    project = tomllib.loads(TEXT)
    groups = project["dependency-groups"].values()
    lines = [*project["project"]["dependencies"], *(line for group in groups for line in group)]
    return [Requirement(line) for line in lines if isinstance(line, str)]


def _fits(wanted: Requirement, version: str | None) -> bool:
    return version is not None and version in wanted.specifier


def _needed(asked: list[Requirement]) -> Iterator[tuple[str, str]]:
    """Give the version of everything that is installed because it is asked for."""
    waiting, seen = [(one, "") for one in asked], set[tuple[str, str]]()
    while waiting:
        one, parent_extra = waiting.pop()
        name = canonicalize_name(one.name)
        if one.marker is not None and not one.marker.evaluate({"extra": parent_extra}):
            continue
        with suppress(PackageNotFoundError):  # the group "ci" is not installed where people work
            found = distribution(name)
            yield name, found.version
            new = {(name, extra) for extra in ("", *one.extras)} - seen
            seen |= new
            waiting += [(Requirement(line), extra) for _, extra in new for line in found.requires or ()]
