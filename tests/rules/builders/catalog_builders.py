"""Small catalogs in a few words: what a test leaves out is of no importance to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from rules.catalog.facts import (
    Addon,
    Catalog,
    Content,
    CreditType,
    Feature,
    Package,
    Plan,
    Price,
    Product,
    PublishScope,
    Row,
)
from rules.catalog.inheritance import ResolvedCatalog, ResolvedRow
from rules.catalog_edits.drafts import RowEdit, set_entitlement
from rules.catalog_edits.packages import with_package
from rules.catalog_edits.publishing import publish
from rules.catalog_edits.references import Holders
from rules.errors import Problem, Rejected
from rules.numbers import ONE
from rules.unset import UNSET, Unset
from rules.values import (
    BillingPeriod,
    Choices,
    ConfigKind,
    Credits,
    FeatureType,
    Granted,
    Metered,
    Money,
    Number,
    Revoked,
    Text,
    Unit,
    Value,
    Written,
    WrittenLimit,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

GRANTED = Granted()
REVOKED = Revoked()

NOBODY = Holders()
"""Who holds on to the catalog where there are no customers."""

CHAIN = ("free", "pro", "team", "scale")


def product(key: str = "app") -> Product:
    """What is sold."""
    return Product(key=key, name=key)


def feature(key: str, kind: FeatureType = FeatureType.BOOLEAN, default: Value | None = None) -> Feature:
    """One that is on or off, or of another kind."""
    return Feature(key=key, name=key, type=kind, default=default)


def metered(key: str, default: Value | None = None) -> Feature:
    """One with a limit."""
    return feature(key, FeatureType.METERED, default)


def config(key: str, kind: ConfigKind = ConfigKind.NUMBER, *choices: str) -> Feature:
    """One with a setting."""
    return Feature(key=key, name=key, type=FeatureType.CONFIG, config_kind=kind, choices=choices)


def credit_type(key: str = "ai") -> CreditType:
    """One that is counted in credits."""
    return CreditType(key=key, name=key, unit=Unit(singular="credit", plural="credits"))


def row(key: str, value: Value | Revoked = GRANTED, price: str | None = None) -> Row:
    """What a package says about one feature."""
    return Row(key=key, value=value, price=price)


def price(key: str = "monthly", units: int = 10, currency: str = "USD") -> Price:
    """What a package costs in a month."""
    amount = Money(amount=units * ONE, currency=currency)
    return Price(key=key, billing_period=BillingPeriod.MONTHLY, amount=amount)


def plan(
    key: str,
    *rows: Row,
    base: str | None = None,
    prices: Sequence[Price] = (),
    order: Sequence[str] = (),
    of: str = "app",
) -> Plan:
    """One of a product, with a draft, that was never published."""
    draft = Content(base=base, rows=rows, prices=tuple(prices), order=tuple(order))
    return Plan(key=key, name=key, product=of, draft=draft)


def addon(key: str, *rows: Row, of: str = "app") -> Addon:
    """One of a product, with a draft, that was never published."""
    return Addon(key=key, name=key, product=of, draft=Content(rows=rows))


def catalog(*things: Feature | CreditType | Package) -> Catalog:
    """Everything that these sell, with the products "app" and "other"."""
    return Catalog(
        products={key: product(key) for key in ("app", "other")},
        features={thing.key: thing for thing in things if isinstance(thing, Feature)},
        credit_types={thing.key: thing for thing in things if isinstance(thing, CreditType)},
        packages={thing.key: thing for thing in things if isinstance(thing, Package)},
    )


def published(shop: Catalog, *keys: str, scope: PublishScope = PublishScope.ALL_CUSTOMERS) -> Catalog:
    """The catalog with these packages published, one after the other."""
    for key in keys:
        shop = publish(shop, key, now=NOW, scope=scope).catalog
    return shop


def chain(*contents: tuple[Row, ...]) -> Catalog:
    """Published plans with these rows, each on the one before it: free, pro, team, scale."""
    features = (feature("sso"), feature("audit"), metered("seats"), metered("calls"), metered("storage"))
    names = CHAIN[: len(contents)]
    below = zip(names, contents, (None, *names), strict=False)
    return published(catalog(*features, *(plan(key, *rows, base=base) for key, rows, base in below)), *names)


def tower(name: str, height: int) -> list[Plan]:
    """So many plans, each on the one before it; the last is the top."""
    names = [f"{name}-{floor}" for floor in range(1, height + 1)]
    return [plan(key, base=below) for key, below in zip(names, (None, *names), strict=False)]


def priced(shop: Catalog, key: str) -> Catalog:
    """The catalog in which the draft of a package has a price a month and one a year."""
    package = shop.packages[key]
    draft = replace(package.newest, prices=(price("monthly"), price("yearly")))
    return with_package(shop, replace(package, draft=draft))


def archived(shop: Catalog, key: str) -> Catalog:
    """The catalog in which nobody can subscribe to a package any more."""
    return replace(shop, packages={**shop.packages, key: replace(shop.packages[key], archived=True)})


def edit(
    key: str, value: Written | Unset | None = UNSET, *, package: str = "pro", price: str | None = None
) -> RowEdit:
    """Set a value, or leave it out."""
    return RowEdit(package=package, key=key, value=value, price=price)


def revocation(key: str, price: str | None = None, *, package: str = "pro") -> RowEdit:
    """Take an inherited row away."""
    return RowEdit(package=package, key=key, revoked=True, price=price)


def edited(shop: Catalog, *edits: RowEdit) -> Catalog:
    """The catalog after these edits."""
    for each in edits:
        shop = set_entitlement(shop, each)
    return shop


def own(shop: Catalog, key: str = "pro") -> tuple[Row, ...]:
    """A draft's own rows."""
    return shop.packages[key].newest.rows


def limit(units: int | None) -> Metered:
    """A hard limit in whole units, None is unlimited."""
    return Metered(limit=None if units is None else units * ONE)


def written(units: int) -> WrittenLimit:
    """The same limit as people write it."""
    return WrittenLimit(limit=units * ONE)


def number(units: int) -> Number:
    """A setting in whole units."""
    return Number(number=units * ONE)


def text(words: str) -> Text:
    """A setting in words."""
    return Text(text=words)


def choices(*picked: str) -> Choices:
    """A setting of picked values."""
    return Choices(choices=picked)


def credit(units: int) -> Credits:
    """So many credits a month."""
    return Credits(amount=units * ONE)


def draft_rows(shop: Catalog, key: str) -> tuple[ResolvedRow, ...]:
    """What a package's draft shows."""
    return ResolvedCatalog(shop).draft_rows(shop.packages[key])


def current_rows(shop: Catalog, key: str) -> tuple[ResolvedRow, ...]:
    """What readers see of a package."""
    return ResolvedCatalog(shop).current_rows(shop.packages[key])


def keys(rows: Sequence[ResolvedRow]) -> list[str]:
    """The rows by key, those for one price as key@price."""
    return [f"{r.row.key}@{r.row.price}" if r.row.price else r.row.key for r in rows]


def told(rows: Sequence[ResolvedRow]) -> list[str]:
    """The rows in a word each: key, origin, and the package that they were set in."""
    return [f"{key} {r.origin} {r.defined_in}" for key, r in zip(keys(rows), rows, strict=True)]


def refusals(shop: Catalog, edit: Callable[[Catalog], object]) -> list[str]:
    """Code and path of every problem of an edit, which is refused and leaves the catalog as it was."""
    before = deepcopy(shop)
    with pytest.raises(Rejected) as refusal:
        edit(shop)
    assert shop == before
    return shortened(refusal.value.problems)


def refused(shop: Catalog, each: RowEdit) -> list[str]:
    """Code and path of every problem of setting a row."""
    return refusals(shop, lambda before: set_entitlement(before, each))


def shortened(problems: Sequence[Problem]) -> list[str]:
    """Code and path of problems."""
    return [f"{problem.code} {'.'.join(problem.path)}".strip() for problem in problems]
