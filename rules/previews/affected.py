"""Affected customers: which customers an edit of the catalog may affect, and in which features.

Only what may differ is compared, so that a small edit of a large catalog is cheap. A difference is never
missed; a reported feature may turn out to be the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from rules.catalog.facts import Catalog, Feature, Package, Plan
from rules.catalog.inheritance import ResolvedCatalog
from rules.customers.facts import Customer, Subscription
from rules.customers.terms import addons_in_force, billing_period, version_at, version_in_force
from rules.usage.metering import LATEST

Stand = tuple[str, int, str | None, int]
"""A package of a subscription: its version in force, the price, and the quantity."""


class CatalogEdit:
    """Two states of a catalog, and what the step from one to the other can change for customers.

    It affects customers who were assigned one of the ``versions`` of packages, where 0 is the newest at the
    time, who are assigned one of the ``packages`` at this very instant or later, and who have a custom
    entitlement for one of the ``features``.
    """

    def __init__(self, before: ResolvedCatalog, after: ResolvedCatalog) -> None:
        self.before = before
        self.after = after
        self.features = frozenset(_changed_features(before.catalog, after.catalog))
        known = before.catalog.packages
        # An edit shares all unchanged parts, so identity shows what it changed.
        changed = {key for key, now in after.catalog.packages.items() if known.get(key, now) is not now}
        speaking = _packages_about(before, self.features)
        self.packages = frozenset(changed.union(speaking))
        self.versions = frozenset(
            (key, number)
            for key in self.packages
            for number in _moved_versions(known[key], after.catalog.packages[key], all_=key in speaking)
        )
        self._changed = frozenset(changed)
        self._between: dict[tuple[Stand | None, Stand | None], frozenset[str]] = {}

    def touched(self, customer: Customer, now: datetime) -> list[str]:
        """Return the keys of the features whose decisions may differ for a customer at an instant."""
        in_force = customer.in_force(now)
        keys = self.features.union(*(self._features_of(customer, known, now) for known in in_force))
        types = keys & self.after.catalog.credit_types.keys()
        if types:
            keys |= {key for known in in_force for key in self._features_paid_in(types, known, now)}
        return sorted(keys & self.after.catalog.features.keys())

    def _features_of(self, customer: Customer, known: Subscription, now: datetime) -> frozenset[str]:
        """Return the features and credit types that may differ for a subscription."""
        packages = {term.plan for term in known.terms} | {held.addon for held in known.addons}
        if self._changed.isdisjoint(packages):
            return frozenset()
        was, will = (_stands(flat, known, now) for flat in (self.before, self.after))
        pairs = [(was.get(key), will.get(key)) for key in was | will]
        before, after = (billing_period(flat.catalog, known, now) for flat in (self.before, self.after))
        if before is not after:
            # Every period that is counted by the billing period changes.
            alone = frozenset(custom.feature for custom in customer.custom)
            return alone.union(*(self._statements(*pair) for pair in pairs))
        return frozenset().union(*(self._differences(*pair) for pair in pairs if pair[0] != pair[1]))

    def _statements(self, was: Stand | None, will: Stand | None) -> frozenset[str]:
        """Return all features and credit types of either state."""
        return frozenset((*_statements(self.before, was), *_statements(self.after, will)))

    def _differences(self, was: Stand | None, will: Stand | None) -> frozenset[str]:
        """Return the features and credit types whose value, rate or quantity differs."""
        known = self._between.get((was, will))
        if known is None:
            before, after = _statements(self.before, was), _statements(self.after, will)
            same_quantity = was is not None and will is not None and was[-1] == will[-1]
            known = frozenset(
                key
                for key in before.keys() | after.keys()
                if not same_quantity or before.get(key) != after.get(key)
            )
            self._between[was, will] = known
        return known

    def _features_paid_in(self, types: Collection[str], known: Subscription, now: datetime) -> Iterator[str]:
        for flat in (self.before, self.after):
            for package, number, _, _ in _stands(flat, known, now).values():
                rates = flat.rates_of(package, number)
                yield from (key for key, rate in rates.items() if rate.credit_type in types)


def _stands(flat: ResolvedCatalog, known: Subscription, now: datetime) -> dict[str, Stand]:
    term = known.term(now)
    stands: dict[str, Stand] = {}
    stands[term.plan] = (term.plan, version_in_force(flat.catalog, known, now), term.price, 1)
    for held in addons_in_force(flat.catalog, known, now):
        number = version_at(flat.catalog.packages[held.addon], held.version, now)
        stands[held.addon] = (held.addon, number, None, held.quantity)
    return stands


def _statements(flat: ResolvedCatalog, stand: Stand | None) -> Mapping[str, tuple[object, object]]:
    """Return the value and the credit rate of each feature and credit type of a version."""
    if stand is None:
        return {}
    package, number, price, _ = stand
    rows, rates = flat.held(package, number, price), flat.rates_of(package, number)
    return {
        key: (rows[key].row.value if key in rows else None, rates.get(key))
        for key in rows.keys() | rates.keys()
    }


def _changed_features(before: Catalog, after: Catalog) -> Iterator[str]:
    for key, feature in after.features.items():
        known = before.features.get(key)
        if known is not None and known is not feature and _deciding_facts(known) != _deciding_facts(feature):
            yield key


def _deciding_facts(feature: Feature) -> object:
    return feature.status, feature.type, feature.config_kind, feature.choices, feature.meter


def _packages_about(flat: ResolvedCatalog, features: Collection[str]) -> set[str]:
    """Return the packages that have rows or rates for features in any version, which may be in use."""
    return {
        key
        for key, package in flat.catalog.packages.items()
        if features and any(_speaks(flat, key, version.number, features) for version in package.versions)
    }


def _speaks(flat: ResolvedCatalog, package: str, number: int, features: Collection[str]) -> bool:
    said = {resolved.row.key for resolved in flat.rows(package, number)}
    return not said.union(flat.rates_of(package, number)).isdisjoint(features)


def _moved_versions(before: Package, after: Package, *, all_: bool) -> Iterator[int]:
    """Yield the versions whose subscribers get something else, and 0 if there are any."""
    numbers = [version.number for version in before.versions]
    if not all_ and _addons(before) == _addons(after):
        numbers = [n for n in numbers if version_at(before, n, LATEST) != version_at(after, n, LATEST)]
    yield from numbers
    if numbers:
        yield 0


def _addons(package: Package) -> object:
    return package.compatible_addons if isinstance(package, Plan) else None
