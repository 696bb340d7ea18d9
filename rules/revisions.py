"""Revisions: names of writes, which a later read can ask to see."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Revision:
    """How far the catalog and one customer had come; the customer's part is 0 for the catalog alone."""

    catalog: int
    customer: int = 0

    def __str__(self) -> str:
        return f"{self.catalog}.{self.customer}"

    def reaches(self, other: Revision) -> bool:
        """Tell whether whoever has come so far has seen another write."""
        return self.catalog >= other.catalog and self.customer >= other.customer


_WRITTEN = re.compile(r"(0|[1-9][0-9]{0,18})\.(0|[1-9][0-9]{0,18})")


def read_revision(text: str) -> Revision | None:
    """Read the name of a write; None where it is none."""
    parts = _WRITTEN.fullmatch(text)
    return None if parts is None else Revision(int(parts[1]), int(parts[2]))
