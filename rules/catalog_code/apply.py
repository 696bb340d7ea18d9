"""Apply a catalog document as a whole or not at all.

What the document leaves out stays as it is, or is archived on request. Changed packages are published: base
plans before the plans derived from them, one version for each package.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from rules.catalog.facts import Catalog, Content, Feature, FeatureStatus, Package, PublishScope
from rules.catalog_code.catalog_diff import catalog_changes
from rules.catalog_code.diff import CatalogDifference
from rules.catalog_code.integrity import problems
from rules.catalog_code.reader import Wanted, read_document
from rules.catalog_code.transitions import Transition
from rules.catalog_code.writer import (
    Entry,
    content_entry,
    credit_type_entry,
    feature_entry,
    product_entry,
    terms_entry,
)
from rules.catalog_edits.publishing import publish_contents
from rules.customers.facts import CustomEntitlement
from rules.errors import Rejected, refuse_any

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The catalog after a document; the same object if there are no changes."""

    catalog: Catalog
    changes: tuple[CatalogDifference, ...]


def apply(
    catalog: Catalog,
    document: object,
    *,
    now: datetime,
    scope: PublishScope = PublishScope.ALL_CUSTOMERS,
    prune: bool = False,
    put_on: Collection[tuple[str, int]] = (),
    custom: Sequence[tuple[str, CustomEntitlement]] = (),
) -> Applied:
    """Apply a document, as ``rules.catalog_code.writer`` writes it, to the catalog.

    ``prune`` archives the features and packages that it leaves out. ``put_on`` are the packages and
    versions of live subscriptions, and ``custom`` the custom entitlements of customers: both keep features
    in use. Raises Rejected with every problem; each path leads into the document.
    """
    wanted = read_document(document, catalog)
    if any(len(problem.path) <= 1 for problem in wanted.problems):
        raise Rejected(wanted.problems)
    merged = _merge(catalog, wanted)
    if prune:
        merged = _prune(merged, wanted)
    contents = _changed_contents(catalog, merged, wanted)
    edited = _publish(merged, wanted, contents, now, scope)
    transition = Transition(
        before=catalog,
        after=edited,
        wanted=wanted,
        contents=contents,
        put_on=put_on,
        custom=custom,
        now=now,
    )
    meant = (*transition.problems(), *problems(transition.as_if_kept()))
    refuse_any((*wanted.problems, *(problem for problem in meant if not wanted.explains(problem))))
    changes = tuple(catalog_changes(catalog, edited))
    return Applied(catalog=edited if changes else catalog, changes=changes)


def _merge(catalog: Catalog, wanted: Wanted) -> Catalog:
    """Replace known things by wanted ones, except contents; equal things keep their identity."""
    packages = {
        key: _with_history(catalog.packages.get(key), package) for key, package in wanted.packages.items()
    }
    return replace(
        catalog,
        products=_overlay(catalog.products, wanted.products, product_entry),
        features=_overlay(catalog.features, wanted.features, feature_entry),
        credit_types=_overlay(catalog.credit_types, wanted.credit_types, credit_type_entry),
        packages=_overlay(catalog.packages, packages, terms_entry),
    )


def _overlay(
    known: Mapping[str, Thing], wanted: Mapping[str, Thing], entry: Callable[[Thing], Entry]
) -> dict[str, Thing]:
    fresh = {
        key: thing
        for key, thing in wanted.items()
        if key not in known or not _says_the_same(entry(known[key]), entry(thing))
    }
    return {**known, **fresh}


def _says_the_same(one: Entry, other: Entry) -> bool:
    # Python holds True equal to 1; JSON does not.
    return one == other and json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _with_history(known: Package | None, wanted: Package) -> Package:
    """Copy the draft and versions of the known package to the wanted one."""
    if known is None:
        return replace(wanted, draft=None)
    return replace(wanted, draft=known.draft, versions=known.versions)


def _prune(merged: Catalog, wanted: Wanted) -> Catalog:
    """Archive what the document leaves out; products and credit types cannot be archived."""
    features = {
        key: feature if key in wanted.features else _retire(feature)
        for key, feature in merged.features.items()
    }
    packages = {
        key: package if key in wanted.packages or package.archived else replace(package, archived=True)
        for key, package in merged.packages.items()
    }
    return replace(merged, features=features, packages=packages)


def _retire(feature: Feature) -> Feature:
    if feature.status is FeatureStatus.ARCHIVED:
        return feature
    return replace(feature, status=FeatureStatus.ARCHIVED)


def _changed_contents(before: Catalog, merged: Catalog, wanted: Wanted) -> dict[str, Content]:
    """Return the contents that the document changes, or publishes for the first time."""
    renewed: dict[str, Content] = {}
    for key, package in wanted.packages.items():
        known = before.packages.get(key)
        published = known is not None and bool(known.versions)
        unchanged = known is not None and _says_already(known, package.newest, merged)
        if not unchanged or not (published or key in wanted.drafts):
            renewed[key] = package.newest
    return renewed


def _says_already(known: Package, content: Content, merged: Catalog) -> bool:
    if known.shown == content:
        return True
    return _says_the_same(content_entry(known.shown, merged), content_entry(content, merged))


def _publish(
    merged: Catalog, wanted: Wanted, contents: Mapping[str, Content], now: datetime, scope: PublishScope
) -> Catalog:
    """Publish contents, except those of packages that stay drafts."""
    packages = dict(merged.packages)
    drafts = {key for key in contents.keys() & wanted.drafts if not packages[key].versions}
    for key in drafts:
        packages[key] = replace(packages[key], draft=contents[key])
    published = {key: content for key, content in contents.items() if key not in drafts}
    return publish_contents(replace(merged, packages=packages), published, now=now, scope=scope).catalog
