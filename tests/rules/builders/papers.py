"""Catalog documents in a few words, and what becomes of them."""

from __future__ import annotations

from collections.abc import Collection
from copy import deepcopy
from typing import Any

import pytest

from rules.catalog.facts import Catalog, PublishScope
from rules.catalog_code.apply import Applied, apply
from rules.catalog_code.writer import Entry, document_of
from rules.errors import Rejected
from rules.values import ConfigKind
from tests.rules.builders.catalog_builders import (
    NOW,
    catalog,
    chain,
    config,
    credit_type,
    feature,
    limit,
    metered,
    row,
    shortened,
)

SUBJECTS = (
    feature("sso"),
    metered("seats"),
    config("regions", ConfigKind.CHOICE, "eu", "us"),
    config("projects"),
    config("support", ConfigKind.TEXT),
    config("storage", ConfigKind.OBJECT),
    credit_type("ai"),
)
"""A feature of every kind, and a credit type."""


CHAIN = chain((row("seats", limit(1)),), (row("sso"),), (row("calls", limit(5)),))
"""Published plans: free, pro on it, team on that."""


def plan_entry(shop: Catalog, key: str = "pro") -> Entry:
    """What the document of a catalog says of a plan."""
    entry: Entry = document_of(shop)["plans"][key]
    return entry


def said(document: Entry, *place: str | int, **fields: object) -> Entry:
    """The document with other fields at a place, None for none."""
    other = deepcopy(document)
    entry: Any = other
    for step in place:
        entry = entry.setdefault(step, {}) if isinstance(entry, dict) else entry[step]
    entry.update(fields)
    for name in [name for name, value in fields.items() if value is None]:
        del entry[name]
    return other


def of_plan(*rows: Entry, key: str = "pro", **fields: object) -> Entry:
    """A document about one plan with these rows, in a catalog that has the subjects."""
    entry = {"name": key, "product": "app", "entitlements": list(rows), **fields}
    return said(document_of(catalog(*SUBJECTS)), "plans", **{key: entry})


def applied(
    shop: Catalog,
    document: object,
    *,
    scope: PublishScope = PublishScope.ALL_CUSTOMERS,
    prune: bool = False,
    put_on: Collection[tuple[str, int]] = (),
) -> Catalog:
    """The catalog after a document."""
    return apply(shop, document, now=NOW, scope=scope, prune=prune, put_on=put_on).catalog


def versions(shop: Catalog) -> dict[str, int]:
    """How often each package was published."""
    return {key: len(package.versions) for key, package in shop.packages.items()}


def told(shop: Catalog, document: object, *, prune: bool = False) -> list[str]:
    """The changes that a document makes, in a sentence each."""
    done: Applied = apply(shop, document, now=NOW, prune=prune)
    return [change.summary for change in done.changes]


def refused(
    document: object,
    shop: Catalog | None = None,
    *,
    prune: bool = False,
    put_on: Collection[tuple[str, int]] = (),
) -> list[str]:
    """Code and path of every problem of a document, which leaves the catalog as it was."""
    known = Catalog() if shop is None else shop
    before = deepcopy(known)
    with pytest.raises(Rejected) as refusal:
        applied(known, document, prune=prune, put_on=put_on)
    assert known == before
    assert all(problem.message.endswith(".") for problem in refusal.value.problems)
    return shortened(refusal.value.problems)
