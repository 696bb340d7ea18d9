from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from rules.catalog.facts import Catalog, Content, Package, Plan, Price, PricingType, PublishScope, Row, Widget
from rules.catalog.inheritance import Origin, ResolvedCatalog
from rules.catalog_edits.drafts import RowEdit
from rules.catalog_edits.packages import with_package
from rules.errors import Rejected
from rules.pricing.table import Offering, PricingColumn, PricingRow, PricingTable, plans_on_sale
from rules.values import BillingPeriod, Revoked
from tests.rules.builders.edits import Edit, Publish, made
from tests.rules.builders.strategies import catalogs, edits
from tests.rules.builders.tables import YEARLY, table

offerings = st.builds(
    Offering,
    billing=st.none() | st.sampled_from(BillingPeriod),
    currency=st.none() | st.sampled_from(["USD", "EUR"]),
)


@dataclass(frozen=True)
class Dress:
    """What edits at random lack: prices a year, and enough rows that are hidden, revoked or have texts."""

    hidden: frozenset[tuple[str, str]]
    texts: Mapping[tuple[str, str], str]
    invisible: frozenset[str]
    revoked: frozenset[tuple[str, str]] = frozenset()

    def on(self, shop: Catalog) -> Catalog:
        """The catalog, dressed."""
        for package in shop.packages.values():
            versions = tuple(
                replace(version, content=self._content(package.key, version.content))
                for version in package.versions
            )
            shop = with_package(shop, self._placed(replace(package, versions=versions)))
        return shop

    def _content(self, package: str, content: Content) -> Content:
        own = {row.key for row in content.rows}
        gone = {key for place, key in self.revoked if place == package and content.base and key not in own}
        rows = (
            *(self._row(package, row) for row in content.rows),
            *(Row(key=key, value=Revoked()) for key in sorted(gone)),
        )
        return replace(content, rows=rows, prices=tuple(map(_by_the_year, content.prices)))

    def _row(self, package: str, row: Row) -> Row:
        if isinstance(row.value, Revoked):
            return row
        place = (package, row.key)
        shown = () if place not in self.hidden else (Widget.PRICING_TABLE,)
        return replace(row, hidden_from=shown, display_text=self.texts.get(place))

    def _placed(self, package: Package) -> Package:
        if not isinstance(package, Plan):
            return package
        paid = PricingType.PAID if package.shown.prices else PricingType.FREE
        return replace(package, visible=package.key not in self.invisible, pricing_type=paid)


def _by_the_year(price: Price) -> Price:
    return replace(price, billing_period=YEARLY) if price.key == "yearly" else price


PUBLISHED = {key: Publish(key, PublishScope.ALL_CUSTOMERS, None) for key in ("free", "pro", "team")}
"""Edits of rows are published at once, so that tables come to look different often enough."""

places = st.tuples(
    st.sampled_from(["free", "pro", "team"]), st.sampled_from(["sso", "seats", "regions", "ai"])
)
dresses = st.builds(
    Dress,
    hidden=st.frozensets(places, max_size=4),
    texts=st.dictionaries(places, st.sampled_from(["As you like", "No end"]), max_size=3),
    invisible=st.frozensets(st.sampled_from(["free", "pro", "team", "step-1"]), max_size=2),
    revoked=st.frozensets(places, max_size=6),
)
dressed = st.builds(Dress.on, dresses, catalogs())


def visible(shop: Catalog, plan: Plan, price: str | None) -> dict[str, Row]:
    """What a plan says to a subscription on a price, and shows."""
    held = ResolvedCatalog(shop).held(plan.key, len(plan.versions), price)
    return {
        key: resolved.row
        for key, resolved in held.items()
        if Widget.PRICING_TABLE not in resolved.row.hidden_from
    }


@given(dressed, offerings)
def test_every_visible_row_of_a_plan_is_shown_exactly_once(shop: Catalog, offering: Offering) -> None:
    for column in table(shop, offering.billing, offering.currency).columns:
        settled = len({price.billing_period for price in column.prices}) == 1
        prices = [price.key for price in column.prices] if settled else [None]
        expected = {
            (row.key, row.price) for price in prices for row in visible(shop, column.plan, price).values()
        }
        shown = [(line.resolved.row.key, line.resolved.row.price) for line in column.lines]

        assert len(shown) == len(set(shown))
        assert set(shown) == expected
        event("rows for one price" if any(price for _, price in shown) else "rows for all")


@given(dressed, offerings)
def test_what_is_shown_applies_and_stands_in_display_order(shop: Catalog, offering: Offering) -> None:
    flat = ResolvedCatalog(shop)
    for column in table(shop, offering.billing, offering.currency).columns:
        rows = flat.rows(column.plan.key, len(column.plan.versions))
        places = [line.position for line in column.lines]

        assert places == sorted(places)
        assert all(rows[line.position] == line.resolved for line in column.lines)
        assert all(line.resolved.speaks and line.text for line in column.lines)
        assert all(line.resolved.origin is Origin.INHERITED for line in column.inherited_rows)
        assert all(line.resolved.defined_in == column.plan.key for line in column.rows)
        assert all(line.resolved.origin is Origin.OVERRIDDEN for line in column.rows if line.struck_text)


@given(dressed, offerings)
def test_a_heading_says_what_is_so(shop: Catalog, offering: Offering) -> None:
    for column in table(shop, offering.billing, offering.currency).columns:
        base = column.plan.shown.base
        missing = [] if base is None else missing_of(shop, offering, column, base)

        assert column.heading.startswith(f"{column.plan.name} includes:") == (base is None)
        assert column.heading.startswith("Everything in ") == (base is not None and len(missing) <= 3)
        assert (" except " in column.heading) == (1 <= len(missing) <= 3)
        assert column.heading.endswith(", plus:") == (base is not None and bool(column.rows))
        event(f"{len(missing)} missing")


def missing_of(shop: Catalog, offering: Offering, column: PricingColumn, base: str) -> set[str]:
    """What the base plan shows at the prices asked for and the plan does not have at its own."""
    return visible_keys(shop, base, offering) - included_keys(shop, column.plan.key, offering)


def prices_of(shop: Catalog, plan: str, offering: Offering) -> list[str | None]:
    """The prices whose rows a table shows; None is the rows that hold for every price."""
    shown = [one for one in shop.packages[plan].shown.prices if offering.includes(one)]
    return [one.key for one in shown] if len({one.billing_period for one in shown}) == 1 else [None]


def included_keys(shop: Catalog, plan: str, offering: Offering) -> set[str]:
    """What a plan gives at the prices asked for, hidden or not."""
    flat, number = ResolvedCatalog(shop), len(shop.packages[plan].versions)
    return {key for price in prices_of(shop, plan, offering) for key in flat.held(plan, number, price)}


def visible_keys(shop: Catalog, plan: str, offering: Offering) -> set[str]:
    """What a plan gives at the prices asked for, and shows."""
    package = shop.packages[plan]
    assert isinstance(package, Plan)
    return {key for price in prices_of(shop, plan, offering) for key in visible(shop, package, price)}


@given(dressed, offerings)
def test_the_comparison_says_what_the_columns_say(shop: Catalog, offering: Offering) -> None:
    shown = table(shop, offering.billing, offering.currency)
    keys = [row.key for row in shown.comparison]

    assert len(keys) == len(set(keys))
    assert {line.resolved.row.key for column in shown.columns for line in column.lines} == set(keys)
    for row in shown.comparison:
        assert [cell.plan for cell in row.cells] == [column.plan for column in shown.columns]
        for cell, column in zip(row.cells, shown.columns, strict=True):
            texts = [line.text for line in column.lines if line.resolved.row.key == row.key]
            assert cell.included == (row.key in included_keys(shop, column.plan.key, offering))
            assert bool(cell.text) == bool(texts)
            assert all(text in cell.text for text in texts)
            event("hidden" if cell.included and not cell.text else "shown or not included")


@given(dressed, offerings)
def test_an_improvement_is_better_than_what_it_replaces(shop: Catalog, offering: Offering) -> None:
    for column in table(shop, offering.billing, offering.currency).columns:
        for line in column.lines:
            above = line.resolved.overrides
            if line.is_improvement:
                assert line.struck_text
                assert above is not None
                assert line.resolved.row.value != above.row.value
            event("an improvement" if line.is_improvement else "none")


@given(dressed)
def test_only_plans_that_are_on_sale_are_shown(shop: Catalog) -> None:
    on_sale = [column.plan for column in table(shop).columns]

    assert on_sale == sorted(on_sale, key=lambda plan: (plan.position, plan.key))
    assert {plan.key for plan in on_sale} == {
        plan.key
        for plan in shop.packages.values()
        if isinstance(plan, Plan) and plan.product == "app"
        if plan.visible and plan.versions and not plan.archived
    }
    assert on_sale == plans_on_sale(shop, shop.products["app"])


@given(dresses, catalogs(), st.lists(edits(), min_size=1, max_size=12), offerings)
def test_versions_are_equal_exactly_where_tables_look_equal(
    dress: Dress, shop: Catalog, acts: list[Edit], offering: Offering
) -> None:
    before = table(dress.on(shop), offering.billing, offering.currency)
    for act in acts:
        for step in (act, PUBLISHED.get(act.package) if isinstance(act, RowEdit) else None):
            with suppress(Rejected):
                shop = shop if step is None else made(shop, step)
        after = table(dress.on(shop), offering.billing, offering.currency)

        assert (after.version == before.version) == (snapshot(after) == snapshot(before))
        event("another look" if snapshot(after) != snapshot(before) else "the same look")
        before = after


def snapshot(shown: PricingTable) -> Any:  # noqa: ANN401 - whatever can be seen
    """What a reader sees of a table."""
    comparison = [
        (row.name, [(cell.included, cell.text, cell.struck_text) for cell in row.cells])
        for row in shown.comparison
    ]
    return shown.product.name, shown.currency, [column_look(column) for column in shown.columns], comparison


def column_look(column: PricingColumn) -> Any:  # noqa: ANN401 - whatever can be seen
    """What a reader sees of a column."""
    plan = column.plan
    return (
        (plan.key, plan.name, plan.description, plan.pricing_type),
        [(price.key, price.billing_period, price.amount, price.per_unit_of) for price in column.prices],
        (column.heading, column.call_to_action, column.is_current, column.trial_days),
        [line_look(line) for line in column.rows],
        [line_look(line) for line in column.inherited_rows],
    )


def line_look(line: PricingRow) -> Any:  # noqa: ANN401 - whatever can be seen
    """What a reader sees of a line."""
    return line.resolved.row.key, line.text, line.struck_text, line.is_improvement
