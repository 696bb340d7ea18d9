"""Allowed changes of a catalog: what it may not become, however well formed the result is."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from rules.catalog.facts import Catalog, Content, Feature, FeatureStatus, Meter, Package, Row
from rules.catalog.inheritance import DEEPEST, ResolvedCatalog, ResolvedRow
from rules.catalog.validation import invalid
from rules.catalog_code.integrity import path_to
from rules.catalog_code.reader import Wanted
from rules.catalog_edits.references import (
    Holders,
    derived_plans,
    in_use_problems,
    live_versions,
    picks,
    references,
)
from rules.customers.facts import CustomEntitlement
from rules.customers.terms import version_at
from rules.errors import ErrorCode, Problem
from rules.values import Granted, Revoked


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A change from one catalog to another by a document, with the contents that it changes.

    ``put_on`` are the packages and versions of live subscriptions, ``custom`` the custom entitlements of
    customers.
    """

    before: Catalog
    after: Catalog
    wanted: Wanted
    contents: Mapping[str, Content]
    put_on: Collection[tuple[str, int]]
    custom: Sequence[tuple[str, CustomEntitlement]]
    now: datetime

    def problems(self) -> list[Problem]:
        """Return everything that prevents the change."""
        return [
            *self._fixed_feature_problems(),
            *self._package_problems(),
            *self._depth_problems(),
            *self._archiving_problems(),
            *self._dropped_problems(),
            *self._gained_problems(),
        ]

    def as_if_kept(self) -> Catalog:
        """Return the catalog after the change as if nothing were archived and no fixed field changed.

        References to such things are reported here, once.
        """
        features, plans = self._leaving_features(), self._leaving_plans()
        kept = {key: replace(self.after.features[key], status=FeatureStatus.ACTIVE) for key in features}
        fixed = {problem.path[1] for problem in self._fixed_feature_problems()}
        kept |= {key: self.before.features[key] for key in fixed}
        there = {key: replace(self.after.packages[key], archived=False) for key in plans}
        return replace(
            self.after,
            features={**self.after.features, **kept},
            packages={**self.after.packages, **there},
        )

    def _fixed_feature_problems(self) -> Iterator[Problem]:
        for key, feature in self.wanted.features.items():
            known = self.before.features.get(key)
            for field, message in _fixed_changes(known, feature) if known is not None else ():
                yield invalid(f"'{key}' {message}, and that never changes.", "features", key, *field)

    def _package_problems(self) -> Iterator[Problem]:
        for key, package in self.wanted.packages.items():
            known = self.before.packages.get(key)
            if known is not None:
                for problem in self._change_problems(known, package):
                    yield problem.under(*path_to(package))

    def _change_problems(self, known: Package, wanted: Package) -> Iterator[Problem]:
        key = known.key
        if wanted.product != known.product:
            message = f"'{key}' belongs to '{known.product}', and that never changes."
            yield invalid(message, "product")
        if known.versions and key in self.wanted.drafts:
            message = f"'{key}' is published: it cannot be a draft again."
            yield Problem(ErrorCode.NOT_ALLOWED, message, ("draft",))
        elif key in self.contents and known.archived and wanted.archived:
            message = f"'{key}' is archived: restore it to change it."
            yield Problem(ErrorCode.ARCHIVED, message, ("archived",))
        elif key in self.contents and _has_unfinished(known):
            message = f"'{key}' has an unfinished draft: publish it or discard it first."
            yield Problem(ErrorCode.VERSION_CONFLICT, message)

    def _depth_problems(self) -> Iterator[Problem]:
        """Check the chains of drafts; ``integrity`` covers those of published plans."""
        for key in sorted(self.wanted.drafts):
            known = self.before.packages.get(key)
            was_deep = known is not None and _depth(self.before, known) > DEEPEST
            if not was_deep and _depth(self.after, self.after.packages[key]) > DEEPEST:
                message = f"The chain of base plans holds more than {DEEPEST} plans."
                yield Problem(ErrorCode.TOO_DEEP, message, ("plans", key, "basePlan"))

    def _archiving_problems(self) -> Iterator[Problem]:
        features = self._leaving_features()
        for key, holders in references(self.after, features, self._holders()).items():
            yield from in_use_problems(key, holders, "features", key, "status")
        for key, plans in derived_plans(self.after, self._leaving_plans()).items():
            holders = [f"plan '{plan}' stands on it" for plan in plans]
            yield from in_use_problems(key, holders, "plans", key, "archived")

    def _leaving_features(self) -> list[str]:
        return [
            key
            for key, feature in self.after.features.items()
            if feature.status is FeatureStatus.ARCHIVED
            and key in self.before.features
            and self.before.features[key].status is not FeatureStatus.ARCHIVED
        ]

    def _leaving_plans(self) -> list[str]:
        return [
            key
            for key, package in self.after.packages.items()
            if package.archived and key in self.before.packages and not self.before.packages[key].archived
        ]

    def _holders(self) -> Holders:
        packages = self.after.packages
        held = [(key, version_at(packages[key], number, self.now)) for key, number in self.put_on]
        return Holders(versions=live_versions(self.after, held), custom=self.custom)

    def _dropped_problems(self) -> Iterator[Problem]:
        """Refuse to drop choices that live subscriptions use; ``integrity`` covers the newest contents."""
        dropped = {
            key: [choice for choice in known.choices if choice not in self.after.features[key].choices]
            for key, known in self.before.features.items()
        }
        dropped = {key: choices for key, choices in dropped.items() if choices}
        newest = picks(self.after, dropped, Holders())
        for (key, choice), holders in picks(self.after, dropped, self._holders()).items():
            lived = [holder for holder in holders if holder not in newest[key, choice]]
            yield from in_use_problems(choice, lived, "features", key, "choices")

    def _gained_problems(self) -> Iterator[Problem]:
        """Refuse new rows that an edit of the row would refuse."""
        before, after = ResolvedCatalog(self.before), ResolvedCatalog(self.after)
        for key in sorted(self.contents.keys() & self.before.packages.keys()):
            known, content = self.before.packages[key], self.contents[key]
            gained = list(_gained_rows(known.shown, content))
            inherited = after.inherited(content) if gained else {}
            same = known.shown.base == content.base
            owned = before.inherited(known.shown) if gained and same else {}
            for index, row in gained:
                for problem in _row_problems(row, inherited.get(row.key), owned.get(row.key)):
                    yield problem.under(*path_to(known), "entitlements", str(index))


def _fixed_changes(before: Feature, after: Feature) -> Iterator[tuple[tuple[str, ...], str]]:
    if before.type is not after.type:
        yield ("type",), f"is {before.type}"
        return
    if before.config_kind is not after.config_kind:
        yield ("configKind",), f"is set by a {before.config_kind}"
    was, now = ((feature.meter or Meter()).aggregation for feature in (before, after))
    if was is not now:
        yield ("meter", "aggregation"), f"is counted by {was}"


def _has_unfinished(package: Package) -> bool:
    published = package.published
    return published is not None and package.draft is not None and package.draft != published.content


def _depth(catalog: Catalog, package: Package) -> int:
    depth, current = 1, catalog.packages.get(package.shown.base or "")
    while current is not None and depth <= DEEPEST:
        depth, current = depth + 1, catalog.packages.get(current.shown.base or "")
    return depth


def _gained_rows(before: Content, after: Content) -> Iterator[tuple[int, Row]]:
    """Yield the rows, with their index, that are new, newly revoked or no longer revoked."""
    known = {(row.key, row.price, isinstance(row.value, Revoked)) for row in before.rows}
    for index, row in enumerate(after.rows):
        if (row.key, row.price, isinstance(row.value, Revoked)) not in known:
            yield index, row


def _row_problems(row: Row, inherited: ResolvedRow | None, owned: ResolvedRow | None) -> Iterator[Problem]:
    if isinstance(row.value, Revoked) and inherited is None:
        yield invalid(f"'{row.key}' is not inherited here: there is nothing to revoke.", "revoked")
    boolean = inherited is not None and owned is not None and isinstance(owned.row.value, Granted)
    if boolean and not isinstance(row.value, Revoked):
        message = f"'{row.key}' is a boolean that the base plan includes: it can only be revoked."
        yield Problem(ErrorCode.BOOLEAN_NOT_OVERRIDABLE, message, ("key",))
