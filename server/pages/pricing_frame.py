"""What surrounds the table of a pricing page: switches, links and theme.

The metadata of a product, and of a plan for that plan alone, may have under ``pricingPage``: ``link``, the
address of the buttons; ``badge``, beside a plan's name; and ``style``, a style sheet.
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
    """One option of a switch: its address, and whether it is chosen."""

    label: str
    address: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What the frame adds to one plan of the table.

    ``unpriced`` is shown in place of a price, and ``inherited`` has the plan's inherited rows that the column
    of the base plan does not show.
    """

    link: str | None
    badge: str | None
    unpriced: str
    inherited: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Everything that a page shows besides its table."""

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
    """Read which prices an address names; an invalid name counts as left out."""
    named = query.get("billing", "").upper()
    billing = next((one for one in BillingPeriod if one == named), None)
    return Offering(billing=billing, currency=query.get("currency", "").upper() or None)


def is_embedded(query: QueryParams) -> bool:
    """Return whether another page may frame this one."""
    return query.get("embed") == "1"


def frame_of(table: PricingTable, offering: Offering, query: QueryParams) -> Frame:
    """Return the frame of a table that an address names."""
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
    """Return the options of a switch, where it has at least two."""
    if len(labels) < 2:  # noqa: PLR2004 - one option needs no switch
        return ()
    return tuple(
        Choice(label=label, address=f"?{urlencode({**query, name: value.lower()})}", chosen=value == chosen)
        for value, label in labels.items()
    )


def _beside(column: PricingColumn, link: str | None, columns: Mapping[str, PricingColumn]) -> Beside:
    own = _section(column.plan.metadata)
    base = column.plan.shown.base
    return Beside(
        link=_fill_link(own.get("link") or link or "", column),
        badge=own.get("badge", "")[:LONGEST_BADGE] or None,
        unpriced=_price_words(column.plan),
        inherited=_not_shown_by(columns.get(base) if base else None, column),
    )


def _not_shown_by(base: PricingColumn | None, column: PricingColumn) -> tuple[str, ...]:
    """Return the inherited rows that the base plan's column lacks, or shows otherwise for a price."""
    lines = () if base is None else base.lines
    shown = {line.resolved.row.key for line in lines if line.resolved.row.price is None}
    return tuple(line.text for line in column.inherited_rows if line.resolved.row.key not in shown)


def _fill_link(link: str, column: PricingColumn) -> str | None:
    """Return a link with the chosen plan, price and billing period; None where it is not a link."""
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


def _price_words(plan: Plan) -> str:
    """Return what a plan costs, in words, where none of its prices is shown."""
    if plan.pricing_type is PricingType.CUSTOM:
        return "Custom"
    if plan.pricing_type is PricingType.FREE:
        return "Free"
    periods = periods_on_sale([plan])
    return f"{_PERIOD_NAMES[periods[0]]} only" if len(periods) == 1 else "On request"


def _section(metadata: Mapping[str, object]) -> dict[str, str]:
    """Return the texts about the page in metadata."""
    section = metadata.get(METADATA_KEY)
    if not isinstance(section, dict):
        return {}
    return {key: value for key, value in section.items() if isinstance(value, str)}
