"""JSON: validated by the standard library, then tokenized here, because the library keeps no positions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from resolvers.catalog_code.syntax import Broken, Kind, Token

_PIECE = re.compile(
    r"""
    (?P<line_end>\n)
    | (?P<mark>[{}\[\]])
    | "(?P<text>(?:[^"\\]|\\.)*)"
    | (?P<plain>[^\s,:{}\[\]"]+)
    """,
    re.VERBOSE,
)
_OPENING = {"{": Kind.MAPPING, "[": Kind.LIST, "}": Kind.END, "]": Kind.END}


def read_tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a document; raises Broken where it is not JSON."""
    _refuse_unreadable(text)
    line, line_start = 1, 0
    for piece in _PIECE.finditer(text):
        column = piece.start() - line_start + 1
        match piece.lastgroup:
            case "line_end":
                line, line_start = line + 1, piece.end()
            case "mark":
                yield Token(_OPENING[piece["mark"]], line, column)
            case "text":
                yield Token(Kind.SCALAR, line, column, _unescape(piece["text"]))
            case _:
                _refuse_constant(piece["plain"], line, column)
                yield Token(Kind.SCALAR, line, column, piece["plain"], plain=True)


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    told: str = json.loads(f'"{text}"')
    return told


def _refuse_unreadable(text: str) -> None:
    try:
        # Numbers stay text here: they are read later, with all their digits.
        json.loads(text, parse_int=str, parse_float=str)
    except json.JSONDecodeError as error:
        message = f"This is not JSON: {error.msg[:1].lower()}{error.msg[1:]}."
        raise Broken(message, error.lineno, error.colno) from None
    except RecursionError:
        message = "Lists and mappings are nested far too deep."
        raise Broken(message, 1, 1) from None


def _refuse_constant(word: str, line: int, column: int) -> None:
    # The standard library accepts what JSON does not have.
    if word in {"NaN", "Infinity", "-Infinity"}:
        message = f"This is not JSON: {word} is not a number."
        raise Broken(message, line, column)


def write(value: Mapping[str, object]) -> str:
    """Return plain values as indented JSON."""
    return f"{json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)}\n"
