"""Caches of a process between transactions, each entry keyed by a revision read from the database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from models.catalog.store import Catalogs
from models.customers.subscriptions import CustomerFactsCache
from rules.credits.accounts import CreditAccount
from rules.revisions import Revision
from rules.usage.counters import Tally
from rules.usage.metering import Window

MOST_THINGS = 100_000
"""The most entries of one kind; then all are dropped, and loaded again when needed."""

Name = TypeVar("Name")
Thing = TypeVar("Thing")


class RevisionCache(Generic[Name, Thing]):
    """Things that only a command on a customer changes, each as of the revision that was read with it."""

    def __init__(self) -> None:
        self._known: dict[Name, tuple[Revision, Thing]] = {}

    def keep(self, name: Name, revision: Revision, thing: Thing) -> None:
        """Store a thing."""
        if len(self._known) >= MOST_THINGS:
            self._known.clear()
        self._known[name] = revision, thing

    def get(self, name: Name, revision: Revision) -> Thing | None:
        """Return a thing as of exactly this revision; None if there is none."""
        known = self._known.get(name)
        return known[1] if known is not None and known[0] == revision else None


@dataclass(frozen=True, slots=True)
class MemoryCache:
    """The catalogs, the facts of customers, and what follows from both.

    ``counted`` holds computed counters that no table has, by customer and window, and ``books`` the stored
    credit accounts of customers, by customer and credit type.
    """

    catalogs: Catalogs = field(default_factory=Catalogs)
    facts_cache: CustomerFactsCache = field(default_factory=CustomerFactsCache)
    counted: RevisionCache[tuple[int, Window], Tally] = field(default_factory=RevisionCache)
    books: RevisionCache[tuple[int, str], CreditAccount] = field(default_factory=RevisionCache)
