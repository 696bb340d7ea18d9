"""The pricing table of a product: its plans side by side, in the words that customers read.

The page at ``/pricing/`` and the graph show this same table. Its version changes with its content.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rules.catalog.facts import (
    Catalog,
    CreditType,
    Feature,
    Package,
    Plan,
    Price,
    Product,
    Row,
    Widget,
    plans_of,
)
from rules.catalog.inheritance import Origin, ResolvedCatalog, ResolvedRow, Rows, rows_in_effect
from rules.catalog.wording import heading, price_text, row_text
from rules.pricing.calls_to_action import CallToAction, Visitor, call_to_action
from rules.pricing.improvements import is_better
from rules.values import BillingPeriod

VERSION_DIGITS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Offering:
    """Which prices a table shows; None shows those of every period or currency."""

    billing: BillingPeriod | None = None
    currency: str | None = None

    def includes(self, price: Price) -> bool:
        """Return whether a price is offered."""
        return self.billing in (None, price.billing_period) and self.currency in (
            None,
            price.amount.currency,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PricingRow:
    """A line of a column; ``position`` is its place among all rows of the plan's version.

    ``struck_text`` is the text of the base plan's value, None if it is the same or there is none, and
    ``is_improvement`` says that the value is better than that one.
    """

    resolved: ResolvedRow
    position: int
    text: str
    struck_text: str | None = None
    is_improvement: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PricingColumn:
    """A plan: its price, its own rows, and the rows of its base plans.

    ``hidden`` has the keys of what it includes and does not show. ``trial_days`` is 0 if the call to action
    starts no trial.
    """

    plan: Plan
    prices: tuple[Price, ...]
    heading: str
    rows: tuple[PricingRow, ...]
    inherited_rows: tuple[PricingRow, ...]
    hidden: frozenset[str]
    call_to_action: CallToAction
    is_current: bool
    trial_days: int

    @property
    def lines(self) -> list[PricingRow]:
        """All rows, in the plan's display order."""
        return sorted((*self.rows, *self.inherited_rows), key=lambda line: line.position)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonCell:
    """One plan's value of one feature; the text is empty if it is not included or is hidden."""

    plan: Plan
    included: bool
    text: str = ""
    struck_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonRow:
    """A feature or credit type against all plans."""

    key: str
    name: str
    cells: tuple[ComparisonCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PricingTable:
    """The plans of a product, and what they include feature by feature.

    ``currency`` is the requested one, otherwise the only one of the prices. ``version`` differs exactly if
    something that the table shows differs.
    """

    product: Product
    currency: str | None
    columns: tuple[PricingColumn, ...]
    comparison: tuple[ComparisonRow, ...]
    version: str


def pricing_table(
    flat: ResolvedCatalog, product: Product, offering: Offering, visitor: Visitor
) -> PricingTable:
    """Return the table of the plans on sale: published, visible and not archived."""
    columns = tuple(_column(flat, plan, offering, visitor) for plan in plans_on_sale(flat.catalog, product))
    comparison = _comparison(flat.catalog, columns)
    currency = offering.currency or _only_currency(columns)
    return PricingTable(
        product=product,
        currency=currency,
        columns=columns,
        comparison=comparison,
        version=_version(flat.catalog, product, currency, columns, comparison),
    )


def plans_on_sale(catalog: Catalog, product: Product) -> list[Plan]:
    """Return the plans that a pricing table shows, in display order."""
    return [plan for plan in plans_of(catalog, product.key) if plan.visible and plan.versions]


def periods_on_sale(plans: Iterable[Plan]) -> list[BillingPeriod]:
    """Return the billing periods in which plans are sold, the shortest first."""
    sold = {price.billing_period for plan in plans for price in plan.shown.prices}
    return [billing for billing in BillingPeriod if billing in sold]


def currencies_on_sale(plans: Iterable[Plan]) -> list[str]:
    """Return the currencies in which plans are sold, in order of first appearance."""
    prices = (price for plan in plans for price in plan.shown.prices)
    return list(dict.fromkeys(price.amount.currency for price in prices))


def narrow(offering: Offering, plans: Sequence[Plan]) -> Offering:
    """Return an offering of one period and currency: the requested ones if on sale, otherwise the first."""
    periods, currencies = periods_on_sale(plans), currencies_on_sale(plans)
    return Offering(
        billing=offering.billing if offering.billing in periods else next(iter(periods), None),
        currency=offering.currency if offering.currency in currencies else next(iter(currencies), None),
    )


def _column(flat: ResolvedCatalog, plan: Plan, offering: Offering, visitor: Visitor) -> PricingColumn:
    prices = _prices(plan, offering)
    included = _included_rows(flat, plan, prices)
    billing = _common_period(prices)
    lines = [_line(flat.catalog, *one, billing) for one in included if _is_visible(one[1].row)]
    keys = {one.row.key for _, one in included}
    own = tuple(line for line in lines if line.resolved.origin is not Origin.INHERITED)
    action = call_to_action(flat.catalog, plan, prices, visitor)
    return PricingColumn(
        plan=plan,
        prices=prices,
        heading=_heading(flat, plan, offering, keys, has_own_rows=bool(own)),
        rows=own,
        inherited_rows=tuple(line for line in lines if line.resolved.origin is Origin.INHERITED),
        hidden=frozenset(keys - {line.resolved.row.key for line in lines}),
        call_to_action=action,
        is_current=visitor.is_on(plan),
        trial_days=visitor.trial_days(plan) if action is CallToAction.START_TRIAL else 0,
    )


def _prices(plan: Package, offering: Offering) -> tuple[Price, ...]:
    return tuple(price for price in plan.shown.prices if offering.includes(price))


def _heading(
    flat: ResolvedCatalog, plan: Plan, offering: Offering, keys: Collection[str], *, has_own_rows: bool
) -> str:
    """Return the heading: the base plan, and what its column shows that this plan does not include."""
    if plan.shown.base is None:
        return heading(plan.name, None, has_own_rows=has_own_rows)
    base = flat.catalog.packages[plan.shown.base]
    above = _included_rows(flat, base, _prices(base, offering))
    missing = dict.fromkeys(
        one.row.key for _, one in above if _is_visible(one.row) and one.row.key not in keys
    )
    names = [_subject(flat.catalog, key).name for key in missing]
    return heading(plan.name, base.name, has_own_rows=has_own_rows, missing=names)


def _included_rows(
    flat: ResolvedCatalog, plan: Package, prices: Sequence[Price]
) -> list[tuple[int, ResolvedRow]]:
    """Return the rows of a plan in effect at these prices, with positions, in order; also hidden ones."""
    rows = flat.rows(plan.key, len(plan.versions))
    shown = _row_keys(rows, prices if _common_period(prices) else ())
    return [(place, one) for place, one in enumerate(rows) if (one.row.key, one.row.price) in shown]


def _common_period(prices: Iterable[Price]) -> BillingPeriod | None:
    """Return the billing period of the prices, None if there is none or several."""
    periods = {price.billing_period for price in prices}
    return periods.pop() if len(periods) == 1 else None


def _row_keys(rows: Rows, prices: Sequence[Price]) -> set[tuple[str, str | None]]:
    """Return the keys of rows in effect at any of the prices; without prices, of rows for all prices."""
    keys: list[str | None] = [*(price.key for price in prices)] or [None]
    return {(one.row.key, one.row.price) for key in keys for one in rows_in_effect(rows, key).values()}


def _is_visible(row: Row) -> bool:
    return Widget.PRICING_TABLE not in row.hidden_from


def _line(
    catalog: Catalog, position: int, resolved: ResolvedRow, billing: BillingPeriod | None
) -> PricingRow:
    text = _text(catalog, resolved.row, billing)
    above = resolved.overrides
    if above is None or not _is_visible(above.row) or _text(catalog, above.row, billing) == text:
        return PricingRow(resolved=resolved, position=position, text=text)
    return PricingRow(
        resolved=resolved,
        position=position,
        text=text,
        struck_text=_text(catalog, above.row, billing),
        is_improvement=is_better(resolved.row.value, above.row.value, billing),
    )


def _text(catalog: Catalog, row: Row, billing: BillingPeriod | None) -> str:
    return row_text(row, subject=_subject(catalog, row.key), billing=billing)


def _subject(catalog: Catalog, key: str) -> Feature | CreditType:
    return catalog.features.get(key) or catalog.credit_types[key]


def _comparison(catalog: Catalog, columns: Sequence[PricingColumn]) -> tuple[ComparisonRow, ...]:
    """Compare what any column shows across all columns, in order of first appearance."""
    keys = dict.fromkeys(line.resolved.row.key for column in columns for line in column.lines)
    return tuple(
        ComparisonRow(
            key=key,
            name=_subject(catalog, key).name,
            cells=tuple(_cell(column, key) for column in columns),
        )
        for key in keys
    )


def _cell(column: PricingColumn, key: str) -> ComparisonCell:
    """Return one plan's value of a feature; it has several rows if its prices differ in it.

    A hidden row is included and has no text.
    """
    lines = [line for line in column.lines if line.resolved.row.key == key]
    return ComparisonCell(
        plan=column.plan,
        included=bool(lines) or key in column.hidden,
        text=_either(line.text for line in lines),
        struck_text=_either(line.struck_text for line in lines if line.struck_text) or None,
    )


def _either(texts: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(texts))


def _only_currency(columns: Iterable[PricingColumn]) -> str | None:
    currencies = {price.amount.currency for column in columns for price in column.prices}
    return currencies.pop() if len(currencies) == 1 else None


def _version(
    catalog: Catalog,
    product: Product,
    currency: str | None,
    columns: Iterable[PricingColumn],
    comparison: Iterable[ComparisonRow],
) -> str:
    """Return a digest of everything that is shown, and nothing else."""
    shown = [
        [product.key, product.name, product.description, currency],
        [_shown_column(catalog, column) for column in columns],
        [[row.key, row.name, *(cell.included for cell in row.cells)] for row in comparison],
    ]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:VERSION_DIGITS]


def _shown_column(catalog: Catalog, column: PricingColumn) -> list[Any]:
    plan = column.plan
    return [
        [plan.key, plan.name, plan.description, plan.pricing_type, column.heading],
        [column.call_to_action, column.is_current, column.trial_days],
        [[price.key, price_text(price, charged_feature(catalog, price))] for price in column.prices],
        [_shown_line(line) for line in column.rows],
        [_shown_line(line) for line in column.inherited_rows],
    ]


def _shown_line(line: PricingRow) -> list[Any]:
    return [line.resolved.row.key, line.text, line.struck_text, line.is_improvement]


def charged_feature(catalog: Catalog, price: Price) -> Feature | None:
    """Return the feature whose units a price charges, None if it is for the plan as a whole."""
    return None if price.per_unit_of is None else catalog.features[price.per_unit_of]
