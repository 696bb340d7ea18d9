"""What is wrong with an input: every problem found, each with a code and a path."""

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
    """What kind of mistake it is; the promise that clients may branch on."""

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
    """A key that names nothing, and by key the things that it could have named: those of a kind."""

    key: str
    known: tuple[Mapping[str, object], ...]
    kind: type[object] = object

    @property
    def others(self) -> Iterator[str]:
        """The keys that it could have been."""
        return (key for space in self.known for key, thing in space.items() if isinstance(thing, self.kind))


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong; the path names the place from the root of the input.

    ``unknown`` is the key of the catalog that the problem is about, if any. Others like it are suggested
    only to those who may read the catalog.
    """

    code: ErrorCode
    message: str
    path: tuple[str, ...] = ()
    unknown: Unknown | None = field(default=None, compare=False, repr=False)

    def under(self, *prefix: str) -> Problem:
        """The same problem, seen from further out."""
        return replace(self, path=(*prefix, *self.path))


class Rejected(Exception):  # noqa: N818 - the word of the domain: an input is rejected
    """An input was refused with all of its problems, and nothing was changed."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problem.message for problem in self.problems))


def reject(code: ErrorCode, message: str, *path: str) -> Rejected:
    """A refusal for one problem, to be raised."""
    return Rejected((Problem(code, message, path),))


def refuse_any(problems: Iterable[Problem]) -> None:
    """Raise Rejected with all problems, or do nothing where there are none."""
    found = tuple(problems)
    if found:
        raise Rejected(found)
