"""The value of an input that was left out, which is different from null."""

from __future__ import annotations

from enum import Enum
from typing import Final


class Unset(Enum):
    """Marks an input that was left out: the existing value stays."""

    UNSET = "KEEP"


UNSET: Final = Unset.UNSET
