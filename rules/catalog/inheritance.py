"""Inheritance: the entitlements of a plan with those of its base plans, their origin and their order.

Per key the nearest entitlement wins, whole. Below a revocation the key is not inherited.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from rules.catalog.facts import Catalog, Content, CreditRate, Feature, FeatureStatus, Meter, Package, Row
from rules.values import Granted, Metered, Revoked

DEEPEST = 10
"""The most plans in a chain of base plans, the plan itself and its descendants included."""


class Origin(StrEnum):
    """Which package sets an entitlement."""

    OWN = "OWN"
    INHERITED = "INHERITED"
    OVERRIDDEN = "OVERRIDDEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedRow:
    """An entitlement as a package shows it; ``overrides`` is the inherited one that it replaces."""

    row: Row
    origin: Origin
    defined_in: str
    overrides: ResolvedRow | None = None

    @property
    def speaks(self) -> bool:
        """False for a revocation."""
        return not isinstance(self.row.value, Revoked)


Rows = tuple[ResolvedRow, ...]


def inheritable(rows: Iterable[ResolvedRow]) -> Rows:
    """Return what a child plan inherits: all but revocations and entitlements limited to a price."""
    return tuple(
        replace(resolved, origin=Origin.INHERITED, overrides=None)
        for resolved in rows
        if resolved.speaks and resolved.row.price is None
    )


def resolve(content: Content, package: str, inherited: Iterable[ResolvedRow] = ()) -> Rows:
    """Combine a package's own entitlements with the inherited ones, which come first."""
    above = {resolved.row.key: resolved for resolved in inherited}
    own: dict[str, list[Row]] = {}
    for row in content.rows:
        own.setdefault(row.key, []).append(row)
    return tuple(
        resolved
        for key in dict.fromkeys((*above, *own))
        for resolved in _merge(package, above.get(key), own.get(key, []))
    )


def arrange(rows: Rows, order: Iterable[str]) -> Rows:
    """Put the named keys first, in this order; all others keep theirs."""
    places = {key: place for place, key in enumerate(order)}
    return tuple(sorted(rows, key=lambda resolved: places.get(resolved.row.key, len(places))))


def _merge(package: str, above: ResolvedRow | None, own: list[Row]) -> Iterable[ResolvedRow]:
    """Return the entitlements of one key: the one for every price, then those for one price."""
    plain = next((row for row in own if row.price is None), None)
    if above is not None and (plain is None or _waits(plain, above)):
        yield above
    elif plain is not None and (above is not None or plain.value != Revoked()):
        yield _stated(package, plain, above)
    for row in own:
        if row.price is not None and not _is_mute(row, plain, above):
            yield _stated(package, row, above)


def _waits(row: Row, above: ResolvedRow) -> bool:
    """Return whether a boolean entitlement lies under an inherited one, which is then shown once."""
    return isinstance(row.value, Granted) and isinstance(above.row.value, Granted)


def _is_mute(row: Row, plain: Row | None, above: ResolvedRow | None) -> bool:
    """Return whether an entitlement for one price changes nothing and is not shown."""
    if above is None:
        return isinstance(row.value, Revoked)
    revoked = plain is not None and isinstance(plain.value, Revoked)
    return _waits(row, above) and not revoked


def _stated(package: str, row: Row, above: ResolvedRow | None) -> ResolvedRow:
    origin = Origin.OWN if above is None else Origin.OVERRIDDEN
    return ResolvedRow(row=row, origin=origin, defined_in=package, overrides=above)


def rows_in_effect(rows: Iterable[ResolvedRow], price: str | None) -> dict[str, ResolvedRow]:
    """Return the entitlement of each key that holds for a subscription on this price, without revocations."""
    nearest: dict[str, ResolvedRow] = {}
    for resolved in rows:
        if resolved.row.price is None or resolved.row.price == price:
            # A row for this very price stands behind the one for every price, and wins.
            nearest[resolved.row.key] = resolved
    return {key: resolved for key, resolved in nearest.items() if resolved.speaks}


def descendants(catalog: Catalog, base: str) -> list[str]:
    """Return every plan whose published version inherits from this one, bases before derived plans."""
    children: dict[str, list[str]] = {}
    for package in catalog.packages.values():
        if package.published is not None and package.published.content.base is not None:
            children.setdefault(package.published.content.base, []).append(package.key)
    found: dict[str, None] = {}
    waiting = [base]
    while waiting:
        for child in children.get(waiting.pop(0), []):
            if child not in found and child != base:
                found[child] = None
                waiting.append(child)
    return list(found)


class ResolvedCatalog:
    """A catalog whose versions are resolved once, when first needed.

    ``supposed`` names the edit of a preview that it comes from; None for the real catalog.
    """

    def __init__(self, catalog: Catalog, supposed: str | None = None) -> None:
        self.catalog = catalog
        self.supposed = supposed
        self._resolved: dict[tuple[str, int], Rows] = {}
        self._rows: dict[tuple[str, int], Rows] = {}
        self._held: dict[tuple[str, int, str | None], dict[str, ResolvedRow]] = {}
        self._rates: dict[tuple[str, int], dict[str, CreditRate]] = {}
        self._ever_metered: dict[str, frozenset[str]] = {}
        self._metered: dict[str, list[tuple[Feature, Meter]]] | None = None

    def ever_metered(self, package: str) -> frozenset[str]:
        """Return the features that any version of a package has metered, itself or by a base plan."""
        known = self._ever_metered.get(package)
        if known is None:
            contents = [
                version.content
                for key in self._ever_above(package)
                for version in self.catalog.packages[key].versions
            ]
            known = frozenset(
                row.key for content in contents for row in content.rows if isinstance(row.value, Metered)
            )
            self._ever_metered[package] = known
        return known

    def _ever_above(self, package: str) -> list[str]:
        """Return a package with every plan that it has ever inherited from, by any version."""
        chain = [package]
        for key in chain:
            bases = (version.content.base for version in self.catalog.packages[key].versions)
            chain += {base: None for base in bases if base is not None and base not in chain}
        return chain

    def metered_by(self, event: str) -> Sequence[tuple[Feature, Meter]]:
        """Return the unarchived features whose meters count events of a name."""
        if self._metered is None:
            self._metered = {}
            for feature in self.catalog.features.values():
                meter = feature.meter
                if meter and meter.event_name and feature.status is not FeatureStatus.ARCHIVED:
                    self._metered.setdefault(meter.event_name, []).append((feature, meter))
        return self._metered.get(event, ())

    @cached_property
    def published(self) -> ResolvedCatalog:
        """The catalog that the public may see: published packages, without drafts."""
        known = self.catalog.packages.items()
        public = {
            key: replace(package, draft=None) for key, package in known if package.published is not None
        }
        return ResolvedCatalog(replace(self.catalog, packages=public), self.supposed)

    def rows(self, package: str, number: int) -> Rows:
        """Return the entitlements of a published version, in display order."""
        known = self._rows.get((package, number))
        if known is None:
            order = self.catalog.packages[package].versions[number - 1].content.order
            known = arrange(self._naturally(package, number), order)
            self._rows[package, number] = known
        return known

    def _naturally(self, package: str, number: int) -> Rows:
        """Return the entitlements of a published version in natural order, as derived plans inherit them."""
        known = self._resolved.get((package, number))
        if known is None:
            version = self.catalog.packages[package].versions[number - 1]
            inherited = self._inherited(version.content.base, version.base_version)
            known = resolve(version.content, package, inherited)
            self._resolved[package, number] = known
        return known

    def held(self, package: str, number: int, price: str | None) -> Mapping[str, ResolvedRow]:
        """Return what a published version includes for a subscription on this price, by key."""
        known = self._held.get((package, number, price))
        if known is None:
            known = rows_in_effect(self.rows(package, number), price)
            self._held[package, number, price] = known
        return known

    def draft_rows(self, package: Package) -> Rows:
        """Return the entitlements of a package's draft over its base's published version, in order."""
        content = package.newest
        rows = resolve(content, package.key, self._inherited(content.base, self.base_number(content)))
        return arrange(rows, content.order)

    def current_rows(self, package: Package) -> Rows:
        """Return the entitlements that readers see: the published version's, else the draft's."""
        if package.published is None:
            return self.draft_rows(package)
        return self.rows(package.key, package.published.number)

    def rates(self, content: Content, base_version: int | None) -> dict[str, CreditRate]:
        """Return the credit rates of a content over a version of its base plan; the nearest wins."""
        rates = {rate.feature: rate for rate in content.rates}
        base, number = content.base, base_version
        while base is not None and number is not None:
            above = self.catalog.packages[base].versions[number - 1]
            rates = {rate.feature: rate for rate in above.content.rates} | rates
            base, number = above.content.base, above.base_version
        return rates

    def rates_of(self, package: str, number: int) -> Mapping[str, CreditRate]:
        """Return the credit rates of a published version, by feature."""
        known = self._rates.get((package, number))
        if known is None:
            version = self.catalog.packages[package].versions[number - 1]
            known = self.rates(version.content, version.base_version)
            self._rates[package, number] = known
        return known

    def base_number(self, content: Content) -> int | None:
        """Return the version of its base plan that a draft inherits from: the newest published."""
        base = self.catalog.packages.get(content.base) if content.base else None
        return base.published.number if base and base.published else None

    def inherited(self, content: Content) -> dict[str, ResolvedRow]:
        """Return what a draft inherits from its base plan's published version, by key, overridden or not."""
        rows = self._inherited(content.base, self.base_number(content))
        return {resolved.row.key: resolved for resolved in rows}

    def _inherited(self, base: str | None, number: int | None) -> Rows:
        return () if base is None or number is None else inheritable(self._naturally(base, number))
