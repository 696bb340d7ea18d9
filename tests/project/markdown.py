"""Pages of documentation, as far as tests need to read them: blocks, tables, headings and links."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

WILDCARD = "…"
"""Stands in an example's answer for one value that is another each time, and is not null."""

_BLOCK = re.compile(
    r"^ *(?P<fence>`{3,})(?P<language>[\w-]*)[^\n`]*\n(?P<text>.*?)^ *(?P=fence) *$", re.MULTILINE | re.DOTALL
)
_HEADING = re.compile(r"^(?P<marks>#{1,6}) +(?P<title>.+?) *$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)[^)]*\)")
_CODE = re.compile(r"`[^`\n]*`")
_CELL_BORDER = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Block:
    """A fenced block and the line on which it begins."""

    language: str
    text: str
    line: int


@dataclass(frozen=True)
class Example:
    """A GraphQL document and the whole answer that a page promises for it."""

    line: int
    document: str
    answer: object


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a page."""
    return [
        Block(found["language"], found["text"], text.count("\n", 0, found.start()) + 1)
        for found in _BLOCK.finditer(text)
    ]


def examples(text: str) -> list[Example]:
    """Every ``graphql`` block whose next block is ``json``; ValueError where that is no JSON."""
    return [
        Example(block.line, block.text, json.loads(following.text))
        for block, following in pairwise(blocks(text))
        if (block.language, following.language) == ("graphql", "json")
    ]


def differences(promised: object, given: object, path: str = "answer") -> Iterator[str]:
    """Where an answer is not the promised one; the order of keys does not matter."""
    if promised == WILDCARD and given is not None:
        return
    if isinstance(promised, dict) and isinstance(given, dict):
        for key in sorted(promised.keys() ^ given.keys()):
            yield f"{path}.{key} is {'missing' if key in promised else 'not promised'}"
        for key in sorted(promised.keys() & given.keys()):
            yield from differences(promised[key], given[key], f"{path}.{key}")
    elif isinstance(promised, list) and isinstance(given, list) and len(promised) == len(given):
        for index, (one, other) in enumerate(zip(promised, given, strict=True)):
            yield from differences(one, other, f"{path}[{index}]")
    elif type(promised) is not type(given) or promised != given:
        yield f"{path} is {json.dumps(given)}, not {json.dumps(promised)}"


def headings(text: str, level: int) -> list[str]:
    """The titles of one level."""
    return [found["title"] for found in _HEADING.finditer(_prose(text)) if len(found["marks"]) == level]


def section(text: str, title: str) -> str:
    """What stands under a heading, up to the next of its level or above; ValueError without it."""
    found = list(_HEADING.finditer(_prose(text)))
    start = next((heading for heading in found if heading["title"] == title), None)
    if start is None:
        message = f"there is no heading {title!r}"
        raise ValueError(message)
    later = (one for one in found if one.start() > start.start() and len(one["marks"]) <= len(start["marks"]))
    end = next(later, None)
    return text[start.end() : end.start() if end else len(text)]


def rows(text: str) -> list[list[str]]:
    """The cells of the table rows of a text, without its head."""
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("|")]
    cells = [[cell.strip() for cell in _CELL_BORDER.split(line.strip("|"))] for line in lines]
    return [row for index, row in enumerate(cells) if not _in_head(cells, index)]


def _in_head(cells: list[list[str]], index: int) -> bool:
    here_or_next = cells[index : index + 2]
    return any(all(set(cell) <= {"-", ":"} for cell in row) for row in here_or_next)


def links(text: str) -> list[str]:
    """Where the page points to, code left aside."""
    return [found["target"] for found in _LINK.finditer(_CODE.sub("", _prose(text)))]


def anchors(text: str) -> set[str]:
    """The names by which links reach the headings of a page."""
    titles = (found["title"] for found in _HEADING.finditer(_prose(text)))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def _prose(text: str) -> str:
    """The page with its blocks blanked, so that everything else stays where it is."""
    return _BLOCK.sub(lambda block: re.sub(r"[^\n]", " ", block[0]), text)
