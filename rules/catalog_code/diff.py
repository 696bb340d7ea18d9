"""What differs between two states of a thing, in words that a product manager reads.

A path names the place as a catalog document does: ``plans.pro.entitlements.seats.limit``. A row that
holds for one price is ``seats@pro-yearly``, and a key with a dot in it stands in quotes.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from rules.catalog.facts import Addon, Catalog, Feature, Package

Key = TypeVar("Key")


class ChangeKind(StrEnum):
    """What happened to a place."""

    ADDED = "ADDED"
    REMOVED = "REMOVED"
    CHANGED = "CHANGED"


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogDifference:
    """One difference; ``before`` is None where something was added, ``after`` where it was removed."""

    kind: ChangeKind
    path: str
    before: str | None
    after: str | None
    summary: str


def path_of(*parts: str) -> str:
    """Name a place."""
    return ".".join(f'"{part}"' if "." in part else part for part in parts)


def difference(path: str, before: str | None, after: str | None, summary: str) -> CatalogDifference:
    """Make a change, whose kind follows from what there was and is."""
    kind = ChangeKind.REMOVED if after is None else ChangeKind.CHANGED
    if before is None:
        kind = ChangeKind.ADDED
    return CatalogDifference(kind=kind, path=path, before=before, after=after, summary=summary)


def plain_text(value: object) -> str:
    """Write free-form JSON on one line."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffContext:
    """The package whose content changes, in the catalog that has the names.

    ``inherited`` are the keys of which its base plan speaks, where its own rows alone are looked at.
    """

    catalog: Catalog
    package: Package
    inherited: Collection[str] = ()

    @property
    def name(self) -> str:
        """What people call the package."""
        return self.package.name

    def path(self, *parts: str) -> str:
        """Name a place in the package."""
        section = "addons" if isinstance(self.package, Addon) else "plans"
        return path_of(section, self.package.key, *parts)

    def changed(self, what: str, before: str, after: str, *parts: str) -> CatalogDifference:
        """Say that something in the package is another now."""
        summary = f"{self.name}: {what} changed from {before} to {after}"
        return difference(self.path(*parts), before, after, summary)

    def feature(self, key: str) -> Feature:
        """Give the feature of a key that is known to name one."""
        return self.catalog.features[key]

    def name_of(self, package: str) -> str:
        """Give what people call a package, or its key where there is none."""
        known = self.catalog.packages.get(package)
        return known.name if known else package


def changed_keys(before: Mapping[Key, object], after: Mapping[Key, object]) -> Iterator[Key]:
    """Give the keys whose things differ: those of after in its order, then those that are gone."""
    for key in dict.fromkeys((*after, *before)):
        if before.get(key) != after.get(key):
            yield key
