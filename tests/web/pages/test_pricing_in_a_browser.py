from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from rules.catalog.facts import Widget
from server.pages.graphiql import NODE_MODULES
from tests.rules.builders.catalog_builders import edit, edited, published, written
from tests.web.demo_shop import ARABIC, NASTY, Shop, trouble

if TYPE_CHECKING:
    from playwright.async_api import Page

    from tests.web.conftest import Visit, Visiting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

AXE = NODE_MODULES / "axe-core" / "axe.min.js"

WIDTHS = (1280, 390)


# What moved after it was painted, as the browser itself counts it.
WATCH_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map((entry) => entry.value)))
  .observe({ type: "layout-shift", buffered: true });
"""

UNTIL_IT_MOVES = """new Promise((moved) => {
  const region = document.querySelector(".scroller");
  const look = () => (region.scrollLeft > 10 ? moved() : requestAnimationFrame(look));
  look();
})"""


def assert_undisturbed(visit: Visit) -> None:
    assert visit.complaints == []
    assert visit.strangers == []


async def width_of(page: Page) -> int:
    return int(await page.evaluate("document.documentElement.scrollWidth"))


async def tops(page: Page, selector: str) -> set[int]:
    """Where things begin, in whole pixels from the top."""
    boxes = [await one.bounding_box() for one in await page.locator(selector).all()]
    return {round(box["y"]) for box in boxes if box is not None}


async def test_a_reader_switches_to_yearly_prices_by_keyboard(visit: Visiting, shop: Shop) -> None:
    opened = await visit(shop.app, "/pricing/app")
    page = opened.page
    assert await prices(page) == ["Free", "$19.00 a month", "$49.00 a month", "Yearly only"]

    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**billing=yearly")

    assert await prices(page) == ["Free", "$190.00 a year", "$490.00 a year", "$2,990.00 a year"]
    assert await page.locator("[aria-current]").inner_text() == "Yearly"
    assert_undisturbed(opened)


async def prices(page: Page) -> list[str]:
    """What the plans cost, as it is read."""
    return [" ".join((await one.inner_text()).split()) for one in await page.locator(".price").all()]


async def test_a_screen_reader_hears_what_is_struck_through_and_what_is_missing(
    visit: Visiting, shop: Shop
) -> None:
    opened = await visit(shop.app, "/pricing/app")
    pro = await opened.page.locator(".plan").nth(2).aria_snapshot()
    table = await opened.page.locator("table").aria_snapshot()

    assert 'heading "Pro Most popular" [level=3]' in pro
    assert 'link "Get started with Pro"' in pro
    assert 'heading "Everything in Starter except Community support, plus:" [level=4]' in pro
    assert "listitem: 50 seats instead of 10 seats" in pro
    assert 'columnheader "Scale"' in table
    assert 'rowheader "Single sign-on"' in table
    assert table.count('cell "Not included"') == 9
    assert 'row "Community support Included Included Not included Not included"' in table
    assert 'row "Seats 3 seats 10 seats 50 seats 250 seats"' in table


async def test_a_screen_reader_hears_nothing_where_a_plan_hides_what_it_includes(
    visit: Visiting, shop: Shop
) -> None:
    hiding = replace(edit("seats", written(10), package="starter"), hidden_from=(Widget.PRICING_TABLE,))
    await shop.change(lambda sold: published(edited(sold, hiding), "starter"))
    opened = await visit(shop.app, "/pricing/app")
    row = opened.page.locator("tbody tr", has=opened.page.get_by_role("rowheader", name="Seats", exact=True))
    cells = [(await cell.inner_text()).strip() for cell in await row.locator("td").all()]

    assert cells == ["3 seats", "", "50 seats", "250 seats"]
    assert "Not included" not in await row.aria_snapshot()
    assert "10 seats" not in await opened.page.locator("main").inner_text()


@pytest.mark.parametrize("width", WIDTHS)
async def test_the_head_of_the_comparison_stays_in_view(visit: Visiting, shop: Shop, width: int) -> None:
    opened = await visit(shop.app, "/pricing/app")
    page = opened.page
    await page.set_viewport_size({"width": width, "height": 420})
    last = page.locator("tbody tr").last
    await last.scroll_into_view_if_needed()
    head = await page.locator("thead th").nth(1).bounding_box()
    row = await last.bounding_box()

    assert head is not None
    assert row is not None
    assert 0 <= head["y"] < row["y"] < 420
    assert head["height"] > 20


async def test_on_a_phone_the_comparison_is_reached_and_moved_by_keyboard(
    visit: Visiting, shop: Shop
) -> None:
    opened = await visit(shop.app, "/pricing/app")
    page = opened.page
    await page.set_viewport_size({"width": 390, "height": 800})
    region = page.get_by_role("region", name="Compare plans")
    await region.focus()
    await page.keyboard.press("ArrowRight")
    await page.evaluate(UNTIL_IT_MOVES)
    name = await page.locator("tbody th").first.bounding_box()

    assert name is not None
    assert 0 <= name["x"] < 30


@pytest.mark.parametrize("width", [1280, 390, 320])
@pytest.mark.parametrize("path", ["/pricing/app", "/pricing/orders", "/pricing/ai-api", "/pricing/gone"])
async def test_no_page_is_wider_than_the_screen(visit: Visiting, shop: Shop, path: str, width: int) -> None:
    opened = await visit(shop.app, path)
    await opened.page.set_viewport_size({"width": width, "height": 800})

    assert await width_of(opened.page) == width


async def test_parts_of_the_plans_stand_in_line(visit: Visiting, shop: Shop) -> None:
    opened = await visit(shop.app, "/pricing/app?billing=yearly")

    for part in (".plan h3", ".prices", ".action", ".plan h4", ".has"):
        assert len(await tops(opened.page, part)) == 1, part


@pytest.mark.parametrize("width", WIDTHS)
async def test_nothing_moves_once_it_is_painted(visit: Visiting, shop: Shop, width: int) -> None:
    opened = await visit(shop.app, "/healthz")
    await opened.page.set_viewport_size({"width": width, "height": 800})
    await opened.page.add_init_script(WATCH_SHIFTS)
    await opened.page.goto(f"{opened.origin}/pricing/app")
    await opened.page.evaluate("new Promise((painted) => setTimeout(painted, 300))")

    assert await opened.page.evaluate("shifts") == []


@pytest.mark.parametrize("width", [1280, 390, 320])
async def test_whatever_is_written_into_the_catalog_neither_runs_nor_breaks_the_page(
    visit: Visiting, shop: Shop, width: int
) -> None:
    await trouble(shop)
    opened = await visit(shop.app, "/pricing/app")
    page = opened.page
    await page.set_viewport_size({"width": width, "height": 800})

    assert await width_of(page) == width
    assert await page.locator("script, img").count() == 0
    assert await page.locator(".plan h3").first.inner_text() == NASTY
    assert await page.locator("main bdi", has_text=ARABIC).count() >= 3
    direction = "(name) => getComputedStyle(name).direction"
    assert await page.locator(".plan h3 bdi").nth(1).evaluate(direction) == "rtl"
    assert await page.locator(".plan .about").nth(1).evaluate(direction) == "rtl"
    assert_undisturbed(opened)


@pytest.mark.parametrize(("dark", "ground"), [(False, "rgb(255, 255, 255)"), (True, "rgb(16, 18, 24)")])
async def test_the_page_follows_the_readers_scheme_unless_its_address_says_otherwise(
    visit: Visiting, shop: Shop, *, dark: bool, ground: str
) -> None:
    opened = await visit(shop.app, "/pricing/app", dark=dark)
    colour = "getComputedStyle(document.documentElement).backgroundColor"
    assert await opened.page.evaluate(colour) == ground

    await opened.page.goto(f"{opened.origin}/pricing/app?theme={'light' if dark else 'dark'}")
    assert await opened.page.evaluate(colour) != ground


async def violations(page: Page) -> list[str]:
    """What axe has to say of a page."""
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found["violations"]]


@pytest.mark.node
@pytest.mark.skipif(not AXE.is_file(), reason="npm ci was not run in server/")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
async def test_axe_finds_no_violation(visit: Visiting, shop: Shop, width: int, *, dark: bool) -> None:
    opened = await visit(shop.app, "/pricing/app", dark=dark)
    await opened.page.set_viewport_size({"width": width, "height": 800})
    for path in ("app", "app?billing=yearly&embed=1", "orders", "ai-api", "gone", "app?key=pk_wrong"):
        await opened.page.goto(f"{opened.origin}/pricing/{path}")
        assert await violations(opened.page) == [], path

    await trouble(shop)
    await opened.page.goto(f"{opened.origin}/pricing/app")
    assert await violations(opened.page) == []
