"""What a written document says, and where: the part that YAML and JSON have in common.

A notation gives tokens; here they become plain values, and every flaw that the notation itself lets
pass is told with its place. Numbers keep all their digits: nothing passes through a float.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import Enum, auto
from typing import NamedTuple, Protocol

DEEPEST = 64
"""How many lists and mappings may stand in each other."""

Path = tuple[str, ...]


class Kind(Enum):
    """What a token is."""

    MAPPING = auto()
    LIST = auto()
    END = auto()
    SCALAR = auto()


class Token(NamedTuple):
    """A piece of a document; a ``plain`` scalar may be a number, true, false or null. Places count from 1."""

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


class Broken(Exception):  # noqa: N818 - what the document is
    """The document cannot be read on from here."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.flaw = Flaw(message=message, line=line, column=column)


def too_deep(line: int, column: int) -> Broken:
    """Return what refuses a document in which too much stands in each other."""
    return Broken(f"Lists and mappings may be nested at most {DEEPEST} deep.", line, column)


class Notation(Protocol):
    """A way to write documents."""

    def read_tokens(self, text: str) -> Iterator[Token]:
        """Give the pieces of a document; raises Broken where it cannot be read."""

    def write(self, value: Mapping[str, object]) -> str:
        """Write a document."""


class ParseStep(NamedTuple):
    """A value with its path; where it stands is where its key does."""

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
    """Give what a plain scalar says by the core schema of YAML 1.2, which holds what JSON says.

    ``no`` and ``off`` are words there. ValueError for what cannot be kept exactly.
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
    str(number)  # ValueError where it could be read, but not written again
    return number


@dataclass(slots=True)
class _Open:
    """A list or mapping that is not at its end; ``key`` waits for its value."""

    path: Path
    keys: set[str] | None
    count: int = 0
    key: Token | None = None


@dataclass(slots=True)
class Walk:
    """A walk through a document's values, parents before children, that gathers flaws as it goes."""

    tokens: Iterable[Token]
    flaws: list[Flaw] = field(default_factory=list)
    _open: list[_Open] = field(default_factory=list)

    def __iter__(self) -> Iterator[ParseStep]:
        """Take a step to every value; Broken where the document cannot be read on."""
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
    """Put the values of a walk together, each into its parent."""
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
    """Find line and column of values, or of the nearest thing around them that is there."""
    around = {path[:length] for path in wanted for length in range(len(path) + 1)}
    known = {path: (line, column) for path, _, line, column in steps if path in around}
    return {path: _nearest(known, path) for path in wanted}


def _nearest(known: dict[Path, tuple[int, int]], path: Path) -> tuple[int, int]:
    found = (known[path[:length]] for length in range(len(path), -1, -1) if path[:length] in known)
    return next(found, (1, 1))
