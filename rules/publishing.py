"""Publishing: a draft becomes a version, and every plan that inherits from it gets one too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from rules.catalog import Catalog, Content, Package, PublishScope, Version
from rules.errors import ErrorCode, Problem, refuse_any
from rules.inheritance import DEEPEST, descendants
from rules.packages import found, with_package


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
    """Publish a package's draft and its published descendants' own rows on top of it.

    A descendant's unfinished draft stays a draft. Raises Rejected with every problem.
    """
    package = found(catalog, key, "package")
    refuse_any(
        (
            *_version_problems(package, expected_version),
            *_nothing_problems(package),
            *_base_problems(catalog, package),
        )
    )
    published = _next(catalog, package, package.newest, now, scope, cascaded=False)
    edited = with_package(catalog, replace(published, draft=None))
    cascaded = tuple(descendants(edited, key))
    for descendant in cascaded:
        edited = with_package(edited, _republished(edited, edited.packages[descendant], now, scope))
    return Published(catalog=edited, cascaded=cascaded)


def _republished(catalog: Catalog, package: Package, now: datetime, scope: PublishScope) -> Package:
    return _next(catalog, package, package.versions[-1].content, now, scope, cascaded=True)


def _next(
    catalog: Catalog,
    package: Package,
    content: Content,
    now: datetime,
    scope: PublishScope,
    *,
    cascaded: bool,
) -> Package:
    base = catalog.packages[content.base].published if content.base is not None else None
    version = Version(
        number=len(package.versions) + 1,
        content=content,
        base_version=base.number if base is not None else None,
        published_at=now,
        scope=scope,
        cascaded=cascaded,
    )
    return replace(package, versions=(*package.versions, version))


def _version_problems(package: Package, expected: int | None) -> Iterator[Problem]:
    newest = len(package.versions)
    if expected is not None and expected != newest:
        message = f"The newest published version of '{package.key}' is {newest}, not {expected}."
        yield Problem(ErrorCode.VERSION_CONFLICT, message, ("expectedVersion",))


def _nothing_problems(package: Package) -> Iterator[Problem]:
    unchanged = package.published is not None and package.newest == package.published.content
    if unchanged:
        message = f"The draft of '{package.key}' says what is published already."
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
    """Count the plans of the longest published chain below and with this plan."""
    heights = {key: 1}
    for descendant in descendants(catalog, key):
        base = _published_base(catalog, descendant)
        heights[descendant] = heights.get(base or key, 0) + 1
    return max(heights.values())
