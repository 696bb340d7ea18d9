"""What a process remembers between transactions, each thing by a revision that the database tells."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.catalog import Catalogs
from models.subscriptions import Belongings
from rules.courses import Courses


@dataclass(frozen=True, slots=True)
class Memory:
    """Catalogs, what customers own, and what follows from both."""

    catalogs: Catalogs = field(default_factory=Catalogs)
    belongings: Belongings = field(default_factory=Belongings)
    courses: Courses = field(default_factory=Courses)
