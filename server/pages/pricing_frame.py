"""What a pricing page has around its table: switches, links and looks.

Whoever keeps the catalog says in the metadata of a product, and of a plan for that plan alone, under
``pricingPage``: ``link`` is where buttons lead, ``badge`` stands beside a plan's name, and ``style`` is
a style sheet of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlencode

from starlette.datastructures import QueryParams

from rules.catalog.facts import Plan, PricingType
from rules.pricing.table import Offering, PricingColumn, PricingTable, currencies_on_sale, periods_on_sale
from rules.values import BillingPeriod
from server.config.theme import is_link, is_style, source_of

METADATA_KEY = "pricingPage"
LONGEST_BADGE = 40

_PERIOD_NAMES = {
    BillingPeriod.MONTHLY: "Monthly",
    BillingPeriod.YEARLY: "Yearly",
    BillingPeriod.ONE_TIME: "Once",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One position of a switch: where it leads, and whether it is taken."""

    label: str
    address: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What stands beside one plan of the table.

    ``unpriced`` is in place of a price, and ``inherited`` has what the plan has from its base plans and
    the column of the base plan does not show.
    """

    link: str | None
    badge: str | None
    unpriced: str
    inherited: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Everything that a page shows apart from its table."""

    periods: tuple[Choice, ...]
    currencies: tuple[Choice, ...]
    beside: tuple[Beside, ...]
    style: str | None
    theme: Literal["light", "dark"] | None
    embedded: bool

    @property
    def style_source(self) -> str | None:
        """The page's own style sheet as its policy names it: without a query."""
        return source_of(self.style)


def read_offering(query: QueryParams) -> Offering:
    """Read which prices an address asks for; what it misspells is as if left out."""
    named = query.get("billing", "").upper()
    billing = next((one for one in BillingPeriod if one == named), None)
    return Offering(billing=billing, currency=query.get("currency", "").upper() or None)


def is_embedded(query: QueryParams) -> bool:
    """Tell whether the page is to stand in a frame of another."""
    return query.get("embed") == "1"


def frame_of(table: PricingTable, offering: Offering, query: QueryParams) -> Frame:
    """Put a frame around a table that an address asked for."""
    plans = [column.plan for column in table.columns]
    columns = {column.plan.key: column for column in table.columns}
    page = _section(table.product.metadata)
    style = page.get("style", "")
    theme = query.get("theme")
    return Frame(
        periods=_choices(
            query, "billing", {one: _PERIOD_NAMES[one] for one in periods_on_sale(plans)}, offering.billing
        ),
        currencies=_choices(
            query, "currency", {one: one for one in currencies_on_sale(plans)}, offering.currency
        ),
        beside=tuple(_beside(column, page.get("link"), columns) for column in table.columns),
        style=style if is_style(style) else None,
        theme="light" if theme == "light" else "dark" if theme == "dark" else None,
        embedded=is_embedded(query),
    )


def _choices(
    query: QueryParams, name: str, labels: Mapping[str, str], chosen: str | None
) -> tuple[Choice, ...]:
    """Give the positions of a switch that has at least two."""
    if len(labels) < 2:  # noqa: PLR2004 - with one position nothing is switched
        return ()
    return tuple(
        Choice(label=label, address=f"?{urlencode({**query, name: value.lower()})}", chosen=value == chosen)
        for value, label in labels.items()
    )


def _beside(column: PricingColumn, link: str | None, columns: Mapping[str, PricingColumn]) -> Beside:
    own = _section(column.plan.metadata)
    base = column.plan.shown.base
    return Beside(
        link=_filled(own.get("link") or link or "", column),
        badge=own.get("badge", "")[:LONGEST_BADGE] or None,
        unpriced=_unpriced(column.plan),
        inherited=_not_shown_by(columns.get(base) if base else None, column),
    )


def _not_shown_by(base: PricingColumn | None, column: PricingColumn) -> tuple[str, ...]:
    """Give the inherited rows that the base plan's column does not show, or shows as another for a price."""
    lines = () if base is None else base.lines
    shown = {line.resolved.row.key for line in lines if line.resolved.row.price is None}
    return tuple(line.text for line in column.inherited_rows if line.resolved.row.key not in shown)


def _filled(link: str, column: PricingColumn) -> str | None:
    """Give a link with the chosen plan, price and billing period in it; None where it is none."""
    if not is_link(link):
        return None
    price = next(iter((*column.prices, *column.plan.shown.prices)), None)
    chosen = {
        "{plan}": column.plan.key,
        "{price}": "" if price is None else price.key,
        "{billingPeriod}": "" if price is None else price.billing_period,
    }
    for place, value in chosen.items():
        link = link.replace(place, quote(value, safe=""))
    return link


def _unpriced(plan: Plan) -> str:
    """Say what a plan costs where none of its prices is shown."""
    if plan.pricing_type is PricingType.CUSTOM:
        return "Custom"
    if plan.pricing_type is PricingType.FREE:
        return "Free"
    periods = periods_on_sale([plan])
    return f"{_PERIOD_NAMES[periods[0]]} only" if len(periods) == 1 else "On request"


def _section(metadata: Mapping[str, object]) -> dict[str, str]:
    """Give the texts that metadata has about the page."""
    section = metadata.get(METADATA_KEY)
    if not isinstance(section, dict):
        return {}
    return {key: value for key, value in section.items() if isinstance(value, str)}
