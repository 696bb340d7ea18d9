"""What refers to a feature, credit type or plan, and so keeps it from being archived."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rules.catalog import Catalog, Content, Package, Plan
from rules.customers import CustomEntitlement
from rules.errors import ErrorCode, Problem
from rules.values import Choices

LiveVersions = Mapping[str, Collection[int]]
"""The versions of each package that live subscriptions stand on, those of base plans included."""


def lived_on(catalog: Catalog, versions: Iterable[tuple[str, int]]) -> LiveVersions:
    """Give what live subscriptions stand on, from the packages and versions that hold for them."""
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
    """Who outside the catalog holds on to it: live subscriptions, and customers' own entitlements by key."""

    versions: LiveVersions = field(default_factory=dict)
    custom: Sequence[tuple[str, CustomEntitlement]] = ()


def references(catalog: Catalog, key: str, holders: Holders) -> Iterator[str]:
    """Name everything that refers to a feature or credit type."""
    for name, content in _contents(catalog, holders.versions):
        yield from (f"{what} of {name}" for what in _mentions(content, key))
    for customer, custom in holders.custom:
        if custom.feature == key:
            yield f"a custom entitlement of customer '{customer}'"


def picks(catalog: Catalog, key: str, choice: str, holders: Holders) -> Iterator[str]:
    """Name everything that has picked a choice of a feature."""
    for customer, custom in holders.custom:
        if custom.feature == key and isinstance(custom.value, Choices) and choice in custom.value.choices:
            yield f"a custom entitlement of customer '{customer}'"
    for name, content in _contents(catalog, holders.versions):
        values = [row.value for row in content.rows if row.key == key]
        if any(isinstance(value, Choices) and choice in value.choices for value in values):
            yield name


def derived_plans(catalog: Catalog, base: str) -> list[str]:
    """Give the unarchived plans that stand on a base plan, in what is published or in a draft."""
    return [
        package.key
        for package in catalog.packages.values()
        if isinstance(package, Plan) and base in {content.base for _, content in _in_use(package, ())}
    ]


def in_use_problems(what: str, holders: Iterable[str], *path: str) -> Iterator[Problem]:
    """Refuse what takes something away while others hold it, naming them."""
    names = list(holders)
    if names:
        yield Problem(ErrorCode.IN_USE, f"'{what}' is in use: {', '.join(names)}.", path)


def _contents(catalog: Catalog, live: LiveVersions) -> Iterator[tuple[str, Content]]:
    for package in catalog.packages.values():
        yield from _in_use(package, live.get(package.key, ()))


def _in_use(package: Package, live: Collection[int]) -> Iterator[tuple[str, Content]]:
    """Give the contents of a package that count: what is not archived, and what is lived on."""
    numbers = set(live)
    if not package.archived:
        if package.draft is not None:
            yield f"the draft of '{package.key}'", package.draft
        if package.published is not None:
            numbers.add(package.published.number)
    for number in sorted(numbers):
        yield f"version {number} of '{package.key}'", package.versions[number - 1].content


def _mentions(content: Content, key: str) -> Iterator[str]:
    if any(row.key == key for row in content.rows):
        yield "an entitlement"
    yield from (f"price '{price.key}'" for price in content.prices if price.per_unit_of == key)
    yield from ("a credit rate" for rate in content.rates if key in (rate.feature, rate.credit_type))
