"""References to a feature, credit type or plan, which prevent it from being archived."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rules.catalog.facts import Catalog, Content, FeatureStatus, Package
from rules.customers.facts import CustomEntitlement
from rules.errors import ErrorCode, Problem
from rules.values import Choices

LiveVersions = Mapping[str, Collection[int]]
"""The versions of each package that live subscriptions use, including those of base plans."""


def live_versions(catalog: Catalog, versions: Iterable[tuple[str, int]]) -> LiveVersions:
    """Return the versions that live subscriptions use, given the packages and versions in force for them."""
    found: dict[str, set[int]] = {}
    for key, number in versions:
        current: tuple[str, int] | None = (key, number)
        while current is not None:
            key_here, number_here = current
            found.setdefault(key_here, set()).add(number_here)
            version = catalog.packages[key_here].versions[number_here - 1]
            base, base_version = version.content.base, version.base_version
            current = None if base is None or base_version is None else (base, base_version)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Holders:
    """References from outside the catalog: live subscriptions, and custom entitlements by customer key."""

    versions: LiveVersions = field(default_factory=dict)
    custom: Sequence[tuple[str, CustomEntitlement]] = ()


def references(catalog: Catalog, keys: Collection[str], holders: Holders) -> dict[str, list[str]]:
    """Return the names of everything that refers to these features and credit types, by key."""
    found: dict[str, list[str]] = {key: [] for key in keys}
    for name, content in _contents(catalog, holders.versions) if keys else ():
        for key, what in _mentions(content):
            if key in found:
                found[key].append(f"{what} of {name}")
    for customer, custom in holders.custom:
        if custom.feature in found:
            found[custom.feature].append(_custom_holder(customer))
    return found


def picks(
    catalog: Catalog, choices: Mapping[str, Collection[str]], holders: Holders
) -> dict[tuple[str, str], list[str]]:
    """Return the names of everything that picks these choices of features, by feature and choice."""
    found: dict[tuple[str, str], list[str]] = {(key, one): [] for key in choices for one in choices[key]}
    for name, content in _contents(catalog, holders.versions) if found else ():
        for pick in dict.fromkeys((row.key, one) for row in content.rows for one in _choices(row.value)):
            if pick in found:
                found[pick].append(name)
    for customer, custom in holders.custom:
        for one in _choices(custom.value):
            if (custom.feature, one) in found:
                found[custom.feature, one].append(_custom_holder(customer))
    return found


def _custom_holder(customer: str) -> str:
    return f"a custom entitlement of customer '{customer}'"


def _choices(value: object) -> tuple[str, ...]:
    return value.choices if isinstance(value, Choices) else ()


def derived_plans(catalog: Catalog, bases: Collection[str]) -> dict[str, list[str]]:
    """Return the unarchived plans, published or as drafts, that inherit from these base plans."""
    found: dict[str, list[str]] = {base: [] for base in bases}
    for key, package in sorted(catalog.packages.items()) if bases else ():
        for base in dict.fromkeys(content.base for _, content in _in_use(package, ())):
            if base in found:
                found[base].append(key)
    return found


def archived_features(catalog: Catalog, package: Package) -> list[str]:
    """Return the archived features that the newest contents of a package refer to."""
    keys = {key for content in (package.newest, package.shown) for key, _ in _mentions(content)}
    features = (catalog.features.get(key) for key in sorted(keys))
    return [one.key for one in features if one is not None and one.status is FeatureStatus.ARCHIVED]


def dropped_choices(catalog: Catalog, package: Package) -> list[tuple[str, str]]:
    """Return the dropped choices, by feature, that the newest contents of a package still pick."""
    rows = (*package.newest.rows, *package.shown.rows)
    picked = {(row.key, choice) for row in rows for choice in _choices(row.value)}
    return sorted(pick for pick in picked if pick[1] not in catalog.features[pick[0]].choices)


def in_use_problems(what: str, holders: Iterable[str], *path: str) -> Iterator[Problem]:
    """Refuse to remove something that others use, and name them."""
    names = list(holders)
    if names:
        yield Problem(ErrorCode.IN_USE, f"'{what}' is in use: {', '.join(names)}.", path)


def _contents(catalog: Catalog, live: LiveVersions) -> Iterator[tuple[str, Content]]:
    # Sorted by key, so that every process names the references in the same order.
    for key, package in sorted(catalog.packages.items()):
        yield from _in_use(package, live.get(key, ()))


def _in_use(package: Package, live: Collection[int]) -> Iterator[tuple[str, Content]]:
    """Yield the contents of a package that count: the newest unless archived, and those in use."""
    numbers = set(live)
    if not package.archived:
        if package.draft is not None:
            yield f"the draft of '{package.key}'", package.draft
        if package.published is not None:
            numbers.add(package.published.number)
    for number in sorted(numbers):
        yield f"version {number} of '{package.key}'", package.versions[number - 1].content


def _mentions(content: Content) -> Iterator[tuple[str, str]]:
    """Yield every key that a content refers to, with what refers to it."""
    yield from ((key, "an entitlement") for key in dict.fromkeys(row.key for row in content.rows))
    yield from ((price.per_unit_of, f"price '{price.key}'") for price in content.prices if price.per_unit_of)
    for rate in content.rates:
        yield rate.feature, "a credit rate"
        yield rate.credit_type, "a credit rate"
