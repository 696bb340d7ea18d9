"""Zone files of tests' own: TZif, version 2, with a rule for ever and the changes before it."""

from __future__ import annotations

import struct
import zoneinfo
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from rules.periods import _timezones

Change = tuple[datetime, int]
"""An instant, and the offset from then on in minutes."""


def zone_file(first: int, changes: Sequence[Change] = (), footer: str | None = None) -> bytes:
    """Write a zone whose clocks begin with an offset in minutes; without a footer the last one stays."""
    offsets = [first, *(offset for _, offset in changes)]
    instants = [round(instant.timestamp()) for instant, _ in changes]
    types = b"".join(struct.pack(">lBB", offset * 60, 0, 0) for offset in offsets)
    counts = (0, 0, 0, len(changes), len(offsets), 4)
    which = bytes(range(1, len(offsets)))
    empty = (
        struct.pack(">4sc15x6l", b"TZif", b"2", 0, 0, 0, 0, 1, 4) + struct.pack(">lBB", 0, 0, 0) + b"LMT\0"
    )
    block = struct.pack(">4sc15x6l", b"TZif", b"2", *counts)
    block += struct.pack(f">{len(instants)}q", *instants) + which + types + b"LMT\0"
    return empty + block + f"\n{footer or standing(offsets[-1])}\n".encode()


def standing(minutes: int) -> str:
    """Give the footer of clocks that stay; POSIX counts to the west."""
    hours, rest = divmod(abs(minutes), 60)
    return f"<x>{'-' if minutes > 0 else ''}{hours}:{rest:02}"


def written(folder: Path, zones: Mapping[str, bytes], release: str | None = None) -> Path:
    """Write a folder of zones; with a release, as Debian tells it."""
    for name, file in zones.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file)
    if release is not None:
        (folder / "tzdata.zi").write_text(f"# version {release}\n")
    return folder


@contextmanager
def known_zones(folder: Path) -> Iterator[None]:
    """Let zones be found in a folder for a while; others are found as before."""
    before = zoneinfo.TZPATH
    _look_in([str(folder), *before])
    try:
        yield
    finally:
        _look_in(before)


def _look_in(folders: Sequence[str]) -> None:
    zoneinfo.reset_tzpath(folders)
    # What there is was remembered.
    _timezones.cache_clear()
