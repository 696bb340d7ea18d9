"""How hard the tests try: quickly at a desk, thoroughly where ALLOTMENT_TEST_FULL is 1."""

from __future__ import annotations

import os
from zlib import crc32

import pytest
from hypothesis import HealthCheck, settings

FULL = os.environ.get("ALLOTMENT_TEST_FULL") == "1"
"""Whether the tests run in their full form."""

REPEATABLE = FULL or "CI" in os.environ
"""Whether examples are the same every time: where CI fails, it is for the change that it was run for."""

# Machines are slow at times, and no test of ours is a timed one.
settings.register_profile(
    "quick",
    max_examples=30,
    deadline=None,
    derandomize=REPEATABLE,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("full", settings.get_profile("quick"), max_examples=500)
# For somebody who edits a rule, and wants to know at once.
settings.register_profile("glance", settings.get_profile("quick"), max_examples=3)
settings.load_profile("full" if FULL else "quick")

ONE_IN = {"postgresql": 10, "storage on postgresql": 3, "browser": 10, "processes": 5}
"""How many tests of a costly kind stand behind one of them that runs in the quick form."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave costly tests to the full form, always the same, so that the quick one takes minutes.

    What is stored is tried on PostgreSQL in one of three tests; what is said of it, in one of ten.
    Tests that are named by their id are run whatever they cost.
    """
    if any("::" in argument for argument in config.args):
        return
    chosen = [item for item in items if _is_chosen(item, config)]
    if len(chosen) < len(items):
        config.hook.pytest_deselected(items=[item for item in items if not _is_chosen(item, config)])
        items[:] = chosen


def _is_chosen(item: pytest.Item, config: pytest.Config) -> bool:
    if item.get_closest_marker("readme") is not None:
        return "readme" in config.option.markexpr
    if FULL:
        return True
    return item.get_closest_marker("slow") is None and crc32(item.nodeid.encode()) % _one_in(item) == 0


def _one_in(item: pytest.Item) -> int:
    kinds = []
    if "postgresql" in item.name:
        kinds.append("storage on postgresql" if "tests/storage/" in item.nodeid else "postgresql")
    kinds += [kind for kind in ("browser", "processes") if item.get_closest_marker(kind) is not None]
    return max((ONE_IN[kind] for kind in kinds), default=1)
