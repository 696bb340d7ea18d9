"""Time zone rules: which release is in use, and in which zones two releases differ.

A zone's rules are identified by a digest of what they do to clocks, not of their file: the same rules come
in files of many forms.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

PACKAGE = "tzdata"
"""The source whose releases have the same content everywhere."""

_RELEASE = re.compile(r"(\d{4}[a-z]{1,2})(?![0-9a-z])")
_ABBREVIATION = re.compile(r"<[^>]*>|[A-Za-z]{3,}")
_HEADER = struct.Struct(">4sc15x6l")
_MAGIC = b"TZif"
_A_WHILE = 45 * 86_400
"""In seconds; no summer time of a footer is shorter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneRules:
    """A release of the rules, such as ``2026f``, in order: ``2026z`` comes before ``2026za``.

    ``source`` is PACKAGE or a folder of this machine. ``digests`` returns the digest of each zone by name,
    which is slow.
    """

    release: str
    source: str
    digests: Callable[[], Mapping[str, str]]

    def differing(self, others: Mapping[str, str]) -> frozenset[str]:
        """Return the zones whose rules differ, or that only one of the two has."""
        return frozenset(name for name, _ in self.digests().items() ^ others.items())


def release_in(line: str) -> str | None:
    """Return the release named by a line, such as the first of ``tzdata.zi``; None if it names none."""
    found = _RELEASE.search(line)
    return found[1] if found else None


class _Clock(NamedTuple):
    """The content of a file: the offset at the start of 1970, later changes, and the rule after them.

    A change is an instant and the offset from then on, both in seconds.
    """

    first: int
    changes: list[tuple[int, int]]
    footer: str


def digest(file: bytes) -> str:
    """Return the digest of a zone's rules from its TZif file; ValueError if it is no such file.

    Abbreviations such as CET, which offset is summer time, and everything before 1970 are ignored: some
    files go back further than others of the same release.
    """
    clock = _read(file)
    footer = _ABBREVIATION.sub("x", clock.footer)
    said = (clock.first, _before_footer(clock), footer)
    return sha256(repr(said).encode()).hexdigest()[:16]


def _read(file: bytes) -> _Clock:
    block = memoryview(file)
    version, counts = _counts(block)
    width = 4
    if version != b"\0":
        block, width = block[_HEADER.size + _length(counts, width) :], 8
        _, counts = _counts(block)
    _, _, _, changes, offsets, _ = counts
    start = _HEADER.size
    instants = struct.unpack_from(f">{changes}{'q' if width > 4 else 'l'}", block, start)  # noqa: PLR2004
    which = bytes(block[start + changes * width : start + changes * (width + 1)])
    first_offset = start + changes * (width + 1)
    known = [struct.unpack_from(">l", block, first_offset + 6 * place)[0] for place in range(offsets)]
    footer = bytes(block[start + _length(counts, width) :]).decode().strip("\n") if width > 4 else ""  # noqa: PLR2004
    return _since_1970(known[0], zip(instants, (known[place] for place in which), strict=True), footer)


def _counts(block: memoryview) -> tuple[bytes, tuple[int, ...]]:
    try:
        magic, version, *counts = _HEADER.unpack_from(block)
    except struct.error:
        magic = b""
    if magic != _MAGIC:
        message = "no TZif file"
        raise ValueError(message)
    return version, tuple(counts)


def _length(counts: tuple[int, ...], width: int) -> int:
    """Return the length in bytes of a block after its header; instants have ``width`` bytes each."""
    universal, standard, leaps, changes, offsets, letters = counts
    return changes * (width + 1) + offsets * 6 + letters + leaps * (width + 4) + standard + universal


def _since_1970(first: int, changes: Iterable[tuple[int, int]], footer: str) -> _Clock:
    """Leave out changes that move no clock, such as those of a name, and those before 1970."""
    moved: list[tuple[int, int]] = []
    for instant, offset in changes:
        if instant <= 0:
            first = offset
        elif offset != (moved[-1][1] if moved else first):
            moved.append((instant, offset))
    return _Clock(first=first, changes=moved, footer=footer)


def _before_footer(clock: _Clock) -> list[tuple[int, int]]:
    """Leave out the last changes that the footer implies too: some files list decades of them."""
    changes = list(clock.changes)
    if "," not in clock.footer:
        return changes
    goes_on = _footer_zone(clock.footer)
    for (before, offset), (instant, after) in reversed(list(pairwise(changes))):
        if (_at(goes_on, instant - 1), _at(goes_on, instant)) != (offset, after):
            break
        changes.pop()
        if any(_at(goes_on, between) != offset for between in range(before, instant, _A_WHILE)):
            break
    return changes


def _footer_zone(footer: str) -> ZoneInfo:
    """Return a zone whose clocks have always followed a footer."""
    empty = _HEADER.pack(_MAGIC, b"2", 0, 0, 0, 0, 1, 4) + struct.pack(">lBB", 0, 0, 0) + b"LMT\0"
    return ZoneInfo.from_file(BytesIO(empty + empty + f"\n{footer}\n".encode()))


def _at(zone: ZoneInfo, instant: int) -> int:
    offset = (datetime.fromtimestamp(instant, UTC)).astimezone(zone).utcoffset()
    return round((offset or timedelta()).total_seconds())
