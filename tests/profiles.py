"""How hard the tests try: quickly at a desk, thoroughly where ALLOTMENT_TEST_FULL is 1."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

FULL = os.environ.get("ALLOTMENT_TEST_FULL") == "1"
"""Whether the tests run in their full form."""

# Machines are slow at times, and no test of ours is a timed one.
settings.register_profile(
    "quick", max_examples=50, deadline=None, derandomize=False, suppress_health_check=[HealthCheck.too_slow]
)
# The same examples every time: where this form fails, it is for the change that it was run for.
settings.register_profile(
    "full", settings.get_profile("quick"), max_examples=500, derandomize=True, database=None
)
settings.load_profile("full" if FULL else "quick")
