from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from models.database import Database
from resolvers import catalog
from resolvers.context import Services
from resolvers.environments import NewKey, context_of, create_key
from rules.catalog import Catalog, Product
from rules.keys import ApiKeyKind
from rules.packages import with_package
from server.app import create_app
from server.demo import ENVIRONMENT, fill
from server.pages import NODE_MODULES, are_installed
from tests.project.markdown import blocks
from tests.project.repository import ROOT
from tests.rules.builders import edit, edited, published, text, written

if TYPE_CHECKING:
    from playwright.async_api import Page

    from tests.web.conftest import Visit, Visiting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

AXE = NODE_MODULES / "axe-core" / "axe.min.js"

WIDTHS = (1280, 390)

NASTY = '<img src=x onerror=alert(1)><script>alert(1)</script> & "quotes"'
ARABIC = "خطة الأعمال الكبيرة"
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmütze" * 5

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


@dataclass
class Shop:
    """The demo, whose catalog can be edited."""

    services: Services
    app: Starlette

    async def change(self, rule: Callable[[Catalog], Catalog]) -> None:
        """Edit the catalog of the demo."""
        context = await context_of(self.services, ENVIRONMENT)
        await catalog.edit(context, lambda before, _: replace(rule(before), revision=before.revision))


@pytest_asyncio.fixture(loop_scope="module")
async def shop(demo_file: Path, tmp_path: Path) -> AsyncIterator[Shop]:
    """A demo of this test's own."""
    file = shutil.copy(demo_file, tmp_path / "allotment.db")
    services = Services.on(Database(f"sqlite+aiosqlite:///{file}"))
    yield Shop(services, create_app(services, keyless=await fill(services)))
    await services.close()


def renamed(key: str, name: str) -> Callable[[Catalog], Catalog]:
    """Give a plan another name and description."""
    return lambda sold: with_package(sold, replace(sold.packages[key], name=name, description=name))


def worded(words: str) -> Callable[[Catalog], Catalog]:
    """Give rows of Pro other texts, and a feature and the product another name."""

    def rule(sold: Catalog) -> Catalog:
        product = replace(sold.products["app"], name=words, description=words)
        feature = replace(sold.features["sso"], name=words)
        sold = replace(
            sold,
            products={**sold.products, "app": product},
            features={**sold.features, "sso": feature},
        )
        loud = replace(edit("seats", written(70)), display_text=words)
        return published(edited(sold, loud, edit("support", text(words))), "pro")

    return rule


async def trouble(shop: Shop) -> None:
    """Put everything into the catalog that could break a page."""
    await shop.change(renamed("free", NASTY))
    await shop.change(renamed("starter", ARABIC))
    await shop.change(renamed("pro", LONG))
    await shop.change(worded(LONG))
    await shop.change(
        lambda sold: published(edited(sold, edit("support", text(NASTY), package="scale")), "scale")
    )


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
    assert "listitem: 50 seats instead of 10 seats" in pro
    assert 'columnheader "Scale"' in table
    assert 'rowheader "Single sign-on"' in table
    assert table.count('cell "Not included"') == 9
    assert 'row "Community support Included Included Not included Not included"' in table


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


async def test_a_style_sheet_of_ones_own_sets_the_looks(visit: Visiting, shop: Shop, tmp_path: Path) -> None:
    brand = tmp_path / "brand.css"
    (css,) = [one.text for one in blocks(PAGE) if one.language == "css"]
    brand.write_text(css)
    address = "https://shop.test/brand.css"
    await shop.change(lambda sold: styled(sold, address))
    opened = await visit(shop.app, "/healthz", elsewhere={address: brand})
    await opened.page.goto(f"{opened.origin}/pricing/app")
    button = opened.page.locator(".praised .button")

    assert await button.evaluate("(one) => getComputedStyle(one).backgroundColor") == "rgb(15, 118, 110)"
    assert "Georgia" in await button.evaluate("(one) => getComputedStyle(one).fontFamily")
    assert_undisturbed(opened)


def styled(sold: Catalog, style: str) -> Catalog:
    """The catalog in which the product has a style sheet of its own."""
    app = sold.products["app"]
    metadata: dict[str, Any] = {"pricingPage": {**page_metadata(app), "style": style}}
    return replace(sold, products={**sold.products, "app": replace(app, metadata=metadata)})


def page_metadata(product: Product) -> dict[str, Any]:
    """What the product says to its page."""
    said = product.metadata["pricingPage"]
    assert isinstance(said, dict)
    return said


@pytest.mark.parametrize("embedded", [True, False])
async def test_the_page_stands_in_another_sites_frame_where_it_is_asked_to(
    visit: Visiting, shop: Shop, *, embedded: bool
) -> None:
    inner = await visit(shop.app, "/healthz")
    frame = f'<iframe src="{inner.origin}/pricing/app?embed={int(embedded)}"></iframe>'
    site = [Route("/", lambda _: HTMLResponse(frame)), Route("/blank", lambda _: HTMLResponse(""))]
    opened = await visit(Starlette(routes=site), "/blank")
    await opened.page.context.route(f"{inner.origin}/**", lambda route: route.continue_())
    await opened.page.goto(opened.origin)
    inside = opened.page.frames[1].get_by_role("heading", name="Compare plans")

    assert await inside.count() == int(embedded)


@pytest.mark.node
@pytest.mark.skipif(not are_installed(), reason="npm ci was not run in server/")
async def test_the_demos_buttons_open_what_a_back_end_would_send(visit: Visiting, shop: Shop) -> None:
    opened = await visit(shop.app, "/pricing/app?billing=yearly")
    await opened.page.get_by_role("link", name="Get started with Pro").click()
    await opened.page.get_by_role("tab", name="Subscribe").wait_for()
    await opened.page.get_by_role("button", name="Execute query").click()
    await opened.page.locator(".result-window").get_by_text("ACTIVE").wait_for()

    assert_undisturbed(opened)


PAGE = (ROOT / "docs" / "pricing-page.md").read_text(encoding="utf-8")


async def test_the_documented_script_shows_what_the_page_shows(visit: Visiting, shop: Shop) -> None:
    key = await create_key(shop.services, ENVIRONMENT, NewKey(kind=ApiKeyKind.PUBLISHABLE, scopes=()))
    (script,) = [one.text for one in blocks(PAGE) if one.language == "javascript"]
    opened = await visit(shop.app, "/pricing/app")
    on_the_page = await told(opened.page, ".plan")

    await opened.page.goto(f"{opened.origin}/healthz")
    await opened.page.set_content('<div id="pricing"></div>')
    script = script.replace("https://allotment.example.com", opened.origin).replace("pk_…", key)
    await opened.page.evaluate(f"(async () => {{ {script} }})()")

    assert len(script.splitlines()) <= 12
    assert await told(opened.page, "#pricing section") == on_the_page
    assert_undisturbed(opened)


async def told(page: Page, column: str) -> list[dict[str, Any]]:
    """The names, headings and rows of each column, and its price where it has one."""
    read = """(columns) => columns.map((column) => {
      const words = (element) => element.textContent.replace(/\\s+/g, " ").trim();
      const texts = (selector) => [...column.querySelectorAll(selector)].map(words);
      const [price] = words(column).match(/[$][\\d,.]+/) ?? [null];
      return { name: words(column.querySelector("h3 bdi") ?? column.querySelector("h3")),
               heading: texts("h4"), rows: texts("li"), price };
    })"""
    found: list[dict[str, Any]] = await page.locator(column).evaluate_all(read)
    return found


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
