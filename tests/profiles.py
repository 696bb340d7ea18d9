"""How hard the tests try: quickly at a desk, thoroughly where ALLOTMENT_TEST_FULL is 1."""

from __future__ import annotations

import os
from zlib import crc32

import pytest
from hypothesis import HealthCheck, settings

FULL = os.environ.get("ALLOTMENT_TEST_FULL") == "1"
"""Whether the tests run in their full form."""

# Machines are slow at times, and no test of ours is a timed one.
settings.register_profile(
    "quick", max_examples=30, deadline=None, derandomize=False, suppress_health_check=[HealthCheck.too_slow]
)
# The same examples every time: where this form fails, it is for the change that it was run for.
settings.register_profile(
    "full", settings.get_profile("quick"), max_examples=500, derandomize=True, database=None
)
settings.load_profile("full" if FULL else "quick")


ONE_IN = {"postgresql": 10, "storage on postgresql": 3, "browser": 6, "processes": 2}
"""How many of the same kind stand behind one test that runs in the quick form, where kinds are dear."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave dear tests to the full form, always the same, so that the quick one takes minutes.

    What is stored is tried on PostgreSQL in one of three tests; what is told of it, in one of ten.
    """
    for item in items:
        if not FULL and crc32(item.nodeid.encode()) % _one_in(item):
            item.add_marker(pytest.mark.skip(reason="in the full form: ALLOTMENT_TEST_FULL=1"))


def _one_in(item: pytest.Item) -> int:
    kinds = []
    if "postgresql" in item.name:
        kinds.append("storage on postgresql" if "tests/storage/" in item.nodeid else "postgresql")
    kinds += [kind for kind in ("browser", "processes") if item.get_closest_marker(kind) is not None]
    return max((ONE_IN[kind] for kind in kinds), default=1)
