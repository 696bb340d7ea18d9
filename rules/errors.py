"""Problems of an input: all that were found, each with a code and a path."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Never

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def unreachable(reason: str) -> Never:
    """Raise AssertionError: what was checked before does not hold."""
    raise AssertionError(reason)


class ErrorCode(StrEnum):
    """The kind of a problem; clients may branch on it."""

    NOT_FOUND = "NOT_FOUND"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    INVALID = "INVALID"
    REQUIRED = "REQUIRED"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    TYPE_MISMATCH = "TYPE_MISMATCH"
    CYCLE = "CYCLE"
    TOO_DEEP = "TOO_DEEP"
    BOOLEAN_NOT_OVERRIDABLE = "BOOLEAN_NOT_OVERRIDABLE"
    NOTHING_TO_PUBLISH = "NOTHING_TO_PUBLISH"
    IN_USE = "IN_USE"
    ARCHIVED = "ARCHIVED"
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    VERSION_CONFLICT = "VERSION_CONFLICT"
    NOT_ALLOWED = "NOT_ALLOWED"
    NOT_A_SANDBOX = "NOT_A_SANDBOX"


@dataclass(frozen=True, slots=True)
class Unknown:
    """A key that names nothing, and the existing things by key that were expected, of one type."""

    key: str
    known: tuple[Mapping[str, object], ...]
    kind: type[object] = object

    @property
    def others(self) -> Iterator[str]:
        """The existing keys that would have been valid."""
        return (key for space in self.known for key, thing in space.items() if isinstance(thing, self.kind))


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem of an input; ``path`` names the place from the root of the input.

    ``unknown`` is the key of the catalog that the problem is about, if any. Similar keys are suggested only
    to callers who may read the catalog.
    """

    code: ErrorCode
    message: str
    path: tuple[str, ...] = ()
    unknown: Unknown | None = field(default=None, compare=False, repr=False)

    def under(self, *prefix: str) -> Problem:
        """Return the same problem with a longer path."""
        return replace(self, path=(*prefix, *self.path))


class Rejected(Exception):  # noqa: N818 - the word of the domain: an input is rejected
    """An input was refused with all of its problems, and nothing was changed."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.message for problem in self.problems))


def reject(code: ErrorCode, message: str, *path: str) -> Rejected:
    """Return a refusal for one problem, to be raised."""
    return Rejected((Problem(code, message, path),))


def refuse_any(problems: Iterable[Problem]) -> None:
    """Raise Rejected with all problems, if there are any."""
    found = tuple(problems)
    if found:
        raise Rejected(found)
