"""YAML: read token by token with libyaml, and written for people to read.

Anchors, aliases, tags and directives are refused: every value must be written in its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from resolvers.catalog_code.syntax import Broken, Kind, Token, too_deep

WIDEST = 60
"""The longest list or mapping, in characters, that is written on the line of its key."""

LINE_END = "\n"

LONGEST_KEY = 1_000
"""The longest key, in characters, that is written with a colon alone."""

# Newer versions, such as PyYAML 6.0.4, read ahead up to a limit of their own before they yield anything.
_DEEPER_THAN_LIBYAML_READS = "exceeded maximum nesting depth"

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_KINDS = {
    yaml.ScalarEvent: Kind.SCALAR,
    yaml.MappingStartEvent: Kind.MAPPING,
    yaml.SequenceStartEvent: Kind.LIST,
    yaml.MappingEndEvent: Kind.END,
    yaml.SequenceEndEvent: Kind.END,
}
_UNREADABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./()+-]+)*")
# The last six are strings here, but booleans to parsers of the older YAML 1.1.
_NO_WORDS = frozenset({"null", "true", "false", "y", "n", "yes", "no", "on", "off"})
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_NO_BLOCK = re.compile("[\0-\x09\x0b-\x1f]|^ | $", re.MULTILINE)


def read_tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a document; raises Broken where it is not YAML, or several documents."""
    _refuse_unreadable(text)
    try:
        yield from _tokens(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        line, column = _place(error.problem_mark)
        if error.problem == _DEEPER_THAN_LIBYAML_READS:
            raise too_deep(line, column) from None
        problem = error.problem or "it is not clear what this is"
        missing = problem.removeprefix("did not find ")
        told = problem if missing == problem else f"{missing} is missing"
        message = f"This is not YAML: {told}."
        raise Broken(message, line, column) from None


def _place(mark: Any) -> tuple[int, int]:  # noqa: ANN401 - libyaml's mark or that of pure Python
    return mark.line + 1, mark.column + 1


def _refuse_unreadable(text: str) -> None:
    found = _UNREADABLE.search(text)
    if found is not None:
        line = text.count("\n", 0, found.start()) + 1
        column = found.start() - (text.rfind("\n", 0, found.start()) + 1) + 1
        message = f"A document does not hold the character U+{ord(found[0]):04X}."
        raise Broken(message, line, column)


def _tokens(events: Iterator[Any]) -> Iterator[Token]:
    documents = 0
    for event in events:
        kind = _KINDS.get(type(event))
        line, column = _place(event.start_mark)
        if kind is Kind.END:
            yield Token(kind, line, column)
        elif kind is not None:
            _refuse_extras(event, line, column)
            plain = kind is Kind.SCALAR
            yield Token(kind, line, column, event.value if plain else "", plain and event.implicit[0])
        elif isinstance(event, yaml.AliasEvent):
            message = "Aliases are not supported: write the value out."
            raise Broken(message, line, column)
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                message = "A second document begins here: only one is supported."
                raise Broken(message, line, column)


def _refuse_extras(event: Any, line: int, column: int) -> None:  # noqa: ANN401 - a node of any kind
    if event.anchor is not None:
        message = "Anchors are not supported: write the value out where it is used."
        raise Broken(message, line, column)
    if event.tag is not None:
        message = "Tags are not supported: leave this one out."
        raise Broken(message, line, column)


def write(value: Mapping[str, object]) -> str:
    """Return plain values as YAML: sections and their items in block style, short values on one line."""
    return "".join(f"{line}\n" for line in _lines(value, level=0))


def _lines(value: object, level: int) -> Iterator[str]:
    """Yield the lines of a value; sections are at level 0, items at 1, their fields at 2."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _entry(key, item, level)
    elif isinstance(value, list) and value:
        for item in value:
            yield from _item(item, level)
    else:
        yield _inline(value)


def _entry(key: str, value: object, level: int) -> Iterator[str]:
    head = _scalar(key)
    if len(head) > LONGEST_KEY:
        yield f"? {head}"
        head = ""
    yield from _under(f"{head}:", value, level, whole_lines=level < 2)  # noqa: PLR2004 - items are level 1


def _item(value: object, level: int) -> Iterator[str]:
    if not isinstance(value, dict) or not value:
        yield from _under("-", value, level)
        return
    for number, line in enumerate(_lines(value, level + 1)):
        yield f"{'  ' if number else '- '}{line}" if line else ""


def _under(head: str, value: object, level: int, *, whole_lines: bool = False) -> Iterator[str]:
    """Yield a value behind its key or dash where it is short, else below it."""
    if isinstance(value, str) and _fits_block(value):
        yield f"{head} {'|' if value.endswith(LINE_END) else '|-'}"
        lines: Iterator[str] = iter(value.removesuffix(LINE_END).split(LINE_END))
    elif (short := _short(value, whole_lines=whole_lines)) is not None:
        yield f"{head} {short}"
        return
    else:
        yield head
        lines = _lines(value, level + 1)
    yield from (f"  {line}" if line else "" for line in lines)


def _fits_block(text: str) -> bool:
    """Return whether a text of several lines can be written as a block."""
    body = text.removesuffix(LINE_END)
    parted = LINE_END in body and body[0] != LINE_END and body[-1] != LINE_END
    return parted and _NO_BLOCK.search(body) is None and _ESCAPED.search(body) is None


def _short(value: object, *, whole_lines: bool) -> str | None:
    if not isinstance(value, dict | list) or not value:
        return _inline(value)
    if whole_lines or not _is_small(value):
        return None
    text = _inline(value)
    return text if len(text) <= WIDEST else None


def _is_small(value: object) -> bool:
    if isinstance(value, dict):
        return len(value) * 2 <= WIDEST and all(_is_small(item) for item in value.values())
    if isinstance(value, list):
        return len(value) * 2 <= WIDEST and not any(isinstance(item, dict | list) for item in value)
    return True


def _inline(value: object) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_scalar(key)}: {_inline(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    return _scalar(value)


def _scalar(value: object) -> str:
    if isinstance(value, str):
        if _PLAIN.fullmatch(value) and value.lower() not in _NO_WORDS:
            return value
        # A JSON string is a YAML string, but for a few characters.
        text = json.dumps(value, ensure_ascii=False)
        return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return json.dumps(value)
