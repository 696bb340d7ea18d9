"""What was left out of an input, which is not the same as null."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Unset(Enum):
    """Stands where an input was left out: what is there stays."""

    UNSET = "KEEP"


UNSET: Final = Unset.UNSET
