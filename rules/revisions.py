"""Revisions: names of writes, which a later read can ask to see."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Revision:
    """How far the catalog and one customer had come; the customer's part is 0 for the catalog alone."""

    catalog: int
    customer: int = 0

    def __str__(self) -> str:
        return f"{self.catalog}.{self.customer}"
