"""Finds the time zone rules of this machine, and uses the newest.

Python itself uses the machine's, however old, and the package ``tzdata`` only where there are none.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import tzdata  # type: ignore[import-untyped]

from rules.time_zones import PACKAGE, ZoneRules, digest, release_in

_PACKAGED = Path(tzdata.__file__).parent / "zoneinfo"
_TOLD_IN = ("tzdata.zi", "+VERSION")
"""Files of a folder that name its release: the first on Debian and its kin, the second on macOS and BSD."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """The rules in use: their release, and their folder, None for the package."""

    release: str
    folder: Path | None = None

    @property
    def source(self) -> str:
        """The folder, or the name of the package."""
        return PACKAGE if self.folder is None else str(self.folder)


@cache
def use_newest_rules() -> Used:
    """Make all zones of this process use the newest rules, and return which those are.

    Call it before any zone is loaded. A folder is not used where it names no release, or where the package is
    as new.
    """
    used = newest((Path(folder) for folder in zoneinfo.TZPATH), tzdata.IANA_VERSION)
    zoneinfo.reset_tzpath([] if used.folder is None else [used.folder])
    return used


def newest(folders: Iterable[Path], packaged: str) -> Used:
    """Return the newest of the package and some folders; of equals, the package, then the first folder."""
    known = [Used(release=packaged)]
    for folder in folders:
        release = release_of(folder)
        if release is not None:
            known.append(Used(release=release, folder=folder))
    return max(known, key=lambda used: used.release)


def release_of(folder: Path) -> str | None:
    """Return the release of a folder of time zones; None where it names none."""
    for name in _TOLD_IN:
        try:
            with (folder / name).open(encoding="utf-8", errors="replace") as told:
                return release_in(told.readline())
        except OSError:
            continue
    return None


def rules_in_use() -> ZoneRules:
    """Return the rules of all zones, as this process uses them."""
    used = use_newest_rules()
    return ZoneRules(release=used.release, source=used.source, digests=_digests)


@cache
def _digests() -> Mapping[str, str]:
    used = use_newest_rules()
    return {name: _digest(_file(used, name)) for name in sorted(zoneinfo.available_timezones())}


def _file(used: Used, name: str) -> bytes:
    """Read a zone as Python does: from the package where the folder lacks it."""
    for folder in (used.folder, _PACKAGED):
        if folder is not None and (folder / name).is_file():
            return (folder / name).read_bytes()
    message = f"there are no rules of {name}"
    raise LookupError(message)


# Many names share one zone.
_digest = cache(digest)
