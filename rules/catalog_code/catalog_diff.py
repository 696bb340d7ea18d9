"""The differences between two catalogs, in words: those of their documents, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol, TypeVar

from rules.catalog.facts import Addon, Catalog, Package, Plan
from rules.catalog.inheritance import ResolvedCatalog
from rules.catalog_code.diff import (
    CatalogDifference,
    DiffContext,
    changed_keys,
    difference,
    path_of,
    plain_text,
)
from rules.catalog_code.version_diff import content_changes, stated_rows
from rules.catalog_code.writer import Entry, credit_type_entry, feature_entry, product_entry, terms_entry


class HasName(Protocol):
    """Something with a name."""

    @property
    def name(self) -> str:
        """The name that people read."""


Thing = TypeVar("Thing", bound=HasName)

_USUAL = {"status": "ACTIVE", "pricingType": "FREE", "visible": True, "archived": False, "draft": False}
"""Defaults, which a document leaves out; a difference names them all the same."""

_SENTENCES = {
    ("archived", "yes"): "is archived",
    ("archived", "no"): "is brought back",
    ("draft", "no"): "is published for the first time",
    ("status", "ACTIVE"): "is in use again",
    ("status", "ARCHIVED"): "is archived",
    ("status", "SUSPENDED"): "is suspended",
    ("visible", "no"): "is hidden from pricing tables",
    ("visible", "yes"): "is shown on pricing tables",
}

_LONGEST = 200
"""The most characters of a text that a summary repeats."""


def catalog_changes(before: Catalog, after: Catalog) -> list[CatalogDifference]:
    """Return the differences, in the order of keys; consequences of a difference are left out."""
    return [
        *_things("products", "Product", before.products, after.products, product_entry),
        *_things("features", "Feature", before.features, after.features, feature_entry),
        *_things("creditTypes", "Credit type", before.credit_types, after.credit_types, credit_type_entry),
        *_packages("plans", "Plan", before, after, Plan),
        *_packages("addons", "Add-on", before, after, Addon),
    ]


def _things(
    section: str,
    kind: str,
    before: Mapping[str, Thing],
    after: Mapping[str, Thing],
    entry: Callable[[Thing], Entry],
) -> Iterator[CatalogDifference]:
    for key, thing in sorted(after.items()):
        known = before.get(key)
        if known is None:
            yield difference(path_of(section, key), None, thing.name, f"{kind} {thing.name} added")
        elif known is not thing:
            head = f"{kind} {thing.name}"
            yield from _entry_changes(head, (section, key), entry(known), entry(thing))


def _packages(
    section: str, kind: str, before: Catalog, after: Catalog, fact: type[Package]
) -> Iterator[CatalogDifference]:
    flat = ResolvedCatalog(after)
    for key, package in sorted(after.packages.items()):
        known = before.packages.get(key)
        if known is package or not isinstance(package, fact):
            continue
        head = f"{kind} {package.name}"
        if known is None:
            yield difference(path_of(section, key), None, package.name, f"{head} added{_extent(package)}")
        else:
            yield from _entry_changes(head, (section, key), _terms(known), _terms(package))
            scene = DiffContext(catalog=after, package=package, inherited=flat.inherited(package.shown))
            yield from content_changes(scene, stated_rows(known.shown), stated_rows(package.shown))


def _extent(package: Package) -> str:
    content = package.shown
    counts = [
        (len(content.rows), "entitlement"),
        (len(content.prices), "price"),
        (len(content.rates), "credit rate"),
    ]
    told = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count]
    state = "" if package.versions else " as a draft"
    return f"{state} with {', '.join(told)}" if told else state


def _terms(package: Package) -> Entry:
    return {**terms_entry(package), "draft": not package.versions}


def _entry_changes(
    head: str, place: tuple[str, ...], before: Entry, after: Entry
) -> Iterator[CatalogDifference]:
    was, now = (dict(_leaves({**_USUAL, **entry})) for entry in (before, after))
    for leaf in changed_keys(was, now):
        old, new = (_readable(entry.get(leaf)) for entry in (was, now))
        yield difference(path_of(*place, *leaf), old, new, _sentence(head, leaf, old, new))


def _leaves(entry: Mapping[str, object], *place: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the innermost values of an entry as JSON, in which true is not 1."""
    for name, value in entry.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, *place, name)
        else:
            yield (*place, name), plain_text(value)


def _readable(leaf: str | None) -> str | None:
    """Return the words for a value that is written as JSON."""
    value = None if leaf is None else json.loads(leaf)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return value if isinstance(value, str) else leaf


def _sentence(head: str, leaf: tuple[str, ...], before: str | None, after: str | None) -> str:
    if after is not None and (leaf[0], after) in _SENTENCES and len(leaf) == 1:
        return f"{head} {_SENTENCES[leaf[0], after]}"
    if leaf == ("name",):
        return f"{head} was called {before}"
    what = f"{head}: {' '.join(_words(name) for name in leaf)}"
    if after is None:
        return f"{what} removed"
    return f"{what} set to {_quote(after)}" if before is None else f"{what} changed to {_quote(after)}"


def _words(name: str) -> str:
    """Return a field's name in words: 'defaultTrialDays' is 'default trial days'."""
    return re.sub("(?<=[a-z])([A-Z])", r" \1", name).lower()


def _quote(text: str) -> str:
    return f"'{text}'" if len(text) <= _LONGEST else f"'{text[:_LONGEST]}…'"
