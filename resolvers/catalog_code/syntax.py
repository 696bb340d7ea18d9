"""The values of a document and their positions: the part that YAML and JSON have in common.

A notation yields tokens; this module makes plain values of them, and reports with its position every flaw
that the notation itself allows. Numbers keep all their digits: nothing passes through a float.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import Enum, auto
from typing import NamedTuple, Protocol

DEEPEST = 64
"""How deep lists and mappings may be nested."""

Path = tuple[str, ...]


class Kind(Enum):
    """The kind of a token."""

    MAPPING = auto()
    LIST = auto()
    END = auto()
    SCALAR = auto()


class Token(NamedTuple):
    """A piece of a document; a ``plain`` scalar may be a number, boolean or null. Positions count from 1."""

    kind: Kind
    line: int
    column: int
    text: str = ""
    plain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """Something that a document must not have; ``path`` names the value that has it."""

    message: str
    line: int
    column: int
    path: Path = ()


class Broken(Exception):  # noqa: N818 - it says what the document is
    """The document cannot be parsed beyond this position."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.flaw = Flaw(message=message, line=line, column=column)


def too_deep(line: int, column: int) -> Broken:
    """Return the exception for a document that is nested too deeply."""
    return Broken(f"Lists and mappings may be nested at most {DEEPEST} deep.", line, column)


class Notation(Protocol):
    """A syntax for documents."""

    def read_tokens(self, text: str) -> Iterator[Token]:
        """Yield the tokens of a document; raises Broken where it cannot be parsed."""

    def write(self, value: Mapping[str, object]) -> str:
        """Return a value as a document."""


class ParseStep(NamedTuple):
    """A value with its path; its position is that of its key."""

    path: Path
    value: object
    line: int
    column: int


_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_FLAGS = {word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")}
_WHOLE = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FRACTION = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")  # databases refuse NUL, and UTF-8 lone surrogates


def scalar_value(text: str) -> object:
    """Return the value of a plain scalar by the core schema of YAML 1.2, which includes that of JSON.

    ``no`` and ``off`` are strings. Raises ValueError for a value that cannot be stored exactly.
    """
    if text in _NULLS:
        return None
    if text in _FLAGS:
        return _FLAGS[text]
    try:
        if _WHOLE.fullmatch(text):
            return _whole(text)
        if _FRACTION.fullmatch(text):
            return Decimal(text)
    except (ValueError, InvalidOperation):
        message = "The number has too many digits."
        raise ValueError(message) from None
    if _NOT_FINITE.fullmatch(text):
        message = f"{text} is not a finite number."
        raise ValueError(message)
    return text


def _whole(text: str) -> int:
    number = int(text) if text.lstrip("+-").isdecimal() else int(text, 0)
    str(number)  # ValueError where Python can parse it, but not write it
    return number


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not been reached; ``key`` is the key whose value comes next."""

    path: Path
    keys: set[str] | None
    count: int = 0
    key: Token | None = None


@dataclass(slots=True)
class Walk:
    """A walk through a document's values, parents before children, which collects flaws on the way."""

    tokens: Iterable[Token]
    flaws: list[Flaw] = field(default_factory=list)
    _open: list[_Open] = field(default_factory=list)

    def __iter__(self) -> Iterator[ParseStep]:
        """Yield a step for every value; raises Broken where the document cannot be parsed further."""
        for token in self.tokens:
            if token.kind is Kind.END:
                self._open.pop()
            elif self._open and self._open[-1].keys is not None and self._open[-1].key is None:
                self._take_key(self._open[-1], token)
            else:
                yield self._step(token)

    def _take_key(self, parent: _Open, token: Token) -> None:
        if token.kind is not Kind.SCALAR:
            message = "A key must be a string."
            raise Broken(message, token.line, token.column)
        if _UNKEEPABLE.search(token.text):
            self._object("The key contains a character that cannot be stored.", token, parent.path)
        parent.key = token

    def _step(self, token: Token) -> ParseStep:
        path, line, column = self._place(token)
        value: object
        if token.kind is Kind.SCALAR:
            value = self._scalar(token, path)
        else:
            value = {} if token.kind is Kind.MAPPING else []
            self._open.append(_Open(path, set() if token.kind is Kind.MAPPING else None))
            if len(self._open) > DEEPEST:
                raise too_deep(token.line, token.column)
        return ParseStep(path, value, line, column)

    def _place(self, token: Token) -> tuple[Path, int, int]:
        if not self._open:
            return (), token.line, token.column
        parent = self._open[-1]
        if parent.keys is None or parent.key is None:
            parent.count += 1
            return (*parent.path, str(parent.count - 1)), token.line, token.column
        key, parent.key = parent.key, None
        path = (*parent.path, key.text)
        if key.text in parent.keys:
            self._object(f"'{key.text}' is listed twice.", key, path)
        parent.keys.add(key.text)
        return path, key.line, key.column

    def _scalar(self, token: Token, path: Path) -> object:
        if _UNKEEPABLE.search(token.text):
            self._object("The string contains a character that cannot be stored.", token, path)
        if not token.plain:
            return token.text
        try:
            return scalar_value(token.text)
        except ValueError as problem:
            self._object(str(problem), token, path)
            return None

    def _object(self, message: str, token: Token, path: Path) -> None:
        self.flaws.append(Flaw(message=message, line=token.line, column=token.column, path=path))


def assemble(steps: Iterable[ParseStep]) -> object:
    """Return the value of a document from the steps of a walk."""
    parents: list[dict[str, object] | list[object]] = []
    root: object = None
    for path, value, _, _ in steps:
        del parents[len(path) :]
        if not path:
            root = value
        elif isinstance(parent := parents[-1], list):
            parent.append(value)
        else:
            parent[path[-1]] = value
        if isinstance(value, dict | list):
            parents.append(value)
    return root


def places(steps: Iterable[ParseStep], wanted: Collection[Path]) -> dict[Path, tuple[int, int]]:
    """Return line and column of values; where one is missing, those of its nearest ancestor."""
    around = {path[:length] for path in wanted for length in range(len(path) + 1)}
    known = {path: (line, column) for path, _, line, column in steps if path in around}
    return {path: _nearest(known, path) for path in wanted}


def _nearest(known: dict[Path, tuple[int, int]], path: Path) -> tuple[int, int]:
    found = (known[path[:length]] for length in range(len(path), -1, -1) if path[:length] in known)
    return next(found, (1, 1))
