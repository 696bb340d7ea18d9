"""What is loaded once and lasts until the program ends: nobody need look for garbage among it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def freeze_afterwards() -> Iterator[None]:
    """Load modules, or make of them what is never given up.

    The collector would look through all of it again and again meanwhile, for a quarter of a start, and
    once more where the program ends.
    """
    was_looking = gc.isenabled()
    gc.disable()
    # What is garbage by now must not last as well.
    gc.collect()
    try:
        yield
    finally:
        gc.freeze()
        if was_looking:
            gc.enable()
