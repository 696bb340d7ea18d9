"""Read plain mappings field by field: present, missing and unknown fields.

Problems are collected, not raised. An unreadable field gives its default and a problem with its path, so
that one pass finds every problem of a document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from functools import partial
from typing import Any, TypeVar

from rules.catalog.validation import invalid, missing_value
from rules.errors import Problem
from rules.numbers import ONE, from_decimal

Path = tuple[str, ...]
Read = TypeVar("Read")
Member = TypeVar("Member", bound=StrEnum)

_PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_LARGEST_INT = 2**31 - 1
_LONGEST_QUOTE = 100


@dataclass(frozen=True, slots=True)
class Findings:
    """The problems found, and the paths of what could not be read because of them."""

    problems: list[Problem] = field(default_factory=list)
    unread: set[Path] = field(default_factory=set)


class Fields:
    """A mapping at a place of a document; problems are added to shared findings. Null means absent."""

    def __init__(self, value: object, place: Path, findings: Findings) -> None:
        self._place = place
        self._findings = findings
        self._asked: list[str] = []
        self._readable = isinstance(value, Mapping)
        self._entries: Mapping[str, object] = value if isinstance(value, Mapping) else {}
        if not self._readable:
            self.complain(invalid(f"Expected a mapping of fields, got {_describe(value)}."))

    def complain(self, problem: Problem) -> None:
        """Add a problem that makes something unreadable; its path begins here."""
        told = problem.under(*self._place)
        self._findings.problems.append(told)
        self._findings.unread.add(told.path)

    def miss(self, message: str, *path: str) -> None:
        """Add that something is missing, unless nothing here could be read at all."""
        if self._readable:
            self.complain(missing_value(message, *path))

    def has(self, name: str) -> bool:
        """Return whether a field has a value."""
        return self._entries.get(name) is not None

    def one(self, name: str, read: Callable[[object], Read]) -> Read | None:
        """Read an optional field; ``read`` raises ValueError with what is wrong."""
        self._asked.append(name)
        value = self._entries.get(name)
        if value is None:
            return None
        try:
            return read(value)
        except ValueError as problem:
            self.complain(invalid(str(problem), name))
            return None

    def needed(self, name: str, read: Callable[[object], Read]) -> Read | None:
        """Read a required field; None comes with a problem."""
        if not self.has(name):
            self.miss(f"'{name}' is required.", name)
        return self.one(name, read)

    def inner(self, name: str, read: Callable[[Fields], Read]) -> Read | None:
        """Read a mapping in a field."""
        return self.one(name, lambda value: self._inside(value, (name,), read))

    def needed_inner(self, name: str, read: Callable[[Fields], Read]) -> Read | None:
        """Read a required mapping in a field; None comes with a problem."""
        return self.needed(name, lambda value: self._inside(value, (name,), read))

    def items(self, name: str, read: Callable[[Fields], Read]) -> tuple[Read, ...]:
        """Read a list of mappings in a field."""
        values = self.one(name, read_list) or []
        return tuple(self._inside(value, (name, str(index)), read) for index, value in enumerate(values))

    def things(self, name: str, read: Callable[[str, Fields], Read]) -> dict[str, Read]:
        """Read mappings by key in a field, in the order of their keys."""
        return self.inner(name, lambda section: section.each(read)) or {}

    def each(self, read: Callable[[str, Fields], Read]) -> dict[str, Read]:
        """Read every field as a mapping, in the order of the names."""
        self._asked.extend(self._entries)
        return {
            key: self._inside(value, (key,), partial(read, key))
            for key, value in sorted(self._entries.items())
        }

    def _inside(self, value: object, place: Path, read: Callable[[Fields], Read]) -> Read:
        fields = Fields(value, (*self._place, *place), self._findings)
        told = read(fields)
        fields.refuse_unknown()
        return told

    def refuse_unknown(self) -> None:
        """Add a problem for every field that was not read; this makes nothing unreadable."""
        for name in sorted(self._entries.keys() - set(self._asked)):
            near = get_close_matches(name, self._asked, n=1)
            hint = f"; '{near[0]}' may be meant" if near else ""
            stray = invalid(f"Unknown field '{name}' here{hint}.", *self._place, name)
            self._findings.problems.append(stray)


def text(value: object) -> str:
    """Read a text; ValueError otherwise, also for a number that only lacks its quotes."""
    if isinstance(value, str):
        return value
    hint = "; put it in quotes" if isinstance(value, int | Decimal | bool) else ""
    message = f"Expected a string, got {_describe(value)}{hint}."
    raise ValueError(message)


def flag(value: object) -> bool:
    """Read true or false; ValueError otherwise."""
    if isinstance(value, bool):
        return value
    message = f"Expected true or false, got {_describe(value)}."
    raise ValueError(message)


def quantity(value: object) -> int:
    """Read a quantity as micros, from a number or a text such as '19.9'; ValueError otherwise."""
    number = _decimal(value)
    try:
        return from_decimal(number)
    except ValueError as problem:
        message = f"A number {problem}, unlike {_describe(value)}."
        raise ValueError(message) from None


def _decimal(value: object) -> Decimal:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return Decimal(value)
    message = f"Expected a number, got {_describe(value)}."
    raise ValueError(message)


def whole(value: object) -> int:
    """Read a whole number that fits 32 bits; ValueError otherwise."""
    number, rest = divmod(quantity(value), ONE)
    if rest or abs(number) > _LARGEST_INT or isinstance(value, str):
        message = f"A whole number of at most {_LARGEST_INT} is expected, not {_describe(value)}."
        raise ValueError(message)
    return number


def member(kind: type[Member], value: object) -> Member:
    """Read a member of an enum; ValueError, naming all of them, otherwise."""
    if isinstance(value, str) and value in kind.__members__:
        return kind[value]
    message = f"One of {', '.join(kind.__members__)} is expected, not {_describe(value)}."
    raise ValueError(message)


def read_list(value: object) -> list[object]:
    """Read a list; ValueError otherwise."""
    if isinstance(value, list):
        return value
    message = f"Expected a list, got {_describe(value)}."
    raise ValueError(message)


def texts(value: object) -> tuple[str, ...]:
    """Read a list of texts; ValueError otherwise."""
    return tuple(text(item) for item in read_list(value))


def members(kind: type[Member], value: object) -> tuple[Member, ...]:
    """Read a list of members of an enum, each once; ValueError otherwise."""
    return tuple(dict.fromkeys(member(kind, item) for item in read_list(value)))


def free(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """Read free-form JSON, with floats for fractions; ValueError for a number that is too large."""
    match value:
        case dict():
            return free_mapping(value)
        case list():
            return [free(item) for item in value]
        case Decimal():
            return _float(value)
        case _:
            return value


def free_mapping(value: object) -> dict[str, Any]:
    """Read a free-form JSON object; ValueError otherwise."""
    if isinstance(value, dict):
        return {key: free(item) for key, item in value.items()}
    message = f"Expected a mapping, got {_describe(value)}."
    raise ValueError(message)


def _float(value: Decimal) -> float:
    number = float(value)
    if number in (float("inf"), float("-inf")):
        message = f"{value} is too large."
        raise ValueError(message)
    return number


def _describe(value: object) -> str:
    match value:
        case None:
            return "null"
        case Mapping():
            return "a mapping"
        case list():
            return "a list"
        case bool():
            return str(value).lower()
        case str():
            return f"'{value}'" if len(value) <= _LONGEST_QUOTE else "a long text"
        case _:
            number = str(value)
            return number if len(number) <= _LONGEST_QUOTE else "a long number"
