"""The differences between two states of a thing, in words that a product manager understands.

A path names the place as a catalog document does: ``plans.pro.entitlements.seats.limit``. A row for one
price is ``seats@pro-yearly``, and a key that contains a dot is quoted.
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
    """What happened at a path."""

    ADDED = "ADDED"
    REMOVED = "REMOVED"
    CHANGED = "CHANGED"


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogDifference:
    """One difference; ``before`` is None if something was added, ``after`` if it was removed."""

    kind: ChangeKind
    path: str
    before: str | None
    after: str | None
    summary: str


def path_of(*parts: str) -> str:
    """Return the path of a place."""
    return ".".join(f'"{part}"' if "." in part else part for part in parts)


def difference(path: str, before: str | None, after: str | None, summary: str) -> CatalogDifference:
    """Return a difference, whose kind follows from ``before`` and ``after``."""
    kind = ChangeKind.REMOVED if after is None else ChangeKind.CHANGED
    if before is None:
        kind = ChangeKind.ADDED
    return CatalogDifference(kind=kind, path=path, before=before, after=after, summary=summary)


def plain_text(value: object) -> str:
    """Return free-form JSON on one line."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffContext:
    """The package whose content changes, and the catalog that has the names.

    ``inherited`` are the keys that its base plan defines, if only the package's own rows are compared.
    """

    catalog: Catalog
    package: Package
    inherited: Collection[str] = ()

    @property
    def name(self) -> str:
        """The name of the package."""
        return self.package.name

    def path(self, *parts: str) -> str:
        """Return the path of a place in the package."""
        section = "addons" if isinstance(self.package, Addon) else "plans"
        return path_of(section, self.package.key, *parts)

    def changed(self, what: str, before: str, after: str, *parts: str) -> CatalogDifference:
        """Return a difference between two values in the package."""
        summary = f"{self.name}: {what} changed from {before} to {after}"
        return difference(self.path(*parts), before, after, summary)

    def feature(self, key: str) -> Feature:
        """Return the feature of a key that is known to be one."""
        return self.catalog.features[key]

    def name_of(self, package: str) -> str:
        """Return the name of a package, or its key if there is none."""
        known = self.catalog.packages.get(package)
        return known.name if known else package


def changed_keys(before: Mapping[Key, object], after: Mapping[Key, object]) -> Iterator[Key]:
    """Yield the keys whose things differ: those of ``after`` in order, then those that are gone."""
    for key in dict.fromkeys((*after, *before)):
        if before.get(key) != after.get(key):
            yield key
