"""The books of credits that one transaction opens, and what its acts make of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from models import credits as stored
from models.credits import Changed, Shelf
from models.usage import Owner
from rules.credit_books import Book, CreditNeed


class Bookcase:
    """Books of credits, each opened once under its customer's lock."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._opened: dict[Shelf, Book] = {}
        self._books: defaultdict[Owner, dict[str, Book]] = defaultdict(dict)

    async def open(self, needs: Iterable[tuple[Owner, CreditNeed]]) -> None:
        """Open the books that acts need; no statement where they need none."""
        wanted: defaultdict[Shelf, set[CreditNeed]] = defaultdict(set)
        for owner, need in needs:
            wanted[owner, need.credit_type].add(need)
        self._opened = await stored.load(self._session, wanted)
        for (owner, credit_type), book in self._opened.items():
            self._books[owner][credit_type] = book

    def of(self, owner: Owner) -> Mapping[str, Book]:
        """Give the books of a customer that are open, by credit type."""
        return self._books[owner]

    def take(self, owner: Owner, books: Mapping[str, Book]) -> None:
        """Go on from the books that an act left."""
        self._books[owner] = dict(books)

    async def save(self) -> None:
        """Write what changed."""
        changed = [
            Changed(shelf=shelf, before=before, after=self._books[shelf[0]][shelf[1]])
            for shelf, before in self._opened.items()
        ]
        await stored.save(self._session, [known for known in changed if known.after != known.before])
