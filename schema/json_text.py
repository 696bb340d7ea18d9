"""Values in messages: as JSON, as callers write them, and cut to a bounded length."""

import json
from collections.abc import Iterator
from itertools import islice

from rules.catalog.validation import is_storable

MOST_CHARACTERS = 240
MOST_ITEMS = 10
DEEPEST = 2
MOST_BITS = 10_000
"""The largest integer that is written out, in bits; Python refuses to print much longer ones."""


def json_text(value: object, depth: int = 0) -> str:
    """Return a value as JSON; long texts are cut in the middle, later items and deep levels are left out."""
    match value:
        case dict():
            pairs = (f"{json_text(name)}: {json_text(one, depth + 1)}" for name, one in value.items())
            return f"{{{_join(pairs, len(value), depth)}}}"
        case list():
            return f"[{_join((json_text(item, depth + 1) for item in value), len(value), depth)}]"
        case str():
            return _shorten(json.dumps(value, ensure_ascii=not is_storable(value)))
        case int() if value.bit_length() > MOST_BITS:
            return "..."
        case _:
            return _shorten(json.dumps(value))


def _join(items: Iterator[str], length: int, depth: int) -> str:
    most = MOST_ITEMS if depth < DEEPEST else 0
    return ", ".join([*islice(items, most), *(["..."] if length > most else [])])


def _shorten(text: str) -> str:
    if len(text) <= MOST_CHARACTERS:
        return text
    half = (MOST_CHARACTERS - 3) // 2
    return f"{text[:half]}...{text[-half:]}"
