"""Publishing: a draft becomes a version, and every plan that inherits from it gets one too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from rules.catalog.facts import Catalog, Content, Package, PublishScope, Version
from rules.catalog.inheritance import DEEPEST, descendants
from rules.catalog_edits.packages import editable_package
from rules.errors import ErrorCode, Problem, refuse_any


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The catalog after a publish, and the plans that were published with it, bases first."""

    catalog: Catalog
    cascaded: tuple[str, ...]


def publish(
    catalog: Catalog,
    key: str,
    *,
    now: datetime,
    scope: PublishScope = PublishScope.ALL_CUSTOMERS,
    expected_version: int | None = None,
) -> Published:
    """Publish a package's draft, and new versions of its published descendants on top of it.

    A descendant's unfinished draft stays a draft. Raises Rejected with every problem.
    """
    package = editable_package(catalog, key, "package")
    refuse_any(
        (
            *_version_problems(package, expected_version),
            *_nothing_problems(package),
            *_base_problems(catalog, package),
        )
    )
    return publish_contents(catalog, {key: package.newest}, now=now, scope=scope)


def publish_contents(
    catalog: Catalog, contents: Mapping[str, Content], *, now: datetime, scope: PublishScope
) -> Published:
    """Publish contents of packages unchecked, and every published plan that inherits from one.

    Base plans go before the plans derived from them, and each package gets one version.
    """
    packages = dict(catalog.packages)
    renewed: dict[str, None] = {}
    for key in _bases_first(_published_bases(catalog) | {key: contents[key].base for key in contents}):
        package, cascades = packages[key], key not in contents
        content = package.versions[-1].content if cascades else contents[key]
        if not cascades or content.base in renewed:
            packages[key] = _with_version(packages, package, content, now, scope, cascaded=cascades)
            renewed[key] = None
    cascaded = tuple(key for key in renewed if key not in contents)
    return Published(catalog=replace(catalog, packages=packages), cascaded=cascaded)


def new_versions(before: Catalog, after: Catalog) -> list[tuple[str, int]]:
    """Return the versions that an earlier catalog lacks, by package and number, in order."""
    known = {key: len(package.versions) for key, package in before.packages.items()}
    numbers: dict[datetime, dict[str, list[int]]] = {}
    for key, package in after.packages.items():
        for version in package.versions[known.get(key, 0) :]:
            numbers.setdefault(version.published_at, {}).setdefault(key, []).append(version.number)
    return [
        (key, number)
        for instant in sorted(numbers)
        # Take the base plans of that time: a plan may have moved to another base since.
        for key in _bases_first(_published_bases(after, until=instant))
        for number in numbers[instant].get(key, ())
    ]


def _with_version(
    packages: Mapping[str, Package],
    package: Package,
    content: Content,
    now: datetime,
    scope: PublishScope,
    *,
    cascaded: bool,
) -> Package:
    base = packages.get(content.base) if content.base is not None else None
    version = Version(
        number=len(package.versions) + 1,
        content=content,
        base_version=base.published.number if base and base.published else None,
        published_at=now,
        scope=scope,
        cascaded=cascaded,
    )
    draft = package.draft if cascaded else None
    return replace(package, versions=(*package.versions, version), draft=draft)


def _published_bases(catalog: Catalog, *, until: datetime | None = None) -> dict[str, str | None]:
    """Return the base of each published package, now or at the end of an instant."""
    bases: dict[str, str | None] = {}
    for key, package in catalog.packages.items():
        for version in reversed(package.versions):
            if until is None or version.published_at <= until:
                bases[key] = version.content.base
                break
    return bases


def _bases_first(bases: Mapping[str, str | None]) -> list[str]:
    """Sort packages so that bases come first; those of a cycle come last.

    Otherwise they are sorted by key, so that every process lists a cascade in the same order.
    """
    derived: dict[str | None, list[str]] = {}
    for key, base in sorted(bases.items()):
        derived.setdefault(base if base in bases else None, []).append(key)
    ordered = list(derived.get(None, []))
    for key in ordered:  # grows as it goes
        ordered.extend(derived.get(key, []))
    reached = set(ordered)
    return [*ordered, *(key for key in sorted(bases) if key not in reached)]


def _version_problems(package: Package, expected: int | None) -> Iterator[Problem]:
    newest = len(package.versions)
    if expected is not None and expected != newest:
        message = f"The newest published version of '{package.key}' is {newest}, not {expected}."
        yield Problem(ErrorCode.VERSION_CONFLICT, message, ("expectedVersion",))


def _nothing_problems(package: Package) -> Iterator[Problem]:
    unchanged = package.published is not None and package.newest == package.published.content
    if unchanged:
        message = f"The draft of '{package.key}' equals the published version."
        yield Problem(ErrorCode.NOTHING_TO_PUBLISH, message, ("package",))


def _base_problems(catalog: Catalog, package: Package) -> Iterator[Problem]:
    base = package.newest.base
    if base is None:
        return
    if catalog.packages[base].published is None:
        message = f"The base plan '{base}' was never published."
        yield Problem(ErrorCode.NOT_ALLOWED, message, ("package",))
        return
    above = _published_chain(catalog, base)
    if package.key in above:
        path = " → ".join((package.key, *above[: above.index(package.key) + 1]))
        message = f"The published base plans would form a cycle: {path}."
        yield Problem(ErrorCode.CYCLE, message, ("package",))
    elif len(above) + _height(catalog, package.key) > DEEPEST:
        message = f"The chain of published base plans would hold more than {DEEPEST} plans."
        yield Problem(ErrorCode.TOO_DEEP, message, ("package",))


def _published_base(catalog: Catalog, key: str) -> str | None:
    published = catalog.packages[key].published
    return published.content.base if published is not None else None


def _published_chain(catalog: Catalog, key: str) -> list[str]:
    chain: list[str] = []
    current: str | None = key
    while current is not None and current not in chain:
        chain.append(current)
        current = _published_base(catalog, current)
    return chain


def _height(catalog: Catalog, key: str) -> int:
    """Count the plans of the longest published chain from this plan down to its descendants."""
    heights = {key: 1}
    for descendant in descendants(catalog, key):
        base = _published_base(catalog, descendant)
        heights[descendant] = heights.get(base or key, 0) + 1
    return max(heights.values())
