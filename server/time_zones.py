"""Which rules of time zones this machine has, and which of them are used: the newest.

Python itself would take the machine's, however old, and the package ``tzdata`` only where there are none.
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
"""Files of a folder that name its release: Debian and its kin have the first, macOS and BSD the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """The rules that are used: their release, and the folder they are in, None for the package."""

    release: str
    folder: Path | None = None

    @property
    def source(self) -> str:
        """Where they are, in a word."""
        return PACKAGE if self.folder is None else str(self.folder)


@cache
def use_newest_rules() -> Used:
    """Let all zones of this process come from the newest rules there are, and tell which those are.

    It has to come before any zone is loaded. A folder that does not say of which release it is, is not
    used; one as new as the package is not either.
    """
    used = newest((Path(folder) for folder in zoneinfo.TZPATH), tzdata.IANA_VERSION)
    zoneinfo.reset_tzpath([] if used.folder is None else [used.folder])
    return used


def newest(folders: Iterable[Path], packaged: str) -> Used:
    """Tell which is the newest, the package of a release or one of some folders, the first of several."""
    known = [Used(release=packaged)]
    for folder in folders:
        release = release_of(folder)
        if release is not None:
            known.append(Used(release=release, folder=folder))
    return max(known, key=lambda used: used.release)


def release_of(folder: Path) -> str | None:
    """Tell of which release a folder of time zones is; None where it does not say so."""
    for name in _TOLD_IN:
        try:
            with (folder / name).open(encoding="utf-8", errors="replace") as told:
                return release_in(told.readline())
        except OSError:
            continue
    return None


def rules_in_use() -> ZoneRules:
    """Give the rules of all zones, as this process uses them."""
    used = use_newest_rules()
    return ZoneRules(release=used.release, source=used.source, digests=_digests)


@cache
def _digests() -> Mapping[str, str]:
    used = use_newest_rules()
    return {name: _digest(_file(used, name)) for name in sorted(zoneinfo.available_timezones())}


def _file(used: Used, name: str) -> bytes:
    """Read a zone as Python does: what the folder lacks is in the package."""
    for folder in (used.folder, _PACKAGED):
        if folder is not None and (folder / name).is_file():
            return (folder / name).read_bytes()
    message = f"there are no rules of {name}"
    raise LookupError(message)


# Many names are of one zone.
_digest = cache(digest)
