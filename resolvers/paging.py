"""Pages of a list, cut by key rather than by number, so that edits shift nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

LARGEST_PAGE = 100
USUAL_PAGE = 20

Item = TypeVar("Item")
Shown = TypeVar("Shown")
Position = str | int


class BadPage(Exception):  # noqa: N818 - it says what is wrong
    """The size of a page is out of range, or its cursor belongs to another list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item]):
    """Consecutive items, the cursor of each, and whether others come before and after.

    ``total`` is the length of the list, or a function that counts it where counting is slow.
    """

    items: Sequence[Item]
    cursors: Sequence[str]
    has_previous: bool
    has_next: bool
    total: int | Callable[[], Awaitable[int]]

    @classmethod
    def empty(cls) -> Page[Item]:
        """Return the only page of a list that has no items."""
        return cls(items=[], cursors=[], has_previous=False, has_next=False, total=0)

    def showing(self, items: Sequence[Shown]) -> Page[Shown]:
        """Return the page with its items replaced by others, one for one."""
        return Page(
            items=items,
            cursors=self.cursors,
            has_previous=self.has_previous,
            has_next=self.has_next,
            total=self.total,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursors:
    """The cursors of one list: ``name`` distinguishes lists, ``kind`` is the type of a position."""

    name: tuple[Position, ...]
    kind: type[Position]

    def write(self, place: Position) -> str:
        """Return the cursor of a position."""
        text = json.dumps([*self.name, place], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def read(self, cursor: str) -> Position:
        """Return the position of a cursor; raises BadPage."""
        message = "The cursor is not one of this list."
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            *name, place = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        except (ValueError, TypeError, RecursionError):
            raise BadPage(message) from None
        if tuple(name) != self.name or type(place) is not self.kind:
            raise BadPage(message)
        return place


def size_of(first: int | None) -> int:
    """Return the size of a page, 20 by default; raises BadPage."""
    size = USUAL_PAGE if first is None else first
    if not 1 <= size <= LARGEST_PAGE:
        message = f"A page has 1 to {LARGEST_PAGE} items, not {size}."
        raise BadPage(message)
    return size


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """A page of a list in the database: its size, and the position after which it begins."""

    cursors: Cursors
    size: int
    after: Position | None

    @classmethod
    def of(cls, cursors: Cursors, first: int | None, after: str | None) -> PageRequest:
        """Read the arguments of a connection; raises BadPage."""
        return cls(cursors=cursors, size=size_of(first), after=None if after is None else cursors.read(after))

    @property
    def limit(self) -> int:
        """How many items to read: one more than the size shows whether others follow."""
        return self.size + 1

    def cut(
        self,
        found: Sequence[Item],
        position: Callable[[Item], Position],
        total: int | Callable[[], Awaitable[int]],
    ) -> Page[Item]:
        """Return the page of at most ``limit`` items that were read."""
        items = found[: self.size]
        return Page(
            items=items,
            cursors=[self.cursors.write(position(item)) for item in items],
            has_previous=self.after is not None,
            has_next=len(found) > self.size,
            total=total,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[Item]):
    """A list in memory, in its order, which is descending where ``newest_first``."""

    name: tuple[Position, ...]
    items: Sequence[Item]
    position: Callable[[Item], Position]
    newest_first: bool = False

    def page(self, first: int | None, after: str | None) -> Page[Item]:
        """Return the items after a cursor; raises BadPage."""
        size = size_of(first)
        cursors = Cursors(name=self.name, kind=int if self.newest_first else str)
        ordered = sorted(self.items, key=self.position, reverse=self.newest_first)
        start = 0 if after is None else self._behind(ordered, cursors.read(after))
        shown = ordered[start : start + size]
        return Page(
            items=shown,
            cursors=[cursors.write(self.position(item)) for item in shown],
            has_previous=start > 0,
            has_next=start + size < len(ordered),
            total=len(ordered),
        )

    def _behind(self, ordered: Sequence[Item], place: Position) -> int:
        """Count the items up to a position, whether or not an item is there still."""
        return sum(self._is_up_to(self.position(item), place) for item in ordered)

    def _is_up_to(self, position: Position, place: Position) -> bool:
        if self.newest_first:
            return position >= place  # type: ignore[operator]
        return position <= place  # type: ignore[operator]
