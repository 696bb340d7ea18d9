"""The differences between two contents of a package: from version to version, or in a draft."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from rules.catalog.facts import Content, CreditRate, Package, Price, Row
from rules.catalog.inheritance import ResolvedCatalog, Rows
from rules.catalog.wording import price_text, rate_text
from rules.catalog_code.diff import CatalogDifference, DiffContext, changed_keys, difference
from rules.catalog_code.row_diff import row_changes

_Key = tuple[str, str | None]
_Any = TypeVar("_Any")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What a package says, in display order: its own rows, or with inherited ones.

    ``order`` is what its own content places first; rows that include inherited ones are already in order.
    """

    base: str | None = None
    rows: Mapping[_Key, Row] = field(default_factory=dict)
    order: Sequence[str] = ()
    prices: Sequence[Price] = ()
    rates: Mapping[str, CreditRate] = field(default_factory=dict)


def version_changes(flat: ResolvedCatalog, package: Package, number: int) -> list[CatalogDifference]:
    """Return what a published version changed for its subscribers; the first adds everything."""
    before = _effective(flat, package, number - 1) if number > 1 else Stated()
    return content_changes(_scene(flat, package), before, _effective(flat, package, number))


def draft_changes(flat: ResolvedCatalog, package: Package) -> list[CatalogDifference]:
    """Return what publishing a package's draft would change."""
    newest = len(package.versions)
    before = _effective(flat, package, newest) if newest else Stated()
    content = package.newest
    after = _stated_in_effect(flat, flat.draft_rows(package), content, flat.base_number(content))
    return content_changes(_scene(flat, package), before, after)


def _scene(flat: ResolvedCatalog, package: Package) -> DiffContext:
    return DiffContext(catalog=flat.catalog, package=package)


def _effective(flat: ResolvedCatalog, package: Package, number: int) -> Stated:
    version = package.versions[number - 1]
    return _stated_in_effect(flat, flat.rows(package.key, number), version.content, version.base_version)


def _stated_in_effect(
    flat: ResolvedCatalog, rows: Rows, content: Content, base_version: int | None
) -> Stated:
    """Return the rows in effect for subscribers of a content; revoked rows are left out."""
    spoken = [resolved.row for resolved in rows if resolved.speaks]
    return Stated(
        base=content.base,
        rows={(row.key, row.price): row for row in spoken},
        prices=content.prices,
        rates=flat.rates(content, base_version),
    )


def stated_rows(content: Content) -> Stated:
    """Return what a content itself says."""
    return Stated(
        base=content.base,
        rows={(row.key, row.price): row for row in content.rows},
        order=content.order,
        prices=content.prices,
        rates={rate.feature: rate for rate in content.rates},
    )


def content_changes(scene: DiffContext, before: Stated, after: Stated) -> list[CatalogDifference]:
    """Return the differences between two contents of a package."""
    due = {price.key: price.billing_period for price in (*before.prices, *after.prices)}
    return [
        *_base_changes(scene, before, after),
        *(
            change
            for key in dict.fromkeys((*after.rows, *before.rows))
            for change in row_changes(scene, before.rows.get(key), after.rows.get(key), due.get(key[1] or ""))
        ),
        *_order_changes(scene, before, after),
        *_price_changes(scene, before, after),
        *_rate_changes(scene, before, after),
    ]


def _base_changes(scene: DiffContext, before: Stated, after: Stated) -> Iterator[CatalogDifference]:
    if before.base == after.base:
        return
    was, now = (base and scene.name_of(base) for base in (before.base, after.base))
    told = f"is no longer based on {was}" if now is None else f"is based on {now} now"
    yield difference(scene.path("basePlan"), was, now, f"{scene.name} {told}")


def _order_changes(scene: DiffContext, before: Stated, after: Stated) -> Iterator[CatalogDifference]:
    """Yield rows that changed places, except rows that were added or removed."""
    if before.order != after.order:
        texts = (", ".join(order) or "the usual one" for order in (before.order, after.order))
        yield scene.changed("the order of its rows", *texts, "order")
    elif [key for key in before.rows if key in after.rows] != [
        key for key in after.rows if key in before.rows
    ]:
        texts = (", ".join(dict.fromkeys(key for key, _ in rows)) for rows in (before.rows, after.rows))
        yield scene.changed("the order of its rows", *texts, "entitlements")


def _common_keys(some: Mapping[_Any, object], others: Mapping[_Any, object]) -> list[_Any]:
    return [key for key in some if key in others]


def _price_changes(scene: DiffContext, before: Stated, after: Stated) -> Iterator[CatalogDifference]:
    was, now = ({price.key: price for price in stated.prices} for stated in (before, after))
    for key in changed_keys(was, now):
        old, new = (_price_text(scene, prices.get(key)) for prices in (was, now))
        summary = f"{scene.name}: price {key} {_describe_change(old, new)}"
        yield difference(scene.path("prices", key), old, new, summary)
    if _common_keys(was, now) != _common_keys(now, was):
        yield scene.changed("the order of its prices", ", ".join(was), ", ".join(now), "prices")


def _price_text(scene: DiffContext, price: Price | None) -> str | None:
    if price is None:
        return None
    return price_text(price, scene.feature(price.per_unit_of) if price.per_unit_of else None)


def _rate_changes(scene: DiffContext, before: Stated, after: Stated) -> Iterator[CatalogDifference]:
    for key in changed_keys(before.rates, after.rates):
        old, new = (_rate_text(scene, rates.get(key)) for rates in (before.rates, after.rates))
        summary = f"{scene.name}: the credit rate of {scene.feature(key).name} {_describe_change(old, new)}"
        yield difference(scene.path("creditRates", key), old, new, summary)


def _rate_text(scene: DiffContext, rate: CreditRate | None) -> str | None:
    if rate is None:
        return None
    credit_type = scene.catalog.credit_types[rate.credit_type]
    return rate_text(rate, feature=scene.feature(rate.feature), credit_type=credit_type)


def _describe_change(before: str | None, after: str | None) -> str:
    if before is None:
        return f"of {after} added"
    return f"of {before} removed" if after is None else f"changed from {before} to {after}"
