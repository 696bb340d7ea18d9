"""Freezes startup objects so that the garbage collector skips them."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def freeze_afterwards() -> Iterator[None]:
    """Run a block that loads what lasts until the program ends, then freeze its objects.

    Without it, the collector would scan those objects again and again, which takes a quarter of the start,
    and once more at the end of the program.
    """
    was_looking = gc.isenabled()
    gc.disable()
    # Garbage must not be frozen as well.
    gc.collect()
    try:
        yield
    finally:
        gc.freeze()
        if was_looking:
            gc.enable()
